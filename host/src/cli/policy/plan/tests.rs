use super::*;

/// A key of CTAP 2.3 that can do everything and has nothing switched on.
fn info() -> Info {
    let option = |(name, value): (&str, bool)| (name.to_owned(), value);
    Info {
        options: [
            ("authnrCfg", true),
            ("alwaysUv", false),
            ("clientPin", false),
            ("ep", false),
            ("setMinPINLength", true),
        ]
        .map(option)
        .into(),
        min_pin_length: Some(4),
        max_pin_length: Some(63),
        max_rp_ids_for_set_min_pin_length: Some(1),
        long_touch_for_reset: Some(false),
        pin_complexity_policy: Some(false),
        authenticator_config_commands: Some(vec![1, 2, 3, 4]),
        ..Info::default()
    }
}

fn states(policy: &str, info: &Info) -> Vec<(&'static str, State)> {
    let items = plan(&policy.parse().unwrap(), info);
    items.into_iter().map(|item| (item.rule, item.state)).collect()
}

const ALL: &str = "always-uv = true
    enterprise-attestation = true
    long-touch-reset = true
    algorithms = ['ES256']
    [pin]
    required = true
    min-length = 6
    min-length-rp-ids = ['a.b']
    complexity = true";

#[test]
fn an_empty_policy_asks_for_nothing() {
    assert_eq!(states("", &Info::default()), []);
}

#[test]
fn everything_that_a_key_can_do_is_a_change() {
    let states = states(ALL, &info());
    assert_eq!(states.len(), 8);
    for (rule, state) in states {
        let expected = if rule == rule::ALGORITHMS {
            State::Met
        } else {
            State::Change
        };
        assert_eq!(state, expected, "{rule}");
    }
}

#[test]
fn what_is_so_already_is_met() {
    let mut info = info();
    for option in ["alwaysUv", "clientPin", "ep"] {
        info.options.insert(option.to_owned(), true);
    }
    info.min_pin_length = Some(8);
    info.long_touch_for_reset = Some(true);
    info.pin_complexity_policy = Some(true);
    for (rule, state) in states(ALL, &info) {
        // The list cannot be read, and is written again.
        let expected = if rule == rule::PIN_RP_IDS {
            State::Change
        } else {
            State::Met
        };
        assert_eq!(state, expected, "{rule}");
    }
}

#[test]
fn what_a_key_cannot_do_is_impossible() {
    let bare = Info::default();
    for (rule, state) in states(ALL, &bare) {
        let expected = if rule == rule::ALGORITHMS {
            State::Met
        } else {
            State::Impossible
        };
        assert_eq!(state, expected, "{rule}");
    }
    for policy in [
        "[pin]\nmin-length = 64",
        "[pin]\nmin-length-rp-ids = ['a', 'b']",
        "algorithms = ['EdDSA']",
    ] {
        assert_eq!(states(policy, &info())[0].1, State::Impossible, "{policy}");
    }
}

#[test]
fn what_only_a_reset_undoes_cannot_be_switched_off() {
    let mut info = info();
    info.options.insert("ep".to_owned(), true);
    info.options.insert("alwaysUv".to_owned(), true);
    let policy = "always-uv = false\nenterprise-attestation = false\nlong-touch-reset = false";
    assert_eq!(
        states(policy, &info),
        [
            (rule::ALWAYS_UV, State::Change),
            (rule::ENTERPRISE_ATTESTATION, State::Impossible),
            (rule::LONG_TOUCH_RESET, State::Met),
        ]
    );
}
