//! `brasskey aws policy lint`.

use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use brasskey_aws::policy::lint::{Finding, Severity, lint, notes};
use brasskey_aws::policy::{Document, MAX_TEXT};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::layout::count;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, Output, WARNING};
use crate::text::escape;

/// The most bytes of a file: what the CLI prints around a policy, and escapes in it, are more than the policy itself.
const LONGEST: u64 = 8 * MAX_TEXT as u64;

const HELP: &str = "A file has a policy, or what the AWS CLI prints around one:

  aws iam get-policy-version --policy-arn ARN --version-id v1 | brasskey aws policy lint -
  aws iam get-user-policy --user-name NAME --policy-name NAME | brasskey aws policy lint -

Each policy is judged by itself: what another one of the same user denies or allows is not known. Findings are errors \
(the policy lets somebody through, or locks somebody out), and warnings. Notes tell what is good to know; AWS's own \
policies have some. With an error in any policy, or a file that is no policy, the exit code is 6; with warnings and \
notes only it is 0.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct LintArgs {
    /// The policies; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A file, and what is said of it.
struct Judged {
    file: String,
    findings: Vec<Finding>,
    notes: Vec<Finding>,
}

impl Judged {
    fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.severity == severity).count()
    }
}

pub(super) fn run(args: &LintArgs, output: &Output) -> Result<(), Failure> {
    // All are read before anything is printed: a file that is missing gives no result.
    let texts: Result<Vec<_>, Failure> = args.files.iter().map(|file| Ok((file, read(file)?))).collect();
    let judged: Vec<Judged> = texts?.iter().map(|(file, text)| judge(file, text)).collect();
    let policies: Vec<Value> = judged
        .iter()
        .map(|judged| {
            json!({
                "file": judged.file,
                "errors": judged.count(Severity::Error),
                "warnings": judged.count(Severity::Warning),
                "findings": judged.findings,
                "notes": judged.notes,
            })
        })
        .collect();
    let errors = judged.iter().map(|judged| judged.count(Severity::Error)).sum();
    output.result(&json!({ "errors": errors, "policies": policies }), |to| {
        judged.iter().try_for_each(|judged| show(judged, to))
    })?;
    match errors {
        0 => Ok(()),
        errors => Err(Failure::Findings { errors }),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let result = if file == Path::new("-") {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(LONGEST + 1).read_to_end(&mut text))
    };
    result.map_err(|source| Failure::System {
        what: format!("cannot read the policy {}", file.display()),
        source,
    })?;
    if text.len() as u64 > LONGEST {
        return Err(Failure::usage(
            format!("{} has more than {LONGEST} bytes", file.display()),
            format!("a policy of AWS has at most {MAX_TEXT} characters"),
        ));
    }
    Ok(text)
}

fn judge(file: &Path, text: &[u8]) -> Judged {
    let parsed = match str::from_utf8(text) {
        Ok(text) => Document::parse_wrapped(text).map_err(|error| (error.line, error.problem)),
        Err(error) => {
            let before = text.iter().take(error.valid_up_to());
            let line = before.filter(|&&byte| byte == b'\n').count() + 1;
            Err((line, "the file is not UTF-8".to_owned()))
        }
    };
    let (findings, notes) = match parsed {
        Ok(document) => (lint(&document), notes(&document)),
        Err((line, problem)) => (vec![Finding::not_a_policy(line, problem)], Vec::new()),
    };
    Judged {
        file: file.display().to_string(),
        findings,
        notes,
    }
}

fn show(judged: &Judged, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{BOLD}{}{BOLD:#}", escape(&judged.file))?;
    let all = judged.findings.iter().chain(&judged.notes);
    for finding in all {
        let (style, word) = match finding.severity {
            Severity::Error => (BAD, "error"),
            Severity::Warning => (WARNING, "warning"),
            Severity::Note => (DIM, "note"),
        };
        let place = match (&finding.sid, finding.statement) {
            (Some(sid), _) if !sid.is_empty() => format!(", statement {}", escape(sid)),
            (_, Some(index)) => format!(", statement {}", index + 1),
            _ => String::new(),
        };
        writeln!(
            to,
            "  {style}{word}{style:#}  {}  {DIM}({}){DIM:#}",
            escape(&finding.title),
            finding.rule
        )?;
        writeln!(to, "    where   line {}{place}", finding.line)?;
        writeln!(to, "    effect  {}", escape(&finding.consequence))?;
        if let Some(request) = &finding.request {
            let (action, resource) = (escape(&request.action), escape(&request.resource));
            let (who, decision) = (request.who, request.decision);
            writeln!(to, "    shown   {action} on {resource}, {who}: {decision}")?;
            for (key, values) in &request.context {
                let values = if values.is_empty() {
                    "absent".to_owned()
                } else {
                    values.join(", ")
                };
                writeln!(to, "            {DIM}{} {}{DIM:#}", escape(key), escape(&values))?;
            }
        }
        writeln!(to, "    remedy  {}", escape(&finding.remedy))?;
    }
    let (errors, warnings) = (judged.count(Severity::Error), judged.count(Severity::Warning));
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    match (errors, warnings) {
        (0, 0) => writeln!(to, "  {GOOD}Nothing wrong was found.{GOOD:#}"),
        (errors, warnings) => writeln!(
            to,
            "  {}, {}.",
            count(number(errors), "error"),
            count(number(warnings), "warning")
        ),
    }
}
