//! Lines as wide as a terminal: broken between words, and continued below where their last column begins.

use unicode_width::UnicodeWidthStr as _;

/// The narrowest that a column of text may become; one that would be narrower begins on a line of its own.
const NARROWEST: usize = 24;
/// How far a line is indented that goes on where there is no column for it.
const INDENT: usize = 4;

/// Breaks each line of `text` that is longer than `width` columns. A word that is longer stays whole, and so does
/// everything where the width is unknown. Escape sequences for colours take no room.
pub(crate) fn wrap(text: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|&width| width >= NARROWEST) else {
        return text.to_owned();
    };
    let lines = text.split('\n').map(|line| wrap_line(line, width, None));
    lines.collect::<Vec<_>>().join("\n")
}

/// A word with the spaces before it.
struct Piece<'a> {
    spaces: usize,
    word: &'a str,
    /// Without the escape sequences.
    width: usize,
}

/// `margin` is where a line goes on that has no columns.
fn wrap_line(line: &str, width: usize, margin: Option<usize>) -> String {
    if without_styles(line).trim_end().width() <= width {
        return line.to_owned();
    }
    let pieces = pieces(line);
    let indent = pieces.first().map_or(0, |piece| piece.spaces);
    let columns = columns(&pieces);
    let is_wide = |column: &&Column| column.start + NARROWEST <= width;
    let last_wide = columns.iter().rfind(is_wide).map(|column| column.start);
    // A column that would be too narrow goes on a line of its own, with all that follows it.
    if let Some(narrow) = columns.iter().find(|column| !is_wide(column)) {
        let margin = last_wide.unwrap_or(indent + INDENT);
        let (head, tail) = pieces.split_at(narrow.piece);
        let rest = " ".repeat(margin) + joined(tail).trim_start_matches(' ');
        return format!("{}\n{}", joined(head), wrap_line(&rest, width, Some(margin)));
    }
    let margin = last_wide.or(margin).unwrap_or_else(|| match pieces.first() {
        Some(name) if indent == 0 && name.word.ends_with(':') => name.width + 1,
        _ if indent > 0 => indent + INDENT,
        _ => 0,
    });
    let mut wrapped = String::with_capacity(line.len() + 2 * margin);
    let mut column = 0;
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 && piece.width > 0 && column + piece.spaces + piece.width > width {
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', margin));
            column = margin;
        } else {
            wrapped.extend(std::iter::repeat_n(' ', piece.spaces));
            column += piece.spaces;
        }
        wrapped.push_str(piece.word);
        column += piece.width;
    }
    wrapped
}

fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let text = rest.trim_start_matches(' ');
        let (word, behind) = text.split_at(text.find(' ').unwrap_or(text.len()));
        pieces.push(Piece {
            spaces: rest.len() - text.len(),
            word,
            width: without_styles(word).width(),
        });
        rest = behind;
    }
    pieces
}

fn joined(pieces: &[Piece<'_>]) -> String {
    let texts = pieces.iter().map(|piece| " ".repeat(piece.spaces) + piece.word);
    texts.collect()
}

/// A column of text, which two spaces or more are before.
struct Column {
    /// The piece that it begins with.
    piece: usize,
    /// Where it begins.
    start: usize,
}

/// The columns of a line, other than the first.
fn columns(pieces: &[Piece<'_>]) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut end = 0;
    let mut is_named = false;
    for (index, piece) in pieces.iter().enumerate() {
        let start = end + piece.spaces;
        if is_named && piece.spaces >= 2 && piece.width > 0 {
            columns.push(Column { piece: index, start });
        }
        is_named |= piece.width > 0;
        end = start + piece.width;
    }
    columns
}

/// The text that is seen: without the sequences that set colours, `ESC [ … m`.
fn without_styles(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, behind)| behind));
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_goes_on_below_its_last_column() {
        for (text, width, wrapped) in [
            ("short", 30, "short"),
            (
                "  rk   yes  keeps passkeys, which sign in alone",
                40,
                "  rk   yes  keeps passkeys, which sign\n            in alone",
            ),
            (
                "  \u{1b}[32mpass\u{1b}[0m  signs in            \u{1b}[2m13 checks passed and some more\u{1b}[0m",
                54,
                "  \u{1b}[32mpass\u{1b}[0m  signs in            \u{1b}[2m13 checks passed and some\n\
                 \x20                           more\u{1b}[0m",
            ),
            (
                "  a very long name of something  yes  its value is so long that",
                40,
                "  a very long name of something\n      yes  its value is so long that",
            ),
            (
                "  a very long name of something  yes  its value is so long that it does not fit",
                40,
                "  a very long name of something\n      yes  its value is so long that it\n           does not fit",
            ),
            (
                "  some words that are no column",
                24,
                "  some words that are no\n      column",
            ),
            (
                "hint: a word after a word after a word",
                24,
                "hint: a word after a\n      word after a word",
            ),
            (
                "one two three four five six seven",
                24,
                "one two three four five\nsix seven",
            ),
            (
                "one\nsome words of the second line",
                24,
                "one\nsome words of the second\nline",
            ),
            ("例え 例え 例え 例え 例え 例え", 24, "例え 例え 例え 例え 例え\n例え"),
        ] {
            assert_eq!(wrap(text, Some(width)), wrapped);
        }
    }

    #[test]
    fn what_ends_a_question_stays_at_its_end() {
        assert_eq!(
            wrap("brasskey: delete it? [type yes to go on] ", Some(30)),
            "brasskey: delete it? [type yes\n          to go on] "
        );
    }

    #[test]
    fn a_word_is_never_broken() {
        let long = "x".repeat(90);
        assert_eq!(wrap(&format!("a {long} b"), Some(40)), format!("a\n{long}\nb"));
        assert_eq!(wrap(&long, Some(2)), long);
        assert_eq!(wrap(&format!("a {long}"), None), format!("a {long}"));
    }

    proptest! {
        #[test]
        fn only_spaces_and_line_breaks_change(text in "[ a-z0-9:\u{e9}\u{4e00}\n]{0,200}", width in 0..90_usize) {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&wrap(&text, Some(width))), words(&text));
        }
    }
}
