//! The reader: explains what people paste, member by member in the standard's words, and checks what can be checked.
//!
//! [`decode`] takes the input as it was pasted: raw, in hexadecimal, base64 or base64url. It finds out what it is, or
//! is told. The texts in what it returns come from outside: escape them before you show them.
//!
//! ```
//! use brasskey::decode::{Kind, Options, decode};
//!
//! let decoded = decode(b"02", &Options::default())?;
//! assert_eq!(decoded.kind, Kind::Ctap2Answer);
//! # Ok::<(), brasskey::decode::Unknown>(())
//! ```

mod authenticator_data;
mod capture;
mod certificate;
mod cose;
mod ctap2;
pub mod ctaphid;
mod der;
mod encoding;
mod item;
mod kind;
mod log;
mod messages;
mod recording;
mod shape;
mod tree;
mod u2f;
mod verify;
mod webauthn;
pub mod words;

use serde::Serialize;
use thiserror::Error;

use crate::relying_party::Check;
pub use ctap2::private;
pub use encoding::Encoding;
pub use kind::Kind;
pub use shape::Privacy;
pub use tree::{Fault, Node, Value};

/// The longest input, in bytes: enough for an hour of USB.
pub const LONGEST: usize = 64 << 20;
/// The longest single message or object. CTAPHID carries 7,609 bytes, and certificates are no longer than that.
const OBJECT_MAX: usize = 1 << 18;

/// What is known beside the input.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What it is; `None` to find out.
    pub kind: Option<Kind>,
    /// The RP ID that it should be for.
    pub rp_id: Option<String>,
    /// The client data that belongs to it, as the browser serialized it.
    pub client_data: Option<Vec<u8>>,
    /// The credential's public key, in COSE.
    pub public_key: Option<Vec<u8>>,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decoded {
    /// What it is.
    pub kind: Kind,
    /// How it was written.
    pub encoding: Encoding,
    /// How many bytes it has.
    pub length: usize,
    /// What it could also be.
    pub also: Vec<Kind>,
    /// Its parts.
    pub members: Vec<Node>,
    /// What is not as the standard has it.
    pub faults: Vec<Fault>,
    /// What was verified.
    pub checks: Vec<Check>,
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unknown {
    /// There is nothing.
    #[error("there is nothing to decode")]
    Empty,
    /// It is too long.
    #[error("this is longer than anything that can be decoded")]
    TooLong,
    /// It is nothing that is known.
    #[error("this is nothing that brasskey knows: no message, object or capture of FIDO")]
    Unrecognised,
}

/// Reads `input` as it was pasted.
///
/// # Errors
/// [`Unknown`] where it cannot be told what it is. What is wrong with an input that is known is in
/// [`Decoded::faults`].
pub fn decode(input: &[u8], options: &Options) -> Result<Decoded, Unknown> {
    if input.len() > LONGEST {
        return Err(Unknown::TooLong);
    }
    if input.iter().all(u8::is_ascii_whitespace) {
        return Err(Unknown::Empty);
    }
    let readings = encoding::readings(input);
    let (encoding, bytes, kind, also) = match options.kind {
        Some(kind) => {
            // The reading that is such a thing, or the likeliest.
            let fits = readings
                .iter()
                .find(|(encoding, bytes)| kind::kinds(*encoding, bytes).contains(&kind));
            let is_text = |encoding: Encoding| encoding == Encoding::Text;
            let likely = || match kind.is_text() {
                true => readings.iter().find(|(encoding, _)| is_text(*encoding)),
                false => readings.iter().find(|(encoding, _)| !is_text(*encoding)),
            };
            let (encoding, bytes) = fits.or_else(likely).or(readings.first()).ok_or(Unknown::Empty)?;
            (*encoding, bytes, kind, Vec::new())
        }
        None => recognise(&readings).ok_or(Unknown::Unrecognised)?,
    };
    let is_object = !matches!(kind, Kind::Capture | Kind::Ctaphid | Kind::Log | Kind::Recording);
    if is_object && bytes.len() > OBJECT_MAX {
        return Err(Unknown::TooLong);
    }
    let mut faults = Vec::new();
    let (members, parts) = explain(kind, bytes, &mut faults);
    faults.sort_by_key(|fault| fault.offset);
    let checks = verify::checks(kind, bytes, parts, options);
    Ok(Decoded {
        kind,
        encoding,
        length: bytes.len(),
        also,
        members,
        faults,
        checks,
    })
}

/// What a command of CTAP2 is called.
pub(crate) fn command_name(code: u8) -> String {
    messages::name(code)
}

/// The parts of a message that is a `kind`.
pub(crate) fn message(bytes: &[u8], kind: Kind) -> Vec<Node> {
    explain(kind, bytes, &mut Vec::new()).0
}

/// The bytes of an input that is a `kind`, however it was written; `None` where it is none.
#[must_use]
pub fn bytes(input: &[u8], kind: Kind) -> Option<Vec<u8>> {
    let readings = encoding::readings(input);
    let mut readings = readings.into_iter();
    let (_, bytes) = readings.find(|(encoding, bytes)| kind::kinds(*encoding, bytes).contains(&kind))?;
    Some(bytes.into_owned())
}

type Reading<'a, 'b> = (Encoding, &'a std::borrow::Cow<'b, [u8]>, Kind, Vec<Kind>);

/// The first reading that is something; else the first that could be the beginning of something.
fn recognise<'a, 'b>(readings: &'a [(Encoding, std::borrow::Cow<'b, [u8]>)]) -> Option<Reading<'a, 'b>> {
    let whole = readings.iter().find_map(|(encoding, bytes)| {
        let mut kinds = kind::kinds(*encoding, bytes).into_iter();
        Some((*encoding, bytes, kinds.next()?, kinds.collect()))
    });
    whole.or_else(|| {
        let mut readings = readings.iter();
        readings.find_map(|(encoding, bytes)| Some((*encoding, bytes, kind::beginning(*encoding, bytes)?, Vec::new())))
    })
}

fn explain(kind: Kind, bytes: &[u8], faults: &mut Vec<Fault>) -> (Vec<Node>, webauthn::Parts) {
    let mut parts = webauthn::Parts::default();
    let mut said = |(members, exchanges): (Vec<Node>, Vec<webauthn::Exchange>)| {
        parts.exchanges = exchanges;
        members
    };
    let members = match kind {
        Kind::RegistrationJson | Kind::AuthenticationJson => return webauthn::answer(bytes, faults),
        Kind::AttestationObject => webauthn::attestation_object(bytes, 0, faults),
        Kind::ClientData => webauthn::client_data(bytes, 0, faults),
        Kind::AuthenticatorData => authenticator_data::explain(bytes, 0, faults),
        Kind::CoseKey => shaped("key", bytes, &shape::Shape::CoseKey, faults),
        // With its status, as it is on the wire: a map has none of its own.
        Kind::GetInfo if matches!(bytes, [0, 0xA0..=0xBF, ..]) => ctap2::answer(bytes, 0, Some(0x04), faults).members,
        Kind::GetInfo => shaped("getInfo", bytes, &shape::Shape::Map(messages::INFO), faults),
        Kind::Cbor => shaped("item", bytes, &shape::Shape::Any, faults),
        Kind::Certificate => certificate::chain(bytes, faults),
        Kind::Ctap2Request => ctap2::request(bytes, 0, faults).members,
        Kind::Ctap2Answer => ctap2::answer(bytes, 0, None, faults).members,
        Kind::MakeCredentialAnswer
        | Kind::GetAssertionAnswer
        | Kind::ClientPinAnswer
        | Kind::CredentialManagementAnswer
        | Kind::LargeBlobsAnswer
        | Kind::BioEnrollmentAnswer => ctap2::answer(bytes, 0, kind.command(), faults).members,
        Kind::U2fRequest => u2f::request(bytes, 0, faults).members,
        Kind::U2fAnswer => {
            let worded = u2f::bare(bytes).len() < bytes.len();
            u2f::answer(bytes, 0, None, worded, faults).members
        }
        Kind::Ctaphid => {
            let reports = kind::reports(bytes);
            let more = bytes.len() % reports.step;
            if more > 0 {
                let what = format!("{} are no whole report of 64 bytes", item::bytes_of(more));
                faults.push(Fault::fatal(bytes.len() - more, what));
            }
            said(ctaphid::reports(reports.iter(), faults))
        }
        Kind::Capture => {
            let captured = capture::reports(bytes, faults);
            if captured.is_empty() {
                faults.push(Fault::new(0, "the capture has no report of a security key"));
            }
            said(ctaphid::reports(
                captured.iter().map(|c| (c.at, Some(c.side), c.report)),
                faults,
            ))
        }
        Kind::Log => said(log::explain(bytes, faults)),
        Kind::Recording => said(recording::explain(bytes, faults)),
    };
    (members, parts)
}

fn shaped(name: &str, bytes: &[u8], shape: &shape::Shape, faults: &mut Vec<Fault>) -> Vec<Node> {
    let found = item::read_all(bytes, 0);
    faults.extend(found.faults);
    let Some(item) = found.item else {
        return Vec::new();
    };
    let node = shape::explain(name, &item, shape, faults);
    match node.value {
        Some(_) => vec![node],
        None => node.members,
    }
}

#[cfg(test)]
mod tests;
