//! The page that `info` shows: what the key says, grouped and explained.

use brasskey_protocol::ctaphid::capability;

use super::super::layout::{aaguid, count, hex};
use super::facts::{Facts, device_version};
use crate::client::CAPABILITY_LOCK;
use crate::client::ctap2::{Info, PublicKeyCredentialParameters};
use crate::decode::words::{
    ALGORITHMS, ATTESTATION_FORMATS, CERTIFICATIONS, CONFIG_COMMANDS, EXTENSIONS, OPTIONS, TRANSPORTS, UNKNOWN,
    UV_MODALITIES, VERSIONS, words,
};
use crate::text::escape;

/// A heading and rows of cells below it: a name first, an explanation last. Escaped.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: Vec<Vec<String>>,
}

/// All sections that say something.
pub(super) fn of(facts: &Facts<'_>) -> Vec<Section> {
    let mut sections = vec![
        section("Key", key(facts)),
        section(
            "Versions",
            facts
                .versions
                .iter()
                .map(|version| named(version, words(VERSIONS, version))),
        ),
    ];
    match facts.info {
        Some(info) => sections.extend(ctap2(info)),
        None => sections.push(section("U2F", u2f())),
    }
    sections.push(section("USB messages (CTAPHID)", ctaphid(facts)));
    sections.retain(|section| !section.rows.is_empty());
    sections
}

fn section(title: &'static str, rows: impl IntoIterator<Item = Vec<String>>) -> Section {
    let rows = rows.into_iter().collect();
    Section { title, rows }
}

/// A row whose name comes from the key.
fn named(name: &str, words: &str) -> Vec<String> {
    vec![escape(name).into_owned(), words.to_owned()]
}

/// A row of our own.
fn row(name: &str, value: impl Into<String>) -> Vec<String> {
    vec![name.to_owned(), value.into()]
}

fn key(facts: &Facts<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if let Some(info) = facts.info {
        rows.push(row(
            "Model (AAGUID)",
            match info.aaguid {
                None => "not given".to_owned(),
                Some([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) => "all zeros: the key does not say".to_owned(),
                Some(bytes) => aaguid(bytes),
            },
        ));
        if let Some(model) = &facts.model {
            let name = model.name.as_deref().map(|name| row("Model", escape(name)));
            rows.extend(name);
            rows.extend(model.reports.iter().map(|report| {
                let since = report.effective_date.as_deref().map(|date| format!(", since {date}"));
                row(
                    "Status",
                    escape(&format!("{}{}", report.status, since.unwrap_or_default())),
                )
            }));
        }
        if facts.is_not_in_metadata {
            rows.push(row("Status", "the model is not in the metadata"));
        }
        let firmware = info
            .firmware_version
            .map(|version| row("Firmware version", format!("{version} (0x{version:x})")));
        rows.extend(firmware);
    }
    rows.push(row(
        "Works with",
        match (facts.info.is_some(), facts.u2f) {
            (true, true) => "WebAuthn over CTAP2, and old U2F sites",
            (true, false) => "WebAuthn over CTAP2; not U2F",
            (false, _) => "U2F: second-factor sign-in only, no passkeys and no PIN",
        },
    ));
    rows
}

fn ctap2(info: &Info) -> Vec<Section> {
    let extensions = info.extensions.iter().flatten();
    let formats = info.attestation_formats.iter().flatten();
    let transports = info.transports.iter().flatten();
    vec![
        section(
            "Extensions",
            extensions.map(|name| named(name, words(EXTENSIONS, name))),
        ),
        section("Options", options(info)),
        section("Options left out", options_left_out(info)),
        section("PIN and user verification", user_verification(info)),
        section(
            "Algorithms, most preferred first",
            info.algorithms.iter().flatten().map(algorithm),
        ),
        section("Limits", limits(info)),
        section(
            "Transports",
            transports.map(|name| named(name, words(TRANSPORTS, name))),
        ),
        section(
            "Attestation formats",
            formats.map(|name| named(name, words(ATTESTATION_FORMATS, name))),
        ),
        section("Certifications", certifications(info)),
        section("Reset and configuration", configuration(info)),
        section("Encrypted state", encrypted(info)),
        section("Members of getInfo that the standard does not know", unknown(info)),
    ]
}

fn options(info: &Info) -> Vec<Vec<String>> {
    let mut rows: Vec<_> = OPTIONS
        .iter()
        .filter_map(|option| {
            let (value, words) = match info.options.get(option.id)? {
                true => ("yes", option.yes),
                false => ("no", option.no),
            };
            Some(vec![option.id.to_owned(), value.to_owned(), words.to_owned()])
        })
        .collect();
    let strange = info
        .options
        .iter()
        .filter(|(id, _)| OPTIONS.iter().all(|option| option.id != id.as_str()));
    rows.extend(strange.map(|(id, &value)| {
        let value = if value { "yes" } else { "no" };
        vec![escape(id).into_owned(), value.to_owned(), UNKNOWN.to_owned()]
    }));
    rows
}

fn options_left_out(info: &Info) -> impl Iterator<Item = Vec<String>> {
    let absent = OPTIONS.iter().filter(|option| !info.options.contains_key(option.id));
    absent.filter_map(|option| Some(row(option.id, option.absent?)))
}

fn user_verification(info: &Info) -> Vec<Vec<String>> {
    let protocols = info.pin_uv_auth_protocols.as_ref().map(|protocols| {
        let numbers: Vec<_> = protocols.iter().map(ToString::to_string).collect();
        format!("{}, most preferred first", numbers.join(", "))
    });
    let characters = |number| count(number, "character");
    let url = info.pin_complexity_policy_url.as_deref().map(String::from_utf8_lossy);
    let rows = [
        ("PIN must be changed", info.force_pin_change.map(yes_no)),
        ("Shortest PIN", info.min_pin_length.map(characters)),
        ("Longest PIN", info.max_pin_length.map(characters)),
        ("Simple PINs are refused", info.pin_complexity_policy.map(yes_no)),
        ("Rules for PINs", url.map(|url| escape(&url).into_owned())),
        (
            "Websites told of PIN rules",
            info.max_rp_ids_for_set_min_pin_length
                .map(|number| format!("up to {number} can be chosen")),
        ),
        ("PIN/UV auth protocols", protocols),
        ("Verifies its user by", info.uv_modality.map(modalities)),
        (
            "Attempts before the PIN",
            info.preferred_platform_uv_attempts
                .map(|number| count(number, "attempt")),
        ),
        (
            "Verified without the PIN",
            info.uv_count_since_last_pin_entry
                .map(|number| format!("{} since the PIN was given", count(number, "time"))),
        ),
    ];
    present(rows)
}

fn limits(info: &Info) -> Vec<Vec<String>> {
    let bytes = |number| count(number, "byte");
    let rows = [
        (
            "Longest message",
            Some(
                info.max_msg_size
                    .map_or_else(|| "1024 bytes (the default)".to_owned(), bytes),
            ),
        ),
        (
            "Longest list of credentials",
            info.max_credential_count_in_list
                .map(|number| count(number, "credential")),
        ),
        ("Longest credential ID", info.max_credential_id_length.map(bytes)),
        (
            "Room for passkeys",
            info.remaining_discoverable_credentials
                .map(|number| format!("about {number} more")),
        ),
        ("Room for large blobs", info.max_serialized_large_blob_array.map(bytes)),
        ("Longest credBlob", info.max_cred_blob_length.map(bytes)),
    ];
    present(rows)
}

fn configuration(info: &Info) -> Vec<Vec<String>> {
    let transports = info.transports_for_reset.as_ref().map(|transports| {
        let transports: Vec<_> = transports.iter().map(|transport| escape(transport)).collect();
        format!("{} only", transports.join(", "))
    });
    let mut rows = present([
        ("Reset takes a long touch", info.long_touch_for_reset.map(yes_no)),
        ("Reset works over", transports),
    ]);
    for &id in info.authenticator_config_commands.iter().flatten() {
        let known = CONFIG_COMMANDS
            .iter()
            .find(|(known, ..)| u64::try_from(*known) == Ok(id));
        rows.push(match known {
            Some((_, name, words)) => row(name, *words),
            None => row(&format!("subcommand 0x{id:02x}"), UNKNOWN),
        });
    }
    for id in info.vendor_prototype_config_commands.iter().flatten() {
        rows.push(row(&format!("vendor command 0x{id:x}"), "a command of the key's maker"));
    }
    rows
}

fn certifications(info: &Info) -> impl Iterator<Item = Vec<String>> {
    info.certifications.iter().flatten().map(|(name, level)| {
        let known = CERTIFICATIONS.iter().find(|(known, ..)| known == name);
        let words = known.map_or(UNKNOWN, |(_, _, words)| words);
        vec![escape(name).into_owned(), format!("level {level}"), words.to_owned()]
    })
}

fn encrypted(info: &Info) -> Vec<Vec<String>> {
    present([
        ("encIdentifier", info.enc_identifier.map(|bytes| hex(&bytes))),
        ("encCredStoreState", info.enc_cred_store_state.map(|bytes| hex(&bytes))),
    ])
}

fn unknown(info: &Info) -> impl Iterator<Item = Vec<String>> {
    info.unknown
        .iter()
        .map(|(key, cbor)| row(&format!("0x{key:02x}"), format!("CBOR {}", hex(cbor))))
}

fn algorithm(parameters: &PublicKeyCredentialParameters) -> Vec<String> {
    let known = ALGORITHMS.iter().find(|(number, ..)| *number == parameters.alg);
    let (name, words) = known.map_or(("unknown", UNKNOWN), |(_, name, words)| (*name, *words));
    let words = match parameters.kind.as_str() {
        "public-key" => words.to_owned(),
        kind => format!("{words}; for credentials of type {}", escape(kind)),
    };
    vec![name.to_owned(), parameters.alg.to_string(), words]
}

fn modalities(bits: u64) -> String {
    let known = UV_MODALITIES
        .iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, words)| (*words).to_owned());
    let rest = UV_MODALITIES.iter().fold(bits, |rest, (bit, _)| rest & !bit);
    let rest = (rest != 0).then(|| format!("unknown ways (0x{rest:x})"));
    known.chain(rest).collect::<Vec<_>>().join(", ")
}

/// A U2F key says little before it registers a credential, and that takes a touch.
fn u2f() -> [Vec<String>; 3] {
    [
        row("Algorithm", "ES256: the only one of U2F"),
        row("Touch", "registration and sign-in take one each"),
        row(
            "Attestation",
            "a certificate of its maker, which it shows at registration: `brasskey register --u2f`",
        ),
    ]
}

fn ctaphid(facts: &Facts<'_>) -> Vec<Vec<String>> {
    let has = |bit| facts.init.capabilities & bit != 0;
    let mut rows = vec![
        row("Protocol version", facts.init.protocol_version.to_string()),
        row("Device version", device_version(facts.init)),
        row(
            "Can blink",
            if has(capability::WINK) {
                "yes, with `brasskey wink`"
            } else {
                "no"
            },
        ),
        row("Takes CTAP2 messages", yes_no(has(capability::CBOR))),
        row("Takes U2F messages", yes_no(!has(capability::NMSG))),
    ];
    if has(CAPABILITY_LOCK) {
        rows.push(row("Can be locked", "yes"));
    }
    rows
}

fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// Rows for what the key says.
fn present<const N: usize>(rows: [(&str, Option<String>); N]) -> Vec<Vec<String>> {
    rows.into_iter()
        .filter_map(|(name, value)| Some(row(name, value?)))
        .collect()
}
