//! Whether the key verifies its user.

use super::plan::UserVerification;
use super::site::{ALICE, RP_ID};
use super::step::Needs;
use super::tester::{Stop, Tester};
use crate::client::ctap2::Status;
use crate::client::{Error, PinProtocol, PinUvAuth};
use crate::webauthn::Requirement;

pub(super) fn run(tester: &mut Tester<'_>) -> Result<(), Stop> {
    match tester.plan.verification {
        UserVerification::Works => tester.passed("verifies its user", "it gave a token, by the PIN or by itself"),
        UserVerification::PinNotGiven => {
            tester.skipped("PIN", "this key has one, which nobody gave", Needs::Pin);
            return Ok(());
        }
        UserVerification::NoPin => {
            tester.skipped("PIN", "this key has none", Needs::PinSet);
            return Ok(());
        }
        UserVerification::Unknown => {
            tester.skipped("PIN", "this key knows no PINs", Needs::OtherKey);
            return Ok(());
        }
    }
    let Some((mut site, answer)) = tester.first.take() else {
        tester.skipped(
            "signs in verified",
            "it did not register and sign in without",
            Needs::EarlierStep,
        );
        return Ok(());
    };
    forged(tester, &site.credential_ids())?;
    site.settings.user_verification = Requirement::Required;
    let signed_in = tester.sign_in("signs in verified", &mut site, ALICE).map(drop);
    tester.first = Some((site, answer));
    signed_in
}

/// A proof by somebody who does not know the PIN (CTAP 2.3 §6.2.2 step 5).
fn forged(tester: &mut Tester<'_>, ids: &[Vec<u8>]) -> Result<(), Stop> {
    const NAME: &str = "refuses a forged proof";
    let info = tester.key.info();
    let protocols = info.map(|info| PinProtocol::known(info.pin_uv_auth_protocols.as_deref()));
    let Some(protocol) = protocols.into_iter().flatten().next() else {
        return Ok(());
    };
    let length = match protocol {
        PinProtocol::One => 16,
        PinProtocol::Two => 32,
    };
    let proof = PinUvAuth {
        protocol: protocol.number(),
        param: vec![0; length],
    };
    match tester.answers(RP_ID, ids, Some(proof)) {
        Err(Error::Status {
            status: Status::PinAuthInvalid,
            ..
        }) => tester.passed(NAME, "it takes no other than its own token's"),
        Ok(_) => tester.failed(NAME, "it did not look at the proof"),
        Err(error) => {
            if let stop @ Stop::Error(_) = tester.without_answer(NAME, error) {
                return Err(stop);
            }
        }
    }
    Ok(())
}
