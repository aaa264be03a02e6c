//! Security credentials: one's own MFA devices.

use brasskey_aws::account::{Device, DeviceKind};
use brasskey_aws::names::{AwsUser, MAX_DEVICES};
use maud::{Markup, html};

use super::layout::{Frame, respond};
use super::{Answer, time, with_serial};
use crate::practice::access;
use crate::practice::security_key;
use crate::practice::visit::Member;
use crate::text::escape;

/// The list.
pub(super) async fn page(member: Member) -> Answer {
    access::require_own(&member, "iam:ListMFADevices")?;
    let (arn, devices, keys) = member.desk().read(|account| {
        let user = account.user(&member.user);
        let devices: Vec<Device> = account.devices(&member.user).into_iter().cloned().collect();
        let keys: Vec<String> = user
            .iter()
            .flat_map(|user| &user.access_keys)
            .map(|key| key.id.clone())
            .collect();
        (user.map(|user| account.user_arn(user)), devices, keys)
    });
    let title = match member.user {
        AwsUser::Root => "Security credentials of the root user",
        AwsUser::Iam(_) => "My security credentials",
    };
    let main = html! {
        h1 { (title) }
        p { "ARN: " code #user-arn { (arn.unwrap_or_default()) } }
        section aria-labelledby="mfa-heading" {
            div .row {
                h2 #mfa-heading { "Multi-factor authentication (MFA) (" span #device-count { (devices.len()) } ")" }
                @if devices.len() < MAX_DEVICES {
                    a #assign-mfa-device .button.primary href="/security-credentials/assign" { "Assign MFA device" }
                }
            }
            p { "A user may have up to " (MAX_DEVICES) " devices of any kind. Have two: there are no recovery codes." }
            @if devices.len() >= MAX_DEVICES {
                p #device-limit .notice.odd { "This user has as many devices as there may be. Remove one to assign \
                 another." }
            }
            @if devices.is_empty() {
                p #no-devices { "No MFA devices. Assign one, so that a password alone opens nothing." }
            } @else {
                ul #devices .cards {
                    @for device in &devices {
                        (card(device, &html! {
                            @if !device.is_security_key() {
                                a .button data-action="resync"
                                    href=(with_serial("/security-credentials/resync", &device.serial))
                                    aria-label={ "Resync " (device.name) } { "Resync" }
                            }
                            a .button data-action="remove"
                                href=(with_serial("/security-credentials/remove", &device.serial))
                                aria-label={ "Remove " (device.name) } { "Remove" }
                        }))
                    }
                }
                @if devices.len() == 1 {
                    p #only-one .notice.odd {
                        "One device only: whoever loses it is locked out. Assign a second one, and keep it elsewhere."
                    }
                }
            }
        }
        section aria-labelledby="keys-heading" {
            h2 #keys-heading { "Access keys" }
            @if keys.is_empty() { p { "No access keys." } } @else {
                ul { @for key in &keys { li { code { (key) } } } }
            }
            p {
                "Access keys work without MFA, unless a policy asks for it with \
                 " code { "aws:MultiFactorAuthPresent" } "."
            }
        }
    };
    Ok(respond(&Frame::of(&member), title, &main))
}

/// The kind of a device, in the words of the console.
pub(super) fn kind(device: &Device) -> &'static str {
    match device.kind {
        DeviceKind::Virtual(_) => "Virtual (authenticator app)",
        DeviceKind::Hardware(_) => "Hardware TOTP token",
        DeviceKind::SecurityKey { .. } => "Passkey or security key",
    }
}

/// A device in a list, with what can be done about it.
pub(super) fn card(device: &Device, actions: &Markup) -> Markup {
    let stable = match device.kind {
        DeviceKind::Virtual(_) => "virtual",
        DeviceKind::Hardware(_) => "hardware",
        DeviceKind::SecurityKey { .. } => "security-key",
    };
    html! {
        li .card.device data-serial=(device.serial) data-name=(device.name) data-kind=(stable) {
            h3 { (device.name) }
            dl {
                div { dt { "Device type" } dd { (kind(device)) } }
                div { dt { "Identifier" } dd { code .identifier { (device.serial) } } }
                @if let Some(words) = security_key::described(device) {
                    div { dt { "Attestation" } dd { (escape(&words)) } }
                }
                div { dt { "Created on" } dd { (time::seconds(device.enabled)) } }
                div { dt { "Last used" } dd { (time::seconds(device.last_used)) } }
            }
            div .actions { (actions) }
        }
    }
}
