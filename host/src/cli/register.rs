//! `brasskey register`: a website's registration, from its options to the check of the key's answer.

use std::fs;
use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, PossibleValue};
use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;
use x509_parser::pem::Pem;

use super::ceremony::{CeremonyArgs, Played, show_report};
use super::device;
use super::extension_args::{self, CreationArgs};
use super::failure::Failure;
use super::layout::aaguid;
use super::output::{BOLD, Output};
use super::pin_entry::Attendant;
use crate::client::webauthn::{AttestationConveyancePreference, Protocol, Requirement, UserEntity, create};
use crate::relying_party::profile::{AwsUser, DeviceName, DeviceNameError, device_arn};
use crate::relying_party::registrations::{Account, Unchanged};
use crate::relying_party::{Algorithm, Challenge, Credential, ExpectedRegistration, verify_registration};
use crate::text::escape;

/// The arguments of `register`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What to call the key [default: key-1, key-2, …]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,

    /// Ask for this algorithm only [default: ES256, then EdDSA]
    #[arg(long, value_enum, ignore_case = true)]
    alg: Option<Algorithm>,

    /// Let the key keep the credential, so that it can sign in without being told the user
    #[arg(long, conflicts_with = "u2f")]
    resident: bool,

    /// What the browser passes on of the key's attestation
    #[arg(long, value_enum, default_value_t = AttestationName::Direct)]
    attestation: AttestationName,

    /// Demand an attestation that chains to one of the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    attestation_root: Option<PathBuf>,

    /// Register as AWS did before 2022: over U2F, bound to the AppID instead of the RP ID
    #[arg(long, requires = "u2f")]
    legacy_app_id: bool,

    #[command(flatten)]
    extensions: CreationArgs,

    #[command(flatten)]
    ceremony: CeremonyArgs,
}

/// The names of the COSE registry, as they are typed.
impl ValueEnum for Algorithm {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let name = match self {
            Self::Es256 => "es256",
            Self::EdDsa => "eddsa",
            Self::Es384 => "es384",
            Self::Es512 => "es512",
            Self::Es256k => "es256k",
            Self::Esp256 => "esp256",
            Self::Esp384 => "esp384",
            Self::Esp512 => "esp512",
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
            Self::Rs256 => "rs256",
        };
        Some(PossibleValue::new(name))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AttestationName {
    None,
    Direct,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut played = args.ceremony.played(output)?;
    args.adjust(&mut played)?;
    let attestation_roots = args.attestation_roots()?;
    // Stored once as it is, so that nobody touches a key for a registration that then cannot be kept.
    let accounts = played.file.update(|accounts| Ok(accounts.clone()))?;
    let account = accounts.account(&played.settings.rp.id, &played.account);
    let name = args.device_name(&played, account)?;

    let mut opened = device::open_or_make(&args.ceremony.device, output)?;
    let protocol = args.ceremony.protocol(&opened.key);
    output.text(|to| {
        let (rp, origin, label) = (escape(&played.settings.rp.id), played.origin.as_str(), &opened.label);
        writeln!(
            to,
            "{BOLD}Registering {label} for {} at {rp}{BOLD:#}",
            escape(&played.user)
        )?;
        writeln!(to, "  origin {origin}, over {}", protocol.name())?;
        if let Some((_, user)) = &played.aws {
            writeln!(
                to,
                "  1. {}, Assign MFA device: name it {}",
                way_to_devices(user),
                escape(&name)
            )?;
            writeln!(to, "  2. Passkey or security key, Next: touch it")?;
        }
        Ok(())
    })?;

    let has_no_pin = opened.key.info().and_then(|info| info.options.get("clientPin")) == Some(&false);
    if args.extensions.needs_verification() && has_no_pin {
        output.notice("this key has no PIN: until `brasskey pin set` gives it one, the credential cannot sign in");
    }

    let user = UserEntity {
        id: match account {
            Some(account) => account.user_handle.clone(),
            None => Challenge::issue().map_err(no_randomness)?.bytes().to_vec(),
        },
        name: played.user.clone(),
        display_name: played.user.clone(),
    };
    let user_handle = user.id.clone();
    let mut options = played.settings.creation_options(user, account).map_err(no_randomness)?;
    if args.legacy_app_id {
        options.legacy_app_id.clone_from(&played.settings.app_id);
    }
    let mut attendant = Attendant::new(&opened, &args.ceremony.pin, output)?;
    let answer = create(&mut opened.key, &options, &played.origin, protocol, &mut attendant)?;
    let info = opened.key.info().filter(|_| protocol == Protocol::Ctap2);
    let expected = ExpectedRegistration::new(options, &played.origin)
        .aaguid(info.and_then(|info| info.aaguid))
        .attestation_roots(attestation_roots);
    let (report, credential) = verify_registration(expected, &answer);

    let name = match &credential {
        Some(credential) => args.keep(&played, &user_handle, credential)?,
        None => name,
    };
    let arn = credential.as_ref().zip(played.aws.as_ref());
    let arn = arn.map(|(credential, (account, user))| device_arn(*account, user, &name, &credential.id));
    let value = json!({
        "device": opened.label,
        "protocol": protocol.name(),
        "rpId": played.settings.rp.id,
        "origin": played.origin.as_str(),
        "user": played.user,
        "report": report,
        "extensions": extension_args::value(&answer.extensions),
        "registration": credential.as_ref().map(|credential| {
            let mut shown = json!(credential);
            shown["aaguid"] = aaguid(credential.aaguid).into();
            json!({ "name": name, "arn": arn, "credential": shown })
        }),
    });
    output.result(&value, |to| {
        show_report(&report, to)?;
        for (name, value) in extension_args::rows(&answer.extensions) {
            writeln!(to, "Its {name}: {value}")?;
        }
        if credential.is_some() {
            writeln!(to, "Registered as {}.", escape(&name))?;
        }
        if let Some(arn) = &arn {
            writeln!(to, "AWS would give it a serial number like {arn}")?;
            writeln!(to, "and make up the last 26 characters itself.")?;
        }
        Ok(())
    })?;
    match credential {
        Some(_) => Ok(()),
        None => Err(Failure::Verification(
            "the key's answer to the registration is not as it must be".to_owned(),
        )),
    }
}

impl Args {
    /// The flags over the profile's settings.
    fn adjust(&self, played: &mut Played) -> Result<(), Failure> {
        if self.ceremony.u2f && self.alg.is_some_and(|algorithm| algorithm != Algorithm::Es256) {
            return Err(Failure::usage(
                "U2F knows ES256 alone",
                "leave out --alg, or leave out --u2f",
            ));
        }
        if let Some(algorithm) = self.alg {
            played.settings.algorithms = vec![algorithm.cose()];
        }
        played.settings.creation_extensions = self.extensions.extensions();
        if self.resident {
            played.settings.resident_key = Requirement::Required;
        }
        played.settings.attestation = match self.attestation {
            AttestationName::None => AttestationConveyancePreference::None,
            AttestationName::Direct => AttestationConveyancePreference::Direct,
        };
        if self.legacy_app_id && played.settings.app_id.is_none() {
            return Err(Failure::usage(
                "this relying party has no AppID from the time of U2F",
                "use --legacy-app-id with --profile aws and its own RP ID",
            ));
        }
        Ok(())
    }

    /// The certificates that the attestation must chain to.
    fn attestation_roots(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let Some(file) = &self.attestation_root else {
            return Ok(Vec::new());
        };
        if matches!(self.attestation, AttestationName::None) {
            return Err(Failure::usage(
                "with `--attestation none` nothing can chain to --attestation-root",
                "leave one of them out",
            ));
        }
        let pem = fs::read(file).map_err(|source| Failure::System {
            what: format!("cannot read {}", file.display()),
            source,
        })?;
        let blocks: Result<Vec<Pem>, _> = Pem::iter_from_buffer(&pem).collect();
        let certificates = blocks.unwrap_or_default();
        let certificates: Vec<_> = certificates
            .into_iter()
            .filter(|block| block.label == "CERTIFICATE")
            .collect();
        if certificates.is_empty() || certificates.iter().any(|block| block.parse_x509().is_err()) {
            return Err(Failure::usage(
                format!("{} does not hold certificates in PEM", file.display()),
                "name the root of the key's vendor, or root.pem of `brasskey attestation init`",
            ));
        }
        Ok(certificates.into_iter().map(|block| block.contents).collect())
    }

    /// Keeps the registration, and says by which name: one that is free now, where the user chose none. Another process
    /// may have registered a key since the ceremony began.
    fn keep(&self, played: &Played, user_handle: &[u8], credential: &Credential) -> Result<String, Failure> {
        let Played { settings, account, .. } = played;
        let rp_id = &settings.rp.id;
        let kept = played.file.update(|accounts| {
            let name = self.name.clone();
            let name = name.unwrap_or_else(|| free_name(accounts.account(rp_id, account)));
            accounts
                .add(rp_id, account, user_handle, &name, credential.clone(), settings.limit)
                .map(|registration| registration.name.clone())
        });
        kept.map_err(|source| Failure::NotKept {
            done: "the key made the credential",
            what: "its registration",
            hint: self.resident.then(|| {
                let id: String = credential.id.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("the key keeps the passkey until `brasskey credentials delete {id}`")
            }),
            source,
        })
    }

    /// The name for the key: one that is free, before anybody touches anything.
    fn device_name(&self, played: &Played, account: Option<&Account>) -> Result<String, Failure> {
        let count = account.map_or(0, |account| account.registrations.len());
        if played.settings.limit.is_some_and(|limit| count >= limit) {
            return Err(Failure::Registrations(Unchanged::Full.into()));
        }
        match &self.name {
            Some(name) if is_taken(account, name) => Err(Failure::Registrations(Unchanged::NameTaken.into())),
            Some(name) => {
                if played.aws.is_some() {
                    let valid: Result<DeviceName, DeviceNameError> = name.parse();
                    valid.map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
                }
                Ok(name.clone())
            }
            None => Ok(free_name(account)),
        }
    }
}

/// Where a user of AWS finds the page that registers devices: root in the account menu only.
fn way_to_devices(user: &AwsUser) -> String {
    match user {
        AwsUser::Root => "Account menu, Security credentials".to_owned(),
        AwsUser::Iam(name) => format!("IAM, Users, {}, Security credentials", escape(name)),
    }
}

fn is_taken(account: Option<&Account>, name: &str) -> bool {
    let mut registrations = account.into_iter().flat_map(|account| &account.registrations);
    registrations.any(|registration| registration.name == name)
}

/// The first of key-1, key-2, … that the account has not.
fn free_name(account: Option<&Account>) -> String {
    let mut names = (1..).map(|number: usize| format!("key-{number}"));
    names.find(|name| !is_taken(account, name)).unwrap_or_default()
}

pub(super) fn no_randomness(error: crate::relying_party::NoRandomness) -> Failure {
    Failure::System {
        what: "cannot issue a challenge".to_owned(),
        source: std::io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_can_be_asked_for_by_its_name() {
        for algorithm in Algorithm::ALL {
            let name = algorithm.name();
            assert_eq!(<Algorithm as ValueEnum>::from_str(name, true), Ok(algorithm), "{name}");
        }
    }
}
