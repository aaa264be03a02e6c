//! Erases in slices, between which the key can do other work (W25Q16JV data sheet, Erase Suspend and Erase Resume).
//!
//! To erase a sector takes 45 ms typically and 400 ms at worst (tSE), and during that time the flash cannot be read. So
//! this module erases it in slices of 5 ms, with interrupts off. After each slice the flash suspends the erase within
//! 20 µs (tSUS). Then every sector but that one can be read again, and pending interrupts are taken. A resumed erase
//! must run for 20 µs (tSUS) before it may be suspended again.

use core::sync::atomic::{Ordering, compiler_fence};

use cortex_m::asm::isb;

use super::bootsel_pin::SS_CTRL;
use super::hal::rom_data;

/// How long the flash erases at a time, in microseconds: half a tick, so that no tick is lost.
const SLICE: u32 = 5_000;

/// TIMER: TIMERAWL, microseconds (RP2040 data sheet §4.6.5).
const TIMER: *const u32 = 0x4005_4028 as *const u32;

/// The pads of the flash with settings of their own, SCLK and SD0 to SD3 (RP2040 data sheet §2.19.6.4).
const PADS: *mut u32 = 0x4002_0004 as *mut u32;
const PADS_COUNT: usize = 5;

/// The serial interface to the flash (RP2040 data sheet §4.10.13).
mod ssi {
    pub(super) const CTRLR0: *mut u32 = 0x1800_0000 as *mut u32;
    pub(super) const CTRLR1: *mut u32 = 0x1800_0004 as *mut u32;
    pub(super) const SSIENR: *mut u32 = 0x1800_0008 as *mut u32;
    pub(super) const BAUDR: *mut u32 = 0x1800_0014 as *mut u32;
    pub(super) const SR: *const u32 = 0x1800_0028 as *const u32;
    pub(super) const DR0: *mut u32 = 0x1800_0060 as *mut u32;
    pub(super) const RX_SAMPLE_DLY: *mut u32 = 0x1800_00f0 as *mut u32;
    pub(super) const SPI_CTRLR0: *mut u32 = 0x1800_00f4 as *mut u32;
    /// SR: a transfer runs; the transmit queue has room; it is empty; the receive queue is not empty.
    pub(super) const BUSY: u32 = 1 << 0;
    pub(super) const TFNF: u32 = 1 << 1;
    pub(super) const TFE: u32 = 1 << 2;
    pub(super) const RFNE: u32 = 1 << 3;
    /// SPI_CTRLR0: INST_L and TRANS_TYPE, and their values for a command of 8 bits on one line, its address on four.
    pub(super) const FORM: u32 = 0b11 << 8 | 0b11;
    pub(super) const COMMAND_THEN_QUAD: u32 = 0b10 << 8 | 0b01;
}

/// IO_QSPI: OUTOVER of GPIO_QSPI_SS_CTRL. It drives the flash's chip select low or high, whatever the interface does.
const OUTOVER: u32 = 0b11 << 8;
const SELECTED: u32 = 0b10 << 8;
const DESELECTED: u32 = 0b11 << 8;

/// Commands of the flash (W25Q16JV data sheet §8.1.2): first the highest byte, and zeros for the bytes of the answer.
mod command {
    pub(super) const WRITE_ENABLE: u32 = 0x06;
    pub(super) const STATUS_1: u32 = 0x0500;
    pub(super) const STATUS_2: u32 = 0x3500;
    pub(super) const SECTOR_ERASE: u32 = 0x2000_0000;
    pub(super) const SUSPEND: u32 = 0x75;
    pub(super) const RESUME: u32 = 0x7a;
    pub(super) const JEDEC_ID: u32 = 0x9f00_0000;
    /// Fast Read Quad I/O, and the mode bits after which the next reads need no command.
    pub(super) const QUAD_READ: u32 = 0xeb;
    pub(super) const CONTINUOUS: u32 = 0xa0;
}

/// Status register 1: an erase or a program runs.
const BUSY: u32 = 1 << 0;
/// Status register 2: an erase or a program is suspended.
const SUS: u32 = 1 << 7;
/// The first byte of the JEDEC ID. To flash of other makers these commands may mean something else.
const WINBOND: u32 = 0xef;

/// Erases in slices, if the flash can suspend them.
pub(crate) struct Suspend {
    supported: bool,
}

impl Suspend {
    /// Asks the flash who made it, and finishes an erase that was suspended when the chip was reset.
    pub(crate) fn find() -> Self {
        let xip = Xip::read();
        // SAFETY: interrupts are off, and all that it calls is in RAM or in the boot ROM.
        let (supported, suspended) = critical_section::with(|_| unsafe { identify(&xip) });
        if suspended {
            finish(&xip, None);
        }
        Self { supported }
    }

    /// Erases the sector at an offset in the flash, and lets interrupts run in between. Returns whether the flash can
    /// do this.
    pub(crate) fn erase(&self, at: u32) -> bool {
        if self.supported {
            finish(&Xip::read(), Some(at));
        }
        self.supported
    }
}

/// Does an erase, or the rest of one that is suspended.
fn finish(xip: &Xip, mut start: Option<u32>) {
    // SAFETY: interrupts are off, and all that it calls is in RAM or in the boot ROM.
    while !critical_section::with(|_| unsafe { slice(xip, start.take()) }) {
        // Pending interrupts run here at the latest (Armv6-M reference manual §B1.5.8).
        isb();
    }
}

/// The settings with which the flash is read, and what it takes to leave this mode and to come back.
///
/// The second stage of the boot also makes the flash readable, but not during a suspended erase. It compares the whole
/// of status register 2 with the value that it expects. With SUS set it would write the register, which is not allowed
/// during a suspended erase.
struct Xip {
    connect: unsafe extern "C" fn(),
    exit: unsafe extern "C" fn(),
    flush: unsafe extern "C" fn(),
    pads: [u32; PADS_COUNT],
    baudr: u32,
    rx_sample_dly: u32,
    ctrlr0: u32,
    ctrlr1: u32,
    spi_ctrlr0: u32,
}

impl Xip {
    fn read() -> Self {
        // SAFETY: to read these registers changes nothing.
        unsafe {
            Self {
                connect: rom_data::connect_internal_flash::ptr(),
                exit: rom_data::flash_exit_xip::ptr(),
                flush: rom_data::flash_flush_cache::ptr(),
                pads: core::array::from_fn(|index| PADS.add(index).read_volatile()),
                baudr: ssi::BAUDR.read_volatile(),
                rx_sample_dly: ssi::RX_SAMPLE_DLY.read_volatile(),
                ctrlr0: ssi::CTRLR0.read_volatile(),
                ctrlr1: ssi::CTRLR1.read_volatile(),
                spi_ctrlr0: ssi::SPI_CTRLR0.read_volatile(),
            }
        }
    }

    /// After this the flash accepts commands, and cannot be read.
    ///
    /// # Safety
    /// The caller must run from RAM, with interrupts off.
    #[inline(always)]
    unsafe fn leave(&self) {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: this is the order of the data sheet (RP2040 data sheet §2.8.3.1.3).
        unsafe {
            (self.connect)();
            (self.exit)();
        }
    }

    /// Makes the flash readable again, as the second stage of the boot did: the first read has the command, and the
    /// next ones do not need it.
    ///
    /// # Safety
    /// As [`leave`](Self::leave), after it.
    #[inline(always)]
    unsafe fn enter(&self) {
        // SAFETY: the registers get the values that they had.
        unsafe {
            // This also returns the chip select to the interface.
            (self.flush)();
            for (index, pad) in self.pads.iter().enumerate() {
                PADS.add(index).write_volatile(*pad);
            }
            ssi::SSIENR.write_volatile(0);
            ssi::BAUDR.write_volatile(self.baudr);
            ssi::RX_SAMPLE_DLY.write_volatile(self.rx_sample_dly);
            ssi::CTRLR0.write_volatile(self.ctrlr0);
            ssi::CTRLR1.write_volatile(self.ctrlr1);
            ssi::SPI_CTRLR0.write_volatile(self.spi_ctrlr0 & !ssi::FORM | ssi::COMMAND_THEN_QUAD);
            ssi::SSIENR.write_volatile(1);
            ssi::DR0.write_volatile(command::QUAD_READ);
            ssi::DR0.write_volatile(command::CONTINUOUS);
            while ssi::SR.read_volatile() & ssi::TFE == 0 {}
            while ssi::SR.read_volatile() & ssi::BUSY != 0 {}
            ssi::SSIENR.write_volatile(0);
            ssi::SPI_CTRLR0.write_volatile(self.spi_ctrlr0);
            ssi::SSIENR.write_volatile(1);
        }
        compiler_fence(Ordering::SeqCst);
    }
}

/// Whether the flash can suspend erases, and whether an erase is suspended now.
///
/// # Safety
/// Interrupts must be off, because nobody can read the flash meanwhile.
#[unsafe(link_section = ".data.suspend")]
#[inline(never)]
unsafe fn identify(xip: &Xip) -> (bool, bool) {
    // SAFETY: between `leave` and `enter`.
    unsafe {
        xip.leave();
        let supported = exchange(command::JEDEC_ID, 4) >> 16 & 0xff == WINBOND;
        let suspended = supported && exchange(command::STATUS_2, 2) & SUS != 0;
        xip.enter();
        (supported, suspended)
    }
}

/// Begins an erase, or resumes it, and suspends it after a while. Returns whether it is done.
///
/// # Safety
/// As [`identify`].
#[unsafe(link_section = ".data.suspend")]
#[inline(never)]
unsafe fn slice(xip: &Xip, start: Option<u32>) -> bool {
    // SAFETY: between `leave` and `enter`.
    unsafe {
        xip.leave();
        if let Some(at) = start {
            exchange(command::WRITE_ENABLE, 1);
            exchange(command::SECTOR_ERASE | at, 4);
        } else {
            exchange(command::RESUME, 1);
        }
        let begun = TIMER.read_volatile();
        while is_busy() && TIMER.read_volatile().wrapping_sub(begun) < SLICE {}
        if is_busy() {
            exchange(command::SUSPEND, 1);
        }
        // If the flash does not suspend the erase, this waits for its end.
        while is_busy() {}
        let done = exchange(command::STATUS_2, 2) & SUS == 0;
        xip.enter();
        done
    }
}

/// # Safety
/// As [`exchange`].
#[inline(always)]
unsafe fn is_busy() -> bool {
    // SAFETY: as the caller.
    unsafe { exchange(command::STATUS_1, 2) & BUSY != 0 }
}

/// Sends the lowest `count` bytes, the highest of them first, and returns what the flash sends meanwhile.
///
/// # Safety
/// Between [`Xip::leave`] and [`Xip::enter`].
#[unsafe(link_section = ".data.suspend")]
#[inline(never)]
unsafe fn exchange(bytes: u32, count: u32) -> u32 {
    // SAFETY: the boot ROM has set the interface up for bytes on a single line.
    unsafe {
        let control = SS_CTRL.read_volatile() & !OUTOVER;
        SS_CTRL.write_volatile(control | SELECTED);
        let mut received = 0;
        let mut left = count;
        while left > 0 {
            left -= 1;
            while ssi::SR.read_volatile() & ssi::TFNF == 0 {}
            ssi::DR0.write_volatile(bytes >> (8 * left) & 0xff);
            while ssi::SR.read_volatile() & ssi::RFNE == 0 {}
            received = received << 8 | ssi::DR0.read_volatile() & 0xff;
        }
        SS_CTRL.write_volatile(control | DESELECTED);
        received
    }
}
