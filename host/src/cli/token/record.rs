//! `--record`: what the token and every program that uses it say to each other, as `brasskey record` writes it.

use std::io;
use std::path::PathBuf;

use brasskey_protocol::ctaphid::Report;
use clap::Args as ClapArgs;

use super::super::failure::Failure;
use super::super::output::Output;
use super::super::record;
use crate::decode::ctaphid::Side;
use crate::soft::Direction;

/// The heading of the options for a recording.
const RECORDING: &str = "Recording";

/// What is recorded.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = RECORDING)]
pub(super) struct RecordArgs {
    /// Write down what the token and programs say to each other, such as a browser, for a bug report: a new file, which
    /// `brasskey decode` explains. Secrets stay out; names of websites and users do not. As a smart card the token is
    /// not recorded
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Write the secrets into the recording, too
    #[arg(long, requires = "record")]
    with_secrets: bool,
}

impl RecordArgs {
    /// Removes what was begun, where the token does not start.
    pub(super) fn remove_empty(&self) {
        if let Some(file) = &self.record {
            record::remove_empty(file);
        }
    }

    /// What listens to the reports, where they are recorded. It calls `fail` once where the file takes no more.
    pub(super) fn listener(
        &self,
        fail: impl Fn(io::Error) + Send + 'static,
        output: &Output,
    ) -> Result<Option<impl FnMut(Direction, &Report) + Send + 'static>, Failure> {
        let Some(file) = &self.record else {
            return Ok(None);
        };
        let mut tap = Some(record::begin(file, "soft token (software)", self.with_secrets, output)?);
        Ok(Some(move |direction, report: &Report| {
            let side = match direction {
                Direction::ToKey => Side::Host,
                Direction::FromKey => Side::Key,
            };
            if let Some(Err(error)) = tap.as_mut().map(|tap| tap.receive(side, report)) {
                tap = None;
                fail(error);
            }
        }))
    }
}
