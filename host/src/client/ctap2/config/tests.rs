use zeroize::Zeroizing;

use super::*;
use crate::client::pin_protocol::PinProtocol;

fn token() -> PinUvAuthToken {
    PinUvAuthToken::new(PinProtocol::Two, Zeroizing::new((0x20..0x40).collect())).unwrap()
}

#[test]
fn a_subcommand_without_parameters_has_none() {
    let toggle = Config::new(ConfigSubcommand::ToggleAlwaysUv, None);
    assert_eq!(toggle.parameters(), b"\xA1\x01\x02");
    let proven = Config::new(ConfigSubcommand::ToggleAlwaysUv, Some(&token()));
    // The parameter is a vector that was made with another program.
    assert!(
        proven
            .parameters()
            .starts_with(b"\xA3\x01\x02\x03\x02\x04\x58\x20\xE3\xF0\x44\x60")
    );
}

#[test]
fn the_rules_for_pins_are_sent_as_far_as_they_change() {
    let rules = ConfigSubcommand::SetMinPinLength(PinRules {
        new_min_pin_length: Some(8),
        min_pin_length_rp_ids: vec!["a.b".to_owned()],
        force_change_pin: true,
        pin_complexity_policy: true,
    });
    let parameters = b"\xA4\x01\x08\x02\x81\x63a.b\x03\xF5\x04\xF5";
    let config = Config::new(rules.clone(), None);
    assert_eq!(config.parameters(), [b"\xA2\x01\x03\x02", &parameters[..]].concat());
    let proof = token().authorize(&[&[0xFF; 32], b"\x0D\x03", parameters]);
    assert!(Config::new(rules, Some(&token())).parameters().ends_with(&proof.param));

    let nothing = ConfigSubcommand::SetMinPinLength(PinRules::default());
    assert_eq!(Config::new(nothing, None).parameters(), b"\xA1\x01\x03");
}

#[test]
fn what_a_key_can_change_it_lists_or_has_an_option_for() {
    let mut info = Info::default();
    assert!(!ConfigSubcommand::ToggleAlwaysUv.is_supported(&info));
    info.options = [("authnrCfg".to_owned(), true), ("alwaysUv".to_owned(), false)].into();
    assert!(ConfigSubcommand::ToggleAlwaysUv.is_supported(&info));
    assert!(!ConfigSubcommand::EnableEnterpriseAttestation.is_supported(&info));
    info.authenticator_config_commands = Some(vec![1]);
    assert!(!ConfigSubcommand::ToggleAlwaysUv.is_supported(&info));
    assert!(ConfigSubcommand::EnableEnterpriseAttestation.is_supported(&info));
}

#[test]
fn rules_that_a_key_does_not_know_are_not_supported() {
    let info = Info {
        options: [("authnrCfg".to_owned(), true), ("setMinPINLength".to_owned(), true)].into(),
        max_rp_ids_for_set_min_pin_length: Some(1),
        max_pin_length: Some(63),
        ..Info::default()
    };
    let can = |rules| ConfigSubcommand::SetMinPinLength(rules).is_supported(&info);
    let told = |count| PinRules {
        min_pin_length_rp_ids: vec!["a.b".to_owned(); count],
        ..PinRules::default()
    };
    let of = |length| PinRules {
        new_min_pin_length: Some(length),
        ..PinRules::default()
    };
    assert!(can(told(1)) && !can(told(2)));
    assert!(can(of(63)) && !can(of(64)));
    let simple = PinRules {
        pin_complexity_policy: true,
        ..PinRules::default()
    };
    assert!(!can(simple));
}
