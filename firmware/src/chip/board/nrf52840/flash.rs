//! The region of the records, below the boot loader of the dongle.
//!
//! An erase of a page takes 85 ms and a write of a word 41 µs. Meanwhile the processor stops, because it runs from
//! flash (nRF52840 product specification §4.3.9).

use brasskey_firmware::records::{PAGE_SIZE, REGION_SIZE};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use nrf52840_hal::nvmc::{Nvmc, NvmcError};
use nrf52840_hal::pac::NVMC;

use crate::board::feed_watchdog;
use crate::usb;

unsafe extern "C" {
    /// The region, from the memory map.
    static mut _records_start: [u8; REGION_SIZE as usize];
}

pub(crate) struct Flash(Nvmc<NVMC>);

impl Flash {
    pub(super) fn new(controller: NVMC) -> Self {
        let region = &raw mut _records_start;
        // SAFETY: it is called once, with the only controller, and nothing else is in the region.
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
            feed_watchdog();
            usb::keep_alive();
            self.0.erase(offset, offset + PAGE_SIZE)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NvmcError> {
        self.0.write(offset, bytes)
    }
}
