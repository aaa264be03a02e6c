//! What relying parties could compare to find that two accounts are one person's, and what a guesser could learn from
//! an answer (WebAuthn Level 3 §14.2, §14.5).

use crate::host::Host;
use crate::host::cbor::map;
use crate::host::ctap2::{
    descriptors, ga, get_assertion, get_assertion_by, make_credential, make_discoverable, mc, status,
};
use crate::host::response::Response;
use crate::host::verify::sha256;
use crate::key::Key;

checks! {
    "WebAuthn Level 3 §14.2":
        accounts_of_two_relying_parties_share_nothing,
        two_accounts_of_one_relying_party_share_nothing,
        a_credential_id_names_nobody needs Rk,
        counters_of_accounts_are_their_own [Should] needs Rk;
    "WebAuthn Level 3 §14.5":
        a_foreign_id_is_answered_as_an_unknown_one,
        a_hidden_account_is_answered_as_none needs Rk and CredProtect,
        an_unknown_pin_is_as_wrong_as_any needs Pin;
}

/// The longest run of bytes that two values share, behind a head that says which form both have.
fn shared(one: &[u8], other: &[u8]) -> Vec<u8> {
    let head = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    if head > 16 {
        return one[..head].to_vec();
    }
    let (one, other) = (&one[head..], &other[head..]);
    let mut longest: &[u8] = &[];
    for (at, _) in one.iter().enumerate() {
        while let Some(run) = one.get(at..=at + longest.len())
            && other.windows(run.len()).any(|window| window == run)
        {
            longest = run;
        }
    }
    longest.to_vec()
}

/// Two credentials have nothing in common that would tell that one key made both.
#[track_caller]
fn share_nothing(host: &mut Host, relying_parties: [&str; 2]) {
    for discoverable in [false, host.option("rk") == Some(true)] {
        let [one, other] = relying_parties.map(|rp_id| {
            host.make(&match discoverable {
                true => make_discoverable(rp_id, rp_id.as_bytes()),
                false => make_credential(rp_id, b"the same user"),
            })
        });
        // By chance two random values of 100 bytes share six bytes once in 30 thousand million times.
        for (what, run) in [
            ("credential IDs", shared(&one.id, &other.id)),
            (
                "public keys",
                shared(&one.public_key.key[1..], &other.public_key.key[1..]),
            ),
        ] {
            assert!(
                run.len() < 6,
                "{what}: expected nothing that two have in common, both have {}",
                crate::words::shown(&run)
            );
        }
    }
}

fn accounts_of_two_relying_parties_share_nothing(key: &Key) {
    share_nothing(&mut key.host(), ["example.com", "example.org"]);
}

fn two_accounts_of_one_relying_party_share_nothing(key: &Key) {
    share_nothing(&mut key.host(), ["example.com", "example.com"]);
}

fn a_credential_id_names_nobody(key: &Key) {
    let mut host = key.host();
    let (rp_id, user_id) = ("accounts.example.com", b"a user ID of 32 bytes, and longer");
    let user = map([("id", user_id.to_vec().into()), ("name", "alice in wonderland".into())]);
    for request in [make_credential(rp_id, user_id), make_discoverable(rp_id, user_id)] {
        let id = host.make(&request.with(mc::USER, user.clone())).id;
        let hashes = [sha256(rp_id.as_bytes()), sha256(user_id)];
        for (what, secret) in [
            ("the relying party's ID", rp_id.as_bytes()),
            ("the hash of the relying party's ID", &hashes[0]),
            ("the user's ID", user_id),
            ("the hash of the user's ID", &hashes[1]),
            ("the user's name", b"alice in wonderland"),
        ] {
            let begin = &secret[..8];
            assert!(
                !id.windows(8).any(|window| window == begin),
                "expected an ID that tells nothing, it has {what} in it: {id:02x?}"
            );
        }
    }
}

fn counters_of_accounts_are_their_own(key: &Key) {
    let mut host = key.host();
    host.make(&make_discoverable("example.com", b"1"));
    host.make(&make_discoverable("example.org", b"1"));
    let mut count = |rp_id| host.assert_silently(&get_assertion(rp_id)).auth_data.sign_count;
    let before = count("example.com");
    let alone = count("example.com").saturating_sub(before);
    for _ in 0..20 {
        count("example.org");
    }
    let between = count("example.com").saturating_sub(before + alone);
    // Whoever sees the counters at two relying parties sees that they are those of one key.
    assert!(
        between <= 2 * alone.max(1),
        "expected a counter for each account, one grew by {between} while another signed"
    );
}

fn a_foreign_id_is_answered_as_an_unknown_one(key: &Key) {
    let mut host = key.host();
    let theirs = host.make(&make_credential("example.org", b"1")).id;
    let unknown: Vec<u8> = theirs.iter().map(|byte| byte ^ 0x5A).collect();
    let silent = map([("up", false.into())]);
    // Else a relying party finds out which key a visitor has, by an ID that another relying party told.
    for (what, options) in [("with a touch", None), ("without a touch", Some(silent))] {
        let mut answer = |id: &[u8]| {
            let request = get_assertion_by("example.com", &[id]);
            host.touched_if_asked(match &options {
                Some(options) => request.with(ga::OPTIONS, options.clone()),
                None => request,
            })
        };
        let (found, expected) = (answer(&theirs), answer(&unknown));
        same!(found, expected, "an ID of another relying party, {what}");
    }
    for id in [&theirs, &unknown] {
        host.make(&make_credential("example.com", b"1").with(mc::EXCLUDE_LIST, descriptors(&[id])));
    }
}

fn a_hidden_account_is_answered_as_none(key: &Key) {
    let mut host = key.host();
    let protect = map([("credProtect", 3.into())]);
    let made = host.register(&make_discoverable("example.com", b"1").with(mc::EXTENSIONS, protect));
    let unknown: Vec<u8> = made.id.iter().map(|byte| byte ^ 0x5A).collect();
    for (hidden, none) in [
        (get_assertion("example.com"), get_assertion("example.org")),
        (
            get_assertion_by("example.com", &[&made.id]),
            get_assertion_by("example.com", &[&unknown]),
        ),
    ] {
        let (found, expected) = (host.touched_if_asked(hidden), host.touched_if_asked(none));
        same!(found, expected, "an account that only the verified may see");
        same!(found, Response::bare(status::NO_CREDENTIALS));
    }
}

fn an_unknown_pin_is_as_wrong_as_any(key: &Key) {
    let mut host = key.host();
    let right = key.pin();
    host.set_pin(right);
    let almost = format!(
        "{}{}",
        &right[..right.len() - 1],
        if right.ends_with('0') { '1' } else { '0' }
    );
    for wrong in [almost, key.pins().wrong.to_owned()] {
        let agreement = host.agree_by_best();
        same!(
            host.ctap2(agreement.get_pin_token(&wrong)),
            Response::bare(status::PIN_INVALID)
        );
        status::is(host.try_pin(right), status::OK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_values_share_is_found_behind_their_head() {
        assert_eq!(shared(b"head:abcdef", b"head:xxabcd"), b"abcd");
        assert_eq!(shared(b"abc", b"xyz"), b"");
        assert_eq!(
            shared(b"the same in every one of them: 1", b"the same in every one of them: 2").len(),
            31
        );
    }
}
