//! What innocent keys do that takes a sentence to say.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use brasskey_conformance::host::cbor::encode;
use brasskey_conformance::host::{command, error};
use ciborium::Value;

use crate::broken::defect::{Act, Defect, ctap2, hid, reports, sub};
use crate::broken::ear::channel_of;
use crate::broken::path::Path;
use crate::broken::table::by_hand::{change, member};

/// Numbers of more than 32 bits are no CBOR to it, whatever they are for.
pub(super) const SHORT_NUMBERS: Defect =
    hid(command::CBOR).does(Act::Writes("reads numbers of 32 bits", |asked, answer| {
        let body: Option<Value> = asked.get(1..).and_then(|body| ciborium::from_reader(body).ok());
        let is_long = |value: &Value| {
            value
                .as_integer()
                .is_some_and(|number| i128::from(number) > u32::MAX.into())
        };
        if body.is_some_and(|body| {
            body.as_map()
                .is_some_and(|members| members.iter().any(|(_, value)| is_long(value)))
        }) {
            *answer = vec![0x12];
        }
    }));

pub(super) const OPTIONS_BACKWARDS: Defect =
    ctap2(0x04).does(Act::Writes("lists its options backwards", |_, answer| {
        backwards(answer, 0x04);
    }));

pub(super) const AN_UNDEFINED_MEMBER: Defect =
    ctap2(0x04).does(Act::Writes("answers a member that is undefined", |_, answer| {
        // The map has one member more; `ciborium` writes no `undefined`.
        if let Some(count @ 0xA0..0xB7) = answer.get_mut(1) {
            *count += 1;
            answer.extend([0x18, 0x2A, 0xF7]);
        } else if let Some([0xB8, count]) = answer.get_mut(1..3) {
            *count += 1;
            answer.extend([0x18, 0x2A, 0xF7]);
        }
    }));

/// FIDO_2_0 alone, and no credential in the answer to a list of one.
pub(super) const OF_CTAP_2_0: Defect = hid(command::CBOR).does(Act::Writes("knows CTAP 2.0 only", |asked, answer| {
    match asked.first() {
        Some(0x04) => change(answer, |body| Path("1").put(body, b"\x81\x68FIDO_2_0")),
        Some(0x02) if member(asked, "3/#0").is_some() && member(asked, "3/#1").is_none() => {
            change(answer, |body| Path("1").take(body));
        }
        _ => {}
    }
}));

pub(super) const GET_INFO_ENDS_A_WALK: Defect =
    hid(command::CBOR).does(Act::Writes("ends a walk at getInfo", |asked, answer| {
        static IS_ENDED: AtomicBool = AtomicBool::new(false);
        match asked.first() {
            Some(0x04) => IS_ENDED.store(true, Ordering::Relaxed),
            Some(0x08) if IS_ENDED.load(Ordering::Relaxed) => *answer = vec![0x30],
            Some(0x02) => IS_ENDED.store(false, Ordering::Relaxed),
            _ => {}
        }
    }));

/// From the second time on, as if guesses had cost something.
pub(super) const FEWER_RETRIES: Defect = sub(0x06, 1).does(Act::Writes("counts guesses without a PIN", |_, answer| {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if COUNT.fetch_add(1, Ordering::Relaxed) > 0 {
        change(answer, |body| Path("3").put(body, b"\x05"));
    }
}));

pub(super) const ONE_KEY_FOR_BOTH: Defect =
    sub(0x06, 2).does(Act::Writes("has one key for both protocols", |asked, answer| {
        static OF_ONE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
        let mut of_one = OF_ONE.lock().expect("nobody panics here");
        match member(asked, "1") == Some(1.into()) {
            true => of_one.clone_from(answer),
            false => answer.clone_from(&of_one),
        }
    }));

pub(super) const RENEWS_BOTH_KEYS: Defect = hid(command::CBOR).does(Act::Writes(
    "has other keys for both protocols after a wrong PIN",
    |asked, answer| {
        static IS_WRONG: AtomicBool = AtomicBool::new(false);
        if asked.first() == Some(&0x06) && answer[..] == [0x31] {
            IS_WRONG.store(true, Ordering::Relaxed);
        }
        let is_of_one = [member(asked, "1"), member(asked, "2")] == [Some(1.into()), Some(2.into())];
        if asked.first() == Some(&0x06) && is_of_one && IS_WRONG.load(Ordering::Relaxed) {
            change(answer, |body| Path("1/-3").alter(body));
        }
    },
));

pub(super) const WITHOUT_PREVIEW: Defect = hid(command::CBOR).does(Act::Writes(
    "knows no preview of credential management",
    |asked, answer| match asked.first() {
        Some(0x04) => change(answer, |body| Path("4/credentialMgmtPreview").take(body)),
        Some(0x41) => *answer = vec![0x01],
        _ => {}
    },
));

/// What remains never grows again.
pub(super) const KEEPS_ROOM: Defect = ctap2(0x04).does(Act::Writes("makes no room at once", |_, answer| {
    static LEAST: AtomicU64 = AtomicU64::new(u64::MAX);
    tell_room(answer, |room| room.min(LEAST.fetch_min(room, Ordering::Relaxed)));
}));

pub(super) const LESS_ROOM_EACH_TIME: Defect =
    ctap2(0x04).does(Act::Writes("has less room after a reset", |_, answer| {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        tell_room(answer, |room| {
            room.saturating_sub(COUNT.fetch_add(1, Ordering::Relaxed))
        });
    }));

pub(super) const WITHOUT_LONG_TOUCH: Defect =
    hid(command::CBOR).does(Act::Writes("has no subcommand 04", |asked, answer| {
        match asked.first() {
            Some(0x04) => change(answer, |body| Path("31").put(body, b"\x82\x02\x03")),
            Some(0x0D) if member(asked, "1") == Some(4.into()) => *answer = vec![0x3E],
            _ => {}
        }
    }));

pub(super) const BUSY_EACH_TIME: Defect = reports(Act::Hears("tells of each packet that it is busy", |report, ear| {
    let channel = channel_of(report);
    if report[4] < 0x80 && ear.open.is_some_and(|open| open.channel != channel) {
        ear.say(channel, command::ERROR, &[error::CHANNEL_BUSY]);
    }
    vec![*report]
}));

/// Changes remainingDiscoverableCredentials.
fn tell_room(answer: &mut Vec<u8>, other: impl Fn(u64) -> u64) {
    let room = member(answer, "20").and_then(|room| u64::try_from(room.as_integer()?).ok());
    if let Some(room) = room {
        change(answer, |body| Path("20").put(body, &encode(&other(room).into())));
    }
}

/// Brings the members of a map in an answer in the other order.
pub(in crate::broken) fn backwards(answer: &mut Vec<u8>, at: i64) {
    let body: Option<Value> = answer.get(1..).and_then(|body| ciborium::from_reader(body).ok());
    let Some(Value::Map(mut members)) = body else { return };
    for (key, member) in &mut members {
        if let (true, Value::Map(inner)) = (*key == at.into(), member) {
            inner.reverse();
        }
    }
    answer.truncate(1);
    answer.extend(encode(&Value::Map(members)));
}

/// Takes a zero from the end of a descriptor's ID, where one is too many: the key's IDs have 43 or 59 bytes.
pub(super) fn shorten(descriptor: &mut Value) {
    for (_, member) in descriptor.as_map_mut().into_iter().flatten() {
        if let Value::Bytes(id) = member
            && id.last() == Some(&0)
            && matches!(id.len(), 44 | 60)
        {
            id.pop();
        }
    }
}
