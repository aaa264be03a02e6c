//! Keys that differ from ours within the standard. Each behaves as a key of another maker was found to, and a check
//! that failed it was mended.

mod habits;

use brasskey_conformance::host::cbor::encode;
use brasskey_conformance::host::command;
use ciborium::Value;

use super::defect::{Act, Defect, ctap2, hid, sub, u2f};
use super::path::Path;
use super::table::by_hand::{change, change_list, member};
pub(super) use habits::backwards;
use habits::{
    AN_UNDEFINED_MEMBER, BUSY_EACH_TIME, FEWER_RETRIES, GET_INFO_ENDS_A_WALK, KEEPS_ROOM, LESS_ROOM_EACH_TIME,
    OF_CTAP_2_0, ONE_KEY_FOR_BOTH, OPTIONS_BACKWARDS, RENEWS_BOTH_KEYS, SHORT_NUMBERS, WITHOUT_LONG_TOUCH,
    WITHOUT_PREVIEW, shorten,
};

/// What comes of a check for such a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comes {
    /// Nothing is said of it.
    ToPass,
    /// Another way is better.
    ToWarn,
}

use Comes::{ToPass, ToWarn};

/// The check, what the key does, and what comes of it.
pub type Innocent = (&'static str, Defect, Comes);

/// Every innocent key.
pub const INNOCENT: &[Innocent] = &[
    ("cbor::a_huge_pin_protocol_is_refused", SHORT_NUMBERS, ToWarn),
    ("config::unknown_subcommands_are_refused", SHORT_NUMBERS, ToWarn),
    ("key_agreement::key_agreement_needs_a_protocol", SHORT_NUMBERS, ToWarn),
    (
        "large_blobs::a_large_array_fits_and_a_larger_one_does_not",
        SHORT_NUMBERS,
        ToWarn,
    ),
    ("large_blobs::fragments_come_in_order", SHORT_NUMBERS, ToWarn),
    ("large_blobs::get_reads_a_window", SHORT_NUMBERS, ToWarn),
    (
        "make_credential_request::enterprise_attestation_is_not_there",
        SHORT_NUMBERS,
        ToWarn,
    ),
    ("pin_token::unknown_permissions_are_ignored", SHORT_NUMBERS, ToWarn),
    (
        "user_verification::a_parameter_needs_a_protocol_that_is_known",
        SHORT_NUMBERS,
        ToWarn,
    ),
    // The form of an answer is what two checks are about, and no other.
    ("get_info::every_member_has_its_type", OPTIONS_BACKWARDS, ToPass),
    ("get_info::every_member_has_its_type", AN_UNDEFINED_MEMBER, ToPass),
    // authenticatorMakeCredential
    (
        "hmac_secret::what_is_not_asked_for_is_not_answered",
        ctap2(0x01)
            .with("6/hmac-secret")
            .does(Act::Signs("hmac-secret", b"\xf4")),
        ToPass,
    ),
    (
        "hmac_secret::at_creation_wrong_parameters_leave_nothing",
        ctap2(0x01).with("6/hmac-secret-mc").answered(0x02).answers(0x03),
        ToPass,
    ),
    (
        "cred_protect::unknown_levels_are_refused",
        ctap2(0x01).with("6/credProtect").answered(0x02).answers(0x2C),
        ToPass,
    ),
    (
        "make_credential::an_account_has_one_discoverable_credential",
        ctap2(0x01).with("5/#0").answered(0x00).answers(0x19),
        ToWarn,
    ),
    (
        "make_credential_request::the_client_data_hash_has_32_bytes",
        ctap2(0x01).does(Act::Takes("takes a client data hash of any length", |request| {
            change(request, |body| Path("1").put(body, &encode(&Value::Bytes(vec![0; 32]))));
        })),
        ToWarn,
    ),
    (
        "make_credential_request::the_user_id_has_1_to_64_bytes",
        ctap2(0x01).does(Act::Takes("takes a user ID of any length", |request| {
            if let Some(Value::Bytes(id)) = member(request, "3/id")
                && !(1..=64).contains(&id.len())
            {
                change(request, |body| Path("3/id").put(body, b"\x41\x01"));
            }
        })),
        ToWarn,
    ),
    (
        "make_credential_request::the_relying_party_needs_an_id_of_text",
        ctap2(0x01).does(Act::Writes("looks at rp.icon", |asked, answer| {
            if member(asked, "2/icon").is_some_and(|icon| !icon.is_text()) {
                *answer = vec![0x11];
            }
        })),
        ToWarn,
    ),
    (
        "make_credential_request::wrong_types_are_named_so",
        ctap2(0x01).answered(0x11).answers(0x12),
        ToWarn,
    ),
    (
        "user_verification::without_a_pin_nobody_is_verified",
        ctap2(0x01).does(Act::SignsFlags(0x18, 0)),
        ToPass,
    ),
    // authenticatorGetAssertion
    (
        "get_assertion::a_listed_credential_signs_in",
        ctap2(0x02).tells("1/transports", b"\x81\x63usb"),
        ToPass,
    ),
    ("get_assertion::a_listed_credential_signs_in", OF_CTAP_2_0, ToPass),
    (
        "get_assertion::a_discoverable_credential_signs_in",
        ctap2(0x02).answered(0x00).tells("5", b"\x01"),
        ToPass,
    ),
    (
        "get_assertion::a_listed_discoverable_credential_names_its_user_too",
        ctap2(0x02).with("3").leaves_out("4"),
        ToPass,
    ),
    (
        "get_assertion::the_first_own_credential_of_a_list_is_used",
        ctap2(0x02).does(Act::Takes("searches an allowList from its end", |request| {
            change_list(request, "3", |entries| entries.reverse());
        })),
        ToPass,
    ),
    (
        "get_assertion::a_truncated_credential_id_is_refused",
        ctap2(0x02).does(Act::Takes("passes over what is behind a credential ID", |request| {
            change_list(request, "3", |entries| entries.iter_mut().for_each(shorten));
        })),
        ToWarn,
    ),
    (
        "get_assertion::an_empty_allow_list_is_none",
        ctap2(0x02).with("3").without("3/#0").answers(0x2E),
        ToWarn,
    ),
    (
        "get_assertion::the_counter_grows",
        ctap2(0x02).does(Act::SignsCounter("stays zero", |_| 0)),
        ToPass,
    ),
    (
        "hmac_secret::a_salt_has_32_bytes",
        ctap2(0x02).with("4/hmac-secret").answered(0x02).answers(0x03),
        ToPass,
    ),
    (
        "hmac_secret::wrong_parameters_are_refused",
        ctap2(0x02)
            .with("4/hmac-secret/1")
            .without("4/hmac-secret/1/1")
            .answered(0x02)
            .answers(0x14),
        ToPass,
    ),
    (
        "get_next_assertion::get_info_and_ping_do_not_end_the_walk",
        GET_INFO_ENDS_A_WALK,
        ToWarn,
    ),
    // authenticatorClientPIN
    (
        "pin_retries::three_wrong_pins_in_a_row_need_a_power_cycle",
        sub(0x06, 1).leaves_out("4"),
        ToPass,
    ),
    (
        "client_pin::changing_needs_a_pin",
        ctap2(0x06).answered(0x35).answers(0x36),
        ToPass,
    ),
    ("client_pin::changing_needs_a_pin", FEWER_RETRIES, ToWarn),
    (
        "client_pin::a_request_needs_a_subcommand",
        ctap2(0x06).does(Act::Writes("wants a map", |asked, answer| {
            if asked.len() == 1 {
                *answer = vec![0x12];
            }
        })),
        ToPass,
    ),
    (
        "client_pin::missing_parameters_are_named_so",
        sub(0x06, 3).does(Act::Writes("looks at the protocol first", |asked, answer| {
            if member(asked, "1") == Some(3.into()) {
                *answer = vec![0x02];
            }
        })),
        ToPass,
    ),
    (
        "cbor::a_missing_map_misses_its_parameters",
        ctap2(0x06).answered(0x14).answers(0x01),
        ToPass,
    ),
    (
        "key_agreement::a_key_that_is_no_point_is_refused",
        sub(0x06, 3).without("3/-3").answered(0x02).answers(0x14),
        ToPass,
    ),
    (
        "key_agreement::key_agreement_keys_change_with_the_power",
        ONE_KEY_FOR_BOTH,
        ToWarn,
    ),
    (
        "key_agreement::key_agreement_changes_with_a_wrong_pin_only",
        RENEWS_BOTH_KEYS,
        ToWarn,
    ),
    (
        "pin_token::a_token_without_a_relying_party_binds_itself",
        sub(0x06, 9).without("10").answered(0x00).answers(0x14),
        ToPass,
    ),
    // authenticatorCredentialManagement
    ("credential_changes::room_is_counted", KEEPS_ROOM, ToPass),
    (
        "credential_changes::another_users_information_is_refused",
        sub(0x0A, 7).does(Act::Writes(
            "cannot read a user ID that is too long",
            |asked, answer| {
                if matches!(member(asked, "2/3/id"), Some(Value::Bytes(id)) if id.len() > 64) {
                    *answer = vec![0x12];
                }
            },
        )),
        ToPass,
    ),
    (
        "credential_changes::a_bound_token_manages_its_own_credentials_only",
        sub(0x0A, 6).does(Act::Writes(
            "looks for a credential before the relying party",
            |asked, answer| {
                if member(asked, "2/2/id") == Some(Value::Bytes(vec![7; 59])) {
                    *answer = vec![0x2E];
                }
            },
        )),
        ToPass,
    ),
    (
        "credential_management::missing_parameters_are_named_so",
        ctap2(0x0A).does(Act::Writes("looks at the parameter first", |asked, answer| {
            if member(asked, "4") == Some(Value::Bytes(vec![7; 32])) {
                *answer = vec![0x33];
            }
        })),
        ToPass,
    ),
    (
        "credential_management::wrong_parameters_are_refused",
        sub(0x0A, 4).answered(0x02).answers(0x12),
        ToPass,
    ),
    (
        "credential_walks::the_previews_number_answers_the_same",
        ctap2(0x41).does_nothing(0x01),
        ToPass,
    ),
    (
        "credential_walks::the_previews_number_takes_a_token_of_the_old_kind",
        WITHOUT_PREVIEW,
        ToPass,
    ),
    // authenticatorConfig
    (
        "config::unknown_subcommands_are_refused",
        ctap2(0x0D).answered(0x3E).answers(0x02),
        ToPass,
    ),
    (
        "config::unknown_subcommands_are_refused",
        ctap2(0x0D).answered(0x3E).answers(0x12),
        ToWarn,
    ),
    (
        "config::the_parameters_are_authenticated_as_they_were_sent",
        sub(0x0D, 3).without("2").answered(0x33).answers(0x14),
        ToPass,
    ),
    (
        "config::the_parameters_are_authenticated_as_they_were_sent",
        sub(0x0D, 3).with("2/9").answered(0x33).answers(0x12),
        ToPass,
    ),
    (
        "config::relying_parties_that_may_know_the_length_are_listed",
        sub(0x0D, 3).does(Act::Takes("takes an empty list for one", |request| {
            change_list(request, "2/2", |names| {
                if names.is_empty() {
                    names.push("nobody.example".into());
                }
            });
        })),
        ToPass,
    ),
    ("config::without_a_pin_no_token_is_needed", WITHOUT_LONG_TOUCH, ToPass),
    // authenticatorGetInfo and authenticatorReset
    (
        "make_credential::every_algorithm_attests_and_signs",
        ctap2(0x04).leaves_out("10"),
        ToPass,
    ),
    (
        "reset::everything_that_get_info_tells_is_as_at_first",
        LESS_ROOM_EACH_TIME,
        ToPass,
    ),
    (
        "reset::a_touch_just_after_power_up_forgets_everything",
        ctap2(0x07).does_nothing(0x01),
        ToWarn,
    ),
    (
        "reset::a_key_that_was_reset_works_as_before",
        ctap2(0x07).does_nothing(0x01),
        ToWarn,
    ),
    ("reset::cancel_keeps_everything", ctap2(0x07).does_nothing(0x01), ToWarn),
    // U2F
    (
        "u2f::authenticate_refuses_other_controls",
        u2f(0x02).answered(0x6A86).answers(0x6B00),
        ToPass,
    ),
    (
        "u2f::an_apdu_whose_length_contradicts_itself_is_refused",
        hid(command::MSG).answered(0x6700).answers(0x6A80),
        ToWarn,
    ),
    (
        "u2f::other_classes_and_instructions_are_refused",
        hid(command::MSG).does(Act::Writes("takes class FF for no APDU", |asked, answer| {
            if asked.first() == Some(&0xFF) {
                *answer = vec![0x6A, 0x80];
            }
        })),
        ToPass,
    ),
    (
        "u2f::short_and_extended_encodings_mean_the_same",
        u2f(0x03).does(Act::Writes("passes over data of U2F_VERSION", |_, answer| {
            *answer = b"U2F_V2\x90\x00".to_vec();
        })),
        ToWarn,
    ),
    (
        "user_verification::always_verifying_ends_u2f",
        u2f(0x03).answered(0x9000).answers(0x6986),
        ToPass,
    ),
    // CTAPHID
    ("channels::packets_of_two_messages_do_not_mix", BUSY_EACH_TIME, ToWarn),
];

/// Checks of what one can read otherwise in the standard, or not find there: they recommend, and fail nobody.
pub const RECOMMENDED: &[&str] = &[
    "cbor::a_duplicate_key_is_refused",
    "cbor::an_algorithm_beyond_64_bits_is_one_that_nobody_offers",
    "cbor::nesting_ends_at_four",
    "cbor::what_is_not_canonical_is_refused",
    "channels::a_waiting_key_gives_a_new_host_its_channel",
    "credential_walks::another_host_neither_continues_nor_ends_a_walk",
    "get_assertion::an_empty_allow_list_is_none",
    "get_assertion::the_client_data_hash_has_32_bytes",
    "get_next_assertion::another_command_ends_the_walk",
    "get_next_assertion::another_host_neither_continues_nor_ends_the_walk",
    "get_next_assertion::get_info_and_ping_do_not_end_the_walk",
    "large_blobs::another_channel_cannot_continue",
    "large_blobs::another_command_ends_a_sequence",
    "make_credential_request::the_client_data_hash_has_32_bytes",
    "make_credential_request::the_earliest_mistake_is_named",
    "u2f::a_discoverable_credential_signs_in_by_u2f",
    "u2f::a_touch_is_good_for_its_application_only",
    "u2f::a_touch_is_good_for_the_host_that_asked_only",
    "u2f::an_eddsa_credential_is_foreign_to_u2f",
];
