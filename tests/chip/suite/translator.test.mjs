/** Translated code does the same as rp2040js. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RP2040 } from 'rp2040js';

import { Clock } from '../emulator/clock.mjs';
import { decode } from '../emulator/thumb.mjs';
import { Memory, translate } from '../emulator/translator.mjs';

const CODE = 0x2000_1000;
const DATA = 0x2002_0000;
const ROUNDS = 3000;
const LENGTH = 8;

/** xorshift32, so that failures can be repeated. */
let state = 0x2545_f491;
function random(/** @type {number} */ below) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

/** Values at which flags change. */
const EDGES = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff, 31, 32, 33, 0xff, 0x100];

/** ADCS and SBCS. If only the carry makes the overflow, rp2040js gets it wrong. */
const isMiscounted = (/** @type {number} */ op) => [0b0100000101, 0b0100000110].includes(op >> 6);
/** Shifts by a register. If they shift by nothing or by too much, rp2040js gets the carry wrong. */
const isMisshifted = (/** @type {number} */ op) =>
  [0b0100000010, 0b0100000011, 0b0100000100, 0b0100000111].includes(op >> 6);

function anInstruction() {
  for (;;) {
    const op = random(0x1_0000);
    const decoded = decode(CODE, op, 0);
    if (!decoded || decoded.branch || decoded.jump || decoded.size) continue;
    if (!isMiscounted(op) && !isMisshifted(op)) return op;
  }
}

function aChip() {
  const clock = new Clock();
  const rp = new RP2040(/** @type {any} */ (clock));
  clock.attach(rp);
  rp.logger = { debug() {}, info() {}, warn() {}, error() {} };
  return { rp, memory: new Memory(/** @type {any} */ ({ rp })) };
}
const [translated, interpreted] = [aChip(), aChip()];
const NOISE = Uint8Array.from({ length: 0x4_2000 }, (_, at) => at * 167 + (at >> 8) * 13);

/**
 * Prepares a chip to run some code, with these values in its registers.
 * @param {ReturnType<typeof aChip>} chip
 * @param {number[]} code
 * @param {number[]} registers
 * @param {boolean[]} flags
 */
function prepare({ rp }, code, registers, flags) {
  rp.sram.set(NOISE);
  code.forEach((op, index) => rp.writeUint16(CODE + 2 * index, op));
  rp.core.registers.set(registers);
  rp.core.PC = CODE;
  rp.core.cycles = 0;
  [rp.core.N, rp.core.Z, rp.core.C, rp.core.V] = flags;
}

const outcome = (/** @type {RP2040} */ { core, sram }) => ({
  registers: [...core.registers],
  flags: [core.N, core.Z, core.C, core.V],
  cycles: core.cycles,
  stack: Buffer.from(sram.subarray(0x1_ff00, 0x2_0100)).toString('hex'),
});

test('sequences of instructions end as rp2040js ends them', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const code = Array.from({ length: LENGTH }, anInstruction);
    const registers = Array.from({ length: 15 }, (_, index) => {
      if (index === 13 || random(3) === 0) return DATA + 4 * random(16);
      return random(2) ? EDGES[random(EDGES.length)] : random(0x1_0000_0000);
    });
    const isZero = random(2) === 1;
    const flags = [!isZero && random(2) === 1, isZero, random(2) === 1, random(2) === 1];
    for (const chip of [translated, interpreted]) prepare(chip, code, registers, flags);
    translate(CODE, translated.memory.ram16, LENGTH)?.(translated.rp.core, translated.memory, 1);
    // If it has left the block early, it must be where rp2040js was at that time.
    while (interpreted.rp.core.PC !== translated.rp.core.PC) interpreted.rp.step();
    assert.deepEqual(outcome(translated.rp), outcome(interpreted.rp), code.map((op) => op.toString(16)).join(' '));
  }
});

/** Runs one translated instruction. The expected results are from the manual, because rp2040js differs. */
function single(/** @type {number} */ op, /** @type {number[]} */ registers, carry = false) {
  const { rp, memory } = translated;
  prepare(translated, [op], [...registers, ...Array(15 - registers.length).fill(0)], [false, false, carry, false]);
  translate(CODE, memory.ram16, 1)?.(rp.core, memory, 1);
  const { N, Z, C, V } = rp.core;
  return [rp.core.registers[0], [N && 'N', Z && 'Z', C && 'C', V && 'V'].filter(Boolean).join('')];
}

test('carries and overflows are those of the manual, where rp2040js is wrong', () => {
  const [ADCS, SBCS, LSLS, LSRS, ASRS, RORS] = [0x4148, 0x4188, 0x4088, 0x40c8, 0x4108, 0x41c8];
  for (const [op, a, b, carry, result, flags] of /** @type {[number, number, number, boolean, number, string][]} */ ([
    [ADCS, 0x7fff_ffff, 0, true, 0x8000_0000, 'NV'],
    [ADCS, 0xffff_ffff, 0xffff_ffff, true, 0xffff_ffff, 'NC'],
    [ADCS, 0, 0xffff_ffff, true, 0, 'ZC'],
    [SBCS, 0, 0x7fff_ffff, false, 0x8000_0000, 'N'],
    [SBCS, 5, 5, true, 0, 'ZC'],
    [SBCS, 5, 5, false, 0xffff_ffff, 'N'],
    [SBCS, 0x8000_0000, 0, false, 0x7fff_ffff, 'CV'],
    [LSLS, 3, 0, true, 3, 'C'],
    [LSLS, 3, 32, false, 0, 'ZC'],
    [LSLS, 3, 33, true, 0, 'Z'],
    [LSRS, 0x8000_0000, 32, false, 0, 'ZC'],
    [LSRS, 5, 1, false, 2, 'C'],
    [LSRS, 5, 0, false, 5, ''],
    [ASRS, 0x8000_0000, 40, false, 0xffff_ffff, 'NC'],
    [ASRS, 4, 3, false, 0, 'ZC'],
    [RORS, 1, 1, false, 0x8000_0000, 'NC'],
    [RORS, 1, 32, true, 1, ''],
    [RORS, 1, 256, true, 1, 'C'],
  ])) {
    assert.deepEqual(single(op, [a, b], carry), [result, flags], `${op.toString(16)} ${a} ${b}`);
  }
});
