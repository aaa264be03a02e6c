//! POSIX access control lists, by which logind opens devices to the user at the computer (acl(5)).

use std::path::Path;

/// The extended attribute that holds the list.
const ATTRIBUTE: &str = "system.posix_acl_access";
/// The version of its form: `POSIX_ACL_XATTR_VERSION` of linux/posix_acl_xattr.h.
const VERSION: u32 = 2;

/// Whom an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    User,
    Group,
}

impl Who {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// The file that has its name.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::User => "/etc/passwd",
            Self::Group => "/etc/group",
        }
    }
}

/// The entries of users and groups by name: who, their number, and `r`, `w`, `x` as they have it. Empty where there is
/// no list.
pub(super) fn named(path: &Path) -> Vec<(Who, u32, String)> {
    match xattr::get_deref(path, ATTRIBUTE) {
        Ok(Some(value)) => parse(&value),
        Ok(None) | Err(_) => Vec::new(),
    }
}

/// Reads `struct posix_acl_xattr_header` and the `struct posix_acl_xattr_entry` behind it, little-endian.
fn parse(value: &[u8]) -> Vec<(Who, u32, String)> {
    let Some((version, entries)) = value.split_first_chunk() else {
        return Vec::new();
    };
    if u32::from_le_bytes(*version) != VERSION {
        return Vec::new();
    }
    let (entries, _) = entries.as_chunks::<8>();
    entries
        .iter()
        .filter_map(|&[tag, tag_high, may, _, ref id @ ..]| {
            // ACL_USER and ACL_GROUP; the other entries repeat the mode.
            let who = match (tag, tag_high) {
                (0x02, 0) => Who::User,
                (0x08, 0) => Who::Group,
                _ => return None,
            };
            let letters = [(4, 'r'), (2, 'w'), (1, 'x')];
            let may = letters.map(|(bit, letter)| if may & bit == 0 { '-' } else { letter });
            Some((who, u32::from_le_bytes(*id), may.iter().collect()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(tag: u16, may: u16, id: u32) -> Vec<u8> {
        [&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat()
    }

    #[test]
    fn users_and_groups_by_name_are_read() {
        let list = [
            VERSION.to_le_bytes().to_vec(),
            entry(0x01, 6, u32::MAX),
            entry(0x02, 6, 1000),
            entry(0x04, 0, u32::MAX),
            entry(0x08, 4, 991),
            entry(0x10, 6, u32::MAX),
            entry(0x20, 0, u32::MAX),
        ]
        .concat();
        assert_eq!(
            parse(&list),
            [(Who::User, 1000, "rw-".to_owned()), (Who::Group, 991, "r--".to_owned())]
        );
    }

    #[test]
    fn another_version_is_not_guessed_at() {
        assert_eq!(parse(&[&[3, 0, 0, 0][..], &entry(0x02, 6, 1000)].concat()), []);
    }

    #[test]
    fn a_file_without_a_list_has_no_entries() {
        assert_eq!(named(tempfile::NamedTempFile::new().unwrap().path()), []);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let version = VERSION.to_le_bytes();
            prop_assert!(parse(&[&version, &bytes[..]].concat()).len() <= bytes.len() / 8);
        }
    }
}
