//! Removing one's own device.

use axum::extract::Query;
use maud::{Markup, html};

use super::layout::{Frame, form, respond};
use super::resync::{Which, own};
use super::security_credentials::kind;
use super::{Answer, success};
use crate::practice::access;
use crate::practice::forms::MemberPost;
use crate::practice::visit::Member;

/// Asks first.
pub(super) async fn page(member: Member, Query(Which { serial }): Query<Which>) -> Answer {
    let device = own(&member, &serial)?;
    let count = member.desk().read(|account| account.devices(&member.user).len());
    let last = html! {
        @if count == 1 {
            p #last-device .notice.odd { "It is the only one: afterwards a password alone opens everything." }
        }
    };
    let fields = question(&device, "/security-credentials");
    let main = html! {
        div .narrow {
            h1 { "Remove " span #device-name { (device.name) } "?" }
            p { (kind(&device)) " " code { (device.serial) } }
            p { "It no longer signs in. What is on the key or in the app stays there, and does no harm." }
            (last)
            (form("remove", "/security-credentials/remove", &member.csrf(), &fields))
        }
    };
    Ok(respond(&Frame::of(&member), "Remove MFA device", &main))
}

/// The fields and buttons of a removal.
pub(super) fn question(device: &brasskey_aws::account::Device, back: &str) -> Markup {
    html! {
        input type="hidden" name="serial" value=(device.serial);
        div .actions {
            a .button href=(back) { "Cancel" }
            button #remove-button .danger type="submit" { "Remove" }
        }
    }
}

/// Removes it.
pub(super) async fn remove(MemberPost { member, fields }: MemberPost) -> Answer {
    let device = own(&member, fields.get("serial"))?;
    access::require_removal(&member, &member.user, &device.serial)?;
    member
        .desk()
        .change(|account| account.remove_device(&member.user, &device.serial))??;
    Ok(member.notify("/security-credentials", success(format!("{} is removed.", device.name))))
}
