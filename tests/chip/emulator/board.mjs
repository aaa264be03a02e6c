/** A Pico: the chip, its flash, button and light, and a computer at the other end of the cable. */

import { Chip } from './chip.mjs';
import { FLASH_BASE } from './elf.mjs';
import { Flash, PowerCut } from './flash.mjs';
import { Translator } from './translator.mjs';
import { SILENCE, UsbHost } from './usb-host.mjs';

/** The pins of the Pico's light, and of a button that the user adds (firmware/README.md). */
const LIGHT = 25;
const BUTTON = 2;
/** How many changes of the light are kept. */
const CHANGES_MAX = 1000;

/**
 * @typedef {object} BoardOptions
 * @property {import('./elf.mjs').Elf} elf
 * @property {Translator} [translator] to share among boards with the same firmware
 * @property {boolean} [interpret] never to translate
 * @property {number} [seed] of everything random: the same one makes the same run
 * @property {number} [stuckAt] what a broken ring oscillator says
 * @property {boolean} [host] whether a computer is plugged in, and not just a charger
 */

export class Board {
  flash = new Flash();
  /** The chip while it has power. @type {Chip | null} */
  chip = null;
  /** The computer, while the chip has power. @type {UsbHost | null} */
  host = null;
  /** Called with each report that the key sends. @type {(report: Uint8Array) => void} */
  onReport = () => {};
  /** Called with each packet of the key's smart card reader. @type {(packet: Uint8Array) => void} */
  onCardPacket = () => {};
  /** Whether somebody holds the button. */
  held = false;
  /** The light's changes, in microseconds since the chip's start. @type {{ micros: number, on: boolean }[]} */
  lightChanges = [];
  /** How often the chip reset itself. */
  resets = 0;
  /** How many bytes of the memory were not zero at the last of these resets. */
  leftInMemory = 0;
  /** What the ring oscillator says from the next start on, if it is broken. @type {number | undefined} */
  stuckAt;
  elf;
  #starts = 0;
  #options;
  #translator;

  /** @param {BoardOptions} options */
  constructor(options) {
    this.#options = options;
    this.#translator = options.interpret ? undefined : (options.translator ?? new Translator(options.elf));
    this.elf = options.elf;
    this.stuckAt = options.stuckAt;
    this.flash.install(options.elf);
  }

  /** Plugs the key in. Returns when the computer has enumerated it. */
  powerOn() {
    if (!this.chip) this.#start();
  }

  /** Unplugs the key. Everything except the flash is lost. */
  powerOff() {
    this.flash.powerOff();
    this.chip = null;
    this.host = null;
  }

  powerCycle() {
    this.powerOff();
    this.powerOn();
  }

  /** Makes it a new key, with the firmware. Takes effect at the next power-up. */
  erase() {
    this.flash.renew();
    this.flash.install(this.elf);
  }

  /** The firmware's translated code. */
  get translator() {
    return this.#translator;
  }

  /** The part of the flash that holds the records. */
  get records() {
    const [start, end] = ['_records_start', '_records_end'].map((name) => this.elf.symbol(name) - FLASH_BASE);
    return this.flash.bytes.subarray(start, end);
  }

  /** @param {import('./chip.mjs').Remains} [remains] */
  #start(remains) {
    this.#starts += 1;
    const { seed = 1, host = true } = this.#options;
    const { stuckAt } = this;
    // Each start has different noise.
    const noise = (seed + Math.imul(this.#starts, 0x9e37_79b1)) >>> 0;
    const chip = new Chip({ flash: this.flash, translator: this.#translator, seed: noise, stuckAt, remains });
    this.chip = chip;
    this.lightChanges = [];
    chip.rp.gpio[LIGHT].addListener((state) => this.#onLight(state === 1));
    this.#setButton();
    if (!host) return;
    this.host = new UsbHost(chip);
    this.host.reports.onPacket = (report) => this.onReport(report);
    this.host.card.onPacket = (packet) => this.onCardPacket(packet);
    this.enumerate();
  }

  /** Lets the computer reset the bus and enumerate the key. */
  enumerate() {
    this.#guarded(() => this.host?.enumerate());
  }

  /**
   * A control transfer: {@link UsbHost.transfer}.
   * @param {Uint8Array} setup
   * @param {Uint8Array} data
   */
  transfer(setup, data) {
    return this.#guarded(() => this.host?.transfer(setup, data)) ?? SILENCE;
  }

  /** @param {boolean} on */
  #onLight(on) {
    if (this.lightChanges.length === CHANGES_MAX) this.lightChanges.shift();
    this.lightChanges.push({ micros: /** @type {Chip} */ (this.chip).clock.micros, on });
  }

  get light() {
    return this.lightChanges.at(-1)?.on ?? false;
  }

  press() {
    this.held = true;
    this.#setButton();
  }

  release() {
    this.held = false;
    this.#setButton();
  }

  #setButton() {
    if (!this.chip) return;
    this.chip.pins.bootsel = this.held;
    this.chip.rp.gpio[BUTTON].setInputValue(!this.held);
  }

  /**
   * @param {Uint8Array} report
   * @param {() => void} [taken] called when the key has it
   */
  send(report, taken) {
    this.host?.reports.send(report, taken);
  }

  /**
   * Sends a message to the smart card reader.
   * @param {Uint8Array} message
   * @param {() => void} [taken] called when the key has it
   */
  sendToCard(message, taken) {
    this.host?.card.send(message, taken);
  }

  /** Milliseconds since the chip's start. */
  get millis() {
    return this.chip?.clock.millis ?? 0;
  }

  /** Whether the key has nothing to do until a report or an alarm comes. */
  get idle() {
    return !this.chip || (this.chip.asleep && !this.host?.busy);
  }

  /**
   * Lets time pass.
   * @param {number} milliseconds
   */
  run(milliseconds) {
    this.runUntil(() => false, milliseconds);
  }

  /**
   * Lets time pass until a condition holds, and returns whether it does. Ends early if the power goes.
   * @param {() => unknown} condition
   * @param {number} milliseconds
   */
  runUntil(condition, milliseconds) {
    let left = milliseconds;
    while (this.chip && left > 0) {
      const { chip } = this;
      const begun = chip.clock.millis;
      if (this.#guarded(() => chip.runUntil(condition, left))) return true;
      if (!this.chip?.remains) break;
      left -= chip.clock.millis - begun;
      this.resets += 1;
      this.leftInMemory = this.chip.remains.ram.filter(Boolean).length;
      this.#start(this.chip.remains);
    }
    return Boolean(condition());
  }

  /**
   * Runs the chip. After a power cut the key has no power.
   * @template T
   * @param {() => T} run
   * @returns {T | undefined}
   */
  #guarded(run) {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      this.powerOff();
      return undefined;
    }
  }
}
