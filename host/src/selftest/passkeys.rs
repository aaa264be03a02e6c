//! Whether the key keeps passkeys: for two accounts at one website, found without a list of credentials, and deleted
//! again.

use super::cleaning;
use super::plan::Passkeys;
use super::site::{ALICE, BOB, RP_ID, Site, ids};
use super::step::Needs;
use super::tester::{HASH, Stop, Tester};
use crate::client::ceremony::{CeremonyError, Protocol};
use crate::client::ctap2::{MakeCredential, Options, PublicKeyCredentialParameters, Status};
use crate::client::{Error, ErrorKind};
use crate::webauthn::{
    Algorithm, CredProtect, CredentialProtection, LargeBlobRequest, RelyingPartyEntity, Requirement, UserEntity,
};

/// What is kept beside a passkey.
const BLOB: &[u8] = b"brasskey selftest: this is kept in the large blob of a test passkey, and deleted with it.";

/// The rounds.
const FIRST: &str = "first account";
const SECOND: &str = "second account";

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    let (why, needs) = match tester.plan.passkeys {
        Passkeys::Tried => return tried(tester),
        Passkeys::Unverified => unverified(tester),
        Passkeys::Undeletable => (
            "this key cannot delete a single passkey: the test's would stay until a reset",
            Needs::OtherKey,
        ),
        Passkeys::NoRoom => ("this key has no room for two more passkeys", Needs::Room),
        Passkeys::Unsupported => ("this key keeps none", Needs::OtherKey),
    };
    tester.skipped("passkeys", why, needs);
    Ok(())
}

fn unverified(tester: &Tester<'_>) -> (&'static str, Needs) {
    match tester.plan.needs_for_verification() {
        Needs::Pin => ("test passkeys could not be deleted again without the PIN", Needs::Pin),
        needs => ("test passkeys could not be deleted again without a PIN", needs),
    }
}

fn tried(tester: &mut Tester<'_>) -> Result<(), Stop> {
    let blobs = match tester.plan.large_blobs {
        // If they cannot be read, writing shows it.
        true => tester.key.large_blobs(tester.user).ok(),
        false => None,
    };
    let result = accounts(tester);
    tester.round = "";
    match &result {
        // A PIN that was wrong a moment ago is not sent again.
        Err(Stop::Error(CeremonyError::Key(error))) if error.kind() == ErrorKind::Pin => tester.leave_passkeys(),
        result => cleaning::run(tester, blobs.as_ref(), matches!(result, Err(Stop::Error(_))))?,
    }
    result
}

fn accounts(tester: &mut Tester<'_>) -> Result<(), Stop> {
    without_pin(tester)?;
    let mut site = Site::plain(Protocol::Ctap2)?;
    site.settings.user_verification = Requirement::Required;
    site.settings.resident_key = Requirement::Required;
    tester.round = FIRST;
    tester.register("registers", &mut site, ALICE)?;

    if tester.plan.cred_protect {
        site.settings.creation_extensions.cred_protect = Some(CredProtect {
            policy: CredentialProtection::UserVerificationRequired,
            enforce: true,
        });
    }
    if tester.plan.large_blobs {
        site.settings.creation_extensions.large_blob = Some(Requirement::Required);
    }
    tester.round = SECOND;
    let second = go_on(tester.register("registers", &mut site, BOB))?;
    let mut written = false;
    if second {
        protected(tester, &site)?;
        written = write_blob(tester, &mut site)?;
    }
    tester.round = FIRST;
    go_on(tester.sign_in_without_list("signs in", &mut site, ALICE).map(drop))?;
    if second {
        if written {
            site.settings.request_extensions.large_blob = Some(LargeBlobRequest::Read);
        }
        tester.round = SECOND;
        match tester.sign_in_without_list("signs in", &mut site, BOB) {
            Ok(answer) if written => tester.judge(
                "reads a large blob",
                answer.extensions.large_blob.and_then(|outputs| outputs.blob).as_deref() == Some(BLOB),
                "it is what was written",
                "what was written did not come back",
            ),
            result => drop(go_on(result.map(drop))?),
        }
    }
    Ok(())
}

/// `false` where a step failed that the others do not depend on.
fn go_on(result: Result<(), Stop>) -> Result<bool, Stop> {
    match result {
        Ok(()) => Ok(true),
        Err(Stop::Failed) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A key with a PIN makes no passkey for somebody who does not know it (CTAP 2.3 §6.1.2 step 10).
fn without_pin(tester: &mut Tester<'_>) -> Result<(), Stop> {
    const NAME: &str = "keeps none without the PIN";
    if !tester.key.info().is_some_and(|info| info.has("clientPin")) {
        return Ok(());
    }
    let alice = ALICE.entity();
    let request = MakeCredential {
        options: Options {
            rk: Some(true),
            ..Options::default()
        },
        ..MakeCredential::new(
            HASH,
            RelyingPartyEntity {
                id: RP_ID.to_owned(),
                name: None,
            },
            UserEntity {
                id: alice.id,
                name: alice.name,
                display_name: None,
            },
            vec![PublicKeyCredentialParameters::public_key(Algorithm::Es256.cose())],
        )
    };
    match tester.key.send(&request, tester.user) {
        Err(Error::Status {
            status: Status::PuatRequired,
            ..
        }) => tester.passed(NAME, "it asks for the PIN"),
        Ok(_) => tester.failed(NAME, "it made a passkey for somebody who did not give the PIN"),
        Err(error) => drop(go_on(Err(tester.without_answer(NAME, error)))?),
    }
    Ok(())
}

/// CTAP 2.3 §12.1: with level 3 the passkey does not exist for those who do not verify themselves.
fn protected(tester: &mut Tester<'_>, site: &Site) -> Result<(), Stop> {
    const NAME: &str = "hides a protected one";
    if !tester.plan.cred_protect {
        tester.skipped(NAME, "this key does not offer credProtect", Needs::OtherKey);
        return Ok(());
    }
    let ids: Vec<Vec<u8>> = site.account(BOB).into_iter().flat_map(ids).collect();
    match tester.answers(RP_ID, &ids, None) {
        Ok(false)
        | Err(Error::Status {
            status: Status::PuatRequired,
            ..
        }) => tester.passed(NAME, "who does not give the PIN does not see it"),
        Ok(true) => tester.failed(NAME, "it signs in without the PIN, although credProtect is 3"),
        Err(error) => drop(go_on(Err(tester.without_answer(NAME, error)))?),
    }
    Ok(())
}

/// Whether a large blob was written.
fn write_blob(tester: &mut Tester<'_>, site: &mut Site) -> Result<bool, Stop> {
    const NAME: &str = "writes a large blob";
    if !tester.plan.large_blobs {
        tester.skipped(NAME, "this key does not offer large blobs", Needs::OtherKey);
        return Ok(false);
    }
    site.settings.request_extensions.large_blob = Some(LargeBlobRequest::Write(BLOB.to_vec()));
    let result = tester.sign_in(NAME, site, BOB).map(drop);
    site.settings.request_extensions.large_blob = None;
    go_on(result)
}
