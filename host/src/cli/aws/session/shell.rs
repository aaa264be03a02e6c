//! Credentials as commands of a shell.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use super::credentials::{Credentials, IN_THE_WAY, Place};
use crate::cli::failure::Failure;

/// A kind of shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// sh, bash, zsh, and what else knows `export`.
    Posix,
    /// fish.
    Fish,
    /// PowerShell.
    Pwsh,
}

impl FromStr for Shell {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "posix" => Ok(Self::Posix),
            "fish" => Ok(Self::Fish),
            "powershell" | "pwsh" => Ok(Self::Pwsh),
            _ => Err("this shell is not known\nhint: name sh, bash, zsh, fish or powershell"),
        }
    }
}

impl Shell {
    /// The user's own.
    pub(super) fn of_user() -> Result<Self, Failure> {
        if cfg!(windows) {
            return Ok(Self::Pwsh);
        }
        let shell = env::var_os("SHELL").unwrap_or_else(|| "sh".into());
        let name = Path::new(&shell)
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        name.parse().map_err(|_| {
            Failure::usage(
                format!("the shell {} is not known", shell.display()),
                "name one with --shell: sh, bash, zsh, fish or powershell",
            )
        })
    }

    /// Writes the commands. Values have neither spaces nor quotes, which [`Credentials`] sees to.
    pub(super) fn export(self, credentials: &Credentials, place: &Place, to: &mut dyn Write) -> io::Result<()> {
        for name in IN_THE_WAY {
            match self {
                Self::Posix => writeln!(to, "unset {name}")?,
                Self::Fish => writeln!(to, "set -e {name}")?,
                Self::Pwsh => writeln!(to, "Remove-Item Env:{name} -ErrorAction SilentlyContinue")?,
            }
        }
        for (name, value) in credentials.variables(place) {
            match self {
                Self::Posix => writeln!(to, "export {name}='{}'", value.replace('\'', r"'\''"))?,
                Self::Fish => writeln!(
                    to,
                    "set -gx {name} '{}'",
                    value.replace('\\', r"\\").replace('\'', r"\'")
                )?,
                Self::Pwsh => writeln!(to, "$Env:{name} = '{}'", value.replace('\'', "''"))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::credentials::tests::until;
    use super::*;

    #[test]
    fn each_shell_has_its_own_words() {
        let exports = |shell: &str, region: Option<&str>| {
            let mut text = Vec::new();
            let shell: Shell = shell.parse().unwrap();
            let place = Place {
                region: region.map(str::to_owned),
                endpoint: region.map(|_| "http://127.0.0.1:8222".to_owned()),
                ignores_endpoints: false,
            };
            shell.export(&until("2026-11-29T01:00:00Z"), &place, &mut text).unwrap();
            String::from_utf8(text).unwrap()
        };
        let posix = exports("zsh", None);
        assert!(posix.starts_with("unset AWS_PROFILE\n"), "{posix}");
        assert!(
            posix.contains("\nexport AWS_SESSION_TOKEN='to+ken=='\n")
                && !posix.contains("REGION")
                && !posix.contains("ENDPOINT"),
            "{posix}"
        );
        let fish = exports("fish", Some("eu-west-1"));
        assert!(fish.contains("\nset -gx AWS_REGION 'eu-west-1'\n"), "{fish}");
        assert!(
            fish.contains("\nset -gx AWS_ENDPOINT_URL 'http://127.0.0.1:8222'\n"),
            "{fish}"
        );
        let hostile = exports("pwsh", Some("a'b"));
        assert!(hostile.contains("\n$Env:AWS_REGION = 'a''b'\n"), "{hostile}");
        assert!(exports("sh", Some("a'b")).contains(r"export AWS_REGION='a'\''b'"));
        assert!("tcsh".parse::<Shell>().is_err());
    }
}
