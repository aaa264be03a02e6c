//! What a key says of itself, and what it has of what checks may need.

use std::collections::BTreeMap;

use ciborium::Value;

use crate::key::{Need, Pins};

/// What is known of a key once it was asked.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// getInfo's members; nothing where the key has no CTAP2.
    pub get_info: Option<BTreeMap<u8, Value>>,
    /// Whether it answers U2F_VERSION with `U2F_V2`.
    pub u2f: bool,
    /// Whether it answers APDUs of the OATH applet.
    pub oath: bool,
    /// Whether it says in its answer to INIT that it can wink.
    pub wink: bool,
    /// Whether it answers CTAPHID_LOCK, which nothing announces.
    pub lock: bool,
    /// What becomes of a request for a touch.
    pub presence: Presence,
    /// Whether it has a passkey for the website of the checks.
    pub has_account: bool,
}

/// What a key does where a touch is wanted and nobody touches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It waits.
    #[default]
    Waits,
    /// It answers at once, as if it had been touched.
    TouchesItself,
    /// It refuses at once.
    Refuses,
}

impl Info {
    fn member(&self, member: u8) -> Option<&Value> {
        self.get_info.as_ref()?.get(&member)
    }

    /// The texts of a member that is a list of them.
    #[must_use]
    pub fn texts(&self, member: u8) -> Vec<String> {
        let list = self.member(member).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_text);
        texts.map(str::to_owned).collect()
    }

    /// The options, in their order.
    #[must_use]
    pub fn options(&self) -> Vec<(String, bool)> {
        let options = self.member(0x04).and_then(Value::as_map);
        let options = options.into_iter().flatten();
        options
            .filter_map(|(name, value)| Some((name.as_text()?.to_owned(), value.as_bool()?)))
            .collect()
    }

    /// An option; `None` where it is absent.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<bool> {
        self.options()
            .into_iter()
            .find(|(option, _)| option == name)
            .map(|(_, value)| value)
    }

    /// The PINs that it takes.
    #[must_use]
    pub fn pins(&self) -> Pins {
        self.get_info
            .as_ref()
            .map_or_else(|| Pins::of(&BTreeMap::new()), Pins::of)
    }

    /// The algorithms that it lists.
    fn algorithms(&self) -> Vec<i128> {
        let list = self.member(0x0A).and_then(Value::as_array);
        let entries = list.into_iter().flatten().filter_map(Value::as_map).flatten();
        let algorithms = entries.filter(|(name, _)| name.as_text() == Some("alg"));
        algorithms
            .filter_map(|(_, value)| value.as_integer().map(i128::from))
            .collect()
    }
}

/// What a key has of what checks may need, as it says itself. What the hand can do is not in it.
#[must_use]
pub fn capabilities(info: &Info) -> Vec<Need> {
    let algorithms = info.algorithms();
    let mut has = Vec::new();
    if info.oath {
        has.push(Need::Oath);
    }
    let is = |name: &str| info.option(name) == Some(true);
    let extension = |name: &str| info.texts(0x02).iter().any(|extension| extension == name);
    let protocols = info.member(0x06).and_then(Value::as_array);
    // Where no list is, protocol one is meant, as CTAP 2.0 had it.
    let one = protocols.is_none_or(|protocols| protocols.contains(&1.into()));
    let two = protocols.is_some_and(|protocols| protocols.contains(&2.into()));
    // authenticatorConfigCommands.
    let commands = info.member(0x1F).and_then(Value::as_array);
    let configures = |command: u8| commands.is_some_and(|commands| commands.contains(&command.into()));
    let of_options = [
        (Need::U2f, info.u2f),
        (Need::Ctap2, info.get_info.is_some()),
        (Need::Rk, is("rk")),
        (Need::Pin, info.option("clientPin").is_some()),
        (Need::ProtocolOne, one),
        (Need::ProtocolTwo, two),
        (
            Need::Tokens,
            is("pinUvAuthToken")
                && info.option("clientPin").is_some()
                && (one || two)
                && !is("noMcGaPermissionsWithClientPin"),
        ),
        (Need::CredMgmt, is("credMgmt")),
        (Need::Pcmr, is("perCredMgmtRO")),
        (Need::LargeBlobs, is("largeBlobs")),
        (Need::Config, is("authnrCfg")),
        (Need::CredProtect, extension("credProtect")),
        (Need::EdDsa, algorithms.contains(&-8)),
        (Need::Wink, info.wink),
        (Need::Lock, info.lock),
        (Need::NoneFormat, info.texts(0x16).iter().any(|format| format == "none")),
        (Need::CredBlob, extension("credBlob")),
        (Need::LargeBlobKey, extension("largeBlobKey")),
        (Need::MinPinLength, extension("minPinLength")),
        (
            Need::PinComplexityPolicy,
            extension("pinComplexityPolicy") && info.member(0x1B) == Some(&false.into()),
        ),
        (Need::ThirdPartyPayment, extension("thirdPartyPayment")),
        (Need::HmacSecret, extension("hmac-secret")),
        (Need::HmacSecretMc, extension("hmac-secret-mc")),
        // Where it is always on, nothing is as it is without.
        (
            Need::AlwaysUv,
            is("authnrCfg") && info.option("alwaysUv") == Some(false),
        ),
        (Need::MakeCredUvNotRqd, is("makeCredUvNotRqd")),
        (Need::SetMinPinLength, is("authnrCfg") && is("setMinPINLength")),
        (Need::LongTouch, info.member(0x18).is_some() && configures(0x04)),
        (
            Need::StoreState,
            info.member(0x19).is_some() && info.member(0x1E).is_some(),
        ),
        (
            Need::Fido21,
            info.texts(0x01)
                .iter()
                .any(|version| matches!(version.as_str(), "FIDO_2_1" | "FIDO_2_3")),
        ),
        (Need::Enterprise, is("authnrCfg") && info.option("ep").is_some()),
        (Need::NoEnterprise, info.option("ep").is_none()),
        (Need::BuiltInUv, is("uv") && info.option("bioEnroll").is_none()),
        (Need::NoBuiltInUv, info.option("uv").is_none()),
        (
            Need::NoBio,
            info.option("bioEnroll").is_none() && info.option("userVerificationMgmtPreview").is_none(),
        ),
    ];
    has.extend(of_options.into_iter().filter(|(_, there)| *there).map(|(need, _)| need));
    has
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a key has that says so much in getInfo.
    fn has(members: Vec<(u8, Value)>) -> Vec<Need> {
        let get_info = Some(members.into_iter().collect());
        capabilities(&Info {
            get_info,
            ..Info::default()
        })
    }

    fn options(names: &[&str]) -> (u8, Value) {
        let options = names.iter().map(|name| (Value::from(*name), true.into()));
        (0x04, Value::Map(options.collect()))
    }

    #[test]
    fn a_key_that_lists_no_protocol_has_the_first() {
        let has = has(vec![options(&["clientPin", "rk"])]);
        assert!(has.contains(&Need::Pin) && has.contains(&Need::ProtocolOne));
        assert!(!has.contains(&Need::ProtocolTwo) && !has.contains(&Need::Tokens));
    }

    #[test]
    fn what_has_to_be_absent_is_absent() {
        let without = [Need::NoEnterprise, Need::NoBuiltInUv, Need::NoBio];
        assert!(without.iter().all(|need| has(vec![]).contains(need)));
        let with = has(vec![options(&["ep", "uv", "bioEnroll"])]);
        assert!(!without.iter().any(|need| with.contains(need)));
    }
}
