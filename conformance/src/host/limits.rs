//! A key's limits as getInfo tells them, and where it is silent as the standard has them (CTAP 2.3 §6.4).

use super::Host;
use super::ctap2::Request;
use super::read::Read as _;

impl Host {
    #[track_caller]
    fn limit(&mut self, member: u8) -> Option<usize> {
        self.info().get(&member).map(|value| value.number())
    }

    /// Whether getInfo lists this version.
    #[track_caller]
    pub fn has_version(&mut self, version: &str) -> bool {
        self.info()[&0x01].items().contains(&version.into())
    }

    /// maxMsgSize: the longest CTAP2 message. CTAPHID carries 7609 bytes, and no more (§11.2.4).
    #[track_caller]
    pub fn longest_message(&mut self) -> usize {
        self.limit(0x05).unwrap_or(1024).min(7609)
    }

    /// The longest list of credentials in a request: maxCredentialCountInList, and what fits a message.
    #[track_caller]
    pub fn longest_list_of(&mut self, request: impl Fn(usize) -> Request) -> usize {
        let longest = self.longest_message();
        let listed = self.limit(0x07).unwrap_or(usize::MAX);
        let fitting = (1..).take_while(|length| *length <= listed && request(*length).encode().len() <= longest);
        fitting.last().unwrap_or(1)
    }

    /// maxSerializedLargeBlobArray.
    #[track_caller]
    pub fn largest_blob_array(&mut self) -> usize {
        self.limit(0x0B).unwrap_or(1024)
    }

    /// minPINLength, in characters.
    #[track_caller]
    pub fn shortest_pin(&mut self) -> usize {
        self.limit(0x0D).unwrap_or(4)
    }

    /// maxPINLength, in bytes of UTF-8.
    #[track_caller]
    pub fn longest_pin(&mut self) -> usize {
        self.limit(0x1D).unwrap_or(63)
    }
}
