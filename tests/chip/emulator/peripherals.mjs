/** Peripherals of the chip that rp2040js leaves out, as far as a key uses them. */

import { BasePeripheral } from 'rp2040js';

/** Registers that keep what is written to them. */
class Registers extends BasePeripheral {
  #values = new Map();

  /** @param {number} offset */
  readUint32(offset) {
    return this.#values.get(offset) ?? 0;
  }

  /**
   * @param {number} offset
   * @param {number} value
   */
  writeUint32(offset, value) {
    this.#values.set(offset, value);
  }
}

/** The ring oscillator, whose random bit the key's randomness comes from (RP2040 data sheet §2.17). */
export class RingOscillator extends Registers {
  static BASE = 0x40060;
  static #STATUS = 0x18;
  static #RANDOMBIT = 0x1c;
  static #STABLE_AND_ENABLED = 0x8000_1000;
  #state;

  /**
   * @param {import('rp2040js').RP2040} rp
   * @param {number} seed so that a run can be repeated
   * @param {number} [stuckAt] what a broken one says for ever
   */
  constructor(rp, seed, stuckAt) {
    super(rp, 'ROSC');
    this.#state = seed >>> 0 || 1;
    this.stuckAt = stuckAt;
  }

  /** @param {number} offset */
  readUint32(offset) {
    if (offset === RingOscillator.#STATUS) return RingOscillator.#STABLE_AND_ENABLED;
    return offset === RingOscillator.#RANDOMBIT ? this.stuckAt ?? this.#next() & 1 : super.readUint32(offset);
  }

  /** xorshift32 (Marsaglia): enough to pass for noise. */
  #next() {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 16;
  }
}

/** Why the chip started (§2.12.7). */
export class ChipReset extends Registers {
  static BASE = 0x40064;
  static #CHIP_RESET = 0x08;
  static #HAD_POR = 1 << 8;

  /**
   * @param {import('rp2040js').RP2040} rp
   * @param {boolean} powerUp
   */
  constructor(rp, powerUp) {
    super(rp, 'VREG_AND_CHIP_RESET');
    this.powerUp = powerUp;
  }

  /** @param {number} offset */
  readUint32(offset) {
    return offset === ChipReset.#CHIP_RESET && this.powerUp ? ChipReset.#HAD_POR : super.readUint32(offset);
  }
}

/**
 * The pins of the flash (§2.19.6.2). BOOTSEL pulls the chip select low through a resistor: it can be read only while
 * the chip does not drive that pin, and then there is no flash.
 */
export class FlashPins extends Registers {
  static BASE = 0x40018;
  static #SS_CTRL = 0x0c;
  static #OEOVER = 3 << 12;
  static #OEOVER_DISABLE = 2 << 12;
  /** An input with a pull-up, as the pads are after the boot ROM. */
  static #PAD = 0x5a;
  #chip;
  #floating = false;
  #pressed = false;

  /** @param {import('./chip.mjs').Chip} chip */
  constructor(chip) {
    super(chip.rp, 'IO_QSPI');
    this.#chip = chip;
    for (const pin of chip.rp.qspi) {
      pin.padValue = FlashPins.#PAD;
      pin.setInputValue(true);
    }
  }

  set bootsel(/** @type {boolean} */ pressed) {
    this.#pressed = pressed;
    this.#update();
  }

  /**
   * @param {number} offset
   * @param {number} value
   */
  writeUint32(offset, value) {
    super.writeUint32(offset, value);
    if (offset !== FlashPins.#SS_CTRL) return;
    const floating = (value & FlashPins.#OEOVER) === FlashPins.#OEOVER_DISABLE;
    if (floating !== this.#floating) this.#chip.setXip(!floating);
    this.#floating = floating;
    this.#update();
  }

  #update() {
    this.#chip.rp.qspi[1].setInputValue(!(this.#floating && this.#pressed));
  }
}

/**
 * The serial interface to the flash (§4.10), as the second-stage boot loader uses it to map the flash into memory: what
 * it sends is sent at once, and what it asks the flash is whether all four data lines are on.
 */
export class FlashInterface extends Registers {
  static BASE = 0x18000;
  static #SSIENR = 0x08;
  static #SR = 0x28;
  static #DR0 = 0x60;
  /** Not busy; the transmit queue has room, and is empty; the receive queue has something. */
  static #READY = 0b1110;
  /** The flash's status register 2 (W25Q16JV data sheet §7.1): QE. */
  static #QUAD_ENABLED = 0x02;
  #chip;

  /** @param {import('./chip.mjs').Chip} chip */
  constructor(chip) {
    super(chip.rp, 'SSI');
    this.#chip = chip;
  }

  /** @param {number} offset */
  readUint32(offset) {
    if (offset === FlashInterface.#SR) return FlashInterface.#READY;
    return offset === FlashInterface.#DR0 ? FlashInterface.#QUAD_ENABLED : super.readUint32(offset);
  }

  /**
   * @param {number} offset
   * @param {number} value
   */
  writeUint32(offset, value) {
    super.writeUint32(offset, value);
    if (offset === FlashInterface.#SSIENR) this.#chip.setXip(value !== 0);
  }
}
