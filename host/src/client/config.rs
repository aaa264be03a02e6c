//! A key's settings (CTAP 2.3 §6.11).

use super::ctap2::{Config, ConfigSubcommand, Info, Permissions};
use super::error::Error;
use super::interaction::UserInteraction;
use super::key::Key;

impl Key {
    /// Changes a setting, with the PIN where the key has one. Then asks the key for its state again.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key does not know the setting; [`Error::TooMany`] where it takes fewer RP IDs
    /// or shorter PINs; as [`Key::token`] and [`Key::send`].
    pub fn configure(&mut self, subcommand: ConfigSubcommand, user: &mut dyn UserInteraction) -> Result<(), Error> {
        let info = self.ctap2_info()?;
        if !subcommand.is_known(info) {
            return Err(Error::Unsupported {
                what: name(&subcommand),
            });
        }
        if let Some(refusal) = subcommand.refusal(info) {
            return Err(refusal);
        }
        let token = match is_protected(info) || info.has("alwaysUv") && subcommand != ConfigSubcommand::ToggleAlwaysUv {
            true => Some(self.token(Permissions::AUTHENTICATOR_CONFIG, None, user)?),
            false => None,
        };
        self.send(&Config::new(subcommand, token.as_ref()), user)?;
        self.refresh()
    }
}

/// Whether a key has any user verification set up. The standard calls such a key protected.
pub(super) fn is_protected(info: &Info) -> bool {
    info.has("clientPin") || info.has("uv")
}

/// The subcommand as the standard names it.
fn name(subcommand: &ConfigSubcommand) -> &'static str {
    match subcommand {
        ConfigSubcommand::EnableEnterpriseAttestation => "enterprise attestation",
        ConfigSubcommand::ToggleAlwaysUv => "a switch for user verification always",
        ConfigSubcommand::SetMinPinLength(_) => "rules for PINs",
        ConfigSubcommand::EnableLongTouchForReset => "a long touch for a reset",
    }
}
