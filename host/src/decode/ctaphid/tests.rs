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
