//! For administrators: the users, who has MFA, and help for somebody who lost a device.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use brasskey_aws::account::Device;
use brasskey_aws::names::AwsUser;
use maud::html;

use super::layout::{Frame, form, respond};
use super::resync::Which;
use super::security_credentials::card;
use super::{Answer, Refusal, remove, success, time, with_serial};
use crate::practice::access;
use crate::practice::forms::MemberPost;
use crate::practice::visit::Member;

/// All users.
pub(super) async fn list(member: Member) -> Answer {
    access::require(&member, "iam:ListUsers", &access::resource(&member, "user/"))?;
    let users: Vec<(String, bool, Option<i64>, usize)> = member.desk().read(|account| {
        let row = |user: &brasskey_aws::account::User| {
            let devices = account.devices(&AwsUser::Iam(user.name.clone())).len();
            (
                user.name.clone(),
                user.has_password(),
                user.password_last_used(),
                devices,
            )
        };
        account.users().map(row).collect()
    });
    let root = member.desk().read(|account| account.devices(&AwsUser::Root).len());
    let main = html! {
        h1 { "Users" }
        div .scroll tabindex="0" role="region" aria-label="Users" {
            table #users {
                thead { tr {
                    th scope="col" { "User" }
                    th scope="col" { "MFA devices" }
                    th scope="col" { "Password" }
                    th scope="col" { "Last sign-in" }
                } }
                tbody {
                    tr data-user="root" {
                        th scope="row" { "root" }
                        td { (count(root)) }
                        td { "yes" }
                        td .dim { "see the history" }
                    }
                    @for (name, password, last, devices) in &users {
                        tr data-user=(name) {
                            th scope="row" { a href={ "/users/" (name) } { (name) } }
                            td { (count(*devices)) }
                            td { @if *password { "yes" } @else { "no" } }
                            td { (time::seconds(*last)) }
                        }
                    }
                }
            }
        }
    };
    Ok(respond(&Frame::of(&member), "Users", &main))
}

fn count(devices: usize) -> maud::Markup {
    match devices {
        0 => html! { span .bad { "none" } },
        1 => html! { span .odd { "1, no spare" } },
        more => html! { span .good { (more) } },
    }
}

/// A user of the account, with the ARN.
fn named(member: &Member, name: &str) -> Result<(AwsUser, String), Refusal> {
    let user: Option<AwsUser> = name.parse().ok();
    let found = user.and_then(|user| {
        let arn = member
            .desk()
            .read(|account| account.user(&user).map(|user| account.user_arn(user)));
        Some((user, arn?))
    });
    found.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "There is no such user",
            "The list of users has those that there are.",
        )
    })
}

/// One user and the devices.
pub(super) async fn page(member: Member, Path(name): Path<String>) -> Answer {
    access::require(&member, "iam:ListUsers", &access::resource(&member, "user/"))?;
    let (user, arn) = named(&member, &name)?;
    access::require(&member, "iam:ListMFADevices", &arn)?;
    let devices: Vec<Device> = member
        .desk()
        .read(|account| account.devices(&user).into_iter().cloned().collect());
    let main = html! {
        h1 { "User " span #user-name { (user) } }
        p { "ARN: " code { (arn) } }
        h2 { "MFA devices (" span #device-count { (devices.len()) } ")" }
        @if devices.is_empty() {
            p #no-devices { "No MFA devices. " (user) " signs in with the password alone, and can assign a device \
             then." }
        } @else {
            ul #devices .cards {
                @for device in &devices {
                    (card(device, &html! {
                        a .button data-action="remove"
                            href=(with_serial(&format!("/users/{user}/remove"), &device.serial))
                            aria-label={ "Remove MFA device " (device.name) } { "Remove MFA device" }
                    }))
                }
            }
        }
        p { a href="/users" { "All users" } }
    };
    Ok(respond(&Frame::of(&member), "User", &main))
}

fn device_of(member: &Member, user: &AwsUser, serial: &str) -> Result<Device, Refusal> {
    let found = member.desk().read(|account| {
        let mut devices = account.devices(user).into_iter();
        devices.find(|device| device.serial == serial).cloned()
    });
    found.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "This user has no such MFA device",
            "It may have been removed meanwhile.",
        )
    })
}

/// Asks first.
pub(super) async fn remove_page(
    member: Member,
    Path(name): Path<String>,
    Query(Which { serial }): Query<Which>,
) -> Answer {
    let (user, _) = named(&member, &name)?;
    access::require_removal(&member, &user, &serial)?;
    let device = device_of(&member, &user, &serial)?;
    let fields = remove::question(&device, &format!("/users/{user}"));
    let main = html! {
        div .narrow {
            h1 { "Remove " span #device-name { (device.name) } " of " (user) "?" }
            p {
                "Be sure that it is " (user) " who asks: somebody who pretends to have lost a device wants the \
                 account. "
                "Afterwards the password alone signs in, until another device is assigned."
            }
            (form("remove", &format!("/users/{user}/remove"), &member.csrf(), &fields))
        }
    };
    Ok(respond(&Frame::of(&member), "Remove MFA device", &main))
}

/// Removes it.
pub(super) async fn remove(Path(name): Path<String>, MemberPost { member, fields }: MemberPost) -> Answer {
    let (user, _) = named(&member, &name)?;
    access::require_removal(&member, &user, fields.get("serial"))?;
    let device = device_of(&member, &user, fields.get("serial"))?;
    member
        .desk()
        .change(|account| account.remove_device(&user, &device.serial))??;
    let told = format!(
        "{} of {user} is removed. Have {user} assign another device at once.",
        device.name
    );
    Ok(member.notify(&format!("/users/{user}"), success(told)))
}
