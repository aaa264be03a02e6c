//! A pcscd for tests, with one card that a closure plays.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use super::wire::{Command, NAME, READER, READERS, Record, code, word};

/// A pcscd.
pub(crate) struct FakeDaemon {
    directory: TempDir,
}

/// How one behaves.
#[derive(Clone)]
pub(crate) struct Behaviour {
    /// The minor version of the protocol that it speaks.
    pub(crate) minor: u32,
    /// The names of the readers, and whether each has a card.
    pub(crate) readers: Vec<(&'static str, bool)>,
    /// What it answers to who connects.
    pub(crate) connect: u32,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            minor: 4,
            readers: vec![("Virtual PCD 00 00", true), ("Virtual PCD 00 01", false)],
            connect: code::SUCCESS,
        }
    }
}

impl FakeDaemon {
    pub(crate) fn start(behaviour: Behaviour, card: impl Fn(&[u8]) -> Vec<u8> + Clone + Send + 'static) -> Self {
        let daemon = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let listener = UnixListener::bind(daemon.socket()).unwrap();
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (behaviour, card) = (behaviour.clone(), card.clone());
                thread::spawn(move || serve(&mut stream.unwrap(), &behaviour, &card));
            }
        });
        daemon
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path().join("pcscd.comm")
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Answers until the client is gone.
fn serve(stream: &mut UnixStream, behaviour: &Behaviour, card: &impl Fn(&[u8]) -> Vec<u8>) -> Option<()> {
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).ok()?;
        let mut body = vec![0; usize::try_from(word(&header, 0)?).ok()?];
        stream.read_exact(&mut body).ok()?;
        let command = word(&header, 4)?;
        let mut data = Vec::new();
        if command == Command::Version as u32 {
            let refused = if word(&body, 4)? == behaviour.minor {
                0
            } else {
                0x8010_001D
            };
            set(&mut body, 4, behaviour.minor);
            set(&mut body, 8, refused);
        } else if command == Command::EstablishContext as u32 {
            set(&mut body, 4, 77);
        } else if command == Command::GetReadersState as u32 {
            body = Vec::new();
            for (name, has_card) in &behaviour.readers {
                let end = body.len() + READER;
                body.extend(
                    Record(Vec::new())
                        .name(name)
                        .words(&[0, if *has_card { 0x34 } else { 2 }, 0])
                        .0,
                );
                body.resize(end, 0);
            }
            body.resize(READER * READERS, 0);
        } else if command == Command::Connect as u32 {
            assert_eq!(word(&body, 0), Some(77));
            set(&mut body, NAME + 4 + 8, 5);
            set(&mut body, NAME + 4 + 12, 2);
            set(&mut body, NAME + 4 + 16, behaviour.connect);
        } else if command == Command::Transmit as u32 {
            let mut apdu = vec![0; usize::try_from(word(&body, 12)?).ok()?];
            stream.read_exact(&mut apdu).ok()?;
            data = card(&apdu);
            set(&mut body, 24, u32::try_from(data.len()).ok()?);
        }
        body.extend(data);
        stream.write_all(&body).ok()?;
    }
}

fn set(record: &mut [u8], at: usize, value: u32) {
    record[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}
