//! `brasskey config`: settings of a whole key.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

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

/// One setting, and what it shall be.
struct Setting {
    /// The standard's name.
    name: &'static str,
    value: Value,
    command: ConfigSubcommand,
    /// Whether the key has the value already.
    is_so: fn(&Info, &Value) -> bool,
}

impl Setting {
    /// A setting that can only be switched on.
    fn on(name: &'static str, command: ConfigSubcommand, is_so: fn(&Info, &Value) -> bool) -> Self {
        Self {
            name,
            value: true.into(),
            command,
            is_so,
        }
    }

    /// As the user reads it.
    fn shown(&self) -> String {
        match &self.value {
            Value::Bool(true) => "on".to_owned(),
            Value::Bool(false) => "off".to_owned(),
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            value => value.to_string(),
        }
    }
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    let (key, setting) = match command {
        Command::AlwaysUv(args) => {
            let setting = Setting {
                value: (args.switch == Switch::On).into(),
                ..Setting::on("alwaysUv", ConfigSubcommand::ToggleAlwaysUv, |info, value| {
                    info.options.get("alwaysUv").copied() == value.as_bool()
                })
            };
            (&args.key, setting)
        }
        Command::MinPinLength(args) => return min_pin_length(args, output),
        Command::MinPinLengthRpIds(args) => {
            let rules = PinRules {
                min_pin_length_rp_ids: args.rp_id.clone(),
                ..PinRules::default()
            };
            let setting = Setting {
                name: "minPinLengthRPIDs",
                value: json!(args.rp_id),
                command: ConfigSubcommand::SetMinPinLength(rules),
                // The standard has no way to read the list.
                is_so: |_, _| false,
            };
            (&args.key, setting)
        }
        Command::PinComplexity(key) => {
            let rules = PinRules {
                pin_complexity_policy: true,
                ..PinRules::default()
            };
            let command = ConfigSubcommand::SetMinPinLength(rules);
            let is_so = |info: &Info, _: &Value| info.pin_complexity_policy == Some(true);
            (key, Setting::on("pinComplexityPolicy", command, is_so))
        }
        Command::ForcePinChange(key) => {
            let rules = PinRules {
                force_change_pin: true,
                ..PinRules::default()
            };
            let command = ConfigSubcommand::SetMinPinLength(rules);
            let is_so = |info: &Info, _: &Value| info.force_pin_change == Some(true);
            (key, Setting::on("forcePINChange", command, is_so))
        }
        Command::EnterpriseAttestation(key) => {
            let command = ConfigSubcommand::EnableEnterpriseAttestation;
            (key, Setting::on("ep", command, |info, _| info.has("ep")))
        }
        Command::LongTouchReset(key) => {
            let command = ConfigSubcommand::EnableLongTouchForReset;
            let is_so = |info: &Info, _: &Value| info.long_touch_for_reset == Some(true);
            (key, Setting::on("longTouchForReset", command, is_so))
        }
    };
    change(key, setting, output)
}

fn min_pin_length(args: &MinPinLengthArgs, output: &Output) -> Result<(), Failure> {
    let rules = PinRules {
        new_min_pin_length: Some(args.length),
        ..PinRules::default()
    };
    let setting = Setting {
        name: "minPINLength",
        value: args.length.into(),
        command: ConfigSubcommand::SetMinPinLength(rules),
        is_so: |info, value| info.min_pin_length == value.as_u64(),
    };
    change(&args.key, setting, output).map_err(|failure| match failure {
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
fn change(args: &KeyArgs, setting: Setting, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.open(output)?;
    let so_already = opened
        .key
        .info()
        .is_some_and(|info| (setting.is_so)(info, &setting.value));
    let shown = setting.shown();
    if !so_already {
        opened.key.configure(setting.command, &mut interaction)?;
    }
    let must_change_pin = opened.key.info().and_then(|info| info.force_pin_change) == Some(true);
    let (label, name) = (&opened.label, setting.name);
    let value = json!({
        "device": label,
        "setting": name,
        "value": setting.value,
        "changed": !so_already,
        "pinMustBeChanged": must_change_pin,
    });
    output.result(&value, |to| {
        match so_already {
            true => writeln!(to, "{label}: {name} is {shown} already.")?,
            false => writeln!(to, "{label}: {name} is {shown} now.")?,
        }
        match must_change_pin {
            true => writeln!(to, "Change its PIN before you use it: `brasskey pin change`."),
            false => Ok(()),
        }
    })
}
