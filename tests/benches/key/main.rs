//! What the key costs beside the primitives that it must use, in one run and one table: `cargo bench`.
//!
//! All times are CPU time of the whole process, both ends of the wire together: other work on the computer does not
//! count, and an operation's figure is its cheapest sample.

mod meter;
mod wire;

use std::cell::LazyCell;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use brasskey::soft::{Listen, Servers, SoftKey, Touch};
use brasskey_conformance::host::client_pin::{Agreement, Protocol, client_pin, cp, permission};
use brasskey_conformance::host::ctap2::{
    GET_INFO, Request, get_assertion, get_assertion_by, make_credential, make_discoverable,
};
use brasskey_conformance::host::oath::{self, Account};
use brasskey_conformance::host::response::{Made, Response};
use brasskey_conformance::host::u2f::{Registered, authenticate, control, register};
use brasskey_conformance::host::verify::sha256;
use brasskey_conformance::host::{command, packets};
use brasskey_protocol::ccid::{PACKET, Reader};
use brasskey_protocol::crypto::p256;
use brasskey_protocol::iso7816::Card;
use brasskey_protocol::limits::MAX_MESSAGE;
use ciborium::Value;
use criterion::Criterion;

use meter::Meter;
use wire::{Link, Transaction};

const RP_ID: &str = "example.com";
const PIN: &str = "1234";

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .without_plots()
        .configure_from_args();
    let mut meter = Meter::default();
    primitives(&mut criterion, &mut meter);
    let (key, servers) = served();
    let address = servers.addresses().udp.expect("an address");
    operations("in process", &Link::in_process(&key), &mut criterion, &mut meter);
    operations("UDP", &Link::udp(address), &mut criterion, &mut meter);
    codes(&mut criterion, &mut meter);
    carriers(&mut criterion, &mut meter);
    growth(&mut criterion, &mut meter);
    management(&mut criterion, &mut meter);
    criterion.final_summary();
    print!("{}", meter.table());
}

/// A key that everybody reaches and nobody needs to touch.
fn served() -> (SoftKey, Servers) {
    let key = SoftKey::builder().touch(Touch::Auto).build().expect("a soft key");
    let listen = Listen {
        udp: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        ..Listen::default()
    };
    let servers = key.serve(&listen).expect("a server");
    (key, servers)
}

/// Bare P-256 (ECDSA and ECDH): the portable library, and the one that this computer's key uses.
fn primitives(criterion: &mut Criterion, meter: &mut Meter) {
    let scalar = sha256(b"a private key");
    let message: [&[u8]; 2] = [&[1; 200], &[2; 32]];
    meter.measure(criterion, "p256 crate", "public key", || {
        black_box(p256::rustcrypto::public_key(black_box(&scalar)).expect("a key"));
    });
    meter.measure(criterion, "p256 crate", "signature", || {
        black_box(p256::rustcrypto::sign(black_box(&scalar), &message).expect("a signature"));
    });
    meter.measure(criterion, "selected", "public key", || {
        black_box(p256::public_key(black_box(&scalar)).expect("a key"));
    });
    meter.measure(criterion, "selected", "signature", || {
        black_box(p256::sign(black_box(&scalar), &message).expect("a signature"));
    });
    let point = p256::public_key(&sha256(b"another")).expect("a key");
    meter.measure(criterion, "selected", "key agreement", || {
        black_box(p256::diffie_hellman(black_box(&scalar), &point).expect("a secret"));
    });
}

/// Everything that a host asks of a key, over one link.
fn operations(group: &'static str, link: &Link, criterion: &mut Criterion, meter: &mut Meter) {
    let channel = link.allocate();
    let cbor = |request: Vec<u8>| Transaction::new(channel, packets(channel, command::CBOR, &request));
    let msg = |apdu: Vec<u8>| Transaction::new(channel, packets(channel, command::MSG, &apdu));

    let make = cbor(make_credential(RP_ID, b"1").encode());
    let made = Made::of(&Response::decode(&link.run(&make)));
    let application = sha256(RP_ID.as_bytes());
    let u2f_register = msg(register(&application));
    let registered = Registered::of(wire::data(&link.run(&u2f_register)), &application);

    let transactions = [
        (
            "INIT",
            Transaction::new(channel, packets(channel, command::INIT, b"a nonce.")),
        ),
        ("getInfo", cbor(GET_INFO.to_vec())),
        ("CTAP2 register", make),
        (
            "CTAP2 authenticate",
            cbor(get_assertion_by(RP_ID, &[&made.id]).encode()),
        ),
        ("U2F register", u2f_register),
        (
            "U2F authenticate",
            msg(authenticate(control::ENFORCE, &application, &registered.key_handle)),
        ),
    ];
    for (name, transaction) in &transactions {
        meter.measure(criterion, group, name, || {
            black_box(link.run(transaction));
        });
    }
}

/// One-time codes: one of 64 accounts, and all of them.
fn codes(criterion: &mut Criterion, meter: &mut Meter) {
    let prepared = LazyCell::new(|| {
        let key = SoftKey::builder().touch(Touch::Auto).build().expect("a soft key");
        let link = Link::in_process(&key);
        let channel = link.allocate();
        let send = |apdu: Vec<u8>| Transaction::new(channel, packets(channel, command::OATH, &apdu));
        for number in 0..64 {
            let account = Account::new(
                &format!("example.com:account {number}"),
                oath::kind::TOTP | 1,
                &[number; 20],
            );
            let put = oath::apdu(oath::instruction::PUT, 0, 0, &account.encode());
            assert_eq!(link.run(&send(put)), [0x90, 0x00]);
        }
        let challenge = 57_777_777_u64.to_be_bytes();
        let one = oath::calculate("example.com:account 7", &challenge);
        let all = oath::object(oath::tag::CHALLENGE, &challenge);
        let one = send(oath::apdu(oath::instruction::CALCULATE, 0, 1, &one));
        let all = send(oath::apdu(oath::instruction::CALCULATE_ALL, 0, 1, &all));
        // Both are done, and in one message.
        let _ = (wire::data(&link.run(&one)), wire::data(&link.run(&all)));
        (link, one, all)
    });
    meter.measure(criterion, "codes", "TOTP code", || {
        let (link, one, _) = &*prepared;
        black_box(link.run(one));
    });
    meter.measure(criterion, "codes", "CALCULATE ALL of 64", || {
        let (link, _, all) = &*prepared;
        black_box(link.run(all));
    });
}

/// What an APDU costs that asks nothing of the key: NFCCTAP_MSG in, and an answer as long as getInfo's out. By the card
/// alone, and by the packets of its reader.
fn carriers(criterion: &mut Criterion, meter: &mut Meter) {
    const SELECT: [u8; 13] = [0x00, 0xA4, 0x04, 0x00, 8, 0xA0, 0, 0, 0x06, 0x47, 0x2F, 0, 0x01];
    const GET_INFO: [u8; 6] = [0x80, 0x10, 0x00, 0x00, 1, 0x04];
    let answer = [0; 240];
    let mut message = Box::new([0; MAX_MESSAGE]);

    let mut card = Box::new(Card::new());
    card.power_on();
    let _ = card.receive(&SELECT, 0);
    meter.measure(criterion, "card", "APDU", || {
        let _ = card.receive(black_box(&GET_INFO), 0);
        card.take_request(&mut message, 0).expect("a request");
        card.respond(&answer, 0);
        black_box(card.response().expect("a response"));
    });

    let block = |message_type: u8, data: &[u8]| {
        let length = u8::try_from(data.len()).expect("a short APDU");
        [&[message_type, length, 0, 0, 0, 0, 0, 0, 0, 0], data].concat()
    };
    let mut reader = Box::new(Reader::new());
    let mut packet = [0; PACKET];
    for command in [block(0x62, &[]), block(0x6F, &SELECT)] {
        let _ = reader.receive(&command, 0);
        while reader.transmit(&mut packet).is_some() {}
    }
    let command = block(0x6F, &GET_INFO);
    meter.measure(criterion, "reader", "APDU", || {
        let _ = reader.receive(black_box(&command), 0);
        reader.take_request(&mut message, 0).expect("a request");
        reader.respond(&answer, 0);
        while let Some(length) = reader.transmit(&mut packet) {
            black_box(&packet[..length]);
        }
    });
}

/// An assertion of one of a relying party's ten accounts, on a key with nothing else and on a full one.
fn growth(criterion: &mut Criterion, meter: &mut Meter) {
    for (name, relying_parties) in [("10 credentials", 1), ("10,000 credentials", 1000)] {
        let prepared = LazyCell::new(|| {
            let key = SoftKey::builder().touch(Touch::Auto).build().expect("a soft key");
            let link = Link::in_process(&key);
            let channel = link.allocate();
            let cbor = |request: Vec<u8>| Transaction::new(channel, packets(channel, command::CBOR, &request));
            for party in 0..relying_parties {
                for user in 0..10 {
                    let request = make_discoverable(&format!("{party}.example.com"), &[user]);
                    assert_eq!(link.run(&cbor(request.encode()))[0], 0x00);
                }
            }
            (link, cbor(get_assertion("0.example.com").encode()))
        });
        meter.measure(criterion, "growth", name, || {
            let (link, transaction) = &*prepared;
            black_box(link.run(transaction));
        });
    }
}

/// A PIN that is tried, and the credentials of a relying party listed from the first to the last.
fn management(criterion: &mut Criterion, meter: &mut Meter) {
    let few = LazyCell::new(|| Managed::new(100));
    let many = LazyCell::new(|| Managed::new(1000));
    meter.measure(criterion, "in process", "PIN verification", || {
        black_box(few.link.run(&few.attempt));
    });
    meter.measure(criterion, "management", "list 100 credentials", || few.list());
    meter.measure(criterion, "management", "list 1,000 credentials", || many.list());
}

/// A key with a PIN and some credentials of one relying party.
struct Managed {
    link: Link,
    credentials: u16,
    /// Tries the right PIN.
    attempt: Transaction,
    begin: Transaction,
    next: Transaction,
}

impl Managed {
    fn new(credentials: u16) -> Self {
        let key = SoftKey::builder().touch(Touch::Auto).build().expect("a soft key");
        let link = Link::in_process(&key);
        let channel = link.allocate();
        let cbor = |request: Request| Transaction::new(channel, packets(channel, command::CBOR, &request.encode()));
        let send = |request: Request| Response::decode(&link.run(&cbor(request)));
        for user in 0..credentials {
            assert_eq!(send(make_discoverable(RP_ID, &user.to_be_bytes())).status, 0x00);
        }
        let two = Protocol::Two;
        let key_agreement = send(client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, two as u8));
        let agreement = Agreement::new(two, &key_agreement.ok()[&1]);
        assert_eq!(send(agreement.set_pin(PIN)).status, 0x00);
        // The persistent token: trying the PIN again does not end it.
        let token = agreement.token(&send(agreement.get_token(PIN, permission::PCMR, None)));
        let rp_id_hash = Value::Map(vec![(1.into(), sha256(RP_ID.as_bytes()).to_vec().into())]);
        Self {
            credentials,
            attempt: cbor(agreement.get_token(PIN, permission::CM, None)),
            begin: cbor(token.manage(0x04, Some(rp_id_hash))),
            next: cbor(Request::new(0x0A).with(0x01, 0x05)),
            link,
        }
    }

    fn list(&self) {
        black_box(self.link.run(&self.begin));
        for _ in 1..self.credentials {
            black_box(self.link.run(&self.next));
        }
    }
}
