//! What is known of a request besides its action and resource.

use std::collections::BTreeMap;

/// The condition keys of a request and their values. Names do not depend on case (IAM User Guide, "Condition").
///
/// A key that is not there is absent, which is something else than a key with the value `false`:
/// `aws:MultiFactorAuthPresent` is absent in calls that are signed with a long-term access key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// By the name in lower case: the name as it was given, and the values.
    keys: BTreeMap<String, (String, Vec<String>)>,
}

impl Context {
    /// A context without any key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This context with one key more, or with another value for it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.insert(name, value);
        self
    }

    /// This context without a key.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.keys.remove(&name.to_ascii_lowercase());
        self
    }

    /// Gives a key one value.
    pub fn insert(&mut self, name: &str, value: impl Into<String>) {
        self.insert_all(name, vec![value.into()]);
    }

    /// Gives a key several values, as `aws:TagKeys` has them. Without any value the key counts as absent.
    pub fn insert_all(&mut self, name: &str, values: Vec<String>) {
        self.keys.insert(name.to_ascii_lowercase(), (name.to_owned(), values));
    }

    /// The values of a key; `None` where it is absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[String]> {
        let (_, values) = self.keys.get(&name.to_ascii_lowercase())?;
        (!values.is_empty()).then_some(values)
    }

    /// The value of a key that has exactly one: of others no policy variable can be made.
    #[must_use]
    pub fn single(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            [value] => Some(value),
            _ => None,
        }
    }

    /// All keys that are there, with their values, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        let keys = self.keys.values().filter(|(_, values)| !values.is_empty());
        keys.map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}
