//! Reading what a key answers, whatever it is: what is not there or of another type is named.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut, Index};

use ciborium::Value;
use ciborium::value::Integer;

use crate::words::shown;

/// The members of an answer, by their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members(BTreeMap<u8, Value>);

impl Deref for Members {
    type Target = BTreeMap<u8, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Members {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Index<&u8> for Members {
    type Output = Value;

    #[track_caller]
    fn index(&self, member: &u8) -> &Value {
        let found = self.0.get(member);
        found.unwrap_or_else(|| {
            let there: Vec<String> = self.keys().map(|member| format!("0x{member:02X}")).collect();
            panic!(
                "expected member 0x{member:02X} in the key's answer, which has [{}]",
                there.join(", ")
            )
        })
    }
}

impl FromIterator<(u8, Value)> for Members {
    fn from_iter<T: IntoIterator<Item = (u8, Value)>>(members: T) -> Self {
        Self(members.into_iter().collect())
    }
}

impl From<Members> for BTreeMap<u8, Value> {
    fn from(members: Members) -> Self {
        members.0
    }
}

/// A value that the key answered, as the type that the standard gives it.
pub trait Read {
    /// A number that fits.
    #[track_caller]
    fn number<T: TryFrom<Integer>>(&self) -> T;
    /// A byte string.
    #[track_caller]
    fn bytes(&self) -> &Vec<u8>;
    /// A text string.
    #[track_caller]
    fn text(&self) -> &str;
    /// A boolean.
    #[track_caller]
    fn boolean(&self) -> bool;
    /// An array.
    #[track_caller]
    fn items(&self) -> &Vec<Value>;
    /// A map.
    #[track_caller]
    fn entries(&self) -> &Vec<(Value, Value)>;
}

#[track_caller]
fn expect<T>(found: Option<T>, what: &str, value: &Value) -> T {
    found.unwrap_or_else(|| panic!("expected {what}, the key answered {}", shown(value)))
}

impl Read for Value {
    #[track_caller]
    fn number<T: TryFrom<Integer>>(&self) -> T {
        let number = self.as_integer().and_then(|number| number.try_into().ok());
        expect(number, "an integer of the range that the standard allows", self)
    }

    #[track_caller]
    fn bytes(&self) -> &Vec<u8> {
        expect(self.as_bytes(), "a byte string", self)
    }

    #[track_caller]
    fn text(&self) -> &str {
        expect(self.as_text(), "a text string", self)
    }

    #[track_caller]
    fn boolean(&self) -> bool {
        expect(self.as_bool(), "a boolean", self)
    }

    #[track_caller]
    fn items(&self) -> &Vec<Value> {
        expect(self.as_array(), "an array", self)
    }

    #[track_caller]
    fn entries(&self) -> &Vec<(Value, Value)> {
        expect(self.as_map(), "a map", self)
    }
}
