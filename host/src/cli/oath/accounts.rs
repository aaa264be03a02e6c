//! Which account is meant, and what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::session::Session;
use crate::cli::failure::Failure;
use crate::client;
use crate::client::oath::{Kind, Listed, OathError};
use crate::text::escape;

impl Session {
    /// The accounts in the order of their names: keys have them in one of their own.
    pub(in crate::cli) fn accounts(&mut self) -> Result<Vec<Listed>, Failure> {
        let mut accounts = self.oath.list()?;
        accounts.sort_by_cached_key(|account| (account.name.to_string().to_lowercase(), account.name.period));
        Ok(accounts)
    }
}

/// The account whose name is `query`, or has it as a part, in any case. Accounts that differ in their period alone have
/// the same name: with its period in front each of them can be named.
pub(in crate::cli) fn find<'a>(accounts: &'a [Listed], query: &str) -> Result<&'a Listed, Failure> {
    if let Some(full) = accounts.iter().find(|account| with_period(account) == query) {
        return Ok(full);
    }
    let is_called = |account: &&Listed| account.name.to_string() == query || account.id == query.as_bytes();
    let called: Vec<_> = accounts.iter().filter(is_called).collect();
    match called.as_slice() {
        [] => {}
        [one] => return Ok(one),
        several => {
            let names: Vec<_> = several.iter().map(|account| with_period(account)).collect();
            return Err(Failure::usage(
                format!(
                    "several accounts are called {query:?}, and differ in their period: {}",
                    names.join(", ")
                ),
                "write the period in front of the name, as here",
            ));
        }
    }
    let part = query.to_lowercase();
    let found: Vec<_> = accounts
        .iter()
        .filter(|account| account.name.to_string().to_lowercase().contains(&part))
        .collect();
    match found.as_slice() {
        [] => Err(client::Error::from(OathError::NoAccount).into()),
        [one] => Ok(one),
        several => {
            let names: Vec<_> = several.iter().map(|account| account.name.to_string()).collect();
            Err(Failure::usage(
                format!("several accounts have {query:?} in their names: {}", names.join(", ")),
                "write more of the name, or all of it",
            ))
        }
    }
}

fn with_period(account: &Listed) -> String {
    format!("{}/{}", account.name.period, account.name)
}

/// Seconds since 1970: what the codes are made of.
pub(in crate::cli) fn now() -> u64 {
    // A clock before 1970 gives wrong codes in any case.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The name of an account for people: escaped.
pub(super) fn shown(account: &Listed) -> String {
    escape(&account.name.to_string()).into_owned()
}

/// An account for programs.
pub(super) fn value(account: &Listed) -> Map<String, Value> {
    let value = json!({
        "name": account.name.to_string(),
        "issuer": account.name.issuer,
        "account": account.name.account,
        "type": account.kind.to_string(),
        "algorithm": account.algorithm.to_string(),
        "period": (account.kind == Kind::Totp).then_some(account.name.period),
    });
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::oath::{Algorithm, Name};

    fn accounts(ids: &[&str]) -> Vec<Listed> {
        ids.iter()
            .map(|id| Listed {
                id: id.as_bytes().to_vec(),
                name: Name::parse(id, Kind::Totp),
                kind: Kind::Totp,
                algorithm: Algorithm::Sha1,
            })
            .collect()
    }

    #[test]
    fn a_part_of_a_name_is_enough_where_no_other_has_it() {
        let accounts = accounts(&["AWS:alice", "AWS:alice-admin", "60/GitHub:alice", "alice"]);
        let found = |query| find(&accounts, query).map(|account| account.name.id());
        assert_eq!(found("AWS:alice").unwrap(), "AWS:alice");
        assert_eq!(found("git").unwrap(), "60/GitHub:alice");
        assert_eq!(found("GitHub:alice").unwrap(), "60/GitHub:alice");
        assert_eq!(found("admin").unwrap(), "AWS:alice-admin");
        assert_eq!(found("alice").unwrap(), "alice");
        let ambiguous = found("aws").unwrap_err();
        assert!(
            ambiguous.to_string().ends_with(": AWS:alice, AWS:alice-admin"),
            "{ambiguous}"
        );
        assert_eq!(ambiguous.exit_code(), 2);
        let none = found("bob").unwrap_err();
        assert_eq!((none.exit_code(), none.hint().contains("oath list")), (5, true));
    }

    #[test]
    fn accounts_of_one_name_are_told_apart_by_their_period() {
        let accounts = accounts(&["k", "60/k", "other"]);
        let found = |query| find(&accounts, query).map(|account| account.name.id());
        let ambiguous = found("k").unwrap_err();
        assert!(ambiguous.to_string().ends_with(": 30/k, 60/k"), "{ambiguous}");
        assert_eq!(ambiguous.exit_code(), 2);
        assert_eq!(found("30/k").unwrap(), "k");
        assert_eq!(found("60/k").unwrap(), "60/k");
    }
}
