//! Ciphers and headers; what a sealed file does is tested with the file.

use proptest::prelude::*;

use super::*;
use crate::soft::storage::FileStorage;

/// The cheapest that the RFC allows.
const CHEAP: Cost = Cost {
    memory: 8,
    passes: 1,
    lanes: 1,
};

/// A cheap seal that the passphrase `text` opens.
pub(in crate::soft::storage) fn passphrase(text: &str) -> NewSeal {
    NewSeal::passphrase_at(CHEAP, &Passphrase::new(text).unwrap()).unwrap()
}

/// Knows passphrases, to be tried in this order, and may have a keyring.
#[derive(Clone, Default)]
pub(in crate::soft::storage) struct Knows {
    pub(in crate::soft::storage) passphrases: Vec<&'static str>,
    pub(in crate::soft::storage) keyring: Option<Keyring>,
}

impl Knows {
    pub(in crate::soft::storage) fn passphrase(text: &'static str) -> Self {
        Self {
            passphrases: vec![text],
            keyring: None,
        }
    }

    pub(in crate::soft::storage) fn keyring(keyring: &Keyring) -> Self {
        Self {
            passphrases: Vec::new(),
            keyring: Some(keyring.clone()),
        }
    }

    pub(in crate::soft::storage) fn open(mut self, path: &Path) -> Result<FileStorage, StorageOpenProblem> {
        FileStorage::open_with(path, &mut self).map_err(|error| {
            assert!(!error.hint().is_empty() && error.to_string().contains("token.redb"));
            error.problem
        })
    }
}

impl Unlock for Knows {
    fn passphrase(&mut self, _again: bool) -> Option<Passphrase> {
        let mut rest = std::mem::take(&mut self.passphrases).into_iter();
        let next = rest.next().map(|text| Passphrase::new(text).unwrap());
        self.passphrases = rest.collect();
        next
    }

    fn keyring(&mut self) -> Result<Keyring, KeyringError> {
        self.keyring.clone().ok_or(KeyringError::Unsupported)
    }
}

fn cipher() -> Cipher {
    Cipher::new(&Zeroizing::new([7; 32]))
}

fn opened(cipher: &Cipher, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    cipher.open(context, &mut sealed.to_vec()).map(<[u8]>::to_vec)
}

proptest! {
    #[test]
    fn what_is_sealed_opens_whole_in_its_place_only(
        context in prop::collection::vec(any::<u8>(), 0..40),
        plain in prop::collection::vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
        bit in 0..8_u32,
    ) {
        let cipher = cipher();
        let sealed = cipher.seal(&context, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + cipher::OVERHEAD);
        prop_assert_eq!(opened(&cipher, &context, &sealed), Some(plain));

        let mut changed = sealed.clone();
        changed[at.index(sealed.len())] ^= 1 << bit;
        prop_assert_eq!(opened(&cipher, &context, &changed), None);
        prop_assert_eq!(opened(&cipher, &context, &sealed[..at.index(sealed.len())]), None);
        let elsewhere = [&context[..], b"."].concat();
        prop_assert_eq!(opened(&cipher, &elsewhere, &sealed), None);
        prop_assert_eq!(opened(&Cipher::new(&Zeroizing::new([8; 32])), &context, &sealed), None);
    }

    #[test]
    fn no_bytes_make_a_header_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        if let Some(header) = Header::decode(&bytes) {
            prop_assert_eq!(header.encode(), bytes);
        }
    }
}

#[test]
fn the_same_is_never_sealed_alike() {
    let cipher = cipher();
    assert_ne!(cipher.seal(b"key", b"value"), cipher.seal(b"key", b"value"));
}

#[test]
fn no_byte_of_a_header_can_be_changed() {
    let keyring = Keyring::in_memory();
    let knows = Knows {
        passphrases: vec!["open sesame"],
        keyring: Some(keyring.clone()),
    };
    for new in [
        passphrase("open sesame"),
        NewSeal::keyring(&keyring, Path::new("token.redb")).unwrap(),
    ] {
        let (header, _) = new.sealed.unwrap();
        let bytes = header.encode();
        assert!(Header::decode(&bytes).unwrap().unlock(&mut knows.clone()).is_ok());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            let opened = Header::decode(&changed).map(|header| header.unlock(&mut knows.clone()));
            assert!(!matches!(opened, Some(Ok(_))), "byte {at}");
            assert!(Header::decode(&bytes[..at]).is_none());
        }
    }
}

#[test]
fn a_passphrase_is_the_same_on_every_keyboard() {
    let composed = Passphrase::new("caf\u{e9}").unwrap();
    assert!(composed.is(&Passphrase::new("cafe\u{301}").unwrap()));
    assert_eq!(Passphrase::new("").unwrap_err(), EmptyPassphrase);
    assert_eq!(format!("{composed:?}"), "Passphrase(..)");
}
