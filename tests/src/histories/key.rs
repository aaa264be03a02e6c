//! The key under search: the real authenticator in a [`World`], both of which can be copied.

use brasskey_protocol::authenticator::{Authenticator, Backup, Config};
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::store::StartError;

use super::fault::{Fault, Ghost};
use super::world::{Bench, World};

const CONFIG: Config = Config {
    aaguid: *b"the key searched",
    firmware_version: 1,
    lists_recent_algorithms: false,
    backup: Backup::Never,
};

/// A message on its way.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) channel: u32,
    pub(super) is_u2f: bool,
    pub(super) bytes: &'a [u8],
}

impl Message<'_> {
    /// Whether it is this subcommand of authenticatorClientPIN. The protocol is member 1, the subcommand member 2.
    pub(super) fn is_client_pin(&self, subcommand: u8) -> bool {
        matches!(self.bytes, [0x06, _, 0x01, _, 0x02, found, ..] if *found == subcommand)
    }

    /// Whether it is authenticatorGetAssertion with the option `up` false.
    pub(super) fn is_silent_assertion(&self) -> bool {
        self.bytes.first() == Some(&0x02) && self.bytes.windows(4).any(|option| option == b"bup\xf4")
    }
}

/// A key, its world, and what its fault remembers.
#[derive(Clone)]
pub struct Key {
    /// `None` where it did not start.
    pub(super) running: Option<Box<Authenticator<Bench>>>,
    pub(super) bench: Bench,
    /// Where it is.
    pub world: World,
    pub(super) ghost: Option<Ghost>,
    /// Changes of the storage that the last power-up made.
    pub(super) changes_of_power_up: usize,
}

impl Key {
    /// A new key with this fault, plugged in.
    ///
    /// # Panics
    /// Where it does not start.
    #[must_use]
    pub fn new(bench: &Bench, fault: Option<Fault>) -> Self {
        let mut key = Self {
            running: None,
            bench: bench.clone(),
            world: World {
                fault,
                ..World::default()
            },
            ghost: None,
            changes_of_power_up: 0,
        };
        key.start().expect("a new key starts");
        key
    }

    fn start(&mut self) -> Result<(), StartError> {
        let bench = self.bench.clone();
        let (seams, before) = (bench.seams(), self.world.changes);
        let started = bench.with(&mut self.world, || Authenticator::new(seams, CONFIG));
        self.changes_of_power_up = self.world.changes - before;
        self.running = Some(Box::new(started.map_err(|(_, error)| error)?));
        Ok(())
    }

    /// Unplugs the key, and plugs it in again.
    ///
    /// # Errors
    /// The key's, where it does not start.
    pub fn power_cycle(&mut self) -> Result<(), StartError> {
        self.remember(None);
        self.running = None;
        self.world.power_up();
        self.start()
    }

    /// The same, but for the power, which goes again after so many changes of the storage.
    ///
    /// # Errors
    /// The key's, where it does not start with the power on.
    pub fn power_cycle_twice(&mut self, after: usize) -> Result<(), StartError> {
        self.running = None;
        self.world.power_up();
        self.world.power_goes_after = Some(self.world.changes + after);
        // Whether it starts without power does not matter.
        let _ = self.start();
        self.power_cycle()
    }

    /// Runs a message, and nothing else.
    pub(super) fn run(&mut self, message: &Message<'_>) -> Vec<u8> {
        let Some(key) = &mut self.running else {
            return vec![0x7f];
        };
        let mut answer = [0; MAX_MESSAGE];
        let length = self.bench.with(&mut self.world, || {
            if message.is_u2f {
                key.u2f(message.channel, message.bytes, &mut answer)
            } else {
                key.ctap2(message.channel, message.bytes, &mut answer)
            }
        });
        answer[..length].to_vec()
    }

    /// Runs a message as a key with this fault does.
    pub(super) fn answer(&mut self, message: &Message<'_>) -> Vec<u8> {
        if self.world.fault.is_none() {
            return self.run(message);
        }
        self.remember(Some(message));
        let answer = self.run(message);
        self.mislead(message, answer)
    }
}
