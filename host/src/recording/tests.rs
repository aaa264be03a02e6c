use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use brasskey_protocol::ctaphid::{command, fragment};
use proptest::prelude::*;

use super::*;
use crate::client::ceremony::{Protocol, create};
use crate::client::{Channel, Key, Pin, Unwatched};
use crate::soft::{SoftKey, Touch};
use crate::transport::{Transport, TransportError};
use crate::webauthn::{CreationOptions, Origin, RelyingPartyEntity, UserEntity};

/// What several threads write to.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// A transport that a tap listens to.
struct Tapped<T>(T, Tap<Shared>);

impl<T: Transport> Transport for Tapped<T> {
    fn send(&mut self, report: &brasskey_protocol::ctaphid::Report) -> Result<(), TransportError> {
        self.1.receive(Side::Host, report).unwrap();
        self.0.send(report)
    }

    fn receive(&mut self, timeout: Duration) -> Result<Option<brasskey_protocol::ctaphid::Report>, TransportError> {
        let report = self.0.receive(timeout)?;
        if let Some(report) = &report {
            self.1.receive(Side::Key, report).unwrap();
        }
        Ok(report)
    }
}

fn options(rp_id: &str) -> CreationOptions {
    CreationOptions::new(RelyingPartyEntity::new(rp_id), UserEntity::new(*b"id", "alice")).unwrap()
}

fn origin(rp_id: &str) -> Origin {
    Origin::parse(&format!("https://{rp_id}")).unwrap()
}

/// A registration with a PIN that is set first, as it is recorded.
fn recorded(with_secrets: bool) -> String {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let written = Shared::default();
    let tap = Tap::new(written.clone(), "a test", with_secrets).unwrap();
    let mut key = Key::open(Box::new(Tapped(soft.connect(), tap))).unwrap();
    key.set_pin(&Pin::new("1234").unwrap(), &mut Unwatched).unwrap();
    create(
        &mut key,
        &options("example.com"),
        &origin("example.com"),
        Protocol::Ctap2,
        &mut Unwatched,
    )
    .unwrap();
    written.text()
}

#[test]
fn a_recording_reads_back_as_it_was_written() {
    let text = recorded(false);
    let recording: Recording = text.parse().unwrap();
    assert!(recording.entries.len() > 8, "{text}");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
    let again: Vec<_> = recording.entries.iter().map(ToString::to_string).collect();
    assert_eq!(again, lines);
}

#[test]
fn secrets_stay_out_unless_they_are_asked_for() {
    let hidden = |text: &str| -> usize {
        let recording: Recording = text.parse().unwrap();
        recording
            .entries
            .iter()
            .map(|entry| entry.hidden.iter().filter(|hidden| **hidden).count())
            .sum()
    };
    // newPinEnc (16 + 64 bytes) and pinUvAuthParam (32) of protocol 2 at least.
    assert!(hidden(&recorded(false)) >= 112);
    assert_eq!(hidden(&recorded(true)), 0);
}

#[test]
fn what_cannot_be_read_is_left_out_whole() {
    let written = Shared::default();
    let mut tap = Tap::new(written.clone(), "a test", false).unwrap();
    let mut say = |side, command, payload: &[u8]| {
        for report in fragment(1, command, payload).unwrap() {
            tap.receive(side, &report).unwrap();
        }
    };
    say(Side::Host, command::CBOR, b"\x06\xA2\x01\x02\x06\x50secret");
    say(Side::Key, command::CBOR, b"\x12");
    say(Side::Host, command::CBOR, b"\x02\xA1\x18\x63\x46secret");
    say(Side::Host, 0x70, b"\x00\x01\x00\x00\x06secret");
    say(Side::Key, 0x70, b"secret\x90\x00");
    let text = written.text();
    assert!(!text.contains("736563726574"), "{text}");
    assert!(
        text.contains("CBOR 06**") && text.contains("0x70 ************9000"),
        "{text}"
    );
}

/// The key of a recording, and a registration at it.
fn replay(text: &str, rp_id: &str) -> (bool, Vec<String>, (usize, usize)) {
    let player = Arc::new(Mutex::new(Player::new(text.parse().unwrap())));
    struct Theirs(Arc<Mutex<Player>>);
    impl Transport for Theirs {
        fn send(&mut self, report: &brasskey_protocol::ctaphid::Report) -> Result<(), TransportError> {
            self.0.lock().unwrap().send(report)
        }

        fn receive(&mut self, timeout: Duration) -> Result<Option<brasskey_protocol::ctaphid::Report>, TransportError> {
            self.0.lock().unwrap().receive(timeout)
        }
    }
    let mut key = Key::open(Box::new(Theirs(Arc::clone(&player)))).unwrap();
    assert_eq!(key.init().capabilities & 0x04, 0x04);
    let set = key.set_pin(&Pin::new("9876").unwrap(), &mut Unwatched);
    assert!(set.is_ok(), "{set:?}");
    let created = create(
        &mut key,
        &options(rp_id),
        &origin(rp_id),
        Protocol::Ctap2,
        &mut Unwatched,
    );
    let player = player.lock().unwrap();
    let complaints = player.complaints().iter().map(ToString::to_string).collect();
    (created.is_ok(), complaints, player.progress())
}

#[test]
fn a_player_answers_as_the_key_did_and_complains_of_another_request() {
    for with_secrets in [false, true] {
        let text = recorded(with_secrets);
        let (created, complaints, (_, left)) = replay(&text, "example.com");
        assert!(created && complaints.is_empty() && left == 0, "{complaints:?} {left}");
        let (created, complaints, _) = replay(&text, "example.org");
        assert!(!created);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        let said = &complaints[0];
        assert!(said.contains("authenticatorMakeCredential: "), "{said}");
        assert!(
            said.contains("is \"example.org\", and \"example.com\" was recorded"),
            "{said}"
        );
    }
}

fn is_carried(mut relay: Relay) {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let address = relay.address().clone();
    let written = Shared::default();
    let mut tap = Tap::new(written.clone(), "a test", false).unwrap();
    let end = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (mut key, ended) = (soft.connect(), &end);
        scope.spawn(move || serve(&mut relay, &mut key, Some(&mut tap), ended).unwrap());
        // The second host, too, when the first is gone.
        for _ in 0..2 {
            let mut channel = Channel::open(address.open().unwrap()).unwrap();
            let answer = channel.cbor(&[0x04], &mut Unwatched).unwrap();
            assert_eq!(answer.first(), Some(&0));
        }
        end.store(true, std::sync::atomic::Ordering::Release);
    });
    assert_eq!(written.text().matches(" CBOR 04\n").count(), 2, "{}", written.text());
}

#[test]
fn a_relay_carries_reports_and_the_tap_hears_them() {
    is_carried(Relay::udp(([127, 0, 0, 1], 0).into()).unwrap());
    assert!(Relay::udp(([192, 0, 2, 1], 0).into()).is_err());
}

#[test]
#[cfg(all(unix, feature = "servers"))]
fn a_relay_at_a_socket_is_for_its_user_and_gone_afterwards() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let relay = Relay::unix(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    is_carried(relay);
    assert!(!path.exists());
}

#[test]
fn each_mistake_in_a_recording_is_told_with_its_line() {
    for (text, line, what) in [
        ("", 1, "begins with"),
        ("brasskey recording 2\n", 1, "newer"),
        ("brasskey recording 1\nx", 2, "the time"),
        ("brasskey recording 1\n# no\n1 = 1 INIT", 3, "neither > nor <"),
        ("brasskey recording 1\n1 > x INIT", 2, "channel"),
        ("brasskey recording 1\n1 > 1 NOTHING", 2, "no command of that name"),
        ("brasskey recording 1\n1 > 1 CBOR 0", 2, "neither hexadecimal"),
        ("brasskey recording 1\n1 > 1 CBOR é", 2, "neither hexadecimal"),
        ("brasskey recording 1\n1 > 1 CBOR 00 00", 2, "after the bytes"),
    ] {
        let error = text.parse::<Recording>().unwrap_err();
        assert!(error.line == line && error.what.contains(what), "{text:?}: {error}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(
        lines in proptest::collection::vec(
            "[0-9]{0,3} [<>] [0-9a-f]{1,8} (INIT|CBOR|MSG|0x70|KEEPALIVE|ERROR) ([0-9a-f]{2}|\\*\\*){0,9}|.{0,9}",
            0..4,
        ),
    ) {
        let text = format!("{HEADING}\n{}", lines.join("\n"));
        if let Ok(recording) = text.parse::<Recording>() {
            for entry in &recording.entries {
                prop_assert_eq!(&entry.to_string().parse::<Entry>(), &Ok(entry.clone()));
            }
            let mut player = Player::new(recording);
            for report in fragment(0xFFFF_FFFF, command::INIT, &[1; 8]).unwrap() {
                player.send(&report).unwrap();
            }
            prop_assert!(player.receive(Duration::ZERO).unwrap().is_some());
        }
    }
}
