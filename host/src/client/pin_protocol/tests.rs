//! Vectors that were made with other programs.

use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().unwrap()
}

const IV: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const CLIENT_DATA_HASH: &str = "71d881db257d76bf90dc962ccac7d3d5626f6dbe88f620dc4c9bacc42c6d38ae";

/// The key's public key.
fn key() -> KeyAgreementKey {
    KeyAgreementKey {
        x: array("07b61d3c424b299408a72ea6a59f153e74a3125b5811716edb32222b46b4f02c"),
        y: array("4d5eb906055fc8ea49ae0c061ab69d66942ffcf77c75c47c1032c9f43fc532b6"),
    }
}

fn platform() -> EphemeralKey {
    let secret = bytes("5294fcce0cc88587843099d85dd805aeef1b09a63b0db1dd3e4dc62a343c1db5");
    EphemeralKey(SecretKey::from_slice(&secret).unwrap())
}

fn secret(protocol: PinProtocol) -> SharedSecret {
    platform().agree(protocol, &key()).unwrap().0
}

/// The token `20 21 … 3f`.
fn token(protocol: PinProtocol) -> PinUvAuthToken {
    PinUvAuthToken::new(protocol, Zeroizing::new((0x20..0x40).collect())).unwrap()
}

#[test]
fn both_sides_agree_on_a_secret() {
    let (one, own) = platform().agree(PinProtocol::One, &key()).unwrap();
    assert_eq!(
        own,
        KeyAgreementKey {
            x: array("2f9fdd7f0df0388c560d09116e182cf45360e05d1783e0cd97568ff4cc1a86e3"),
            y: array("2936b934ce00593cd7b967bfe85d5402bec56b72850b2d2735128accda2e7208"),
        }
    );
    let hash = array("9c6b65a60e74928b9580e130bc3b77140b32add2df0f36412301a983993e6a44");
    assert_eq!((*one.hmac_key, *one.aes_key), (hash, hash));
    let two = secret(PinProtocol::Two);
    assert_eq!(
        (*two.hmac_key, *two.aes_key),
        (
            array("ec69789d152b4f0382fc023041802e61dafb188397acd6016f4a23c16f149a7a"),
            array("0a3f7d16433c574ff25f0812a1b7a6d9e4bee5df9f9ed2e7664d9ad610c29fc6")
        )
    );
}

#[test]
fn a_point_elsewhere_is_refused() {
    let mut key = key();
    key.y[31] ^= 1;
    assert!(platform().agree(PinProtocol::Two, &key).is_err());
    let nowhere = KeyAgreementKey { x: [0; 32], y: [0; 32] };
    assert!(
        EphemeralKey::generate()
            .unwrap()
            .agree(PinProtocol::One, &nowhere)
            .is_err()
    );
}

#[test]
fn a_new_pin_is_encrypted_and_authenticated() {
    let mut pin = [0; 64];
    pin[..4].copy_from_slice(b"1234");
    for (protocol, encrypted, param) in [
        (
            PinProtocol::One,
            "428dc45210c52d0a3b328e250b9dd5d83de56e02e74af01b7626468b6a48f4b5\
             c2d9df0a053e88cb561f9a36bb3885b69acb7d9927ad7b48d71490a224e2e8b8",
            "f0b3eaf39da3c291782fd890676608ab",
        ),
        (
            PinProtocol::Two,
            "000102030405060708090a0b0c0d0e0fc72554006529b2095342745fbaaa19f8\
             7b9b4f2c21dba74e08de5a09bc765b3a5091086ab2de3f34a81d7b7096dec3fcac2b840a636bc973f5141a2780dd8e48",
            "79a411a0267fd973566480d131d73809d31b1a23be21ebbe9373dc8e0373141d",
        ),
    ] {
        let secret = secret(protocol);
        let iv = if protocol == PinProtocol::One { [0; 16] } else { IV };
        let ciphertext = secret.encrypt_with(&iv, &pin);
        assert_eq!(ciphertext, bytes(encrypted));
        assert_eq!(secret.authenticate(&[&ciphertext]), bytes(param));
        assert_eq!(*secret.decrypt(&ciphertext).unwrap(), pin);
    }
}

#[test]
fn a_pin_hash_is_encrypted() {
    let hash: [u8; 16] = array("03ac674216f3e15c761ee1a5e255f067");
    assert_eq!(
        secret(PinProtocol::One).encrypt(&hash).unwrap(),
        bytes("6da0d9fa088a17f26f3da182cea04dae")
    );
    assert_eq!(
        secret(PinProtocol::Two).encrypt_with(&IV, &hash),
        bytes("000102030405060708090a0b0c0d0e0fe93ac1f8b64f79e7b2726748c18371dd")
    );
}

#[test]
fn a_token_is_decrypted() {
    for (protocol, encrypted) in [
        (
            PinProtocol::One,
            "c232480b36f2e8880d1de2b18786a3d9e0c043f9ca7a08097088c00510156f74",
        ),
        (
            PinProtocol::Two,
            "000102030405060708090a0b0c0d0e0f835ece7fdc579b712bbd6418ccd0f804261ef64d56b99eb38c4c0fe2e9de0853",
        ),
    ] {
        let plaintext = secret(protocol).decrypt(&bytes(encrypted)).unwrap();
        assert_eq!(*plaintext, (0x20..0x40).collect::<Vec<u8>>());
    }
}

#[test]
fn a_token_authorizes_each_command() {
    let hash = bytes(CLIENT_DATA_HASH);
    let ff = [0xFF; 32];
    let fragment = Sha256::digest(bytes("8076be8b528d0075f7aae98d6fa57a6d3c"));
    let two = token(PinProtocol::Two);
    for (auth, param) in [
        (
            token(PinProtocol::One).authorize(&[&hash]),
            "a29e64d46d7fd4cdd9da72289bcb8b38",
        ),
        (
            two.authorize(&[&hash]),
            "a29e64d46d7fd4cdd9da72289bcb8b388d268777802c97777cee8d247df9eabb",
        ),
        (
            two.authorize(&[&[0x01]]),
            "797f21ad97515c3ed5cb1f8e6ec28cd83627aa8dc4ced0717120abbb03397159",
        ),
        (
            two.authorize(&[&ff, &[0x0D, 0x02]]),
            "e3f04460ecd9b532d5f545f19a90036fd466eac543afc91fa0b456c29454c1d1",
        ),
        (
            two.authorize(&[&ff, &[0x0C, 0x00], &[0; 4], &fragment]),
            "2c00a4398017f86dd935048a2fb2b9e225f3021b2d7a36ead59a8be8ae1c3f28",
        ),
    ] {
        assert_eq!(auth.param, bytes(param));
    }
}

#[test]
fn what_cannot_be_a_ciphertext_or_a_token_is_refused() {
    for length in [1, 15, 17, 31] {
        assert!(secret(PinProtocol::One).decrypt(&vec![0; length]).is_none());
        assert!(secret(PinProtocol::Two).decrypt(&vec![0; length]).is_none());
    }
    let token = |protocol, length| PinUvAuthToken::new(protocol, Zeroizing::new(vec![0; length]));
    assert!(token(PinProtocol::One, 16).is_some() && token(PinProtocol::Two, 16).is_none());
    assert!(token(PinProtocol::One, 48).is_none() && token(PinProtocol::Two, 0).is_none());
}

#[test]
fn the_protocols_that_both_know_are_used() {
    let known = |listed: &[u64]| PinProtocol::known(Some(listed));
    let (one, two) = (PinProtocol::One, PinProtocol::Two);
    assert_eq!(PinProtocol::known(None), [one]);
    assert_eq!(known(&[9, 2, 1]), [two, one]);
    assert_eq!(known(&[1, 2, 1]), [one, two]);
    assert_eq!(known(&[9]), []);
}

#[test]
fn nothing_secret_is_shown() {
    assert_eq!(
        format!("{:?} {:?}", secret(PinProtocol::Two), token(PinProtocol::One)),
        "SharedSecret { protocol: Two, .. } PinUvAuthToken { protocol: One, .. }"
    );
}

proptest! {
    #[test]
    fn what_is_encrypted_is_decrypted(plaintext in any::<[u8; 32]>(), two in any::<bool>()) {
        let secret = secret(if two { PinProtocol::Two } else { PinProtocol::One });
        let ciphertext = secret.encrypt(&plaintext).unwrap();
        let decrypted = secret.decrypt(&ciphertext).unwrap();
        prop_assert_eq!(decrypted.as_slice(), &plaintext);
    }
}
