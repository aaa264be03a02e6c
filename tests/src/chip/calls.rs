//! Calls of the firmware's functions, repeated with other secrets (`tests/chip/emulator/calls.mjs`).

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Map, Value, json};

use super::Workbench;

/// Where the RP2040's RAM begins.
const RAM: u32 = 0x2000_0000;
/// Calls in one request: the emulator answers none while it works.
const AT_ONCE: usize = 10;
/// The registers that point to the stack, and to the next instruction.
const SP: usize = 13;
const PC: usize = 15;

/// The chip as its firmware has just called one of its functions.
pub struct Call<'a> {
    bench: &'a Workbench,
    registers: Vec<u32>,
    ram: Vec<u8>,
}

/// What is different in a repetition of the call.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    changes: Vec<Value>,
    before: Vec<Value>,
}

impl Trial {
    /// Other bytes at an address.
    #[must_use]
    pub fn with(mut self, at: u32, bytes: &[u8]) -> Self {
        self.changes.push(json!({ "at": at, "bytes": HEXLOWER.encode(bytes) }));
        self
    }

    /// Another function of the firmware runs before, with these first arguments. Its time does not count.
    #[must_use]
    pub fn after(mut self, function: &str, arguments: &[u32]) -> Self {
        let registers = arguments.iter().enumerate();
        let registers: Map<_, _> = registers
            .map(|(number, value)| (number.to_string(), (*value).into()))
            .collect();
        self.before
            .push(json!({ "function": function, "registers": registers }));
        self
    }
}

/// How trials are run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan<'a> {
    /// The call ends with the return of this function, which it calls; else with its own.
    pub until: Option<&'a str>,
    /// What to read from memory afterwards: an address and a length.
    pub read: Option<(u32, usize)>,
    /// Whether to take a digest of all addresses that are used.
    pub trace: bool,
}

/// How a repetition went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The core's cycles.
    pub cycles: u64,
    /// The first register, which holds what a function returns where that is one word.
    pub result: u32,
    /// What was read from memory.
    pub read: Vec<u8>,
    /// A digest of the addresses of all instructions and data, in the order of their use; empty if none was asked for.
    pub trace: String,
}

impl Workbench {
    /// Lets the key work until it calls this function, which is named by the end of its path.
    #[must_use]
    #[track_caller]
    pub fn call(&self, function: &str) -> Call<'_> {
        self.flush();
        let body = json!({ "function": function, "milliseconds": 5_000 });
        let call = self.emulator().ask("POST", "/v1/call", &body);
        let registers = call["registers"].as_array().expect("registers");
        let ram = call["ram"].as_str().expect("the RAM").as_bytes();
        Call {
            bench: self,
            registers: registers.iter().map(word).collect(),
            ram: BASE64.decode(ram).expect("the RAM"),
        }
    }
}

impl Call<'_> {
    /// An argument of one word, by its place: the first four are in registers, the others on the stack.
    #[must_use]
    pub fn argument(&self, place: usize) -> u32 {
        match place.checked_sub(4) {
            None => self.registers[place],
            Some(word) => self.word(self.registers[SP] + 4 * u32::try_from(word).expect("a word of the stack")),
        }
    }

    /// What is in the memory.
    #[must_use]
    pub fn bytes(&self, at: u32, length: usize) -> &[u8] {
        let from = usize::try_from(at - RAM).expect("an offset");
        &self.ram[from..][..length]
    }

    /// Where the function is.
    #[must_use]
    pub fn address(&self) -> u32 {
        self.registers[PC]
    }

    /// A word in the memory.
    #[must_use]
    pub fn word(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().expect("a word"))
    }

    /// Lets the key go on, until it calls another function.
    #[must_use]
    #[track_caller]
    pub fn inner(self, function: &str) -> Self {
        self.bench.call(function)
    }

    /// Repeats the call. Afterwards the chip stands where it did.
    #[must_use]
    #[track_caller]
    pub fn repeat(&self, plan: Plan<'_>, trials: &[Trial]) -> Vec<Outcome> {
        let reads: Vec<_> = plan
            .read
            .iter()
            .map(|(at, length)| json!({ "at": at, "length": length }))
            .collect();
        let mut outcomes = Vec::new();
        for some in trials.chunks(AT_ONCE) {
            let calls: Vec<_> = some
                .iter()
                .map(|trial| json!({ "changes": trial.changes, "before": trial.before }))
                .collect();
            let mut body = json!({ "calls": calls, "reads": reads, "trace": plan.trace });
            if let Some(until) = plan.until {
                body["until"] = until.into();
            }
            let answer = self.bench.emulator().ask("PUT", "/v1/call", &body);
            outcomes.extend(answer["calls"].as_array().expect("calls").iter().map(outcome));
        }
        outcomes
    }
}

fn outcome(call: &Value) -> Outcome {
    let read = call["reads"][0].as_str().unwrap_or_default().as_bytes();
    Outcome {
        cycles: number(&call["cycles"]),
        result: word(&call["result"]),
        read: HEXLOWER.decode(read).expect("what was read"),
        trace: call["trace"].as_str().unwrap_or_default().to_owned(),
    }
}

fn word(value: &Value) -> u32 {
    number(value).try_into().expect("a word")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}
