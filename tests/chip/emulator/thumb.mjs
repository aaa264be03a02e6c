/**
 * Thumb instructions as JavaScript (Armv6-M reference manual §A6.7).
 *
 * Registers are int32 variables r0 … r14. The flags are `nz` (negative: N, zero: Z), `c` (0 or 1) and `v`. The code
 * changes only registers, flags, RAM and flash. An instruction that would do more leaves its block first, and rp2040js
 * executes it. The cycles are those of rp2040js.
 */

/**
 * An instruction.
 * @typedef {object} Instruction
 * @property {string} code its effect but for the flags
 * @property {number} cycles
 * @property {{ nz?: string, c?: string, v?: string }} [sets] how it sets flags, after `code`
 * @property {string} [uses] the flags that it looks at, by their first letters
 * @property {boolean} [leaves] it may leave the block before it does anything
 * @property {number} [size] in bytes
 * @property {{ target: number, condition?: string, cycles: number }} [branch]
 * @property {string} [jump] where it ends the block by going to an address that is computed
 */

/** Conditions of branches (§A6.3), and the flags that they look at. */
const CONDITIONS = [
  ['nz === 0', 'n'],
  ['nz !== 0', 'n'],
  ['c', 'c'],
  ['!c', 'c'],
  ['nz < 0', 'n'],
  ['nz >= 0', 'n'],
  ['v', 'v'],
  ['!v', 'v'],
  ['c && nz !== 0', 'nc'],
  ['!c || nz === 0', 'nc'],
  ['nz < 0 === v', 'nv'],
  ['nz < 0 !== v', 'nv'],
  ['nz !== 0 && nz < 0 === v', 'nv'],
  ['nz === 0 || nz < 0 !== v', 'nv'],
];

const SIGNS = { nz: 'z' };

/** x + y + carry. A subtraction adds the complement. */
const sum = (/** @type {string} */ x, /** @type {string} */ y, /** @type {string} */ carry, to = '') => ({
  code: `x = ${x}; y = ${y}; z = (x + y + ${carry}) | 0; ${to && `${to} = z;`}`,
  cycles: 1,
  sets: { nz: 'z', c: '((x & y) | ((x | y) & ~z)) >>> 31', v: '((x ^ z) & (y ^ z)) < 0' },
  uses: carry === 'c' ? 'c' : '',
});
const add = (/** @type {string} */ to, /** @type {string} */ x, /** @type {string} */ y) => sum(x, y, '0', to);
const subtract = (/** @type {string} */ x, /** @type {string} */ y, to = '') => sum(x, `~(${y})`, '1', to);
const logic = (/** @type {string} */ value, to = '') => ({
  code: `z = ${value}; ${to && `${to} = z;`}`,
  cycles: 1,
  sets: SIGNS,
});
const plain = (/** @type {string} */ code) => ({ code, cycles: 1 });

/** Shifts by a constant. @type {(kind: number, to: string, x: string, by: number) => Instruction} */
const shift = (kind, to, x, by) => {
  if (kind === 0 && by === 0) return logic(x, to);
  const value = [`x << ${by}`, by ? `x >>> ${by}` : '0', `x >> ${by || 31}`][kind];
  const carry = kind === 0 ? `x >>> ${32 - by} & 1` : `x >>> ${(by || 32) - 1} & 1`;
  return { code: `x = ${x}; z = ${value} | 0; ${to} = z;`, cycles: 1, sets: { nz: 'z', c: carry } };
};

/**
 * Shifts by a register. A shift by nothing leaves the carry alone.
 * @type {(to: string, by: string, value: string, carry: string) => Instruction}
 */
const shiftBy = (to, by, value, carry) => ({
  code: `x = ${to}; y = ${by} & 255; z = (${value}) | 0; ${to} = z;`,
  cycles: 1,
  sets: { nz: 'z', c: `y === 0 ? c : ${carry}` },
  uses: 'c',
});

/** The sixteen instructions on two low registers (§A5.2.2). @type {((d: string, m: string) => Instruction)[]} */
const DATA_PROCESSING = [
  (d, m) => logic(`${d} & ${m}`, d),
  (d, m) => logic(`${d} ^ ${m}`, d),
  (d, m) => shiftBy(d, m, 'y < 32 ? x << y : 0', 'y > 32 ? 0 : x >>> 32 - y & 1'),
  (d, m) => shiftBy(d, m, 'y < 32 ? x >>> y : 0', 'y > 32 ? 0 : x >>> y - 1 & 1'),
  (d, m) => shiftBy(d, m, 'x >> (y < 32 ? y : 31)', 'x >>> (y < 32 ? y - 1 : 31) & 1'),
  (d, m) => sum(d, m, 'c', d),
  (d, m) => sum(d, `~${m}`, 'c', d),
  (d, m) => shiftBy(d, m, 'x >>> (y & 31) | x << (32 - y & 31)', 'z >>> 31'),
  (d, m) => logic(`${d} & ${m}`),
  (d, m) => subtract('0', m, d),
  (d, m) => subtract(d, m),
  (d, m) => sum(d, m, '0'),
  (d, m) => logic(`${d} | ${m}`, d),
  (d, m) => logic(`Math.imul(${d}, ${m})`, d),
  (d, m) => logic(`${d} & ~${m}`, d),
  (d, m) => logic(`~${m}`, d),
];

/** Extensions and reversals, by bits 11 to 6 of 1011xxxxxx. @type {Record<number, (m: string) => string>} */
const MISCELLANEOUS = {
  0b001000: (m) => `${m} << 16 >> 16`,
  0b001001: (m) => `${m} << 24 >> 24`,
  0b001010: (m) => `${m} & 0xffff`,
  0b001011: (m) => `${m} & 0xff`,
  0b101000: (m) => `${m} << 24 | (${m} & 0xff00) << 8 | ${m} >>> 8 & 0xff00 | ${m} >>> 24`,
  0b101001: (m) => `(${m} & 0xff00ff) << 8 | ${m} >>> 8 & 0xff00ff`,
  0b101011: (m) => `(${m} << 24 | (${m} & 0xff00) << 8) >> 16`,
};

const NOP = 0xbf00;
const LEAVE = 'LEAVE';
const UNIT = { 1: '8', 2: '16', 4: '32' };
const INDEX = { 1: '', 2: ' >>> 1', 4: ' >>> 2' };

/**
 * rp2040js does what is neither in RAM nor in flash, and what is not aligned.
 * @param {string} to
 * @param {string} address
 * @param {1 | 2 | 4} size
 */
const load = (to, address, size, signed = false) => {
  const cast = signed ? (size === 1 ? ' << 24 >> 24' : ' << 16 >> 16') : '';
  const aligned = size === 1 ? '' : ` && !(t & ${size - 1})`;
  const at = (/** @type {string} */ memory, /** @type {string} */ place) =>
    `${memory}${UNIT[size]}[${place}${INDEX[size]}]${cast}`;
  return {
    code: `t = ${address}; u = t - 0x20000000 >>> 0;
      if (u < 0x42000${aligned}) ${to} = ${at('ram', 'u')};
      else if (t >>> 24 === 0x10${aligned}) ${to} = ${at('flash', '(t & 0xffffff)')};
      else ${LEAVE}`,
    cycles: 2,
    leaves: true,
  };
};
const store = (/** @type {string} */ from, /** @type {string} */ address, /** @type {1 | 2 | 4} */ size) => ({
  code: `t = ${address}; u = t - 0x20000000 >>> 0;
    if (u < 0x42000${size === 1 ? '' : ` && !(t & ${size - 1})`}) ram${UNIT[size]}[u${INDEX[size]}] = ${from};
    else ${LEAVE}`,
  cycles: 2,
  leaves: true,
});

/** @param {number} list */
const members = (list) => [...Array(8).keys()].filter((register) => list & (1 << register));
const inRam = (/** @type {number} */ words) => `if (u > 0x42000 - ${4 * words} || u & 3) ${LEAVE}`;

/** @param {number} list @param {boolean} lr */
function push(list, lr) {
  const registers = [...members(list).map((register) => `r${register}`), ...(lr ? ['r14'] : [])];
  const stores = registers.map((register, index) => `ram32[u + ${index}] = ${register};`);
  return {
    code: `t = r13 - ${4 * registers.length} | 0; u = t - 0x20000000 >>> 0; ${inRam(registers.length)}
      u >>>= 2; ${stores.join(' ')} r13 = t;`,
    cycles: 1 + members(list).length,
    leaves: true,
  };
}

/** @param {number} list @param {boolean} pc */
function pop(list, pc) {
  const loads = members(list).map((register, index) => `r${register} = ram32[u + ${index}];`);
  const words = loads.length + (pc ? 1 : 0);
  // rp2040js does the return from an exception.
  const target = pc ? `y = ram32[u + ${loads.length}]; if (y >>> 28 === 15) ${LEAVE}` : '';
  return {
    code: `u = r13 - 0x20000000 >>> 0; ${inRam(words)}
      u >>>= 2; ${target} ${loads.join(' ')} r13 = r13 + ${4 * words} | 0;`,
    cycles: 1 + loads.length + (pc ? 2 : 0),
    leaves: true,
    ...(pc && { jump: 'y & ~1' }),
  };
}

/** @param {boolean} loads @param {number} base @param {number} list */
function multiple(loads, base, list) {
  const registers = members(list);
  const moves = registers.map((register, index) =>
    loads ? `r${register} = ram32[u + ${index}];` : `ram32[u + ${index}] = r${register};`,
  );
  // The base becomes the end of the list, unless it is in the list itself.
  const writeBack = list & (1 << base) ? '' : `r${base} = t + ${4 * registers.length} | 0;`;
  return {
    code: `t = r${base}; u = t - 0x20000000 >>> 0; ${inRam(registers.length)}
      u >>>= 2; ${moves.join(' ')} ${writeBack}`,
    cycles: 1 + registers.length,
    leaves: true,
  };
}

/** BL (§A6.7.13). @param {number} first @param {number} second @param {number} pc */
function call(first, second, pc) {
  const sign = (first >> 10) & 1;
  const bit = (/** @type {number} */ j) => 1 - (sign ^ ((second >> j) & 1));
  const offset = (-sign << 24) | (bit(13) << 23) | (bit(11) << 22) | ((first & 0x3ff) << 12) | ((second & 0x7ff) << 1);
  return { code: `r14 = ${(pc + 4) | 1};`, cycles: 0, size: 4, branch: { target: pc + 4 + offset, cycles: 3 } };
}

/** Instructions with any of the sixteen registers (§A5.2.3). @param {number} op @param {string} pc */
function special(op, pc) {
  const register = (/** @type {number} */ number) => (number === 15 ? pc : `r${number}`);
  const [d, m] = [((op >> 4) & 8) | (op & 7), (op >> 3) & 15];
  const to = d === 13 ? ' & ~3' : '';
  switch ((op >> 8) & 3) {
    case 0:
      return d === 15 ? null : plain(`r${d} = (r${d} + ${register(m)} | 0)${to};`);
    case 1:
      return subtract(register(d), register(m));
    case 2:
      return d === 15 ? null : plain(`r${d} = ${register(m)}${to};`);
    default: {
      const link = op & 0x80 ? `r14 = ${pc} - 1;` : `if (y >>> 28 === 15) ${LEAVE}`;
      return m === 15 ? null : { code: `y = r${m}; ${link}`, cycles: 2, leaves: true, jump: 'y & ~1' };
    }
  }
}

/** @param {number} op @returns {Instruction | null} */
function miscellaneous(op) {
  const low = `r${op & 7}`;
  if (op >> 7 === 0b101100000) return plain(`r13 = r13 + ${(op & 0x7f) << 2} | 0;`);
  if (op >> 7 === 0b101100001) return plain(`r13 = r13 - ${(op & 0x7f) << 2} | 0;`);
  if (op >> 9 === 0b1011010) return push(op & 0xff, Boolean(op & 0x100));
  if (op >> 9 === 0b1011110) return pop(op & 0xff, Boolean(op & 0x100));
  if (op === NOP) return plain('');
  const extend = MISCELLANEOUS[(op >> 6) & 0x3f];
  return extend ? plain(`${low} = ${extend(`r${(op >> 3) & 7}`)};`) : null;
}

/** The offsets of branches, in bytes. */
const signed = (/** @type {number} */ value, /** @type {number} */ bits) => (value << (32 - bits)) >> (31 - bits);

/**
 * Reads the instruction at `address`. `null` if rp2040js must execute it.
 * @param {number} address
 * @param {number} op
 * @param {number} next the halfword behind it
 * @returns {Instruction | null}
 */
export function decode(address, op, next) {
  const pc = String((address + 4) | 0);
  const aligned = ((address + 4) & ~3) | 0;
  const [d, n, m] = [0, 3, 6].map((place) => `r${(op >> place) & 7}`);
  const [high, imm5, imm8] = [`r${(op >> 8) & 7}`, (op >> 6) & 31, op & 0xff];
  const offset = (/** @type {number} */ size) => `${n} + ${imm5 * size} | 0`;
  const indexed = `${n} + ${m} | 0`;
  switch (op >> 11) {
    case 0: case 1: case 2:
      return shift(op >> 11, d, n, imm5);
    case 3: {
      const value = op & 0x400 ? String((op >> 6) & 7) : m;
      return op & 0x200 ? subtract(n, value, d) : add(d, n, value);
    }
    case 4: return logic(String(imm8), high);
    case 5: return subtract(high, String(imm8));
    case 6: return add(high, high, String(imm8));
    case 7: return subtract(high, String(imm8), high);
    case 8: return op & 0x400 ? special(op, pc) : DATA_PROCESSING[(op >> 6) & 15](d, n);
    case 9: return load(high, String(aligned + 4 * imm8), 4);
    case 10: case 11:
      return [
        () => store(d, indexed, 4), () => store(d, indexed, 2), () => store(d, indexed, 1),
        () => load(d, indexed, 1, true),
        () => load(d, indexed, 4), () => load(d, indexed, 2), () => load(d, indexed, 1),
        () => load(d, indexed, 2, true),
      ][(op >> 9) & 7]();
    case 12: return store(d, offset(4), 4);
    case 13: return load(d, offset(4), 4);
    case 14: return store(d, offset(1), 1);
    case 15: return load(d, offset(1), 1);
    case 16: return store(d, offset(2), 2);
    case 17: return load(d, offset(2), 2);
    case 18: return store(high, `r13 + ${4 * imm8} | 0`, 4);
    case 19: return load(high, `r13 + ${4 * imm8} | 0`, 4);
    case 20: return plain(`${high} = ${aligned + 4 * imm8};`);
    case 21: return plain(`${high} = r13 + ${4 * imm8} | 0;`);
    case 22: case 23: return miscellaneous(op);
    case 24: case 25: return imm8 ? multiple(op >> 11 === 25, (op >> 8) & 7, imm8) : null;
    case 26: case 27: {
      const kind = CONDITIONS[(op >> 8) & 15];
      if (!kind) return null;
      const branch = { target: address + 4 + signed(imm8, 8), condition: kind[0], cycles: 2 };
      return { code: '', cycles: 1, uses: kind[1], branch };
    }
    case 28: return { code: '', cycles: 0, branch: { target: address + 4 + signed(op & 0x7ff, 11), cycles: 2 } };
    case 30: return (next & 0xd000) === 0xd000 ? call(op, next, address) : null;
    default: return null;
  }
}
