//! What only the AWS Management Console can do: its steps, in its own words as of November 2026.

use std::io::Write;

use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::text::escape;

/// Who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The account's root user.
    Root,
    /// An IAM user of this name.
    User(String),
    /// Whoever it is.
    SignedIn,
}

/// Steps, and what shows that they worked.
#[derive(Debug)]
pub(super) struct Steps {
    /// What it is about.
    pub(super) title: String,
    /// What to do, one after the other.
    pub(super) steps: Vec<String>,
    /// How to see that it worked.
    pub(super) verify: Vec<String>,
}

/// How to come to where devices are assigned.
fn to_the_devices(whose: &Whose) -> Vec<String> {
    let mut steps = match whose {
        Whose::Root => vec![
            "Open https://console.aws.amazon.com/, choose \"Sign in using root user email\", and sign in with the \
             account's e-mail address and password."
                .to_owned(),
        ],
        Whose::User(name) => vec![format!(
            "Open https://ACCOUNT.signin.aws.amazon.com/console (the account's number or alias for ACCOUNT), and sign \
             in as {name}."
        )],
        Whose::SignedIn => {
            vec!["Open https://console.aws.amazon.com/, and sign in as the user who gets the device.".to_owned()]
        }
    };
    steps.push(
        "Open the menu with the account's name at the top right, and choose \"Security credentials\".".to_owned(),
    );
    steps
}

/// How to see that it worked. `window` is the kind of window that fits the device.
fn verification(device: &str, window: &str) -> Vec<String> {
    vec![
        format!("The list \"Multi-factor authentication (MFA)\" on the same page shows {device}, with its identifier."),
        format!(
            "Sign out, {window}, and sign in: now AWS asks for the device. A session from before is never asked, so \
             that one proves nothing."
        ),
        "Assign a second device, and keep it elsewhere: AWS has no recovery codes. A user has at most 8.".to_owned(),
    ]
}

/// A security key: in the console alone.
pub(super) fn security_key(whose: &Whose, name: &str) -> Steps {
    let mut steps = to_the_devices(whose);
    steps.extend([
        "Under \"Multi-factor authentication (MFA)\" choose \"Assign MFA device\".".to_owned(),
        format!("Device name: {name}. Choose \"Passkey or security key\", then \"Next\"."),
        "When the browser asks, choose the security key, give its PIN where it has one, and touch it. The browser must \
         run on the computer that the key is plugged into. `brasskey token --uhid` runs one in software."
            .to_owned(),
    ]);
    Steps {
        title: "AWS takes a security key in its console alone:".to_owned(),
        steps,
        verify: verification(name, "stay in a plain window"),
    }
}

/// An authenticator app, as far as the dialog with its secret key.
pub(super) fn authenticator_app(whose: &Whose, name: &str) -> Steps {
    let mut steps = to_the_devices(whose);
    steps.extend([
        "Under \"Multi-factor authentication (MFA)\" choose \"Assign MFA device\".".to_owned(),
        format!("Device name: {name}. Choose \"Authenticator app\", then \"Next\"."),
        "Choose \"Show secret key\", and copy it.".to_owned(),
    ]);
    Steps {
        title: "AWS takes this device in its console alone:".to_owned(),
        steps,
        verify: verification(name, "open a private window"),
    }
}

/// The steps as a result.
pub(super) fn print(steps: &Steps, output: &Output) -> Result<(), Failure> {
    let value = json!({ "title": steps.title, "steps": steps.steps, "verify": steps.verify });
    output.result(&value, |to| write(steps, to))
}

/// The steps for people.
pub(super) fn write(steps: &Steps, to: &mut dyn Write) -> std::io::Result<()> {
    writeln!(to, "{}", escape(&steps.title))?;
    for (number, step) in (1..).zip(&steps.steps) {
        writeln!(to, "  {number}. {}", escape(step))?;
    }
    if !steps.verify.is_empty() {
        writeln!(to, "Then see that it works:")?;
    }
    for step in &steps.verify {
        writeln!(to, "  - {}", escape(step))?;
    }
    Ok(())
}
