//! `brasskey aws session --configure PROFILE`: the lines of a profile that uses this command.

use std::env;

use serde_json::json;

use super::{Args, Source};
use crate::cli::aws::tool::{Aws, AwsArgs, Step, quoted};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::text::escape;

/// Flags that are about writing the profile, and not about the session; with whether a value follows.
const NOT_OF_THE_SESSION: [(&str, bool); 5] = [
    ("--configure", true),
    ("--yes", false),
    ("--dry-run", false),
    ("--json", false),
    ("--no-login-hint", false),
];

/// What is asked for.
const WRITES: &str = "this writes to the configuration of the AWS CLI (~/.aws/config) only";

pub(super) fn run(args: &Args, serial: &str, profile: &str, output: &Output) -> Result<(), Failure> {
    check(profile)?;
    let source = Source::new(args);
    if source.profile.as_deref().unwrap_or("default") == profile {
        return Err(Failure::usage(
            format!("the profile {profile} would get its credentials from itself"),
            "choose another name, such as mfa: programs then use it by --profile or AWS_PROFILE",
        ));
    }
    let aws = Aws::find(&AwsArgs {
        profile: Some(profile.to_owned()),
        ..AwsArgs::default()
    })?;
    if aws.configured("aws_access_key_id").is_some() {
        return Err(Failure::usage(
            format!("the profile {profile} has an access key of its own, which the AWS CLI would use in place of this"),
            "choose another name, and leave that one as the --source-profile",
        ));
    }
    if aws.has_login() && output.is_interactive() && !args.no_login_hint {
        output.notice(
            "this AWS CLI has `aws login`, which signs in by browser, where a security key works, too: for yourself at \
             this computer that may fit better than codes (--no-login-hint)",
        );
    }
    let command = command(args, &source)?;
    let mut settings = vec![("credential_process", command.clone())];
    // Of these, too, people think when they choose a profile; and without its endpoint, credentials of the practice
    // account would go to AWS itself.
    // A `services` section has endpoints of single services, and profiles name it; where endpoints are ignored, those
    // of the section are, too.
    let place = source.settings()?;
    let of_source = source.aws()?;
    let ignores = place.ignores_endpoints || source.ignores_endpoints(&of_source);
    let carried = [
        ("region", place.region),
        ("endpoint_url", place.endpoint),
        ("services", of_source.configured("services")),
        ("ignore_configured_endpoint_urls", ignores.then(|| "true".to_owned())),
    ];
    for (name, value) in carried {
        if let (None, Some(value)) = (aws.configured(name), value) {
            settings.push((name, value));
        }
    }
    let mut steps = Vec::new();
    for (name, value) in &settings {
        let what = match aws.configured(name) {
            Some(before) => format!("write to the profile {profile}: {name} = {value} (it was: {before})"),
            None => format!("write to the profile {profile}: {name} = {value}"),
        };
        steps.push(Step::call(what, aws.shown_setting(name, value)));
    }
    let Some(consent) = args.changes.consent_to(WRITES, &steps, output)? else {
        return Ok(());
    };
    for (name, value) in &settings {
        aws.configure(&consent, name, value)?;
    }
    let value = json!({ "profile": profile, "credentialProcess": command, "serialNumber": serial });
    output.result(&value, |to| {
        let profile = escape(profile);
        writeln!(to, "The profile {profile} gets its sessions from the key.")?;
        writeln!(to, "Try it: aws sts get-caller-identity --profile {profile}")
    })
}

/// A name that stands in a section of a configuration file.
fn check(profile: &str) -> Result<(), Failure> {
    match profile.is_empty() || profile.contains(|c: char| c.is_control() || "[]\"'\\".contains(c)) {
        false => Ok(()),
        true => Err(Failure::usage(
            "this cannot be the name of a profile",
            "use letters, digits, - and _",
        )),
    }
}

/// The command, with the flags that this one was given. Paths are of this program, whatever the PATH is then.
fn command(args: &Args, source: &Source<'_>) -> Result<String, Failure> {
    let program = env::current_exe().map_err(|error| Failure::System {
        what: "cannot find this program".to_owned(),
        source: error,
    })?;
    let mut words = vec![program.display().to_string(), "aws".to_owned(), "session".to_owned()];
    let given = env::args().skip_while(|word| word != "session").skip(1);
    words.extend(of_the_session(given));
    if let (None, Some(profile)) = (&args.source_profile, &source.profile) {
        words.extend(["--source-profile".to_owned(), profile.clone()]);
    }
    if words.iter().any(|word| word.contains(['\n', '\r'])) {
        return Err(Failure::usage(
            "a profile has no place for a line break",
            "leave it out",
        ));
    }
    // The AWS CLI takes the line apart as a POSIX shell does, on Windows with double quotes alone.
    let quote = |word: &String| match cfg!(windows) {
        true if word.contains(' ') => format!("\"{word}\""),
        true => word.clone(),
        false => quoted(word),
    };
    Ok(words.iter().map(quote).collect::<Vec<_>>().join(" "))
}

/// Leaves out what is not about the session.
fn of_the_session(given: impl Iterator<Item = String>) -> Vec<String> {
    let mut words = Vec::new();
    let mut skip = false;
    for word in given {
        if std::mem::take(&mut skip) {
            continue;
        }
        let flag = word.split('=').next().unwrap_or_default();
        match NOT_OF_THE_SESSION.iter().find(|(name, _)| *name == flag) {
            Some((_, has_value)) => skip = *has_value && !word.contains('='),
            None => words.push(word),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_has_the_flags_of_the_session_alone() {
        let given = "--serial arn:x --configure mfa --yes --role arn:y --configure=z --json --device soft";
        let words = of_the_session(given.split(' ').map(str::to_owned));
        assert_eq!(words.join(" "), "--serial arn:x --role arn:y --device soft");
    }

    #[test]
    fn a_profile_has_a_name_that_a_section_can_have() {
        assert!(check("mfa-prod_1").is_ok());
        for wrong in ["", "a]b", "a\nb", "a\"b"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
