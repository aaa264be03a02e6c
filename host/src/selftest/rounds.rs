//! What the self-test tries, as far as the key says that it can.

use crate::client::Key;
use crate::client::webauthn::Protocol;
use crate::relying_party::Algorithm;
use crate::relying_party::profile::Profile;

/// Steps that belong together: one relying party, one protocol, one credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// What it is called.
    pub name: &'static str,
    pub(super) profile: Profile,
    pub(super) protocol: Protocol,
    pub(super) algorithm: Algorithm,
    /// Whether the credential is made for the AppID, as before WebAuthn.
    pub(super) legacy: bool,
    /// Whether the credential shall give secrets (hmac-secret).
    pub(super) prf: bool,
}

const ROUNDS: [Round; 6] = [
    Round {
        name: "WebAuthn",
        profile: Profile::Webauthn,
        protocol: Protocol::Ctap2,
        algorithm: Algorithm::Es256,
        legacy: false,
        prf: false,
    },
    Round {
        name: "WebAuthn with EdDSA",
        profile: Profile::Webauthn,
        protocol: Protocol::Ctap2,
        algorithm: Algorithm::EdDsa,
        legacy: false,
        prf: false,
    },
    Round {
        name: "WebAuthn with PRF",
        profile: Profile::Webauthn,
        protocol: Protocol::Ctap2,
        algorithm: Algorithm::Es256,
        legacy: false,
        prf: true,
    },
    Round {
        name: "WebAuthn over U2F",
        profile: Profile::Webauthn,
        protocol: Protocol::U2f,
        algorithm: Algorithm::Es256,
        legacy: false,
        prf: false,
    },
    Round {
        name: "AWS console, rehearsed: nothing is sent to AWS",
        profile: Profile::Aws,
        protocol: Protocol::Ctap2,
        algorithm: Algorithm::Es256,
        legacy: false,
        prf: false,
    },
    Round {
        name: "AWS console, rehearsed, with a U2F registration from before 2022",
        profile: Profile::Aws,
        protocol: Protocol::U2f,
        algorithm: Algorithm::Es256,
        legacy: true,
        prf: false,
    },
];

/// Touches that a round asks for: registration, the refused second one, sign-in.
const TOUCHES: usize = 3;

/// The rounds that the key's own words promise.
#[must_use]
pub fn plan(key: &Key) -> Vec<Round> {
    let can = |round: &&Round| match round.protocol {
        Protocol::U2f => key.speaks_u2f(),
        Protocol::Ctap2 => key.info().is_some_and(|info| {
            // Keys before CTAP 2.1 do not list their algorithms; ES256 is the one that all have.
            let algorithm = info.algorithms.as_ref();
            let algorithm = algorithm.map_or(round.algorithm == Algorithm::Es256, |offered| {
                offered.iter().any(|offered| offered.alg == round.algorithm.cose())
            });
            let extension = |name| info.extensions.iter().flatten().any(|extension| extension == name);
            algorithm && (!round.prf || extension("hmac-secret"))
        }),
    };
    ROUNDS.iter().filter(can).copied().collect()
}

/// How often the user will touch the key.
#[must_use]
pub fn touches(plan: &[Round]) -> usize {
    plan.len() * TOUCHES
}
