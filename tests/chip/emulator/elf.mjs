/** Reads the firmware: a 32-bit little-endian ELF file for Arm. */

import { readFileSync } from 'node:fs';

const EM_ARM = 40;
const PT_LOAD = 1;
const SHT_SYMTAB = 2;

/** The addresses of an RP2040's memories (RP2040 data sheet §2.2). */
export const FLASH_BASE = 0x1000_0000;
export const FLASH_END = 0x1100_0000;
export const RAM_BASE = 0x2000_0000;
export const RAM_END = 0x2004_2000;

/**
 * A part of the file that is loaded into memory.
 * @typedef {object} Segment
 * @property {number} physical where its bytes are in flash
 * @property {number} virtual where the program finds it
 * @property {Uint8Array} bytes what is loaded
 * @property {number} memory how much memory it takes, in bytes: at least as much
 */

const isFlash = (/** @type {number} */ address) => address >= FLASH_BASE && address < FLASH_END;
const isRam = (/** @type {number} */ address) => address >= RAM_BASE && address < RAM_END;

/** A linked program. */
export class Elf {
  /** @type {Segment[]} */
  segments = [];
  /** @type {Map<string, number>} the address of each symbol */
  symbols = new Map();

  /** @param {string} path */
  constructor(path) {
    const file = readFileSync(path);
    if (file.length < 52 || file.readUInt32BE(0) !== 0x7f45_4c46 || file.readUInt16LE(18) !== EM_ARM) {
      throw new Error(`${path} is not an ELF file for Arm`);
    }
    this.#readSegments(file);
    this.#readSymbols(file);
  }

  /** @param {Buffer} file */
  #readSegments(file) {
    const [table, size, count] = [file.readUInt32LE(28), file.readUInt16LE(42), file.readUInt16LE(44)];
    for (let index = 0; index < count; index++) {
      const header = table + index * size;
      if (file.readUInt32LE(header) !== PT_LOAD) continue;
      const offset = file.readUInt32LE(header + 4);
      this.segments.push({
        virtual: file.readUInt32LE(header + 8),
        physical: file.readUInt32LE(header + 12),
        bytes: file.subarray(offset, offset + file.readUInt32LE(header + 16)),
        memory: file.readUInt32LE(header + 20),
      });
    }
  }

  /** @param {Buffer} file */
  #readSymbols(file) {
    const [table, size, count] = [file.readUInt32LE(32), file.readUInt16LE(46), file.readUInt16LE(48)];
    const section = (/** @type {number} */ index) => {
      const header = table + index * size;
      const [type, offset, length, link] = [4, 16, 20, 24].map((field) => file.readUInt32LE(header + field));
      return { type, offset, length, link };
    };
    for (let index = 0; index < count; index++) {
      const symbols = section(index);
      if (symbols.type !== SHT_SYMTAB) continue;
      const names = section(symbols.link).offset;
      for (let entry = symbols.offset; entry < symbols.offset + symbols.length; entry += 16) {
        const name = names + file.readUInt32LE(entry);
        this.symbols.set(file.toString('latin1', name, file.indexOf(0, name)), file.readUInt32LE(entry + 4));
      }
    }
  }

  /**
   * The address of a symbol. Without such a symbol, an error.
   * @param {string} name
   */
  symbol(name) {
    const address = this.symbols.get(name);
    if (address === undefined) throw new Error(`the firmware has no symbol ${name}`);
    return address;
  }

  /** The bytes that are written to flash: code, constants and the first values of variables. */
  get flashSize() {
    return sum(this.segments.filter(({ physical }) => isFlash(physical)).map(({ bytes }) => bytes.length));
  }

  /** The bytes of RAM that are always in use: variables, and code that runs from RAM. */
  get staticRam() {
    return sum(this.segments.filter(({ virtual }) => isRam(virtual)).map(({ memory }) => memory));
  }

  /** The parts that are written to flash, with their offset in it. */
  get flashParts() {
    return this.segments
      .filter(({ physical }) => isFlash(physical))
      .map(({ physical, bytes }) => ({ offset: physical - FLASH_BASE, bytes }));
  }
}

const sum = (/** @type {number[]} */ numbers) => numbers.reduce((total, number) => total + number, 0);
