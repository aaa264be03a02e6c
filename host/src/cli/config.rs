//! `brasskey config`: settings of a whole key.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use super::pin_entry::KeyArgs;
use super::website::domain_name;
use crate::client;
use crate::client::ctap2::{ConfigSubcommand, Info, PinRules, Status};

/// `brasskey config`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the key always verify its user, by PIN or fingerprint, or stop that; while it is on, U2F is off
    AlwaysUv(AlwaysUvArgs),
    /// Set the shortest PIN that the key accepts; it can be raised, but not lowered
    MinPinLength(MinPinLengthArgs),
    /// Choose the websites that the key tells its minimum PIN length, in place of the old list
    MinPinLengthRpIds(RpIdsArgs),
    /// Refuse simple PINs from now on
    PinComplexity(KeyArgs),
    /// Make the key refuse its PIN until the PIN is changed
    ForcePinChange(KeyArgs),
    /// Let the key tell chosen companies which single key it is
    EnterpriseAttestation(KeyArgs),
    /// Make a reset need a long touch
    LongTouchReset(KeyArgs),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

#[derive(Debug, Args)]
pub(super) struct AlwaysUvArgs {
    switch: Switch,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct MinPinLengthArgs {
    /// The shortest PIN, in characters
    #[arg(value_parser = clap::value_parser!(u64).range(4..=63))]
    length: u64,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct RpIdsArgs {
    /// The RP IDs: domain names
    #[arg(required = true, value_name = "DOMAIN", value_parser = domain_name)]
    rp_id: Vec<String>,
    #[command(flatten)]
    key: KeyArgs,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::AlwaysUv(args) => {
            let on = args.switch == Switch::On;
            let is_so = |info: &Info| info.options.get("alwaysUv") == Some(&on);
            change(&args.key, output, "alwaysUv", ConfigSubcommand::ToggleAlwaysUv, is_so)
        }
        Command::MinPinLength(args) => min_pin_length(args, output),
        Command::MinPinLengthRpIds(args) => {
            let rules = PinRules {
                min_pin_length_rp_ids: args.rp_id.clone(),
                ..PinRules::default()
            };
            // The standard has no way to read the list.
            change(
                &args.key,
                output,
                "minPinLengthRPIDs",
                ConfigSubcommand::SetMinPinLength(rules),
                |_| false,
            )
        }
        Command::PinComplexity(key) => {
            let rules = PinRules {
                pin_complexity_policy: true,
                ..PinRules::default()
            };
            let is_so = |info: &Info| info.pin_complexity_policy == Some(true);
            change(
                key,
                output,
                "pinComplexityPolicy",
                ConfigSubcommand::SetMinPinLength(rules),
                is_so,
            )
        }
        Command::ForcePinChange(key) => {
            let rules = PinRules {
                force_change_pin: true,
                ..PinRules::default()
            };
            let is_so = |info: &Info| info.force_pin_change == Some(true);
            change(
                key,
                output,
                "forcePINChange",
                ConfigSubcommand::SetMinPinLength(rules),
                is_so,
            )
        }
        Command::EnterpriseAttestation(key) => {
            let is_so = |info: &Info| info.has("ep");
            change(key, output, "ep", ConfigSubcommand::EnableEnterpriseAttestation, is_so)
        }
        Command::LongTouchReset(key) => {
            let is_so = |info: &Info| info.long_touch_for_reset == Some(true);
            change(
                key,
                output,
                "longTouchForReset",
                ConfigSubcommand::EnableLongTouchForReset,
                is_so,
            )
        }
    }
}

fn min_pin_length(args: &MinPinLengthArgs, output: &Output) -> Result<(), Failure> {
    let length = args.length;
    let rules = PinRules {
        new_min_pin_length: Some(length),
        ..PinRules::default()
    };
    let is_so = |info: &Info| info.min_pin_length == Some(length);
    let command = ConfigSubcommand::SetMinPinLength(rules);
    change(&args.key, output, "minPINLength", command, is_so).map_err(|failure| match failure {
        // CTAP 2.3 §6.11.4: it only ever grows.
        Failure::Key(client::Error::Status {
            status: Status::PinPolicyViolation,
            ..
        }) => Failure::usage(
            "the minimum PIN length cannot be lowered",
            "`brasskey pin status` shows how long it must be; only a reset lowers that",
        ),
        failure => failure,
    })
}

/// Changes one setting, unless it already has that value.
fn change(
    args: &KeyArgs,
    output: &Output,
    setting: &str,
    command: ConfigSubcommand,
    is_so: impl Fn(&Info) -> bool,
) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.open(output)?;
    let so_already = opened.key.info().is_some_and(&is_so);
    if !so_already {
        opened.key.configure(command, &mut interaction)?;
    }
    let must_change_pin = opened.key.info().and_then(|info| info.force_pin_change) == Some(true);
    let value = json!({
        "device": opened.label,
        "setting": setting,
        "changed": !so_already,
        "pinMustBeChanged": must_change_pin,
    });
    output.result(&value, |to| {
        match so_already {
            true => writeln!(to, "{}: {setting} needs no change.", opened.label)?,
            false => writeln!(to, "{}: {setting} was changed.", opened.label)?,
        }
        match must_change_pin {
            true => writeln!(to, "Change its PIN before you use it: `brasskey pin change`."),
            false => Ok(()),
        }
    })
}
