//! A small model of the applet, accounts in a map, to which the key is held over many commands and power cycles.

use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use crate::crypto::hmac::{HmacHash, HmacKey};
use crate::testing::key::Key;
use crate::testing::oath::{Account, HOTP, ONLY_INCREASING, TOTP};

#[derive(Clone, Debug)]
enum Step {
    Put(Account),
    Delete(String),
    Rename(String, String),
    Calculate(String, u64),
    List,
    Codes(u64),
    PowerCycle,
    Reset,
}

fn name() -> impl Strategy<Value = String> {
    (0..5).prop_map(|number| format!("account {number}"))
}

fn account() -> impl Strategy<Value = Account> {
    let kind = prop_oneof![Just(HOTP), Just(TOTP)];
    let secret = proptest::collection::vec(any::<u8>(), 1..=64);
    (
        name(),
        kind,
        1_u8..=3,
        secret,
        6_u8..=8,
        any::<bool>(),
        proptest::option::of(0_u32..5),
    )
        .prop_map(|(name, kind, hash, secret, digits, increasing, counter)| Account {
            name,
            kind: kind | hash,
            digits,
            secret,
            properties: increasing.then_some(ONLY_INCREASING),
            moving_factor: counter,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => account().prop_map(Step::Put),
        2 => name().prop_map(Step::Delete),
        3 => (name(), name()).prop_map(|(old, new)| Step::Rename(old, new)),
        6 => (name(), 0_u64..6).prop_map(|(name, step)| Step::Calculate(name, step)),
        1 => Just(Step::List),
        2 => any::<u64>().prop_map(Step::Codes),
        1 => Just(Step::PowerCycle),
        1 => Just(Step::Reset),
    ]
}

/// The accounts, and each one's least moving factor.
type Model = BTreeMap<String, (Account, u64)>;

/// The code of an account, computed another way than the key does: RFC 4226 §5.3, by indices.
fn code(account: &Account, factor: u64) -> String {
    let hash = HmacHash::from_code(account.kind & 0x0f).unwrap();
    let key = HmacKey::new(&account.secret).unwrap();
    let tag = hash.authenticate(&key, &factor.to_be_bytes()).bytes().to_vec();
    let offset = usize::from(tag[tag.len() - 1] % 16);
    let number = (0..4).fold(0_u64, |number, i| number << 8 | u64::from(tag[offset + i])) % (1 << 31);
    let digits = format!("{number:08}");
    digits[digits.len() - usize::from(account.digits)..].into()
}

/// What the key has to answer for a code.
fn calculate(model: &mut Model, name: &str, step: u64) -> Result<String, u16> {
    let (account, least) = model.get_mut(name).ok_or(0x6984_u16)?;
    let is_hotp = account.kind & 0xf0 == HOTP;
    let factor = if is_hotp { *least } else { step };
    if is_hotp || account.properties == Some(ONLY_INCREASING) {
        if factor < *least {
            return Err(0x6a80);
        }
        *least = factor + 1;
    }
    Ok(code(account, factor))
}

fn take(key: &mut Key, model: &mut Model, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Put(account) => {
            prop_assert_eq!(key.put(&account), Ok(()));
            let least = u64::from(account.moving_factor.unwrap_or(0));
            model.insert(account.name.clone(), (account, least));
        }
        Step::Delete(name) => {
            let expected = model.remove(&name).map(drop).ok_or(0x6984);
            prop_assert_eq!(key.delete(&name), expected);
        }
        Step::Rename(old, new) => {
            let expected = match (model.contains_key(&old), model.contains_key(&new)) {
                (false, _) => Err(0x6984),
                (true, true) => Err(0x6a80),
                (true, false) => Ok(()),
            };
            prop_assert_eq!(key.rename(&old, &new), expected);
            if expected.is_ok() {
                let account = model.remove(&old).expect("it is there");
                model.insert(new, account);
            }
        }
        Step::Calculate(name, step) => {
            let expected = calculate(model, &name, step);
            prop_assert_eq!(key.totp(&name, step), expected);
        }
        Step::List => {
            let expected: Vec<_> = model
                .iter()
                .map(|(name, (account, _))| (name.clone(), account.kind))
                .collect();
            prop_assert_eq!(key.accounts(), Ok(expected));
        }
        Step::Codes(step) => {
            let codes = key.codes(step).expect("an open key");
            prop_assert_eq!(codes.len(), model.len());
            for ((name, tag, value), (expected, (account, _))) in codes.iter().zip(&*model) {
                prop_assert_eq!(name, expected);
                if account.kind & 0xf0 == HOTP {
                    prop_assert_eq!((*tag, &value[..]), (0x77, &[account.digits][..]));
                } else if account.properties == Some(ONLY_INCREASING) {
                    prop_assert_eq!((*tag, &value[..]), (0x7c, &[account.digits][..]));
                } else {
                    prop_assert_eq!(*tag, 0x76);
                    prop_assert_eq!(crate::testing::oath::shown(value), code(account, step));
                }
            }
        }
        Step::PowerCycle => *key = key.fork(),
        Step::Reset => {
            prop_assert_eq!(key.oath_reset(), Ok(()));
            model.clear();
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_key_does_what_the_model_does(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut key, mut model) = (Key::new(), Model::new());
        for step in steps {
            take(&mut key, &mut model, step)?;
        }
        let names: Vec<_> = key.accounts().expect("an open key").into_iter().map(|(name, _)| name).collect();
        prop_assert!(names.iter().eq(model.keys()));
    }
}
