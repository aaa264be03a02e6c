//! A command that touches the key. It runs beside the host, which asks a key of U2F again and again meanwhile.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_conformance::broken::{Broken, break_off};

use super::awaiting::{Awaiting, Toucher};
use super::command::{Running, start};
use super::lock;
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
    running: Option<(Running, Instant)>,
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
            Ok(running) => {
                *lock(&self.0.run) = Run {
                    running: Some((running, Instant::now())),
                    ended: None,
                    is_second,
                };
            }
            Err(why) => break_off(Broken::Hand(why)),
        }
    }

    /// Ends the command, where it runs.
    pub(super) fn stop(&self) {
        let running = lock(&self.0.run).running.take();
        running.into_iter().for_each(|(running, _)| running.end());
    }

    /// Whether the command has ended, well.
    fn has_ended(&self) -> bool {
        let mut run = lock(&self.0.run);
        let Some((running, begun)) = &mut run.running else {
            return true;
        };
        let result = running.result();
        if result.is_none() && begun.elapsed() < PATIENCE && !is_stopped() {
            return false;
        }
        run.ended = Some(Instant::now());
        let running = run.running.take();
        drop(run);
        let why = match (result, running) {
            (Some(result), _) => result.err(),
            (None, running) => {
                running.into_iter().for_each(|(running, _)| running.end());
                Some(format!("the command `{}` does not end", self.0.command))
            }
        };
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
