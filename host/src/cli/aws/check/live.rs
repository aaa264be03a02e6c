//! The answers of AWS itself, by the AWS CLI.
//!
//! Each call of the CLI takes half a second, so that lists of everybody come first. Users are asked for one by one only
//! where no such list tells: those with a console password who have a device by the credential report or by a list.
//! What is not allowed is missing in the verdicts, and ends nothing.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use brasskey_aws::audit::{Inputs, Kind, REGIONS, Source};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::files::unfit;
use super::progress::bar;
use crate::cli::aws::AwsError;
use crate::cli::aws::tool::{Arguments, Aws, AwsArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// How many processes of the CLI run at a time.
const WORKERS: usize = 6;
/// Lists of a large account come in many pages.
const PATIENCE: Duration = Duration::from_secs(600);
/// AWS makes a credential report within seconds, or a minute in a large account.
const REPORT_TRIES: usize = 60;
const REPORT_WAIT: Duration = Duration::from_secs(2);

/// What the verdicts need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All that there is.
    Everything,
    /// Who has which devices.
    Devices,
}

/// One answer: where it is from, and its JSON or why there is none.
struct Answer {
    source: Source,
    name: String,
    region: Option<&'static str>,
    result: Result<Value, AwsError>,
}

/// Asks AWS, and changes nothing but that it makes a new credential report where the last is old.
pub(super) fn ask(args: &AwsArgs, wanted: Wanted, output: &Output) -> Result<Inputs, Failure> {
    let aws = Aws::find(args)?;
    // Sign-ins are asked for in regions of their own.
    let trail = match (&args.region, wanted) {
        (Some(_), Wanted::Everything) => Some(Aws::find(&AwsArgs {
            region: None,
            ..args.clone()
        })?),
        _ => None,
    };
    let trail = trail.as_ref().unwrap_or(&aws);
    let mut inputs = Inputs::default();
    inputs.set_live();
    let identity = aws.call("sts", "get-caller-identity", &[])?;
    read(&mut inputs, "aws sts get-caller-identity", &identity)?;

    let jobs = jobs(wanted);
    let progress = bar(jobs.len(), "answers of AWS", output);
    let answers = each(&jobs, &progress, |job| job.run(&aws, trail));
    progress.finish_and_clear();
    for answer in answers.into_iter().flatten() {
        take(&mut inputs, answer)?;
    }

    let mut users = inputs.users_to_ask();
    // Who may not list users may mostly list devices of their own.
    let names = inputs.user_names();
    let caller = identity["Arn"].as_str().and_then(|arn| arn.split_once(":user/"));
    let caller = caller.and_then(|(_, path)| path.rsplit('/').next());
    users.extend(caller.filter(|_| names.is_empty()).map(str::to_owned));
    if users.is_empty() {
        return Ok(inputs);
    }
    output.notice(&format!(
        "asking for the devices of {} of {} users: no list tells those of who has a password and MFA",
        users.len(),
        names.len().max(users.len())
    ));
    let progress = bar(users.len(), "users", output);
    let failed = AtomicUsize::new(0);
    let lists = each(&users, &progress, |user| {
        // What is not allowed for one user is seldom allowed for the next, and each attempt takes its time.
        if failed.load(Ordering::Relaxed) >= WORKERS {
            return Ok(Vec::new());
        }
        let devices = devices_of(&aws, user);
        match &devices {
            Ok(_) => {}
            Err(error) if error.code() == Some("NoSuchEntity") => {}
            Err(error) if is_missing(error) => _ = failed.fetch_add(1, Ordering::Relaxed),
            // Nobody else will be told either: the session ended, or somebody pressed Ctrl-C.
            Err(_) => failed.store(WORKERS, Ordering::Relaxed),
        }
        devices
    });
    progress.finish_and_clear();
    for list in lists {
        match list {
            Ok(answers) => {
                for (name, answer) in answers {
                    read(&mut inputs, &name, &answer)?;
                }
            }
            // Somebody was deleted since the report.
            Err(error) if error.code() == Some("NoSuchEntity") => {}
            Err(error) if is_missing(&error) => missing(&mut inputs, Source::Devices, &error),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(inputs)
}

/// The devices of a user, and the certifications of security keys among them.
fn devices_of(aws: &Aws, user: &str) -> Result<Vec<(String, Value)>, AwsError> {
    let mut list = aws.call("iam", "list-mfa-devices", &[("user-name", user)])?;
    let serials: Vec<String> = list["MFADevices"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|device| device["SerialNumber"].as_str().map(str::to_owned))
        .collect();
    // An empty list names nobody.
    list["UserName"] = json!(user);
    let mut answers = vec![(format!("aws iam list-mfa-devices --user-name {user}"), list)];
    for serial in serials
        .iter()
        .filter(|serial| Kind::of_serial(serial) == Kind::SecurityKey)
    {
        let args: Arguments<'_> = &[("serial-number", serial), ("user-name", user)];
        // Good to know, and no verdict hangs on it.
        if let Ok(device) = aws.call("iam", "get-mfa-device", args) {
            answers.push((format!("aws iam get-mfa-device --serial-number {serial}"), device));
        }
    }
    Ok(answers)
}

/// What is asked for first.
enum Job {
    /// The credential report.
    Report,
    /// An answer that one call gives.
    Simple(Source, Arguments<'static>),
    /// The sign-ins of a region.
    SignIns(&'static str),
}

impl Job {
    fn run(&self, aws: &Aws, trail: &Aws) -> Vec<Answer> {
        match *self {
            Self::Report => vec![report(aws)],
            Self::Simple(source, args) => {
                let (service, operation) = source.operation().split_once(' ').unwrap_or_default();
                vec![Answer {
                    source,
                    name: format!("aws {}", source.operation()),
                    region: None,
                    result: aws.call_within(PATIENCE, service, operation, args),
                }]
            }
            Self::SignIns(region) => sign_ins(trail, region),
        }
    }
}

fn jobs(wanted: Wanted) -> Vec<Job> {
    let mut jobs = vec![
        Job::Report,
        Job::Simple(Source::Summary, &[]),
        Job::Simple(Source::Users, &[]),
        Job::Simple(Source::VirtualDevices, &[("assignment-status", "Any")]),
    ];
    if wanted == Wanted::Everything {
        jobs.push(Job::Simple(Source::Details, &[]));
        jobs.push(Job::Simple(Source::Features, &[]));
        // CloudTrail takes two calls a second for an account and a region, so that each region is one job.
        jobs.extend(REGIONS.map(Job::SignIns));
    }
    jobs
}

/// Has a report made, where there is none of the last four hours, and fetches it.
fn report(aws: &Aws) -> Answer {
    let answer = |result| Answer {
        source: Source::Report,
        name: "aws iam get-credential-report".to_owned(),
        region: None,
        result,
    };
    for attempt in 0..REPORT_TRIES {
        match aws.call("iam", "generate-credential-report", &[]) {
            Ok(state) if state["State"] == "COMPLETE" => break,
            Ok(_) if attempt + 1 < REPORT_TRIES => thread::sleep(REPORT_WAIT),
            Ok(_) => break,
            // Who may not make one may still read the last.
            Err(AwsError::Denied { .. }) => break,
            Err(error) => return answer(Err(error)),
        }
    }
    answer(aws.call_within(PATIENCE, "iam", "get-credential-report", &[]))
}

/// The sign-ins of the last 90 days in a region. The CLI asks for page after page, and waits where it is too fast.
fn sign_ins(trail: &Aws, region: &'static str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for event in ["ConsoleLogin", "CheckMfa"] {
        let attribute = format!("AttributeKey=EventName,AttributeValue={event}");
        let args: Arguments<'_> = &[("region", region), ("lookup-attributes", &attribute)];
        let result = trail.call_within(PATIENCE, "cloudtrail", "lookup-events", args);
        let has_failed = result.is_err();
        answers.push(Answer {
            source: Source::Events,
            name: format!("aws cloudtrail lookup-events --region {region} ({event})"),
            region: (event == "ConsoleLogin").then_some(region),
            result,
        });
        if has_failed {
            break;
        }
    }
    answers
}

fn take(inputs: &mut Inputs, answer: Answer) -> Result<(), Failure> {
    match answer.result {
        Ok(value) => {
            read(inputs, &answer.name, &value)?;
            if let Some(region) = answer.region {
                inputs.set_region(region);
            }
            Ok(())
        }
        Err(error) if is_missing(&error) => {
            missing(inputs, answer.source, &error);
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn missing(inputs: &mut Inputs, source: Source, error: &AwsError) {
    inputs.set_missing(source, error.to_string());
    if let AwsError::Denied { action, .. } = error {
        inputs.set_denied(source, action);
    }
}

fn read(inputs: &mut Inputs, name: &str, answer: &Value) -> Result<(), Failure> {
    inputs.read(name, answer.to_string().as_bytes()).map_err(unfit)
}

/// Whether an answer is missing for good, and the others may be there. A session that ended or a network that is gone
/// leaves nothing to judge.
fn is_missing(error: &AwsError) -> bool {
    matches!(
        error,
        AwsError::Denied { .. } | AwsError::Service { .. } | AwsError::Unknown { .. } | AwsError::TimedOut(_)
    )
}

/// Does something with each of a list, some at a time; the results are in its order.
fn each<T: Sync, R: Send>(list: &[T], progress: &ProgressBar, job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS.min(list.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = list.get(index) else { break };
                    let result = job(item);
                    progress.inc(1);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_list() {
        let list: Vec<usize> = (0..100).collect();
        let progress = ProgressBar::hidden();
        let doubled = each(&list, &progress, |number| number * 2);
        assert_eq!(doubled, list.iter().map(|number| number * 2).collect::<Vec<_>>());
        assert_eq!(progress.position(), 100);
    }

    #[test]
    fn an_answer_that_is_not_allowed_is_missing_and_no_session_ends_the_check() {
        let answer = |result| Answer {
            source: Source::Summary,
            name: "summary".to_owned(),
            region: None,
            result,
        };
        let denied = AwsError::Denied {
            action: "iam:GetAccountSummary".to_owned(),
            resource: None,
            user: None,
            explicitly: false,
        };
        let mut inputs = Inputs::default();
        take(&mut inputs, answer(Err(denied))).unwrap();
        let facts = brasskey_aws::audit::Facts::new(&inputs);
        let audit = brasskey_aws::audit::judge(&facts, time::OffsetDateTime::UNIX_EPOCH);
        let root = audit
            .findings
            .iter()
            .find(|finding| finding.check.name() == "root-mfa")
            .unwrap();
        assert!(root.detail.contains("iam:GetAccountSummary"), "{}", root.detail);
        assert!(root.remedy.contains("allow iam:GetAccountSummary"), "{}", root.remedy);
        let expired = AwsError::Expired {
            profile: None,
            login: false,
        };
        assert!(take(&mut inputs, answer(Err(expired))).is_err());
    }
}
