//! The region of the records, below the boot loader of the dongle.
//!
//! While a page is erased, 85 ms, or a word is written, 41 µs, the processor stands still where it runs from flash
//! (nRF52840 product specification §4.3.9).

use brasskey_firmware::records::{PAGE_SIZE, REGION_SIZE};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use nrf52840_hal::nvmc::{Nvmc, NvmcError};
use nrf52840_hal::pac::NVMC;

use crate::board::feed;
use crate::usb;

unsafe extern "C" {
    /// The region, by the memory map.
    static mut _records_start: [u8; REGION_SIZE as usize];
}

pub(crate) struct Flash(Nvmc<NVMC>);

impl Flash {
    pub(super) fn new(controller: NVMC) -> Self {
        let region = &raw mut _records_start;
        // SAFETY: called once, with the one controller; nothing else is in the region.
        Self(Nvmc::new(controller, unsafe { &mut *region }))
    }
}

impl ErrorType for Flash {
    type Error = NvmcError;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NvmcError> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE_SIZE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NvmcError> {
        for offset in (from..to).step_by(Self::ERASE_SIZE) {
            feed();
            usb::hold();
            self.0.erase(offset, offset + PAGE_SIZE)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NvmcError> {
        self.0.write(offset, bytes)
    }
}
