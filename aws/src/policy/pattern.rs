//! Texts of a policy that a request is compared with: wildcards and policy variables.

use super::context::Context;

/// How a text is to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// `*` stands for any characters, `?` for exactly one.
    pub(super) wildcards: bool,
    /// `${…}` is a policy variable: only from version 2012-10-17 on.
    pub(super) variables: bool,
}

/// A text of the policy, read once.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// As it is written.
    pub(super) text: String,
    /// The line that it is on.
    pub(super) line: usize,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Atom(Atom),
    Variable { key: String, default: Option<String> },
}

/// A part of a pattern without variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Atom {
    Char(char),
    /// `?`
    One,
    /// `*`
    Many,
}

impl Pattern {
    pub(super) fn new(text: &str, line: usize, reading: Reading) -> Self {
        let mut pieces = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if reading.variables
                && let Some((piece, after)) = variable(rest)
            {
                pieces.push(piece);
                rest = after;
                continue;
            }
            pieces.push(Piece::Atom(match character {
                '?' if reading.wildcards => Atom::One,
                '*' if reading.wildcards => Atom::Many,
                other => Atom::Char(other),
            }));
            rest = rest.get(character.len_utf8()..).unwrap_or("");
        }
        Self {
            text: text.to_owned(),
            line,
            pieces,
        }
    }

    /// The pattern for one request; `None` where a variable has no value.
    ///
    /// The IAM User Guide, "Policy variables with no value": nothing is equal to, or like, what has no value. Wildcards
    /// in a variable's value are taken literally. Assumed: AWS does not say so, and anything else would let a user
    /// with a well-chosen tag widen a policy.
    pub(super) fn resolve(&self, context: &Context) -> Option<Vec<Atom>> {
        let mut atoms = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            match piece {
                Piece::Atom(atom) => atoms.push(*atom),
                Piece::Variable { key, default } => {
                    let value = context.single(key).or(default.as_deref())?;
                    atoms.extend(value.chars().map(Atom::Char));
                }
            }
        }
        Some(atoms)
    }

    /// Whether the whole of a value matches.
    pub(super) fn matches(&self, value: &str, context: &Context, case: Case) -> bool {
        self.resolve(context).is_some_and(|atoms| matches(&atoms, value, case))
    }

    /// Whether `${` is in it without being the beginning of a variable.
    pub(super) fn has_broken_variable(&self) -> bool {
        let opens = |pair: &[Piece]| matches!(pair, [Piece::Atom(Atom::Char('$')), Piece::Atom(Atom::Char('{'))]);
        self.pieces.windows(2).any(opens)
    }

    /// The names of the variables in it.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            Piece::Atom(_) => None,
        })
    }
}

/// Reads a variable at the start of a text: `${key}`, `${key, 'default'}`, or `${*}`, `${?}` and `${$}`, which stand
/// for these characters. What is nothing of this is ordinary text.
fn variable(text: &str) -> Option<(Piece, &str)> {
    let inside = text.strip_prefix("${")?;
    for special in ['*', '?', '$'] {
        if let Some(rest) = inside.strip_prefix(special).and_then(|rest| rest.strip_prefix('}')) {
            return Some((Piece::Atom(Atom::Char(special)), rest));
        }
    }
    let end = inside.find([',', '}'])?;
    let (key, rest) = inside.split_at_checked(end)?;
    let key = key.trim();
    if !key.contains(':') || key.contains(['$', '{', '\'']) {
        return None;
    }
    let (default, rest) = match rest.strip_prefix(',') {
        None => (None, rest),
        Some(rest) => {
            let (default, rest) = rest.trim_start().strip_prefix('\'')?.split_once('\'')?;
            (Some(default.to_owned()), rest.trim_start())
        }
    };
    let key = key.to_owned();
    Some((Piece::Variable { key, default }, rest.strip_prefix('}')?))
}

/// Whether upper and lower case differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Ignored,
}

impl Case {
    fn same(self, a: char, b: char) -> bool {
        a == b || (self == Self::Ignored && a.to_lowercase().eq(b.to_lowercase()))
    }
}

/// Whether the whole of a value matches, in at most length times length steps: after a failure only the last `*` takes
/// one character more, since what an earlier one could take instead, the last can take as well.
pub(super) fn matches(pattern: &[Atom], value: &str, case: Case) -> bool {
    let value: Vec<char> = value.chars().collect();
    let (mut at, mut from) = (0, 0);
    let mut last_star = None;
    while let Some(&character) = value.get(from) {
        match pattern.get(at) {
            Some(Atom::Many) => {
                last_star = Some((at + 1, from));
                at += 1;
                continue;
            }
            Some(Atom::One) => {}
            Some(Atom::Char(expected)) if case.same(*expected, character) => {}
            _ => {
                let Some((after, taken)) = last_star else {
                    return false;
                };
                last_star = Some((after, taken + 1));
                (at, from) = (after, taken + 1);
                continue;
            }
        }
        (at, from) = (at + 1, from + 1);
    }
    pattern.iter().skip(at).all(|atom| *atom == Atom::Many)
}

#[cfg(test)]
mod tests;
