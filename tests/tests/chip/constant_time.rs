//! No secret decides how many cycles the chip takes, nor which addresses it uses: what a real chip's flash cache sees
//! is the same, too, and so are its wait states, which the emulator does not have. `docs/constant-time.md` tells more.
//!
//! The firmware itself calls a function. That call is repeated with other secrets in memory, and each result is
//! compared with that of another implementation: the secret was in the right place. `BRASSKEY_SECRETS` says with how
//! many random secrets, beside the corner cases.

use std::collections::BTreeMap;
use std::env;

use brasskey_protocol::crypto::p256::is_private_key;
use brasskey_tests::chip::{Call, Outcome, Plan, Trial};
use data_encoding::HEXLOWER;

/// Memory that nothing uses: the stack never grows so far.
pub(super) const SCRATCH: u32 = 0x2000_0100;
/// The constructor of a key for HMACs: to a place, from 32 bytes.
pub(super) const MAC_KEY: &str = "brasskey_protocol::crypto::MacKey::new";
/// The comparison of all that is secret.
pub(super) const COMPARE: &str = "<[T] as subtle::ConstantTimeEq>::ct_eq";

/// Random secrets where nobody says how many.
const FEW: usize = 8;
/// A call of so many cycles is traced with a few secrets only, and not where there are few: the interpreter is slow.
const LONG: u64 = 1_000_000;
const TRACED: usize = 20;

/// The number of random secrets.
pub(super) fn count() -> usize {
    env::var("BRASSKEY_SECRETS").map_or(FEW, |count| count.parse().expect("BRASSKEY_SECRETS: a number"))
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}

/// Corner cases, and random ones.
pub(super) fn secrets<const N: usize>() -> Vec<[u8; N]> {
    let bytes = |byte: fn(usize) -> u8| std::array::from_fn(byte);
    let mut corners = vec![
        bytes(|_| 0),
        bytes(|_| 0xff),
        bytes(|at| u8::from(at == N - 1)),
        bytes(|at| u8::from(at == 0)),
        bytes(|at| if at == 0 { 0x80 } else { 0 }),
        bytes(|at| if at < N / 2 { 0 } else { 0xff }),
        bytes(|at| if at < N / 2 { 0xff } else { 0 }),
        bytes(|at| if at == 0 { 0x7f } else { 0xff }),
        bytes(|_| 0x55),
        bytes(|_| 0xaa),
    ];
    corners.extend((0..count()).map(|_| random()));
    corners
}

/// P-256's private keys: those of [`secrets`] that are some, and the ends of their range.
pub(super) fn private_keys() -> Vec<[u8; 32]> {
    let order = b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: [u8; 32] = HEXLOWER
        .decode(order)
        .expect("hexadecimal")
        .try_into()
        .expect("32 bytes");
    let near = |low: u8| {
        let mut near = order;
        near[31] = low;
        near
    };
    let small = |low: u8| std::array::from_fn(|at| if at == 31 { low } else { 0 });
    let mut keys = vec![small(2), small(3), near(0x50), near(0x4f)];
    // A run of zeros, or of ones, from each eighth bit on. Where few secrets are asked for, some of these.
    let apart = if count() <= FEW { 8 } else { 1 };
    let runs = || (1..32).step_by(apart);
    keys.extend(runs().map(|run| std::array::from_fn(|at| if at < run { 0 } else { 0xff })));
    keys.extend(runs().map(|run| {
        std::array::from_fn(|at| {
            if at == 0 {
                0x7f
            } else if at < run {
                0xff
            } else {
                0
            }
        })
    }));
    keys.extend(secrets::<32>());
    keys.retain(is_private_key);
    keys
}

/// Of each kind of calls, what they took, and with how many secrets.
type Taken<T> = BTreeMap<String, BTreeMap<T, usize>>;

/// Repeats a call, and says where the time or the addresses depend on the secret. `kind` checks what came out, and says
/// what of it everybody may see: calls of one kind must take the same.
pub(super) fn compare(
    what: &str,
    call: &Call<'_>,
    plan: Plan<'_>,
    trials: &[Trial],
    kind: impl Fn(usize, &Outcome) -> String,
) -> Result<(), String> {
    let (mut cycles, mut traces) = (Taken::new(), Taken::new());
    let mut outcomes = call.repeat(plan, trials);
    let longest = outcomes.iter().map(|outcome| outcome.cycles).max().unwrap_or_default();
    let traced = match longest {
        _ if plan.trace => 0,
        LONG.. if count() <= FEW => 0,
        LONG.. => TRACED,
        _ => trials.len(),
    };
    // Corner cases, which come first, and random secrets.
    let apart = trials.len().div_ceil(traced.max(1)).max(1);
    let chosen: Vec<_> = (0..trials.len()).step_by(apart).take(traced).collect();
    let some: Vec<_> = chosen.iter().map(|&at| trials[at].clone()).collect();
    for (at, traced) in chosen.into_iter().zip(call.repeat(Plan { trace: true, ..plan }, &some)) {
        assert_eq!(outcomes[at].cycles, traced.cycles, "{what}: translated and interpreted");
        outcomes[at].trace = traced.trace;
    }
    for (at, outcome) in outcomes.into_iter().enumerate() {
        let kind = kind(at, &outcome);
        *cycles
            .entry(kind.clone())
            .or_default()
            .entry(outcome.cycles)
            .or_default() += 1;
        if !outcome.trace.is_empty() {
            *traces.entry(kind).or_default().entry(outcome.trace).or_default() += 1;
        }
    }
    for (kind, cycles) in &cycles {
        let traced: usize = traces.get(kind).map_or(0, |traces| traces.values().sum());
        println!("constant time: {what}; {kind}; cycles and secrets {cycles:?}; {traced} traced");
    }
    for (kind, taken) in &cycles {
        if taken.len() > 1 {
            return Err(format!("{what}, {kind}: the cycles depend on a secret: {taken:?}"));
        }
    }
    for (kind, taken) in &traces {
        if taken.len() > 1 {
            return Err(format!("{what}, {kind}: addresses depend on a secret: {taken:?}"));
        }
    }
    Ok(())
}

/// The same, and it must be constant.
#[track_caller]
pub(super) fn constant(
    what: &str,
    call: &Call<'_>,
    plan: Plan<'_>,
    trials: &[Trial],
    kind: impl Fn(usize, &Outcome) -> String,
) {
    if let Err(found) = compare(what, call, plan, trials, kind) {
        panic!("{found}");
    }
}

/// Whether the bytes are somewhere in there.
pub(super) fn holds(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// The parts of a message, by the place of its two arguments: a pointer to pointers and lengths, and their number.
pub(super) fn parts<'a>(call: &'a Call<'_>, place: usize) -> Vec<&'a [u8]> {
    let (list, count) = (call.argument(place), call.argument(place + 1));
    (0..count)
        .map(|part| {
            let length = call.word(list + 8 * part + 4);
            call.bytes(call.word(list + 8 * part), length.try_into().expect("a length"))
        })
        .collect()
}
