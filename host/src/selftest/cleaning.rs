//! Deletes the test passkeys again, whatever happened, and says which of them stay.

use sha2::{Digest as _, Sha256};

use super::site::RP_ID;
use super::tester::{HASH, Stop, Tester};
use crate::client::credentials::StoredCredential;
use crate::client::ctap2::Permissions;
use crate::client::large_blobs::LargeBlobArray;
use crate::client::{Error, Key, Pin, PinRequest, UserInteraction, Watch};
use brasskey_protocol::ctaphid::KeepaliveStatus;

/// Deletes all that the key keeps for the test's RP ID, also what an interrupted self-test left there.
///
/// `before` are the large blobs as they were. `ended` says that the self-test has ended early: then nothing more is
/// reported about the key.
pub(super) fn run(tester: &mut Tester<'_>, before: Option<&LargeBlobArray>, ended: bool) -> Result<(), Stop> {
    const NAME: &str = "deletes them";
    let made = tester.made.clone();
    let ids: Vec<Vec<u8>> = made.iter().map(|passkey| passkey.id.clone()).collect();
    let result = delete(tester.key, before.is_some(), &mut Finishing(tester.user));
    let Deleted { found, rest } = match result {
        Ok(deleted) => deleted,
        Err(_) if ended => {
            tester.leave_passkeys();
            return Ok(());
        }
        Err(error) => {
            tester.leave_passkeys();
            return match tester.without_answer(NAME, error) {
                Stop::Failed => Ok(()),
                error => Err(error),
            };
        }
    };
    tester.made.retain(|passkey| rest.contains(&passkey.id));
    tester.leave_passkeys();
    if ended || made.is_empty() {
        return Ok(());
    }
    tester.judge(
        "lists them",
        ids.iter().all(|id| found.contains(id)),
        "credential management names each",
        "credential management does not name each",
    );
    if !rest.is_empty() {
        tester.failed(NAME, "it says that it deleted them, and lists them still");
        return Ok(());
    }
    match still_signs_in(tester, &ids) {
        Ok(still) => {
            if still {
                tester.left.clone_from(&made);
            }
            tester.judge(
                NAME,
                !still,
                "none of them signs in any more",
                "one of them signs in still",
            );
        }
        Err(error) => {
            if let stop @ Stop::Error(_) = tester.without_answer(NAME, error) {
                return Err(stop);
            }
        }
    }
    let Some(before) = before else { return Ok(()) };
    const BLOBS: &str = "deletes the large blob";
    match tester.key.large_blobs(&mut Finishing(tester.user)) {
        Ok(after) => tester.judge(
            BLOBS,
            after == *before,
            "those of others are as they were",
            "the large blobs are not as they were before",
        ),
        Err(error) => {
            if let stop @ Stop::Error(_) = tester.without_answer(BLOBS, error) {
                return Err(stop);
            }
        }
    }
    Ok(())
}

/// The IDs of the passkeys that were found, and of those that are still there.
struct Deleted {
    found: Vec<Vec<u8>>,
    rest: Vec<Vec<u8>>,
}

fn delete(key: &mut Key, blobs: bool, user: &mut dyn UserInteraction) -> Result<Deleted, Error> {
    let rp_id_hash = Sha256::digest(RP_ID).into();
    let mut manager = key.manage_credentials(blobs.then_some(Permissions::LARGE_BLOB_WRITE), user)?;
    let stored = manager.credentials_of(rp_id_hash, user)?;
    if blobs {
        let (key, token) = manager.parts();
        let mut array = key.large_blobs(user)?;
        let keys = stored
            .iter()
            .filter_map(|credential| credential.large_blob_key.as_ref());
        // Each of them, and not only the first.
        if keys.filter(|key| array.remove(key)).count() > 0 {
            key.write_large_blobs(&array, Some(token), user)?;
        }
    }
    let ids = |stored: Vec<StoredCredential>| stored.into_iter().map(|credential| credential.id).collect();
    let found: Vec<Vec<u8>> = ids(stored);
    for id in &found {
        manager.delete(id.clone(), user)?;
    }
    let rest = ids(manager.credentials_of(rp_id_hash, user)?);
    Ok(Deleted { found, rest })
}

fn still_signs_in(tester: &mut Tester<'_>, ids: &[Vec<u8>]) -> Result<bool, Error> {
    let mut user = Finishing(tester.user);
    let token = tester.key.token(Permissions::GET_ASSERTION, Some(RP_ID), &mut user)?;
    tester.answers(RP_ID, ids, Some(token.authorize(&[&HASH])))
}

/// Does not cancel: a user who interrupts the self-test does not want to keep its passkeys.
struct Finishing<'a>(&'a mut dyn UserInteraction);

impl Watch for Finishing<'_> {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        self.0.keepalive(status);
    }
}

impl UserInteraction for Finishing<'_> {
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        self.0.pin(request)
    }
}
