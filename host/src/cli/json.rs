//! JSON that can hold any text and is still safe to show on a terminal.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::text::is_hostile;

/// Writes a value over several lines, and the end of the last.
pub(super) fn write(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let formatter = Harmless(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(&mut *to, formatter))?;
    writeln!(to)
}

/// Writes a value on one line.
pub(super) fn write_line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let formatter = Harmless(CompactFormatter);
    value.serialize(&mut Serializer::with_formatter(&mut *to, formatter))?;
    writeln!(to)
}

/// Writes the characters of [`is_hostile`] as escapes of JSON: the value is the same, and nothing in it is obeyed.
struct Harmless<F>(F);

/// Forwards what is laid out by the formatter within.
macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {
        $(fn $method<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $type)*) -> io::Result<()> {
            self.0.$method(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        // A backslash begins an escape of JSON already and never comes here; markup is no danger on a terminal.
        for (index, character) in fragment
            .char_indices()
            .filter(|&(_, c)| c.is_control() || (!c.is_ascii() && is_hostile(c)))
        {
            writer.write_all(&fragment.as_bytes()[plain..index])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = index + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_escaped_and_reads_back_the_same() {
        let text = "a\u{202e}b\u{1b}[2J\u{9b}\u{e0041}\u{feff}\u{7f}<é>\\\"";
        let (mut pretty, mut line) = (Vec::new(), Vec::new());
        write(&mut pretty, &[text]).unwrap();
        write_line(&mut line, &[text]).unwrap();
        for written in [pretty, line] {
            let written = String::from_utf8(written).unwrap();
            assert!(written.contains('é'));
            assert!(!written.contains(|c: char| c != '\n' && (c.is_control() || (!c.is_ascii() && is_hostile(c)))));
            assert_eq!(serde_json::from_str::<[String; 1]>(&written).unwrap(), [text]);
        }
    }
}
