//! Faults: where a key's answers depart from the standard without being unusable.
//!
//! The client reads leniently, as browsers do, and records what it forgave. [`Key::faults`](super::Key::faults) has all
//! faults since the key was opened, those of CTAPHID_INIT and authenticatorGetInfo first.
//! [`Key::recording`](super::Key::recording) has the faults of one piece of work, also those that were seen before. The
//! answers of [`create`](super::ceremony::create) and [`get`](super::ceremony::get) take theirs to the relying party,
//! whose checks `encoding` and `contents` judge them.

use brasskey_protocol::ctaphid::{InitResponse, PROTOCOL_VERSION, capability};

use super::oddity::Oddity;
use crate::webauthn::Fault;

/// How many faults of one key are kept. That is enough to know the key, and no key can fill the memory.
const MAX_FAULTS: usize = 64;
/// A capability bit of old U2F headers, which keys still set: the key supports CTAPHID_LOCK.
pub const CAPABILITY_LOCK: u8 = 0x02;

impl Fault {
    /// `oddity` in the answer to a command that `section` of the standard describes.
    pub(super) fn new(command: &'static str, section: &'static str, oddity: &Oddity) -> Self {
        Self {
            command,
            kind: oddity.kind(),
            level: oddity.level(),
            section: oddity.section().unwrap_or(section),
            what: oddity.to_string(),
        }
    }
}

/// The faults of one key, each once.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn note(&mut self, fault: Fault) {
        if self.0.len() < MAX_FAULTS && !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    pub(super) fn all(&self) -> &[Fault] {
        &self.0
    }

    /// Starts again without any, and returns those there were.
    pub(super) fn begin(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Puts `earlier` before the present ones, and returns the present ones.
    pub(super) fn end(&mut self, earlier: Self) -> Vec<Fault> {
        let found = std::mem::replace(self, earlier).0;
        found.iter().cloned().for_each(|fault| self.note(fault));
        found
    }
}

/// What is wrong with the answer to CTAPHID_INIT (CTAP 2.3 §11.2.9.1.3).
pub(super) fn of_init(init: &InitResponse) -> Vec<Oddity> {
    const SECTION: &str = "CTAP 2.3 §11.2.9.1.3";
    let mut found = Vec::new();
    if init.protocol_version != PROTOCOL_VERSION {
        found.push(Oddity::must(
            SECTION,
            format!(
                "the protocol version is {PROTOCOL_VERSION}, and this key says {}",
                init.protocol_version
            ),
        ));
    }
    let unknown = init.capabilities & !(capability::WINK | CAPABILITY_LOCK | capability::CBOR | capability::NMSG);
    if unknown != 0 {
        found.push(Oddity::should(
            SECTION,
            format!("it sets capability bits that have no meaning: 0x{unknown:02x}"),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webauthn::{FaultKind, Level};

    fn fault(member: &'static str) -> Fault {
        Fault::new("authenticatorX", "CTAP 2.3 §6", &Oddity::Missing(member))
    }

    #[test]
    fn each_fault_is_kept_once_and_not_without_end() {
        let mut faults = Faults::default();
        (0..3).for_each(|_| faults.note(fault("member")));
        assert_eq!(faults.all(), [fault("member")]);
        for number in 0..1000 {
            faults.note(Fault::new(
                "authenticatorX",
                "CTAP 2.3 §6",
                &Oddity::UnknownMember(number),
            ));
        }
        assert_eq!(faults.all().len(), MAX_FAULTS);
    }

    #[test]
    fn what_was_seen_before_is_recorded_again() {
        let mut faults = Faults::default();
        faults.note(fault("old"));
        let earlier = faults.begin();
        faults.note(fault("old"));
        faults.note(fault("new"));
        assert_eq!(faults.end(earlier), [fault("old"), fault("new")]);
        assert_eq!(faults.all(), [fault("old"), fault("new")]);
    }

    #[test]
    fn a_fault_names_command_and_section() {
        assert_eq!(fault("fmt").to_string(), "authenticatorX: fmt is missing (CTAP 2.3 §6)");
        let canonical = Fault::new("authenticatorX", "CTAP 2.3 §6", &Oddity::TrailingBytes(1));
        assert_eq!(
            (canonical.kind, canonical.level, canonical.section),
            (FaultKind::Encoding, Level::Must, "CTAP 2.3 §8")
        );
    }

    #[test]
    fn an_odd_answer_to_init_is_told() {
        let init = |protocol_version, capabilities| InitResponse {
            nonce: [0; 8],
            channel: 1,
            protocol_version,
            version: [1, 0, 0],
            capabilities,
        };
        assert_eq!(of_init(&init(2, 0x0F)), []);
        let found = of_init(&init(3, 0x95));
        let words: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            [
                "the protocol version is 2, and this key says 3",
                "it sets capability bits that have no meaning: 0x90"
            ]
        );
    }
}
