use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use brasskey_conformance::key::{Hand, Need, Profile};
use brasskey_conformance::outcome::Outcome;
use brasskey_conformance::plan::{self, Means};
use brasskey_conformance::run::Bench;
use brasskey_conformance::trace::{Patience, Tape};

use super::*;
use crate::soft::server::PcscServer;
use crate::soft::{SoftKey, Touch};
use crate::transport::pcsc::PcscError;

/// pcscd's driver of virtual cards, with the card that came.
struct Slot(TcpStream);

impl Slot {
    fn accept(driver: &TcpListener) -> Self {
        let (stream, _) = driver.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let slot = Self(stream);
        // Power.
        slot.send(&[1]).unwrap();
        slot
    }

    fn send(&self, message: &[u8]) -> std::io::Result<()> {
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        (&self.0).write_all(&[&length, message].concat())
    }
}

impl Reader for Slot {
    fn transmit(&mut self, apdu: &[u8], is_cancelled: &dyn Fn() -> bool) -> Result<Vec<u8>, PcscError> {
        self.send(apdu)?;
        let mut arrived = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            if let Some((length, answer)) = arrived.split_first_chunk()
                && answer.len() == usize::from(u16::from_be_bytes(*length))
            {
                return Ok(answer.to_vec());
            }
            match self.0.read(&mut chunk) {
                Ok(0) => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
                Ok(length) => arrived.extend(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock && !is_cancelled() => {}
                Err(_) => return Err(PcscError::Cancelled),
            }
        }
    }
}

/// No card.
struct Gone;

impl Reader for Gone {
    fn transmit(&mut self, _: &[u8], _: &dyn Fn() -> bool) -> Result<Vec<u8>, PcscError> {
        Err(PcscError::Cancelled)
    }
}

/// A soft token in a virtual reader.
struct Inserted {
    key: SoftKey,
    _server: PcscServer,
    driver: TcpListener,
    card: SharedCard,
}

impl Inserted {
    fn new() -> Self {
        let driver = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let key = SoftKey::builder().touch(Touch::Control).build().unwrap();
        let server = PcscServer::start(&key, driver.local_addr().unwrap()).unwrap();
        let card = SharedCard::new(Card::new(Box::new(Slot::accept(&driver))));
        Self {
            key,
            _server: server,
            driver,
            card,
        }
    }

    /// The card that comes back.
    fn insert(&mut self) {
        self.card = SharedCard::new(Card::new(Box::new(Gone)));
        self.card = SharedCard::new(Card::new(Box::new(Slot::accept(&self.driver))));
    }
}

#[derive(Clone)]
struct Desk(Arc<Mutex<Inserted>>);

impl Desk {
    fn key(&self) -> SoftKey {
        self.0.lock().unwrap().key.clone()
    }
}

impl Hand for Desk {
    fn connect(&self) -> Box<dyn Link> {
        let mut inserted = self.0.lock().unwrap();
        // A request that was given up took the card out.
        if inserted.card.is_gone() {
            inserted.insert();
        }
        Box::new(CardLink::new(inserted.card.clone()))
    }

    fn wait_until_asked(&self) {
        assert!(self.key().wait_until_asked(Duration::from_secs(5)).is_some());
    }

    fn press(&self) {
        self.key().press();
    }

    fn release(&self) {
        self.key().release();
    }

    fn decline(&self) {
        self.key().decline();
    }

    fn power_cycle(&self) {
        let mut inserted = self.0.lock().unwrap();
        inserted.key.power_cycle().unwrap();
        inserted.insert();
    }

    fn advance(&self, _: u64) -> bool {
        false
    }
}

/// Every kind of message, long ones, and touches; all would take minutes, because this key's time cannot be moved.
const ONLY: [&str; 9] = [
    "u2f::",
    "by_hand::",
    "get_info::",
    "get_assertion::",
    "large_blobs::",
    "selection::",
    "iso7816::",
    "oath::",
    "oath_codes::",
];

static PROFILE: Profile = Profile {
    has: &[Need::Decline],
    only: None,
    user_action_timeout: 30_000,
};

#[test]
fn a_card_passes_what_is_not_about_ctaphid() {
    let desk = Desk(Arc::new(Mutex::new(Inserted::new())));
    let new = desk.clone();
    // The virtual card takes half a second to come back after a power cycle, and a reset would want one.
    let reset = Box::new(move || {
        *new.0.lock().unwrap() = Inserted::new();
        Ok(())
    });
    let tape = Tape::new(Patience::AUTOMATIC, Arc::new(|| false));
    let bench = Bench::new(&PROFILE, Arc::new(desk), tape, Some(reset), false);
    let (info, subject) = bench.ask().unwrap();
    assert!(info.u2f && info.oath && !info.wink && !info.lock);
    assert!(
        subject.versions.iter().any(|version| version == "FIDO_2_3"),
        "{subject:?}"
    );
    let means = Means {
        touch: true,
        power_cycle: true,
        hand: PROFILE.has.to_vec(),
        erase: true,
        is_brief: false,
        is_card: true,
        only: ONLY.map(str::to_owned).to_vec(),
    };
    let mut passed = 0;
    let mut unfit = Vec::new();
    for step in plan::plan(&info, &means) {
        // The virtual card takes half a second to come back, and the time of this key cannot be moved.
        if step.cost.power_cycles > 0 || step.cost.waited > 0 || step.check.needs.contains(&Need::Clock) {
            continue;
        }
        let checked = bench.try_step(&step, true);
        match checked.outcome {
            Outcome::Pass => passed += 1,
            Outcome::NotApplicable => assert!(step.skipped.is_some()),
            _ => unfit.push((checked.name, checked.message)),
        }
    }
    assert!(unfit.is_empty(), "{unfit:#?}");
    assert!(passed > 80, "{passed}");
}
