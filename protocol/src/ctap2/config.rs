//! authenticatorConfig (CTAP 2.3 §6.11).

use crate::authenticator::Authenticator;
use crate::platform::Platform;

/// Subcommands.
mod subcommand {
    pub(super) const ENABLE_ENTERPRISE_ATTESTATION: u64 = 0x01;
    pub(super) const TOGGLE_ALWAYS_UV: u64 = 0x02;
    pub(super) const SET_MIN_PIN_LENGTH: u64 = 0x03;
    pub(super) const ENABLE_LONG_TOUCH_FOR_RESET: u64 = 0x04;
}

const COMMANDS: [u64; 4] = [
    subcommand::ENABLE_ENTERPRISE_ATTESTATION,
    subcommand::TOGGLE_ALWAYS_UV,
    subcommand::SET_MIN_PIN_LENGTH,
    subcommand::ENABLE_LONG_TOUCH_FOR_RESET,
];

/// `authenticatorConfigCommands`: enterprise attestation can be enabled only where there is a certificate for it.
pub(super) fn commands(enterprise_capable: bool) -> &'static [u64] {
    if enterprise_capable {
        &COMMANDS
    } else {
        COMMANDS.split_at(1).1
    }
}

impl<P: Platform> Authenticator<P> {
    /// Whether the key can attest for an enterprise: it holds no certificate for that.
    pub(super) fn enterprise_capable(&self) -> bool {
        false
    }
}
