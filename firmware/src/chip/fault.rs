//! What must not happen, and what happens then: the memory is wiped and the chip starts anew.
//!
//! A reset alone leaves the memory as it is, for the boot ROM to hand out over USB. An overflow of the stack runs out of
//! the memory's lower end and is a hard fault; one in which not even the fault can be handled locks the processor up,
//! and the watchdog ends it.

use core::arch::asm;
use core::panic::PanicInfo;

use cortex_m_rt::exception;

use crate::board::RESET;

unsafe extern "C" {
    /// The lower end of the stack, which is that of the memory.
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
    // SAFETY: nothing runs after this, and what it overwrites is memory, from end to end, the stack with it; the loop
    // itself needs registers only.
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
