//! Flash for [`sequential_storage`], which also records which pages were erased.

use embedded_storage::nor_flash::{ErrorType, NorFlash};
use embedded_storage_async::nor_flash as asynchronous;

use super::{PAGE_SIZE, PAGES};

/// Flash behind an asynchronous interface that is always ready.
pub(super) struct Pages<F> {
    flash: F,
    /// A bit for each page that still has to be erased.
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

    /// Erases a page again if the power was cut shortly before its erase ended. The log takes such a page for empty,
    /// and would find out only while it writes. In a region without a log nothing changes.
    pub(super) fn finish_erasures(&mut self) -> Result<(), F::Error> {
        let mut marked = 0_u32;
        for page in 0..PAGES {
            // `get_page_state` of sequential-storage 8.0.2 recognizes pages that were begun in the same way.
            let mut mark = [0];
            self.flash.read(page * PAGE_SIZE, &mut mark)?;
            if mark[0].count_zeros() >= 4 {
                marked |= 1 << page;
            }
        }
        for page in (0..PAGES).filter(|page| marked != 0 && marked & 1 << page == 0) {
            if !self.is_blank(page)? {
                self.flash.erase(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)?;
            }
        }
        Ok(())
    }

    /// Marks every page that holds anything as still to be erased.
    pub(super) fn expect_erasure(&mut self) -> Result<(), F::Error> {
        self.awaited = 0;
        for page in 0..PAGES {
            if !self.is_blank(page)? {
                self.awaited |= 1 << page;
            }
        }
        Ok(())
    }

    fn is_blank(&mut self, page: u32) -> Result<bool, F::Error> {
        let mut chunk = [0; 64];
        let start = page * PAGE_SIZE;
        for offset in (start..start + PAGE_SIZE).step_by(chunk.len()) {
            self.flash.read(offset, &mut chunk)?;
            if chunk.iter().any(|byte| *byte != 0xff) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a page that was marked was not erased since then.
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
