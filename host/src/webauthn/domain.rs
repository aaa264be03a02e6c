//! Domain names as browsers write them, and names that are short enough for keys.

use unicode_segmentation::UnicodeSegmentation as _;
use url::Host;

use super::origin_error::OriginError;

/// How much of a name every key keeps, in bytes (WebAuthn Level 3 §5.4.1, §5.4.3).
const NAME_MAX: usize = 64;

/// A domain name in the form that browsers give it: lower case, and ASCII (`bücher.example` becomes
/// `xn--bcher-kva.example`), by the host parser of the URL Standard. An RP ID has this form.
///
/// # Errors
/// [`OriginError::NotADomain`] for an address, a URL, and whatever else is not a domain name.
pub fn domain(text: &str) -> Result<String, OriginError> {
    match Host::parse(text) {
        Ok(Host::Domain(domain)) => Ok(domain),
        _ => Err(OriginError::NotADomain),
    }
}

/// The part of a name that keys get: up to 64 bytes, cut between what people see as characters (WebAuthn Level 3
/// §6.4.1).
#[must_use]
pub fn truncated(name: &str) -> &str {
    let ends = name
        .grapheme_indices(true)
        .map(|(start, grapheme)| start + grapheme.len());
    let end = ends.take_while(|&end| end <= NAME_MAX).last().unwrap_or(0);
    // With combining marks, one "character" may be longer than that. Then it is cut at the end of a code point.
    let end = match end {
        0 => name.floor_char_boundary(NAME_MAX),
        end => end,
    };
    name.get(..end).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_domain_is_what_a_browser_makes_of_it() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("例え.jp", "xn--r8jz45g.jp"),
            ("例え。jp", "xn--r8jz45g.jp"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(domain(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_no_website_is_at_is_no_domain() {
        for text in [
            "",
            " ",
            "example.com ",
            "https://example.com",
            "example.com/login",
            "example.com:443",
            "alice@example.com",
            "192.0.2.1",
            "[::1]",
            "0x7f.1",
            "a b.example",
            "a\0b",
            "xn--a",
            "*.example.com",
        ] {
            let result = domain(text);
            // The URL Standard forbids no asterisk.
            if text.starts_with('*') {
                assert_eq!(result.as_deref(), Ok(text));
            } else {
                assert_eq!(result, Err(OriginError::NotADomain), "{text:?}");
            }
        }
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        for (name, expected) in [
            ("alice".to_owned(), "alice".to_owned()),
            ("a".repeat(64), "a".repeat(64)),
            ("a".repeat(65), "a".repeat(64)),
            (format!("{}é", "a".repeat(63)), "a".repeat(63)),
            (format!("{}e\u{301}", "a".repeat(62)), "a".repeat(62)),
            (format!("{}{family}", "a".repeat(50)), "a".repeat(50)),
            (
                format!("e{}", "\u{301}".repeat(40)),
                format!("e{}", "\u{301}".repeat(31)),
            ),
        ] {
            assert_eq!(truncated(&name), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_left_of_a_name_is_its_beginning_and_short(name in any::<String>()) {
            let cut = truncated(&name);
            prop_assert!(cut.len() <= NAME_MAX && name.starts_with(cut));
            prop_assert!(name.len() > NAME_MAX || cut == name);
        }

        #[test]
        fn a_domain_stays_what_it_is(text in any::<String>()) {
            if let Ok(domain) = domain(&text) {
                prop_assert!(domain.is_ascii());
                prop_assert_eq!(super::domain(&domain), Ok(domain));
            }
        }
    }
}
