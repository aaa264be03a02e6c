use data_encoding::HEXLOWER;

use super::*;

#[test]
fn the_legacy_app_id_has_the_known_hash() {
    let hash = HEXLOWER.encode(&Sha256::digest(LEGACY_APP_ID.as_bytes()));
    assert_eq!(hash, "968978a29953de52d3ef0f0c71b7b7b6b1af9f08e257896a8d8126918530293b");
}

#[test]
fn device_and_user_names_are_iams() {
    for name in ["my-key", "a", "A_1+=,.@-", &"x".repeat(128)] {
        assert_eq!(name.parse::<DeviceName>().unwrap().as_str(), name);
    }
    for name in ["", "my key", "a/b", "a:b", "é", "a\n", &"x".repeat(129)] {
        assert_eq!(name.parse::<DeviceName>(), Err(DeviceNameError), "{name:?}");
    }
    assert_eq!("alice".parse::<AwsUser>(), Ok(AwsUser::Iam("alice".to_owned())));
    assert_eq!("x".repeat(65).parse::<AwsUser>(), Err(DeviceNameError));
}

#[test]
fn serial_numbers_have_the_shape_that_aws_gives_them() {
    const ACCOUNT: u64 = 123_456_789_012;
    let alice: AwsUser = "alice".parse().unwrap();
    let arn = device_arn(ACCOUNT, &alice, "my-key", b"id");
    let made_up = arn
        .strip_prefix("arn:aws:iam::123456789012:u2f/user/alice/my-key-")
        .unwrap();
    assert_eq!(made_up.len(), 26);
    let is_base_32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    assert!(made_up.bytes().all(is_base_32), "{made_up}");
    assert_eq!(
        device_arn(1, &AwsUser::Root, "other", b"id"),
        format!("arn:aws:iam::000000000001:u2f/root/other-{made_up}")
    );
    assert_ne!(device_arn(ACCOUNT, &alice, "my-key", b"other"), arn);

    let longest = device_arn(ACCOUNT, &"x".repeat(64).parse().unwrap(), &"x".repeat(128), b"id");
    assert!(longest.len() <= 256, "a serial number has at most 256 characters");
}
