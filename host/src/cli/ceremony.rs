//! What `register` and `authenticate` share: a key is opened, the ceremony is announced, and its result is printed.

use clap::Args;
use serde_json::{Value, json};

use super::device::Opened;
use super::extension_args;
use super::failure::Failure;
use super::layout::show_report;
use super::output::{BOLD, Output};
use super::pin_entry::{Interaction, KeyArgs};
use super::state::Missing;
use super::website::{Website, WebsiteArgs};
use crate::client::ceremony::Protocol;
use crate::relying_party::Report;
use crate::webauthn::{ExtensionOutputs, NoRandomness};

/// Which website, and which key.
#[derive(Debug, Args)]
pub(super) struct CeremonyArgs {
    #[command(flatten)]
    pub(super) website: WebsiteArgs,

    #[command(flatten)]
    key: KeyArgs,

    /// Talk U2F even to a key that speaks CTAP2
    #[arg(long, help_heading = "Security key")]
    pub(super) u2f: bool,
}

impl CeremonyArgs {
    /// Opens the key for a ceremony with `website`.
    pub(super) fn open<'a>(
        &self,
        website: &'a Website,
        missing: Missing,
        output: &'a Output,
    ) -> Result<Ceremony<'a>, Failure> {
        let (opened, interaction) = self.key.open_or(missing, output)?;
        Ok(Ceremony {
            website,
            protocol: opened.protocol(self.u2f, output),
            opened,
            interaction,
            output,
        })
    }
}

/// A ceremony of a website with a key.
pub(super) struct Ceremony<'a> {
    pub(super) website: &'a Website,
    pub(super) opened: Opened,
    pub(super) interaction: Interaction,
    pub(super) protocol: Protocol,
    output: &'a Output,
}

/// What came of a ceremony.
pub(super) struct CeremonyResult<'a> {
    /// The user who was registered, or signed in.
    pub(super) user: &'a str,
    pub(super) report: &'a Report,
    pub(super) extensions: &'a ExtensionOutputs,
    /// Members of the JSON value that only this ceremony has.
    pub(super) members: Vec<(&'static str, Value)>,
    /// The last lines for people: escaped.
    pub(super) lines: Vec<String>,
}

impl Ceremony<'_> {
    /// Prints what begins, and what the user would do on the website. Both texts are escaped.
    pub(super) fn announce(&self, title: &str, steps: &[String]) -> Result<(), Failure> {
        let (origin, protocol) = (self.website.origin.as_str(), self.protocol.name());
        self.output.text(|to| {
            writeln!(to, "{BOLD}{title}{BOLD:#}")?;
            writeln!(to, "  origin {origin}, over {protocol}")?;
            let mut steps = (1..).zip(steps);
            steps.try_for_each(|(number, step)| writeln!(to, "  {number}. {step}"))
        })
    }

    /// Prints the result: every check, the outputs of the extensions, and the last lines.
    pub(super) fn print(&self, result: &CeremonyResult<'_>) -> Result<(), Failure> {
        let mut value = json!({
            "device": self.opened.label,
            "protocol": self.protocol.name(),
            "rpId": self.website.settings.rp.id,
            "origin": self.website.origin.as_str(),
            "user": result.user,
            "report": result.report,
            "extensions": extension_args::value(result.extensions),
        });
        for (name, member) in &result.members {
            value[name] = member.clone();
        }
        self.output.result(&value, |to| {
            show_report(result.report, to)?;
            for (name, value) in extension_args::rows(result.extensions) {
                writeln!(to, "Its {name}: {value}")?;
            }
            result.lines.iter().try_for_each(|line| writeln!(to, "{line}"))
        })
    }
}

pub(super) fn no_randomness(error: NoRandomness) -> Failure {
    Failure::System {
        what: "cannot issue a challenge".to_owned(),
        source: std::io::Error::other(error),
    }
}
