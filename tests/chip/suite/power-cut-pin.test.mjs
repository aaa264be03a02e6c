/**
 * The power is cut after each operation of the flash while somebody tries a PIN: nobody gets an additional guess, and
 * the flash does not tell a right PIN from a wrong one.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CBOR, OK, sha256 } from './client.mjs';
import { PIN_INVALID, Platform, retries } from './platform.mjs';
import { UsedKey } from './power-cut.mjs';

const [PIN, WRONG_PIN] = ['2580', '0852'];
const RETRIES = 8;
/** Wrong guesses before the first power cut. */
const SPENT = 2;
const LEFT = RETRIES - SPENT;

/** The status of getPinToken. @param {import('./client.mjs').Client} client @param {string} pin */
const tries = (client, pin) => client.exchange(CBOR, new Platform(client).getPinToken(pin))[0];

const used = UsedKey.new((client) => {
  assert.equal(client.exchange(CBOR, new Platform(client).setPin(PIN))[0], OK);
  for (let guess = 0; guess < SPENT; guess++) assert.equal(tries(client, WRONG_PIN), PIN_INVALID);
});

test('a wrong guess costs a retry, and no power cut brings it back', () => {
  let least = LEFT;
  const cuts = used.cutEverywhere({
    prepare: (client) => new Platform(client).getPinToken(WRONG_PIN),
    command: (client, _, getPinToken) => assert.equal(client.exchange(CBOR, getPinToken)[0], PIN_INVALID),
    check: (client, relyingParty, answered) => {
      relyingParty.signIn(client);
      const left = retries(client);
      assert.ok(left === least || left === LEFT - 1, `${left} retries`);
      assert.ok(left === LEFT - 1 || !answered, 'an answer costs a guess');
      least = left;
      assert.equal(tries(client, PIN), OK);
      assert.equal(tries(client, WRONG_PIN), PIN_INVALID);
      assert.equal(retries(client), RETRIES - 1);
    },
  });
  assert.ok(cuts > 0);
});

test('a right PIN and a wrong one leave the same flash until the guess is spent', () => {
  const flashes = [PIN, WRONG_PIN].map((pin) => {
    /** @type {Map<string, number>} for the digest of the flash after each cut, the retries that it holds */
    const seen = new Map();
    used.cutEverywhere({
      prepare: (client) => new Platform(client).getPinToken(pin),
      command: (client, _, getPinToken) => void client.exchange(CBOR, getPinToken),
      check: (client) => seen.set(sha256(client.board.flash.image()).toString('hex'), retries(client)),
    });
    return seen;
  });
  const [right, wrong] = flashes.map((seen) => [...seen].filter(([, left]) => left === LEFT).map(([flash]) => flash));
  assert.ok(right.length > 0);
  assert.deepEqual(right, wrong);
});
