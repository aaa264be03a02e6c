//! A key, with a client that is plugged into it, and its user.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brasskey::client::ceremony::{Protocol, create, get};
use brasskey::client::ctap2::{ConfigSubcommand, Reset};
use brasskey::client::{self, Error, PasskeyAccount, Pin, PinRequest, UserInteraction, Watch};
use brasskey::soft::{Answer, Responder, SoftKey, Touch};
use brasskey::webauthn::json::{Attachment, Exception, ExceptionName};
use brasskey::webauthn::{CeremonyType, CreationOptions, Origin, RequestOptions};
use brasskey_protocol::store::attestation::{Certificate, Provision, install};
use serde_json::json;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::cable;
use crate::settings::{Injection, Settings};
use crate::state::State;

/// A key. What fails throws a string: the JSON of an exception's name and message.
#[wasm_bindgen]
pub struct Key {
    soft: SoftKey,
    client: client::Key,
    state: State,
    user: User,
    finger: Arc<Finger>,
    protocol: Protocol,
    attachment: Attachment,
}

/// The user's finger.
struct Finger {
    /// Whether it touches the key where the key asks.
    touches: AtomicBool,
    /// Whether the user refused in this ceremony.
    declined: AtomicBool,
}

impl Finger {
    fn answer(&self) -> Answer {
        if self.touches.load(Ordering::Relaxed) {
            return Answer::Touch;
        }
        self.declined.store(true, Ordering::Relaxed);
        Answer::Decline
    }
}

#[wasm_bindgen]
impl Key {
    /// The key that the JSON of [`Settings`] describes, new or with the records of another.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &str, state: Option<Vec<u8>>) -> Result<Key, String> {
        let mut settings: Settings = serde_json::from_str(settings).map_err(bad)?;
        let mut state = match state {
            Some(bytes) => State::parse(&Zeroizing::new(bytes)).ok_or_else(|| bad("this is no state of a key"))?,
            None => State::default(),
        };
        let aaguid = match &settings.aaguid {
            Some(bytes) => Some(<[u8; 16]>::try_from(bytes.0.as_slice()).map_err(|_| bad("an AAGUID has 16 bytes"))?),
            None => None,
        };
        if let Some(attestation) = &settings.attestation {
            let private_key = attestation.private_key.0.as_slice().try_into();
            let batch = Certificate {
                private_key: private_key.map_err(|_| bad("a private key for attestation has 32 bytes"))?,
                der: &attestation.certificate.0,
            };
            let aaguid = aaguid.unwrap_or(brasskey::soft::AAGUID);
            let enterprise = None;
            install(
                &mut state,
                &Provision {
                    aaguid,
                    batch,
                    enterprise,
                },
            )
            .map_err(bad)?;
        }
        let finger = Arc::new(Finger {
            touches: AtomicBool::new(true),
            declined: AtomicBool::new(false),
        });
        let asked = Arc::clone(&finger);
        let mut builder = SoftKey::builder()
            .touch(Touch::Call(Responder::new(move |_| asked.answer())))
            .user_verification(settings.user_verification().map_err(bad)?)
            .backup(settings.backup().map_err(bad)?)
            .list_recent_algorithms(settings.list_recent_algorithms)
            .storage(state.clone())
            .scripted_clock();
        if let Some(aaguid) = aaguid {
            builder = builder.aaguid(aaguid);
        }
        if let Some(seed) = &settings.seed {
            builder = builder.seed(seed.0.as_slice().try_into().map_err(|_| bad("a seed has 32 bytes"))?);
        }
        let soft = builder.build().map_err(bad)?;
        let mut key = Self {
            client: cable::open(&soft).map_err(bad)?,
            soft,
            state,
            user: User::default(),
            finger,
            protocol: settings.protocol().map_err(bad)?,
            attachment: settings.attachment().map_err(bad)?,
        };
        match settings.take_pin() {
            Some(pin) if key.has_pin() => key.type_pin(Some(pin.to_string()))?,
            Some(pin) => key.set_pin(&pin)?,
            None => {}
        }
        Ok(key)
    }

    /// `navigator.credentials.create()`.
    pub fn create(&mut self, options: &str, origin: &str) -> Result<String, String> {
        let origin = self::origin(origin)?;
        let options = CreationOptions::from_json(options, &origin).map_err(|error| thrown(&error))?;
        self.finger.declined.store(false, Ordering::Relaxed);
        let answer = create(&mut self.client, &options, &origin, self.protocol, &mut self.user);
        let answer = answer.map_err(|error| self.refused(&error.exception(CeremonyType::Create)))?;
        Ok(answer.to_json(&options, self.attachment))
    }

    /// `navigator.credentials.get()`.
    pub fn get(&mut self, options: &str, origin: &str) -> Result<String, String> {
        let origin = self::origin(origin)?;
        let options = RequestOptions::from_json(options, &origin).map_err(|error| thrown(&error))?;
        self.finger.declined.store(false, Ordering::Relaxed);
        let answer = get(&mut self.client, &options, &origin, self.protocol, &mut self.user);
        let answer = answer.map_err(|error| self.refused(&error.exception(CeremonyType::Get)))?;
        Ok(answer.to_json(&options, self.attachment))
    }

    /// Whether the user touches the key from now on, or refuses.
    #[wasm_bindgen(js_name = setTouch)]
    pub fn set_touch(&self, touches: bool) {
        self.finger.touches.store(touches, Ordering::Relaxed);
    }

    /// The key's own sensor, under the user verification `control`.
    #[wasm_bindgen(js_name = setUserVerified)]
    pub fn set_user_verified(&self, verified: bool) {
        self.soft.set_user_verified(verified);
    }

    /// Whether the key has a PIN.
    #[wasm_bindgen(js_name = hasPin)]
    pub fn has_pin(&self) -> bool {
        self.client.info().is_some_and(|info| info.has("clientPin"))
    }

    /// Gives the key its first PIN, which the user types from then on.
    #[wasm_bindgen(js_name = setPin)]
    pub fn set_pin(&mut self, pin: &str) -> Result<(), String> {
        if self.has_pin() {
            return Err(failed(
                "the key has a PIN already: typePin() says what its user types, and reset() erases it",
            ));
        }
        let new = Pin::new(pin).map_err(out_of_range)?;
        self.client.set_pin(&new, &mut self.user).map_err(|error| match error {
            Error::Pin(error) => out_of_range(error),
            error => failed(error),
        })?;
        self.user.pin = Some(new);
        Ok(())
    }

    /// The PIN that the user types, right or wrong; without one the user types none.
    #[wasm_bindgen(js_name = typePin)]
    pub fn type_pin(&mut self, pin: Option<String>) -> Result<(), String> {
        let pin = pin.map(Zeroizing::new);
        let pin = pin.map(|pin| Pin::new(&pin)).transpose().map_err(out_of_range)?;
        if pin.is_some() && !self.has_pin() {
            return Err(failed(
                "the key has no PIN, so its user types none: setPin() gives it one",
            ));
        }
        self.user.pin = pin;
        Ok(())
    }

    /// How many wrong PINs the key still takes.
    #[wasm_bindgen(js_name = pinRetries)]
    pub fn pin_retries(&mut self) -> Result<u32, String> {
        let retries = self.client.pin_retries(&mut self.user).map_err(failed)?;
        u32::try_from(retries.left).map_err(bad)
    }

    /// The account that the user chooses: its name or its user handle in base64url. Otherwise the newest.
    #[wasm_bindgen(js_name = chooseAccount)]
    pub fn choose_account(&mut self, account: Option<String>) {
        self.user.account = account;
    }

    /// authenticatorConfig's toggleAlwaysUv.
    #[wasm_bindgen(js_name = toggleAlwaysUv)]
    pub fn toggle_always_uv(&mut self) -> Result<(), String> {
        let toggled = self.client.configure(ConfigSubcommand::ToggleAlwaysUv, &mut self.user);
        toggled.and_then(|()| self.client.refresh()).map_err(failed)
    }

    /// Unplugs the key and plugs it in again.
    #[wasm_bindgen(js_name = powerCycle)]
    pub fn power_cycle(&mut self) -> Result<(), String> {
        self.soft.power_cycle().map_err(failed)?;
        self.client = cable::open(&self.soft).map_err(failed)?;
        Ok(())
    }

    /// Erases credentials and PIN, as a user does who has just plugged the key in.
    pub fn reset(&mut self) -> Result<(), String> {
        self.power_cycle()?;
        // Who erases the key touches it, whatever was refused before.
        self.set_touch(true);
        self.client.send(&Reset, &mut self.user).map_err(failed)?;
        self.user.pin = None;
        self.client.refresh().map_err(failed)
    }

    /// Moves the key's clock, by milliseconds.
    pub fn advance(&self, milliseconds: u32) {
        self.soft.advance(milliseconds.into());
    }

    /// The credentials that it keeps, in JSON.
    pub fn credentials(&self) -> Result<String, String> {
        let credentials = self.soft.credentials().map_err(failed)?;
        serde_json::to_string(&credentials).map_err(failed)
    }

    /// Puts a credential in, and returns it as [`Self::credentials`] does.
    pub fn inject(&self, credential: &str) -> Result<String, String> {
        let injection: Injection = serde_json::from_str(credential).map_err(bad)?;
        let stored = self.soft.inject(&injection.read().map_err(bad)?).map_err(bad)?;
        serde_json::to_string(&stored).map_err(failed)
    }

    /// Deletes a credential that it keeps.
    #[wasm_bindgen(js_name = deleteCredential)]
    pub fn delete_credential(&self, id: &[u8]) -> Result<(), String> {
        self.soft.delete_credential(id).map_err(bad)
    }

    /// Sets the counter of a credential that it keeps, or the one that all others share.
    #[wasm_bindgen(js_name = setSignCount)]
    pub fn set_sign_count(&self, id: Option<Vec<u8>>, sign_count: u32) -> Result<(), String> {
        self.soft.set_sign_count(id.as_deref(), sign_count).map_err(bad)
    }

    /// The last commands, in JSON.
    pub fn log(&self) -> Result<String, String> {
        serde_json::to_string(&self.soft.log()).map_err(failed)
    }

    /// All records. Whoever has them has the key's secrets.
    pub fn save(&self) -> Result<Vec<u8>, String> {
        self.state.serialize().map_err(failed)
    }
}

impl Key {
    /// What a page gets instead of an answer.
    fn refused(&mut self, exception: &Exception) -> String {
        // The library sends no PIN twice that a key refused. A user may, and each time costs a try.
        match cable::open(&self.soft) {
            Ok(client) => self.client = client,
            Err(error) => return failed(error),
        }
        // What other keys answer after a refusal they may also answer after a time in which nothing happened, so the
        // library says both. Here it is known.
        match self.finger.declined.load(Ordering::Relaxed) {
            true => self::exception(exception.name, "the user declined"),
            false => thrown(exception),
        }
    }
}

/// Who owns the key.
#[derive(Default)]
struct User {
    pin: Option<Pin>,
    account: Option<String>,
}

impl Watch for User {}

impl UserInteraction for User {
    fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
        self.pin.clone().ok_or(Error::PinNeeded)
    }

    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        let Some(chosen) = self.account.as_deref() else {
            return Ok(Some(0));
        };
        let is_chosen = |account: &PasskeyAccount| {
            let user = account.user.as_ref();
            user.is_some_and(|user| user.name.as_deref() == Some(chosen) || URL_SAFE_NO_PAD.encode(&user.id) == chosen)
        };
        Ok(accounts.iter().position(is_chosen))
    }
}

fn origin(text: &str) -> Result<Origin, String> {
    let refused = |error: brasskey::webauthn::OriginError| exception(ExceptionName::Security, &error.to_string());
    Origin::parse(text).map_err(refused)
}

/// What a page gets.
fn thrown(error: &Exception) -> String {
    exception(error.name, &error.message)
}

/// What the caller gave is at fault.
fn bad(error: impl ToString) -> String {
    exception(ExceptionName::Type, &error.to_string())
}

/// What the caller gave has the right type, and is too long, too short or too much.
fn out_of_range(error: impl ToString) -> String {
    json!({ "name": "RangeError", "message": error.to_string() }).to_string()
}

/// The key refused, or something failed.
fn failed(error: impl ToString) -> String {
    json!({ "name": "Error", "message": error.to_string() }).to_string()
}

fn exception(name: ExceptionName, message: &str) -> String {
    json!({ "name": name.as_str(), "message": message }).to_string()
}
