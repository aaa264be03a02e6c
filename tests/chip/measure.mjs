#!/usr/bin/env node
/**
 * Measures the firmware, prints a table, and fails if the firmware has grown beyond its limits or its recorded budget.
 * Of a firmware with ES256K it measures the size only, because its speed is that of the other one.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Elf, RAM_BASE } from './emulator/elf.mjs';
import { openOath } from './suite/ccid.mjs';
import {
  CBOR, Client, GET_INFO, MSG, NEXT_ASSERTION, OK, RESET, RP_ID, getAssertion, makeCredential, members, sha256,
  u2fAuthenticate, u2fRegister,
} from './suite/client.mjs';
import { ACFG, CM, GA, LBW, MC, Platform, Token, blobArray } from './suite/platform.mjs';

const BUDGET = new URL('budget.json', import.meta.url);
/** How much more than was recorded is allowed. */
const TOLERANCE = 1.05;
/** What cortex-m-rt paints the stack with. */
const PAINT = 0xcccc_cccc;

/** ES256K (RFC 8812 §3.2). */
const ES256K = -47;
const PIN = '2580';
const ACCOUNTS = 64;
const STEP = 1n;

const KB = 1024;
/** What the key may take of a Pico, in KB. */
const FLASH = 384;
const RAM = 96;
const MHZ = 125;

/** @typedef {{ name: string, unit: string, limit: number, value: number, shown: string }} Figure */

const bytes = (/** @type {string} */ name, /** @type {number} */ value, /** @type {number} */ limit) => ({
  name, unit: 'bytes', value, limit: limit * KB, shown: `${(value / KB).toFixed(1)} KB`,
});
const cycles = (/** @type {string} */ name, /** @type {number} */ value, limit = Infinity) => ({
  name, unit: 'cycles', value, limit: limit * MHZ * 1000, shown: `${(value / MHZ / 1000).toFixed(1)} ms`,
});

const elf = new Elf(/** @type {string} */ (process.env.BRASSKEY_CHIP_ELF));
const client = Client.fresh();
const board = client.board;
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
    if ([CBOR, MSG].includes(report[4]) && !seen.done) seen.done = host.reports.lastInActive;
    onReport(report);
  };
  const answer = command();
  board.onReport = onReport;
  return { cycles: seen.done - host.reports.lastOutActive, answer };
}

/** The deepest that the stack was since the power came, in bytes: the paint below it is untouched. */
function stackUsed() {
  const chip = /** @type {import('./emulator/chip.mjs').Chip} */ (board.chip);
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

/** An answer without an error. @param {Buffer} answer */
function ok(answer) {
  if (answer[0] !== OK) throw new Error(`the key answers with status 0x${answer[0].toString(16)}`);
  return answer;
}

const send = (/** @type {Uint8Array} */ request) => ok(client.exchange(CBOR, request));
const touched = (/** @type {Uint8Array} */ request) => ok(client.touched(request));
const tokenFor = (/** @type {number} */ permission) => Token.get(client, PIN, permission, RP_ID);

// The rest of CTAP 2.3, for its stack.
/** @type {Map<string, any>[]} */
const listed = members(client.exchange(CBOR, GET_INFO)).get(0x0a);
const algorithms = listed.map((entry) => entry.get('alg'));
send(new Platform(client).setPin('0852'));
send(new Platform(client).setPin(PIN, '0852'));
const platform = new Platform(client);
const verified = measure(() => send(platform.getToken(PIN, MC, RP_ID)));
const salts = Buffer.alloc(64, 7);
send(Token.get(client, PIN, ACFG).config(0x03, new Map([[2, [RP_ID]]])));
for (const algorithm of algorithms) {
  const extensions = {
    credProtect: 3,
    'hmac-secret': true,
    'hmac-secret-mc': new Platform(client).salts(salts),
    credBlob: Buffer.alloc(32, 1),
    largeBlobKey: true,
    minPinLength: true,
    pinComplexityPolicy: true,
    thirdPartyPayment: true,
  };
  const user = `${algorithm}`.padEnd(64);
  touched(
    makeCredential(
      { user, discoverable: true },
      { 4: [{ alg: algorithm, type: 'public-key' }], 6: extensions, ...tokenFor(MC).proof(8) },
    ),
  );
}
const extensions = {
  'hmac-secret': new Platform(client).salts(salts),
  credBlob: true,
  largeBlobKey: true,
  thirdPartyPayment: true,
};
touched(getAssertion(null, true, { 4: extensions, ...tokenFor(GA).proof(6) }));
send(NEXT_ASSERTION);
const manager = Token.get(client, PIN, CM);
send(manager.manage(0x01));
send(manager.manage(0x02));
send(manager.manage(0x04, new Map([[1, sha256(RP_ID)]])));
send(Token.get(client, PIN, LBW).writeBlobs(blobArray([Buffer.alloc(4000, 1)])));
send(GET_INFO);
const working = stackUsed();
client.powerCycle();
touched(RESET);

/** The cycles until a full key has said all its codes, with the bus: nobody touches it. */
function measureAllCodes() {
  const oath = openOath(board);
  for (let account = 0; account < ACCOUNTS; account++) {
    oath.put({ name: `issuer:account ${account}`, secret: Buffer.alloc(20, account) });
  }
  const chip = /** @type {import('./emulator/chip.mjs').Chip} */ (board.chip);
  const begun = chip.clock.nanos;
  if (oath.all(STEP).size !== ACCOUNTS) throw new Error('the key has fewer accounts');
  return Math.round(((chip.clock.nanos - begun) * MHZ) / 1000);
}

const allCodes = measureAllCodes();
const stack = Math.max(working, stackUsed());

const hasEs256k = algorithms.includes(ES256K);
const sizes = (/** @type {string} */ variant) => [
  bytes(`flash image${variant}`, elf.flashSize, FLASH),
  bytes(`RAM, static${variant}`, elf.staticRam, RAM),
  bytes(`RAM, deepest stack${variant}`, stack, RAM),
  bytes(`RAM, both${variant}`, elf.staticRam + stack, RAM),
];
const speeds = [
  cycles('power-up to enumerated', boot, 300),
  cycles('U2F register', registered.cycles, 250),
  cycles('U2F authenticate', authenticated.cycles, 120),
  cycles('authenticatorMakeCredential', made.cycles, 250),
  cycles('authenticatorGetAssertion', asserted.cycles, 120),
  cycles('PIN verification', verified.cycles),
  cycles('64 one-time codes', allCodes, 250),
];
/** @type {Figure[]} */
const figures = hasEs256k ? sizes(', with ES256K') : [...sizes(''), ...speeds];

const { values: options } = parseArgs({ options: { record: { type: 'boolean' } } });
/** @type {Record<string, number>} */
const budget = JSON.parse(readFileSync(BUDGET, 'utf8'));
if (options.record) {
  for (const { name, value } of figures) budget[name] = value;
  writeFileSync(BUDGET, `${JSON.stringify(budget, null, 2)}\n`);
}

let failed = 0;
const row = (/** @type {string} */ name, /** @type {string[]} */ ...cells) =>
  `${name.padEnd(34)}${cells.map((cell) => cell.padStart(12)).join('')}\n`;
process.stdout.write(row('measured', 'now', 'limit', 'recorded', 'change'));
for (const { name, unit, value, limit, shown } of figures) {
  const recorded = budget[name] ?? 0;
  const top = limit === Infinity ? '' : unit === 'bytes' ? `${limit / KB} KB` : `${limit / MHZ / 1000} ms`;
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
    const error = `${name} has grown more than 5 % beyond tests/chip/budget.json`;
    process.stderr.write(`measure: error: ${error}\nhint: ${hint}\n`);
  }
}
if (!hasEs256k) {
  process.stdout.write(
    'At 125 MHz, from the last report in to the first report out, the touch excluded. The emulator models no wait\n' +
      'states of the flash: a chip is slower where its code does not fit the 16 KB of its cache.\n',
  );
}
process.exitCode = failed ? 1 : 0;
