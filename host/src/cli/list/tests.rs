use serde_json::json;

use super::*;
use crate::transport::Address;

fn device(path: &str, product: Option<&str>) -> ListedDevice {
    ListedDevice {
        address: Address::Hid(path.to_owned()),
        product: product.map(str::to_owned),
        manufacturer: Some("Maker".to_owned()),
        serial: None,
        vendor_id: 0x1050,
        product_id: 0x0407,
    }
}

fn answer(versions: &[&str], aaguid: Option<[u8; 16]>) -> Answer {
    let versions = versions.iter().copied().map(str::to_owned).collect();
    Answer {
        versions,
        aaguid,
        error: None,
    }
}

fn text(entries: &[Entry]) -> String {
    let mut text = Vec::new();
    show(entries, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn people_see_one_line_a_key() {
    let entries = ask_all(
        vec![device("/dev/hidraw3", Some("Key")), device("/dev/hidraw10", None)],
        |device| match &device.product {
            Some(_) => Ok(answer(&["U2F_V2", "FIDO_2_0"], Some([0xAB; 16]))),
            None => Err(Error::NoAnswer),
        },
    );
    assert_eq!(
        text(&entries),
        "\
--device           Product    Versions                          AAGUID
hid:/dev/hidraw3   Key        U2F_V2, FIDO_2_0                  abababab-abab-abab-abab-abababababab
hid:/dev/hidraw10  1050:0407  the security key does not answer  -
"
    );
}

#[test]
fn programs_see_every_fact() {
    let known = Entry::new(device("/dev/hidraw3", Some("Key")), Ok(answer(&["U2F_V2"], None)));
    let silent = Entry::new(device("/dev/hidraw3", None), Err(Error::NoAnswer));
    assert_eq!(
        json!([known, silent]),
        json!([
            {
                "address": "hid:/dev/hidraw3",
                "product": "Key",
                "manufacturer": "Maker",
                "serialNumber": null,
                "vendorId": 0x1050,
                "productId": 0x0407,
                "versions": ["U2F_V2"],
                "aaguid": null,
                "error": null,
                "applets": null,
                "state": null,
            },
            {
                "address": "hid:/dev/hidraw3",
                "product": null,
                "manufacturer": "Maker",
                "serialNumber": null,
                "vendorId": 0x1050,
                "productId": 0x0407,
                "versions": null,
                "aaguid": null,
                "error": "the security key does not answer",
                "applets": null,
                "state": null,
            },
        ])
    );
}

#[test]
fn a_key_whose_get_info_fails_is_no_plain_u2f_key() {
    let broken = Answer {
        error: Some("getInfo failed: it ends early".to_owned()),
        ..answer(&["U2F_V2"], None)
    };
    let entry = Entry::new(device("/dev/hidraw3", None), Ok(broken));
    assert!(text(std::slice::from_ref(&entry)).contains("U2F_V2: getInfo failed: it ends early"));
    assert_eq!(json!(entry)["error"], "getInfo failed: it ends early");
}

#[test]
fn no_keys_are_an_empty_list() {
    assert_eq!(text(&[]), "");
    assert_eq!(json!(ask_all(Vec::new(), ask)), json!([]));
}

#[test]
fn what_a_key_calls_itself_cannot_fool_the_terminal() {
    let entry = Entry::new(
        device("/dev/hidraw3", Some("\x1b[2JKey")),
        Ok(answer(&["\u{202e}V2"], None)),
    );
    let text = text(&[entry]);
    assert!(text.contains(r"\u{1b}[2JKey") && text.contains(r"\u{202e}V2"), "{text}");
}

#[test]
fn a_key_that_is_gone_is_a_line_too() {
    let entries = ask_all(vec![device("/dev/no-such-hidraw", None)], ask);
    assert!(entries[0].error.is_some() && entries[0].versions.is_none());
}
