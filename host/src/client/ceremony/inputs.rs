//! What a request says to the key's extensions.

use cbor4ii::core::Value;

use super::prf::Evaluation;

/// The extension inputs of one request.
#[derive(Default)]
pub(super) struct Inputs {
    /// As the key gets them.
    pub(super) members: Vec<(String, Value)>,
    /// The values of `prf`, where the key evaluates them.
    pub(super) evaluation: Option<Evaluation>,
}

impl Inputs {
    pub(super) fn set(&mut self, name: &str, input: Value) {
        self.members.push((name.to_owned(), input));
    }
}
