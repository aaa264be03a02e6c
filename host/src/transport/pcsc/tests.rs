use super::testing::{Behaviour, FakeDaemon};
use super::wire::code;
use super::*;

fn echo(apdu: &[u8]) -> Vec<u8> {
    [apdu, &[0x90, 0x00]].concat()
}

#[test]
fn a_card_answers_through_pcscd() {
    for minor in [3, 4, 5] {
        let behaviour = Behaviour {
            minor,
            ..Behaviour::default()
        };
        let daemon = FakeDaemon::start(behaviour, echo);
        let mut card = PcscCard::connect_at(&daemon.socket(), "virtual", Sharing::Shared).unwrap();
        assert_eq!(card.reader(), "Virtual PCD 00 00");
        card.reset_at_end();
        for length in [0, 4, 300, 60_000] {
            let apdu = vec![7; length];
            assert_eq!(card.transmit(&apdu, &|| false).unwrap(), echo(&apdu));
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    let connect = |behaviour: Behaviour, part: &str| {
        let daemon = FakeDaemon::start(behaviour, echo);
        PcscCard::connect_at(&daemon.socket(), part, Sharing::Exclusive).unwrap_err()
    };
    let answering = |connect| Behaviour {
        connect,
        ..Behaviour::default()
    };
    let newer = Behaviour {
        minor: 9,
        ..Behaviour::default()
    };
    assert!(matches!(connect(newer, ""), PcscError::Version { major: 4, minor: 9 }));
    let error = connect(Behaviour::default(), "yubikey");
    assert!(matches!(error, PcscError::NoReader { .. }), "{error:?}");
    let error = connect(Behaviour::default(), "Virtual PCD 00 01");
    assert!(matches!(error, PcscError::NoCard { .. }), "{error:?}");
    let error = connect(answering(code::SHARING_VIOLATION), "");
    assert!(matches!(error, PcscError::InUse { .. }), "{error:?}");
    let error = connect(answering(code::SECURITY_VIOLATION), "");
    assert!(matches!(error, PcscError::Refused), "{error:?}");
    let error = connect(answering(0x8010_0001), "");
    assert!(matches!(error, PcscError::Code(0x8010_0001)), "{error:?}");

    let nowhere = tempfile::tempdir().unwrap();
    let error = PcscCard::connect_at(&nowhere.path().join("none"), "", Sharing::Shared).unwrap_err();
    assert!(matches!(error, PcscError::NoService { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("pcscd"));
}

#[test]
fn a_card_that_was_given_up_is_not_used_again() {
    let daemon = FakeDaemon::start(Behaviour::default(), |apdu| {
        // It would answer, but far too late.
        if apdu == [0xFF] {
            std::thread::park();
        }
        echo(apdu)
    });
    let mut card = PcscCard::connect_at(&daemon.socket(), "", Sharing::Shared).unwrap();
    let error = card.transmit(&[0xFF], &|| true).unwrap_err();
    assert!(matches!(error, PcscError::Cancelled), "{error:?}");
    let error = card.transmit(&[0], &|| false).unwrap_err();
    assert!(matches!(error, PcscError::Gone { .. }), "{error:?}");
}

#[test]
fn a_part_of_a_name_is_enough_where_no_other_reader_has_it() {
    let reader = |name: &str, has_card| Reader {
        name: name.to_owned(),
        has_card,
        in_use: false,
    };
    let readers = [
        reader("Yubico YubiKey 00 00", true),
        reader("Yubico YubiKey 00 00 (2)", true),
        reader("Alcor Micro 01 00", false),
        reader("Alcor Micro 02 00", true),
    ];
    let found = |part| find(&readers, part).map(|reader| reader.name.as_str());
    assert_eq!(found("Yubico YubiKey 00 00").unwrap(), "Yubico YubiKey 00 00");
    assert_eq!(found("alcor").unwrap(), "Alcor Micro 02 00");
    assert_eq!(found("01 00").unwrap(), "Alcor Micro 01 00");
    assert!(matches!(found("yubi"), Err(PcscError::Ambiguous { readers, .. }) if readers.len() == 2));
    assert!(matches!(found("nitro"), Err(PcscError::NoReader { .. })));
}
