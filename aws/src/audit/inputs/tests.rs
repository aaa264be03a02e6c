use data_encoding::BASE64;
use proptest::prelude::*;

use super::*;

const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
                      password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,\
                      access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,\
                      access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
                      access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
                      cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

const ROOT: &str = "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,\
                    no_information,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,\
                    false,N/A,false,N/A";

fn alice() -> String {
    "alice,arn:aws:iam::123456789012:user/team/alice,2021-01-01T00:00:00+00:00,true,2026-11-01T10:00:00+00:00,\
     2021-01-01T00:00:00+00:00,N/A,false,true,2021-01-01T00:00:00+00:00,2026-10-01T00:00:00+00:00,eu-west-1,s3,\
     false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        .to_owned()
}

fn report() -> String {
    format!("{HEADER}\n{ROOT}\n{}", alice())
}

fn read(bytes: &[u8]) -> Result<Inputs, ReadError> {
    let mut inputs = Inputs::default();
    inputs.read("file", bytes).map(|()| inputs)
}

fn error(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn a_report_is_read_however_it_was_saved() {
    let csv = report();
    let base64 = BASE64.encode(csv.as_bytes());
    let json = format!(
        r#"{{"Content": "{base64}", "ReportFormat": "text/csv", "GeneratedTime": "2026-11-29T08:00:00+00:00"}}"#
    );
    let ways = [
        csv.clone(),
        format!("{csv}\n"),
        format!("\u{feff}{csv}"),
        csv.replace('\n', "\r\n"),
        base64,
        json,
    ];
    for text in ways {
        let inputs = read(text.as_bytes()).unwrap();
        let rows = inputs.report.unwrap().value.rows;
        assert_eq!(rows.len(), 2, "{text}");
        let [root, alice] = rows.as_slice() else { unreachable!() };
        assert_eq!((&root.subject, root.password, root.mfa), (&Subject::Root, None, true));
        assert_eq!(alice.subject, Subject::User("alice".to_owned()));
        assert_eq!((alice.password, alice.mfa, alice.line), (Some(true), false, 3));
        assert!(alice.keys[0].active && alice.keys[0].used.is_some() && !alice.keys[1].active);
    }
}

#[test]
fn the_same_report_twice_is_one_with_its_date() {
    let base64 = BASE64.encode(report().as_bytes());
    let json = format!(r#"{{"Content": "{base64}", "GeneratedTime": "2026-11-29T08:00:00+00:00"}}"#);
    for (first, second) in [(report(), json.clone()), (json, report())] {
        let mut inputs = read(first.as_bytes()).unwrap();
        inputs.read("second", second.as_bytes()).unwrap();
        assert!(inputs.report_generated().is_some());
    }
}

#[test]
fn no_part_of_a_report_passes_for_the_whole_of_its_last_row() {
    let whole = report();
    let last_row = whole.rfind('\n').unwrap() + 1;
    for end in last_row + 1..whole.len() {
        let part = whole.get(..end).unwrap();
        assert!(read(part.as_bytes()).is_err(), "{part}");
    }
}

#[test]
fn what_is_wrong_with_a_report_is_said_with_its_line() {
    let said = [
        (
            report().replace("true,false,N/A", "perhaps,false,N/A"),
            "file, line 2: mfa_active is \"perhaps\"",
        ),
        (
            report().replace("user/team/alice", "user/bob"),
            "file, line 3: user and arn do not name",
        ),
        (
            format!("{}\n{}", report(), alice()),
            "file, line 4: this user was there before",
        ),
        (
            report().replace("mfa_active", "mfa"),
            "file, line 2: there is no column mfa_active",
        ),
        (
            report().replace("cert_2_active", "cert_1_active"),
            "file, line 1: there are two columns",
        ),
        (
            report().replace("2021-01-01T00:00:00+00:00,true", "yesterday,true"),
            "file, line 3: user_creation_time",
        ),
        (
            report().replace("012:user", "013:user"),
            "file, line 3: it is of account 123456789013",
        ),
    ];
    for (text, begin) in said {
        let error = error(text.as_bytes());
        assert!(error.starts_with(begin), "{error}");
    }
}

#[test]
fn what_is_no_answer_or_no_whole_one_is_refused_with_its_line() {
    let said: [(&[u8], &str); 13] = [
        (b"", "file: it is empty"),
        (b" \n", "file: it is empty"),
        (b"\xff\xfe{\0", "file, line 1: it is UTF-16"),
        (b"{\n\"Users\": \"\xe9\"}", "file, line 2: it is not UTF-8"),
        (b"Users:\n- Arn: x", "file, line 1: it is neither"),
        (b"{\"Users\": [\n", "file, line 2: it ends too early"),
        (b"{}", "file, line 1: this is none of the answers"),
        (b"\n\n{\"Roles\": []}", "file, line 3: this is none of the answers"),
        (
            b"{\"Users\": [], \"Group\": {}}",
            "file, line 1: this is none of the answers",
        ),
        (b"{\"Users\": [], \"Users\": []}", "file, line 1: duplicate field"),
        (
            b"{\"Users\": [], \"MFADevices\": []}",
            "file, line 1: this is several answers",
        ),
        (
            b"{\"Users\": []}\n{\"Users\": [], \"NextToken\": \"x\"}",
            "file, line 2: this is a part",
        ),
        (
            b"{\"MFADevices\": [], \"IsTruncated\": true}",
            "file, line 1: this is a part",
        ),
    ];
    for (bytes, begin) in said {
        let error = error(bytes);
        assert!(error.starts_with(begin), "{error}");
    }
}

#[test]
fn names_and_numbers_that_iam_would_not_give_are_refused() {
    for text in [
        r#"{"Users": [{"UserName": "a b", "Arn": "arn:aws:iam::123456789012:user/a"}]}"#,
        r#"{"Users": [{"UserName": "a", "Arn": "alice"}]}"#,
        r#"{"MFADevices": [{"UserName": "a", "SerialNumber": "short"}]}"#,
        r#"{"MFADevices": [{"UserName": "<b>", "SerialNumber": "GAHT12345678"}]}"#,
        r#"{"VirtualMFADevices": [{"SerialNumber": "1234567 9"}]}"#,
        r#"{"Account": "12", "Arn": "arn:aws:iam::123456789012:root", "UserId": "x"}"#,
        r#"{"Events": [{"EventName": "ConsoleLogin", "CloudTrailEvent": "{"}]}"#,
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn files_of_two_accounts_are_refused() {
    let mut inputs = read(report().as_bytes()).unwrap();
    let other = br#"{"Account": "000000000001", "Arn": "arn:aws:iam::000000000001:user/x", "UserId": "x"}"#;
    let error = inputs.read("other", other).unwrap_err().to_string();
    assert_eq!(
        error,
        "other, line 1: it is of account 000000000001, and file of account 123456789012"
    );
}

#[test]
fn the_same_list_of_another_time_is_refused() {
    let mut inputs = read(br#"{"SummaryMap": {"AccountMFAEnabled": 1}}"#).unwrap();
    inputs
        .read("again", br#"{"SummaryMap": {"AccountMFAEnabled": 1}}"#)
        .unwrap();
    let error = inputs
        .read("newer", br#"{"SummaryMap": {"AccountMFAEnabled": 0}}"#)
        .unwrap_err();
    assert!(error.problem.starts_with("it contradicts file"), "{error}");
    let device = |serial: &str| format!(r#"{{"MFADevices": [{{"UserName": "a", "SerialNumber": "{serial}"}}]}}"#);
    let mut inputs = read(device("GAHT12345678").as_bytes()).unwrap();
    inputs.read("again", device("GAHT12345678").as_bytes()).unwrap();
    assert!(inputs.read("newer", device("GAHT12345679").as_bytes()).is_err());
}

#[test]
fn an_empty_list_is_of_the_user_that_is_named_beside_it() {
    let inputs = read(br#"{"MFADevices": []} {"MFADevices": [], "UserName": "bob"}"#).unwrap();
    assert_eq!(
        inputs.devices.keys().collect::<Vec<_>>(),
        [&Subject::User("bob".to_owned())]
    );
}

#[test]
fn an_empty_file_is_of_a_command_that_failed() {
    let error = read(b" \n").unwrap_err();
    assert_eq!(error.problem, "it is empty");
    assert!(error.hint().contains("run the command again"), "{}", error.hint());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_report_with_other_bytes_in_it_is_read_or_refused(
        at in 0usize..900,
        bytes in proptest::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut report = report().into_bytes();
        let at = at.min(report.len());
        report.splice(at..(at + bytes.len()).min(report.len()), bytes);
        if let Ok(inputs) = read(&report) {
            prop_assert!(inputs.report.is_some());
        }
    }

    #[test]
    fn json_of_the_right_members_is_read_or_refused(
        member in prop::sample::select(vec![
            "SummaryMap", "Users", "MFADevices", "VirtualMFADevices", "Events", "UserDetailList", "Content", "Account",
        ]),
        value in "[\\[\\]{}\":,0-9a-z\\\\ ]{0,40}",
    ) {
        let _ = read(format!("{{\"{member}\": {value}}}").as_bytes());
    }

    #[test]
    fn a_list_that_was_cut_off_is_refused(end in 1usize..100) {
        let whole = r#"{"Users": [{"UserName": "alice", "Arn": "arn:aws:iam::123456789012:user/alice"}],
            "x": [1, 2, 3]}"#;
        let end = end.min(whole.len() - 1);
        prop_assert!(read(whole.get(..end).unwrap().as_bytes()).is_err());
    }
}
