//! What a misspelt word was meant to be.

/// The word that is most like `wrong`, where one is like it: of other case, or with two letters changed at most.
pub(super) fn meant<'a>(wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    // Nobody takes longer words for one of ours, and the comparison stays cheap.
    if wrong.len() > 64 {
        return None;
    }
    words
        .into_iter()
        .map(|word| (distance(&wrong, &word.to_ascii_lowercase()), word))
        .filter(|&(distance, word)| distance <= 2 && distance * 3 <= word.len())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, word)| word)
}

/// How many bytes have to be changed, added or taken away to make one word the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let up = *cell;
            let changed = diagonal + usize::from(x != y);
            let next = changed.min(up + 1).min(left + 1);
            diagonal = up;
            left = next;
            *cell = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let words = ["Action", "NotAction", "Effect", "iam:EnableMFADevice"];
        for (wrong, right) in [
            ("action", Some("Action")),
            ("Efect", Some("Effect")),
            ("Notaction", Some("NotAction")),
            ("iam:EnableMFADevices", Some("iam:EnableMFADevice")),
            ("iam:EnabelMFADevice", Some("iam:EnableMFADevice")),
            ("Sid", None),
            ("", None),
            ("iam:DisableDevice", None),
        ] {
            assert_eq!(meant(wrong, words), right, "{wrong}");
        }
    }

    #[test]
    fn distances_are_those_of_the_textbook() {
        for (a, b, expected) in [
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
