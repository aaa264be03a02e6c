//! The account that `brasskey oath add` is given: a QR code, an `otpauth://` address, or a secret with flags.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, value_parser};
use zeroize::Zeroizing;

use super::qr;
use crate::cli::failure::Failure;
use crate::cli::secret::{Source, Unanswered, ask};
use crate::client;
use crate::client::oath::{Algorithm, DEFAULT_PERIOD, Kind, MAX_NAME, Name, NewAccount, decode_secret};

/// What the account is, and where its secret comes from.
#[derive(Debug, Args)]
pub(in super::super) struct AccountArgs {
    /// Read the QR code in this picture (PNG or JPEG): a screenshot, for example. Delete it afterwards
    #[arg(long, value_name = "FILE")]
    qr: Option<PathBuf>,

    /// Read the secret or the otpauth:// address from this file descriptor, as one line
    #[arg(long, value_name = "NUMBER", conflicts_with = "qr")]
    secret_fd: Option<u32>,

    /// The account's name, in place of that in the address
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Who gave the secret: the website, in place of that in the address
    #[arg(long, value_name = "ISSUER")]
    issuer: Option<String>,

    /// Ask for a touch for each code
    #[arg(long)]
    require_touch: bool,

    #[command(flatten)]
    bare: BareArgs,
}

/// What an address says, for a secret without one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where the secret is no otpauth:// address")]
struct BareArgs {
    /// What the codes go by: totp (the time) or hotp (a counter) [default: totp]
    #[arg(long, value_parser = kind(), hide_possible_values = true)]
    r#type: Option<Kind>,

    /// The hash function: sha1, sha256 or sha512 [default: sha1]
    #[arg(long, value_parser = algorithm(), hide_possible_values = true)]
    algorithm: Option<Algorithm>,

    /// How many digits a code has: 6, 7 or 8 [default: 6]
    #[arg(long, value_name = "NUMBER", value_parser = value_parser!(u8).range(6..=8))]
    digits: Option<u8>,

    /// How long a code is valid [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u32).range(1..))]
    period: Option<u32>,

    /// Where hotp begins to count [default: 0]
    #[arg(long, value_name = "NUMBER")]
    counter: Option<u32>,
}

fn kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(["totp", "hotp"]).map(|name| match name.as_str() {
        "hotp" => Kind::Hotp,
        _ => Kind::Totp,
    })
}

fn algorithm() -> impl TypedValueParser<Value = Algorithm> {
    PossibleValuesParser::new(["sha1", "sha256", "sha512"]).map(|name| match name.as_str() {
        "sha256" => Algorithm::Sha256,
        "sha512" => Algorithm::Sha512,
        _ => Algorithm::Sha1,
    })
}

impl AccountArgs {
    /// The account that is meant.
    pub(super) fn account(&self) -> Result<NewAccount, Failure> {
        let text = self.text()?;
        let is_address = text.contains("://");
        let mut account = match is_address {
            true => {
                if self.bare.is_given() {
                    return Err(Failure::usage(
                        "the otpauth:// address says itself what --type, --algorithm, --digits, --period and --counter \
                         are for",
                        "leave them out",
                    ));
                }
                NewAccount::from_uri(&text).map_err(|error| Failure::usage(error.to_string(), error.hint()))?
            }
            false => self.bare(&text)?,
        };
        drop(text);
        if let Some(name) = &self.name {
            account.name.account.clone_from(name);
        }
        if let Some(issuer) = &self.issuer {
            account.name.issuer = Some(issuer.clone()).filter(|issuer| !issuer.is_empty());
        }
        account.touch = self.require_touch;
        check_name(&account.name)?;
        Ok(account)
    }

    /// The picture that the secret came from.
    pub(super) fn picture(&self) -> Option<&Path> {
        self.qr.as_deref()
    }

    /// The line with the secret.
    fn text(&self) -> Result<Zeroizing<String>, Failure> {
        const SECRET: &str = "the secret or the otpauth:// address";
        let needed = || Failure::secret_needed(SECRET, "--qr, --secret-fd or stdin");
        if let Some(path) = &self.qr {
            return qr::read(path);
        }
        let line = match self.secret_fd {
            None if std::io::stdin().is_terminal() => {
                ask("Secret or otpauth:// address: ").map_err(|why| match why {
                    Unanswered::Interrupted => client::Error::Cancelled.into(),
                    Unanswered::Nobody => needed(),
                })?
            }
            descriptor => Source::Descriptor(descriptor.unwrap_or(0))
                .read("secret")?
                .ok_or_else(needed)?,
        };
        match line.trim().is_empty() {
            true => Err(needed()),
            false => Ok(line),
        }
    }

    fn bare(&self, text: &str) -> Result<NewAccount, Failure> {
        let Some(secret) = decode_secret(text.trim()) else {
            return Err(Failure::usage(
                "this is neither an otpauth:// address nor a secret in base 32",
                "copy all of it from the website: a secret has the letters A to Z and the digits 2 to 7",
            ));
        };
        let Some(account) = &self.name else {
            return Err(Failure::usage(
                "a secret alone does not say whose it is",
                "give the account's name with --name, and the website with --issuer",
            ));
        };
        let kind = self.bare.r#type.unwrap_or(Kind::Totp);
        let (wrong, right) = match kind {
            Kind::Totp => (self.bare.counter, "a counter is for --type hotp"),
            Kind::Hotp => (self.bare.period, "a period is for --type totp"),
        };
        if wrong.is_some() {
            return Err(Failure::usage(right, "leave it out, or choose the other type"));
        }
        let name = Name {
            issuer: None,
            account: account.clone(),
            period: self.bare.period.unwrap_or(DEFAULT_PERIOD),
        };
        let mut new = NewAccount::new(name, secret);
        new.kind = kind;
        new.algorithm = self.bare.algorithm.unwrap_or(Algorithm::Sha1);
        new.digits = self.bare.digits.unwrap_or(6);
        new.counter = self.bare.counter.unwrap_or(0);
        Ok(new)
    }
}

impl BareArgs {
    fn is_given(&self) -> bool {
        self.r#type.is_some()
            || self.algorithm.is_some()
            || self.digits.is_some()
            || self.period.is_some()
            || self.counter.is_some()
    }
}

/// Whether a key can take the name.
pub(in crate::cli) fn check_name(name: &Name) -> Result<(), Failure> {
    let issuer = name.issuer.as_deref().unwrap_or_default();
    if name.account.is_empty() || issuer.contains(':') {
        return Err(Failure::usage(
            "an account has a name that is not empty, and an issuer without a colon",
            "give them with --name and --issuer",
        ));
    }
    let shown = name.to_string();
    if shown.trim().is_empty() || shown.chars().any(char::is_control) {
        return Err(Failure::usage(
            "an account's name has something to see, and no control characters",
            "choose another name",
        ));
    }
    // Keys keep the period in front of the name.
    let kept = Name::parse(&name.id(), Kind::Totp);
    if kept.period != name.period || kept.to_string() != shown {
        return Err(Failure::usage(
            "a name cannot begin with a number and a slash: keys take these for the period of the codes",
            "choose another name; --period of `oath add` sets the period",
        ));
    }
    match name.id().len() {
        ..=MAX_NAME => Ok(()),
        length => Err(Failure::usage(
            format!("the name has {length} bytes with its issuer and period, and keys take {MAX_NAME}"),
            "choose a shorter name or issuer",
        )),
    }
}

/// The shortest secret that is usual, in bytes: websites give 80 bits or more, as 16 letters and digits.
const USUAL_SECRET: usize = 10;

/// Why the codes may be wrong at the website.
pub(super) fn warnings(account: &NewAccount) -> Vec<String> {
    let mut warnings = wrong_codes(account);
    let bits = 8 * account.secret.len();
    if account.secret.len() < USUAL_SECRET {
        warnings.push(format!(
            "this secret has {bits} bits, and websites give 80 or more: is it all of it, on one line?"
        ));
    }
    warnings
}

fn wrong_codes(account: &NewAccount) -> Vec<String> {
    let period = account.name.period;
    let is_usual = account.algorithm == Algorithm::Sha1 && (account.kind == Kind::Hotp || period == DEFAULT_PERIOD);
    if is_aws(&account.name) && !(is_usual && account.kind == Kind::Totp && account.digits == 6) {
        return vec![
            "AWS takes codes by the time, of SHA-1, 6 digits and 30 s alone: those of this account are wrong there"
                .to_owned(),
        ];
    }
    if is_usual {
        return Vec::new();
    }
    let what = match account.kind {
        Kind::Totp => format!("{} and {period} s", account.algorithm),
        Kind::Hotp => account.algorithm.to_string(),
    };
    vec![format!(
        "nearly every website means SHA-1 and 30 s, and these codes are of {what}: right only where the website says so"
    )]
}

/// Whether the account looks like one at AWS, whose virtual devices are called DEVICE@ACCOUNT-NUMBER.
fn is_aws(name: &Name) -> bool {
    let issuer = name.issuer.as_deref().unwrap_or_default().to_lowercase();
    let number = name.account.rsplit('@').next().filter(|_| name.account.contains('@'));
    issuer == "aws"
        || issuer.starts_with("aws ")
        || issuer.starts_with("amazon")
        || number.is_some_and(|number| number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_aws_would_refuse_is_warned_of() {
        let warned = |uri| {
            let account = NewAccount::from_uri(uri).unwrap();
            warnings(&account).concat()
        };
        for fine in [
            "otpauth://totp/AWS:alice?secret=JBSWY3DPEHPK3PXP",
            "otpauth://totp/key@123456789012?secret=JBSWY3DPEHPK3PXP",
            "otpauth://totp/GitHub:alice?secret=JBSWY3DPEHPK3PXP&digits=8",
            "otpauth://hotp/GitHub:alice?secret=JBSWY3DPEHPK3PXP&counter=0",
        ] {
            assert_eq!(warned(fine), "", "{fine}");
        }
        for aws in [
            "otpauth://totp/AWS:alice?secret=JBSWY3DPEHPK3PXP&algorithm=SHA256",
            "otpauth://totp/key@123456789012?secret=JBSWY3DPEHPK3PXP&period=60",
            "otpauth://totp/Amazon%20Web%20Services:alice?secret=JBSWY3DPEHPK3PXP&digits=8",
            "otpauth://hotp/AWS:alice?secret=JBSWY3DPEHPK3PXP&counter=0",
        ] {
            assert!(warned(aws).contains("wrong there"), "{aws}");
        }
        let short = warned("otpauth://totp/a@example.com?secret=JBSWY3DP");
        assert!(short.contains("40 bits"), "{short}");
        let other = warned("otpauth://totp/a@example.com?secret=JBSWY3DPEHPK3PXP&period=60&algorithm=SHA512");
        assert!(other.contains("SHA-512 and 60 s"), "{other}");
    }

    #[test]
    fn a_name_that_no_key_takes_is_refused_before_any_is_asked() {
        let name = |issuer: &str, account: &str, period| Name {
            issuer: Some(issuer.to_owned()).filter(|issuer| !issuer.is_empty()),
            account: account.to_owned(),
            period,
        };
        assert!(check_name(&name("", &"a".repeat(64), 30)).is_ok());
        assert!(check_name(&name("", &"a".repeat(62), 60)).is_err());
        assert!(check_name(&name("AWS", &"a".repeat(61), 30)).is_err());
        assert!(check_name(&name("a:b", "c", 30)).is_err());
        assert!(check_name(&name("a", "", 30)).is_err());
        assert!(check_name(&name("", " ", 30)).is_err());
        assert!(check_name(&name("", "a\tb", 30)).is_err());
        // Another program would read a period there.
        assert!(check_name(&name("", "60/a", 30)).is_err());
        assert!(check_name(&name("60/a", "b", 30)).is_err());
        assert!(check_name(&name("", "30/a", 30)).is_err());
        assert!(check_name(&name("", "a/b", 30)).is_ok());
        assert!(check_name(&name("", "60/a", 60)).is_ok());
    }
}
