//! Defects of CTAPHID (CTAP 2.3 §11.2): most are of single reports.

use brasskey_conformance::host::{BROADCAST, command, error as code, packets};
use brasskey_conformance::key::Report;

use crate::broken::defect::{Act, Defect, hid, reports};
use crate::broken::ear::{Ear, channel_of};

/// A defect of what it hears.
const fn hears(words: &'static str, change: fn(&Report, &mut Ear) -> Vec<Report>) -> Defect {
    reports(Act::Hears(words, change))
}

/// A defect of what it says.
const fn says(words: &'static str, change: fn(&Report, &mut Ear) -> Vec<Report>) -> Defect {
    reports(Act::Says(words, change))
}

pub(super) const TABLE: &[Defect] = &[
    hid(command::CBOR).does(Act::Murmurs),
    hears("answers a continuation of nothing with an error", |report, ear| {
        if report[4] < 0x80 && ear.open.is_none() {
            ear.say(channel_of(report), command::ERROR, &[code::INVALID_SEQ]);
        }
        vec![*report]
    }),
    hears("takes the packets of a message in any order", |report, ear| {
        let mut report = *report;
        let open = ear.open.filter(|open| open.channel == channel_of(&report));
        if let Some(open) = open.filter(|_| report[4] < 0x80) {
            report[4] = open.next;
        }
        vec![report]
    }),
    hid(command::INIT).does(Act::Writes("does not say that it has CTAP2", |_, answer| {
        answer[16] &= !0x04;
    })),
    hid(command::INIT).does(Act::Writes("answers a nonce that counts up backwards", |_, answer| {
        if answer[..8].is_sorted() {
            answer[..8].reverse();
        }
    })),
    says("gives the channels of the first hosts again", |report, ear| {
        let mut report = *report;
        if report[4] == command::INIT && channel_of(&report) == BROADCAST {
            ear.count += 1;
            report[18] = if ear.count > 64 { 1 } else { report[18] };
        }
        vec![report]
    }),
    says("gives a new channel to who asks on a channel", |report, _| {
        let mut report = *report;
        if report[4] == command::INIT && channel_of(&report) != BROADCAST {
            report[18] ^= 0x80;
        }
        vec![report]
    }),
    hears("takes an INIT of any length", |report, _| {
        let mut report = *report;
        if report[4] == command::INIT {
            report[6] = 8;
        }
        vec![report]
    }),
    hid(command::PING).does(Act::Writes("loses a byte where packets are full", |asked, answer| {
        if asked.len() == 57 + 59 {
            answer.pop();
        }
    })),
    hid(command::PING).does(Act::Writes("cuts what is longer than 4096 bytes", |_, answer| {
        answer.truncate(4096);
    })),
    hid(command::PING).does(Act::Writes("leaves leading zeros out", |_, answer| {
        let zeros = answer.iter().take_while(|byte| **byte == 0).count();
        answer.drain(..zeros);
    })),
    hears("does not refuse a message that is too long", |report, _| {
        let is_long = report[4] >= 0x80 && u16::from_be_bytes([report[5], report[6]]) > 7609;
        if is_long { vec![] } else { vec![*report] }
    }),
    hears("answers an empty CTAP2 message with a status", |report, ear| {
        if report[4..7] == [command::CBOR, 0, 0] {
            ear.say(channel_of(report), command::CBOR, &[0x12]);
            return vec![];
        }
        vec![*report]
    }),
    hears(
        "answers an INIT on a channel, and goes on with what it did",
        |report, ear| {
            let channel = channel_of(report);
            if report[4] == command::INIT && channel != BROADCAST && channel != 0 && report[6] == 8 {
                let answer = [&report[7..15], &report[..4], &[2, 0, 0, 0, 5]].concat();
                ear.say(channel, command::INIT, &answer);
                return vec![];
            }
            vec![*report]
        },
    ),
    hears(
        "forgets a message for an INIT on the broadcast channel",
        |report, ear| {
            if report[4] == command::INIT && channel_of(report) == BROADCAST && ear.open.is_some() {
                ear.count = 1;
            }
            let is_lost = report[4] < 0x80 && ear.count == 1;
            if is_lost { vec![] } else { vec![*report] }
        },
    ),
    hears(
        "takes a continuation of any channel for the one it waits for",
        |report, ear| {
            let mut report = *report;
            if let Some(open) = ear.open.filter(|_| report[4] < 0x80) {
                report[..4].copy_from_slice(&open.channel.to_be_bytes());
            }
            vec![report]
        },
    ),
    says("says OTHER where a message timed out", |report, _| {
        let mut report = *report;
        if report[4] == command::ERROR && report[7] == code::MSG_TIMEOUT {
            report[7] = 0x7F;
        }
        vec![report]
    }),
    says("says INVALID_CMD to a channel that it did not give", |report, _| {
        let mut report = *report;
        let is_refused = report[4] == command::ERROR && report[7] == code::INVALID_CHANNEL;
        if is_refused && channel_of(&report) != BROADCAST {
            report[7] = code::INVALID_CMD;
        }
        vec![report]
    }),
    says("says INVALID_CMD on the broadcast channel", |report, _| {
        let mut report = *report;
        let is_refused = report[4] == command::ERROR && report[7] == code::INVALID_CHANNEL;
        if is_refused && channel_of(&report) == BROADCAST {
            report[7] = code::INVALID_CMD;
        }
        vec![report]
    }),
    says("says INVALID_PAR to a command that it does not know", |report, _| {
        let mut report = *report;
        if report[4] == command::ERROR && report[7] == code::INVALID_CMD {
            report[7] = code::INVALID_PAR;
        }
        vec![report]
    }),
    hid(command::WINK).does(Act::IsSilent),
    hears("takes a WINK of any length", |report, _| {
        let mut report = *report;
        if report[4] == command::WINK {
            report[6] = 0;
        }
        vec![report]
    }),
    hears("answers LOCK, and does not lock", |report, ear| {
        if report[4] == command::LOCK && report[5..7] == [0, 1] && report[7] <= 10 {
            ear.say(channel_of(report), command::LOCK, &[]);
            return vec![];
        }
        vec![*report]
    }),
    hid(command::LOCK).does(Act::Stands),
    says("says once only that it waits", |report, ear| {
        if report[4] == command::KEEPALIVE {
            ear.count += 1;
            return if ear.count == 1 { vec![*report] } else { vec![] };
        }
        ear.count = 0;
        vec![*report]
    }),
    hears("answers every CANCEL but the first", |report, ear| {
        if report[4] == command::CANCEL {
            ear.count += 1;
            if ear.count > 1 {
                ear.say(channel_of(report), command::CBOR, &[0x2D]);
            }
        }
        vec![*report]
    }),
    hears("answers a CANCEL where nothing runs", |report, ear| {
        if report[4] == command::CANCEL && ear.asked.is_none() {
            ear.say(channel_of(report), command::CBOR, &[0x2D]);
        }
        vec![*report]
    }),
    hears("takes a CANCEL from any channel", |report, ear| {
        let mut report = *report;
        if let Some(channel) = ear.asked.filter(|_| report[4] == command::CANCEL) {
            report[..4].copy_from_slice(&channel.to_be_bytes());
        }
        vec![report]
    }),
    hears("forgets a channel after 32 others", |report, ear| {
        if report[4] == command::INIT && channel_of(report) == BROADCAST {
            ear.count += 1;
        }
        if report[4] == command::PING && ear.count > 32 {
            ear.say(channel_of(report), command::ERROR, &[code::INVALID_CHANNEL]);
            return vec![];
        }
        vec![*report]
    }),
    says("gives no channel while it waits for its user", |report, ear| {
        match report[4] {
            command::KEEPALIVE => ear.count = 1,
            command::CBOR => ear.count = 0,
            command::INIT if ear.count == 1 && channel_of(report) == BROADCAST => {
                return packets(BROADCAST, command::ERROR, &[code::CHANNEL_BUSY]);
            }
            _ => {}
        }
        vec![*report]
    }),
];
