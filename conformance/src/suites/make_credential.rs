//! What authenticatorMakeCredential does (CTAP 2.3 §6.1.2).

use crate::host::cbor::{array, map};
use crate::host::ctap2::{
    Request, algorithm, descriptor, descriptors, get_assertion, get_assertion_by, make_credential, make_discoverable,
    mc, parameters, status,
};
use crate::host::read::Read as _;
use crate::host::response::{Response, flags, member};
use crate::host::verify::{VERIFIABLE, grew, sha256};
use crate::host::{certificate, command};
use crate::key::Key;

checks! {
    "CTAP 2.3 §6.1.2":
        a_credential_is_for_its_relying_party needs Rk,
        every_credential_is_another;
    "CTAP 2.3 §6.1.2 step 3":
        every_algorithm_attests_and_signs needs Rk;
    "CTAP 2.3 §6.1.2 step 19":
        the_preferred_format_is_used needs NoneFormat,
        a_format_that_nobody_knows_is_passed_over;
    "WebAuthn Level 3 §8.2.1":
        an_attestation_certificate_is_what_webauthn_asks_for;
    "CTAP 2.3 §6.1.2 step 12":
        an_own_credential_is_excluded_after_a_touch needs Rk,
        an_own_credential_is_excluded_though_the_user_declines needs Decline and Rk,
        an_own_credential_is_excluded_though_nobody_comes needs Clock and Rk,
        an_exclusion_can_be_cancelled needs Rk,
        foreign_credentials_are_not_excluded,
        a_descriptor_of_another_type_excludes_nothing;
    "CTAP 2.3 §6.1.2 step 17":
        an_account_has_one_discoverable_credential needs Rk,
        accounts_of_other_relying_parties_are_others needs Rk,
        a_plain_credential_is_not_discoverable;
    "CTAP 2.3 §6.1.2 step 14":
        a_user_who_declines_leaves_nothing needs Decline and Rk,
        a_user_who_does_not_come_leaves_nothing needs Clock and Rk,
        a_button_held_before_is_no_consent;
}

fn a_credential_is_for_its_relying_party(key: &Key) {
    let mut host = key.host();
    for request in [
        make_credential("example.com", b"1"),
        make_discoverable("example.com", b"1"),
    ] {
        let made = host.make(&request);
        same!(made.auth_data.rp_id_hash, sha256(b"example.com"));
        let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
        same!(assertion.id, made.id);
        assertion.verify(&made.public_key, "example.com", flags::UP);
        grew(made.auth_data.sign_count, assertion.auth_data.sign_count);
        host.denied(get_assertion_by("example.org", &[&made.id]), status::NO_CREDENTIALS);
    }
}

fn every_credential_is_another(key: &Key) {
    let mut host = key.host();
    let one = host.make(&make_credential("example.com", b"1"));
    let other = host.make(&make_credential("example.com", b"1"));
    differ!(one.id, other.id);
    differ!(one.public_key, other.public_key);
    for made in [one, other] {
        let assertion = host.assert(&get_assertion_by("example.com", &[&made.id]));
        assertion.verify(&made.public_key, "example.com", flags::UP);
    }
}

fn every_algorithm_attests_and_signs(key: &Key) {
    let mut host = key.host();
    // A list that is optional (CTAP 2.3 §6.4). What every key has is ES256.
    let listed = host.info().get(&0x0A).map(|list| list.items().clone());
    let listed = listed.unwrap_or_else(|| vec![parameters(algorithm::ES256)]);
    for entry in &listed {
        let algorithm = member(entry, "alg").number();
        if VERIFIABLE.contains(&algorithm) {
            host.registers_and_signs_in(algorithm);
        }
    }
}

fn the_preferred_format_is_used(key: &Key) {
    let mut host = key.host();
    for (preference, format) in [
        (&["none"][..], "none"),
        (&["none", "packed"], "none"),
        (&["zzz", "none"], "none"),
    ] {
        let names = preference
            .iter()
            .copied()
            .map(ciborium::Value::from)
            .collect::<Vec<_>>();
        let request = make_credential("example.com", b"1").with(mc::ATTESTATION_FORMATS_PREFERENCE, names);
        same!(host.make(&request).format, format, "{preference:?}");
    }
}

fn a_format_that_nobody_knows_is_passed_over(key: &Key) {
    let mut host = key.host();
    let usual = host.make(&make_credential("example.com", b"1")).format;
    for preference in [vec!["zzz".into()], Vec::<ciborium::Value>::new()] {
        let request = make_credential("example.com", b"1").with(mc::ATTESTATION_FORMATS_PREFERENCE, preference);
        same!(host.make(&request).format, usual, "the format without a preference");
    }
}

fn an_attestation_certificate_is_what_webauthn_asks_for(key: &Key) {
    let made = key.host().register(&make_credential("example.com", b"1"));
    // The statement itself is checked wherever one is read: without certificates it has `alg` and `sig` and no more.
    if made.format == "packed"
        && let Some(chain) = made.certificates()
    {
        certificate::is_of_a_packed_attestation(&chain[0], &made.aaguid);
    } else {
        same!(made.certificates().is_some(), made.format == "fido-u2f", "certificates");
    }
}

/// A key with a credential, and a request that excludes it.
fn excluding(key: &Key) -> Request {
    let made = key.host().make(&make_credential("example.com", b"1"));
    make_discoverable("example.com", b"2").with(mc::EXCLUDE_LIST, descriptors(&[&[9; 43], &made.id]))
}

fn an_own_credential_is_excluded_after_a_touch(key: &Key) {
    let request = excluding(key);
    let mut host = key.host();
    same!(host.touched(request), Response::bare(status::CREDENTIAL_EXCLUDED));
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}

fn an_own_credential_is_excluded_though_the_user_declines(key: &Key) {
    let request = excluding(key);
    let mut host = key.host();
    host.asked(request);
    key.decline();
    status::is(host.answer().status, status::CREDENTIAL_EXCLUDED);
}

fn an_own_credential_is_excluded_though_nobody_comes(key: &Key) {
    let request = excluding(key);
    let mut host = key.host();
    host.asked(request);
    key.advance(key.profile.user_action_timeout + 100);
    status::is(host.answer().status, status::CREDENTIAL_EXCLUDED);
}

fn an_exclusion_can_be_cancelled(key: &Key) {
    let request = excluding(key);
    let mut host = key.host();
    host.asked(request);
    host.send(command::CANCEL, &[]);
    status::is(host.answer().status, status::KEEPALIVE_CANCEL);
}

fn foreign_credentials_are_not_excluded(key: &Key) {
    let mut host = key.host();
    let other = host.make(&make_credential("example.org", b"1"));
    let list = descriptors(&[&other.id, &[7; 43], &[], &[7; 300]]);
    host.make(&make_credential("example.com", b"1").with(mc::EXCLUDE_LIST, list));
}

fn a_descriptor_of_another_type_excludes_nothing(key: &Key) {
    let mut host = key.host();
    let made = host.make(&make_credential("example.com", b"1"));
    let unknown = map([("id", made.id.into()), ("type", "unknown".into())]);
    host.make(&make_credential("example.com", b"1").with(mc::EXCLUDE_LIST, array([unknown])));
}

fn an_account_has_one_discoverable_credential(key: &Key) {
    let mut host = key.host();
    let old = host.make(&make_discoverable("example.com", b"1"));
    let new = host.make(&make_discoverable("example.com", b"1"));
    differ!(old.id, new.id);
    differ!(old.public_key, new.public_key);
    host.denied(get_assertion_by("example.com", &[&old.id]), status::NO_CREDENTIALS);
    let assertion = host.assert(&get_assertion("example.com"));
    same!((assertion.id, assertion.number_of_credentials), (new.id, None));
    // What is gone is not excluded either; but step 12 speaks of IDs that the key has created.
    let list = array([descriptor(&old.id)]);
    let excluding = make_credential("example.com", b"1").with(mc::EXCLUDE_LIST, list);
    match host.touched(excluding).status {
        status::CREDENTIAL_EXCLUDED => {
            key.note(
                "expected that an overwritten credential is not excluded, the key answered 0x19 CREDENTIAL_EXCLUDED",
            );
        }
        found => status::is(found, status::OK),
    }
}

fn accounts_of_other_relying_parties_are_others(key: &Key) {
    let mut host = key.host();
    let one = host.make(&make_discoverable("example.com", b"1"));
    let other = host.make(&make_discoverable("example.org", b"1"));
    same!(host.assert(&get_assertion("example.com")).id, one.id);
    same!(host.assert(&get_assertion("example.org")).id, other.id);
}

fn a_plain_credential_is_not_discoverable(key: &Key) {
    let mut host = key.host();
    host.make(&make_credential("example.com", b"1"));
    host.make(&make_credential("example.com", b"2").with(mc::OPTIONS, map([("rk", false.into())])));
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}

fn a_user_who_declines_leaves_nothing(key: &Key) {
    let mut host = key.host();
    host.asked(make_discoverable("example.com", b"1"));
    key.decline();
    same!(host.answer(), Response::bare(status::OPERATION_DENIED));
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}

fn a_user_who_does_not_come_leaves_nothing(key: &Key) {
    let mut host = key.host();
    host.asked(make_discoverable("example.com", b"1"));
    key.advance(key.profile.user_action_timeout + 100);
    let answer = host.answer();
    host.is_refusal("a user who does not come", &answer, status::USER_ACTION_TIMEOUT);
    host.denied(get_assertion("example.com"), status::NO_CREDENTIALS);
}

fn a_button_held_before_is_no_consent(key: &Key) {
    let mut host = key.host();
    key.press();
    host.asked(make_credential("example.com", b"1"));
    host.quiet(0);
    // Nor is it however long it is held.
    key.advance(5_000);
    key.wait_until_asked();
    key.release();
    key.touch();
    status::is(host.answer().status, status::OK);
}
