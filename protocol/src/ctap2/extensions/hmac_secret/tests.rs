//! Vectors that another implementation (python-fido2) computed.

use std::vec;

use brasskey_conformance::host::cbor::decode_canonical;
use ciborium::Value;

use super::*;
use crate::cbor::{Writer, scan};
use crate::ctap2::extensions::names::HMAC_SECRET;
use crate::ctap2::extensions::outputs::{Output, Outputs};
use crate::testing::hex;
use crate::testing::platform::Dice;
use crate::testing::request::{encode, member};

const Z: [u8; 32] = hex("545744f39abfbb7ee3a561aed6a307a680044858c6e3ae3331af735a1c610bf3");
const SALT: [u8; 32] = [0x11; 32];
const CRED_RANDOM: [u8; 32] = [0x22; 32];
const OUTPUT: [u8; 32] = hex("f0926e6c10f7df4255267f188f709515131b530a341cde14415129209b7ef42a");

/// Opens the salts that a platform sends, and the answer that it gets.
fn exchange(protocol: Protocol, salt_enc: &[u8], salt_auth: &[u8]) {
    let input = encode(&Value::Map(vec![
        (1.into(), Value::Map(vec![])),
        (2.into(), salt_enc.into()),
        (3.into(), salt_auth.into()),
        (4.into(), protocol.number().into()),
    ]));
    scan(&input).unwrap();
    let input = Input::decode(Item::split(&input).unwrap().0).unwrap();
    let salts = input.decrypt(SharedSecret::new(protocol, &Z)).unwrap();
    assert_eq!(&salts.salts[..salts.length], SALT);

    let mut outputs = Outputs::default();
    let answer = salts.answer(&CRED_RANDOM, &mut Dice::default()).unwrap();
    outputs.add(HMAC_SECRET, &Output::Bytes(&answer)).unwrap();
    let mut answer = [0; 128];
    let mut writer = Writer::new(&mut answer);
    outputs.write(&mut writer);
    let length = writer.finish().unwrap();
    assert_eq!(length, outputs.len());
    let answer = decode_canonical(&answer[..length]);
    let mut plaintext = [0; 32];
    let secret = SharedSecret::new(protocol, &Z);
    let opened = secret.decrypt(member(&answer, HMAC_SECRET).as_bytes().unwrap(), &mut plaintext);
    assert_eq!(opened.unwrap(), OUTPUT);
}

#[test]
fn protocol_one() {
    exchange(
        Protocol::One,
        &hex::<32>("82a40001709e705009eba02dc457ecb4941952ae32674a051dbb56f411c6ecf0"),
        &hex::<16>("f963a19fdd21e8535bdde48349e9f4d7"),
    );
}

#[test]
fn protocol_two() {
    exchange(
        Protocol::Two,
        &hex::<48>("000102030405060708090a0b0c0d0e0f6f02e937142f0843fbe9dbe84428f373ec1bf462cd2dc7986b6424463217d1d2"),
        &hex::<32>("88f6bc6803192964aeefc1a7fdbef4a48618b81c08ccaad39ce46fd65f5cd47b"),
    );
}
