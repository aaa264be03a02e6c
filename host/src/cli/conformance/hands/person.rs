//! A person at a terminal, who is told what to do next.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use brasskey_conformance::broken::{Broken, break_off};
use indicatif::ProgressBar;

use super::awaiting::{Awaiting, Toucher};
use super::seat::Seat;
use super::{AWAY, lock, wait};
use crate::cli::confirm::ask;
use crate::transport::{self, Address};

/// How long a person takes to put a finger on a key that waits for nothing, or to take it off.
const FINGER: Duration = Duration::from_secs(4);
/// A wait that is worth a word, in milliseconds.
const WORTH_A_WORD: u64 = 2_000;

/// What the person sees, and what they were asked to do. Clones are the same.
#[derive(Clone, Default)]
pub(in super::super) struct Guide(Arc<State>);

#[derive(Default)]
struct State {
    progress: Mutex<Option<ProgressBar>>,
    /// The check that runs.
    check: Mutex<String>,
    /// How many touches there will be, and how many there were.
    ahead: AtomicU32,
    touches: AtomicU32,
    awaiting: Awaiting,
}

impl Guide {
    /// From now on the words go there.
    pub(in super::super) fn show_on(&self, progress: &ProgressBar, touches: u32) {
        *lock(&self.0.progress) = Some(progress.clone());
        self.0.ahead.store(touches, Ordering::Relaxed);
    }

    /// The words go to the terminal again.
    pub(in super::super) fn hide(&self) {
        *lock(&self.0.progress) = None;
    }

    /// A check begins.
    pub(in super::super) fn begin(&self, check: &str) {
        check.clone_into(&mut lock(&self.0.check));
        self.say("");
    }

    /// What is to be done next; nothing, where the key is at work.
    fn say(&self, what: &str) {
        let check = lock(&self.0.check);
        let words = match what {
            "" => check.clone(),
            what => format!("{what}  {check}"),
        };
        match &*lock(&self.0.progress) {
            Some(progress) => progress.set_message(words),
            // Before the first check, or after the last one.
            None if what.is_empty() => {}
            None => eprintln!("brasskey: {what}"),
        }
    }

    fn touch_words(&self, what: &str) -> String {
        let (number, ahead) = (
            self.0.touches.fetch_add(1, Ordering::Relaxed) + 1,
            self.0.ahead.load(Ordering::Relaxed),
        );
        match ahead {
            0 => what.to_owned(),
            ahead => format!("{what} ({number} of {})", ahead.max(number)),
        }
    }

    /// Asks for a touch, and does not wait for it: the key's answer shows that it came.
    pub(super) fn touch(&self) {
        self.0.awaiting.begin();
        self.say(&self.touch_words("TOUCH the security key now"));
    }

    /// Asks for a finger on the key until [`release`](Self::release), whether or not the key waits for it.
    pub(super) fn press(&self) {
        self.say(&self.touch_words("TOUCH the security key now, and leave the finger there"));
        thread::sleep(FINGER);
    }

    pub(super) fn release(&self) {
        self.say("take the finger OFF the security key");
        thread::sleep(FINGER);
        self.say("");
    }

    /// Time passes, and nobody has anything to do.
    pub(super) fn wait(&self, milliseconds: u64) {
        if milliseconds >= WORTH_A_WORD {
            self.say(&format!("wait {} s, and touch nothing", milliseconds.div_ceil(1000)));
        }
    }

    /// A person unplugs the key, and plugs it in again, maybe elsewhere: where it is then.
    pub(super) fn replug(&self, address: Address) -> Address {
        let what = match address {
            Address::Hid(_) => {
                let seat = Seat::of(&address);
                self.say("UNPLUG the security key now");
                wait(AWAY, "the key was not unplugged", || {
                    let listed = transport::list().unwrap_or_default();
                    listed.iter().all(|listed| listed.address != address).then_some(())
                });
                self.say("PLUG the security key IN again");
                let back = wait(AWAY, "the key was not plugged in again", || seat.find());
                self.say("");
                return back;
            }
            Address::Pcsc(_) => "take the card out of its reader, put it in again",
            _ => "switch the security key off and on again",
        };
        // What is not on USB does not show that it is back.
        let question = || ask(&format!("brasskey: {what}, then press Enter: "));
        let answer = match &*lock(&self.0.progress) {
            Some(progress) => progress.suspend(question),
            None => question(),
        };
        match answer {
            Ok(line) if line.ends_with('\n') => address,
            _ => break_off(Broken::Nobody("nobody has unplugged the key".to_owned())),
        }
    }
}

impl Toucher for Guide {
    fn awaiting(&self) -> &Awaiting {
        &self.0.awaiting
    }

    fn is_done(&self) {
        self.say("");
    }
}
