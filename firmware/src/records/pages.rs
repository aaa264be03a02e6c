//! Flash as [`sequential_storage`] wants it, and which of its pages were erased.

use embedded_storage::nor_flash::{ErrorType, NorFlash};
use embedded_storage_async::nor_flash as asynchronous;

use super::{PAGE_SIZE, PAGES};

/// Flash that is never pending.
pub(super) struct Pages<F> {
    flash: F,
    /// A bit for each page that is to be erased.
    awaited: u32,
}

const _: () = assert!(PAGES <= u32::BITS);

impl<F: NorFlash> Pages<F> {
    pub(super) const fn new(flash: F) -> Self {
        Self { flash, awaited: 0 }
    }

    #[cfg(test)]
    pub(super) const fn flash_mut(&mut self) -> &mut F {
        &mut self.flash
    }

    #[cfg(test)]
    pub(super) fn into_flash(self) -> F {
        self.flash
    }

    /// From now on, waits for the erasure of every page that holds anything.
    pub(super) fn expect_erasure(&mut self) -> Result<(), F::Error> {
        self.awaited = 0;
        for page in 0..PAGES {
            let mut chunk = [0; 64];
            let end = (page + 1) * PAGE_SIZE;
            for offset in (page * PAGE_SIZE..end).step_by(chunk.len()) {
                self.flash.read(offset, &mut chunk)?;
                if chunk.iter().any(|byte| *byte != 0xff) {
                    self.awaited |= 1 << page;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether a page that held something then was not erased since.
    pub(super) const fn awaits_erasure(&self) -> bool {
        self.awaited != 0
    }
}

impl<F: ErrorType> ErrorType for Pages<F> {
    type Error = F::Error;
}

impl<F: NorFlash> asynchronous::ReadNorFlash for Pages<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.flash.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> asynchronous::NorFlash for Pages<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.flash.erase(from, to)?;
        for page in from / PAGE_SIZE..to / PAGE_SIZE {
            self.awaited &= !(1 << page);
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.flash.write(offset, bytes)
    }
}
