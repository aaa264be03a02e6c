use proptest::prelude::*;

use super::*;

const AAGUID: &[u8] = b"\x03\x50AAAAAAAAAAAAAAAA";

#[test]
fn a_small_answer_is_read() {
    let answer = [
        b"\xA3\x01\x82\x66U2F_V2\x68FIDO_2_0",
        AAGUID,
        b"\x04\xA2\x62rk\xF5\x62up\xF4",
    ]
    .concat();
    let info = GetInfo::parse(&answer).unwrap();
    assert_eq!(info.versions, ["U2F_V2", "FIDO_2_0"]);
    assert_eq!(info.aaguid, Some(*b"AAAAAAAAAAAAAAAA"));
    assert!(info.has("rk") && !info.has("up") && !info.has("uv"));
    assert_eq!(info.oddities, []);
}

#[test]
fn every_member_is_read() {
    let answer = [
        &b"\xB8\x1F\x01\x81\x68FIDO_2_3\x02\x81\x6BcredProtect"[..],
        AAGUID,
        b"\x04\xA0\x05\x19\x1D\xB9\x06\x82\x02\x01\x07\x10\x08\x18\xFF\x09\x81\x63usb",
        b"\x0A\x81\xA2\x63alg\x26\x64type\x6Apublic-key\
          \x0B\x19\x04\x00\x0C\xF4\x0D\x04\x0E\x01\x0F\x18\x20\x10\x00\x11\x03",
        b"\x12\x02\x13\xA1\x64FIDO\x01\x14\x18\x64\
          \x15\x81\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x16\x81\x66packed\x17\x00",
        b"\x18\x18\xF5\x18\x19\x58\x20",
        &[0x19; 32],
        b"\x18\x1A\x81\x63nfc\x18\x1B\xF5\x18\x1C\x43a:b\x18\x1D\x18\x3F\x18\x1E\x58\x20",
        &[0x1E; 32],
        b"\x18\x1F\x81\x02",
    ]
    .concat();
    let text = |text: &str| vec![text.to_owned()];
    let expected = Info {
        versions: text("FIDO_2_3"),
        extensions: Some(text("credProtect")),
        aaguid: Some([b'A'; 16]),
        options: BTreeMap::new(),
        max_msg_size: Some(7609),
        pin_uv_auth_protocols: Some(vec![2, 1]),
        max_credential_count_in_list: Some(16),
        max_credential_id_length: Some(255),
        transports: Some(text("usb")),
        algorithms: Some(vec![PublicKeyCredentialParameters::public_key(-7)]),
        max_serialized_large_blob_array: Some(1024),
        force_pin_change: Some(false),
        min_pin_length: Some(4),
        firmware_version: Some(1),
        max_cred_blob_length: Some(32),
        max_rp_ids_for_set_min_pin_length: Some(0),
        preferred_platform_uv_attempts: Some(3),
        uv_modality: Some(2),
        certifications: Some(BTreeMap::from([("FIDO".to_owned(), 1)])),
        remaining_discoverable_credentials: Some(100),
        vendor_prototype_config_commands: Some(vec![u64::MAX]),
        attestation_formats: Some(text("packed")),
        uv_count_since_last_pin_entry: Some(0),
        long_touch_for_reset: Some(true),
        enc_identifier: Some([0x19; 32]),
        transports_for_reset: Some(text("nfc")),
        pin_complexity_policy: Some(true),
        pin_complexity_policy_url: Some(b"a:b".to_vec()),
        max_pin_length: Some(63),
        enc_cred_store_state: Some([0x1E; 32]),
        authenticator_config_commands: Some(vec![2]),
        unknown: BTreeMap::new(),
        oddities: Vec::new(),
    };
    assert_eq!(GetInfo::parse(&answer), Ok(expected));
}

#[test]
fn unknown_members_are_kept_as_they_came() {
    let answer = [b"\xA4\x01\x81\x60", AAGUID, b"\x18\xF0\xA1\x01\x02\x20\xF9\x3C\x00"].concat();
    let info = GetInfo::parse(&answer).unwrap();
    assert_eq!(
        info.unknown,
        BTreeMap::from([(0xF0, b"\xA1\x01\x02".to_vec()), (-1, b"\xF9\x3C\x00".to_vec())])
    );
    assert_eq!(
        info.oddities,
        [
            Oddity::NotCanonical("has a value that no message may have, or a text that is not UTF-8"),
            Oddity::UnknownMember(-1),
            Oddity::UnknownMember(0xF0),
        ]
    );
}

#[test]
fn oddities_do_not_hide_the_rest() {
    let answer = b"\xA6\x01\x83\x66U2F_V2\x68FIDO_2_2\x00\x03\x43abc\x04\xA2\x62rk\x01\x62up\xF5\x05\x18\x40\x07\x00\
        \x0A\x82\xA2\x63alg\x39\xFF\xFF\x64type\x6Apublic-key\x00";
    let info = GetInfo::parse(answer).unwrap();
    assert_eq!(info.versions, ["U2F_V2", "FIDO_2_2"]);
    assert_eq!(info.options, BTreeMap::from([("up".to_owned(), true)]));
    assert_eq!(
        info.algorithms,
        Some(vec![PublicKeyCredentialParameters::public_key(-65_536)])
    );
    assert_eq!(
        info.oddities,
        [
            Oddity::WrongType("versions"),
            Oddity::WrongType("aaguid"),
            Oddity::WrongType("options"),
            Oddity::WrongType("algorithms"),
            Oddity::Missing("aaguid"),
            Oddity::WrongValue("versions"),
            Oddity::WrongValue("maxMsgSize"),
            Oddity::WrongValue("maxCredentialCountInList"),
        ]
    );
    assert_eq!(
        GetInfo::parse(b"\xA0").unwrap().oddities,
        [Oddity::Missing("versions"), Oddity::Missing("aaguid")]
    );
}

#[test]
fn editions_are_compared_as_numbers() {
    for (version, is) in [
        ("FIDO_2_0", false),
        ("FIDO_2_1_PRE", false),
        ("FIDO_2_1", true),
        ("FIDO_2_3", true),
        ("FIDO_2_10", true),
        ("FIDO_3_0", true),
        ("FIDO_1_9", false),
        ("U2F_V2", false),
        ("FIDO_2_", false),
    ] {
        let info = Info {
            versions: vec![version.to_owned()],
            ..Info::default()
        };
        assert_eq!(info.is_2_1(), is, "{version}");
    }
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), key in 1_u8..0x18) {
        let _ = GetInfo::parse(&bytes);
        let _ = GetInfo::parse(&[&[0xA1, key], bytes.as_slice()].concat());
    }
}
