//! The policy file.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::super::info::algorithm_id;
use crate::webauthn::domain;

/// The settings that a key should have. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Policy {
    /// Whether it always verifies its user.
    pub(super) always_uv: Option<bool>,
    /// Whether it tells chosen companies which single key it is.
    pub(super) enterprise_attestation: Option<bool>,
    /// Whether a reset takes a long touch.
    pub(super) long_touch_reset: Option<bool>,
    /// Algorithms that it must support, as the COSE registry names them.
    #[serde(deserialize_with = "algorithms")]
    pub(super) algorithms: Vec<String>,
    /// Rules for its PIN.
    pub(super) pin: Pin,
}

/// Rules for the PIN.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Pin {
    /// It must have one.
    pub(super) required: bool,
    /// In code points.
    pub(super) min_length: Option<u64>,
    /// Websites that are told how long it must be.
    #[serde(deserialize_with = "domains")]
    pub(super) min_length_rp_ids: Vec<String>,
    /// Simple ones are refused.
    pub(super) complexity: bool,
}

/// Names of algorithms that brasskey knows.
fn algorithms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    match names.iter().find(|name| algorithm_id(name).is_none()) {
        None => Ok(names),
        Some(name) => Err(D::Error::custom(format_args!(
            "algorithms: {name:?} is none that brasskey knows"
        ))),
    }
}

/// Domain names, as browsers have them.
fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let domains = names.into_iter().map(|name| {
        domain(&name).map_err(|_| D::Error::custom(format_args!("min-length-rp-ids: {name:?} is not a domain name")))
    });
    domains.collect()
}

impl FromStr for Policy {
    type Err = toml::de::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        toml::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_the_help_shows_is_read() {
        let (_, shown) = super::super::FILE_HELP.split_once("\n\n").unwrap();
        let policy: Policy = shown.parse().unwrap();
        assert_eq!(policy.always_uv, Some(true));
        assert_eq!(policy.algorithms, ["ES256", "EdDSA"]);
        assert_eq!(policy.pin.min_length, Some(6));
        assert_eq!(policy.pin.min_length_rp_ids, ["example.com"]);
        assert!(policy.pin.required && policy.pin.complexity);
    }

    #[test]
    fn websites_are_named_as_browsers_name_them() {
        let text = "[pin]\nmin-length-rp-ids = [\"Bücher.example\", \"example.com\"]";
        let policy: Policy = text.parse().unwrap();
        assert_eq!(policy.pin.min_length_rp_ids, ["xn--bcher-kva.example", "example.com"]);
        let error = "[pin]\nmin-length-rp-ids = [\"https://example.com\"]"
            .parse::<Policy>()
            .unwrap_err();
        assert_eq!(
            error.message(),
            "min-length-rp-ids: \"https://example.com\" is not a domain name"
        );
    }

    #[test]
    fn a_word_that_is_misspelt_is_refused() {
        assert_eq!("".parse(), Ok(Policy::default()));
        for text in ["always_uv = true", "[pin]\nmin = 4", "always-uv = 1", "pin = true"] {
            assert!(text.parse::<Policy>().is_err(), "{text}");
        }
    }
}
