//! The alphabet of histories.

use brasskey_conformance::host::client_pin::{Protocol, permission};

use super::ledger::Rp;

/// What the owner asks a token for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// getPinToken.
    Legacy,
    /// Ceremonies at the first relying party.
    Bound,
    /// Ceremonies, without an RP ID.
    Unbound,
    /// Credential management.
    Manage,
    /// The persistent token.
    Persistent,
}

impl Grant {
    /// By which protocol, with which permissions, for whom.
    #[must_use]
    pub const fn terms(self) -> (Protocol, u8, Option<Rp>) {
        const CEREMONIES: u8 = permission::MC | permission::GA;
        match self {
            Self::Legacy => (Protocol::One, CEREMONIES, None),
            Self::Bound => (Protocol::Two, CEREMONIES, Some(Rp::Example)),
            Self::Unbound => (Protocol::One, CEREMONIES, None),
            Self::Manage => (Protocol::Two, permission::CM, None),
            Self::Persistent => (Protocol::Two, permission::PCMR, None),
        }
    }
}

/// One step of a history. Where nobody is named, the owner does it: a host that knows the PIN, and proves with the
/// token that it got last, also where that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// setPIN.
    SetPin(Protocol),
    /// changePIN.
    ChangePin,
    /// changePIN with a wrong PIN.
    ChangePinWrongly,
    /// A wrong PIN: to getPinToken by protocol one, to getPinUvAuthTokenUsingPinWithPermissions by two.
    Guess(Protocol),
    /// Three wrong PINs.
    GuessThrice,
    /// The right PIN, for a token.
    Token(Grant),
    /// A discoverable credential of this user at the first relying party.
    Register(u8),
    /// The same at the other relying party.
    RegisterElsewhere,
    /// A credential at the first relying party that is not discoverable, without a token.
    RegisterPlain,
    /// A discoverable credential that the user refuses at the touch.
    RegisterRefused,
    /// A sign-in with the newest account of the first relying party.
    SignIn,
    /// The same at the other relying party.
    SignInElsewhere,
    /// A sign-in without a touch.
    SignInSilently,
    /// A sign-in by the ID of the credential that is not discoverable, without a token.
    SignInPlain,
    /// The same by U2F.
    SignInByU2f,
    /// A sign-in with the option `uv`, without a token.
    AskForUv,
    /// getNextAssertion.
    GoOn,
    /// getCredsMetadata, with the persistent token or else the usual one.
    Count,
    /// deleteCredential, of the newest account.
    Delete,
    /// enableLongTouchForReset.
    WantLongTouch,
    /// A reset, with a touch that is held.
    Reset,
    /// A reset, with a touch that is not.
    ResetByTap,
    /// The power off and on.
    PowerCycle,
    /// So many milliseconds pass.
    Wait(u64),
    /// The second host tries a wrong PIN.
    StrangerGuesses,
    /// The second host signs in, without a token.
    StrangerSignsIn,
    /// The second host goes on with a walk.
    StrangerGoesOn,
}

/// Just after the time for a reset (CTAP 2.3 §6.6).
const AFTER_RESET: u64 = 10_001;
/// Just after the time for the first use of a token, and for the next step of a walk (§6.5.2.1, §6.3).
const AFTER_FIRST_USE: u64 = 30_001;
/// Just after the time of a token (§6.5.2.1).
const AFTER_TOKEN: u64 = 600_001;

/// Every action.
pub const ALPHABET: &[Action] = &[
    Action::SetPin(Protocol::One),
    Action::SetPin(Protocol::Two),
    Action::ChangePin,
    Action::ChangePinWrongly,
    Action::Guess(Protocol::One),
    Action::Guess(Protocol::Two),
    Action::GuessThrice,
    Action::Token(Grant::Legacy),
    Action::Token(Grant::Bound),
    Action::Token(Grant::Unbound),
    Action::Token(Grant::Manage),
    Action::Token(Grant::Persistent),
    Action::Register(0),
    Action::Register(1),
    Action::RegisterElsewhere,
    Action::RegisterPlain,
    Action::RegisterRefused,
    Action::SignIn,
    Action::SignInElsewhere,
    Action::SignInSilently,
    Action::SignInPlain,
    Action::SignInByU2f,
    Action::AskForUv,
    Action::GoOn,
    Action::Count,
    Action::Delete,
    Action::WantLongTouch,
    Action::Reset,
    Action::ResetByTap,
    Action::PowerCycle,
    Action::Wait(AFTER_RESET),
    Action::Wait(AFTER_FIRST_USE),
    Action::Wait(AFTER_TOKEN),
    Action::StrangerGuesses,
    Action::StrangerSignsIn,
    Action::StrangerGoesOn,
];
