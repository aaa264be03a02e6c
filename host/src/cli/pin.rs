//! `brasskey pin`: the PIN of a key.

use clap::{Args, Subcommand};
use serde_json::json;

use super::device::{self, DeviceArgs, Opened};
use super::failure::Failure;
use super::layout::{columns, count};
use super::output::{BOLD, Output};
use super::pin_entry::{Interaction, KeyArgs, NewPinArgs, PinArgs};
use crate::client::ctap2::{Info, Permissions};
use crate::client::{self, PinRetries, Unwatched};

/// `brasskey pin`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Set a key's first PIN
    Set(SetArgs),
    /// Change a key's PIN
    Change(ChangeArgs),
    /// Check whether a PIN is right; a wrong one costs a try
    Verify(KeyArgs),
    /// Show whether a key has a PIN, how long it must be, and how many tries are left
    Status(StatusArgs),
}

#[derive(Debug, Args)]
pub(super) struct SetArgs {
    #[command(flatten)]
    new_pin: NewPinArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    new_pin: NewPinArgs,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Set(args) => set(args, output),
        Command::Change(args) => change(args, output),
        Command::Verify(args) => verify(args, output),
        Command::Status(args) => status(args, output),
    }
}

fn set(args: &SetArgs, output: &Output) -> Result<(), Failure> {
    let mut opened = device::open_or_make(&args.device, output)?;
    let info = pin_info(&opened)?.clone();
    if info.has("clientPin") {
        return Err(Failure::usage(
            "this security key has a PIN already",
            "change it with `brasskey pin change`",
        ));
    }
    let mut interaction = Interaction::new(&opened, &PinArgs::default(), output)?;
    let pin = interaction.new_pin(&args.new_pin, |pin| pin.check(&info))?;
    opened.key.set_pin(&pin, &mut interaction)?;
    output.result(&json!({ "device": opened.label, "pin": "set" }), |to| {
        writeln!(to, "The PIN of {} is set.", opened.label)
    })
}

fn change(args: &ChangeArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.key.open(output)?;
    let info = pin_info(&opened)?.clone();
    if !info.has("clientPin") {
        return Err(client::Error::NoPin.into());
    }
    let retries = opened.key.pin_retries(&mut interaction)?;
    let pin = interaction.current_pin(retries)?;
    let new_pin = interaction.new_pin(&args.new_pin, |new_pin| new_pin.check_change(&pin, &info))?;
    opened.key.change_pin(&pin, &new_pin, &mut interaction)?;
    output.result(&json!({ "device": opened.label, "pin": "changed" }), |to| {
        writeln!(to, "The PIN of {} is changed.", opened.label)
    })
}

fn verify(args: &KeyArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.open(output)?;
    let info = pin_info(&opened)?;
    // The smallest permission that a token can have; the token is thrown away.
    let (permissions, rp_id) = match info.has("credMgmt") {
        true => (Permissions::CREDENTIAL_MANAGEMENT, None),
        false => (Permissions::GET_ASSERTION, Some("brasskey.invalid")),
    };
    opened.key.token(permissions, rp_id, &mut interaction)?;
    output.result(&json!({ "device": opened.label, "pin": "right" }), |to| {
        writeln!(to, "The PIN of {} is right.", opened.label)
    })
}

fn status(args: &StatusArgs, output: &Output) -> Result<(), Failure> {
    let mut opened = device::open(&args.device, output)?;
    let info = pin_info(&opened)?.clone();
    let retries = opened.key.pin_retries(&mut Unwatched)?;
    let value = json!({
        "device": opened.label,
        "isSet": info.has("clientPin"),
        "retries": retries.left,
        "mustBeUnplugged": retries.power_cycle,
        "mustBeChanged": info.force_pin_change == Some(true),
        "minLength": info.min_pin_length,
        "maxLength": info.max_pin_length,
        "complexityPolicy": info.pin_complexity_policy,
    });
    output.result(&value, |to| {
        writeln!(to, "{BOLD}{}{BOLD:#}", opened.label)?;
        writeln!(to, "{}", columns(rows(&info, retries)).trim_fmt())
    })
}

fn rows(info: &Info, retries: PinRetries) -> Vec<[String; 2]> {
    let mut rows = vec![["  PIN", if info.has("clientPin") { "is set" } else { "is not set" }].map(str::to_owned)];
    let mut row = |name: &str, value: String| rows.push([format!("  {name}"), value]);
    row(
        "Tries left",
        match (retries.left, retries.power_cycle) {
            (0, _) => "none: the PIN is blocked, and only a reset helps".to_owned(),
            (left, true) => format!("{left}, once the key is unplugged and plugged in again"),
            (left, false) => left.to_string(),
        },
    );
    if info.force_pin_change == Some(true) {
        row("Must be changed", "yes, before it can be used".to_owned());
    }
    let characters = |number| count(number, "character");
    if let Some(length) = info.min_pin_length {
        row("Shortest", characters(length));
    }
    if let Some(length) = info.max_pin_length {
        row("Longest", characters(length));
    }
    if info.pin_complexity_policy == Some(true) {
        row("Simple PINs", "are refused".to_owned());
    }
    rows
}

/// The getInfo of a key that supports PINs.
fn pin_info(opened: &Opened) -> Result<&Info, Failure> {
    let info = opened.key.ctap2_info()?;
    match info.options.contains_key("clientPin") {
        true => Ok(info),
        false => Err(client::Error::Unsupported { what: "a PIN" }.into()),
    }
}
