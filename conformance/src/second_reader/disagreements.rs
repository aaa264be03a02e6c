//! What a key says and `ctap-types` 0.6.0-rc.5 reads in another way, or not at all.

use ciborium::Value;

use super::Part;

const GET_INFO: Part = Part::Answer(0x04);

/// One thing that the two disagree about.
#[derive(Clone, Copy, Debug)]
pub struct Disagreement {
    /// What it is.
    pub what: &'static str,
    /// The section of the standard that decides.
    pub section: &'static str,
    /// Takes it out of what is read, and says whether it was there.
    pub take_out: fn(part: Part, answer: &mut Value) -> bool,
}

/// Everything that the two are known to disagree about. In each case the section named is on the key's side.
pub const DISAGREEMENTS: &[Disagreement] = &[
    Disagreement {
        what: "the extension pinComplexityPolicy is refused as an unknown name",
        section: "CTAP 2.3 §6.4, extensions: a list of supported extensions; §12 defines this one",
        take_out: |part, answer| {
            part == GET_INFO
                && keep(member(answer, 0x02), |name| {
                    name.as_text() != Some("pinComplexityPolicy")
                })
        },
    },
    Disagreement {
        what: "the option perCredMgmtRO is not known",
        section: "CTAP 2.3 §6.4, options",
        take_out: |part, answer| part == GET_INFO && remove(member(answer, 0x04), &"perCredMgmtRO".into()),
    },
    Disagreement {
        what: "algorithms other than ES256 and EdDSA are dropped",
        section: "CTAP 2.3 §6.4, algorithms: every algorithm that the authenticator supports",
        take_out: |part, answer| {
            part == GET_INFO
                && keep(member(answer, 0x0A), |entry| {
                    let mut members = entry.as_map().into_iter().flatten();
                    members.any(|(name, value)| {
                        name.as_text() == Some("alg") && [(-7).into(), (-8).into()].contains(value)
                    })
                })
        },
    },
    Disagreement {
        what: "attestation formats other than packed and none are refused",
        section: "CTAP 2.3 §6.4, attestationFormats; WebAuthn Level 3 §8 defines the others",
        take_out: |part, answer| {
            part == GET_INFO
                && keep(member(answer, 0x16), |format| {
                    matches!(format.as_text(), Some("packed" | "none"))
                })
        },
    },
    Disagreement {
        what: "encIdentifier is taken for a text",
        section: "CTAP 2.3 §6.4, encIdentifier: a byte string",
        take_out: |part, answer| part == GET_INFO && remove(Some(answer), &0x19.into()),
    },
    Disagreement {
        what: "encCredStoreState is taken for a text",
        section: "CTAP 2.3 §6.4, encCredStoreState: a byte string",
        take_out: |part, answer| part == GET_INFO && remove(Some(answer), &0x1E.into()),
    },
    Disagreement {
        what: "the output of pinComplexityPolicy is dropped",
        section: "CTAP 2.3 §12, pinComplexityPolicy: the output is a boolean",
        take_out: |part, outputs| {
            part == Part::RegistrationOutputs && remove(Some(outputs), &"pinComplexityPolicy".into())
        },
    },
    Disagreement {
        what: "an attestation of the format fido-u2f is refused",
        section: "WebAuthn Level 3 §8.6 defines it",
        take_out: |part, answer| {
            let is_u2f = part == Part::Answer(0x01) && entry(answer, &0x01.into()) == Some(&mut "fido-u2f".into());
            is_u2f && replace(answer, 0x01, "none".into()) && replace(answer, 0x03, Value::Map(Vec::new()))
        },
    },
    Disagreement {
        what: "authenticator data of more than 676 bytes is refused",
        section: "WebAuthn Level 3 §6.1: it has no such limit, and a COSE_Key of ML-DSA is longer",
        take_out: |part, answer| part == Part::Answer(0x01) && shorten(member(answer, 0x02), 676),
    },
    Disagreement {
        what: "an attestation signature of more than 77 bytes is refused",
        section: "WebAuthn Level 3 §8.2: as the algorithm has it; those of P-384, P-521 and ML-DSA are longer",
        take_out: |part, answer| {
            part == Part::Answer(0x01)
                && shorten(member(answer, 0x03).and_then(|statement| named(statement, "sig")), 77)
        },
    },
    Disagreement {
        what: "an assertion signature of more than 77 bytes is refused",
        section: "CTAP 2.3 §6.2.3, signature: as the algorithm has it",
        take_out: |part, answer| matches!(part, Part::Answer(0x02 | 0x08)) && shorten(member(answer, 0x03), 77),
    },
    Disagreement {
        what: "a listed credential whose public key is neither of ES256 nor of EdDSA is refused",
        section: "CTAP 2.3 §6.8, publicKey: the credential's, of whatever algorithm it has",
        take_out: |part, answer| {
            let algorithm = member(answer, 0x08).and_then(|key| member(key, 3)).cloned();
            matches!(part, Part::Answer(0x0A | 0x41))
                && algorithm.is_some_and(|algorithm| ![(-7).into(), (-8).into()].contains(&algorithm))
                && remove(Some(answer), &0x08.into())
        },
    },
];

fn entry<'a>(map: &'a mut Value, key: &Value) -> Option<&'a mut Value> {
    let mut members = map.as_map_mut()?.iter_mut();
    members.find(|(name, _)| name == key).map(|(_, value)| value)
}

fn member(map: &mut Value, key: u8) -> Option<&mut Value> {
    entry(map, &key.into())
}

fn named<'a>(map: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    entry(map, &name.into())
}

/// Puts another value in the place of a member, where it is there.
fn replace(map: &mut Value, key: u8, value: Value) -> bool {
    let found = member(map, key);
    found.map(|place| *place = value).is_some()
}

/// Removes a member, where it is there.
fn remove(map: Option<&mut Value>, key: &Value) -> bool {
    let Some(members) = map.and_then(Value::as_map_mut) else {
        return false;
    };
    let before = members.len();
    members.retain(|(name, _)| name != key);
    members.len() < before
}

/// Keeps those items of a list that it says, and says whether one went.
fn keep(list: Option<&mut Value>, is_kept: impl Fn(&Value) -> bool) -> bool {
    let Some(items) = list.and_then(Value::as_array_mut) else {
        return false;
    };
    let before = items.len();
    items.retain(is_kept);
    items.len() < before
}

/// Cuts a byte string that is longer.
fn shorten(bytes: Option<&mut Value>, length: usize) -> bool {
    match bytes.and_then(Value::as_bytes_mut) {
        Some(bytes) if bytes.len() > length => {
            bytes.truncate(length);
            true
        }
        _ => false,
    }
}
