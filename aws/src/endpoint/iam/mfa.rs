//! MFA devices.

use data_encoding::BASE64;

use super::super::paging::Paging;
use super::super::parameters::{CODE, DEVICE, NEW_USER, PATH, SERIAL, USER};
use super::super::xml::Xml;
use super::Call;
use super::users;
use crate::account::{Device, IamError};
use crate::names::AwsUser;

pub(super) fn create_virtual(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let path = parameters.optional("Path", &PATH).unwrap_or("/");
    let name = parameters.required("VirtualMFADeviceName", &DEVICE);
    parameters.finish()?;
    call.authorize("iam:CreateVirtualMFADevice", &call.arn(&format!("mfa{path}{name}")))?;
    let device = call.change().create_virtual_device_at(path, name)?;
    let mut xml = Xml::default();
    xml.within("VirtualMFADevice", |inside| {
        inside.text("SerialNumber", &device.serial);
        inside.text("Base32StringSeed", &BASE64.encode(device.seed.expose().as_bytes()));
        inside.text("QRCodePNG", &BASE64.encode(&device.qr_png));
    });
    Ok(xml)
}

pub(super) fn delete_virtual(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let serial = parameters.required("SerialNumber", &SERIAL);
    parameters.finish()?;
    call.authorize("iam:DeleteVirtualMFADevice", serial)?;
    call.change().delete_virtual_device(serial)?;
    Ok(Xml::default())
}

pub(super) fn enable(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let (user, serial, code1, code2) = with_codes(call, "iam:EnableMFADevice")?;
    let now = call.now;
    call.change().enable_device(&user, serial, code1, code2, now)?;
    Ok(Xml::default())
}

pub(super) fn resync(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let (user, serial, code1, code2) = with_codes(call, "iam:ResyncMFADevice")?;
    let now = call.now;
    call.change().resync_device(&user, serial, code1, code2, now)?;
    Ok(Xml::default())
}

/// The parameters of the two operations with two codes.
fn with_codes<'a>(call: &Call<'a>, action: &str) -> Result<(AwsUser, &'a str, &'a str, &'a str), IamError> {
    let mut parameters = call.parameters();
    let user = parameters.required("UserName", &USER);
    let serial = parameters.required("SerialNumber", &SERIAL);
    let code1 = parameters.required("AuthenticationCode1", &CODE);
    let code2 = parameters.required("AuthenticationCode2", &CODE);
    parameters.finish()?;
    let user = AwsUser::Iam(user.to_owned());
    call.authorize(action, &call.user_arn(&user))?;
    Ok((user, serial, code1, code2))
}

pub(super) fn deactivate(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &USER);
    let serial = parameters.required("SerialNumber", &SERIAL);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:DeactivateMFADevice", &call.user_arn(&user))?;
    call.change().deactivate_device(&user, serial)?;
    Ok(Xml::default())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let user = parameters.optional("UserName", &USER);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:ListMFADevices", &call.user_arn(&user))?;
    call.account.existing(&user)?;
    let mut devices = call.account.devices(&user);
    devices.sort_by(|a, b| a.serial.cmp(&b.serial));
    let page = paging.page(devices.into_iter(), |device| &device.serial);
    let mut xml = Xml::default();
    xml.list("MFADevices", &page.items, |member, device| {
        // Assumed for root, whom AWS's documentation shows no answer of.
        member.text("UserName", &user.to_string());
        member.text("SerialNumber", &device.serial);
        member.time("EnableDate", device.enabled.unwrap_or_default());
    });
    page.end(&mut xml);
    Ok(xml)
}

pub(super) fn list_virtual(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let status = parameters.choice("AssignmentStatus", &["Assigned", "Unassigned", "Any"]);
    let paging = Paging::read(&mut parameters);
    parameters.finish()?;
    call.authorize("iam:ListVirtualMFADevices", &call.arn("mfa/"))?;
    let is_wanted = |device: &&Device| match status {
        Some("Assigned") => device.owner.is_some(),
        Some("Unassigned") => device.owner.is_none(),
        _ => true,
    };
    let all = call.account.virtual_devices().filter(is_wanted);
    let page = paging.page(all, |device| &device.serial);
    let mut xml = Xml::default();
    xml.list("VirtualMFADevices", &page.items, |member, device| {
        member.text("SerialNumber", &device.serial);
        if let Some(enabled) = device.enabled {
            member.time("EnableDate", enabled);
        }
        if let Some(user) = device.owner.as_ref().and_then(|owner| call.account.user(owner)) {
            member.within("User", |inside| users::describe(inside, call.account, user));
        }
    });
    page.end(&mut xml);
    Ok(xml)
}

/// Of passkeys and security keys only.
pub(super) fn get(call: &mut Call<'_>) -> Result<Xml, IamError> {
    let mut parameters = call.parameters();
    let serial = parameters.required("SerialNumber", &SERIAL);
    let user = parameters.optional("UserName", &NEW_USER);
    parameters.finish()?;
    let user = call.user(user)?;
    call.authorize("iam:GetMFADevice", &call.user_arn(&user))?;
    call.account.existing(&user)?;
    let device = call.account.device(serial);
    let device = device.filter(|device| device.is_security_key() && device.owner.as_ref() == Some(&user));
    let device =
        device.ok_or_else(|| IamError::no_such(format!("MFA Device with serial number {serial} does not exist.")))?;
    let mut xml = Xml::default();
    if let AwsUser::Iam(name) = &user {
        xml.text("UserName", name);
    }
    xml.text("SerialNumber", serial);
    xml.time("EnableDate", device.enabled.unwrap_or_default());
    // What the FIDO Metadata Service says of the model: the practice account does not ask it.
    xml.within("Certifications", |_| {});
    Ok(xml)
}
