//! Credential IDs, sealed and opened with other keys, and a PIN's hash, decrypted: see `constant_time.rs`.

use brasskey_conformance::host::cbor::map;
use brasskey_conformance::host::command;
use brasskey_conformance::host::ctap2::{ga, get_assertion_by, make_credential, status};
use brasskey_conformance::host::oath::{Account, kind, put};
use brasskey_protocol::crypto::sha256;
use brasskey_tests::chip::{Plan, Trial, Workbench};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::attempt::RP_ID;
use super::constant_time::{SCRATCH, constant, holds, random, secrets};

crate::checks! {
    credential_ids_are_opened_and_refused,
    account_secrets_are_sealed,
}

/// The constructor of a key for AES-256-GCM: to a place, from 32 bytes.
const SEALING_KEY: &str = "<aes_gcm::AesGcm<Aes,NonceSize,TagSize> as crypto_common::KeyInit>::new";
const DECRYPT: &str = "<aes_gcm::AesGcm<Aes,NonceSize,TagSize> as aead::AeadInOut>::decrypt_inout_detached";
const ENCRYPT: &str = "<aes_gcm::AesGcm<Aes,NonceSize,TagSize> as aead::AeadInOut>::encrypt_inout_detached";

/// Algorithm ES256, and no traits.
const BODY: [u8; 2] = [1, 0];

/// A credential ID as the key seals it (`protocol/src/store/credential_id.rs`).
fn sealed(key: &[u8; 32], nonce: &[u8; 24], rp_id_hash: &[u8; 32]) -> Vec<u8> {
    let (gcm_nonce, rest) = nonce.split_first_chunk().expect("a nonce");
    let data = [&[1], &rp_id_hash[..], rest].concat();
    [&[1], &nonce[..], &encrypted(key, gcm_nonce, &data, &BODY)].concat()
}

/// By AES-256-GCM, with the tag behind.
fn encrypted(key: &[u8; 32], nonce: &[u8; 12], data: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key"));
    let mut body = plaintext.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(*nonce), Aad::from(data), &mut body)
        .expect("sealed");
    body
}

fn credential_ids_are_opened_and_refused() {
    let bench = Workbench::new();
    let mut host = bench.host();
    let id = host.make(&make_credential(RP_ID, b"ada")).id;
    let request = get_assertion_by(RP_ID, &[&id]).with(ga::OPTIONS, map([("up", false.into())]));
    host.begin(request.clone());
    let sealing = bench.call(DECRYPT).argument(0);
    assert_eq!(host.answer().status, status::OK);

    host.begin(request);
    let call = bench.call("MasterSecret::open");
    let (to, presented) = (call.argument(0), call.argument(2));
    assert_eq!(call.bytes(presented, id.len()), id);
    let rp_id_hash = sha256(&[RP_ID.as_bytes()]);
    let mut kinds = Vec::new();
    let mut trials = Vec::new();
    let mut nonces = Vec::new();
    for (at, key) in secrets::<32>().into_iter().enumerate() {
        let nonce = random();
        let right = sealed(&key, &nonce, &rp_id_hash);
        // With each key one byte is wrong; with the first few each of them in turn.
        let wrong: Vec<usize> = if at < 4 {
            (0..right.len()).collect()
        } else {
            vec![at % right.len()]
        };
        for wrong in [None].into_iter().chain(wrong.into_iter().map(Some)) {
            let mut id = right.clone();
            if let Some(place) = wrong {
                id[place] ^= 1 << (at % 8);
            }
            kinds.push(match wrong {
                None => "opened",
                // The first byte is the version, which anybody reads.
                Some(0) => "refused by its version",
                Some(_) => "refused",
            });
            nonces.push(nonce);
            let trial = Trial::default().with(presented, &id).with(SCRATCH, &key);
            trials.push(trial.after(SEALING_KEY, &[sealing, SCRATCH]));
        }
    }
    let plan = Plan {
        read: Some((to, 64)),
        ..Plan::default()
    };
    constant("credential ID", &call, plan, &trials, |at, outcome| {
        assert_eq!(holds(&outcome.read, &nonces[at]), kinds[at] == "opened");
        kinds[at].into()
    });
    assert_eq!(host.answer().status, status::OK);
}

/// The secret of an account and the key that seals it.
fn account_secrets_are_sealed() {
    let bench = Workbench::new();
    let mut host = bench.host();
    host.select_oath();
    host.send(command::OATH, &put(&Account::new("account", kind::TOTP | 1, &[7; 20])));
    let call = bench.call(ENCRYPT);
    let (sealing, nonce, data, length) = (call.argument(1), call.argument(2), call.argument(3), call.argument(4));
    let nonce: [u8; 12] = call.bytes(nonce, 12).try_into().expect("a nonce");
    let data = call.bytes(data, length.try_into().expect("a length"));
    let buffer = call.word(call.argument(5));
    assert_eq!(call.bytes(buffer, 20), [7; 20]);
    let keys = secrets::<32>();
    let plaintexts = secrets::<20>();
    let trials: Vec<_> = keys
        .iter()
        .zip(&plaintexts)
        .map(|(key, secret)| {
            let trial = Trial::default().with(buffer, secret).with(SCRATCH, key);
            trial.after(SEALING_KEY, &[sealing, SCRATCH])
        })
        .collect();
    let plan = Plan {
        read: Some((buffer, 20)),
        ..Plan::default()
    };
    constant("account's secret, sealed", &call, plan, &trials, |at, outcome| {
        assert!(encrypted(&keys[at], &nonce, data, &plaintexts[at]).starts_with(&outcome.read));
        "sealed".into()
    });
    assert_eq!(host.oath_answer(false).1, 0x9000);
}
