//! Which passkey a command means.

use super::super::failure::Failure;
use super::super::layout::hex;
use crate::client::credentials::{StoredCredential, StoredRelyingParty};

/// The fewest digits of an ID that name a passkey, so that none is named by accident.
const SHORTEST: usize = 4;

/// A passkey among those of a key.
pub(in crate::cli) struct Found<'a> {
    /// Whose it is.
    pub(in crate::cli) relying_party: &'a StoredRelyingParty,
    /// The passkey.
    pub(in crate::cli) credential: &'a StoredCredential,
}

/// The one passkey whose ID begins with `digits`.
pub(in crate::cli) fn find<'a>(stored: &'a [StoredRelyingParty], digits: &str) -> Result<Found<'a>, Failure> {
    let digits = digits.to_ascii_lowercase();
    if digits.len() < SHORTEST || digits.chars().any(|digit| !digit.is_ascii_hexdigit()) {
        return Err(Failure::usage(
            format!("a passkey is named by the first {SHORTEST} or more hexadecimal digits of its ID"),
            "`brasskey credentials list` shows the IDs",
        ));
    }
    let mut matching = stored.iter().flat_map(|relying_party| {
        let credentials = relying_party.credentials.iter();
        credentials.map(move |credential| Found {
            relying_party,
            credential,
        })
    });
    let mut matching = matching
        .by_ref()
        .filter(|found| hex(&found.credential.id).starts_with(&digits));
    match (matching.next(), matching.next()) {
        (Some(found), None) => Ok(found),
        (None, _) => Err(Failure::usage(
            "this security key has no passkey with this ID",
            "`brasskey credentials list` shows the IDs",
        )),
        (Some(_), Some(_)) => Err(Failure::usage(
            "several passkeys have IDs that begin with these digits",
            "write more digits of the ID",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Vec<StoredRelyingParty> {
        let credential = |id: &[u8]| StoredCredential {
            id: id.to_vec(),
            user: None,
            public_key: None,
            cred_protect: None,
            large_blob_key: None,
            third_party_payment: None,
        };
        let of = |hash: u8, credentials| StoredRelyingParty {
            rp: None,
            rp_id_hash: [hash; 32],
            credentials,
        };
        vec![
            of(1, vec![credential(b"\xAB\xCD\x01"), credential(b"\xAB\xCD\x02")]),
            of(2, vec![credential(b"\xAB\xCE\x01")]),
        ]
    }

    #[test]
    fn a_passkey_is_found_by_the_beginning_of_its_id() {
        let stored = stored();
        assert_eq!(find(&stored, "abcd02").ok().unwrap().credential.id, b"\xAB\xCD\x02");
        assert_eq!(find(&stored, "ABCE").ok().unwrap().relying_party.rp_id_hash, [2; 32]);
    }

    #[test]
    fn what_names_none_or_several_is_a_usage_error() {
        for digits in ["abcd", "abc", "", "0000", "abcdef01", "xyzw", "abcd 02"] {
            let failure = find(&stored(), digits).err().unwrap();
            assert_eq!(failure.exit_code(), super::super::super::failure::USAGE, "{digits}");
        }
    }
}
