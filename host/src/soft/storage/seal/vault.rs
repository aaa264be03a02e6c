//! Short secrets in files of their own, sealed with one key that the keyring keeps.

use std::path::Path;

use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::header::ID;
use super::keyring::{Keyring, KeyringError};
use super::{Key, random};

/// A key of the keyring, in use.
pub(crate) struct Vault {
    id: [u8; ID],
    cipher: Cipher,
}

impl Vault {
    /// Makes a key, which the keyring keeps for the files in `directory`.
    ///
    /// # Errors
    /// The keyring's.
    pub(crate) fn make(keyring: &Keyring, directory: &Path) -> Result<Self, KeyringError> {
        let id = random().map_err(|_| KeyringError::NoKey)?;
        let key = Zeroizing::new(random().map_err(|_| KeyringError::NoKey)?);
        keyring.keep(&id, directory, &key)?;
        Ok(Self::new(id, &key))
    }

    /// The key of this ID.
    ///
    /// # Errors
    /// The keyring's.
    pub(crate) fn of(keyring: &Keyring, id: &[u8; ID]) -> Result<Self, KeyringError> {
        Ok(Self::new(*id, &keyring.key(id)?))
    }

    fn new(id: [u8; ID], key: &Key) -> Self {
        Self {
            id,
            cipher: Cipher::new(key),
        }
    }

    /// The ID of the key that opens what was sealed, where it is that.
    pub(crate) fn id_of(sealed: &[u8]) -> Option<&[u8; ID]> {
        sealed.strip_prefix(MARK)?.first_chunk()
    }

    /// The part of what was sealed that has the ID, and nothing of the secret.
    pub(crate) fn head_of(sealed: &[u8]) -> Option<&[u8]> {
        Self::id_of(sealed)?;
        sealed.get(..MARK.len() + ID)
    }

    /// Seals a secret, for `context` only.
    pub(crate) fn seal(&self, context: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
        let sealed = self.cipher.seal(context, secret).ok()?;
        Some([MARK, &self.id, &sealed].concat())
    }

    /// Opens what was sealed for `context`. None where any of it was changed.
    pub(crate) fn unseal(&self, context: &[u8], mut sealed: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
        let body = sealed.get_mut(MARK.len() + ID..)?;
        Some(Zeroizing::new(self.cipher.open(context, body)?.to_vec()))
    }
}

/// What a sealed file begins with.
const MARK: &[u8] = b"brasskey vault 1\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_opened_by_its_keyring_for_its_context() {
        let keyring = Keyring::in_memory();
        let vault = Vault::make(&keyring, Path::new("/home/alice")).unwrap();
        let sealed = Zeroizing::new(vault.seal(b"a", b"secret").unwrap());
        assert!(!sealed.windows(6).any(|six| six == b"secret"));
        let again = Vault::of(&keyring, Vault::id_of(&sealed).unwrap()).unwrap();
        assert_eq!(**again.unseal(b"a", sealed.clone()).unwrap(), *b"secret");
        assert!(again.unseal(b"b", sealed.clone()).is_none());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(again.unseal(b"a", changed).is_none());
        assert!(matches!(
            Vault::of(&Keyring::in_memory(), Vault::id_of(&sealed).unwrap()),
            Err(KeyringError::NoKey)
        ));
        assert!(Vault::id_of(b"{\"Version\": 1}").is_none());
    }
}
