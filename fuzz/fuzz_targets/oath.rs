//! APDUs of the OATH applet, several in a row to one key: a defined status word, data only with success, and lists of
//! whole entries. An empty message proves the access code that was set last.
#![no_main]

use brasskey_protocol::authenticator::Authenticator;
use brasskey_protocol::crypto::hmac::{HmacHash, HmacKey};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::oath::AID;
use libfuzzer_sys::fuzz_target;

const CHANNEL: u32 = 1;
const SET_CODE: [u8; 5] = [0, 0x03, 0, 0, 0];

fuzz_target!(|input: &[u8]| {
    let mut key = brasskey_fuzz::key();
    let mut code = None;
    for message in brasskey_fuzz::messages(input).take(24) {
        if message.is_empty() {
            if let Some(code) = &code {
                validate(&mut key, code);
            }
            continue;
        }
        let (data, word) = send(&mut key, message);
        assert!(data.is_empty() || matches!(word, 0x9000 | 0x6100));
        match word {
            0x9000 | 0x6100 | 0x6700 | 0x6982 | 0x6984 | 0x6985 | 0x6a80 | 0x6a82 | 0x6a86 | 0x6d00 | 0x6e00 => {}
            word => panic!("{word:04x}"),
        }
        objects(&data);
        if word == 0x9000 && message.starts_with(&SET_CODE) {
            code = code_of(&message[7..]);
        }
    }
});

fn send(key: &mut Authenticator<brasskey_fuzz::World>, apdu: &[u8]) -> (Vec<u8>, u16) {
    let mut response = [0; MAX_MESSAGE];
    let length = key.oath(CHANNEL, apdu, &mut response);
    let (data, word) = response[..length].split_last_chunk().expect("a status word");
    (data.to_vec(), u16::from_be_bytes(*word))
}

/// The objects of an answer, with nothing behind them.
fn objects(mut data: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut objects = Vec::new();
    while let [tag, length, rest @ ..] = data {
        let (value, rest) = rest.split_at((*length).into());
        objects.push((*tag, value.to_vec()));
        data = rest;
    }
    assert!(data.is_empty());
    objects
}

/// The access code in the data of a SET CODE that was done.
fn code_of(data: &[u8]) -> Option<(HmacHash, HmacKey)> {
    let [0x73, length, rest @ ..] = data else {
        return None;
    };
    let (hash, key) = rest.get(..usize::from(*length))?.split_first()?;
    Some((HmacHash::from_code(hash & 0x0f)?, HmacKey::new(key)?))
}

fn validate(key: &mut Authenticator<brasskey_fuzz::World>, (hash, secret): &(HmacHash, HmacKey)) {
    let (selected, word) = send(key, &[&[0, 0xa4, 4, 0, 7], &AID[..]].concat());
    assert_eq!(word, 0x9000);
    // The code may be gone again.
    let selected = objects(&selected);
    let Some((_, challenge)) = selected.iter().find(|(tag, _)| *tag == 0x74) else {
        return;
    };
    let proof = hash.authenticate(secret, challenge);
    let mut data = vec![0x75, proof.bytes().len() as u8];
    data.extend(proof.bytes());
    data.extend([0x74, 1, 7]);
    let head = [0, 0xa3, 0, 0, data.len() as u8];
    let (data, word) = send(key, &[&head[..], &data].concat());
    // A reset and another code may have come between, in an encoding that this host did not look at.
    if word == 0x9000 {
        assert_eq!(
            objects(&data),
            [(0x75, hash.authenticate(secret, &[7]).bytes().to_vec())]
        );
    }
}
