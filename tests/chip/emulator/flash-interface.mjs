/** The wires to the flash: its pins, and the controller behind them. */

import { Registers } from './peripherals.mjs';
import { SpiFlash } from './spi-flash.mjs';

/**
 * The pins of the flash (§2.19.6.2). BOOTSEL pulls the chip select low through a resistor. So it can be read only while
 * the chip does not drive that pin, and meanwhile the flash cannot be used.
 */
export class FlashPins extends Registers {
  static BASE = 0x40018;
  static #SS_CTRL = 0x0c;
  static #OUTOVER = 3 << 8;
  static #OUTOVER_LOW = 2 << 8;
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
    const forced = value & FlashPins.#OUTOVER;
    this.#chip.flashInterface.force(forced ? forced === FlashPins.#OUTOVER_LOW : null);
    this.#update();
  }

  /** Returns the chip select to the interface, as the boot ROM does. */
  release() {
    this.writeUint32(FlashPins.#SS_CTRL, this.readUint32(FlashPins.#SS_CTRL) & ~FlashPins.#OUTOVER);
  }

  #update() {
    this.#chip.rp.qspi[1].setInputValue(!(this.#floating && this.#pressed));
  }
}

/**
 * The serial interface to the flash (§4.10). It sends commands as bytes on one line, or it maps the flash into memory
 * by quad reads without a command, as the second stage of the boot sets it up (§2.8.1.3).
 */
export class FlashInterface extends Registers {
  static BASE = 0x18000;
  static #CTRLR0 = 0x00;
  static #SSIENR = 0x08;
  static #BAUDR = 0x14;
  static #SR = 0x28;
  static #DR0 = 0x60;
  static #SPI_CTRLR0 = 0xf4;
  /** SR: the transmit queue has room; it is empty; the receive queue is not empty. */
  static #SENT = 0b0110;
  static #RECEIVED = 0b1000;
  /** CTRLR0: four lines. */
  static #QUAD = 2 << 21;
  /** The settings of the second stage. */
  static #QUAD_READS = 0x005f_0300;
  static #WITHOUT_COMMAND = 0xa000_2022;
  /** Fast Read Quad I/O. After these mode bits the flash takes addresses alone (W25Q16JV data sheet §8.2.11). */
  static #ENTER = [0xeb, 0xa0];
  /** The boot ROM's settings for commands (§2.8.3.1.3): bytes, and the clock divided by six. */
  static #BYTES = 7 << 16;
  static #SLOW = 6;
  #chip;
  #spi;
  /** @type {number[]} */
  #received = [];
  /** The bytes that were sent on four lines. @type {number[]} */
  #quad = [...FlashInterface.#ENTER];
  /** Whether the chip select is driven low or high by force. @type {boolean | null} */
  #forced = null;

  /** @param {import('./chip.mjs').Chip} chip */
  constructor(chip) {
    super(chip.rp, 'SSI');
    this.#chip = chip;
    this.#spi = new SpiFlash(chip.flash, chip.clock);
    super.writeUint32(FlashInterface.#CTRLR0, FlashInterface.#QUAD_READS);
    super.writeUint32(FlashInterface.#SPI_CTRLR0, FlashInterface.#WITHOUT_COMMAND);
  }

  /** Leaves the mapping, as the boot ROM does. */
  exitXip() {
    super.writeUint32(FlashInterface.#CTRLR0, FlashInterface.#BYTES);
    super.writeUint32(FlashInterface.#BAUDR, FlashInterface.#SLOW);
    this.#received = [];
    this.#quad = [];
    this.#chip.setXip(false);
  }

  /** @param {boolean | null} low whether the chip select is driven low, or high, or by the interface */
  force(low) {
    if (this.#forced && !low) this.#spi.deselect();
    this.#forced = low;
  }

  /** @param {number} offset */
  readUint32(offset) {
    if (offset === FlashInterface.#SR) {
      // While the program reads, the queue becomes empty, which ends a command.
      if (this.#forced === null) this.#spi.deselect();
      return FlashInterface.#SENT | (this.#received.length > 0 ? FlashInterface.#RECEIVED : 0);
    }
    return offset === FlashInterface.#DR0 ? (this.#received.shift() ?? 0) : super.readUint32(offset);
  }

  /**
   * @param {number} offset
   * @param {number} value
   */
  writeUint32(offset, value) {
    super.writeUint32(offset, value);
    if (offset === FlashInterface.#DR0) this.#send(value);
    if (offset !== FlashInterface.#SSIENR) return;
    this.#received = [];
    this.#chip.setXip(value !== 0 && this.#reads);
  }

  /** @param {number} value */
  #send(value) {
    if (this.#isQuad) {
      this.#quad.push(value);
    } else {
      if (this.#forced === false) throw new Error('the firmware sends to a flash that is not selected');
      this.#received.push(this.#spi.transfer(value & 0xff));
      this.#chip.rp.core.cycles += 8 * super.readUint32(FlashInterface.#BAUDR);
    }
  }

  get #isQuad() {
    return (super.readUint32(FlashInterface.#CTRLR0) & FlashInterface.#QUAD) !== 0;
  }

  /** Whether the interface and the flash use the same way of reading. */
  get #reads() {
    return (
      this.#isQuad &&
      super.readUint32(FlashInterface.#SPI_CTRLR0) >>> 0 === FlashInterface.#WITHOUT_COMMAND &&
      this.#quad.length === 2 &&
      FlashInterface.#ENTER.every((value, index) => value === this.#quad[index])
    );
  }
}
