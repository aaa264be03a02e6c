#!/usr/bin/env node
/** Measures the firmware, prints one table, and fails where it has grown beyond its limits or its recorded budget. */

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Elf, RAM_BASE } from './emulator/elf.mjs';
import { CBOR, Client, MSG, getAssertion, makeCredential, u2fAuthenticate, u2fRegister } from './suite/client.mjs';

const BUDGET = new URL('budget.json', import.meta.url);
/** What may be used more than was recorded. */
const TOLERANCE = 1.05;
/** What cortex-m-rt paints the stack with. */
const PAINT = 0xcccc_cccc;

const KB = 1024;
const MHZ = 125;

/** @typedef {{ name: string, unit: string, limit: number, value: number, shown: string }} Figure */

const bytes = (/** @type {string} */ name, /** @type {number} */ value, /** @type {number} */ limit) => ({
  name, unit: 'bytes', value, limit: limit * KB, shown: `${(value / KB).toFixed(1)} KB`,
});
const cycles = (/** @type {string} */ name, /** @type {number} */ value, /** @type {number} */ limit) => ({
  name, unit: 'cycles', value, limit: limit * MHZ * 1000, shown: `${(value / MHZ / 1000).toFixed(1)} ms`,
});

const elf = new Elf(/** @type {string} */ (process.env.BRASSKEY_CHIP_ELF));
const client = Client.fresh();
const board = client.board;
const chip = /** @type {import('./emulator/chip.mjs').Chip} */ (board.chip);
const host = /** @type {import('./emulator/usb-host.mjs').UsbHost} */ (board.host);
const boot = Math.round(host.enumeratedAt * MHZ * 1000);

/**
 * The cycles from the last report in to the first report of the answer, without those in which the key slept: it does
 * while it waits for a touch.
 * @param {() => Buffer} command
 */
function measure(command) {
  const seen = { begun: 0, done: 0, last: 0 };
  const onReport = board.onReport;
  board.onReport = (report) => {
    if ([CBOR, MSG].includes(report[4]) && !seen.done) seen.done = host.lastInActive;
    onReport(report);
  };
  const answer = command();
  board.onReport = onReport;
  return { cycles: seen.done - host.lastOutActive, answer };
}

/** The deepest that the stack ever was, in bytes: the paint below it is untouched. */
function stackUsed() {
  const [low, high] = [elf.symbol('_stack_end'), elf.symbol('_stack_start')];
  for (let address = low; address < high; address += 4) {
    if (chip.rp.sramView.getUint32(address - RAM_BASE, true) !== PAINT) return high - address;
  }
  return 0;
}

/** A U2F request with the touch given: the answer to the second poll. @param {Uint8Array} apdu */
function u2f(apdu) {
  client.exchange(MSG, apdu);
  client.touch();
  return measure(() => client.exchange(MSG, apdu));
}

const registered = u2f(u2fRegister());
const handle = registered.answer.subarray(67, 67 + registered.answer[66]);
const authenticated = u2f(u2fAuthenticate(handle));
const made = measure(() => client.touched(makeCredential({ discoverable: true })));
const asserted = measure(() => client.touched(getAssertion([handle], true)));
const stack = stackUsed();

/** @type {Figure[]} */
const figures = [
  bytes('flash image', elf.flashSize, 200),
  bytes('RAM, static', elf.staticRam, 64),
  bytes('RAM, deepest stack', stack, 64),
  bytes('RAM, both', elf.staticRam + stack, 64),
  cycles('power-up to enumerated', boot, 300),
  cycles('U2F register', registered.cycles, 250),
  cycles('U2F authenticate', authenticated.cycles, 120),
  cycles('authenticatorMakeCredential', made.cycles, 250),
  cycles('authenticatorGetAssertion', asserted.cycles, 120),
];

const { values: options } = parseArgs({ options: { record: { type: 'boolean' } } });
if (options.record) {
  const recorded = Object.fromEntries(figures.map(({ name, value }) => [name, value]));
  writeFileSync(BUDGET, `${JSON.stringify(recorded, null, 2)}\n`);
}
const budget = JSON.parse(readFileSync(BUDGET, 'utf8'));

let failed = 0;
const row = (/** @type {string[]} */ ...cells) => `${cells[0].padEnd(30)}${cells.slice(1).map((cell) => cell.padStart(12)).join('')}\n`;
process.stdout.write(row('measured', 'now', 'limit', 'recorded', 'change'));
for (const { name, unit, value, limit, shown } of figures) {
  const recorded = budget[name] ?? 0;
  const top = unit === 'bytes' ? `${limit / KB} KB` : `${limit / MHZ / 1000} ms`;
  const kept = unit === 'bytes' ? `${(recorded / KB).toFixed(1)} KB` : `${(recorded / MHZ / 1000).toFixed(1)} ms`;
  const change = `${(100 * (value / recorded - 1)).toFixed(1)} %`;
  process.stdout.write(row(name, shown, top, kept, change));
  if (value > limit) {
    failed += 1;
    process.stderr.write(`measure: error: ${name} is beyond its limit\nhint: make it smaller or faster\n`);
  }
  if (value > recorded * TOLERANCE) {
    failed += 1;
    const hint = 'if that is meant, record it in the same commit: npm run measure -- --record';
    process.stderr.write(`measure: error: ${name} has grown more than 5 % beyond tests/chip/budget.json\nhint: ${hint}\n`);
  }
}
process.stdout.write(
  'At 125 MHz, from the last report in to the first report out, the touch excluded. The emulator models no wait states\n' +
    'of the flash: a chip is slower where its code does not fit the 16 KB of its cache.\n',
);
process.exitCode = failed ? 1 : 0;
