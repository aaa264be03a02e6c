//! What browser and website tell each other (WebAuthn Level 3): client data, attestation objects, whole answers in
//! JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};

use super::item;
use super::messages::ATTESTATION_OBJECT;
use super::shape::{Shape, explain as explain_item};
use super::tree::{Fault, Node, Value};
use super::{authenticator_data, der};

/// Explains an attestation object, which begins at `base` (§6.5.4).
pub(super) fn attestation_object(bytes: &[u8], base: usize, faults: &mut Vec<Fault>) -> Vec<Node> {
    let found = item::read_all(bytes, base);
    faults.extend(found.faults);
    let Some(item) = found.item else {
        return Vec::new();
    };
    for name in ["fmt", "attStmt", "authData"] {
        if item.named(name).is_none() {
            faults.push(Fault::new(
                base,
                format!("the attestation object lacks {name} (WebAuthn §6.5.4)"),
            ));
        }
    }
    explain_item("attestationObject", &item, &Shape::Map(ATTESTATION_OBJECT), faults).members
}

/// Explains client data (§5.8.1).
pub(super) fn client_data(bytes: &[u8], base: usize, faults: &mut Vec<Fault>) -> Vec<Node> {
    match json(bytes, base, faults) {
        Some(Json::Object(members)) => {
            for name in ["type", "challenge", "origin"] {
                if !members.get(name).is_some_and(Json::is_string) {
                    faults.push(Fault::new(
                        base,
                        format!("the client data has no text {name} (WebAuthn §5.8.1)"),
                    ));
                }
            }
            members
                .iter()
                .map(|(name, value)| client_data_member(name, value, base, faults))
                .collect()
        }
        Some(_) => {
            faults.push(Fault::new(base, "the client data is not an object"));
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn client_data_member(name: &str, value: &Json, base: usize, faults: &mut Vec<Fault>) -> Node {
    let node = value_node(name, value);
    match (name, value.as_str()) {
        ("type", Some("webauthn.create")) => node.meaning("a registration"),
        ("type", Some("webauthn.get")) => node.meaning("a sign-in"),
        ("type", Some("payment.get")) => node.meaning("a payment (Secure Payment Confirmation)"),
        ("challenge", Some(text)) => match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() < 16 => node.meaning(format!(
                "{} bytes, and a challenge should have 16 at least (§13.4.3)",
                bytes.len()
            )),
            Ok(bytes) => node.meaning(format!("{} bytes that the website chose, in base64url", bytes.len())),
            Err(_) => {
                faults.push(Fault::new(
                    base,
                    "the challenge is not base64url without padding (WebAuthn §5.8.1)",
                ));
                node
            }
        },
        ("origin", Some(origin)) if !is_secure(origin) => {
            node.meaning("not secure: browsers have WebAuthn at https:// and at http://localhost only")
        }
        ("origin", _) => node.meaning("where the browser was"),
        ("topOrigin", _) => node.meaning("the page that the frame was in"),
        ("crossOrigin", _) => node.meaning(match value.as_bool() {
            Some(true) => "in a frame of another site",
            _ => "not in a frame of another site",
        }),
        _ => node,
    }
}

/// Whether browsers offer WebAuthn there: in secure contexts only (WebAuthn §13.4.2; Secure Contexts §3.1). Apps have
/// origins of their own.
fn is_secure(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else {
        return true;
    };
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.ends_with(".localhost")
}

/// What the parts of a whole answer are, by the place where they were found.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) client_data: Option<Vec<u8>>,
    pub(super) attestation_object: Option<Vec<u8>>,
    pub(super) authenticator_data: Option<Vec<u8>>,
    pub(super) signature: Option<Vec<u8>>,
    /// Registrations and sign-ins that stand beside their requests.
    pub(super) exchanges: Vec<Exchange>,
}

/// A request that the key granted, and its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The command of CTAPHID.
    pub(super) command: u8,
    pub(super) request: Vec<u8>,
    pub(super) answer: Vec<u8>,
    /// Which bytes of the answer a recording leaves out; empty where all are there.
    pub(super) hidden: Vec<bool>,
}

/// Explains a `RegistrationResponseJSON` or an `AuthenticationResponseJSON` (§5.1). Offsets within its parts are those
/// of the parts.
pub(super) fn answer(bytes: &[u8], faults: &mut Vec<Fault>) -> (Vec<Node>, Parts) {
    let mut parts = Parts::default();
    let Some(Json::Object(members)) = json(bytes, 0, faults) else {
        return (Vec::new(), parts);
    };
    let node = |(name, value): (&String, &Json)| match (name.as_str(), value) {
        ("response", Json::Object(response)) => {
            let inside = |(name, value)| part(name, value, &mut parts, faults);
            Node::new("response").members(response.iter().map(inside).collect())
        }
        ("id", _) => value_node(name, value).meaning("the credential ID, in base64url"),
        _ => value_node(name, value),
    };
    let nodes = members.iter().map(node).collect();
    if members.get("id") != members.get("rawId") {
        faults.push(Fault::new(0, "id and rawId differ (WebAuthn §5.1)"));
    }
    (nodes, parts)
}

fn part(name: &String, value: &Json, parts: &mut Parts, faults: &mut Vec<Fault>) -> Node {
    let node = value_node(name, value);
    let is_known = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"].contains(&name.as_str());
    let Some(text) = value.as_str().filter(|_| is_known) else {
        return node;
    };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')) else {
        faults.push(Fault::new(0, format!("{name} is not base64url (WebAuthn §5.1)")));
        return node;
    };
    let mut inner = Vec::new();
    let node = Node::new(name).meaning(format!("{} bytes; offsets are those within it", bytes.len()));
    let (members, place) = match name.as_str() {
        "clientDataJSON" => (client_data(&bytes, 0, &mut inner), &mut parts.client_data),
        "attestationObject" => (attestation_object(&bytes, 0, &mut inner), &mut parts.attestation_object),
        "authenticatorData" => (
            authenticator_data::explain(&bytes, 0, &mut inner),
            &mut parts.authenticator_data,
        ),
        _ => {
            let node = der::explain(Node::new(name), &bytes, 0, &mut inner);
            parts.signature = Some(bytes);
            within(name, inner, faults);
            return node;
        }
    };
    *place = Some(bytes);
    within(name, inner, faults);
    node.members(members)
}

/// Faults of a part, in which the offsets are its own.
fn within(name: &str, inner: Vec<Fault>, faults: &mut Vec<Fault>) {
    faults.extend(inner.into_iter().map(|fault| Fault {
        what: format!("{name}, byte {}: {}", fault.offset, fault.what),
        offset: 0,
        ..fault
    }));
}

fn value_node(name: &str, value: &Json) -> Node {
    let node = Node::new(name);
    match value {
        Json::Null => node.value(Value::Null),
        Json::Bool(yes) => node.value(Value::Bool(*yes)),
        Json::String(text) => node.value(Value::Text(text.clone())),
        Json::Number(number) => match number.as_i64() {
            Some(number) => node.value(Value::Integer(number.into())),
            None => node.value(Value::Float(number.as_f64().unwrap_or(f64::NAN))),
        },
        Json::Array(elements) => {
            let element = |(index, value)| value_node(&format!("[{index}]"), value);
            node.members(elements.iter().enumerate().map(element).collect())
        }
        Json::Object(members) => node.members(object(members)),
    }
}

fn object(members: &Map<String, Json>) -> Vec<Node> {
    members.iter().map(|(name, value)| value_node(name, value)).collect()
}

/// Reads JSON, and says at which byte it is none.
fn json(bytes: &[u8], base: usize, faults: &mut Vec<Fault>) -> Option<Json> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n');
            let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
            let at = (before + error.column()).min(bytes.len());
            faults.push(Fault::fatal(base + at, format!("this is not JSON: {error}")));
            None
        }
    }
}
