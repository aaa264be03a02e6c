/** The flash's own commands (W25Q16JV data sheet §8.2), as they come over its four wires. */

import { ERASE_SECTOR } from './flash.mjs';

const WRITE_ENABLE = 0x06;
const STATUS_1 = 0x05;
const STATUS_2 = 0x35;
const SECTOR_ERASE = 0x20;
const SUSPEND = 0x75;
const RESUME = 0x7a;
const JEDEC_ID = 0x9f;
const BUSY = 1 << 0;
const WRITE_ENABLED = 1 << 1;
const QUAD_ENABLED = 1 << 1;
const SUSPENDED = 1 << 7;

/** How long a suspend takes, and how long an erase must run after a resume, in nanoseconds: tSUS. */
const SUSPENDING = 20e3;
/** How long it takes to read the status of a busy flash, in nanoseconds. It saves a million of such reads. */
const PATIENCE = 50e3;

/** What the emulation ends with when firmware asks for what a chip would not do. @param {string} what */
const misuse = (what) => new Error(`the firmware uses flash wrongly: ${what}`);

export class SpiFlash {
  #flash;
  #clock;
  /** The bytes since the chip was selected. @type {number[]} */
  #command = [];
  #writeEnabled = false;
  /** The erase that runs: when it ends, when it will be suspended, and when it began. */
  #erase = { sector: 0, ends: 0, suspends: Infinity, since: 0 };
  #erasing = false;

  /**
   * @param {import('./flash.mjs').Flash} flash
   * @param {import('./clock.mjs').Clock} clock
   */
  constructor(flash, clock) {
    this.#flash = flash;
    this.#clock = clock;
  }

  /** A byte in, and one out at the same time. @param {number} byte */
  transfer(byte) {
    this.#command.push(byte);
    this.#advance();
    const [command] = this.#command;
    const answered = this.#command.length - 2;
    if (answered < 0) return 0;
    if (command === STATUS_1) return this.#status();
    if (command === STATUS_2) return QUAD_ENABLED | (this.#flash.suspended ? SUSPENDED : 0);
    return command === JEDEC_ID ? (this.#flash.jedecId[answered] ?? 0) : 0;
  }

  /** The chip is no longer selected, and begins the command. */
  deselect() {
    const [command, ...address] = this.#command;
    this.#command = [];
    if (command === undefined || command === STATUS_1 || command === STATUS_2) return;
    if (this.#erasing && command !== SUSPEND) throw misuse(`command ${command.toString(16)} while it is busy`);
    if (command === WRITE_ENABLE) this.#writeEnabled = true;
    else if (command === SECTOR_ERASE) this.#beginErase(address);
    else if (command === SUSPEND) this.#suspend();
    else if (command === RESUME) this.#resume();
    else if (command !== JEDEC_ID) throw misuse(`command ${command.toString(16)} is not emulated`);
  }

  #status() {
    if (this.#erasing) {
      const { ends, suspends } = this.#erase;
      const { nanos } = this.#clock;
      this.#clock.skipTo(this.#clock.cyclesAt(Math.min(ends, suspends, nanos + PATIENCE)));
    }
    return (this.#erasing ? BUSY : 0) | (this.#writeEnabled ? WRITE_ENABLED : 0);
  }

  /** @param {number[]} address */
  #beginErase(address) {
    if (!this.#writeEnabled) throw misuse('an erase without a write enable');
    if (this.#flash.suspended) throw misuse('an erase while another is suspended');
    if (address.length !== 3) throw misuse('an erase without an address');
    this.#writeEnabled = false;
    const [high, middle, low] = address;
    const sector = (high << 16) | (middle << 8) | low;
    this.#flash.checkSector(sector);
    this.#run(sector, ERASE_SECTOR * this.#flash.slowness);
  }

  /**
   * @param {number} sector
   * @param {number} left nanoseconds
   */
  #run(sector, left) {
    const since = this.#clock.nanos;
    this.#erase = { sector, ends: since + left, suspends: Infinity, since };
    this.#erasing = true;
  }

  #suspend() {
    // Ignored if nothing runs (data sheet, Erase Suspend), and by a flash that cannot suspend.
    if (!this.#erasing || !this.#flash.suspends) return;
    const { nanos } = this.#clock;
    if (nanos < this.#erase.since + SUSPENDING) throw misuse('a suspend too soon after the beginning');
    this.#erase.suspends = nanos + SUSPENDING;
  }

  #resume() {
    const { suspended } = this.#flash;
    if (!suspended) throw misuse('a resume without a suspended erase');
    this.#flash.suspended = null;
    this.#run(suspended.sector, suspended.left);
  }

  /** Finishes what has ended meanwhile. */
  #advance() {
    if (!this.#erasing) return;
    const { sector, ends, suspends } = this.#erase;
    const { nanos } = this.#clock;
    if (nanos < Math.min(ends, suspends)) return;
    this.#erasing = false;
    if (ends <= suspends) this.#flash.eraseSector(sector);
    else this.#flash.suspend(sector, ends - suspends);
  }
}
