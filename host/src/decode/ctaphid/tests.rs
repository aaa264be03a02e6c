use super::*;

#[test]
fn what_is_read_from_a_device_is_all_the_key_s() {
    let said = [(BROADCAST, command::INIT, &[0; 17][..]), (7, command::CBOR, b"\x2E")];
    let dump: Vec<Report> = said
        .iter()
        .flat_map(|(channel, command, payload)| {
            let reports = brasskey_protocol::ctaphid::fragment(*channel, *command, payload);
            reports.unwrap()
        })
        .collect();
    let mut faults = Vec::new();
    let (nodes, _) = reports(dump.iter().map(|report| (0, None, report)), &mut faults);
    let names: Vec<_> = nodes.iter().map(|node| &*node.name).collect();
    assert_eq!(names, ["from key: CTAPHID_INIT", "from key: CTAPHID_CBOR"]);
    let status = nodes[1].find("status").unwrap().meaning.as_deref().unwrap();
    assert!(
        status.contains("NO_CREDENTIALS") && faults.is_empty(),
        "{status} {faults:?}"
    );
}

#[test]
fn of_a_message_that_ends_early_the_beginning_is_explained() {
    let request = b"\x02\xA3\x01\x6Bexample.com\x02\x58\x20AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\x03\x81\xA2\x62id\x58\x40";
    let request = [&request[..], &[7; 64], b"\x64type\x6Apublic-key"].concat();
    let mut dump = brasskey_protocol::ctaphid::fragment(7, command::CBOR, &request).unwrap();
    let first = dump.next().unwrap();
    let mut faults = Vec::new();
    let (nodes, exchanges) = reports([(0, None, &first)], &mut faults);
    let name = nodes[0].find("rpId").unwrap();
    assert_eq!(name.value, Some(Value::Text("example.com".to_owned())));
    let what = format!(
        "a message on channel 00000007 ends early: 57 of {} bytes came",
        request.len()
    );
    assert_eq!(faults, [Fault::fatal(64, what)]);
    assert!(exchanges.is_empty());
}

#[test]
fn an_answer_whose_request_is_missing_is_the_key_s() {
    let mut answer = brasskey_protocol::ctaphid::fragment(7, command::CBOR, b"\x00\xA1\x03\x08").unwrap();
    let (nodes, _) = reports([(0, None, &answer.next().unwrap())], &mut Vec::new());
    assert_eq!(nodes[0].name, "from key: CTAPHID_CBOR");
    assert!(nodes[0].find("pinRetries").is_some());
}
