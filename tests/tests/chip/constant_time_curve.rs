//! Signatures, key pairs and key agreements, with other private keys: see `constant_time.rs`.

use brasskey_conformance::host::cbor::{array, map};
use brasskey_conformance::host::client_pin::{Protocol, client_pin};
use brasskey_conformance::host::ctap2::{ga, get_assertion_by, make_credential, mc, parameters, status};
use brasskey_conformance::host::verify::algorithm;
use brasskey_protocol::crypto::{ed25519, hkdf_sha256, p256, sha256};
use brasskey_tests::chip::{Plan, Trial, Workbench};

use super::attempt::RP_ID;
use super::constant_time::{MAC_KEY, SCRATCH, constant, holds, parts, private_keys, secrets};

crate::checks! {
    signatures_of_es256,
    signatures_of_eddsa,
    public_keys,
    private_keys_of_credentials,
    key_agreements_of_protocol_one,
    key_agreements_of_protocol_two,
}

const PIN: &str = "2580";

/// A key that is about to sign in without a touch, with a credential of this algorithm, and the credential's ID.
fn signing(algorithm: i64, function: &str, check: impl FnOnce(brasskey_tests::chip::Call<'_>, &[u8])) {
    let bench = Workbench::new();
    let mut host = bench.host();
    let request = make_credential(RP_ID, b"ada").with(mc::PUB_KEY_CRED_PARAMS, array([parameters(algorithm)]));
    let id = host.make(&request).id;
    host.begin(get_assertion_by(RP_ID, &[&id]).with(ga::OPTIONS, map([("up", false.into())])));
    check(bench.call(function), &id);
    // The key goes on as if nothing had been.
    assert_eq!(host.answer().status, status::OK);
}

/// How the DER encoding has written the two numbers of a signature, which everybody sees: how long they are, and
/// whether a zero keeps them positive.
fn shape(signature: &[u8]) -> String {
    let (r, s) = signature[4..].split_at(signature[3].into());
    let [r, s] = [r, &s[2..]].map(|number| format!("{}{}", number.len(), if number[0] == 0 { "+" } else { "" }));
    format!("r of {r} bytes, s of {s}")
}

fn signatures_of_es256() {
    signing(algorithm::ES256, "crypto::p256::comb::sign", |call, _| {
        let (to, key) = (call.argument(0), call.argument(1));
        let keys = private_keys();
        let trials: Vec<_> = keys.iter().map(|secret| Trial::default().with(key, secret)).collect();
        let plan = Plan {
            read: Some((to, 80)),
            ..Plan::default()
        };
        constant("signature, ES256", &call, plan, &trials, |at, outcome| {
            let expected = p256::rustcrypto::sign(&keys[at], &parts(&call, 2)).expect("a signature");
            assert_eq!(outcome.read[8..][..expected.len()], expected[..]);
            shape(&expected)
        });
    });
}

fn signatures_of_eddsa() {
    let function = "crypto::algorithm::eddsa::Ed25519 as brasskey_protocol::crypto::algorithm::Family>::sign";
    signing(algorithm::EDDSA, function, |call, _| {
        let (to, seed) = (call.argument(0), call.argument(2));
        let seeds = secrets::<32>();
        let trials: Vec<_> = seeds.iter().map(|secret| Trial::default().with(seed, secret)).collect();
        let plan = Plan {
            read: Some((to, 80)),
            ..Plan::default()
        };
        constant("signature, EdDSA", &call, plan, &trials, |at, outcome| {
            let expected = ed25519::sign(&seeds[at], &parts(&call, 3)).expect("a signature");
            assert!(holds(&outcome.read, &expected));
            "signed".into()
        });
    });
}

fn public_keys() {
    let bench = Workbench::new();
    let mut host = bench.host();
    host.begin(client_pin(0x02).with(0x01, 2));
    let call = bench.call("crypto::p256::comb::public_key");
    let (to, key) = (call.argument(0), call.argument(1));
    let keys = private_keys();
    let trials: Vec<_> = keys.iter().map(|secret| Trial::default().with(key, secret)).collect();
    let plan = Plan {
        read: Some((to, 68)),
        ..Plan::default()
    };
    constant("public key, P-256", &call, plan, &trials, |at, outcome| {
        assert!(holds(
            &outcome.read,
            &p256::public_key(&keys[at]).expect("a public key")
        ));
        "made".into()
    });
    assert_eq!(host.answer().status, status::OK);
}

/// Derived from the key's master secret and the credential ID's nonce.
fn private_keys_of_credentials() {
    let mut deriving = 0;
    signing(algorithm::ES256, "MasterSecret::private_key", |call, _| {
        deriving = call
            .inner("brasskey_protocol::crypto::MacKey::authenticate")
            .argument(1);
    });
    signing(algorithm::ES256, "MasterSecret::private_key", |call, id| {
        let (to, rp_id_hash) = (call.argument(0), sha256(&[RP_ID.as_bytes()]));
        let secrets = secrets::<32>();
        let trials: Vec<_> = secrets
            .iter()
            .map(|secret| {
                Trial::default()
                    .with(SCRATCH, secret)
                    .after(MAC_KEY, &[deriving, SCRATCH])
            })
            .collect();
        let plan = Plan {
            read: Some((to, 40)),
            ..Plan::default()
        };
        constant("private key, derived", &call, plan, &trials, |at, outcome| {
            let message = [&rp_id_hash, &id[1..25], &[1], b"private key", &[0]].concat();
            let expected = brasskey_conformance::host::oath::authenticate(2, &secrets[at], &message);
            assert!(holds(&outcome.read, &expected));
            "derived".into()
        });
    });
}

/// With the key of a PIN protocol, and one point of a platform. What follows from the shared point comes out.
fn key_agreements(protocol: Protocol) {
    let bench = Workbench::new();
    let mut host = bench.host();
    host.set_pin(PIN);
    let agreement = host.agree(protocol);
    host.begin(agreement.get_pin_token(PIN));
    let call = bench.call("KeyAgreement::shared_secret");
    let (to, ours) = (call.argument(0), call.argument(1));
    let mut point = [4; 65];
    let coordinates = agreement.platform_key.as_map().expect("a COSE_Key").iter();
    let coordinates = coordinates.filter_map(|(_, value)| value.as_bytes()).flatten();
    point[1..]
        .iter_mut()
        .zip(coordinates)
        .for_each(|(to, from)| *to = *from);
    let keys = private_keys();
    // The private keys of both protocols.
    let trials: Vec<_> = keys
        .iter()
        .map(|secret| Trial::default().with(ours, secret).with(ours + 32, secret))
        .collect();
    let plan = Plan {
        read: Some((to, 400)),
        ..Plan::default()
    };
    constant(
        &format!("key agreement, protocol {protocol:?}"),
        &call,
        plan,
        &trials,
        |at, outcome| {
            let z = p256::diffie_hellman(&keys[at], &point).expect("a point");
            let aes_key = match protocol {
                Protocol::One => sha256(&[&*z]),
                Protocol::Two => *hkdf_sha256(&z, b"CTAP2 AES key"),
            };
            assert!(holds(&outcome.read, &aes_key));
            "agreed".into()
        },
    );
    assert_eq!(host.answer().status, status::OK);
}

fn key_agreements_of_protocol_one() {
    key_agreements(Protocol::One);
}

fn key_agreements_of_protocol_two() {
    key_agreements(Protocol::Two);
}
