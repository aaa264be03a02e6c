//! The second step of a sign-in: the device.

use axum::http::StatusCode;
use brasskey_aws::account::{Account, Device, DeviceKind, Outcome};
use brasskey_aws::names::AwsUser;
use maud::{Markup, html};

use super::checks;
use super::codes;
use super::layout::{Frame, form, respond};
use super::sign_in::{INCORRECT, finish, record, wait};
use super::{Answer, Refusal, error, see_other};
use crate::practice::ceremony;
use crate::practice::desk::CeremonyKind;
use crate::practice::forms::Post;
use crate::practice::security_key;
use crate::practice::session::{Challenge, Shared, Stage, Way, lock};
use crate::practice::visit::Visit;

/// Who gave the password, and has to show a device.
fn pending(visit: &Visit) -> Result<(AwsUser, Shared), Refusal> {
    match (visit.stage(), visit.session.clone()) {
        (Stage::Password(user), Some(session)) => Ok((user, session)),
        (Stage::SignedIn { .. }, _) => Err(Refusal::Elsewhere("/home")),
        _ => Err(Refusal::Elsewhere("/signin")),
    }
}

/// The ways that a user can sign in: all security keys are one.
fn ways_of(account: &Account, user: &AwsUser) -> Vec<Way> {
    let devices = account.devices(user);
    let keys = devices.iter().any(|device| device.is_security_key());
    let codes = devices.iter().filter(|device| !device.is_security_key());
    let codes = codes.map(|device| Way::Code(device.serial.clone()));
    keys.then_some(Way::SecurityKey).into_iter().chain(codes).collect()
}

/// The way that was chosen, or the only one.
fn way_of(account: &Account, user: &AwsUser, session: &Shared) -> Option<Way> {
    let ways = ways_of(account, user);
    match (lock(session).way.clone(), ways.as_slice()) {
        (Some(way), _) if ways.contains(&way) => Some(way),
        (_, [only]) => Some(only.clone()),
        _ => None,
    }
}

/// Asks for the device.
pub(super) async fn page(visit: Visit) -> Answer {
    let (user, session) = pending(&visit)?;
    let desk = &visit.desk;
    let (way, count, device) = desk.read(|account| {
        let way = way_of(account, &user, &session);
        let device = match &way {
            Some(Way::Code(serial)) => account.device(serial).map(described),
            _ => None,
        };
        (way, ways_of(account, &user).len(), device)
    });
    let csrf = lock(&session).csrf.clone();
    let ask = match way {
        Some(Way::SecurityKey) => {
            let options = desk.read(|account| security_key::request_options(account, &user, &desk.origin));
            let options = options.map_err(|error| Refusal::failure(&error))?;
            let json = ceremony::request(&options);
            lock(&session).challenge = Some(Challenge::SignIn(options));
            html! {
                h1 { "Use your security key" }
                p { "Plug the key in, press the button below, and touch the key when it blinks." }
                (checks::key_form("mfa-key", "/signin/mfa/key", "get", &json, &csrf, "Use security key"))
            }
        }
        Some(Way::Code(_)) => {
            let fields = html! {
                (codes::field("code", "MFA code"))
                button #mfa-submit .primary type="submit" { "Submit" }
            };
            let (kind, name) = device.unwrap_or_default();
            let kind = kind.to_ascii_lowercase().replace("totp", "TOTP");
            html! {
                h1 { "Multi-factor authentication" }
                p { "Enter the six digits of " strong #mfa-device { (name) } ", your " (kind) "." }
                (form("mfa-code", "/signin/mfa/code", &csrf, &fields))
            }
        }
        None => return Ok(see_other("/signin/mfa/way")),
    };
    let main = html! {
        div .narrow {
            (ask)
            ul .more {
                @if count > 1 { li { a #another-way href="/signin/mfa/way" { "Try another way" } } }
                li { a href="/lost-device" { "Lost the device?" } }
                li { a href="/tokens" { "Codes of the practice hardware tokens" } }
                li { a #start-again href="/signin" { "Sign in as somebody else" } }
            }
        }
    };
    Ok(respond(&Frame::outside(&visit), "Multi-factor authentication", &main))
}

/// As the choice names a device that shows codes.
fn described(device: &Device) -> (&'static str, String) {
    let kind = match &device.kind {
        DeviceKind::Hardware(_) => "Hardware TOTP token",
        _ => "Authenticator app",
    };
    (kind, device.name.clone())
}

/// The choice among several devices.
pub(super) async fn ways(visit: Visit) -> Answer {
    let (user, session) = pending(&visit)?;
    let choices: Vec<(String, Markup)> = visit.desk.read(|account| {
        let ways = ways_of(account, &user).into_iter();
        let keys: Vec<String> = account
            .devices(&user)
            .iter()
            .filter(|device| device.is_security_key())
            .map(|device| device.name.clone())
            .collect();
        let choice = |way| match way {
            Way::SecurityKey => (
                "security-key".to_owned(),
                html! { strong { "Passkey or security key" } span .dim { " " (keys.join(", ")) } },
            ),
            Way::Code(serial) => {
                let (kind, name) = account.device(&serial).map(described).unwrap_or_default();
                (serial, html! { strong { (kind) } span .dim { " " (name) } })
            }
        };
        ways.map(choice).collect()
    });
    let csrf = lock(&session).csrf.clone();
    let fields = html! {
        fieldset {
            legend { "How do you want to sign in?" }
            @for (number, (value, label)) in choices.iter().enumerate() {
                div .choice {
                    input type="radio" name="way" value=(value) id={ "way-" (number) } required checked[number == 0];
                    label for={ "way-" (number) } { (label) }
                }
            }
        }
        button #way-next .primary type="submit" { "Next" }
    };
    let main = html! {
        div .narrow {
            h1 { "Choose an MFA device" }
            p { "This user has several. One of them is enough." }
            (form("mfa-way", "/signin/mfa/way", &csrf, &fields))
        }
    };
    Ok(respond(&Frame::outside(&visit), "Choose an MFA device", &main))
}

/// Takes the choice.
pub(super) async fn choose(Post { visit, fields }: Post) -> Answer {
    let (user, session) = pending(&visit)?;
    let way = match fields.trimmed("way") {
        "security-key" => Way::SecurityKey,
        serial => Way::Code(serial.to_owned()),
    };
    if !visit.desk.read(|account| ways_of(account, &user).contains(&way)) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "This user has no such device",
            "Choose one of those that the page shows.",
        ));
    }
    lock(&session).way = Some(way);
    Ok(see_other("/signin/mfa"))
}

/// Takes a code.
pub(super) async fn code(Post { visit, fields }: Post) -> Answer {
    let (user, session) = pending(&visit)?;
    let desk = &visit.desk;
    let Some(Way::Code(serial)) = desk.read(|account| way_of(account, &user, &session)) else {
        return Ok(see_other("/signin/mfa"));
    };
    let now = desk.now();
    let key = format!("code {user}");
    if let Err(seconds) = lock(&desk.throttle).check(&key, now) {
        visit.notify(error(wait(seconds)));
        return Ok(see_other("/signin/mfa"));
    }
    let code = codes::digits(fields.get("code"));
    let verified = desk.change(|account| account.verify_code(&user, &serial, &code, now))?;
    if verified.is_err() {
        lock(&desk.throttle).wrong(&key, now);
        record(&visit, Some(&user), Outcome::Failure, Some(&serial))?;
        visit.notify(error(format!(
            "{INCORRECT} Each code works once: wait for the next one. If none works, the device's clock may be wrong: \
             resync it, or have an administrator do so."
        )));
        return Ok(see_other("/signin/mfa"));
    }
    lock(&desk.throttle).right(&key);
    finish(visit, user, Some(serial))
}

/// Takes the answer of a security key.
pub(super) async fn key(Post { visit, fields }: Post) -> Answer {
    let (user, session) = pending(&visit)?;
    let desk = &visit.desk;
    // Taken out first: whatever the answer is, the challenge is used up.
    let Some(Challenge::SignIn(options)) = lock(&session).challenge.take() else {
        visit.notify(error(
            "This page was used already, or another one replaced it. Try again.",
        ));
        return Ok(see_other("/signin/mfa"));
    };
    let browser = fields.trimmed("error");
    if !browser.is_empty() {
        visit.notify(error(ceremony::refusal(browser, false)));
        return Ok(see_other("/signin/mfa"));
    }
    let Ok(answer) = ceremony::assertion(fields.get("answer")) else {
        visit.notify(error(checks::UNREADABLE));
        return Ok(see_other("/signin/mfa"));
    };
    let now = desk.now();
    let (report, verified) =
        desk.change(|account| security_key::verify(account, &user, &desk.origin, options, &answer, now))?;
    let number = desk.remember(&user, CeremonyKind::SignIn, report);
    match verified {
        Ok(serial) => finish(visit, user, Some(serial)),
        Err(why) => {
            record(&visit, Some(&user), Outcome::Failure, None)?;
            visit.notify(checks::refused(&why, number));
            Ok(see_other("/signin/mfa"))
        }
    }
}
