//! Faults and panics: the program wipes the memory and resets the chip.
//!
//! A reset alone leaves the memory as it is, and the boot ROM would hand it out over USB. A stack that overflows runs
//! out of the memory at its lower end, which is a hard fault. When not even the fault can be handled, the processor
//! locks up until the watchdog resets the chip.

use core::arch::asm;
use core::panic::PanicInfo;

use cortex_m_rt::exception;

use crate::board::RESET;

unsafe extern "C" {
    /// The lower end of the stack, and of the memory.
    static _stack_end: u32;
    static _ram_end: u32;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    wipe_and_reset()
}

#[exception(trampoline = false)]
unsafe fn HardFault() -> ! {
    wipe_and_reset()
}

#[exception]
unsafe fn DefaultHandler(_: i16) {
    wipe_and_reset()
}

fn wipe_and_reset() -> ! {
    let (register, value) = RESET;
    // SAFETY: nothing runs after this. It overwrites the memory from end to end, with the stack in it; the loop itself
    // needs registers only.
    unsafe {
        asm!(
            "cpsid i",
            "2:",
            "stmia {at}!, {{{zero}}}",
            "cmp {at}, {end}",
            "blo 2b",
            "str {value}, [{register}]",
            "3:",
            "b 3b",
            at = in(reg) &raw const _stack_end,
            end = in(reg) &raw const _ram_end,
            zero = in(reg) 0,
            value = in(reg) value,
            register = in(reg) register,
            options(noreturn),
        )
    }
}
