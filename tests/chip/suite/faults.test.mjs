/** Faults, and what the key does then. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FLASH_BASE } from '../emulator/elf.mjs';
import { CBOR, Client, ERROR, GET_INFO, OK, aBoard, makeCredential } from './client.mjs';

const WATCHDOG = 9000;
/** An infinite loop: `b .` */
const LOOP = 0xe7fe;
const NOWHERE = 0xf000_0000;

/** A key with a credential, and the chip in it. */
function aKeyWithACredential() {
  const client = Client.fresh();
  const credential = client.register();
  return { client, credential, chip: /** @type {import('../emulator/chip.mjs').Chip} */ (client.board.chip) };
}

/** @param {Client} client @param {import('./client.mjs').Credential} credential */
function startedAnew(client, credential) {
  assert.equal(client.board.resets, 1);
  client.open();
  assert.ok(client.authenticateTouched(credential) > credential.counter);
}

test('a hard fault wipes the memory and starts the key anew', () => {
  const { client, credential, chip } = aKeyWithACredential();
  chip.rp.core.PC = NOWHERE;
  client.board.runUntil(() => client.board.resets, 1000);
  assert.ok(chip.rp.sram.every((byte) => byte === 0), 'nothing is left in the memory');
  startedAnew(client, credential);
});

test('a stack that overflows starts the key anew', () => {
  const { client, credential, chip } = aKeyWithACredential();
  chip.rp.core.SP = 0x2000_0004;
  client.board.runUntil(() => client.board.resets, WATCHDOG);
  startedAnew(client, credential);
});

test('a key that hangs is started anew by its watchdog', () => {
  const { client, credential, chip } = aKeyWithACredential();
  // The firmware contains such a loop: it waits there for a reset.
  chip.rp.core.PC = FLASH_BASE + 2 * new Uint16Array(chip.flash.bytes.buffer).indexOf(LOOP);
  client.board.runUntil(() => client.board.resets, WATCHDOG);
  startedAnew(client, credential);
});

for (const stuckAt of [0, 1]) {
  test(`a key whose noise is stuck at ${stuckAt} refuses to work`, () => {
    const board = aBoard({ stuckAt });
    const client = new Client(board);
    client.send(CBOR, makeCredential());
    const answer = client.next();
    assert.ok(answer && (answer.command === ERROR || answer.data[0] !== OK), 'no credential is made');
    board.run(100);
    const begun = board.millis * 1000;
    board.run(4000);
    const flashes = board.lightChanges.filter(({ micros, on }) => on && micros > begun);
    assert.ok(flashes.length >= 5, 'the light says so');
  });
}

test('keys have different secrets and serial numbers where the noise differs', () => {
  const [one, other] = [1, 2].map((seed) => Client.fresh({ seed }));
  assert.notEqual(one.board.host?.string(3), other.board.host?.string(3));
  assert.notDeepEqual(one.register().id, other.register().id);
  assert.equal(one.exchange(CBOR, GET_INFO)[0], OK);
});
