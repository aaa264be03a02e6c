//! Where a key on USB is when it comes back: the computer may give it another name, as long as a program has the one
//! that went open.

use std::fs;

use crate::transport::{self, Address, ListedDevice};

/// A key on USB, and what was plugged in beside it.
pub(super) struct Seat {
    known: Option<ListedDevice>,
    others: Vec<Address>,
}

impl Seat {
    /// The key at this address, as long as it is there.
    pub(super) fn of(address: &Address) -> Self {
        Self::among(transport::list().unwrap_or_default(), address)
    }

    fn among(listed: Vec<ListedDevice>, address: &Address) -> Self {
        let (mut known, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|listed| listed.address == *address);
        Self {
            known: known.pop(),
            others: others.into_iter().map(|other| other.address).collect(),
        }
    }

    /// Where the key is now. Another of its kind that was there before is not it.
    pub(super) fn find(&self) -> Option<Address> {
        self.find_among(transport::list().unwrap_or_default())
    }

    fn find_among(&self, listed: Vec<ListedDevice>) -> Option<Address> {
        let known = self.known.as_ref()?;
        let is_it = |device: &ListedDevice| {
            let is_kind = (device.vendor_id, device.product_id) == (known.vendor_id, known.product_id);
            is_kind && device.serial == known.serial && !self.others.contains(&device.address)
        };
        listed.into_iter().find(is_it).map(|device| device.address)
    }
}

/// The address as the computer lists it, where it was named by a link.
pub(super) fn listed(address: Address) -> Address {
    let target = match &address {
        Address::Hid(path) => fs::canonicalize(path).ok(),
        _ => None,
    };
    match target.and_then(|target| Some(target.to_str()?.to_owned())) {
        Some(target) => Address::Hid(target),
        None => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(number: u8, serial: Option<&str>) -> ListedDevice {
        ListedDevice {
            address: Address::Hid(format!("/dev/hidraw{number}")),
            product: None,
            manufacturer: None,
            serial: serial.map(str::to_owned),
            vendor_id: 0x1209,
            product_id: 1,
        }
    }

    #[test]
    fn a_key_is_found_under_another_name_and_no_other_is_taken_for_it() {
        let (key, twin) = (device(0, None), device(1, None));
        let seat = Seat::among(vec![key.clone(), twin.clone()], &key.address);
        assert_eq!(seat.find_among(vec![twin.clone()]), None);
        let back = device(2, None).address;
        assert_eq!(
            seat.find_among(vec![device(3, Some("A")), twin, device(2, None)]),
            Some(back)
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_another_name_of_the_key() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("key");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        let address = Address::Hid(link.to_str().unwrap().to_owned());
        assert_eq!(listed(address), Address::Hid("/dev/null".to_owned()));
        let elsewhere = Address::Hid("DevSrvsID:4295".to_owned());
        assert_eq!(listed(elsewhere.clone()), elsewhere);
    }
}
