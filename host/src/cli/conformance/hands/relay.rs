//! A command that touches the key. It runs beside the host, which asks a key of U2F again and again meanwhile.

use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_conformance::broken::{Broken, break_off};

use super::awaiting::{Awaiting, Toucher};
use super::{lock, said_of, start};
use crate::cli::conformance::end::is_stopped;

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked at.
const GLANCE: Duration = Duration::from_millis(10);
/// How long after its end a key may still want the touch.
const LAG: Duration = Duration::from_secs(1);

/// The command. Clones are the same.
#[derive(Clone)]
pub(super) struct Relay(Arc<State>);

struct State {
    command: String,
    awaiting: Awaiting,
    run: Mutex<Run>,
}

#[derive(Default)]
struct Run {
    /// The command, where it runs, and since when.
    child: Option<(Child, Instant)>,
    /// When it ended last.
    ended: Option<Instant>,
    /// Whether it was run twice for this touch.
    is_second: bool,
}

impl Relay {
    pub(super) fn new(command: String) -> Self {
        Self(Arc::new(State {
            command,
            awaiting: Awaiting::default(),
            run: Mutex::default(),
        }))
    }

    /// Begins a touch, and does not wait for its end.
    pub(super) fn touch(&self) {
        self.settle();
        self.0.awaiting.begin();
        self.start(false);
    }

    /// Touches the key, whether or not it waits for that.
    pub(super) fn press(&self) {
        self.settle();
        self.start(false);
        self.settle();
    }

    fn start(&self, is_second: bool) {
        match start(&self.0.command) {
            Ok(child) => {
                *lock(&self.0.run) = Run {
                    child: Some((child, Instant::now())),
                    ended: None,
                    is_second,
                };
            }
            Err(why) => break_off(Broken::Hand(why)),
        }
    }

    /// Whether the command has ended, well.
    fn has_ended(&self) -> bool {
        let mut run = lock(&self.0.run);
        let Some((child, begun)) = &mut run.child else {
            return true;
        };
        let why = match child.try_wait() {
            Ok(None) if begun.elapsed() < PATIENCE && !is_stopped() => return false,
            Ok(None) => {
                // Where it has ended meanwhile there is nothing to end.
                drop(child.kill());
                drop(child.wait());
                Some(format!("the command `{}` does not end", self.0.command))
            }
            Ok(Some(status)) => said_of(&self.0.command, status).err(),
            Err(error) => Some(format!("the command `{}` is lost: {error}", self.0.command)),
        };
        run.child = None;
        run.ended = Some(Instant::now());
        drop(run);
        // The command may have heard of Ctrl-C, too.
        assert!(!is_stopped(), "the run was ended");
        match why {
            Some(why) => break_off(Broken::Hand(why)),
            None => true,
        }
    }
}

impl Toucher for Relay {
    fn awaiting(&self) -> &Awaiting {
        &self.0.awaiting
    }

    fn glance(&self) {
        let _ = self.has_ended();
    }

    fn settle(&self) {
        while !self.has_ended() {
            thread::sleep(GLANCE);
        }
    }

    fn is_wanted_still(&self) {
        let (is_late, is_second) = {
            let run = lock(&self.0.run);
            (run.ended.is_some_and(|ended| ended.elapsed() > LAG), run.is_second)
        };
        match (is_late, is_second) {
            (false, _) => {}
            // A command that took long touched a key that had given up its host by then.
            (true, false) => self.start(true),
            (true, true) => self.0.awaiting.end(),
        }
    }
}
