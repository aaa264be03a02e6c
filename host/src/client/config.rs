//! A key's settings (CTAP 2.3 §6.11).

use super::ctap2::{Config, ConfigCommand, Info, Permissions};
use super::error::Error;
use super::interaction::UserInteraction;
use super::key::Key;

impl Key {
    /// Changes a setting, with the PIN where the key has one, and asks the key for its state again.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key does not know the setting; [`Error::TooMany`] where it takes fewer RP IDs or
    /// shorter PINs; as [`Key::token`] and [`Key::send`].
    pub fn configure(&mut self, command: ConfigCommand, user: &mut dyn UserInteraction) -> Result<(), Error> {
        let info = self.ctap2_info()?;
        if !command.is_known(info) {
            return Err(Error::Unsupported { what: name(&command) });
        }
        if let Some(refusal) = command.refusal(info) {
            return Err(refusal);
        }
        let token = match is_protected(info) || info.has("alwaysUv") && command != ConfigCommand::ToggleAlwaysUv {
            true => Some(self.token(Permissions::AUTHENTICATOR_CONFIG, None, user)?),
            false => None,
        };
        self.send(&Config::new(command, token.as_ref()), user)?;
        self.refresh()
    }
}

/// Whether a key has some user verification set up: "protected" in the words of the standard.
pub(super) fn is_protected(info: &Info) -> bool {
    info.has("clientPin") || info.has("uv")
}

/// The subcommand as the standard names it.
fn name(command: &ConfigCommand) -> &'static str {
    match command {
        ConfigCommand::EnableEnterpriseAttestation => "enterprise attestation",
        ConfigCommand::ToggleAlwaysUv => "a switch for user verification always",
        ConfigCommand::SetMinPinLength(_) => "rules for PINs",
        ConfigCommand::EnableLongTouchForReset => "a long touch for a reset",
    }
}
