//! `brasskey register`: a website's registration, from its options to the check of the key's answer.

use std::fs;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;
use x509_parser::pem::Pem;

use super::ceremony::{Ceremony, CeremonyArgs, CeremonyResult, no_randomness};
use super::extension_args::CreationArgs;
use super::failure::Failure;
use super::layout::{aaguid, hex};
use super::output::Output;
use super::state::Missing;
use super::website::Website;
use crate::client::ceremony::{Protocol, create};
use crate::relying_party::profile::{AwsUser, DeviceName, DeviceNameError, device_arn};
use crate::relying_party::registrations::{Account, Unchanged};
use crate::relying_party::{Credential, ExpectedRegistration, verify_registration};
use crate::text::escape;
use crate::webauthn::{
    Algorithm, AttestationConveyancePreference, Challenge, CreationOptions, Requirement, UserEntity,
};

/// The arguments of `register`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// What to call the key [default: key-1, key-2, …]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,

    /// Ask for this algorithm only [default: ES256, then EdDSA]
    #[arg(long, value_enum, ignore_case = true)]
    alg: Option<Algorithm>,

    /// Keep the credential on the key, as a passkey: it can sign in without the user's name
    #[arg(long, conflicts_with = "u2f")]
    resident: bool,

    /// How much of the key's attestation the browser passes on
    #[arg(long, value_enum, default_value_t = AttestationConveyancePreference::Direct)]
    attestation: AttestationConveyancePreference,

    /// Accept only an attestation that chains to one of the certificates in this PEM file
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

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let website = args.website(output)?;
    let attestation_roots = args.attestation_roots()?;
    // The file is written once before the ceremony: nobody touches a key for a registration that cannot be kept.
    let accounts = website.file.update(|accounts| Ok(accounts.clone()))?;
    let account = accounts.account(&website.settings.rp.id, &website.account);
    let name = args.device_name(&website, account)?;

    let mut ceremony = args.ceremony.open(&website, Missing::Make, output)?;
    announce(&ceremony, &name)?;
    let info = ceremony.opened.key.info();
    let has_no_pin = info.and_then(|info| info.options.get("clientPin")) == Some(&false);
    if args.extensions.needs_verification() && has_no_pin {
        output.notice("this key has no PIN: until `brasskey pin set` gives it one, the credential cannot sign in");
    }

    let options = args.options(&website, account)?;
    let user_handle = options.user.id.clone();
    let (key, interaction) = (&mut ceremony.opened.key, &mut ceremony.interaction);
    let answer = create(key, &options, &website.origin, ceremony.protocol, interaction)?;
    let info = key.info().filter(|_| ceremony.protocol == Protocol::Ctap2);
    let expected = ExpectedRegistration::new(options, &website.origin)
        .aaguid(info.and_then(|info| info.aaguid))
        .attestation_roots(attestation_roots);
    let (report, credential) = verify_registration(expected, &answer);

    let (mut registration, mut lines) = (None, Vec::new());
    if let Some(credential) = &credential {
        let name = args.keep(&website, &user_handle, credential)?;
        lines.push(format!("Registered as {}.", escape(&name)));
        let arn = website.aws.as_ref();
        let arn = arn.map(|(account, user)| device_arn(*account, user, &name, &credential.id));
        if let Some(arn) = &arn {
            lines.push(format!("AWS would give it a serial number like {arn}"));
            lines.push("and make up the last 26 characters itself.".to_owned());
        }
        let mut shown = json!(credential);
        shown["aaguid"] = aaguid(credential.aaguid).into();
        registration = Some(json!({ "name": name, "arn": arn, "credential": shown }));
    }
    ceremony.print(&CeremonyResult {
        user: &website.user,
        report: &report,
        extensions: &answer.extensions,
        members: vec![("registration", json!(registration))],
        lines,
    })?;
    match credential {
        Some(_) => Ok(()),
        None => Err(Failure::refused("registration")),
    }
}

/// Prints what begins; `name` is what the user calls the key.
fn announce(ceremony: &Ceremony<'_>, name: &str) -> Result<(), Failure> {
    let website = ceremony.website;
    let (label, user, rp) = (
        &ceremony.opened.label,
        escape(&website.user),
        escape(&website.settings.rp.id),
    );
    let steps = website.aws.as_ref().map(|(_, aws_user)| {
        [
            format!(
                "{}, Assign MFA device: name it {}",
                way_to_devices(aws_user),
                escape(name)
            ),
            "Passkey or security key, Next: touch it".to_owned(),
        ]
    });
    ceremony.announce(
        &format!("Registering {label} for {user} at {rp}"),
        steps.as_ref().map_or(&[], |steps| steps),
    )
}

impl Args {
    /// The website that the flags describe.
    fn website(&self, output: &Output) -> Result<Website, Failure> {
        let mut website = self.ceremony.website.website(output)?;
        let settings = &mut website.settings;
        if self.ceremony.u2f && self.alg.is_some_and(|algorithm| algorithm != Algorithm::Es256) {
            return Err(Failure::usage(
                "U2F has no algorithm but ES256",
                "leave out --alg, or leave out --u2f",
            ));
        }
        if let Some(algorithm) = self.alg {
            settings.algorithms = vec![algorithm.cose()];
        }
        settings.creation_extensions = self.extensions.extensions();
        if self.resident {
            settings.resident_key = Requirement::Required;
        }
        settings.attestation = self.attestation;
        if self.legacy_app_id && settings.app_id.is_none() {
            return Err(Failure::usage(
                "this relying party has no AppID from the time of U2F",
                "use --legacy-app-id with --profile aws and its own RP ID",
            ));
        }
        Ok(website)
    }

    /// What the website asks for. The account, where there is one already, keeps its user handle.
    fn options(&self, website: &Website, account: Option<&Account>) -> Result<CreationOptions, Failure> {
        let user = UserEntity {
            id: match account {
                Some(account) => account.user_handle.clone(),
                None => Challenge::issue().map_err(no_randomness)?.bytes().to_vec(),
            },
            name: Some(website.user.clone()),
            display_name: Some(website.user.clone()),
        };
        let options = website
            .settings
            .creation_options(user, account)
            .map_err(no_randomness)?;
        Ok(CreationOptions {
            legacy_app_id: website.settings.app_id.clone().filter(|_| self.legacy_app_id),
            ..options
        })
    }

    /// The certificates that the attestation must chain to.
    fn attestation_roots(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let Some(file) = &self.attestation_root else {
            return Ok(Vec::new());
        };
        if self.attestation == AttestationConveyancePreference::None {
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

    /// Keeps the registration, and returns its name: one that is free now, where the user chose none. Another process
    /// may have registered a key since the ceremony began.
    fn keep(&self, website: &Website, user_handle: &[u8], credential: &Credential) -> Result<String, Failure> {
        let Website { settings, account, .. } = website;
        let rp_id = &settings.rp.id;
        let kept = website.file.update(|accounts| {
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
                let id = hex(&credential.id);
                format!("the key keeps the passkey until `brasskey credentials delete {id}`")
            }),
            source,
        })
    }

    /// The name for the key: one that is free, before anybody touches anything.
    fn device_name(&self, website: &Website, account: Option<&Account>) -> Result<String, Failure> {
        let count = account.map_or(0, |account| account.registrations.len());
        if website.settings.limit.is_some_and(|limit| count >= limit) {
            return Err(Failure::Registrations(Unchanged::Full.into()));
        }
        match &self.name {
            Some(name) if is_taken(account, name) => Err(Failure::Registrations(Unchanged::NameTaken.into())),
            Some(name) => {
                if website.aws.is_some() {
                    let valid: Result<DeviceName, DeviceNameError> = name.parse();
                    valid.map_err(|error| Failure::usage(error.to_string(), error.hint()))?;
                }
                Ok(name.clone())
            }
            None => Ok(free_name(account)),
        }
    }
}

/// Where a user of AWS finds the page that registers devices.
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

/// The first of key-1, key-2, … that is free.
fn free_name(account: Option<&Account>) -> String {
    let mut names = (1..).map(|number: usize| format!("key-{number}"));
    names.find(|name| !is_taken(account, name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_algorithm_can_be_asked_for_by_its_name() {
        for algorithm in Algorithm::ALL {
            let name = algorithm.name();
            assert_eq!(Algorithm::from_str(name, true), Ok(algorithm), "{name}");
        }
        assert_eq!(Algorithm::value_variants(), Algorithm::ALL);
    }
}
