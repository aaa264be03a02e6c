//! What `brasskey_protocol::crypto` and the PIN/UV auth protocols offer, against other implementations.

use brasskey_conformance::host::client_pin::{Agreement, Protocol as Platform};
use brasskey_conformance::host::oath::{HASHES, authenticate};
use brasskey_conformance::host::verify::PublicKey;
use brasskey_protocol::crypto::hmac::{HmacHash, HmacKey};
use brasskey_protocol::crypto::p256::{Failed, Signature, is_private_key, rustcrypto};
use brasskey_protocol::crypto::{MacKey, aes_cbc, ed25519, hkdf_sha256};
use brasskey_protocol::ctap2::pin_protocol::{Protocol, SharedSecret};
use ciborium::Value;
use data_encoding::HEXLOWER;
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::key::Dice;
use crate::memcheck::{depends_on_a_secret, mark_public, public, secret, told};
use crate::{guesses, random};

const MESSAGE: [&[u8]; 2] = [b"authenticator data", b"client data hash"];

/// A private key of P-256.
fn private_key() -> [u8; 32] {
    loop {
        let key = random();
        if is_private_key(&key) {
            return key;
        }
    }
}

/// A key pair of ring's, and its public key.
fn theirs() -> (EphemeralPrivateKey, [u8; 65]) {
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key pair");
    let public = private.compute_public_key().expect("a public key");
    (private, public.as_ref().try_into().expect("a point"))
}

/// With the public key ring comes to what the private one comes to with ring's.
pub(crate) fn p256_public_key(public_key: fn(&[u8; 32]) -> Result<[u8; 65], Failed>) {
    let key = private_key();
    let point = told(public_key(&secret(key))).expect("a public key");
    let (ring, theirs) = theirs();
    let z = rustcrypto::diffie_hellman(&key, &theirs).expect("a point");
    let agreed = agree_ephemeral(ring, &UnparsedPublicKey::new(&ECDH_P256, point), <[u8]>::to_vec);
    assert_eq!(agreed.expect("a point"), *z);
}

type Sign = fn(&[u8; 32], &[&[u8]]) -> Result<Signature, Failed>;

pub(crate) fn p256_sign(sign: Sign) {
    let key = private_key();
    let signature = public(sign(&secret(key), &MESSAGE)).expect("a signature");
    let point = rustcrypto::public_key(&key).expect("a public key");
    PublicKey::es256(point).verify(&MESSAGE, &signature);
}

pub(crate) fn p256_key_agreement() {
    let key = private_key();
    let (ring, theirs) = theirs();
    let z = told(rustcrypto::diffie_hellman(&secret(key), &theirs).map(|z| *z)).expect("a point");
    let point = rustcrypto::public_key(&key).expect("a public key");
    let agreed = agree_ephemeral(ring, &UnparsedPublicKey::new(&ECDH_P256, point), <[u8]>::to_vec);
    assert_eq!(agreed.expect("a point"), z);
}

pub(crate) fn ed25519_sign() {
    let seed = random();
    let ring = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a key pair");
    let seed = secret(seed);
    assert_eq!(told(ed25519::public_key(&seed)), ring.public_key().as_ref());
    let signature = public(ed25519::sign(&seed, &MESSAGE)).expect("a signature");
    assert_eq!(signature, ring.sign(&MESSAGE.concat()).as_ref());
}

pub(crate) fn hkdf() {
    let key = random();
    let mut expected = [0; 32];
    let expanded = Salt::new(HKDF_SHA256, &[0; 32]).extract(&key);
    let expanded = expanded
        .expand(&[b"info"], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut expected));
    expanded.expect("32 bytes");
    assert_eq!(told(*hkdf_sha256(&secret(key), b"info")), expected);
}

/// NIST SP 800-38A, appendix F.2.5 and F.2.1.
pub(crate) fn aes_cbc() {
    fn hex<const N: usize>(text: &str) -> [u8; N] {
        let bytes = HEXLOWER.decode(text.as_bytes()).expect("hexadecimal");
        bytes.try_into().expect("the right length")
    }
    let iv = hex("000102030405060708090a0b0c0d0e0f");
    let plaintext: [u8; 16] = hex("6bc1bee22e409f96e93d7e117393172a");

    let key = secret(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
    let mut data = secret(plaintext);
    aes_cbc::encrypt(&key, &iv, &mut data).expect("a whole block");
    let ciphertext = told(data);
    assert_eq!(ciphertext, hex("f58c4c04d6e5f1ba779eabfb5f7bfbd6"));
    let mut data = ciphertext;
    aes_cbc::decrypt(&key, &iv, &mut data).expect("a whole block");
    assert_eq!(told(data), plaintext);

    let mut data = secret(plaintext);
    aes_cbc::encrypt_block_128(&secret(hex("2b7e151628aed2a6abf7158809cf4f3c")), &iv, &mut data);
    assert_eq!(told(data), hex("7649abac8119b246cee98e9b12e9197d"));
}

/// The HMACs of one-time codes, and whether a guess is one.
pub(crate) fn hmacs() {
    for (code, _) in HASHES {
        let key: [u8; 20] = random();
        let hash = HmacHash::from_code(code).expect("a hash");
        let expected = authenticate(code, &key, b"message");
        let key = HmacKey::new(&secret(key)).expect("a key");
        let tag = hash.authenticate(&key, b"message");
        let mut bytes = tag.bytes().to_vec();
        assert!(depends_on_a_secret(&mut bytes));
        mark_public(&mut bytes);
        assert_eq!(bytes, expected);
        for (guess, is_right) in guesses(&expected) {
            assert_eq!(told(tag.is(&guess)), is_right);
        }
    }
}

/// Both ends of a protocol, from one secret.
fn both(protocol: Platform, z: [u8; 32]) -> (SharedSecret, Agreement) {
    let platform = Agreement::of(protocol, Value::Null, &z);
    (SharedSecret::new(of_key(protocol), &secret(z)), platform)
}

fn of_key(protocol: Platform) -> Protocol {
    Protocol::from_number(protocol as u64).expect("a protocol")
}

/// What travels by a protocol: encrypted, decrypted, verified.
pub(crate) fn pin_protocol(protocol: Platform) {
    let (key, platform) = both(protocol, random());
    let plaintext: [u8; 64] = random();

    let mut ciphertext = [0; 80];
    let length = key.encrypt(&mut Dice::public(), &secret(plaintext), &mut ciphertext);
    let ciphertext = &told(ciphertext)[..length.expect("whole blocks")];
    assert_eq!(platform.decrypt(ciphertext), plaintext);

    let mut decrypted = [0; 64];
    let length = key
        .decrypt(&platform.encrypt(&plaintext), &mut decrypted)
        .map(|whole| whole.len());
    assert_eq!((told(decrypted), length), (plaintext, Some(64)));

    for (guess, is_right) in guesses(&platform.authenticate(&MESSAGE)) {
        assert_eq!(told(key.verify(&MESSAGE, &guess)), is_right);
    }
}

/// A token, and whether what comes with a request proves that its sender knows it.
pub(crate) fn token(protocol: Platform) {
    let token = random();
    let key = MacKey::new(&secret(token));
    let length = if protocol == Platform::One { 16 } else { 32 };
    let expected = &authenticate(2, &token, &MESSAGE.concat())[..length];
    for (guess, is_right) in guesses(expected) {
        assert_eq!(told(of_key(protocol).verify(&key, &MESSAGE, &guess)), is_right);
    }
}
