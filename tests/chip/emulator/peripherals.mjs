/** Peripherals of the chip that rp2040js does not have, as far as a key uses them. */

import { BasePeripheral } from 'rp2040js';

/** Registers that keep what is written to them. */
export class Registers extends BasePeripheral {
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

/** The ring oscillator. Its random bit is the source of the key's randomness (RP2040 data sheet §2.17). */
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

  /** xorshift32 (Marsaglia), which looks enough like noise. */
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
