//! Six digits.

use maud::{Markup, html};

/// A field for a code.
pub(super) fn field(id: &str, label: &str) -> Markup {
    super::layout::field(
        id,
        label,
        "",
        &html! {
            input id=(id) name=(id) .code required inputmode="numeric" autocomplete="one-time-code" maxlength="9"
                pattern="[0-9 ]{6,9}" title="six digits";
        },
    )
}

/// The two fields of an assignment or a resync.
pub(super) fn two() -> Markup {
    html! {
        div .two {
            (field("code1", "MFA code 1"))
            (field("code2", "MFA code 2"))
        }
    }
}

/// What was typed, without the spaces that some apps show between the digits.
pub(super) fn digits(typed: &str) -> String {
    typed
        .chars()
        .filter(|character| !character.is_whitespace())
        .take(16)
        .collect()
}

/// What to do about codes that were refused.
pub(super) const ADVICE: &str = "Take two codes that follow each other directly, and wait for the second one (30 \
                                 seconds). None may have been used before, and the device's clock has to be right.";
