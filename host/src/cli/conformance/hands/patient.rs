//! A host that waits for the touch of a person, or of a command.
//!
//! A key waits for its user over CTAP2. Over U2F it does not: it says that it wants a touch, and hosts ask again until
//! there was one (FIDO U2F Raw Message Formats v1.2 §3.3). The checks touch a key and ask once more, so this asks again
//! for them: the same request, as long as a key would wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use brasskey_conformance::host::command;
use brasskey_conformance::key::{Link, Report};

use super::awaiting::{Question, Toucher};

/// How long until a key of U2F is asked again: some hosts take longer, and none is much faster.
const PAUSE: Duration = Duration::from_millis(200);
/// SW_CONDITIONS_NOT_SATISFIED as the whole of an answer: its length, and the status word.
const WANTS_TOUCH: [u8; 4] = [0x00, 0x02, 0x69, 0x85];

pub(super) struct Patient {
    link: Box<dyn Link>,
    toucher: Arc<dyn Toucher>,
    /// The U2F request that was sent last.
    asked: Question,
    /// How many bytes its packets have still to bring.
    missing: usize,
    /// When it is sent again.
    again: Option<Instant>,
}

impl Patient {
    pub(super) fn new(link: Box<dyn Link>, toucher: impl Toucher + 'static) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Self {
            link,
            toucher: Arc::new(toucher),
            asked: (NUMBER.fetch_add(1, Ordering::Relaxed), Vec::new()),
            missing: 0,
            again: None,
        }
    }

    /// Whether the host is to hear of this report.
    fn hears(&mut self, report: &Report) -> bool {
        let wants_touch = report[5..9] == WANTS_TOUCH;
        match report[4] {
            command::KEEPALIVE => self.toucher.awaiting().waits_by_itself(),
            command::MSG if wants_touch && self.toucher.awaiting().is_for(&self.asked) => {
                self.toucher.is_wanted_still();
                self.again = Some(Instant::now() + PAUSE);
                return false;
            }
            command::MSG if wants_touch => {}
            command::MSG => self.answered(true),
            command::CBOR | command::OATH => self.answered(false),
            _ => {}
        }
        true
    }

    fn answered(&self, is_u2f: bool) {
        if self.toucher.awaiting().answered(is_u2f.then_some(&self.asked)) {
            self.toucher.is_done();
        }
    }

    /// Whether this packet begins a request that must not meet the touch for the one before.
    fn is_another(&self, report: &Report) -> bool {
        match report[4] {
            command::MSG => !is_check_only(report) && !self.toucher.awaiting().begins_with(self.asked.0, report),
            command::CBOR | command::OATH => true,
            _ => false,
        }
    }
}

/// U2F_AUTHENTICATE that only asks whether the key has the handle, and neither wants a touch nor uses one (FIDO U2F Raw
/// Message Formats v1.2 §5.1).
fn is_check_only(report: &Report) -> bool {
    report[7..10] == [0x00, 0x02, 0x07]
}

impl Link for Patient {
    fn send(&mut self, report: &Report) {
        if self.is_another(report) {
            self.toucher.settle();
        }
        let (_, packets) = &mut self.asked;
        if report[4] == command::MSG {
            let length = usize::from(u16::from_be_bytes([report[5], report[6]]));
            self.missing = length.saturating_sub(report.len() - 7);
            *packets = vec![*report];
        } else if report[4] < 0x80 && self.missing > 0 {
            self.missing = self.missing.saturating_sub(report.len() - 5);
            packets.push(*report);
        }
        self.link.send(report);
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        let deadline = Instant::now() + timeout;
        loop {
            self.toucher.glance();
            let now = Instant::now();
            if self.again.is_some_and(|again| again <= now) {
                self.again = None;
                for packet in &self.asked.1 {
                    self.link.send(packet);
                }
            }
            let until = self.again.map_or(deadline, |again| again.min(deadline));
            match self.link.receive(until.saturating_duration_since(now)) {
                Some(report) if self.hears(&report) => return Some(report),
                None if Instant::now() >= deadline => return None,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use brasskey_conformance::host::packets;

    use super::super::person::Guide;
    use super::*;

    const REGISTER: [u8; 80] = [1; 80];
    const OTHER: [u8; 80] = [2; 80];

    /// A key of U2F that is touched before the fifth question.
    #[derive(Clone, Default)]
    struct Fake(Arc<Mutex<(Vec<Report>, usize)>>);

    impl Link for Fake {
        fn send(&mut self, report: &Report) {
            self.0.lock().unwrap().0.push(*report);
        }

        fn receive(&mut self, _: Duration) -> Option<Report> {
            let (said, questions) = &mut *self.0.lock().unwrap();
            if said.len() < 2 {
                return None;
            }
            let is_other = said[0][7] == 2;
            said.clear();
            *questions += 1;
            let answer: &[u8] = match *questions >= 5 && !is_other {
                true => &[0x90, 0x00],
                false => &[0x69, 0x85],
            };
            packets(1, command::MSG, answer).pop()
        }
    }

    fn exchange(patient: &mut Patient, payload: &[u8]) -> [u8; 2] {
        let report = packets(1, command::MSG, payload);
        report.iter().for_each(|report| patient.send(report));
        let answer = patient.receive(Duration::from_secs(5)).unwrap();
        [answer[7], answer[8]]
    }

    #[test]
    fn the_same_request_is_repeated_until_the_touch_and_no_other() {
        let (fake, guide) = (Fake::default(), Guide::default());
        let mut patient = Patient::new(Box::new(fake.clone()), guide.clone());
        assert_eq!(exchange(&mut patient, &REGISTER), [0x69, 0x85], "nobody was asked yet");
        guide.touch();
        assert_eq!(
            exchange(&mut patient, &OTHER),
            [0x69, 0x85],
            "a touch for something else"
        );
        let mut other = Patient::new(Box::new(fake.clone()), guide);
        assert_eq!(exchange(&mut other, &REGISTER), [0x69, 0x85], "another host");
        assert_eq!(exchange(&mut patient, &REGISTER), [0x90, 0x00]);
        assert_eq!(fake.0.lock().unwrap().1, 5);
    }
}
