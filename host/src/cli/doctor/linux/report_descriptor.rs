//! HID report descriptors, read as far as it takes to know a security key (Device Class Definition for Human Interface
//! Devices 1.11 §6.2.2).

/// The FIDO alliance's usage page, and the authenticator's usage in it (CTAP 2.3 §11.2.8.2).
const FIDO: u32 = 0xF1D0_0001;

/// The prefix of a long item (§6.2.2.3).
const LONG: u8 = 0xFE;

/// Prefixes of short items without the two bits of their size (§6.2.2.4, .7, .8).
mod item {
    pub(super) const COLLECTION: u8 = 0b1010_0000;
    pub(super) const USAGE_PAGE: u8 = 0b0000_0100;
    pub(super) const PUSH: u8 = 0b1010_0100;
    pub(super) const POP: u8 = 0b1011_0100;
    pub(super) const USAGE: u8 = 0b0000_1000;
    /// The bits that tell main items from global and local ones.
    pub(super) const TYPE: u8 = 0b0000_1100;
    pub(super) const MAIN: u8 = 0b0000_0000;
}

/// An application collection (§6.2.2.6).
const APPLICATION: u32 = 0x01;

/// Whether a device is a security key: whether one of its application collections is the FIDO authenticator.
pub(super) fn is_security_key(mut rest: &[u8]) -> bool {
    let (mut page, mut pages) = (0, Vec::new());
    let mut usages = Vec::new();
    while let Some((&prefix, behind)) = rest.split_first() {
        if prefix == LONG {
            let Some((&[length, _tag], data)) = behind.split_first_chunk() else {
                return false;
            };
            rest = data.get(usize::from(length)..).unwrap_or_default();
            continue;
        }
        let size = [0, 1, 2, 4][usize::from(prefix & 0b11)];
        let Some((data, behind)) = behind.split_at_checked(size) else {
            return false;
        };
        rest = behind;
        let value = data.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte));
        match prefix & !0b11 {
            item::USAGE_PAGE => page = value,
            item::PUSH => pages.push(page),
            item::POP => page = pages.pop().unwrap_or_default(),
            // A usage of four bytes brings its own page (§6.2.2.8).
            item::USAGE => usages.push((size == 4, value)),
            item::COLLECTION if value == APPLICATION => {
                // The page is joined to a usage where a main item comes (§6.2.2.7).
                let whole = |&(extended, usage)| if extended { usage } else { page << 16 | usage };
                if usages.first().map(whole) == Some(FIDO) {
                    return true;
                }
                usages.clear();
            }
            // Local items hold up to the next main item (§6.2.2.8).
            prefix if prefix & item::TYPE == item::MAIN => usages.clear(),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A keyboard's beginning: generic desktop, keyboard, application collection, end.
    const KEYBOARD: [u8; 7] = [0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0xC0];
    /// A security key's beginning.
    const KEY: [u8; 7] = [0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x01];

    #[test]
    fn a_security_key_is_known_by_its_application_collection() {
        for (descriptor, is_key) in [
            (KEY.to_vec(), true),
            (KEYBOARD.to_vec(), false),
            ([&KEYBOARD[..], &KEY].concat(), true),
            // Its page and usage in one item.
            (vec![0x0B, 0x01, 0x00, 0xD0, 0xF1, 0xA1, 0x01], true),
            // The page comes back from the stack.
            (
                vec![0x06, 0xD0, 0xF1, 0xA4, 0x05, 0x01, 0xB4, 0x09, 0x01, 0xA1, 0x01],
                true,
            ),
            // Another page between; another usage; a logical collection; a page alone.
            (vec![0x06, 0xD0, 0xF1, 0x05, 0x01, 0x09, 0x01, 0xA1, 0x01], false),
            (vec![0x06, 0xD0, 0xF1, 0x09, 0x02, 0xA1, 0x01], false),
            (vec![0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x02], false),
            (vec![0x06, 0xD0, 0xF1], false),
            // What looks like a key is data of a long item, and of an ordinary one.
            ([&[0xFE, 0x07, 0x00][..], &KEY].concat(), false),
            ([&[0x27][..], &KEY[..4], &KEY[4..]].concat(), false),
            // Cut off.
            (vec![0xFE], false),
            (vec![0x06, 0xD0], false),
            (vec![], false),
        ] {
            assert_eq!(is_security_key(&descriptor), is_key, "{descriptor:02x?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(before: Vec<u8>, after: Vec<u8>) {
            let descriptor = [&KEY, &after[..]].concat();
            prop_assert!(is_security_key(&descriptor));
            // A long item hides whatever it holds.
            let length = u8::try_from(before.len()).unwrap();
            let hidden = [&[LONG, length, 0], &before[..], &KEYBOARD].concat();
            prop_assert!(!is_security_key(&hidden));
        }
    }
}
