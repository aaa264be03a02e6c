//! What the extensions answer in authenticator data.

use heapless::Vec;

use crate::cbor::Writer;
use crate::status::Status;

/// The most that the outputs of one answer take: a salted secret of 80 bytes, and the names.
const OUTPUTS_MAX: usize = 192;

/// What one extension answers.
pub(super) enum Output<'a> {
    Bool(bool),
    Uint(u64),
    Bytes(&'a [u8]),
}

/// The answers of one response.
#[derive(Default)]
pub(in crate::ctap2) struct Outputs {
    pairs: Vec<u8, OUTPUTS_MAX>,
    count: usize,
}

impl Outputs {
    /// Adds an answer. They come in the canonical order of their names: shorter first, then bytewise.
    pub(super) fn add(&mut self, name: &str, output: &Output<'_>) -> Result<(), Status> {
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

    /// Whether no extension answers: then authenticator data has no map, and its flag ED is clear.
    pub(in crate::ctap2) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number of bytes that [`Outputs::write`] writes.
    pub(in crate::ctap2) fn len(&self) -> usize {
        // The head of a map of so few pairs takes one byte.
        if self.is_empty() { 0 } else { 1 + self.pairs.len() }
    }

    /// Writes the map of all answers, or nothing where there are none.
    pub(in crate::ctap2) fn write(&self, writer: &mut Writer<'_>) {
        if !self.is_empty() {
            writer.map(self.count).raw(&self.pairs);
        }
    }
}
