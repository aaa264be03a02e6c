//! Resync: a device whose clock is off.

use axum::extract::Query;
use brasskey_aws::account::Device;
use maud::html;
use serde::Deserialize;

use super::layout::{Frame, form, respond};
use super::{Answer, Refusal, codes, error, success, with_serial};
use crate::practice::access;
use crate::practice::forms::MemberPost;
use crate::practice::session::lock;
use crate::practice::visit::Member;

/// Which device.
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    pub(super) serial: String,
}

/// One of the user's own devices.
pub(super) fn own(member: &Member, serial: &str) -> Result<Device, Refusal> {
    let found = member.desk().read(|account| {
        let mut devices = account.devices(&member.user).into_iter();
        devices.find(|device| device.serial == serial).cloned()
    });
    found.ok_or_else(|| {
        Refusal::new(
            axum::http::StatusCode::NOT_FOUND,
            "You have no such MFA device",
            "It may have been removed. Security credentials lists those that there are.",
        )
    })
}

/// The form.
pub(super) async fn page(member: Member, Query(Which { serial }): Query<Which>) -> Answer {
    let device = own(&member, &serial)?;
    let fields = html! {
        input type="hidden" name="serial" value=(device.serial);
        (codes::two())
        p .hint { (codes::ADVICE) }
        div .actions {
            a .button href="/security-credentials" { "Cancel" }
            button #resync-button .primary type="submit" { "Resync" }
        }
    };
    let main = html! {
        div .narrow {
            h1 { "Resync " span #device-name { (device.name) } }
            p { "If a device's clock is off by some minutes, its codes are refused. Two consecutive codes say by how \
             much." }
            (form("resync", "/security-credentials/resync", &member.csrf(), &fields))
        }
    };
    Ok(respond(&Frame::of(&member), "Resync MFA device", &main))
}

/// Takes the codes.
pub(super) async fn resync(MemberPost { member, fields }: MemberPost) -> Answer {
    let device = own(&member, fields.get("serial"))?;
    access::require_own(&member, "iam:ResyncMFADevice")?;
    let (code1, code2) = (codes::digits(fields.get("code1")), codes::digits(fields.get("code2")));
    let desk = member.desk();
    let now = desk.now();
    let here = with_serial("/security-credentials/resync", &device.serial);
    let key = format!("code {}", member.user);
    if let Err(seconds) = lock(&desk.throttle).check(&key, now) {
        return Ok(member.notify(&here, error(super::sign_in::wait(seconds))));
    }
    match desk.change(|account| account.resync_device(&member.user, &device.serial, &code1, &code2, now))? {
        Ok(()) => Ok(member.notify(
            "/security-credentials",
            success(format!("{} is in sync again.", device.name)),
        )),
        Err(refused) => {
            if refused.code == "InvalidAuthenticationCode" {
                lock(&desk.throttle).wrong(&key, now);
            }
            Ok(member.notify(&here, error(format!("{} {}", refused.message, codes::ADVICE))))
        }
    }
}
