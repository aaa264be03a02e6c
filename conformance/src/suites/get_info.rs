//! authenticatorGetInfo (CTAP 2.3 §6.4).

use ciborium::Value;

use crate::host::ctap2::{GET_INFO, make_credential};
use crate::host::read::{Members, Read as _};
use crate::host::response::member;
use crate::host::u2f::{VERSION, word};
use crate::host::{Host, command};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.4":
        the_aaguid_is_that_of_its_credentials,
        the_aaguid_names_a_model [Should],
        versions_are_those_of_the_standard,
        every_member_has_its_type,
        nothing_is_listed_twice,
        members_come_with_their_features,
        pin_lengths_are_within_the_standards_bounds needs Pin,
        sizes_are_as_large_as_the_standard_asks,
        it_changes_with_its_ivs_only,
        surplus_bytes_are_ignored;
    "CTAP 2.3 §9":
        a_key_of_2_1_has_what_is_mandatory needs Fido21;
}

fn the_aaguid_is_that_of_its_credentials(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    // An attestation of U2F's form knows no AAGUID (WebAuthn Level 3 §8.6).
    if made.format != "fido-u2f" {
        same!(host.info()[&0x03], Value::Bytes(made.aaguid.to_vec()));
    }
}

fn the_aaguid_names_a_model(key: &Key) {
    differ!(key.host().info()[&0x03], Value::Bytes(vec![0; 16]));
}

/// The texts of a list; none where it is absent.
#[track_caller]
fn texts(info: &Members, member: u8) -> Vec<&str> {
    let list = info.get(&member).map(|list| list.items());
    list.into_iter().flatten().map(|text| text.text()).collect()
}

/// An option; none where it is absent.
fn option(info: &Members, name: &str) -> Option<bool> {
    let mut options = info.get(&0x04).into_iter().flat_map(|options| options.entries());
    let found = options.find(|(option, _)| option.as_text() == Some(name));
    found.map(|(_, value)| value.boolean())
}

fn versions_are_those_of_the_standard(key: &Key) {
    let mut host = key.host();
    let info = host.info();
    let versions = texts(&info, 0x01);
    // CTAP 2.2 has no version of its own.
    let known = ["U2F_V2", "FIDO_2_0", "FIDO_2_1_PRE", "FIDO_2_1", "FIDO_2_3"];
    for version in &versions {
        assert!(
            known.contains(version),
            "versions: expected some of {known:?}, the key answered {version:?}"
        );
    }
    assert!(
        versions.iter().any(|version| version.starts_with("FIDO_2_")),
        "versions: expected one of CTAP2, the key answered {versions:?}"
    );
    host.send(command::MSG, VERSION);
    let answer = host.final_message();
    let has_u2f = answer.command == command::MSG && answer.payload.ends_with(&word::NO_ERROR.to_be_bytes());
    if versions.contains(&"U2F_V2") {
        assert!(
            has_u2f,
            "versions: U2F_V2 is listed, and U2F_VERSION is answered with {answer:?}"
        );
    }
}

/// What a member is.
enum Type {
    Number,
    Numbers,
    Boolean,
    Bytes(usize),
    Texts,
}

fn every_member_has_its_type(key: &Key) {
    let info = key.host().info();
    for (member, expected) in [
        (0x01, Type::Texts),
        (0x02, Type::Texts),
        (0x03, Type::Bytes(16)),
        (0x05, Type::Number),
        (0x06, Type::Numbers),
        (0x07, Type::Number),
        (0x08, Type::Number),
        (0x09, Type::Texts),
        (0x0B, Type::Number),
        (0x0C, Type::Boolean),
        (0x0D, Type::Number),
        (0x0E, Type::Number),
        (0x0F, Type::Number),
        (0x10, Type::Number),
        (0x11, Type::Number),
        (0x12, Type::Number),
        (0x14, Type::Number),
        (0x15, Type::Numbers),
        (0x16, Type::Texts),
        (0x17, Type::Number),
        (0x18, Type::Boolean),
        (0x19, Type::Bytes(32)),
        (0x1A, Type::Texts),
        (0x1B, Type::Boolean),
        (0x1D, Type::Number),
        (0x1E, Type::Bytes(32)),
        (0x1F, Type::Numbers),
    ] {
        let Some(value) = info.get(&member) else {
            continue;
        };
        match expected {
            Type::Number => {
                let _: u64 = value.number();
            }
            Type::Numbers => {
                let _: Vec<u64> = value.items().iter().map(|number| number.number()).collect();
            }
            Type::Boolean => {
                let _: bool = value.boolean();
            }
            Type::Bytes(length) => same!(value.bytes().len(), length, "the length of member 0x{member:02X}"),
            Type::Texts => {
                let _: Vec<&str> = texts(&info, member);
            }
        }
    }
    assert!(
        info.contains_key(&0x01) && info.contains_key(&0x03),
        "expected versions and aaguid"
    );
    for (name, value) in info.get(&0x04).into_iter().flat_map(|options| options.entries()) {
        let _: (&str, bool) = (name.text(), value.boolean());
    }
    for (name, level) in info.get(&0x13).into_iter().flat_map(|levels| levels.entries()) {
        let _: (&str, u64) = (name.text(), level.number());
    }
    for entry in info.get(&0x0A).into_iter().flat_map(|list| list.items()) {
        same!(member(entry, "type"), &"public-key".into());
        let _: i64 = member(entry, "alg").number();
        same!(entry.entries().len(), 2, "alg and type");
    }
    if let Some(url) = info.get(&0x1C) {
        assert!(!url.bytes().is_empty(), "expected an address in pinComplexityPolicyURL");
    }
}

fn nothing_is_listed_twice(key: &Key) {
    let info = key.host().info();
    for (member, name) in [
        (0x01, "versions"),
        (0x02, "extensions"),
        (0x06, "pinUvAuthProtocols"),
        (0x09, "transports"),
        (0x0A, "algorithms"),
        (0x15, "vendorPrototypeConfigCommands"),
        (0x16, "attestationFormats"),
        (0x1A, "transportsForReset"),
        (0x1F, "authenticatorConfigCommands"),
    ] {
        let list = info.get(&member).into_iter().flat_map(|list| list.items());
        let list: Vec<_> = list.collect();
        for (n, entry) in list.iter().enumerate() {
            assert!(
                !list[..n].contains(entry),
                "{name}: expected nothing twice, the key answered {entry:?} twice"
            );
        }
        let may_be_empty = matches!(member, 0x02 | 0x15 | 0x1F);
        assert!(
            may_be_empty || !list.is_empty() || !info.contains_key(&member),
            "{name}: expected some, the key answered an empty list"
        );
    }
}

fn members_come_with_their_features(key: &Key) {
    let info = key.host().info();
    let has = |name: &str| option(&info, name) == Some(true);
    let extensions = texts(&info, 0x02);
    let extension = |name: &str| extensions.contains(&name);
    let commands = info.get(&0x1F).map(|commands| commands.items().clone());
    let lists = |command: u8| {
        commands
            .as_ref()
            .is_none_or(|commands| commands.contains(&command.into()))
    };
    let is_of_2_3 = texts(&info, 0x01).contains(&"FIDO_2_3");
    for (is_there, is_wanted, words) in [
        (
            info.contains_key(&0x0B),
            has("largeBlobs"),
            "maxSerializedLargeBlobArray with largeBlobs",
        ),
        (
            info.contains_key(&0x0F),
            extension("credBlob"),
            "maxCredBlobLength with credBlob",
        ),
        (
            info.contains_key(&0x10),
            has("setMinPINLength"),
            "maxRPIDsForSetMinPINLength with setMinPINLength",
        ),
    ] {
        same!(is_there, is_wanted, "{words}, and only with it");
    }
    // A key of CTAP 2.1 does not list its commands.
    if commands.is_some() {
        let has_prototypes = info.contains_key(&0x15);
        same!(
            has_prototypes,
            lists(0xFF),
            "vendorPrototypeConfigCommands with the command FF, and only with it"
        );
    }
    for (one, other, words) in [
        (
            is_of_2_3 && has("authnrCfg"),
            commands.is_some(),
            "authnrCfg needs authenticatorConfigCommands",
        ),
        (
            option(&info, "ep").is_some(),
            has("authnrCfg") && lists(0x01),
            "ep needs authenticatorConfig's command 01",
        ),
        (
            has("setMinPINLength"),
            has("authnrCfg") && lists(0x03),
            "setMinPINLength needs its command",
        ),
        (
            extension("largeBlobKey"),
            has("largeBlobs"),
            "largeBlobKey needs largeBlobs",
        ),
        (
            extension("largeBlobKey"),
            !extension("largeBlob"),
            "largeBlobKey excludes largeBlob",
        ),
        (
            extension("credBlob"),
            extension("credProtect"),
            "credBlob needs credProtect",
        ),
        (
            extension("hmac-secret-mc"),
            extension("hmac-secret"),
            "hmac-secret-mc needs hmac-secret",
        ),
        (
            has("pinUvAuthToken"),
            option(&info, "clientPin").or(option(&info, "uv")).is_some(),
            "pinUvAuthToken needs a PIN or user verification by the key itself",
        ),
        (
            has("alwaysUv"),
            !has("makeCredUvNotRqd"),
            "alwaysUv excludes makeCredUvNotRqd",
        ),
    ] {
        assert!(
            !one || other,
            "expected options and extensions that go together: {words}"
        );
    }
}

fn pin_lengths_are_within_the_standards_bounds(key: &Key) {
    let mut host = key.host();
    let (shortest, longest) = (host.shortest_pin(), host.longest_pin());
    assert!(
        (4..=63).contains(&shortest),
        "minPINLength: expected 4 to 63, the key answered {shortest}"
    );
    assert!(
        (8..=63).contains(&longest) && longest >= shortest,
        "maxPINLength: expected 8 to 63, the key answered {longest}"
    );
}

fn a_key_of_2_1_has_what_is_mandatory(key: &Key) {
    let info = key.host().info();
    let has = |name: &str| option(&info, name) == Some(true);
    let extensions = texts(&info, 0x02);
    let protects = option(&info, "clientPin").is_some() || option(&info, "uv").is_some();
    for (is_there, words) in [
        (extensions.contains(&"hmac-secret"), "the extension hmac-secret"),
        (extensions.contains(&"credProtect"), "the extension credProtect"),
        (protects, "the option clientPin or uv"),
        (has("pinUvAuthToken"), "the option pinUvAuthToken"),
        (!has("rk") || has("credMgmt"), "the option credMgmt with rk"),
        (
            info.get(&0x06)
                .is_some_and(|protocols| protocols.items().contains(&2.into())),
            "PIN/UV auth protocol two",
        ),
    ] {
        assert!(is_there, "expected {words}, as every key of FIDO_2_1 or later has it");
    }
}

/// A number of getInfo; none where the member is absent.
fn uint(host: &mut Host, member: u8) -> Option<usize> {
    host.info().get(&member).map(|value| value.number())
}

#[track_caller]
fn at_least(host: &mut Host, member: u8, name: &str, least: usize) {
    if let Some(size) = uint(host, member) {
        assert!(
            size >= least,
            "{name}: expected {least} or more, the key answered {size}"
        );
    }
}

fn sizes_are_as_large_as_the_standard_asks(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    at_least(&mut host, 0x05, "maxMsgSize", 1024);
    at_least(&mut host, 0x07, "maxCredentialCountInList", 1);
    at_least(&mut host, 0x08, "maxCredentialIdLength", made.id.len());
    if host.option("largeBlobs") == Some(true) {
        at_least(&mut host, 0x0B, "maxSerializedLargeBlobArray", 1024);
    }
    at_least(&mut host, 0x0F, "maxCredBlobLength", 32);
}

fn it_changes_with_its_ivs_only(key: &Key) {
    let mut host = key.host();
    let mut before = host.info();
    host.make(&make_credential("example.com", b"1"));
    let mut after = host.info();
    for member in [0x19, 0x1E] {
        let (before, after) = (before.remove(&member), after.remove(&member));
        assert!(
            before.is_none() || before != after,
            "expected another IV in member {member:#x} each time"
        );
    }
    same!(before, after);
}

fn surplus_bytes_are_ignored(key: &Key) {
    let mut host = key.host();
    let surplus = host.ctap2([0x04, 0xA0]);
    same!(surplus.ok()[&0x03], host.ctap2(GET_INFO).ok()[&0x03]);
}
