/**
 * A boot ROM, because rp2040js has none.
 *
 * It has the table in which programs find its functions (RP2040 data sheet §2.8.3). Each function is a breakpoint,
 * which this module handles, and a return.
 */

import { Fault } from './core.mjs';

const FUNCTION_TABLE = 0x40;
const DATA_TABLE = 0x80;
const LOOKUP = 0x100;
const FUNCTIONS = 0x200;
const BKPT = 0xbe00;
const BX_LR = 0x4770;
const LOOKUP_CODE = 1;
const FIRST_CODE = 0x10;

/** Cycles of a call, and of a byte: about as many as with the real ROM. */
const CALL_CYCLES = 20;

const tag = (/** @type {string} */ name) => name.charCodeAt(0) | (name.charCodeAt(1) << 8);

/** The functions of the ROM that the firmware may call. */
export class Rom {
  /** The flash operation that runs. @type {Iterator<number, void> | null} */
  #operation = null;
  #operationEnds = 0;
  #chip;
  /** @type {Record<string, (registers: Uint32Array) => number | void>} */
  #functions = {
    MC: ([to, from, length]) => this.#copy(to, from, length),
    C4: ([to, from, length]) => this.#copy(to, from, length),
    MS: ([to, value, length]) => this.#set(to, value, length),
    S4: ([to, value, length]) => this.#set(to, value, length),
    L3: ([value]) => Math.clz32(value),
    T3: ([value]) => (value ? 31 - Math.clz32(value & -value) : 32),
    P3: ([value]) => value.toString(2).replaceAll('0', '').length,
    R3: ([value]) => Number.parseInt([...value.toString(2).padStart(32, '0')].reverse().join(''), 2),
    IF: () => {},
    EX: () => this.#chip.flashInterface.exitXip(),
    RE: ([offset, length]) => this.#operate(() => this.#chip.flash.erase(offset, length)),
    RP: ([offset, data, length]) => this.#operate(() => this.#chip.flash.program(offset, this.#read(data, length))),
    FC: () => this.#chip.pins.release(),
    CX: () => this.#chip.setXip(true),
  };

  /** @param {import('./chip.mjs').Chip} chip */
  constructor(chip) {
    this.#chip = chip;
    const names = Object.keys(this.#functions);
    const rom = new DataView(new ArrayBuffer(chip.rp.bootrom.byteLength));
    const put = (/** @type {number} */ at, /** @type {number[]} */ ...halfwords) =>
      halfwords.forEach((halfword, index) => rom.setUint16(at + 2 * index, halfword, true));
    // 'M', 'u', 1 and the ROM's version (§2.8.3).
    put(0x10, 0x754d, 0x0201, FUNCTION_TABLE, DATA_TABLE, LOOKUP | 1);
    put(LOOKUP, BKPT | LOOKUP_CODE, BX_LR);
    names.forEach((name, index) => {
      put(FUNCTION_TABLE + 4 * index, tag(name), FUNCTIONS + 4 * index);
      put(FUNCTIONS + 4 * index, BKPT | (FIRST_CODE + index), BX_LR);
    });
    chip.rp.bootrom.set(new Uint32Array(rom.buffer));
    chip.rp.onBreak = (code) => this.#onBreak(code, names);
  }

  /**
   * @param {number} code
   * @param {string[]} names
   */
  #onBreak(code, names) {
    const { core } = this.#chip.rp;
    // A breakpoint without a debugger is a fault, as is UDF.
    if (core.PC >= this.#chip.rp.bootrom.byteLength) throw new Fault('a breakpoint, or an undefined instruction');
    core.registers[0] =
      code === LOOKUP_CODE
        ? this.#lookUp(core.registers[0], core.registers[1])
        : this.#functions[names[code - FIRST_CODE]](core.registers) ?? core.registers[0];
  }

  /**
   * @param {number} table
   * @param {number} wanted
   */
  #lookUp(table, wanted) {
    const { rp } = this.#chip;
    for (let entry = table; rp.readUint16(entry); entry += 4) {
      if (rp.readUint16(entry) === (wanted & 0xffff)) return rp.readUint16(entry + 2) | 1;
    }
    throw new Error(`the firmware looks for a ROM entry that is not emulated: 0x${wanted.toString(16)}`);
  }

  /**
   * @param {number} from
   * @param {number} length
   */
  #read(from, length) {
    return Uint8Array.from({ length }, (_, index) => this.#chip.rp.readUint8(from + index));
  }

  /**
   * @param {number} to
   * @param {number} from
   * @param {number} length
   */
  #copy(to, from, length) {
    for (let index = 0; index < length; index++) {
      this.#chip.rp.writeUint8(to + index, this.#chip.rp.readUint8(from + index));
    }
    this.#chip.rp.core.cycles += CALL_CYCLES + length;
  }

  /**
   * @param {number} to
   * @param {number} value
   * @param {number} length
   */
  #set(to, value, length) {
    for (let index = 0; index < length; index++) this.#chip.rp.writeUint8(to + index, value & 0xff);
    this.#chip.rp.core.cycles += CALL_CYCLES + length;
  }

  /**
   * Runs a flash operation. Until it is done, the breakpoint comes again and again, so that interrupts can be taken if
   * the program allows them.
   * @param {() => Iterator<number, void>} begin
   */
  #operate(begin) {
    const { clock, rp } = this.#chip;
    if (this.#chip.xip) throw new Error('the firmware writes to flash without leaving XIP');
    if (!this.#operation) {
      this.#operation = begin();
      this.#operationEnds = clock.nanos;
    }
    while (clock.nanos >= this.#operationEnds) {
      const step = this.#operation.next();
      if (step.done) {
        this.#operation = null;
        return;
      }
      this.#operationEnds = clock.nanos + step.value;
    }
    clock.skipTo(clock.cyclesAt(this.#operationEnds));
    rp.core.PC -= 2;
  }
}
