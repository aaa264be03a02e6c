//! The region of the records, at the end of the flash that the program runs from.
//!
//! While the flash erases or programs, it cannot be read, and so interrupts are off. To program a page takes 0.4 ms
//! typically and 3 ms at worst (W25Q16JV data sheet, tPP). To erase a sector takes 45 ms and 400 ms (tSE), unless the
//! board can suspend that.

use core::mem::transmute;
use core::sync::atomic::{Ordering, compiler_fence};

use brasskey_firmware::records::{PAGE_SIZE, REGION_SIZE};
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

use super::chip::hal::rom_data;
use super::chip::{Suspend, XIP_SETUP};
use crate::board::feed_watchdog;
use crate::usb;

/// The address at which the flash is read (RP2040 data sheet §2.6.3, RP2350 data sheet §4.4).
const XIP: u32 = 0x1000_0000;
/// The flash's programming page: the most bytes that one command writes.
const PROGRAM: u32 = 256;
/// The command that erases one sector.
const SECTOR_ERASE: u8 = 0x20;

unsafe extern "C" {
    /// The start of the region, from the memory map.
    static _records_start: u8;
}

pub(crate) struct Flash {
    /// The address at which the region is read.
    start: u32,
    suspend: Suspend,
}

impl Flash {
    pub(super) fn new() -> Self {
        Self {
            start: (&raw const _records_start) as u32,
            suspend: Suspend::find(),
        }
    }
}

/// The flash did not store the bytes, or the address is outside the region.
#[derive(Debug)]
pub(crate) struct FlashError(NorFlashErrorKind);

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        self.0
    }
}

impl ErrorType for Flash {
    type Error = FlashError;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        check_read(self, offset, bytes.len()).map_err(FlashError)?;
        let from = (self.start + offset) as *const u8;
        for (index, byte) in bytes.iter_mut().enumerate() {
            // SAFETY: the address is inside the region, which is flash and no object of the program.
            *byte = unsafe { from.add(index).read_volatile() };
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        REGION_SIZE as usize
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE_SIZE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        check_erase(self, from, to).map_err(FlashError)?;
        for offset in (from..to).step_by(PAGE_SIZE as usize) {
            feed_watchdog();
            let at = self.start - XIP + offset;
            if !self.suspend.erase(at) {
                usb::keep_alive();
                command(Command::Erase(at));
            }
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        check_write(self, offset, bytes.len()).map_err(FlashError)?;
        let mut at = self.start - XIP + offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let skipped = at % PROGRAM;
            let (now, later) = rest.split_at(rest.len().min((PROGRAM - skipped) as usize));
            // Bits that are 1 stay as they are.
            let mut page = [0xff; PROGRAM as usize];
            page.iter_mut()
                .skip(skipped as usize)
                .zip(now)
                .for_each(|(to, from)| *to = *from);
            command(Command::Program(at - skipped, &page));
            at += now.len() as u32;
            rest = later;
        }
        // So a worn-out cell is found now, and not when the record is needed.
        let mut written = [0; 64];
        let mut at = offset;
        for chunk in bytes.chunks(written.len()) {
            let written = &mut written[..chunk.len()];
            self.read(at, written)?;
            if written != chunk {
                return Err(FlashError(NorFlashErrorKind::Other));
            }
            at += chunk.len() as u32;
        }
        Ok(())
    }
}

/// Commands to the flash. Addresses are offsets in the whole flash.
enum Command<'a> {
    Erase(u32),
    Program(u32, &'a [u8; PROGRAM as usize]),
}

/// The boot ROM's functions for the flash (RP2040 data sheet §2.8.3.1.3, RP2350 data sheet §5.4.8), and the code that
/// makes it readable again.
struct Rom {
    connect: unsafe extern "C" fn(),
    exit_xip: unsafe extern "C" fn(),
    erase: unsafe extern "C" fn(u32, usize, u32, u8),
    program: unsafe extern "C" fn(u32, *const u8, usize),
    flush: unsafe extern "C" fn(),
    xip_setup: [u32; 64],
}

fn command(command: Command<'_>) {
    let rom = Rom {
        connect: rom_data::connect_internal_flash::ptr(),
        exit_xip: rom_data::flash_exit_xip::ptr(),
        erase: rom_data::flash_range_erase::ptr(),
        program: rom_data::flash_range_program::ptr(),
        flush: rom_data::flash_flush_cache::ptr(),
        // SAFETY: 256 bytes of code are there, by the data sheet.
        xip_setup: unsafe { XIP_SETUP.read_volatile() },
    };
    // SAFETY: interrupts are off, and `run` and all that it calls is in RAM or in the boot ROM.
    critical_section::with(|_| unsafe { run(&rom, &command) });
}

/// # Safety
/// Interrupts must be off, because nobody can read the flash meanwhile.
#[unsafe(link_section = ".data.flash")]
#[inline(never)]
unsafe fn run(rom: &Rom, command: &Command<'_>) {
    compiler_fence(Ordering::SeqCst);
    // SAFETY: this is the order of the data sheet. The setup code can run at any address, and it returns.
    unsafe {
        (rom.connect)();
        (rom.exit_xip)();
        match command {
            Command::Erase(at) => (rom.erase)(*at, PAGE_SIZE as usize, PAGE_SIZE, SECTOR_ERASE),
            Command::Program(at, page) => (rom.program)(*at, page.as_ptr(), page.len()),
        }
        (rom.flush)();
        let xip_setup: unsafe extern "C" fn() = transmute((&raw const rom.xip_setup).addr() | 1);
        xip_setup();
    }
    compiler_fence(Ordering::SeqCst);
}
