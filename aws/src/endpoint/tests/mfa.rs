use data_encoding::{BASE32_NOPAD, BASE64};
use time::Duration;

use super::*;

const STEP: Duration = Duration::seconds(30);

fn created(account: &mut Account, client: &mut Client, name: &str) -> String {
    let reply = client
        .call(account, "CreateVirtualMFADevice", &[("VirtualMFADeviceName", name)])
        .ok();
    reply.text("SerialNumber")
}

fn enable(account: &mut Account, client: &mut Client, user: &str, serial: &str) -> Reply {
    let (one, two) = (
        code(account, serial, client.now - STEP),
        code(account, serial, client.now),
    );
    let parameters = [
        ("UserName", user),
        ("SerialNumber", serial),
        ("AuthenticationCode1", &one),
        ("AuthenticationCode2", &two),
    ];
    client.call(account, "EnableMFADevice", &parameters)
}

#[test]
fn a_virtual_device_is_created_enabled_listed_and_removed() {
    let (mut account, mut alice) = Client::new("alice");
    let reply = alice
        .call(
            &mut account,
            "CreateVirtualMFADevice",
            &[("VirtualMFADeviceName", "phone")],
        )
        .ok();
    let serial = reply.text("SerialNumber");
    assert_eq!(serial, format!("arn:aws:iam::{}:mfa/phone", account.number()));
    let seed = BASE64.decode(reply.text("Base32StringSeed").as_bytes()).unwrap();
    assert_eq!(BASE32_NOPAD.decode(&seed).unwrap().len(), 40);
    assert!(
        BASE64
            .decode(reply.text("QRCodePNG").as_bytes())
            .unwrap()
            .starts_with(b"\x89PNG")
    );

    let unassigned = alice
        .call(
            &mut account,
            "ListVirtualMFADevices",
            &[("AssignmentStatus", "Unassigned")],
        )
        .ok();
    assert_eq!(unassigned.all("SerialNumber"), [&*serial]);
    assert!(unassigned.all("Base32StringSeed").is_empty() && unassigned.all("User").is_empty());
    enable(&mut account, &mut alice, "alice", &serial).ok();
    let listed = alice.call(&mut account, "ListMFADevices", &[]).ok();
    assert_eq!(listed.all("SerialNumber"), [&*serial]);
    assert_eq!(listed.text("UserName"), "alice");
    assert_eq!(listed.text("EnableDate"), "2026-11-29T12:00:00Z");
    let assigned = alice.call(&mut account, "ListVirtualMFADevices", &[]).ok();
    assert_eq!(assigned.text("UserName"), "alice");

    let conflict = alice
        .call(&mut account, "DeleteVirtualMFADevice", &[("SerialNumber", &serial)])
        .error();
    assert_eq!((&*conflict.0, conflict.1), ("DeleteConflict", 409));
    let deactivate = [("UserName", "alice"), ("SerialNumber", &*serial)];
    alice.call(&mut account, "DeactivateMFADevice", &deactivate).ok();
    let twice = alice.call(&mut account, "DeactivateMFADevice", &deactivate).error();
    assert_eq!(
        (&*twice.0, twice.1, &*twice.2),
        ("NoSuchEntity", 404, "MFA Device invalid for user.")
    );
    alice
        .call(&mut account, "DeleteVirtualMFADevice", &[("SerialNumber", &serial)])
        .ok();
    let gone = alice
        .call(&mut account, "DeleteVirtualMFADevice", &[("SerialNumber", &serial)])
        .error();
    assert_eq!((&*gone.0, gone.1), ("NoSuchEntity", 404));
}

#[test]
fn codes_are_verified() {
    let (mut account, mut admin) = Client::new("admin");
    let serial = created(&mut account, &mut admin, "phone");
    let wrong = [
        ("UserName", "alice"),
        ("SerialNumber", &*serial),
        ("AuthenticationCode1", "000000"),
        ("AuthenticationCode2", "000001"),
    ];
    for action in ["EnableMFADevice", "ResyncMFADevice"] {
        let error = admin.call(&mut account, action, &wrong).error();
        if action == "EnableMFADevice" {
            assert_eq!(
                (&*error.0, error.1, &*error.2),
                (
                    "InvalidAuthenticationCode",
                    403,
                    "Authentication code for device is not valid."
                )
            );
            enable(&mut account, &mut admin, "alice", &serial).ok();
        } else {
            assert_eq!((&*error.0, error.1), ("InvalidAuthenticationCode", 403));
        }
    }
    admin.now += STEP * 4;
    let (one, two) = (
        code(&account, &serial, admin.now - STEP),
        code(&account, &serial, admin.now),
    );
    let resync = [
        ("UserName", "alice"),
        ("SerialNumber", &*serial),
        ("AuthenticationCode1", &*one),
        ("AuthenticationCode2", &*two),
    ];
    admin.call(&mut account, "ResyncMFADevice", &resync).ok();
    assert_eq!(
        admin.call(&mut account, "ResyncMFADevice", &resync).error().0,
        "InvalidAuthenticationCode"
    );
    let short = [("AuthenticationCode1", "12345"), ("SerialNumber", "short")];
    let error = admin.call(&mut account, "EnableMFADevice", &short).error();
    assert!(error.2.starts_with("4 validation errors detected: "), "{}", error.2);
}

#[test]
fn the_ninth_device_and_unknown_ones_are_refused() {
    let (mut account, mut admin) = Client::new("admin");
    for number in 0..8 {
        let serial = created(&mut account, &mut admin, &format!("phone-{number}"));
        enable(&mut account, &mut admin, "alice", &serial).ok();
    }
    let ninth = created(&mut account, &mut admin, "phone-8");
    let error = enable(&mut account, &mut admin, "alice", &ninth).error();
    assert_eq!(
        (&*error.0, error.1, &*error.2),
        ("LimitExceeded", 409, "Cannot exceed quota for MFADevicesPerUser: 8")
    );
    let taken = admin
        .call(
            &mut account,
            "CreateVirtualMFADevice",
            &[("VirtualMFADeviceName", "phone-8")],
        )
        .error();
    assert_eq!(taken.0, "EntityAlreadyExists");
    let in_use = format!("arn:aws:iam::{}:mfa/phone-0", account.number());
    assert_eq!(
        enable(&mut account, &mut admin, "admin", &in_use).error().0,
        "EntityAlreadyExists"
    );
    assert_eq!(
        enable(&mut account, &mut admin, "nobody", &ninth).error().0,
        "NoSuchEntity"
    );
    let unknown = [
        ("UserName", "admin"),
        ("SerialNumber", "GALT12345678"),
        ("AuthenticationCode1", "123456"),
        ("AuthenticationCode2", "123456"),
    ];
    assert_eq!(
        admin.call(&mut account, "EnableMFADevice", &unknown).error().0,
        "NoSuchEntity"
    );
    assert_eq!(
        admin
            .call(&mut account, "ListMFADevices", &[("UserName", "nobody")])
            .error()
            .0,
        "NoSuchEntity"
    );
}

#[test]
fn only_security_keys_are_got() {
    let (mut account, mut admin) = Client::new("admin");
    let alice = AwsUser::Iam("alice".to_owned());
    let key = account
        .register_security_key(&alice, &"key".parse().unwrap(), b"id", serde_json::json!({}), NOW)
        .unwrap();
    let got = admin
        .call(
            &mut account,
            "GetMFADevice",
            &[("SerialNumber", &key), ("UserName", "alice")],
        )
        .ok();
    assert_eq!(
        (got.text("SerialNumber"), got.text("UserName")),
        (key.clone(), "alice".to_owned())
    );
    assert_eq!(
        admin
            .call(&mut account, "GetMFADevice", &[("SerialNumber", &key)])
            .error()
            .0,
        "NoSuchEntity"
    );
    let listed = admin
        .call(&mut account, "ListMFADevices", &[("UserName", "alice")])
        .ok();
    assert_eq!(listed.all("SerialNumber"), [key]);
    let virtuals = admin.call(&mut account, "ListVirtualMFADevices", &[]).ok();
    assert!(virtuals.all("SerialNumber").is_empty());
    let serial = created(&mut account, &mut admin, "phone");
    enable(&mut account, &mut admin, "alice", &serial).ok();
    let app = admin.call(
        &mut account,
        "GetMFADevice",
        &[("SerialNumber", &serial), ("UserName", "alice")],
    );
    assert_eq!(app.error().0, "NoSuchEntity");
}
