//! Extensions (CTAP 2.3 §12), one file each, and what makeCredential and getAssertion do with them.
//!
//! Inputs are decoded with a request's other parameters, each with its exact error; a request that an extension
//! refuses costs the user no touch. What is not known is ignored. An extension answers only where it was asked, in
//! authenticator data, where the signature covers it; largeBlobKey alone answers beside it.

mod cred_blob;
mod cred_protect;
mod get_assertion;
mod hmac_secret;
mod hmac_secret_mc;
mod large_blob_key;
mod make_credential;
mod min_pin_length;
mod pin_complexity_policy;
mod third_party_payment;

pub(super) use get_assertion::{AssertionInputs, Requested};
pub(super) use make_credential::RegistrationInputs;

use heapless::Vec;

use super::Status;
use crate::cbor::Writer;

/// `extensions` in getInfo.
pub(super) const OFFERED: [&str; 8] = [
    cred_blob::NAME,
    cred_protect::NAME,
    hmac_secret::NAME,
    large_blob_key::NAME,
    min_pin_length::NAME,
    hmac_secret_mc::NAME,
    third_party_payment::NAME,
    pin_complexity_policy::NAME,
];

/// The most that the outputs of one answer take: a salted secret of 80 bytes, and the names.
const OUTPUTS_MAX: usize = 192;

/// What one extension answers.
enum Output<'a> {
    Bool(bool),
    Uint(u64),
    Bytes(&'a [u8]),
}

/// What the extensions answer in authenticator data.
#[derive(Default)]
pub(super) struct Outputs {
    pairs: Vec<u8, OUTPUTS_MAX>,
    count: usize,
}

impl Outputs {
    /// Adds an answer. They come in the canonical order of their names: shorter first, then bytewise.
    fn add(&mut self, name: &str, output: &Output<'_>) -> Result<(), Status> {
        let mut pair = [0; OUTPUTS_MAX];
        let mut writer = Writer::new(&mut pair);
        writer.text(name);
        match *output {
            Output::Bool(value) => writer.bool(value),
            Output::Uint(value) => writer.uint(value),
            Output::Bytes(value) => writer.bytes(value),
        };
        let length = writer.finish().map_err(|_| Status::Other)?;
        let pair = pair.get(..length).ok_or(Status::Other)?;
        self.pairs.extend_from_slice(pair).map_err(|_| Status::Other)?;
        self.count += 1;
        Ok(())
    }

    /// Whether none answers: then authenticator data has no map, and its flag ED is clear.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number of bytes that [`Outputs::write`] writes.
    pub(super) fn len(&self) -> usize {
        // The head of a map of so few takes one byte.
        if self.is_empty() { 0 } else { 1 + self.pairs.len() }
    }

    /// Writes the map of all answers, or nothing where there are none.
    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        if !self.is_empty() {
            writer.map(self.count).raw(&self.pairs);
        }
    }
}
