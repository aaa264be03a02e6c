/** While the flash erases, the key still answers, and loses nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  BROADCAST, CADENCE, CANCEL, CBOR, Client, INIT, NO_CREDENTIALS, NoAnswer, OK, PING, RESET, aBoard, getAssertion,
  longestSilence, makeCredential, packets,
} from './client.mjs';

/** Makes the erase of a sector as slow as the data sheet allows: 400 ms instead of 45 ms. */
const WORST = 400 / 45;
/** The longest time with interrupts off, in milliseconds: a slice of an erase, tSUS, and the change of mode. */
const SLICE = 5.2;

/** So many registrations that at least one of them moves the log to a page that must be erased. */
const MANY = 30;

/** A key whose log has used all pages, so that each next page must be erased. */
function aWornKey() {
  const client = Client.fresh();
  const credential = client.register({ discoverable: true });
  client.powerCycle();
  assert.equal(client.touched(RESET)[0], OK);
  assert.equal(client.exchange(CBOR, getAssertion([credential.id], false))[0], NO_CREDENTIALS);
  return client.board.flash.image();
}

const worn = aWornKey();

/**
 * A key that was plugged in just now.
 * @param {Partial<import('../emulator/flash.mjs').Flash>} [options] of its flash
 */
function aKey(options) {
  const board = aBoard();
  board.flash.load(worn);
  Object.assign(board.flash, options);
  return new Client(board);
}

/** Runs a reset until it has begun to erase. @param {Client} client */
function erasing(client) {
  client.ask(RESET);
  client.touch();
  const { suspensions } = client.board.flash;
  assert.ok(client.board.runUntil(() => client.board.flash.suspensions > suspensions, 10_000), 'the flash erases');
}

/** Measures the longest time without the flash from now on, in milliseconds. @param {Client} client */
function longestAbsence(client) {
  const chip = /** @type {import('../emulator/chip.mjs').Chip} */ (client.board.chip);
  const setXip = chip.setXip.bind(chip);
  const seen = { left: chip.clock.millis, longest: 0 };
  chip.setXip = (on) => {
    if (on && !chip.xip) seen.longest = Math.max(seen.longest, chip.clock.millis - seen.left);
    if (!on && chip.xip) seen.left = chip.clock.millis;
    setXip(on);
  };
  return seen;
}

test('keepalives come in time while a slow flash is erased for a reset', () => {
  const client = aKey({ slowness: WORST });
  const absence = longestAbsence(client);
  const silence = longestSilence(client, RESET);
  assert.ok(silence <= CADENCE, `silent for ${silence} ms`);
  assert.ok(absence.longest <= SLICE, `without its flash for ${absence.longest} ms`);
  assert.ok(client.board.flash.suspensions > 0);
});

test('keepalives come in time while a slow flash is erased for a registration', () => {
  const client = aKey({ slowness: WORST });
  const absence = longestAbsence(client);
  const { flash } = client.board;
  for (let made = 0; flash.suspensions === 0; made++) {
    assert.ok(made < MANY, 'the flash is erased');
    const silence = longestSilence(client, makeCredential({ user: `user ${made}`, discoverable: true }));
    assert.ok(silence <= CADENCE, `silent for ${silence} ms`);
  }
  assert.ok(absence.longest <= SLICE, `without its flash for ${absence.longest} ms`);
});

test('other channels are answered while the flash is erased', () => {
  const client = aKey({ slowness: WORST });
  erasing(client);
  const begun = client.board.millis;
  client.messages = [];
  for (const packet of packets(BROADCAST, INIT, Buffer.from('87654321'))) client.board.send(packet);
  assert.ok(client.board.runUntil(() => client.messages.some(({ command }) => command === INIT), CADENCE));
  assert.ok(client.board.millis - begun < 20, `${client.board.millis - begun} ms`);
});

test('what has begun to erase is not cancelled', () => {
  const client = aKey({ slowness: WORST });
  erasing(client);
  client.send(CANCEL);
  assert.deepEqual([...client.answer(CBOR)], [OK]);
  assert.equal(client.exchange(PING, Buffer.from('here')).toString(), 'here');
  client.register({ discoverable: true });
});

for (const [what, options] of /** @type {const} */ ([
  ['cannot suspend', { suspends: false }],
  ['is of another maker', { jedecId: [0xc8, 0x40, 0x15] }],
])) {
  test(`a flash that ${what} is erased all the same`, () => {
    const client = aKey({ ...options, jedecId: [...('jedecId' in options ? options.jedecId : [0xef, 0x40, 0x15])] });
    const { operations } = client.board.flash;
    assert.equal(client.touched(RESET)[0], OK);
    assert.ok(client.board.flash.operations > operations);
    assert.equal(client.board.flash.suspensions, 0);
    client.register({ discoverable: true });
  });
}

test('a chip that is reset while an erase is suspended ends it', () => {
  const client = aKey();
  erasing(client);
  const { board } = client;
  const chip = /** @type {import('../emulator/chip.mjs').Chip} */ (board.chip);
  const setXip = chip.setXip.bind(chip);
  chip.setXip = (on) => {
    setXip(on);
    if (on && board.flash.suspended) chip.watchdog.onWatchdogTrigger();
  };
  assert.ok(board.runUntil(() => board.resets, 1000));
  assert.equal(board.flash.suspended, null);
  client.open();
  client.register({ discoverable: true });
});

test('the power goes while an erase for a reset is suspended', () => {
  for (let suspensions = 1; suspensions < 400; suspensions = Math.ceil(suspensions * 1.5)) {
    const client = aKey();
    const credential = client.register({ discoverable: true });
    client.powerCycle();
    client.board.flash.cutAtSuspension = client.board.flash.suspensions + suspensions;
    try {
      client.touched(RESET);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
    const wasCut = !client.board.chip;
    client.board.flash.cutAtSuspension = Infinity;
    client.powerCycle();
    const [status] = client.exchange(CBOR, getAssertion([credential.id], false));
    assert.ok([OK, NO_CREDENTIALS].includes(status), `status ${status} after ${suspensions}`);
    client.authenticate(client.register({ discoverable: true }));
    if (!wasCut) break;
  }
});

test('the power goes while an erase for a registration is suspended', () => {
  for (let suspensions = 1; suspensions < 9; suspensions += 3) {
    const client = aKey({ cutAtSuspension: suspensions });
    const credentials = [];
    try {
      for (;;) {
        assert.ok(credentials.length < MANY, 'the power is cut');
        credentials.push(client.register({ user: `user ${credentials.length}`, discoverable: true }));
      }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
    client.powerCycle();
    for (const credential of credentials) client.authenticate(credential);
    client.register({ user: 'another', discoverable: true });
  }
});
