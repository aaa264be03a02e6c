/**
 * Translates the firmware's code to JavaScript while it runs. That is some ten times as fast as the interpreter of
 * rp2040js, so that the suites take minutes. It counts the same cycles: `translator.test.mjs` compares both.
 */

import { decode } from './thumb.mjs';

/** How often code must run before it is translated. */
const HOT = 1000;
/** The most instructions in a block. Interrupts wait for the end of a block. */
const LONGEST = 60;

/** The memories, in the forms that blocks use. */
export class Memory {
  /** @param {import('./chip.mjs').Chip} chip */
  constructor({ rp }) {
    this.registers = new Int32Array(rp.core.registers.buffer);
    this.ram8 = rp.sram;
    this.ram16 = new Uint16Array(rp.sram.buffer);
    this.ram32 = new Int32Array(rp.sram.buffer);
    this.flash8 = rp.flash;
    this.flash16 = new Uint16Array(rp.flash.buffer);
    this.flash32 = new Int32Array(rp.flash.buffer);
  }
}

/** @typedef {(core: any, memory: Memory, limit: number) => void} Block */

/** For code elsewhere, such as in the boot ROM, which is never translated. */
const NOTHING = /** @type {undefined[]} */ ([]);

/** The translated code of one firmware. All chips that run it share it. */
export class Translator {
  /** Where the firmware has code that does not change: in flash, and the part of RAM that is loaded. */
  #code;
  /** For each halfword, how often it was reached, or its block. `null` if it cannot have one. */
  #flash = /** @type {(number | Block | null | undefined)[]} */ ([]);
  #ram = /** @type {(number | Block | null | undefined)[]} */ ([]);

  /** @param {import('./elf.mjs').Elf} elf */
  constructor(elf) {
    this.#code = elf.segments.map(({ virtual, bytes }) => ({ start: virtual, end: virtual + bytes.length }));
  }

  /**
   * The block that begins at `pc`, if it runs often enough.
   * @param {number} pc
   * @param {Memory} memory
   * @returns {Block | null}
   */
  at(pc, memory) {
    const table = pc >>> 28 === 1 ? this.#flash : pc >>> 28 === 2 ? this.#ram : NOTHING;
    const index = (pc & 0xffffff) >>> 1;
    const known = table[index];
    if (typeof known === 'function') return known;
    if (known === null) return null;
    if (known === undefined && !this.#code.some(({ start, end }) => pc >= start && pc < end)) return null;
    const reached = (known ?? 0) + 1;
    table[index] = reached < HOT ? reached : translate(pc, pc >>> 28 === 1 ? memory.flash16 : memory.ram16);
    return null;
  }
}

/**
 * @param {number} start
 * @param {Uint16Array} code the memory that it lies in
 * @returns {Block | null}
 */
export function translate(start, code, longest = LONGEST) {
  const instructions = [];
  for (let pc = start; instructions.length < longest; ) {
    const at = (pc & 0xffffff) >>> 1;
    const instruction = decode(pc, code[at], code[at + 1]);
    if (!instruction) break;
    instructions.push({ ...instruction, pc });
    pc += instruction.size ?? 2;
    if (instruction.jump || (instruction.branch && !instruction.branch.condition)) break;
  }
  return instructions.length === 0 ? null : compile(start, instructions);
}

/**
 * @param {number} start
 * @param {(import('./thumb.mjs').Instruction & { pc: number })[]} instructions
 * @returns {Block}
 */
function compile(start, instructions) {
  const wanted = wantedFlags(instructions);
  let cycles = 0;
  const leave = (/** @type {string | number} */ pc, /** @type {number} */ extra) =>
    `{ pc = ${pc}; n += ${cycles + extra}; break out; }`;
  const repeat = (/** @type {number} */ extra) =>
    `{ n += ${cycles + extra}; if (n < limit) continue; pc = ${start}; break out; }`;
  const go = (/** @type {number} */ target, /** @type {number} */ extra) =>
    target === start ? repeat(extra) : leave(target, extra);
  const lines = instructions.map((instruction, index) => {
    const { pc, branch, jump, sets = {} } = instruction;
    const flags = Object.entries(sets).filter(([flag]) => wanted[index].has(flag));
    // The carry of a shift by a register depends on the old carry. `nz` depends on the result only.
    const code = instruction.code.replaceAll('LEAVE', leave(pc, 0));
    const parts = [code, ...flags.map(([flag, value]) => `${flag} = ${value};`)];
    if (branch?.condition) parts.push(`if (${branch.condition}) ${go(branch.target, branch.cycles)}`);
    cycles += instruction.cycles;
    if (branch && !branch.condition) parts.push(go(branch.target, branch.cycles));
    if (jump) parts.push(leave(jump, 0));
    return parts.join(' ');
  });
  const last = /** @type {(typeof instructions)[0]} */ (instructions.at(-1));
  if (!last.jump && (!last.branch || last.branch.condition)) lines.push(leave(last.pc + (last.size ?? 2), 0));
  return build(lines.join('\n'));
}

/**
 * For each instruction, the flags that are used before they are set again.
 * @param {import('./thumb.mjs').Instruction[]} instructions
 */
function wantedFlags(instructions) {
  let wanted = new Set(['nz', 'c', 'v']);
  return instructions
    .toReversed()
    .map(({ sets = {}, uses = '', leaves, branch }) => {
      const here = wanted;
      wanted = new Set(leaves || branch ? ['nz', 'c', 'v'] : [...wanted].filter((flag) => !(flag in sets)));
      for (const flag of ['nz', 'c', 'v']) if (uses.includes(flag[0])) wanted.add(flag);
      return here;
    })
    .toReversed();
}

/**
 * A function of a block's lines. It takes registers and flags from the core, and writes back what may have changed.
 * @param {string} lines
 * @returns {Block}
 */
function build(lines) {
  const has = (/** @type {string} */ name) => new RegExp(`\\b${name}\\b`).test(lines);
  const changes = (/** @type {string} */ name) => new RegExp(`\\b${name} = `).test(lines);
  const registers = [...Array(15).keys()].filter((number) => has(`r${number}`));
  const memories = ['ram8', 'ram16', 'ram32', 'flash8', 'flash16', 'flash32'].filter(has);
  const source = `
    let pc = 0, n = 0, x = 0, y = 0, z = 0, t = 0, u = 0;
    const r = memory.registers;
    ${memories.map((name) => `const ${name} = memory.${name};`).join(' ')}
    ${registers.map((number) => `let r${number} = r[${number}];`).join(' ')}
    let nz = core.Z ? 0 : core.N ? -1 : 1, c = core.C ? 1 : 0, v = core.V;
    out: for (;;) {
      ${lines}
    }
    ${registers.filter((number) => changes(`r${number}`)).map((number) => `r[${number}] = r${number};`).join(' ')}
    ${changes('nz') ? 'core.N = nz < 0; core.Z = nz === 0;' : ''}
    ${changes('c') ? 'core.C = c !== 0;' : ''}
    ${changes('v') ? 'core.V = v;' : ''}
    r[15] = pc;
    core.cycles += n;`;
  return /** @type {Block} */ (new Function('core', 'memory', 'limit', source));
}
