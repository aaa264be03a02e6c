//! What every key does. Each check begins with a key fresh from the factory.

/// Lists a suite's checks below the section of the standard that they follow; one that is missing here is dead code,
/// and the compiler says so. What the standard only recommends is marked so: `its_name [Should]`.
#[macro_export]
macro_rules! checks {
    ($($section:literal: $($name:ident $([$level:ident])? $(needs $($need:ident)and+)?),+;)+) => {
        /// The checks of this suite.
        pub(super) const CHECKS: &[$crate::suites::Check] = &[$($($crate::suites::Check {
            name: stringify!($name),
            section: $section,
            level: [$($crate::suites::Level::$level,)? $crate::suites::Level::Must][0],
            needs: &[$($($crate::key::Need::$need),+)?],
            run: $name,
        }),+),+];
    };
}

mod built_in_uv;
mod by_hand;
mod cbor;
mod channels;
mod client_pin;
mod config;
#[cfg(test)]
mod coverage;
mod cred_protect;
mod credential_changes;
mod credential_management;
mod credential_walks;
mod ctaphid;
mod enterprise;
mod extensions;
mod get_assertion;
mod get_info;
mod get_next_assertion;
mod hmac_secret;
mod iso7816;
mod key_agreement;
mod large_blobs;
mod leaks;
mod little_room;
mod make_credential;
mod make_credential_request;
mod message_limits;
mod oath;
mod oath_access_code;
mod oath_codes;
mod pin_retries;
mod pin_token;
mod power_cuts;
mod reset;
mod selection;
mod signatures;
mod timing;
mod u2f;
mod uniqueness;
mod user_verification;

use crate::key::{Key, Need};

/// How much the standard wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// A key that does otherwise does not conform.
    Must,
    /// A key that does otherwise needs a reason.
    Should,
}

/// One behaviour.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What the key does. Names are stable: reports of one run are compared with those of another.
    pub name: &'static str,
    /// The edition and the section of the standard that asks for it.
    pub section: &'static str,
    /// How much it asks for it.
    pub level: Level,
    /// What the key, or whoever handles it, must be able to do.
    pub needs: &'static [Need],
    /// Panics where the key does not.
    pub run: fn(&Key),
}

/// A suite: its name, and its checks.
pub type Suite = (&'static str, &'static [Check]);

/// Whether there is such a check: `suite::check`.
#[must_use]
pub fn has(check: &str) -> bool {
    let Some((suite, name)) = check.split_once("::") else {
        return false;
    };
    ALL.iter()
        .any(|(named, checks)| *named == suite && checks.iter().any(|check| check.name == name))
}

/// Every suite.
pub const ALL: &[Suite] = &[
    ("ctaphid", ctaphid::CHECKS),
    ("channels", channels::CHECKS),
    ("u2f", u2f::CHECKS),
    ("by_hand", by_hand::CHECKS),
    ("cbor", cbor::CHECKS),
    ("message_limits", message_limits::CHECKS),
    ("get_info", get_info::CHECKS),
    ("make_credential_request", make_credential_request::CHECKS),
    ("make_credential", make_credential::CHECKS),
    ("get_assertion", get_assertion::CHECKS),
    ("get_next_assertion", get_next_assertion::CHECKS),
    ("key_agreement", key_agreement::CHECKS),
    ("client_pin", client_pin::CHECKS),
    ("pin_retries", pin_retries::CHECKS),
    ("pin_token", pin_token::CHECKS),
    ("user_verification", user_verification::CHECKS),
    ("built_in_uv", built_in_uv::CHECKS),
    ("reset", reset::CHECKS),
    ("credential_management", credential_management::CHECKS),
    ("credential_walks", credential_walks::CHECKS),
    ("credential_changes", credential_changes::CHECKS),
    ("selection", selection::CHECKS),
    ("large_blobs", large_blobs::CHECKS),
    ("config", config::CHECKS),
    ("cred_protect", cred_protect::CHECKS),
    ("hmac_secret", hmac_secret::CHECKS),
    ("extensions", extensions::CHECKS),
    ("enterprise", enterprise::CHECKS),
    ("little_room", little_room::CHECKS),
    ("power_cuts", power_cuts::CHECKS),
    ("signatures", signatures::CHECKS),
    ("uniqueness", uniqueness::CHECKS),
    ("leaks", leaks::CHECKS),
    ("timing", timing::CHECKS),
    ("iso7816", iso7816::CHECKS),
    ("oath", oath::CHECKS),
    ("oath_codes", oath_codes::CHECKS),
    ("oath_access_code", oath_access_code::CHECKS),
];
