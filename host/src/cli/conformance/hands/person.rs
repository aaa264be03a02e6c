//! A person at a terminal, who is told what to do next.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_conformance::key::Report;
use indicatif::ProgressBar;

use super::seat::Seat;
use super::{AWAY, USER_ACTION_TIMEOUT, lock, wait};
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
    /// The U2F request that the key wanted a touch for last, where it has not said since that it waits by itself.
    wanted: Mutex<Option<Question>>,
    /// Until when a touch is waited for, and which U2F request it is for.
    awaited: Mutex<Option<(Instant, Option<Question>)>>,
}

/// A host, by its number, and the packets of its U2F request.
pub(super) type Question = (u64, Vec<Report>);

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
        let until = Instant::now() + Duration::from_millis(USER_ACTION_TIMEOUT);
        *lock(&self.0.awaited) = Some((until, lock(&self.0.wanted).clone()));
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

    /// The key wants a touch for this U2F request. Whether the person was asked for it already, and may still come.
    pub(super) fn is_awaited(&self, question: &Question) -> bool {
        let awaited = lock(&self.0.awaited);
        let is_it =
            |(until, of): &(Instant, Option<Question>)| of.as_ref() == Some(question) && Instant::now() < *until;
        let is_awaited = awaited.as_ref().is_some_and(is_it);
        if !is_awaited {
            *lock(&self.0.wanted) = Some(question.clone());
        }
        is_awaited
    }

    /// The key waits for its user by itself.
    pub(super) fn waits_by_itself(&self) {
        *lock(&self.0.wanted) = None;
    }

    /// The key has answered a request, by U2F where it is given: a touch for it need not come any more.
    pub(super) fn answered(&self, question: Option<&Question>) {
        let mut awaited = lock(&self.0.awaited);
        if awaited.as_ref().is_some_and(|(_, of)| of.as_ref() == question) {
            *awaited = None;
            drop(awaited);
            self.say("");
        }
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
            _ => panic!("nobody has unplugged the key"),
        }
    }
}
