//! Assign MFA device: the name and the kind, and what follows for devices with codes.

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use brasskey_aws::account::{IamError, NewDevice};
use brasskey_aws::names::{DeviceName, DeviceNameError, MAX_DEVICES};
use maud::{Markup, html};

use super::layout::{Frame, field, form, respond};
use super::{Answer, Refusal, codes, error, see_other, success};
use crate::practice::access;
use crate::practice::forms::MemberPost;
use crate::practice::session::{Assignment, Notice, lock};
use crate::practice::visit::Member;

const LIST: &str = "/security-credentials";
const START: &str = "/security-credentials/assign";
const APP: &str = "/security-credentials/assign/app";
const TOKEN: &str = "/security-credentials/assign/token";
/// The page for security keys.
pub(super) const KEY: &str = "/security-credentials/assign/key";

/// The first step.
pub(super) async fn page(member: Member) -> Answer {
    let kinds = [
        (
            "key",
            "Passkey or security key",
            "A key that you touch. It cannot be phished: it answers this website only.",
        ),
        (
            "app",
            "Authenticator app",
            "An app that shows six digits, or a security key that keeps one-time codes.",
        ),
        (
            "token",
            "Hardware TOTP token",
            "A small device that shows six digits. The practice account gives some away.",
        ),
    ];
    let name = "Letters, digits and + = , . @ - _ without spaces; at most 128.";
    let fields = html! {
        (field("name", "Device name", name, &html! {
            input #name name="name" required maxlength="128" autocomplete="off" autocapitalize="none" spellcheck="false"
                aria-describedby="name-hint";
        }))
        fieldset {
            legend { "MFA device" }
            @for (value, label, hint) in kinds {
                div .choice {
                    input type="radio" name="kind" value=(value) id={ "kind-" (value) } required
                        aria-describedby={ "kind-" (value) "-hint" };
                    label for={ "kind-" (value) } { (label) }
                    p .hint id={ "kind-" (value) "-hint" } { (hint) }
                }
            }
        }
        div .actions {
            a .button href=(LIST) { "Cancel" }
            button #next .primary type="submit" { "Next" }
        }
    };
    let main = html! {
        div .narrow {
            h1 { "Assign MFA device" }
            p .dim { "Step 1 of 2: name and kind" }
            (form("assign", START, &member.csrf(), &fields))
        }
    };
    Ok(respond(&Frame::of(&member), "Assign MFA device", &main))
}

/// Takes name and kind. An authenticator app gets its virtual device now, as IAM wants it.
pub(super) async fn begin(MemberPost { member, fields }: MemberPost) -> Answer {
    let parsed: Result<DeviceName, DeviceNameError> = fields.trimmed("name").parse();
    let name = match parsed {
        Ok(name) => name,
        Err(why) => return Ok(member.notify(START, error(format!("{why}: {}.", why.hint())))),
    };
    forget(&member)?;
    let desk = member.desk();
    if desk.read(|account| account.devices(&member.user).len() >= MAX_DEVICES) {
        let limit = format!("Cannot exceed quota for MFADevicesPerUser: {MAX_DEVICES}. Remove a device first.");
        return Ok(member.notify(LIST, error(limit)));
    }
    let (next, serial) = match fields.trimmed("kind") {
        "key" => (KEY, None),
        "token" => (TOKEN, None),
        "app" => match create(&member, &name)? {
            Ok(device) => (APP, Some(device.serial)),
            Err(refused) => return Ok(member.notify(START, error(refused.message))),
        },
        _ => return Ok(member.notify(START, error("Choose a kind of device."))),
    };
    lock(&member.session).assignment = Some(Assignment { name, serial });
    Ok(see_other(next))
}

fn create(member: &Member, name: &DeviceName) -> Result<Result<NewDevice, IamError>, Refusal> {
    let arn = access::resource(member, &format!("mfa/{}", name.as_str()));
    access::require(member, "iam:CreateVirtualMFADevice", &arn)?;
    Ok(member.desk().change(|account| account.create_virtual_device(name))?)
}

/// What is being assigned in this session.
pub(super) fn assignment(member: &Member) -> Result<Assignment, Refusal> {
    let assignment = lock(&member.session).assignment.clone();
    assignment.ok_or(Refusal::Elsewhere(START))
}

/// Forgets what was being assigned. A virtual device that was made for it and is nobody's does not stay behind.
pub(super) fn forget(member: &Member) -> Result<(), Refusal> {
    let assignment = lock(&member.session).assignment.take();
    if let Some(serial) = assignment.and_then(|assignment| assignment.serial) {
        // One that was enabled meanwhile, through the endpoint, is somebody's and stays.
        let _ = member.desk().change(|account| account.delete_virtual_device(&serial))?;
    }
    Ok(())
}

/// Gives up.
pub(super) async fn cancel(MemberPost { member, .. }: MemberPost) -> Answer {
    forget(&member)?;
    Ok(see_other(LIST))
}

/// The last step, with a way back.
pub(super) fn last_step(member: &Member, name: &DeviceName, main: &Markup) -> Response {
    let cancel = form(
        "cancel",
        "/security-credentials/assign/cancel",
        &member.csrf(),
        &html! { button #cancel-button type="submit" { "Cancel" } },
    );
    let main = html! {
        div .narrow {
            h1 { "Set up device " span #device-name { (name.as_str()) } }
            p .dim { "Step 2 of 2" }
            (main)
            (cancel)
        }
    };
    respond(&Frame::of(member), "Set up device", &main)
}

/// The authenticator app: QR code, secret key, two codes.
pub(super) async fn app_page(member: Member) -> Answer {
    let Assignment { name, serial } = assignment(&member)?;
    let serial = serial.ok_or(Refusal::Elsewhere(START))?;
    let Ok(device) = member.desk().read(|account| account.pending_virtual_device(&serial)) else {
        lock(&member.session).assignment = None;
        return Ok(see_other(LIST));
    };
    let picture = STANDARD.encode(&*device.qr_png);
    let fields = html! {
        (codes::two())
        p .hint { (codes::ADVICE) }
        button #add-mfa .primary type="submit" { "Add MFA" }
    };
    let main = html! {
        ol .steps {
            li {
                "Open an authenticator app. " code { "brasskey oath add --qr" } " is one, too: it reads a picture of \
                 this "
                "page."
            }
            li {
                "Have it read this QR code."
                img #qr-code .qr src={ "data:image/png;base64," (picture) } alt="QR code with the secret key";
                details #secret {
                    summary #show-secret-key { "Show secret key" }
                    p { code #secret-key { (device.seed.expose()) } }
                    p .hint { "Whoever has it has the device. It is shown now and never again." }
                }
            }
            li { "Type two consecutive codes of the app." }
        }
        (form("app-codes", APP, &member.csrf(), &fields))
    };
    Ok(last_step(&member, &name, &main))
}

/// Takes the app's codes.
pub(super) async fn app(MemberPost { member, fields }: MemberPost) -> Answer {
    let Assignment { name, serial } = assignment(&member)?;
    let serial = serial.ok_or(Refusal::Elsewhere(START))?;
    let codes = (codes::digits(fields.get("code1")), codes::digits(fields.get("code2")));
    enable(&member, &name, &serial, &codes, APP)
}

/// The hardware token: serial number and two codes.
pub(super) async fn token_page(member: Member) -> Answer {
    let Assignment { name, .. } = assignment(&member)?;
    let fields = html! {
        (field("serial", "Serial number", "It is on the back of a token.", &html! {
            input #serial name="serial" required maxlength="256" autocomplete="off" autocapitalize="characters"
                spellcheck="false" aria-describedby="serial-hint";
        }))
        (codes::two())
        p .hint { (codes::ADVICE) }
        button #add-mfa .primary type="submit" { "Add MFA" }
    };
    let main = html! {
        p {
            "AWS takes the tokens that it sells. This practice account takes "
            a href="/tokens" target="_blank" { "its own ones (opens another tab)" } ". AWS lists a token by its serial "
            "number, not by the name of the first step."
        }
        (form("token-codes", TOKEN, &member.csrf(), &fields))
    };
    Ok(last_step(&member, &name, &main))
}

/// Takes the token's codes.
pub(super) async fn token(MemberPost { member, fields }: MemberPost) -> Answer {
    let Assignment { name, .. } = assignment(&member)?;
    let codes = (codes::digits(fields.get("code1")), codes::digits(fields.get("code2")));
    enable(&member, &name, fields.trimmed("serial"), &codes, TOKEN)
}

fn enable(member: &Member, name: &DeviceName, serial: &str, codes: &(String, String), page: &'static str) -> Answer {
    access::require_own(member, "iam:EnableMFADevice")?;
    let now = member.desk().now();
    let key = format!("enable {serial}");
    let desk = member.desk();
    if let Err(seconds) = lock(&desk.throttle).check(&key, now) {
        return Ok(member.notify(page, error(super::sign_in::wait(seconds))));
    }
    let enabled = desk.change(|account| account.enable_device(&member.user, serial, &codes.0, &codes.1, now))?;
    match enabled {
        Ok(()) => {
            lock(&member.session).assignment = None;
            Ok(assigned(member, name.as_str()))
        }
        Err(refused) => {
            let advice = match refused.code {
                "InvalidAuthenticationCode" => {
                    lock(&desk.throttle).wrong(&key, now);
                    format!(" {}", codes::ADVICE)
                }
                _ => String::new(),
            };
            Ok(member.notify(page, error(format!("{}{advice}", refused.message))))
        }
    }
}

/// Tells that a device is assigned, and what that means for this session.
pub(super) fn assigned(member: &Member, name: &str) -> Response {
    let session = match member.device {
        Some(_) => "",
        None => {
            " This session was signed in before, without a device, and will not be asked for it: sign out and in again \
             to see that MFA works."
        }
    };
    let notice = Notice {
        link: Some(("/this-session".to_owned(), "About this session")),
        ..success(format!("MFA device {name} assigned.{session}"))
    };
    member.notify(LIST, notice)
}
