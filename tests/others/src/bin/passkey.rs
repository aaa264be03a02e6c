//! passkey-authenticator, which is called with values, behind our CTAPHID: `passkey ADDRESS`.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use brasskey_others::AAGUID;
use brasskey_others::engine::{Desk, Power, serve};
use brasskey_others::finger::{Finger, Touch};
use brasskey_protocol::ctaphid::DeviceInfo;
use brasskey_protocol::request::RequestKind;
use ciborium::Value;
use ciborium::de::Error as Decoding;
use passkey_authenticator::{
    Authenticator, CredentialStore, DiscoverabilitySupport, StoreInfo, UiHint, UserCheck, UserValidationMethod,
};
use passkey_crypto::rust_crypto::RustCryptoBackend;
use passkey_types::Passkey;
use passkey_types::ctap2::make_credential::{Options, PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity};
use passkey_types::ctap2::{Aaguid, Ctap2Error, StatusCode};
use passkey_types::webauthn::PublicKeyCredentialDescriptor;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long the key waits for its user. CTAP 2.3 §6.1.2 asks for ten seconds at least.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the application around the library has to bring: a place for credentials, the youngest last. It does what the
/// library's documentation asks of it.
#[derive(Clone, Default)]
struct Store(Vec<Passkey>);

#[async_trait]
impl CredentialStore for Store {
    type PasskeyItem = Passkey;

    async fn find_credentials(
        &self,
        ids: Option<&[PublicKeyCredentialDescriptor]>,
        rp_id: &str,
        _: Option<&[u8]>,
    ) -> Result<Vec<Passkey>, StatusCode> {
        let fits = |credential: &&Passkey| match ids {
            _ if credential.rp_id != rp_id => false,
            Some(ids) => ids.iter().any(|listed| listed.id == credential.credential_id),
            None => credential.user_handle.is_some(),
        };
        let found: Vec<Passkey> = self.0.iter().rev().filter(fits).cloned().collect();
        match found.is_empty() {
            true => Err(Ctap2Error::NoCredentials.into()),
            false => Ok(found),
        }
    }

    async fn save_credential(
        &mut self,
        credential: Passkey,
        _: PublicKeyCredentialUserEntity,
        _: PublicKeyCredentialRpEntity,
        options: Options,
    ) -> Result<(), StatusCode> {
        if options.rk {
            let is_same = |kept: &Passkey| kept.rp_id == credential.rp_id && kept.user_handle == credential.user_handle;
            self.0.retain(|kept| !is_same(kept));
        }
        self.0.push(credential);
        Ok(())
    }

    async fn update_credential(&mut self, credential: &Passkey) -> Result<(), StatusCode> {
        let is_same = |kept: &&mut Passkey| kept.credential_id == credential.credential_id;
        if let Some(kept) = self.0.iter_mut().find(is_same) {
            kept.clone_from(credential);
        }
        Ok(())
    }

    async fn get_info(&self) -> StoreInfo {
        StoreInfo {
            discoverability: DiscoverabilitySupport::Full,
        }
    }
}

/// A user who touches, and cannot be verified.
struct User(Finger);

#[async_trait]
impl UserValidationMethod for User {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(&self, _: UiHint<'a, Passkey>, presence: bool, _: bool) -> Result<UserCheck, Ctap2Error> {
        if presence {
            match self.0.wait(PATIENCE) {
                Touch::Touched => {}
                Touch::Cancelled => return Err(Ctap2Error::KeepAliveCancel),
                Touch::TimedOut => return Err(Ctap2Error::UserActionTimeout),
            }
        }
        Ok(UserCheck {
            presence,
            verification: false,
        })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        None
    }
}

type Key = Authenticator<Store, User, RustCryptoBackend>;

/// The library waits for nothing that another task brings.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// Names the user where the request does not, as browsers do always. Without both names the library refuses a
/// registration, and there would be nothing more to see.
fn named(parameters: &[u8]) -> Vec<u8> {
    let Ok(Value::Map(mut members)) = ciborium::from_reader::<Value, _>(parameters) else {
        return parameters.to_vec();
    };
    let user = members.iter_mut().find(|(key, _)| *key == Value::from(0x03));
    let Some((_, Value::Map(user))) = user else {
        return parameters.to_vec();
    };
    for name in ["name", "displayName"] {
        if !user.iter().any(|(key, _)| key.as_text() == Some(name)) {
            user.push((name.into(), "".into()));
        }
    }
    let mut named = Vec::new();
    ciborium::into_writer(&Value::Map(members), &mut named).expect("a vector takes everything");
    named
}

/// Reads a request by the library's own types. The library says of errors only what serde does, so the status is ours.
fn decode<T: DeserializeOwned>(mut parameters: &[u8]) -> Result<T, StatusCode> {
    let request = ciborium::from_reader(&mut parameters).map_err(|error| match error {
        Decoding::Semantic(_, words) if words.starts_with("missing field") => Ctap2Error::MissingParameter,
        Decoding::Semantic(..) => Ctap2Error::CborUnexpectedType,
        _ => Ctap2Error::InvalidCbor,
    })?;
    match parameters.is_empty() {
        true => Ok(request),
        false => Err(Ctap2Error::InvalidCbor.into()),
    }
}

fn encode(answer: &impl Serialize) -> Vec<u8> {
    let mut message = vec![0x00];
    ciborium::into_writer(answer, &mut message).expect("a vector takes everything");
    message
}

fn cbor(key: &mut Key, message: &[u8]) -> Result<Vec<u8>, StatusCode> {
    let invalid = || StatusCode::from(Ctap2Error::InvalidCommand);
    let (command, parameters) = message.split_first().ok_or_else(invalid)?;
    match command {
        0x01 => Ok(encode(&now(key.make_credential(decode(&named(parameters))?))?)),
        0x02 => Ok(encode(&now(key.get_assertion(decode(parameters)?))?)),
        0x04 => Ok(encode(&*now(key.get_info()))),
        _ => Err(invalid()),
    }
}

fn run(store: Store, desk: &Desk) -> (Store, Option<Power>) {
    let user = User(desk.finger.clone());
    let mut key = Authenticator::new(Aaguid::from(AAGUID), store, user, RustCryptoBackend);
    key.set_make_credentials_with_signature_counter(true);
    let power = desk.serve(|kind, message| match kind {
        RequestKind::Cbor => cbor(&mut key, message).unwrap_or_else(|status| vec![status.into()]),
        // The library has no U2F: SW_INS_NOT_SUPPORTED (FIDO U2F Raw Message Formats v1.2 §3.3).
        _ => vec![0x6D, 0x00],
    });
    (key.store().clone(), power)
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let info = DeviceInfo {
        version: [0, 6, 0],
        wink: false,
    };
    serve(address.as_deref().unwrap_or("127.0.0.1:8111"), info, |desk| {
        let mut store = Store::default();
        loop {
            let power;
            (store, power) = run(store, &desk);
            match power {
                Some(Power::Renewed) => store = Store::default(),
                Some(Power::Replugged) => {}
                None => return,
            }
        }
    })
}
