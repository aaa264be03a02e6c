//! The soft key as a smart card, in a slot of a driver of virtual cards (vpcd) that is played here: each message is a
//! length of two bytes, and an APDU or a control.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use brasskey::soft::{Listen, Servers, SoftKey, Touch};
use brasskey_conformance::host::{command, packets};
use brasskey_conformance::key::{Hand, LONG, Link, Report};

pub(super) struct Card {
    key: SoftKey,
    driver: TcpListener,
    slot: Mutex<Arc<TcpStream>>,
    _servers: Servers,
}

impl Card {
    pub(super) fn new() -> Self {
        let driver = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a driver");
        let key = SoftKey::builder().touch(Touch::Control).build().expect("a soft key");
        let listen = Listen {
            pcsc: Some(driver.local_addr().expect("an address")),
            ..Listen::default()
        };
        let servers = key.serve(&listen).expect("a card");
        let slot = Mutex::new(insert(&driver));
        Self {
            key,
            driver,
            slot,
            _servers: servers,
        }
    }
}

/// The card that comes, with power.
fn insert(driver: &TcpListener) -> Arc<TcpStream> {
    const POWER: &[u8] = &[0, 1, 1];
    let (stream, _) = driver.accept().expect("a card");
    stream.set_nodelay(true).expect("a socket");
    (&stream).write_all(POWER).expect("a card");
    Arc::new(stream)
}

impl Hand for Card {
    fn connect(&self) -> Box<dyn Link> {
        let slot = Arc::clone(&self.slot.lock().expect("a slot"));
        let (reports, from_card) = channel();
        Box::new(Wire {
            slot,
            partial: None,
            reports,
            from_card,
        })
    }

    fn wait_until_asked(&self) {
        self.key.wait_until_asked(LONG).expect("the key asks for a touch");
    }

    fn press(&self) {
        self.key.press();
    }

    fn release(&self) {
        self.key.release();
    }

    fn decline(&self) {
        self.key.decline();
    }

    fn power_cycle(&self) {
        let mut slot = self.slot.lock().expect("a slot");
        self.key.power_cycle().expect("power");
        // The card comes back once its old connection is closed.
        let _ = slot.shutdown(Shutdown::Both);
        *slot = insert(&self.driver);
    }

    fn advance(&self, _: u64) -> bool {
        false
    }
}

/// A host's end. Of CTAPHID it knows INIT, and the command that carries APDUs.
struct Wire {
    slot: Arc<TcpStream>,
    /// What came of a message, and how long it is.
    partial: Option<(Vec<u8>, usize)>,
    reports: Sender<Report>,
    from_card: Receiver<Report>,
}

impl Link for Wire {
    fn send(&mut self, report: &Report) {
        let channel = u32::from_be_bytes([report[0], report[1], report[2], report[3]]);
        if report[4] == command::INIT {
            let answer = [&report[7..15], &[0, 0, 0, 1, 2, 0, 0, 0, 4]].concat();
            for report in packets(channel, command::INIT, &answer) {
                self.reports.send(report).expect("a host");
            }
            return;
        }
        let (mut apdu, length) = match self.partial.take() {
            Some((apdu, length)) => ([&apdu, &report[5..]].concat(), length),
            None => (report[7..].to_vec(), u16::from_be_bytes([report[5], report[6]]).into()),
        };
        if apdu.len() < length {
            self.partial = Some((apdu, length));
            return;
        }
        apdu.truncate(length);
        let (slot, reports) = (Arc::clone(&self.slot), self.reports.clone());
        thread::spawn(move || {
            // A card whose power went answers nothing, and nobody listens where the check is over.
            if let Ok(answer) = exchange(&slot, &apdu) {
                for report in packets(channel, command::APDU, &answer) {
                    let _ = reports.send(report);
                }
            }
        });
    }

    fn receive(&mut self, timeout: Duration) -> Option<Report> {
        self.from_card.recv_timeout(timeout).ok()
    }
}

/// One APDU and its answer.
fn exchange(mut slot: &TcpStream, apdu: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(apdu.len()).expect("an APDU").to_be_bytes();
    slot.write_all(&[&length, apdu].concat())?;
    let mut length = [0; 2];
    slot.read_exact(&mut length)?;
    let mut answer = vec![0; u16::from_be_bytes(length).into()];
    slot.read_exact(&mut answer)?;
    Ok(answer)
}
