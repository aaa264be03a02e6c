//! authenticatorConfig (CTAP 2.3 §6.11).

use heapless::Vec;

use super::command;
use super::parameters::{numbered, required};
use super::token::Permissions;
use super::user_verification::PinUvAuth;
use crate::authenticator::Authenticator;
use crate::cbor::{Array, Item};
use crate::crypto::sha256;
use crate::limits::MAX_PIN_LENGTH;
use crate::platform::Platform;
use crate::status::{Status, key_store_error};
use crate::store::{RpIdHashes, Settings};

/// Subcommands (§6.11).
pub(crate) mod subcommand {
    pub(crate) const ENABLE_ENTERPRISE_ATTESTATION: u64 = 0x01;
    pub(crate) const TOGGLE_ALWAYS_UV: u64 = 0x02;
    pub(crate) const SET_MIN_PIN_LENGTH: u64 = 0x03;
    pub(crate) const ENABLE_LONG_TOUCH_FOR_RESET: u64 = 0x04;
}

/// A subcommand with its parameters.
enum Subcommand<'a> {
    EnableEnterpriseAttestation,
    ToggleAlwaysUv,
    SetMinPinLength(MinPinLength<'a>),
    EnableLongTouchForReset,
}

/// The parameters of setMinPINLength.
#[derive(Default)]
struct MinPinLength<'a> {
    new_min_pin_length: Option<u64>,
    /// An array of text.
    rp_ids: Option<Array<'a>>,
    force_change_pin: bool,
    pin_complexity_policy: bool,
}

impl<'a> MinPinLength<'a> {
    fn decode(parameters: Option<Item<'a>>) -> Result<Self, Status> {
        let Some(parameters) = parameters else {
            return Ok(Self::default());
        };
        let [new_min_pin_length, rp_ids, force_change_pin, pin_complexity_policy] = numbered(parameters)?;
        let rp_ids = rp_ids.map(Item::array).transpose()?;
        for rp_id in rp_ids.into_iter().flatten() {
            rp_id.text()?;
        }
        Ok(Self {
            new_min_pin_length: new_min_pin_length.map(Item::uint).transpose()?,
            rp_ids,
            force_change_pin: force_change_pin.map(Item::bool).transpose()?.unwrap_or(false),
            pin_complexity_policy: pin_complexity_policy.map(Item::bool).transpose()?.unwrap_or(false),
        })
    }

    /// The hashes that the key keeps of the RP IDs.
    fn rp_id_hashes(&self) -> Result<RpIdHashes, Status> {
        let mut hashes = Vec::new();
        for rp_id in self.rp_ids.into_iter().flatten() {
            let hash = sha256(&[rp_id.text()?.as_bytes()]);
            hashes.push(hash).map_err(|_| Status::KeyStoreFull)?;
        }
        Ok(hashes)
    }
}

/// `authenticatorConfigCommands`: enterprise attestation can be enabled only where there is a certificate for it.
pub(super) fn commands(enterprise_capable: bool) -> &'static [u64] {
    const ALL: [u64; 4] = [
        subcommand::ENABLE_ENTERPRISE_ATTESTATION,
        subcommand::TOGGLE_ALWAYS_UV,
        subcommand::SET_MIN_PIN_LENGTH,
        subcommand::ENABLE_LONG_TOUCH_FOR_RESET,
    ];
    if enterprise_capable { &ALL } else { ALL.split_at(1).1 }
}

impl<P: Platform> Authenticator<P> {
    /// Changes settings, until the next reset.
    pub(super) fn config(&mut self, parameters: Item<'_>) -> Result<(), Status> {
        let [number, parameters, protocol, param] = numbered(parameters)?;
        // Step 1: the parameters.
        let number = required(number)?.uint()?;
        parameters.map(Item::map).transpose()?;
        let auth = PinUvAuth::decode(param, protocol)?;
        // Step 2: what this key does not do. The general rule for an unknown subcommand (§6) names this error; the text
        // of this command names another.
        let subcommand = match number {
            subcommand::ENABLE_ENTERPRISE_ATTESTATION if self.enterprise_capable() => {
                Subcommand::EnableEnterpriseAttestation
            }
            subcommand::TOGGLE_ALWAYS_UV => Subcommand::ToggleAlwaysUv,
            subcommand::SET_MIN_PIN_LENGTH => Subcommand::SetMinPinLength(MinPinLength::decode(parameters)?),
            subcommand::ENABLE_LONG_TOUCH_FOR_RESET => Subcommand::EnableLongTouchForReset,
            _ => return Err(Status::InvalidSubcommand),
        };
        // Step 3: a key that nothing protects gives no token, so that nobody could switch alwaysUv off again.
        let protection = self.protection()?;
        let is_way_out = matches!(subcommand, Subcommand::ToggleAlwaysUv) && !protection.protected;
        // Step 4: the raw bytes of the parameters are what is authenticated.
        if protection.is_any() && !is_way_out {
            let [.., number] = number.to_be_bytes();
            let message: [&[u8]; 3] = [
                &[0xff; 32],
                &[command::CONFIG, number],
                parameters.map_or(&[], Item::encoded),
            ];
            self.authorize(auth, &message, Permissions::AUTHENTICATOR_CONFIG)?;
        }
        // Step 5.
        let mut settings = self.settings()?;
        match subcommand {
            Subcommand::EnableEnterpriseAttestation => settings.enterprise_attestation = true,
            Subcommand::ToggleAlwaysUv => settings.always_uv = !settings.always_uv,
            Subcommand::SetMinPinLength(request) => self.set_min_pin_length(&request, &mut settings)?,
            Subcommand::EnableLongTouchForReset => settings.long_touch_for_reset = true,
        }
        self.store.write_settings(&settings).map_err(key_store_error)
    }

    /// setMinPINLength (§6.11.4). It changes `settings`, and writes a forced change to the PIN's record. The record is
    /// written first: a power cut between the two writes leaves a PIN that must be changed, never one that is too
    /// short.
    fn set_min_pin_length(&mut self, request: &MinPinLength<'_>, settings: &mut Settings) -> Result<(), Status> {
        let new = match request.new_min_pin_length {
            None => settings.min_pin_length,
            Some(new) => u8::try_from(new)
                .ok()
                .filter(|new| (settings.min_pin_length..=MAX_PIN_LENGTH).contains(new))
                .ok_or(Status::PinPolicyViolation)?,
        };
        let mut pin = self.pin()?;
        if request.force_change_pin && !pin.is_set() {
            return Err(Status::PinNotSet);
        }
        let rp_id_hashes = request.rp_id_hashes()?;

        // A PIN that is older than the complexity policy was never checked against it.
        let has_new_policy = request.pin_complexity_policy && !settings.pin_complexity;
        if pin.is_set() && (request.force_change_pin || has_new_policy || pin.code_points() < new) {
            pin.force_change = true;
            self.write_pin(&pin)?;
        }
        if pin.force_change {
            self.tokens.reset();
        }
        settings.min_pin_length = new;
        settings.pin_complexity |= request.pin_complexity_policy;
        if !rp_id_hashes.is_empty() {
            settings.min_pin_length_rp_ids = rp_id_hashes;
        }
        Ok(())
    }
}
