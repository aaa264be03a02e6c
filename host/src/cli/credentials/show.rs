//! How a passkey looks.

use serde_json::{Value, json};

use super::super::info::algorithm_name;
use super::super::layout::hex;
use super::short;
use crate::client::credentials::{StoredCredential, StoredRelyingParty};
use crate::text::escape;
use crate::webauthn::UserEntity;

/// The RP ID; its hash where the key did not keep it.
pub(super) fn name(relying_party: &StoredRelyingParty) -> String {
    match &relying_party.rp {
        Some(rp) => escape(&rp.id).into_owned(),
        None => format!("SHA-256 {}", hex(&relying_party.rp_id_hash)),
    }
}

/// The account's name, or whatever else there is.
pub(super) fn user_name(user: Option<&UserEntity>) -> String {
    let names = user.map(|user| [user.name.as_deref(), user.display_name.as_deref()]);
    let named = names
        .into_iter()
        .flatten()
        .flatten()
        .find(|name| !name.trim().is_empty());
    match (named, user) {
        (Some(name), _) => escape(name).into_owned(),
        (None, Some(user)) => format!("user {}", hex(&user.id)),
        (None, None) => "an unknown user".to_owned(),
    }
}

/// A line of the list.
pub(super) fn row(credential: &StoredCredential, digits: usize) -> [String; 4] {
    let display_name = credential.user.as_ref().and_then(|user| user.display_name.as_deref());
    [
        format!("  {}", short(&credential.id, digits)),
        user_name(credential.user.as_ref()),
        escape(display_name.unwrap_or_default()).into_owned(),
        algorithm(credential),
    ]
}

/// Everything about one, a line each.
pub(super) fn rows(relying_party: &StoredRelyingParty, credential: &StoredCredential) -> Vec<[String; 2]> {
    let user = credential.user.as_ref();
    let text = |text: Option<&String>| match text.map(String::as_str) {
        None => "none".to_owned(),
        Some("") => "empty".to_owned(),
        Some(text) => escape(text).into_owned(),
    };
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let mut rows = vec![
        ("Relying party", name(relying_party)),
        ("RP ID hash", hex(&relying_party.rp_id_hash)),
        ("ID", hex(&credential.id)),
        ("Account", text(user.and_then(|user| user.name.as_ref()))),
        ("Person", text(user.and_then(|user| user.display_name.as_ref()))),
        (
            "User handle",
            user.map_or_else(|| "none".to_owned(), |user| hex(&user.id)),
        ),
        ("Algorithm", algorithm(credential)),
        (
            "Protection",
            match credential.cred_protect {
                None => "the key does not say".to_owned(),
                Some(level) => protection(level).to_owned(),
            },
        ),
        ("Large blob", yes_no(credential.large_blob_key.is_some())),
    ];
    if let Some(payment) = credential.third_party_payment {
        rows.push(("For payments elsewhere", yes_no(payment)));
    }
    if let Some(key) = &credential.public_key {
        rows.push(("Public key (COSE)", hex(&key.cose)));
    }
    rows.into_iter().map(|(name, value)| [name.to_owned(), value]).collect()
}

/// As JSON. The key of the large blob is a secret: that there is one is all that is told.
pub(super) fn value(credential: &StoredCredential) -> Value {
    json!({
        "id": hex(&credential.id),
        "user": credential.user.as_ref().map(user),
        "algorithm": credential.public_key.as_ref().and_then(|key| key.alg),
        "publicKey": credential.public_key.as_ref().map(|key| hex(&key.cose)),
        "credProtect": credential.cred_protect,
        "largeBlobKey": credential.large_blob_key.is_some(),
        "thirdPartyPayment": credential.third_party_payment,
    })
}

pub(super) fn user(user: &UserEntity) -> Value {
    json!({ "id": hex(&user.id), "name": user.name, "displayName": user.display_name })
}

fn algorithm(credential: &StoredCredential) -> String {
    match credential.public_key.as_ref().and_then(|key| key.alg) {
        Some(id) => algorithm_name(id).map_or_else(|| format!("algorithm {id}"), str::to_owned),
        None => String::new(),
    }
}

/// credProtect (CTAP 2.3 §12.1).
fn protection(level: u64) -> &'static str {
    match level {
        1 => "1: none, a touch is enough",
        2 => "2: shown only to those who know its ID or give the PIN",
        3 => "3: never used without the PIN",
        _ => "a level that the standard does not have",
    }
}
