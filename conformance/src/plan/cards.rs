//! Checks that are not for smart cards.

/// It says what CTAPHID alone carries.
const CTAPHID: &str = "it is about CTAPHID, which no smart card speaks";
/// Whatever is plugged in is one host to a card.
const ONE_HOST: &str = "it takes two hosts, and a card has one";
/// The next check would take it.
const LEFT: &str = "it leaves a touch unused, which is good for any host of a card";
/// ISO/IEC 7816-4 gives them meanings of their own, and a reader sends what is an APDU.
const APDUS: &str = "it sends APDUs that mean something else to a smart card, or that no reader sends";
/// YKOATH has nothing like a keepalive, and nothing like CTAPHID_CANCEL.
const NO_CANCEL: &str = "the OATH applet of a card cannot be told to wait no more";

/// Which, and why; all of the suites `ctaphid` and `by_hand` besides.
const CHECKS: &[(&str, &str)] = &[
    ("cbor::every_short_body_has_a_defined_answer", CTAPHID),
    ("get_next_assertion::get_info_and_ping_do_not_end_the_walk", CTAPHID),
    (
        "credential_walks::another_host_neither_continues_nor_ends_a_walk",
        ONE_HOST,
    ),
    (
        "get_next_assertion::another_host_neither_continues_nor_ends_the_walk",
        ONE_HOST,
    ),
    ("large_blobs::another_channel_cannot_continue", ONE_HOST),
    ("oath_access_code::a_session_belongs_to_its_host", ONE_HOST),
    ("oath_codes::what_is_not_gone_on_with_is_over", ONE_HOST),
    ("u2f::a_touch_is_good_for_the_host_that_asked_only", ONE_HOST),
    ("u2f::a_touch_is_good_for_its_application_only", LEFT),
    ("oath::other_classes_instructions_and_parameters_are_refused", APDUS),
    ("oath::select_takes_the_applets_name_only", APDUS),
    ("u2f::an_apdu_whose_length_contradicts_itself_is_refused", APDUS),
    ("u2f::other_classes_and_instructions_are_refused", APDUS),
    ("oath_codes::cancel_ends_the_wait", NO_CANCEL),
];

/// Why `suite::check` is not for smart cards, where that is so.
pub(super) fn why_not(suite: &str, name: &str) -> Option<&'static str> {
    if matches!(suite, "ctaphid" | "by_hand") {
        return Some(CTAPHID);
    }
    CHECKS.iter().find(|(check, _)| *check == name).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_of_them_exists() {
        for (check, _) in CHECKS {
            assert!(crate::suites::has(check), "{check}");
        }
        assert!(why_not("ctaphid", "ctaphid::x").is_some() && why_not("u2f", "u2f::x").is_none());
    }
}
