/** The flash memory, which survives power cuts. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The Pico's flash, in bytes (Winbond W25Q16JV). */
export const FLASH_SIZE = 2 << 20;
const SECTOR = 4096;
const PAGE = 256;

/** Typical times of its operations, in nanoseconds (W25Q16JV data sheet, AC characteristics). */
export const ERASE_SECTOR = 45e6;
const PROGRAM_PAGE = 0.4e6;

/** What it says of its maker and its size. */
const WINBOND = [0xef, 0x40, 0x15];

/** Thrown by the emulation when the power goes during an operation. */
export class PowerCut extends Error {}

/** NOR flash: an erase sets all bits, and programming clears some. */
export class Flash {
  /** The address space of rp2040js. The chip has the first {@link FLASH_SIZE} bytes of it. */
  bytes = new Uint8Array(16 << 20).fill(0xff);
  /** Erases of a sector and programs of a page so far. */
  operations = 0;
  /** Multiplies the time that operations take: a worn flash is slower. */
  slowness = 1;
  /** After this many operations the power goes. */
  cutAt = Infinity;
  /** Whether it can suspend erases, and its maker. */
  suspends = true;
  jedecId = [...WINBOND];
  /**
   * The suspended erase, and how long the rest of it takes, in nanoseconds.
   * @type {{ sector: number, left: number } | null}
   */
  suspended = null;
  /** Erases suspended so far. */
  suspensions = 0;
  /** After this many suspensions the power goes. */
  cutAtSuspension = Infinity;

  /** @param {import('./elf.mjs').Elf} elf */
  install(elf) {
    for (const { offset, bytes } of elf.flashParts) this.bytes.set(bytes, offset);
  }

  /** Makes it a new one, with nothing in it. */
  renew() {
    this.bytes.fill(0xff);
    Object.assign(this, { slowness: 1, suspends: true, jedecId: [...WINBOND] });
    this.powerOff();
    this.cutAfter();
  }

  /**
   * Cuts the power after so many more operations or suspensions, or not at all.
   * @param {number} [operations]
   * @param {number} [suspensions]
   */
  cutAfter(operations = Infinity, suspensions = Infinity) {
    this.cutAt = this.operations + operations;
    this.cutAtSuspension = this.suspensions + suspensions;
  }

  /**
   * Erases sectors, and yields the time of each, in nanoseconds.
   * @param {number} offset
   * @param {number} length
   */
  *erase(offset, length) {
    this.#check(offset, length, SECTOR);
    for (let sector = offset; sector < offset + length; sector += SECTOR) {
      yield ERASE_SECTOR * this.slowness;
      this.eraseSector(sector);
    }
  }

  /** @param {number} sector */
  eraseSector(sector) {
    this.bytes.fill(0xff, sector, sector + SECTOR);
    this.#done();
  }

  /**
   * Suspends an erase. Some of the sector's bits are set already, so that reads there give noise.
   * @param {number} sector
   * @param {number} left
   */
  suspend(sector, left) {
    this.suspended = { sector, left };
    this.suspensions += 1;
    for (let index = sector, state = this.suspensions; index < sector + SECTOR; index++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      this.bytes[index] |= state >>> 24;
    }
    if (this.suspensions >= this.cutAtSuspension) {
      this.cutAtSuspension = Infinity;
      throw new PowerCut('the power was cut');
    }
  }

  /** The power goes, which ends a suspended erase. */
  powerOff() {
    this.suspended = null;
  }

  /** @param {number} offset */
  checkSector(offset) {
    this.#check(offset, SECTOR, SECTOR);
  }

  /**
   * Programs pages, and yields the time of each, in nanoseconds.
   * @param {number} offset
   * @param {Uint8Array} data
   */
  *program(offset, data) {
    this.#check(offset, data.length, PAGE);
    for (let page = 0; page < data.length; page += PAGE) {
      yield PROGRAM_PAGE * this.slowness;
      for (let index = page; index < page + PAGE; index++) this.bytes[offset + index] &= data[index];
      this.#done();
    }
  }

  /**
   * @param {number} offset
   * @param {number} length
   * @param {number} unit
   */
  #check(offset, length, unit) {
    if (this.suspended || offset % unit || length % unit || offset + length > FLASH_SIZE) {
      throw new Error(`the firmware uses flash wrongly: ${length} bytes at 0x${offset.toString(16)}`);
    }
  }

  #done() {
    this.operations += 1;
    if (this.operations >= this.cutAt) {
      this.cutAt = Infinity;
      throw new PowerCut('the power was cut');
    }
  }

  /** The contents of the chip's flash. */
  image() {
    return this.bytes.slice(0, FLASH_SIZE);
  }

  /** @param {Uint8Array} image */
  load(image) {
    if (image.length !== FLASH_SIZE) throw new RangeError(`a flash image has ${FLASH_SIZE} bytes, not ${image.length}`);
    this.bytes.set(image);
  }

  /**
   * Reads a file, if it exists.
   * @param {string} path
   */
  loadFile(path) {
    if (existsSync(path)) this.load(readFileSync(path));
  }

  /** @param {string} path */
  saveFile(path) {
    writeFileSync(path, this.image(), { mode: 0o600 });
  }
}
