//! All histories up to a length, the shortest first.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, Instant};

use brasskey_conformance::host::client_pin::Protocol;

use super::action::{ALPHABET, Action, Grant};
use super::fault::Fault;
use super::invariants::Invariant;
use super::state::{Moment, State};
use super::world::Bench;

/// Where histories begin: a new key; one with a PIN; one in use, with two accounts and another credential; and one with
/// a last try of its PIN.
pub const ROOTS: &[&[Action]] = &[
    &[],
    &[Action::SetPin(Protocol::Two)],
    &[
        Action::SetPin(Protocol::Two),
        Action::Token(Grant::Bound),
        Action::Register(0),
        Action::Token(Grant::Unbound),
        Action::Register(1),
        Action::RegisterPlain,
        Action::PowerCycle,
    ],
    &[
        Action::SetPin(Protocol::One),
        Action::GuessThrice,
        Action::PowerCycle,
        Action::GuessThrice,
        Action::PowerCycle,
        Action::Guess(Protocol::One),
    ],
];

/// An action, whole or cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The action.
    pub action: Action,
    /// After how many changes of the storage the power went, and after how many of the power-up that followed once
    /// more; 0: not at all.
    pub cut: (usize, usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.action)?;
        match self.cut {
            (0, _) => Ok(()),
            (after, 0) => write!(f, " (the power went after change {after})"),
            (after, again) => write!(
                f,
                " (the power went after change {after}, and change {again} of the power-up)"
            ),
        }
    }
}

/// A history that breaks an invariant.
#[derive(Debug)]
pub struct Counterexample {
    /// Its steps.
    pub history: Vec<Step>,
    /// The invariant.
    pub broken: &'static Invariant,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} does not hold after", self.broken)?;
        self.history.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

/// How far a search came.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// New states at each depth.
    pub states: Vec<usize>,
    /// Actions that were done, whole and cut.
    pub transitions: usize,
    /// Those that were cut.
    pub cuts: usize,
    /// How long it took.
    pub time: Duration,
    /// The hashes of all states.
    pub seen: HashSet<u64>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            states,
            transitions,
            cuts,
            time,
            seen,
        } = self;
        write!(
            f,
            "{} actions, depth {}: {} states ({states:?}), {transitions} transitions, {cuts} of them cut, \
             {:.1} s",
            ALPHABET.len(),
            states.len() - 1,
            seen.len(),
            time.as_secs_f64()
        )
    }
}

/// What is searched, and how.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// The longest history, without that of its root.
    pub depth: usize,
    /// Where histories begin.
    pub roots: &'static [&'static [Action]],
    /// The key's fault.
    pub fault: Option<Fault>,
    /// Whether states with the same hash are one.
    pub merges: bool,
}

/// Where a state was reached first.
struct Node {
    parent: Option<usize>,
    step: Step,
}

struct Run {
    search: Search,
    report: Report,
    nodes: Vec<Node>,
    next: Vec<(State, Option<usize>)>,
}

impl Search {
    /// Runs it.
    ///
    /// # Errors
    /// The first history that breaks an invariant: there is no shorter one.
    pub fn run(self) -> Result<Report, Box<Counterexample>> {
        let start = Instant::now();
        let bench = Bench::default();
        let mut run = Run {
            search: self,
            report: Report::default(),
            nodes: Vec::new(),
            next: Vec::new(),
        };
        for root in self.roots {
            run.root(&bench, root)?;
        }
        for depth in 0..=self.depth {
            let states = std::mem::take(&mut run.next);
            run.report.states.push(states.len());
            if depth < self.depth {
                for (state, node) in &states {
                    run.expand(state, *node)?;
                }
            }
        }
        run.report.time = start.elapsed();
        Ok(run.report)
    }
}

impl Run {
    fn root(&mut self, bench: &Bench, root: &[Action]) -> Result<(), Box<Counterexample>> {
        let mut state = State::new(bench, self.search.fault);
        let mut node = None;
        for &action in root {
            let step = Step { action, cut: (0, 0) };
            self.nodes.push(Node { parent: node, step });
            node = Some(self.nodes.len() - 1);
            let taken = state.take(action).and_then(|()| state.probe());
            taken.map_err(|broken| self.counterexample(node, broken))?;
        }
        self.arrive(state, node)
    }

    /// Does everything that can be done in a state.
    fn expand(&mut self, state: &State, node: Option<usize>) -> Result<(), Box<Counterexample>> {
        let mut to_cut = Vec::new();
        for &action in ALPHABET.iter().filter(|action| state.can(**action)) {
            let mut whole = state.clone();
            let taken = whole.take(action);
            let changes = whole.key.world.changes - state.key.world.changes;
            // With another touch, a reset would be the same again.
            if changes > 0 && action != Action::ResetByTap {
                to_cut.push((action, changes, std::mem::take(&mut whole.moments)));
            }
            self.reach(node, action, (0, 0), taken.map(|()| whole))?;
        }
        for (action, changes, moments) in &to_cut {
            self.cut(state, node, *action, *changes, moments)?;
        }
        Ok(())
    }

    /// Does an action with each power cut.
    fn cut(
        &mut self,
        state: &State,
        node: Option<usize>,
        action: Action,
        changes: usize,
        moments: &[Moment],
    ) -> Result<(), Box<Counterexample>> {
        let mut has_cut_again = false;
        for after in 1..=changes {
            let cut = state.cut(action, after, 0, moments);
            let of_power_up = cut.as_ref().map_or(0, |cut| cut.key.changes_of_power_up);
            self.reach(node, action, (after, 0), cut)?;
            // Later cuts leave the rest of the same work to the power-up.
            if has_cut_again || of_power_up == 0 {
                continue;
            }
            has_cut_again = true;
            for again in 1..=of_power_up {
                let cut = state.cut(action, after, again, moments);
                self.reach(node, action, (after, again), cut)?;
            }
        }
        Ok(())
    }

    fn reach(
        &mut self,
        parent: Option<usize>,
        action: Action,
        cut: (usize, usize),
        state: Result<State, &'static Invariant>,
    ) -> Result<(), Box<Counterexample>> {
        self.report.transitions += 1;
        self.report.cuts += usize::from(cut.0 > 0);
        self.nodes.push(Node {
            parent,
            step: Step { action, cut },
        });
        let node = Some(self.nodes.len() - 1);
        let state = state.map_err(|broken| self.counterexample(node, broken))?;
        self.arrive(state, node)
    }

    /// Looks at a state, and keeps it where it is new.
    fn arrive(&mut self, state: State, node: Option<usize>) -> Result<(), Box<Counterexample>> {
        let is_new = self.report.seen.insert(state.fingerprint());
        if is_new || !self.search.merges {
            state.probe().map_err(|broken| self.counterexample(node, broken))?;
            self.next.push((state, node));
        } else if node.is_some_and(|node| node + 1 == self.nodes.len()) {
            // Nobody comes back to it.
            self.nodes.pop();
        }
        Ok(())
    }

    fn counterexample(&self, node: Option<usize>, broken: &'static Invariant) -> Box<Counterexample> {
        let steps = std::iter::successors(node, |&node| self.nodes[node].parent);
        let mut history: Vec<_> = steps.map(|node| self.nodes[node].step).collect();
        history.reverse();
        Box::new(Counterexample { history, broken })
    }
}
