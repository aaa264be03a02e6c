//! Another key of a model that is known: what it answers was read before. To read it takes as long as a signature.

use super::{GetInfo, Info};
use crate::client::ctap2::{Command, Malformed, Oddity};

/// The length of `encIdentifier` and `encCredStoreState`: an IV and a block.
const ENCRYPTED: usize = 32;

/// authenticatorGetInfo, with the answer as it came.
pub(crate) struct Unread;

/// The answer that an [`Info`] was read from.
#[derive(Default)]
pub(crate) struct Familiar {
    answer: Vec<u8>,
    /// Where `encIdentifier` and `encCredStoreState` are in it: in each answer they are others (CTAP 2.3 §6.4).
    identifier: Option<usize>,
    state: Option<usize>,
}

impl Familiar {
    /// `info` was read from `answer`.
    pub(crate) fn new(answer: Vec<u8>, info: &Info) -> Self {
        let place = |value: Option<[u8; ENCRYPTED]>| {
            let value = value?;
            answer.windows(ENCRYPTED).position(|window| window == value)
        };
        Self {
            identifier: place(info.enc_identifier),
            state: place(info.enc_cred_store_state),
            answer,
        }
    }

    /// Whether `answer` says the same as the one that `info` was read from. What always differs goes to `info` then.
    pub(crate) fn renew(&self, info: &mut Info, answer: &[u8]) -> bool {
        if answer.len() != self.answer.len() {
            return false;
        }
        let mut begin = 0;
        for place in [self.identifier, self.state].into_iter().flatten() {
            if answer.get(begin..place) != self.answer.get(begin..place) {
                return false;
            }
            begin = place + ENCRYPTED;
        }
        if answer.get(begin..) != self.answer.get(begin..) {
            return false;
        }
        let at = |place: Option<usize>| answer.get(place?..)?.first_chunk().copied();
        info.enc_identifier = at(self.identifier);
        info.enc_cred_store_state = at(self.state);
        true
    }
}

impl Command for Unread {
    const CODE: u8 = GetInfo::CODE;
    const NAME: &'static str = GetInfo::NAME;
    const SECTION: &'static str = GetInfo::SECTION;
    type Response = Vec<u8>;

    fn waits_for_user(&self) -> bool {
        GetInfo.waits_for_user()
    }

    fn parameters(&self) -> Vec<u8> {
        GetInfo.parameters()
    }

    fn parse(data: &[u8]) -> Result<Vec<u8>, Malformed> {
        Ok(data.to_vec())
    }

    fn judge(&self, _: &[u8], _: &Vec<u8>) -> Vec<Oddity> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Key, Unwatched};
    use crate::soft::SoftKey;

    /// Two answers of one key.
    fn answers() -> [Vec<u8>; 2] {
        let soft = SoftKey::builder().build().expect("a key");
        let mut key = Key::open(Box::new(soft.connect())).expect("a client");
        [(); 2].map(|()| key.send(&Unread, &mut Unwatched).expect("an answer"))
    }

    #[test]
    fn what_a_key_says_again_is_read_as_the_first_time() {
        let [first, second] = answers();
        assert_ne!(first, second);
        let mut info = GetInfo::parse(&first).expect("an answer");
        let familiar = Familiar::new(first, &info);
        assert!(familiar.renew(&mut info, &second));
        assert_eq!(info, GetInfo::parse(&second).expect("an answer"));
    }

    #[test]
    fn an_answer_that_differs_anywhere_else_is_another() {
        let [first, second] = answers();
        let info = GetInfo::parse(&first).expect("an answer");
        let familiar = Familiar::new(first.clone(), &info);
        let encrypted = [familiar.identifier, familiar.state].map(|place| place.expect("encrypted members"));
        for at in 0..second.len() {
            let mut other = second.clone();
            other[at] ^= 1;
            let is_encrypted = encrypted.iter().any(|&place| (place..place + ENCRYPTED).contains(&at));
            assert_eq!(familiar.renew(&mut info.clone(), &other), is_encrypted, "byte {at}");
        }
        assert!(!familiar.renew(&mut info.clone(), &second[1..]));
    }
}
