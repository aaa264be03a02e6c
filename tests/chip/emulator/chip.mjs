/** One RP2040 from reset to reset, running the firmware. */

import { RP2040 } from 'rp2040js';

import { Clock } from './clock.mjs';
import { Core, Fault } from './core.mjs';
import { FLASH_BASE, FLASH_END } from './elf.mjs';
import { FlashInterface, FlashPins } from './flash-interface.mjs';
import { ChipReset, RingOscillator } from './peripherals.mjs';
import { Rom } from './rom.mjs';
import { Memory } from './translator.mjs';

/** The program's vectors. They follow the second stage of the boot, which is not emulated. */
const VECTORS = FLASH_BASE + 0x100;
const WATCHDOG = 0x40058;

/** The flash in the forms that rp2040js and translated code use. */
const views = (/** @type {Uint8Array} */ bytes) => ({
  flash: bytes,
  flash16: new Uint16Array(bytes.buffer),
  flash32: new Int32Array(bytes.buffer),
  flashView: new DataView(bytes.buffer),
});
/** What reads give while the flash is not mapped. */
const NO_FLASH = views(new Uint8Array(16 << 20));

/**
 * The state that remains after a reset without a loss of power.
 * @typedef {object} Remains
 * @property {Uint8Array} ram
 * @property {Uint32Array} scratch the watchdog's scratch registers
 * @property {number} reason the watchdog's, if it was that
 */

/**
 * @typedef {object} ChipOptions
 * @property {import('./flash.mjs').Flash} flash with the firmware in it
 * @property {import('./translator.mjs').Translator} [translator] of the firmware; without one all is interpreted
 * @property {number} [seed] of everything random
 * @property {number} [stuckAt] what a broken ring oscillator says
 * @property {Remains} [remains] after a reset; else the chip was just powered up
 */

export class Chip {
  clock = new Clock();
  rp = new RP2040(/** @type {any} */ (this.clock));
  /** Cycles in which the core slept. */
  sleep = 0;
  /** Whether the flash is mapped into memory, so that code in it can run. */
  xip = true;
  /** The longest time for which it was not, in milliseconds. */
  longestAbsence = 0;
  #leftAt = 0;
  /** Where the core stops. */
  #stop = -1;
  /** Set when the chip was reset, or resets itself. @type {Remains | null} */
  remains = null;
  #core = new Core(this.rp, () => this.#reset(0));
  #mapped;
  #translator;
  #memory;

  /** @param {ChipOptions} options */
  constructor({ flash, translator, seed = 1, stuckAt, remains }) {
    this.flash = flash;
    this.#translator = translator;
    this.#memory = new Memory(this);
    this.#mapped = views(flash.bytes);
    const { rp } = this;
    this.clock.attach(rp);
    this.flashInterface = new FlashInterface(this);
    this.pins = new FlashPins(this);
    this.watchdog = /** @type {any} */ (rp.peripherals[WATCHDOG]);
    Object.assign(rp.peripherals, {
      [FlashInterface.BASE]: this.flashInterface,
      [FlashPins.BASE]: this.pins,
      [RingOscillator.BASE]: new RingOscillator(rp, seed, stuckAt),
      [ChipReset.BASE]: new ChipReset(rp, !remains),
    });
    new Rom(this);
    this.watchdog.onWatchdogTrigger = () => this.#reset(this.watchdog.reason);
    if (remains) {
      rp.sram.set(remains.ram);
      this.watchdog.scratchData.set(remains.scratch);
      this.watchdog.reason = remains.reason;
    } else {
      // At power-up the RAM holds noise.
      for (let at = 0, state = seed; at < rp.sram.length; at++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        rp.sram[at] = state >>> 24;
      }
    }
    // Nothing is connected to the pins. Pull-ups are not modelled, so that a pin for a button must be set high.
    for (const pin of rp.gpio) pin.setInputValue(true);
    this.setXip(true);
    rp.core.VTOR = VECTORS;
    rp.core.reset();
  }

  /** @param {boolean} on */
  setXip(on) {
    const { millis } = this.clock;
    if (on && !this.xip) this.longestAbsence = Math.max(this.longestAbsence, millis - this.#leftAt);
    if (!on && this.xip) this.#leftAt = millis;
    this.xip = on;
    const { flash, flash16, flashView, flash32 } = on ? this.#mapped : NO_FLASH;
    Object.assign(this.rp, { flash, flash16, flashView });
    Object.assign(this.#memory, { flash8: flash, flash16, flash32 });
  }

  /** @param {number} reason */
  #reset(reason) {
    // rp2040js would ring for ever.
    this.watchdog.timer.enable = false;
    this.remains = { ram: this.rp.sram, scratch: this.watchdog.scratchData, reason };
  }

  /** Whether the core sleeps until a peripheral wakes it. */
  get asleep() {
    return this.#core.asleep;
  }

  /** Whether the core is locked up after a fault in its fault handler. */
  get lockedUp() {
    return this.#core.lockedUp;
  }

  /** Cycles in which the core was not asleep: computing, or waiting for the flash. */
  get activeCycles() {
    return this.rp.core.cycles - this.sleep;
  }

  /**
   * Lets the core stop before an instruction that is called or jumped to.
   * @param {number | undefined} address
   */
  stopAt(address) {
    this.#stop = address ?? -1;
  }

  /**
   * Runs up to a cycle, to the chip's reset, or to where the core stops.
   * @param {number} cycle
   */
  runTo(cycle) {
    const { clock, rp } = this;
    while (rp.core.cycles < cycle && !this.remains && rp.core.PC !== this.#stop) {
      if (this.#core.asleep) this.sleep += clock.skipTo(cycle);
      else this.#execute(cycle);
      clock.ring();
    }
  }

  /** @param {number} cycle */
  #execute(cycle) {
    const { clock } = this;
    const { core } = this.rp;
    try {
      while (core.cycles < clock.deadline && core.cycles < cycle && !core.waiting && !this.remains) {
        if (core.PC === this.#stop) return;
        if (!this.xip && core.PC >= FLASH_BASE && core.PC < FLASH_END) {
          throw new Error('the firmware runs from flash while the flash is not mapped');
        }
        const block = !core.interruptsUpdated && this.#translator?.at(core.PC, this.#memory);
        if (block) {
          const { cycles } = core;
          block(core, this.#memory, Math.min(clock.deadline, cycle) - cycles);
          // Translated code leaves some instructions to rp2040js, perhaps its very first.
          if (core.cycles !== cycles) continue;
        }
        core.executeInstruction();
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#core.fault();
    }
  }

  /**
   * Runs until a condition holds. Checks it after each event outside the core.
   * @param {() => unknown} condition
   * @param {number} milliseconds of the chip's time, after which it is too late
   */
  runUntil(condition, milliseconds) {
    const end = this.clock.cyclesAt(this.clock.nanos + milliseconds * 1e6);
    while (!condition()) {
      if (this.rp.core.cycles >= end || this.remains) return false;
      this.runTo(Math.min(end, this.clock.deadline));
    }
    return true;
  }
}
