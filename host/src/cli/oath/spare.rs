//! The spare key, which an account is put on at the same time.

use clap::Args;

use super::OathArgs;
use super::session::{self, Session};
use crate::cli::device::{self, DeviceArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::secret::Source;
use crate::cli::state::Missing;
use crate::client::oath::{Name, NewAccount};
use crate::text::escape;
use crate::transport::DeviceSpec;

/// Which key is the spare, and the password of its codes.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct SpareArgs {
    /// Put the account on this key, too, which is the spare: on both or on none
    #[arg(long, value_name = "DEVICE", value_parser = device::spec)]
    pub(in crate::cli) also: Option<DeviceSpec>,

    /// Read the password of the spare's one-time codes from this file descriptor, as one line
    #[arg(long, value_name = "NUMBER", conflicts_with = "also_password_env", requires = "also")]
    also_password_fd: Option<u32>,

    /// Read the password of the spare's one-time codes from the environment variable of this name
    #[arg(long, value_name = "NAME", requires = "also")]
    also_password_env: Option<String>,
}

/// Puts the account on both keys, or on none as far as that is possible.
pub(in crate::cli) fn put(
    account: &NewAccount,
    session: &mut Session,
    replaced: bool,
    spare: Option<&mut Session>,
    output: &Output,
) -> Result<(), Failure> {
    session.oath.put(account)?;
    if let Some(spare) = spare
        && let Err(error) = spare.oath.put(account)
    {
        output.notice(&session.take_back(&account.name, replaced));
        return Err(error.into());
    }
    Ok(())
}

fn same_key() -> Failure {
    Failure::usage(
        "--also names the key that the account goes to anyway",
        "name the other key",
    )
}

impl SpareArgs {
    /// That the spare is another key than the first.
    pub(in crate::cli) fn check(&self, first: &OathArgs) -> Result<(), Failure> {
        match self.also.is_some() && self.also == first.device.device {
            true => Err(same_key()),
            false => Ok(()),
        }
    }

    /// The spare key, unlocked: by its own password, or by that of the first where that fits.
    pub(in crate::cli) fn open(&self, first: &Session, output: &Output) -> Result<Option<Session>, Failure> {
        let Some(spec) = &self.also else {
            return Ok(None);
        };
        let device = DeviceArgs {
            device: Some(spec.clone()),
            ..DeviceArgs::default()
        };
        let mut spare = session::open(&device, Missing::Make, output)?;
        if spare.oath.identifier() == first.oath.identifier() {
            return Err(same_key());
        }
        let source = Source::of(self.also_password_fd, self.also_password_env.as_ref());
        spare.unlock(source, output)?;
        Ok(Some(spare))
    }
}

impl Session {
    /// Whether the key has an account of that name, which `force` allows to replace.
    pub(in crate::cli) fn has(&mut self, name: &Name, force: bool) -> Result<bool, Failure> {
        let is_there = self
            .oath
            .list()?
            .iter()
            .any(|account| account.id == name.id().as_bytes());
        match is_there && !force {
            false => Ok(is_there),
            true => Err(Failure::usage(
                format!("{} has an account {name} already", self.label),
                "give another --name, or replace it with --force: its old secret is gone then",
            )),
        }
    }

    /// Takes the account back that the spare did not take, and says what is where.
    fn take_back(&mut self, name: &Name, replaced: bool) -> String {
        let (shown, label) = (escape(&name.to_string()).into_owned(), &self.label);
        if replaced {
            format!("the spare did not take {shown}; it is on {label}, where it replaced what was there before")
        } else if self.oath.delete(name.id().as_bytes()).is_ok() {
            format!("the spare did not take {shown}, so {label} does not have it either")
        } else {
            format!("the spare did not take {shown}; it is still on {label}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::client::oath::{Card, Oath, OathError};
    use crate::client::{self, Watch};

    /// A card that answers this to each instruction but SELECT, and notes it.
    struct Noting {
        answers: fn(u8) -> u16,
        noted: Arc<Mutex<Vec<u8>>>,
    }

    impl Card for Noting {
        fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, client::Error> {
            if apdu[1] == 0xA4 {
                return Ok(b"\x79\x03\x05\x04\x03\x71\x08IDENTITY\x90\x00".to_vec());
            }
            self.noted.lock().unwrap().push(apdu[1]);
            Ok((self.answers)(apdu[1]).to_be_bytes().to_vec())
        }
    }

    fn session(answers: fn(u8) -> u16, label: &str) -> (Session, Arc<Mutex<Vec<u8>>>) {
        let noted = Arc::<Mutex<Vec<u8>>>::default();
        let card = Noting {
            answers,
            noted: Arc::clone(&noted),
        };
        (Session::of(Oath::select(Box::new(card)).unwrap(), label), noted)
    }

    #[test]
    fn what_the_spare_has_no_room_for_is_taken_back() {
        const PUT: u8 = 0x01;
        const DELETE: u8 = 0x02;
        let account = NewAccount::from_uri("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP").unwrap();
        let (mut spare, _) = session(|_| 0x6A84, "spare");
        for (replaced, instructions) in [(false, &[PUT, DELETE][..]), (true, &[PUT])] {
            let (mut first, noted) = session(|_| 0x9000, "first");
            let error = put(&account, &mut first, replaced, Some(&mut spare), &Output::new(false)).unwrap_err();
            assert!(
                matches!(error, Failure::Key(client::Error::Oath(OathError::Full))),
                "{error}"
            );
            assert_eq!(*noted.lock().unwrap(), instructions);
        }
        let (mut first, _) = session(|_| 0x9000, "first");
        assert!(
            first
                .take_back(&account.name, false)
                .contains("does not have it either")
        );
        assert!(first.take_back(&account.name, true).contains("replaced"));
        let (mut stuck, _) = session(|_| 0x6581, "stuck");
        assert!(stuck.take_back(&account.name, false).contains("still on stuck"));
    }
}
