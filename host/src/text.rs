//! Text from outside (keys, relying parties, hosts) made safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

// For who reads a terminal: the command line, and the soft token's prompt on Unix.
#[cfg(any(unix, feature = "cli"))]
mod wrap;

#[cfg(any(unix, feature = "cli"))]
pub(crate) use wrap::wrap;

/// Replaces every character that could disguise what is shown, or be obeyed instead of shown, by its visible
/// `\u{...}` form: control characters (terminal escape sequences), line breaks, bidirectional controls, invisible and
/// zero-width characters, tags, and `<`, `>`, `&`, which a desktop notification would read as markup. A backslash is
/// doubled, so that the result is unambiguous.
pub fn escape(text: &str) -> Cow<'_, str> {
    replace(text, is_hostile)
}

/// The same, for what no notification shows: `<`, `>` and `&` stay as they are.
#[cfg(feature = "full")]
pub(crate) fn disarm(text: &str) -> Cow<'_, str> {
    replace(text, |character| {
        !matches!(character, '<' | '>' | '&') && is_hostile(character)
    })
}

fn replace(text: &str, is_hostile: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if character == '\\' {
            escaped.push_str("\\\\");
        } else if is_hostile(character) {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "\\u{{{:x}}}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Whether a character could disguise what is shown, or be obeyed instead of shown.
pub(crate) fn is_hostile(character: char) -> bool {
    match character {
        '\\' | '<' | '>' | '&' => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => true,
        '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        // Zero-width and bidirectional marks, line and paragraph separators, embeddings, overrides and isolates.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        // Variation selectors, the byte order mark, interlinear annotations, noncharacters of the first plane.
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' => true,
        // Tags and supplementary variation selectors.
        '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_is_left_alone() {
        for text in ["", "YubiKey 5", "Zoë, 東京 (nº 7) 'quoted' \"so\"", "عربي"] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_a_terminal_or_a_reader_would_fall_for_is_escaped() {
        for (text, shown) in [
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\nb\r\tc\0", "a\\u{a}b\\u{d}\\u{9}c\\u{0}"),
            ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
            ("user\u{202e}moc.live", "user\\u{202e}moc.live"),
            ("a\u{200b}b\u{feff}\u{2066}", "a\\u{200b}b\\u{feff}\\u{2066}"),
            ("<b>&amp;", "\\u{3c}b\\u{3e}\\u{26}amp;"),
            ("\\u{1b}", "\\\\u{1b}"),
            ("\u{e0041}\u{2028}", "\\u{e0041}\\u{2028}"),
        ] {
            assert_eq!(escape(text), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_hostile_is_left(text in any::<String>()) {
            let rest = escape(&text).replace("\\\\", "").replace("\\u{", "");
            prop_assert!(!rest.contains(is_hostile));
        }

        #[test]
        fn different_texts_look_different(a in "[\\\\u{}1b\\x1b]{0,6}", b in "[\\\\u{}1b\\x1b]{0,6}") {
            prop_assert_eq!(escape(&a) == escape(&b), a == b);
        }
    }
}
