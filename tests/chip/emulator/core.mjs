/** Parts of the Cortex-M0+ that rp2040js does not have: faults, resets, and details of interrupts. */

const HARD_FAULT = 3;
const FIRST_INTERRUPT = 16;
// Registers of the private peripheral bus, by their offset (Armv6-M reference manual §B3).
const NVIC_ICPR = 0x280;
const AIRCR = 0xd0c;
const AIRCR_KEY = 0x05fa;
const SYSRESETREQ = 1 << 2;

/** Thrown by an instruction that cannot be executed. {@link Core.fault} then does what the chip does. */
export class Fault extends Error {}

/** The core of an rp2040js chip, with the missing parts. */
export class Core {
  /** A fault in the fault handler: the core stands still until it is reset. */
  lockedUp = false;
  /** Interrupt lines that peripherals hold. */
  #lines = 0;
  #core;

  /**
   * @param {import('rp2040js').RP2040} rp
   * @param {() => void} onReset the program asks for a reset
   */
  constructor(rp, onReset) {
    this.#core = rp.core;
    this.#completeInterrupts(rp);
    this.#completeRegisters(rp, onReset);
    const fault = (/** @type {string} */ component, /** @type {string} */ message) => {
      // The other messages are about registers that are not modelled, and that nobody needs.
      if (component === 'RP2040' || component === 'CortexM0Core') throw new Fault(message);
    };
    rp.logger = { debug() {}, info() {}, warn: fault, error: fault };
  }

  /** @param {import('rp2040js').RP2040} rp */
  #completeInterrupts({ core }) {
    const { exceptionEntry, exceptionReturn } = core;
    // A rising line makes its interrupt pending until it is taken (§B1.5.4).
    core.setInterrupt = (irq, value) => {
      const line = 1 << irq;
      if (value && !(this.#lines & line)) {
        core.pendingInterrupts |= line;
        core.interruptsUpdated = true;
      }
      this.#lines = value ? this.#lines | line : this.#lines & ~line;
    };
    core.exceptionEntry = (number) => {
      if (number >= FIRST_INTERRUPT) core.pendingInterrupts &= ~(1 << (number - FIRST_INTERRUPT));
      exceptionEntry.call(core, number);
      // The lowest bit of a vector says that the code is Thumb. rp2040js thinks that it is part of the address.
      core.PC &= ~1;
    };
    // If the line is still held, the interrupt is pending again.
    core.exceptionReturn = (value) => {
      exceptionReturn.call(core, value);
      core.pendingInterrupts |= this.#lines;
    };
  }

  /**
   * @param {import('rp2040js').RP2040} rp
   * @param {() => void} onReset
   */
  #completeRegisters({ core, ppb }, onReset) {
    const { writeUint32 } = ppb;
    ppb.writeUint32 = (offset, value) => {
      if (offset === AIRCR) {
        if (value >>> 16 === AIRCR_KEY && value & SYSRESETREQ) onReset();
      } else if (offset === NVIC_ICPR) {
        core.pendingInterrupts = (core.pendingInterrupts & ~value) | this.#lines;
      } else {
        writeUint32.call(ppb, offset, value);
      }
    };
  }

  /** Whether the core sleeps, and nothing wakes it. */
  get asleep() {
    const core = this.#core;
    // WFI ends when an interrupt is pending, even if PRIMASK masks it (§B1.5.19).
    const isInterrupted = core.pendingInterrupts & core.enabledInterrupts;
    if (core.waiting && (isInterrupted || core.pendingSystick || core.pendingPendSV)) {
      core.waiting = false;
      core.interruptsUpdated = true;
    }
    return core.waiting || this.lockedUp;
  }

  /** Enters the HardFault handler, or locks up if that handler has failed. */
  fault() {
    const core = this.#core;
    if (core.IPSR === HARD_FAULT) {
      this.lockedUp = true;
      return;
    }
    try {
      core.exceptionEntry(HARD_FAULT);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.lockedUp = true;
    }
  }
}
