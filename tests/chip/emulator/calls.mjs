/**
 * Calls of the firmware's functions, again and again with other secrets.
 *
 * The firmware runs until it calls a function by itself. That call is then repeated from the same state of the chip,
 * but for what a test changes in memory: the secret. Interrupts are off meanwhile, and the clock stands still. In the
 * end the chip is as it was, and goes on.
 */

import { FLASH_BASE, FLASH_END, RAM_BASE, RAM_END } from './elf.mjs';
import { not, only } from './refusal.mjs';
import { Memory } from './translator.mjs';

const [SP, LR, PC] = [13, 14, 15];
/** What a call of a test's own returns to: no address of the firmware's. */
const NOWHERE = 0x1fff_fffe;
/** The most cycles of a call: the longest takes a tenth of this. */
const LONGEST = 500_000_000;

/** How rustc writes what no symbol may hold (its legacy mangling). @type {Record<string, string>} */
const ESCAPES = { LT: '<', GT: '>', RF: '&', BP: '*', C: ',', LP: '(', RP: ')' };

/** The path of a Rust function, without the hash behind it. @param {string} symbol */
export function demangle(symbol) {
  let rest = /^_ZN(.*)E$/.exec(symbol)?.[1] ?? '';
  const parts = [];
  for (let size; (size = /^\d+/.exec(rest)?.[0]); rest = rest.slice(size.length + Number(size))) {
    parts.push(rest.slice(size.length, size.length + Number(size)));
  }
  const escape = (/** @type {string} */ name) =>
    name.startsWith('u') ? String.fromCodePoint(Number.parseInt(name.slice(1), 16)) : (ESCAPES[name] ?? '?');
  return parts
    .slice(0, -1)
    .map((part) => part.replace(/^_(?=\$)/, '').replaceAll(/\$(\w+)\$/g, (_, name) => escape(name)))
    .join('::')
    .replaceAll('..', '::');
}

/**
 * The address of a function, by the end of its path.
 * @param {import('./elf.mjs').Elf} elf
 * @param {string} path
 */
export function addressOf({ symbols }, path) {
  const found = new Map();
  for (const [symbol, address] of symbols) {
    const name = demangle(symbol);
    const before = name.at(-path.length - 1) ?? '';
    if (name.endsWith(path) && !/\w/.test(before)) found.set(address & ~1, name);
  }
  const [address, ...others] = found.keys();
  if (address === undefined || others.length) {
    throw not(`the firmware has ${found.size} functions ${path}: ${[...found.values()].join(', ')}`);
  }
  return address;
}

/** @typedef {{ function: string, registers: Record<string, number> }} Preparation a call before the one that counts */
/** @typedef {{ at: number, bytes: string }} Change in hexadecimal */
/**
 * @typedef {object} Call
 * @property {Change[]} [changes] of the memory
 * @property {Preparation[]} [before]
 */
/**
 * @typedef {object} Plan
 * @property {Call[]} calls
 * @property {string} [until] the call ends with the return of this function, which it calls; else with its own
 * @property {{ at: number, length: number }[]} [reads] what to tell of the memory after a call
 * @property {boolean} [trace] whether to tell a digest of all addresses, in the order of their use
 */

/** A chip that has just called a function. */
export class Stop {
  #chip;
  #elf;
  #translator;
  #registers;
  #ram;
  #state;
  #memory;
  /** What a call has put into the flash, to be taken back. @type {{ place: Buffer, was: Buffer }[]} */
  #patches = [];

  /**
   * @param {import('./chip.mjs').Chip} chip
   * @param {import('./elf.mjs').Elf} elf
   * @param {import('./translator.mjs').Translator} [translator]
   */
  constructor(chip, elf, translator) {
    const { core, sram } = chip.rp;
    this.#chip = chip;
    this.#elf = elf;
    this.#translator = translator;
    this.#memory = new Memory(chip);
    this.#registers = core.registers.slice();
    this.#ram = sram.slice();
    const { cycles, N, Z, C, V, PM, interruptsUpdated } = core;
    this.#state = { cycles, N, Z, C, V, PM, interruptsUpdated };
  }

  get state() {
    return { registers: [...this.#registers], ram: Buffer.from(this.#ram).toString('base64') };
  }

  /** @param {Plan} plan */
  repeat({ calls, until, reads = [], trace = false }) {
    const inner = until === undefined ? undefined : addressOf(this.#elf, until);
    const guard = new Guard(this.#chip.rp, trace);
    try {
      return calls.map((call) => {
        this.#restore();
        this.#prepare(call, trace);
        guard.begin();
        const cycles = this.#measure(this.#registers[LR] & ~1, trace, inner);
        const { registers } = this.#chip.rp.core;
        const told = reads.map(({ at, length }) => this.#bytes(at, length).toString('hex'));
        return { cycles, result: registers[0], reads: told, ...(trace && { trace: guard.digest }) };
      });
    } finally {
      guard.end();
      this.#restore();
      Object.assign(this.#chip.rp.core, this.#state);
    }
  }

  #restore() {
    const { core, sram } = this.#chip.rp;
    for (const { place, was } of this.#patches.splice(0).reverse()) place.set(was);
    core.registers.set(this.#registers);
    sram.set(this.#ram);
    Object.assign(core, this.#state, { PM: true, interruptsUpdated: false });
  }

  /** @param {number} at @param {number} length */
  #bytes(at, length) {
    const { flash, sram } = this.#chip.rp;
    const [memory, base, end] = at < RAM_BASE ? [flash, FLASH_BASE, FLASH_END] : [sram, RAM_BASE, RAM_END];
    if (at < base || at + length > end) throw not('name places in flash or RAM');
    return Buffer.from(memory.buffer, at - base, length);
  }

  /** @param {Call} call @param {boolean} interpret */
  #prepare({ changes = [], before = [] }, interpret) {
    const { core } = this.#chip.rp;
    for (const { at, bytes } of changes) {
      const content = Buffer.from(bytes, 'hex');
      const place = this.#bytes(at, content.length);
      if (at < RAM_BASE) {
        // Code that was translated would stay as it was.
        if (!interpret) throw not('only with "trace" the flash may be another');
        this.#patches.push({ place, was: Buffer.from(place) });
      }
      place.set(content);
    }
    for (const preparation of before) {
      for (const [register, value] of Object.entries(preparation.registers)) core.registers[Number(register)] = value;
      core.registers[LR] = NOWHERE | 1;
      core.registers[PC] = addressOf(this.#elf, preparation.function);
      this.#measure(NOWHERE, interpret);
      core.registers.set(this.#registers);
    }
    const { cycles, N, Z, C, V } = this.#state;
    Object.assign(core, { cycles, N, Z, C, V });
  }

  /**
   * Runs to an address with the stack as it is now, and tells the cycles.
   * @param {number} end
   * @param {boolean} interpret
   * @param {number} [inner] to the return of this function instead
   */
  #measure(end, interpret, inner) {
    const { core } = this.#chip.rp;
    const { registers } = core;
    const { cycles } = core;
    let [stack, waits] = [registers[SP], inner !== undefined];
    while (waits || registers[PC] !== end || registers[SP] !== stack) {
      if (waits && registers[PC] === inner) [end, stack, waits] = [registers[LR] & ~1, registers[SP], false];
      if (core.cycles - cycles > LONGEST) throw new Error('the call does not return');
      const before = core.cycles;
      if (!interpret) this.#translator?.at(registers[PC], this.#memory)?.(core, this.#memory, LONGEST);
      // Translated code leaves some instructions to rp2040js, perhaps its very first.
      if (core.cycles === before) core.executeInstruction();
    }
    return core.cycles - cycles;
  }
}

/**
 * Lets a call reach nothing but memory: what it does to a peripheral, no restored state takes back. Also notes the
 * addresses of all instructions and data.
 */
class Guard {
  /** FNV-1a of the addresses, in two halves. */
  #digest = [0, 0];
  #rp;
  /** @type {[string, any][]} */
  #methods = [];

  /** @param {import('rp2040js').RP2040} rp @param {boolean} trace */
  constructor(rp, trace) {
    this.#rp = rp;
    const memories = [[0, 0x4000], [FLASH_BASE, FLASH_END], [RAM_BASE, RAM_END]];
    const isMemory = (/** @type {number} */ address) => memories.some(([from, to]) => address >= from && address < to);
    for (const name of ['readUint8', 'readUint16', 'readUint32', 'writeUint8', 'writeUint16', 'writeUint32']) {
      const method = /** @type {any} */ (rp)[name];
      this.#methods.push([name, Object.hasOwn(rp, name) ? method : undefined]);
      Object.assign(rp, {
        [name]: (/** @type {number} */ address, /** @type {number} */ value) => {
          if (!isMemory(address >>> 0)) throw new Error(`the call reaches a peripheral, at 0x${address.toString(16)}`);
          if (trace) this.#note(address >>> 0);
          return method.call(rp, address, value);
        },
      });
    }
  }

  begin() {
    this.#digest = [0x811c_9dc5, 0x9dc5_811c];
  }

  /** @param {number} address */
  #note(address) {
    const [low, high] = this.#digest;
    this.#digest = [Math.imul(low ^ address, 0x0100_0193), Math.imul(high ^ (address + low), 0x0100_0193)];
  }

  get digest() {
    return this.#digest.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  end() {
    for (const [name, method] of this.#methods) {
      if (method) Object.assign(this.#rp, { [name]: method });
      else delete (/** @type {any} */ (this.#rp)[name]);
    }
  }
}

/** Where keys have stopped. @type {WeakMap<object, Stop>} */
const stops = new WeakMap();

/** Lets a key run until it calls a function. @param {import('./key.mjs').Key} key @param {any} body */
export function stop(key, body) {
  const hint = 'send {"function":"crypto::p256::comb::sign","milliseconds":1000} to an emulator with --time manual';
  only(body, ['function', 'milliseconds'], hint);
  const { chip, elf, translator } = key.board;
  if (!key.isManual || !chip || !Number.isSafeInteger(body.milliseconds)) throw not(hint);
  const address = addressOf(elf, String(body.function));
  chip.stopAt(address);
  const holds = key.runUntil(() => chip.rp.core.PC === address, body.milliseconds);
  chip.stopAt(undefined);
  if (!holds) throw not(`the firmware does not call ${body.function}`);
  const stopped = new Stop(chip, elf, translator);
  stops.set(chip, stopped);
  return stopped.state;
}

/** Repeats that call. @param {import('./key.mjs').Key} key @param {any} body */
export function repeat(key, body) {
  const hint = 'send {"calls":[{"changes":[{"at":536870912,"bytes":"00"}]}]} to a key that stands at a call';
  only(body, ['calls', 'until', 'reads', 'trace'], hint);
  const stopped = key.board.chip && stops.get(key.board.chip);
  if (!stopped || !Array.isArray(body.calls)) throw not(hint);
  return { calls: stopped.repeat(body) };
}
