//! The applet of the soft token, and the vectors of the standards through it.

use zeroize::Zeroizing;

use super::super::super::error::Error;
use super::super::super::key::Key;
use super::super::super::watch::Unwatched;
use super::super::*;
use crate::soft::{SoftKey, Touch};

/// A key in this process, and its applet.
fn soft(touch: Touch) -> (SoftKey, Oath) {
    let soft = SoftKey::builder().touch(touch).build().unwrap();
    let oath = select_on(&soft);
    (soft, oath)
}

fn select_on(soft: &SoftKey) -> Oath {
    Oath::select(Box::new(Key::open(Box::new(soft.connect())).unwrap())).unwrap()
}

fn account(id: &str, kind: Kind, algorithm: Algorithm, digits: u8, secret: &[u8]) -> NewAccount {
    NewAccount {
        kind,
        algorithm,
        digits,
        ..NewAccount::new(Name::parse(id, kind), Zeroizing::new(secret.to_vec()))
    }
}

#[test]
fn the_key_makes_the_codes_of_rfc_4226() {
    let (_soft, mut oath) = soft(Touch::Auto);
    oath.put(&account("h", Kind::Hotp, Algorithm::Sha1, 6, b"12345678901234567890"))
        .unwrap();
    // Appendix D.
    for expected in [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
    ] {
        let code = oath.calculate(b"h", Kind::Hotp, 0, &mut Unwatched).unwrap();
        assert_eq!(code.to_string(), expected);
    }
}

#[test]
fn the_key_makes_the_codes_of_rfc_6238() {
    let (_soft, mut oath) = soft(Touch::Auto);
    let secret = b"1234567890".repeat(7);
    for (id, algorithm, length) in [
        ("1", Algorithm::Sha1, 20),
        ("256", Algorithm::Sha256, 32),
        ("512", Algorithm::Sha512, 64),
    ] {
        oath.put(&account(id, Kind::Totp, algorithm, 8, &secret[..length]))
            .unwrap();
    }
    // Appendix B.
    for (time, codes) in [
        (59, ["94287082", "46119246", "90693936"]),
        (1_111_111_109, ["07081804", "68084774", "25091201"]),
        (1_111_111_111, ["14050471", "67062674", "99943326"]),
        (1_234_567_890, ["89005924", "91819424", "93441116"]),
        (2_000_000_000, ["69279037", "90698825", "38618901"]),
        (20_000_000_000, ["65353130", "77737706", "47863826"]),
    ] {
        let all = oath.calculate_all(time / 30).unwrap();
        for (id, expected) in ["1", "256", "512"].into_iter().zip(codes) {
            let code = oath
                .calculate(id.as_bytes(), Kind::Totp, time / 30, &mut Unwatched)
                .unwrap();
            assert_eq!(code.to_string(), expected, "{id} at {time}");
            assert!(all.contains(&(id.as_bytes().to_vec(), Calculated::Code(code))));
        }
    }
}

#[test]
fn accounts_come_and_go_and_their_names_change() {
    let (_soft, mut oath) = soft(Touch::Auto);
    assert_eq!(oath.list().unwrap(), []);
    oath.put(&account("60/AWS:alice", Kind::Totp, Algorithm::Sha256, 6, &[1; 20]))
        .unwrap();
    let listed = oath.list().unwrap();
    assert_eq!((listed.len(), listed[0].name.id().as_str()), (1, "60/AWS:alice"));
    oath.rename(b"60/AWS:alice", b"60/AWS:bob").unwrap();
    let error = oath.delete(b"60/AWS:alice").unwrap_err();
    assert!(matches!(error, Error::Oath(OathError::NoAccount)), "{error}");
    oath.delete(b"60/AWS:bob").unwrap();
    assert_eq!(oath.list().unwrap(), []);
}

#[test]
fn more_accounts_than_a_message_holds_are_one_list() {
    let (_soft, mut oath) = soft(Touch::Auto);
    let ids: Vec<_> = (0..200).map(|number| format!("issuer:{number:0>50}")).collect();
    for id in &ids {
        oath.put(&account(id, Kind::Totp, Algorithm::Sha1, 6, &[1; 20]))
            .unwrap();
    }
    let mut listed: Vec<_> = oath
        .list()
        .unwrap()
        .into_iter()
        .map(|account| account.name.id())
        .collect();
    listed.sort();
    assert_eq!(listed, ids);
    assert_eq!(oath.calculate_all(1).unwrap().len(), ids.len());
}

#[test]
fn a_password_keeps_others_out_until_it_is_removed() {
    let (soft, mut oath) = soft(Touch::Auto);
    oath.put(&account("a", Kind::Totp, Algorithm::Sha1, 6, &[1; 20]))
        .unwrap();
    let key = oath.derive("correct horse");
    oath.set_access_code(Some(&key)).unwrap();
    let mut other = select_on(&soft);
    assert!(other.is_locked());
    let error = other.list().unwrap_err();
    assert!(matches!(error, Error::Oath(OathError::Locked)), "{error}");
    let error = other.validate(&other.derive("wrong")).unwrap_err();
    assert!(matches!(error, Error::Oath(OathError::WrongPassword)), "{error}");
    other.validate(&other.derive("correct horse")).unwrap();
    assert_eq!(other.list().unwrap().len(), 1);
    other.set_access_code(None).unwrap();
    assert!(!select_on(&soft).has_access_code());

    let before = other.identifier().to_vec();
    other.reset(&mut Unwatched).unwrap();
    assert_eq!(other.list().unwrap(), []);
    assert_ne!(other.identifier(), before, "the next access code has another salt");
}

#[test]
fn a_touch_is_asked_for_by_the_accounts_that_take_one() {
    let (_soft, mut oath) = soft(Touch::Deny);
    let mut touched = account("t", Kind::Totp, Algorithm::Sha1, 6, &[1; 20]);
    touched.touch = true;
    oath.put(&touched).unwrap();
    assert_eq!(oath.calculate_all(1).unwrap(), [(b"t".to_vec(), Calculated::Touch)]);
    let error = oath.calculate(b"t", Kind::Totp, 1, &mut Unwatched).unwrap_err();
    assert!(matches!(error, Error::Oath(OathError::NotTouched)), "{error}");
}
