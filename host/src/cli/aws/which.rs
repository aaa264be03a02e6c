//! Which device of which user is meant, for the commands that work on one that is there.

use clap::{ArgGroup, Args};

use super::caller::{self, Caller, key_account_of};
use crate::cli::failure::Failure;
use crate::cli::oath::{Session, find};
use crate::client;
use crate::client::oath::{Listed, OathError};
use brasskey_aws::names::{AwsUser, DeviceName};

/// The device, by its name or its serial number.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which device").required(true).args(["name", "serial"])))]
pub(super) struct WhichArgs {
    /// The name of the virtual device at AWS
    #[arg(long, value_name = "NAME", value_parser = caller::device_name)]
    name: Option<DeviceName>,
    /// The serial number of the device: its ARN, or what stands on a hardware token
    #[arg(long, value_name = "ARN", value_parser = caller::serial_number)]
    serial: Option<String>,
    /// The IAM user whose device it is [default: the one whose credentials the AWS CLI uses]
    #[arg(long, value_name = "NAME", value_parser = caller::user)]
    user: Option<AwsUser>,
    /// What the account on the key is called [default: AWS:NAME@ACCOUNT]
    #[arg(long, value_name = "NAME")]
    account_name: Option<String>,
}

/// What [`WhichArgs`] mean.
pub(super) struct Which {
    pub(super) user: AwsUser,
    pub(super) serial: String,
    /// The name of the account on the key, as `oath` finds it. None for a device whose codes no key of ours has.
    pub(super) key_account: Option<String>,
}

impl WhichArgs {
    pub(super) fn find(&self, caller: &Caller) -> Result<Which, Failure> {
        let user = caller.whom(self.user.as_ref())?;
        let serial = match (&self.name, &self.serial) {
            (_, Some(serial)) => serial.clone(),
            (Some(name), None) => caller.serial(name),
            (None, None) => return Err(Failure::usage("no device is named", "name one with --name or --serial")),
        };
        Ok(Which {
            key_account: self.account_name.clone().or_else(|| key_account_of(&serial)),
            user,
            serial,
        })
    }
}

impl Which {
    /// The account on the key.
    pub(super) fn account(&self, session: &mut Session) -> Result<Listed, Failure> {
        let name = self.key_account.as_ref().ok_or_else(|| {
            Failure::usage(
                format!("{} does not say which account on the key it is", self.serial),
                "name the account with --account-name",
            )
        })?;
        account(session, name, "--account-name")
    }
}

/// The account of this name, or with this part in its name; `flag` names another.
pub(super) fn account(session: &mut Session, name: &str, flag: &'static str) -> Result<Listed, Failure> {
    let accounts = session.accounts()?;
    find(&accounts, name).cloned().map_err(|error| match error {
        Failure::Key(client::Error::Oath(OathError::NoAccount)) => Failure::NoAccount {
            name: name.to_owned(),
            flag,
        },
        error => error,
    })
}
