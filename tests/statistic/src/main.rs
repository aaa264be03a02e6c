//! Whether the times of what memcheck cannot follow differ: graviola's P-256, and AES-256-GCM by all the instructions
//! that the processor has for it. A statistic (dudect, <https://eprint.iacr.org/2016/1123>): half of the times are with
//! one secret, half with random ones, and Welch's t says how far the two lie apart. Beyond 5 they differ. Less shows
//! nothing.
//!
//! `--filter NAME` takes one, `--continuous NAME` goes on with it until it is stopped.

use std::hint::black_box;

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use brasskey_protocol::crypto::p256;
use dudect_bencher::rand::{Rng, RngExt};
use dudect_bencher::{BenchRng, Class, CtRunner, ctbench_main};

/// How many times are taken.
const SAMPLES: usize = 500_000;

/// One private key, which nearly all of whose bits are zero.
const FIXED: [u8; 32] = {
    let mut key = [0; 32];
    key[31] = 2;
    key
};

fn random<const N: usize>(rng: &mut BenchRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A private key of P-256.
fn private_key(rng: &mut BenchRng) -> [u8; 32] {
    loop {
        let key = random(rng);
        if p256::is_private_key(&key) {
            return key;
        }
    }
}

/// Takes the times of what is done with either secret, in a random order.
fn compare<T, R>(
    runner: &mut CtRunner,
    rng: &mut BenchRng,
    left: impl Fn(&mut BenchRng) -> T,
    right: impl Fn(&mut BenchRng) -> T,
    run: impl Fn(&T) -> R,
) {
    let inputs: Vec<_> = (0..SAMPLES)
        .map(|_| match rng.random::<bool>() {
            true => (Class::Left, left(rng)),
            false => (Class::Right, right(rng)),
        })
        .collect();
    for (class, input) in inputs {
        runner.run_one(class, || run(black_box(&input)));
    }
}

fn with_private_keys<R>(runner: &mut CtRunner, rng: &mut BenchRng, run: impl Fn(&[u8; 32]) -> R) {
    assert!(
        graviola::util::is_cpu_supported(),
        "graviola does not know this processor"
    );
    compare(runner, rng, |_| FIXED, private_key, run);
}

fn p256_public_key(runner: &mut CtRunner, rng: &mut BenchRng) {
    with_private_keys(runner, rng, p256::public_key);
}

fn p256_sign(runner: &mut CtRunner, rng: &mut BenchRng) {
    with_private_keys(runner, rng, |key| p256::sign(key, &[b"message"]));
}

fn p256_key_agreement(runner: &mut CtRunner, rng: &mut BenchRng) {
    let point = p256::public_key(&private_key(rng)).expect("a public key");
    with_private_keys(runner, rng, |key| p256::diffie_hellman(key, &point));
}

/// A key for sealing, and an account's secret.
fn aes_gcm_seal(runner: &mut CtRunner, rng: &mut BenchRng) {
    compare(
        runner,
        rng,
        |_| ([0; 32], [0; 20]),
        |rng| (random(rng), random(rng)),
        |(key, secret): &([u8; 32], [u8; 20])| {
            let mut body = *secret;
            let key = Aes256Gcm::new(key.into());
            let tag = key.encrypt_inout_detached((&[7; 12]).into(), b"account", (&mut body[..]).into());
            (body, tag)
        },
    );
}

/// Tags that are wrong in the first byte, and in the last.
fn aes_gcm_refuse(runner: &mut CtRunner, rng: &mut BenchRng) {
    let key = Aes256Gcm::new((&random::<32>(rng)).into());
    let mut body = [7; 20];
    let right = key.encrypt_inout_detached((&[7; 12]).into(), b"account", (&mut body[..]).into());
    let right: [u8; 16] = right.expect("sealed").into();
    let wrong_at = |place: usize| {
        let mut tag = right;
        tag[place] ^= 1;
        tag
    };
    compare(
        runner,
        rng,
        |_| wrong_at(0),
        |_| wrong_at(15),
        |tag| {
            let mut body = body;
            let opened = key.decrypt_inout_detached((&[7; 12]).into(), b"account", (&mut body[..]).into(), tag.into());
            opened.is_ok()
        },
    );
}

/// What must be found: bytes that differ from zero in the first, and in the last.
fn an_early_return(runner: &mut CtRunner, rng: &mut BenchRng) {
    let one_at = |place: usize| {
        let mut bytes = [0_u8; 256];
        bytes[place] = 1;
        bytes
    };
    compare(
        runner,
        rng,
        |_| one_at(0),
        |_| one_at(255),
        |bytes| bytes.iter().position(|&byte| black_box(byte) != 0),
    );
}

ctbench_main!(
    p256_public_key,
    p256_sign,
    p256_key_agreement,
    aes_gcm_seal,
    aes_gcm_refuse,
    an_early_return
);
