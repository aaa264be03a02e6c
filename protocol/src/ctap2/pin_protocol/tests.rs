use std::vec;
use std::vec::Vec;

use ciborium::Value;
use proptest::prelude::*;

use super::*;
use crate::cbor::{Item, Writer};
use crate::crypto::p256;
use crate::testing::hex;
use crate::testing::platform::Dice;
use crate::testing::request::encode;

/// Both sides' key pairs. Another implementation (python-fido2) computed them and every value below.
const KEY: [u8; 32] = hex("21c9fca2dceaa54532d8f24fc52960ece739bdc177781dba570998576fe08a52");
const KEY_X: [u8; 32] = hex("07b61d3c424b299408a72ea6a59f153e74a3125b5811716edb32222b46b4f02c");
const KEY_Y: [u8; 32] = hex("4d5eb906055fc8ea49ae0c061ab69d66942ffcf77c75c47c1032c9f43fc532b6");
const PLATFORM: [u8; 32] = hex("5294fcce0cc88587843099d85dd805aeef1b09a63b0db1dd3e4dc62a343c1db5");
const PLATFORM_X: [u8; 32] = hex("2f9fdd7f0df0388c560d09116e182cf45360e05d1783e0cd97568ff4cc1a86e3");
const PLATFORM_Y: [u8; 32] = hex("2936b934ce00593cd7b967bfe85d5402bec56b72850b2d2735128accda2e7208");
const Z: [u8; 32] = hex("545744f39abfbb7ee3a561aed6a307a680044858c6e3ae3331af735a1c610bf3");
const IV: [u8; 16] = hex("000102030405060708090a0b0c0d0e0f");
/// The token, and LEFT(SHA-256("1234"), 16).
const TOKEN: [u8; 32] = hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
const PIN_HASH: [u8; 16] = hex("03ac674216f3e15c761ee1a5e255f067");

/// A COSE_Key's members in their order, which tests send unchanged or changed.
fn members(x: &[u8], y: &[u8]) -> Vec<(Value, Value)> {
    vec![
        (1.into(), 2.into()),
        (3.into(), (-25).into()),
        ((-1).into(), 1.into()),
        ((-2).into(), x.into()),
        ((-3).into(), y.into()),
    ]
}

fn agree(protocol: Protocol, platform_key: Vec<(Value, Value)>) -> Result<SharedSecret, Status> {
    let encoded = encode(&Value::Map(platform_key));
    KeyAgreement::fixed(KEY).shared_secret(protocol, Item::split(&encoded).unwrap().0)
}

fn shared(protocol: Protocol) -> SharedSecret {
    agree(protocol, members(&PLATFORM_X, &PLATFORM_Y)).unwrap()
}

fn padded_pin() -> [u8; 64] {
    let mut padded = [0; 64];
    padded[..4].copy_from_slice(b"1234");
    padded
}

#[track_caller]
fn encrypts(protocol: Protocol, plaintext: &[u8], expected: &[u8]) {
    let shared = shared(protocol);
    let mut ciphertext = [0; 96];
    let length = shared
        .encrypt_with(&iv_of(protocol), plaintext, &mut ciphertext)
        .unwrap();
    assert_eq!(&ciphertext[..length], expected);
    let mut decrypted = [0; 64];
    assert_eq!(
        shared.decrypt(expected, &mut decrypted),
        Some(&mut plaintext.to_vec()[..])
    );
}

fn iv_of(protocol: Protocol) -> [u8; 16] {
    match protocol {
        Protocol::One => [0; 16],
        Protocol::Two => IV,
    }
}

#[test]
fn the_public_key_is_the_vectors() {
    let mut buffer = [0; 78];
    for protocol in Protocol::OFFERED {
        let mut writer = Writer::new(&mut buffer);
        KeyAgreement::fixed(KEY)
            .write_public_key(protocol, &mut writer)
            .unwrap();
        assert_eq!(writer.finish(), Ok(78));
        assert_eq!(buffer[..], encode(&Value::Map(members(&KEY_X, &KEY_Y))));
    }
}

#[test]
fn both_sides_agree_on_the_secret_of_the_vectors() {
    let point = |x: [u8; 32], y: [u8; 32]| [&[4], &x[..], &y].concat().try_into().unwrap();
    assert_eq!(*p256::diffie_hellman(&KEY, &point(PLATFORM_X, PLATFORM_Y)).unwrap(), Z);
    assert_eq!(*p256::diffie_hellman(&PLATFORM, &point(KEY_X, KEY_Y)).unwrap(), Z);
    assert_eq!(p256::public_key(&PLATFORM).unwrap(), point(PLATFORM_X, PLATFORM_Y));
}

#[test]
fn the_shared_secrets_are_the_vectors() {
    let one = sha256(&[&Z]);
    assert_eq!(
        one,
        hex("9c6b65a60e74928b9580e130bc3b77140b32add2df0f36412301a983993e6a44")
    );
    assert_eq!(*shared(Protocol::One).encryption, one);
    assert_eq!(
        *hkdf_sha256(&Z, b"CTAP2 HMAC key"),
        hex("ec69789d152b4f0382fc023041802e61dafb188397acd6016f4a23c16f149a7a")
    );
    assert_eq!(
        *shared(Protocol::Two).encryption,
        hex("0a3f7d16433c574ff25f0812a1b7a6d9e4bee5df9f9ed2e7664d9ad610c29fc6")
    );
}

#[test]
fn set_pin_is_the_vectors() {
    let one: [u8; 64] = hex("428dc45210c52d0a3b328e250b9dd5d83de56e02e74af01b7626468b6a48f4b5\
         c2d9df0a053e88cb561f9a36bb3885b69acb7d9927ad7b48d71490a224e2e8b8");
    encrypts(Protocol::One, &padded_pin(), &one);
    let param: [u8; 16] = hex("f0b3eaf39da3c291782fd890676608ab");
    assert!(shared(Protocol::One).verify(&[&one], &param));

    let two: [u8; 80] = hex(
        "000102030405060708090a0b0c0d0e0fc72554006529b2095342745fbaaa19f87b9b4f2c21dba74e\
         08de5a09bc765b3a5091086ab2de3f34a81d7b7096dec3fcac2b840a636bc973f5141a2780dd8e48",
    );
    encrypts(Protocol::Two, &padded_pin(), &two);
    let param: [u8; 32] = hex("79a411a0267fd973566480d131d73809d31b1a23be21ebbe9373dc8e0373141d");
    assert!(shared(Protocol::Two).verify(&[&two], &param));
}

#[test]
fn pin_hashes_and_tokens_are_the_vectors() {
    assert_eq!(sha256(&[b"1234"])[..16], PIN_HASH);
    encrypts(Protocol::One, &PIN_HASH, &hex::<16>("6da0d9fa088a17f26f3da182cea04dae"));
    encrypts(
        Protocol::Two,
        &PIN_HASH,
        &hex::<32>("000102030405060708090a0b0c0d0e0fe93ac1f8b64f79e7b2726748c18371dd"),
    );
    encrypts(
        Protocol::One,
        &TOKEN,
        &hex::<32>("c232480b36f2e8880d1de2b18786a3d9e0c043f9ca7a08097088c00510156f74"),
    );
    encrypts(
        Protocol::Two,
        &TOKEN,
        &hex::<48>("000102030405060708090a0b0c0d0e0f835ece7fdc579b712bbd6418ccd0f804261ef64d56b99eb38c4c0fe2e9de0853"),
    );
}

#[test]
fn params_of_a_token_are_the_vectors() {
    let token = MacKey::new(&TOKEN);
    let client_data_hash = sha256(&[b"clientData"]);
    let one: [u8; 16] = hex("a29e64d46d7fd4cdd9da72289bcb8b38");
    assert!(Protocol::One.verify(&token, &[&client_data_hash], &one));
    let two: [u8; 32] = hex("a29e64d46d7fd4cdd9da72289bcb8b388d268777802c97777cee8d247df9eabb");
    assert!(Protocol::Two.verify(&token, &[&client_data_hash], &two));
    // credentialManagement getCredsMetadata
    let param: [u8; 32] = hex("797f21ad97515c3ed5cb1f8e6ec28cd83627aa8dc4ced0717120abbb03397159");
    assert!(Protocol::Two.verify(&token, &[&[1]], &param));
    // config toggleAlwaysUv
    let param: [u8; 32] = hex("e3f04460ecd9b532d5f545f19a90036fd466eac543afc91fa0b456c29454c1d1");
    assert!(Protocol::Two.verify(&token, &[&[0xff; 32], &[0x0d, 0x02]], &param));
    // largeBlobs, the 17 initial bytes at offset 0
    let initial: [u8; 17] = hex("8076be8b528d0075f7aae98d6fa57a6d3c");
    let param: [u8; 32] = hex("2c00a4398017f86dd935048a2fb2b9e225f3021b2d7a36ead59a8be8ae1c3f28");
    let message: [&[u8]; 4] = [&[0xff; 32], &[0x0c, 0x00], &[0; 4], &sha256(&[&initial])];
    assert!(Protocol::Two.verify(&token, &message, &param));
}

#[test]
fn the_salts_of_hmac_secret_are_the_vectors() {
    let salt = [0x11; 32];
    let one: [u8; 32] = hex("82a40001709e705009eba02dc457ecb4941952ae32674a051dbb56f411c6ecf0");
    encrypts(Protocol::One, &salt, &one);
    assert!(shared(Protocol::One).verify(&[&one], &hex::<16>("f963a19fdd21e8535bdde48349e9f4d7")));
    let two: [u8; 48] =
        hex("000102030405060708090a0b0c0d0e0f6f02e937142f0843fbe9dbe84428f373ec1bf462cd2dc7986b6424463217d1d2");
    encrypts(Protocol::Two, &salt, &two);
    let param: [u8; 32] = hex("88f6bc6803192964aeefc1a7fdbef4a48618b81c08ccaad39ce46fd65f5cd47b");
    assert!(shared(Protocol::Two).verify(&[&two], &param));
}

#[test]
fn the_keys_of_the_encrypted_identifiers_are_the_vectors() {
    for (info, key) in [
        (&b"encIdentifier"[..], hex("e494e1e48dc87f175dc7cf9b20bfb04e")),
        (b"encCredStoreState", hex::<16>("7f055f14e27a08f6fe85fbd7651798a1")),
    ] {
        assert_eq!(hkdf_sha256(&TOKEN, info)[..16], key);
    }
}

#[test]
fn a_param_of_the_other_protocol_or_another_length_is_refused() {
    let token = MacKey::new(&TOKEN);
    let whole = Protocol::Two.authenticate(&token, &[b"message"]);
    for length in 0..32 {
        assert!(!Protocol::Two.verify(&token, &[b"message"], &whole[..length]));
    }
    for length in (0..=32).filter(|&length| length != 16) {
        assert!(!Protocol::One.verify(&token, &[b"message"], &whole[..length]));
    }
}

#[test]
fn a_platform_key_of_another_form_is_refused() {
    let good = members(&PLATFORM_X, &PLATFORM_Y);
    let with = |index: usize, label: Value, value: Value| {
        let mut bent = good.clone();
        bent[index] = (label, value);
        bent
    };
    let mut bent: Vec<_> = (0..good.len())
        .map(|missing| {
            let mut bent = good.clone();
            bent.remove(missing);
            bent
        })
        .collect();
    bent.extend([
        with(0, 1.into(), 1.into()),
        with(1, 3.into(), (-7).into()),
        with(2, (-1).into(), 2.into()),
        with(3, (-2).into(), (&PLATFORM_X[..31]).into()),
        with(3, (-2).into(), 0.into()),
        with(4, (-3).into(), [&[0], &PLATFORM_Y[..]].concat().into()),
        with(4, (-3).into(), [0; 32][..].into()),
        with(4, (-3).into(), (&PLATFORM_X[..]).into()),
        with(4, (-4).into(), (&PLATFORM_Y[..]).into()),
        [good.clone(), vec![((-4).into(), 0.into())]].concat(),
        [vec![(0.into(), 0.into())], good.clone()].concat(),
        vec![],
        // Coordinates at and above the field's prime.
        members(&[0xff; 32], &PLATFORM_Y),
        members(&[0; 32], &[0; 32]),
    ]);
    for platform_key in bent {
        for protocol in Protocol::OFFERED {
            let refused = agree(protocol, platform_key.clone()).err();
            assert_eq!(refused, Some(Status::InvalidParameter), "{platform_key:?}");
        }
    }
    let not_a_map = KeyAgreement::fixed(KEY).shared_secret(Protocol::One, Item::split(&[0x01]).unwrap().0);
    assert_eq!(not_a_map.err(), Some(Status::InvalidParameter));
}

#[test]
fn ciphertexts_of_impossible_lengths_are_refused() {
    let mut plaintext = [0; 64];
    for length in (0..128_usize).filter(|length| !length.is_multiple_of(16)) {
        for protocol in Protocol::OFFERED {
            assert_eq!(shared(protocol).decrypt(&vec![0; length], &mut plaintext), None);
        }
    }
    assert_eq!(shared(Protocol::Two).decrypt(&[], &mut plaintext), None);
    assert_eq!(
        shared(Protocol::Two).decrypt(&[0; 96], &mut plaintext),
        None,
        "longer than its place"
    );
}

#[test]
fn a_new_key_pair_is_of_one_protocol() {
    let mut rng = Dice::default();
    let mut keys = KeyAgreement::new(&mut rng).unwrap();
    let (one, two) = (keys.one.clone(), keys.two.clone());
    assert_ne!(one, two);
    keys.regenerate(Protocol::One, &mut rng).unwrap();
    assert_ne!(keys.one, one);
    assert_eq!(keys.two, two);
    rng.broken = true;
    assert_eq!(keys.regenerate(Protocol::Two, &mut rng), Err(crate::rng::RngFailed));
    assert_eq!(keys.two, two);
}

proptest! {
    #[test]
    fn what_was_encrypted_is_decrypted(z: [u8; 32], blocks: [[u8; 16]; 4], count in 0..=4_usize, two: bool) {
        let shared = SharedSecret::new(if two { Protocol::Two } else { Protocol::One }, &z);
        let plaintext = blocks[..count].concat();
        let mut ciphertext = [0; 80];
        let length = shared.encrypt(&mut Dice::default(), &plaintext, &mut ciphertext).unwrap();
        prop_assert_eq!(shared.protocol().plaintext_length(length), Some(plaintext.len()));
        let mut decrypted = [0; 64];
        prop_assert_eq!(shared.decrypt(&ciphertext[..length], &mut decrypted), Some(&mut plaintext.clone()[..]));
    }
}
