//! `brasskey ping`: CTAPHID_PING, the shortest way to a key and back.

use std::io::{self, Write};

use brasskey_protocol::limits::MAX_MESSAGE;
use clap::Args as ClapArgs;
use serde::Serialize;

use super::device::{self, DeviceArgs};
use super::failure::Failure;
use super::interrupt::interrupt;
use super::latency::{Latency, time};
use super::layout::count;
use super::output::Output;
use crate::client::{Error, Watch as _};

/// The arguments of `ping`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// How many bytes to send
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    #[arg(value_parser = clap::value_parser!(u16).range(..=MAX_MESSAGE as i64))]
    size: u16,

    /// How many times
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,

    #[command(flatten)]
    device: DeviceArgs,
}

/// What came back.
#[derive(Serialize)]
struct Pings<'a> {
    device: &'a str,
    size: u16,
    count: u32,
    nanoseconds: Latency,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut opened = device::open(&args.device, output)?;
    opened.tell_of_downgrade(output);
    let interrupt = interrupt();
    let mut times = Vec::new();
    for round in 0..args.count {
        if interrupt.is_cancelled() {
            return Err(Error::Cancelled.into());
        }
        times.push(opened.key.channel().ping(&payload(args.size, round))?);
    }
    let pings = Pings {
        device: &opened.label,
        size: args.size,
        count: args.count,
        nanoseconds: times.into(),
    };
    output.result(&pings, |to| pings.show(to))
}

/// Other bytes each round, so that a late answer is not taken for the right one.
fn payload(size: u16, round: u32) -> Vec<u8> {
    round.to_be_bytes().into_iter().cycle().take(size.into()).collect()
}

impl Pings<'_> {
    fn show(&self, to: &mut dyn Write) -> io::Result<()> {
        let (pings, bytes) = (count(self.count.into(), "ping"), count(self.size.into(), "byte"));
        writeln!(to, "{pings} of {bytes} to {}: every byte came back.", self.device)?;
        let latency = &self.nanoseconds;
        let [min, median, max] = [latency.min(), latency.median(), latency.max()].map(time);
        writeln!(to, "Round trip: min {min}, median {median}, max {max}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn pings() -> Pings<'static> {
        Pings {
            device: "a key",
            size: 1,
            count: 3,
            nanoseconds: [3, 1, 2].map(Duration::from_millis).to_vec().into(),
        }
    }

    #[test]
    fn people_read_the_round_trip() {
        let mut text = Vec::new();
        pings().show(&mut text).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "3 pings of 1 byte to a key: every byte came back.\nRound trip: min 1.00ms, median 2.00ms, max 3.00ms\n"
        );
    }

    #[test]
    fn programs_read_every_time() {
        let value = json!(pings());
        assert_eq!(
            (&value["device"], &value["size"], &value["count"]),
            (&json!("a key"), &json!(1), &json!(3))
        );
        assert_eq!(
            value["nanoseconds"]["samples"],
            json!([3_000_000, 1_000_000, 2_000_000])
        );
    }

    #[test]
    fn payloads_have_their_size_and_differ_by_round() {
        assert!(payload(0, 7).is_empty());
        assert_eq!(payload(5, 0x0102_0304), [1, 2, 3, 4, 1]);
        assert_eq!(payload(7609, 1).len(), 7609);
    }
}
