//! The test vectors of the standards.

use crate::testing::key::Key;
use crate::testing::oath::{HOTP, NewAccount, SHA1, SHA256, SHA512, TOTP, object, objects};

/// The secret of RFC 4226 Appendix D, and of RFC 6238 Appendix B for SHA-1.
const SECRET: &[u8; 20] = b"12345678901234567890";

#[test]
fn hotp_is_that_of_rfc_4226() {
    let mut key = Key::new();
    key.put(&NewAccount::new("hotp", HOTP | SHA1, SECRET)).unwrap();
    // Appendix D: the counters 0 to 9.
    for code in [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
    ] {
        assert_eq!(key.hotp("hotp").unwrap(), code);
    }
}

#[test]
fn hotp_begins_at_its_initial_counter() {
    let mut key = Key::new();
    key.put(&NewAccount::new("hotp", HOTP | SHA1, SECRET).counter(8))
        .unwrap();
    assert_eq!(key.hotp("hotp").unwrap(), "399871");
    assert_eq!(key.hotp("hotp").unwrap(), "520489");
}

#[test]
fn whole_hmacs_are_those_of_rfc_4226() {
    let mut key = Key::new();
    key.put(&NewAccount::new("hotp", HOTP | SHA1, SECRET)).unwrap();
    // Appendix D: the HMACs of the counters 0 and 1.
    for hmac in [
        *b"\xcc\x93\xcf\x18\x50\x8d\x94\x93\x4c\x64\xb6\x5d\x8b\xa7\x66\x7f\xb7\xcd\xe4\xb0",
        *b"\x75\xa4\x8a\x19\xd4\xcb\xe1\x00\x64\x4e\x8a\xc1\x39\x7e\xea\x74\x7a\x2d\x33\xab",
    ] {
        let data = [object(0x71, b"hotp"), object(0x74, &[])].concat();
        let data = key.oath_with(0xa2, 0, &data).unwrap();
        assert_eq!(objects(&data), [(0x75, [&[6], &hmac[..]].concat())]);
    }
}

#[test]
fn totp_is_that_of_rfc_6238() {
    let mut key = Key::new();
    // Appendix B, with the secrets of its reference implementation: as long as the hash, which the text does not say.
    let secret: &[u8; 64] = b"1234567890123456789012345678901234567890123456789012345678901234";
    for (name, hash, length) in [("1", SHA1, 20), ("256", SHA256, 32), ("512", SHA512, 64)] {
        let account = NewAccount::new(name, TOTP | hash, &secret[..length]);
        key.put(&account.digits(8)).unwrap();
    }
    for (time, sha1, sha256, sha512) in [
        (59, "94287082", "46119246", "90693936"),
        (1_111_111_109, "07081804", "68084774", "25091201"),
        (1_111_111_111, "14050471", "67062674", "99943326"),
        (1_234_567_890, "89005924", "91819424", "93441116"),
        (2_000_000_000, "69279037", "90698825", "38618901"),
        (20_000_000_000, "65353130", "77737706", "47863826"),
    ] {
        let step = time / 30;
        for (name, code) in [("1", sha1), ("256", sha256), ("512", sha512)] {
            assert_eq!(key.totp(name, step).unwrap(), code, "{time}");
        }
        // The same from CALCULATE ALL.
        let codes = key.codes(step).unwrap();
        let codes: std::vec::Vec<_> = codes
            .iter()
            .map(|(name, tag, code)| (&name[..], *tag, crate::testing::oath::shown(code)))
            .collect();
        assert_eq!(
            codes,
            [
                ("1", 0x76, sha1.into()),
                ("256", 0x76, sha256.into()),
                ("512", 0x76, sha512.into())
            ]
        );
    }
}

#[test]
fn codes_have_six_to_eight_digits() {
    let mut key = Key::new();
    for (digits, code) in [(6, "287082"), (7, "4287082"), (8, "94287082")] {
        key.put(&NewAccount::new("totp", TOTP | SHA1, SECRET).digits(digits))
            .unwrap();
        assert_eq!(key.totp("totp", 1).unwrap(), code);
    }
}
