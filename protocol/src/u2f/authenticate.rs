//! U2F_AUTHENTICATE (FIDO U2F Raw Message Formats v1.2 §5).

use super::StatusWord;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::crypto::Algorithm;
use crate::platform::{Operation, Platform};
use crate::status::Status;
use crate::store::{CredProtect, Occasion};

/// P1: whether to ask for a touch, or only to say whether the key handle is known (§5.1).
mod control {
    pub(super) const ENFORCE_USER_PRESENCE_AND_SIGN: u8 = 0x03;
    pub(super) const CHECK_ONLY: u8 = 0x07;
    pub(super) const DONT_ENFORCE_USER_PRESENCE_AND_SIGN: u8 = 0x08;
}

impl<P: Platform> Authenticator<P> {
    /// Signs in with a key handle.
    pub(super) fn u2f_authenticate(
        &mut self,
        channel: u32,
        control: u8,
        data: &[u8],
        response: &mut Writer<'_>,
    ) -> Result<(), StatusWord> {
        let (challenge, rest) = data.split_first_chunk::<32>().ok_or(StatusWord::WrongLength)?;
        let (application, rest) = rest.split_first_chunk::<32>().ok_or(StatusWord::WrongLength)?;
        let (&length, key_handle) = rest.split_first().ok_or(StatusWord::WrongLength)?;
        if key_handle.len() != usize::from(length) {
            return Err(StatusWord::WrongLength);
        }

        // Whether the handle is ours comes before the question of presence.
        let credential = self
            .store
            .open(key_handle, application)
            .map_err(Status::from)?
            // U2F has only ES256, and no user verification, which level 3 requires.
            .filter(|credential| credential.algorithm == Algorithm::Es256)
            .filter(|credential| credential.traits.protection != CredProtect::Required)
            // Nor does it have the flag BE, which must be the same at each sign-in as at the registration.
            .filter(|credential| !credential.traits.backup_eligible)
            .ok_or(StatusWord::WrongData)?;

        let occasion = match control {
            control::CHECK_ONLY => return Err(StatusWord::ConditionsNotSatisfied),
            control::ENFORCE_USER_PRESENCE_AND_SIGN => {
                self.u2f_user_presence(channel, Operation::Authenticate, application)?;
                Occasion::Touched
            }
            control::DONT_ENFORCE_USER_PRESENCE_AND_SIGN => Occasion::Untouched,
            _ => return Err(StatusWord::IncorrectP1P2),
        };

        let private_key = self.store.secret.private_key(&credential, application)?;
        let counter = self
            .store
            .sign_count(&mut self.rng, &credential, application, occasion)?;
        let counter = counter.to_be_bytes();
        let presence = [u8::from(occasion == Occasion::Touched)];
        let signature = private_key.sign(&[application, &presence, &counter, challenge])?;
        response.raw(&presence).raw(&counter).raw(&signature);
        Ok(())
    }
}
