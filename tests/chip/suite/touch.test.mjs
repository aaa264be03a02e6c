/** The button and the light: what counts as a touch, what the light shows, and keepalives that come in time. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  CADENCE, Client, KEEPALIVE, MSG, SELECTION, WINK, longestSilence, makeCredential, u2fRegister,
} from './client.mjs';

test('keepalives come in time while the key waits and computes', () => {
  assert.ok(longestSilence(Client.fresh(), makeCredential({ discoverable: true })) <= CADENCE);
});

test('a button that was held at power-up is not consent', () => {
  const client = Client.fresh();
  client.board.powerOff();
  client.board.press();
  client.powerCycle();
  client.ask(SELECTION);
  client.board.run(2000);
  assert.ok(client.messages.every(({ command }) => command === KEEPALIVE));
});

test('a press shorter than bouncing is none', () => {
  const client = Client.fresh();
  client.ask(SELECTION);
  for (let bounce = 0; bounce < 20; bounce++) {
    client.board.press();
    client.board.run(3);
    client.board.release();
    client.board.run(3);
  }
  assert.ok(client.messages.every(({ command }) => command === KEEPALIVE));
});

/** How long the light stays lit or dark each time during `milliseconds`. @param {Client} client */
function spans({ board }, /** @type {number} */ milliseconds) {
  const begun = board.millis * 1000;
  board.run(milliseconds);
  const changes = board.lightChanges.filter(({ micros }) => micros >= begun).map(({ micros }) => micros);
  return changes.slice(1).map((change, index) => Math.round((change - changes[index]) / 1000));
}

test('the light is dark while nothing happens', () => {
  const client = Client.fresh();
  client.board.run(100);
  assert.deepEqual(spans(client, 3000), []);
  assert.equal(client.board.light, false);
});

test('the light blinks twice a second while the key waits', () => {
  const client = Client.fresh();
  client.ask(SELECTION);
  const [, ...lengths] = spans(client, 3000);
  assert.ok(lengths.length >= 8 && lengths.every((length) => Math.abs(length - 250) <= 20), lengths.join());
});

test('the light blinks between the polls of U2F', () => {
  const client = Client.fresh();
  client.exchange(MSG, u2fRegister());
  assert.ok(spans(client, 600).length >= 1);
});

test('a wink flickers for a second', () => {
  const client = Client.fresh();
  client.exchange(WINK);
  const lengths = spans(client, 3000);
  assert.ok(lengths.length >= 15 && lengths.every((length) => length <= 70), lengths.join());
  assert.equal(client.board.light, false);
});
