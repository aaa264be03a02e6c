//! Keys on USB.

#[cfg(not(target_os = "linux"))]
mod hidapi;
#[cfg(target_os = "linux")]
mod hidraw;

use ::hidapi::{DeviceInfo, HidApi};

use super::{Address, ListedDevice, TransportError};

#[cfg(not(target_os = "linux"))]
pub use self::hidapi::HidTransport;
#[cfg(target_os = "linux")]
pub use hidraw::HidTransport;

/// The FIDO alliance's usage page and the authenticator's usage (CTAP 2.3 §11.2.8.2).
const USAGE_PAGE: u16 = 0xF1D0;
const USAGE: u16 = 0x01;

/// See [`list`](super::list).
pub(super) fn list() -> Result<Vec<ListedDevice>, TransportError> {
    let api = HidApi::new().map_err(|error| TransportError::List { source: error.into() })?;
    let mut found: Vec<_> = api
        .device_list()
        .filter(|device| device.usage_page() == USAGE_PAGE && device.usage() == USAGE)
        .filter_map(listed)
        .collect();
    found.sort_by(|one, other| one.address.cmp(&other.address));
    found.dedup_by(|one, other| one.address == other.address);
    Ok(found)
}

/// A device whose path is not text cannot be named as text: it is left out.
fn listed(device: &DeviceInfo) -> Option<ListedDevice> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(ListedDevice {
        address: Address::Hid(device.path().to_str().ok()?.to_owned()),
        product: text(device.product_string()),
        manufacturer: text(device.manufacturer_string()),
        serial: text(device.serial_number()),
        vendor_id: device.vendor_id(),
        product_id: device.product_id(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listing_opens_nothing_and_names_each_path_once() {
        let found = list().unwrap();
        assert!(found.windows(2).all(|pair| pair[0].address < pair[1].address));
    }
}
