//! The relying party of the practice account: options for a browser, and what is done with its answer.

use brasskey_aws::account::{Account, Device, DeviceKind, IamError};
use brasskey_aws::names::{AwsUser, DeviceName};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;

use crate::relying_party::profile::{Profile, Settings};
use crate::relying_party::{
    Check, Credential, ExpectedAuthentication, ExpectedRegistration, Report, verify_authentication, verify_registration,
};
use crate::webauthn::{
    Algorithm, AssertionResponse, AttestationResponse, CreationOptions, NoRandomness, Origin, RelyingPartyEntity,
    RequestOptions, UserEntity,
};

/// The RP ID. It has no port, so a key that is registered with one practice account is known at all ports.
const RP_ID: &str = "localhost";

/// Why a security key was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// A check failed: the report says which.
    #[error("the answer of the security key was checked, and refused")]
    Checks,
    /// The account takes no such device.
    #[error(transparent)]
    Account(#[from] IamError),
}

/// The settings of AWS's console as far as they are known, for this origin.
fn settings(origin: &Origin) -> Settings {
    Settings {
        rp: RelyingPartyEntity {
            id: RP_ID.to_owned(),
            name: Some("brasskey practice account".to_owned()),
        },
        origin: origin.as_str().to_owned(),
        // A browser refuses that of AWS here.
        app_id: None,
        // The two that every browser expects, and EdDSA.
        algorithms: [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256]
            .map(Algorithm::cose)
            .to_vec(),
        ..Profile::Aws.settings()
    }
}

/// The user handle: it says nothing about the user to somebody who finds the key.
fn user_handle(account: &Account, user: &AwsUser) -> Vec<u8> {
    let id = account.user(user).map_or("", |user| &user.id);
    Sha256::digest(format!("{:012} {id}", account.number())).to_vec()
}

/// A security key's credential, as it was kept.
fn credential(device: &Device) -> Option<Credential> {
    match &device.kind {
        DeviceKind::SecurityKey { credential, .. } => serde_json::from_value(credential.clone()).ok(),
        DeviceKind::Virtual(_) | DeviceKind::Hardware(_) => None,
    }
}

fn credentials(account: &Account, user: &AwsUser) -> Vec<(String, Credential)> {
    let devices = account.devices(user);
    let keys = devices.iter();
    keys.filter_map(|device| Some((device.serial.clone(), credential(device)?)))
        .collect()
}

/// What the model and the attestation of a security key are, for the list of devices.
pub(super) fn described(device: &Device) -> Option<String> {
    credential(device).map(|credential| credential.attestation)
}

pub(super) fn creation_options(
    account: &Account,
    user: &AwsUser,
    origin: &Origin,
) -> Result<CreationOptions, NoRandomness> {
    let entity = UserEntity {
        id: user_handle(account, user),
        name: Some(user.to_string()),
        display_name: Some(format!("{user} of practice account {:012}", account.number())),
    };
    let known = credentials(account, user);
    let options = settings(origin).creation_options(entity, None)?;
    Ok(options.exclude(known.iter().map(|(_, credential)| credential)))
}

pub(super) fn request_options(
    account: &Account,
    user: &AwsUser,
    origin: &Origin,
) -> Result<RequestOptions, NoRandomness> {
    let known = credentials(account, user);
    let settings = settings(origin);
    let mut options = RequestOptions::new(RP_ID)?
        .allow(known.iter().map(|(_, credential)| credential))
        .user_verification(settings.user_verification);
    options.timeout = settings.timeout;
    Ok(options)
}

pub(super) fn register(
    account: &mut Account,
    user: &AwsUser,
    name: &DeviceName,
    origin: &Origin,
    options: CreationOptions,
    answer: &AttestationResponse,
    now: OffsetDateTime,
) -> (Report, Result<String, Refused>) {
    let (report, credential) = verify_registration(ExpectedRegistration::new(options, origin), answer);
    let kept = credential.and_then(|credential| Some((serde_json::to_value(&credential).ok()?, credential)));
    let Some((value, credential)) = kept else {
        return (report, Err(Refused::Checks));
    };
    let serial = account.register_security_key(user, name, &credential.id, value, now);
    (report, serial.map_err(Refused::Account))
}

pub(super) fn verify(
    account: &mut Account,
    user: &AwsUser,
    origin: &Origin,
    options: RequestOptions,
    answer: &AssertionResponse,
    now: OffsetDateTime,
) -> (Report, Result<String, Refused>) {
    let mut known = credentials(account, user).into_iter();
    let Some((serial, mut credential)) = known.find(|(_, credential)| credential.id == answer.credential_id) else {
        let check = Check::failed("credential", "the credential ID is none that we allowed");
        return (Report::new(vec![check]), Err(Refused::Checks));
    };
    let expected = ExpectedAuthentication::new(options, origin, user_handle(account, user));
    let (report, authentication) = verify_authentication(expected, &credential, answer);
    let Some(authentication) = authentication else {
        return (report, Err(Refused::Checks));
    };
    credential.counter = authentication.counter;
    let kept = serde_json::to_value(&credential).map_err(|_| Refused::Checks);
    let updated = kept.and_then(|value| Ok(account.update_security_key(&serial, value, now)?));
    (report, updated.map(|()| serial))
}
