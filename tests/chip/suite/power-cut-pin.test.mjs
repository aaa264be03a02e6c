/**
 * The power goes after each operation of the flash while a PIN is set, changed, tried or used: nobody gets a guess more,
 * the PIN is the old or the new, and so is what it protects.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CBOR, GET_INFO, NO_CREDENTIALS, OK, getAssertion, members, sha256 } from './client.mjs';
import {
  ACFG, CM, GA, LBW, PIN_INVALID, PIN_NOT_SET, Platform, Token, blobArray, readBlobs, retries,
} from './platform.mjs';
import { UsedKey } from './power-cut.mjs';

/** @typedef {import('./client.mjs').Client} Client */
/** @typedef {import('./power-cut.mjs').RelyingParty} RelyingParty */

const [PIN, NEW_PIN, WRONG_PIN] = ['2580', '14789', '0852'];
const RETRIES = 8;
/** Guesses that were wrong before the power was ever cut. */
const SPENT = 2;
const LEFT = RETRIES - SPENT;

const BLOBS = blobArray([Buffer.alloc(700, 1)]);
const NEW_BLOBS = blobArray([Buffer.alloc(700, 1), Buffer.alloc(900, 2)]);

const without = UsedKey.new();

const used = UsedKey.new((client) => {
  assert.equal(client.exchange(CBOR, new Platform(client).setPin(PIN))[0], OK);
  assert.equal(client.exchange(CBOR, Token.get(client, PIN, LBW).writeBlobs(BLOBS))[0], OK);
  for (let guess = 0; guess < SPENT; guess++) assert.equal(tries(client, WRONG_PIN), PIN_INVALID);
});

/** The status when a PIN is tried. @param {Client} client @param {string} pin */
function tries(client, pin) {
  return client.exchange(CBOR, new Platform(client).getToken(pin, GA, 'example.com'))[0];
}

/** The PIN is this one, and a wrong one still costs a retry. @param {Client} client @param {string} pin */
function hasPin(client, pin) {
  assert.equal(tries(client, pin), OK);
  assert.equal(tries(client, WRONG_PIN), PIN_INVALID);
  assert.equal(retries(client), RETRIES - 1);
}

/**
 * What is seen after a wrong guess: once it is spent it is never had again, however much later the power goes.
 * @returns {(client: Client, relyingParty: RelyingParty, answered: boolean) => void}
 */
function guessIsSpent() {
  let least = LEFT;
  return (client, relyingParty, answered) => {
    relyingParty.signIn(client);
    const left = retries(client);
    assert.ok(left === least || left === LEFT - 1, `${left} retries`);
    assert.ok(left === LEFT - 1 || !answered, 'an answer costs a guess');
    least = left;
    hasPin(client, PIN);
  };
}

const tokenFor = (/** @type {number} */ permission) => (/** @type {Client} */ client) => Token.get(client, PIN, permission);

test('while a PIN is set', () => {
  const cuts = without.cutEverywhere({
    prepare: (client) => new Platform(client).setPin(NEW_PIN),
    command: (client, _, setPin) => assert.equal(client.exchange(CBOR, setPin)[0], OK),
    check: (client, relyingParty, answered) => {
      relyingParty.signIn(client);
      assert.equal(retries(client), RETRIES);
      const isSet = members(client.exchange(CBOR, GET_INFO)).get(4).get('clientPin');
      if (isSet) hasPin(client, NEW_PIN);
      else assert.equal(tries(client, NEW_PIN), PIN_NOT_SET);
      assert.ok(isSet || !answered);
    },
  });
  assert.ok(cuts > 0);
});

test('while a PIN is changed', () => {
  const cuts = used.cutEverywhere({
    prepare: (client) => new Platform(client).setPin(NEW_PIN, PIN),
    command: (client, _, changePin) => assert.equal(client.exchange(CBOR, changePin)[0], OK),
    check: (client, relyingParty, answered) => {
      relyingParty.signIn(client);
      const left = retries(client);
      assert.ok([LEFT, LEFT - 1, RETRIES].includes(left), `${left} retries`);
      const isNew = tries(client, NEW_PIN) === OK;
      hasPin(client, isNew ? NEW_PIN : PIN);
      assert.ok(isNew || !answered);
    },
  });
  assert.ok(cuts > 0);
});

test('while a wrong PIN is given to changePIN', () => {
  const cuts = used.cutEverywhere({
    prepare: (client) => new Platform(client).setPin(NEW_PIN, WRONG_PIN),
    command: (client, _, changePin) => assert.equal(client.exchange(CBOR, changePin)[0], PIN_INVALID),
    check: guessIsSpent(),
  });
  assert.ok(cuts > 0);
});

test('while a wrong PIN is given to getPinToken', () => {
  const cuts = used.cutEverywhere({
    prepare: (client) => new Platform(client).getPinToken(WRONG_PIN),
    command: (client, _, getPinToken) => assert.equal(client.exchange(CBOR, getPinToken)[0], PIN_INVALID),
    check: guessIsSpent(),
  });
  assert.ok(cuts > 0);
});

test('a right PIN and a wrong one leave the same flash until the guess is spent', () => {
  const flashes = [PIN, WRONG_PIN].map((pin) => {
    /** @type {Map<string, number>} the flash after each cut, by its digest, and the retries that it holds */
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

test('while a right PIN is given to getPinToken', () => {
  const cuts = used.cutEverywhere({
    prepare: (client) => new Platform(client).getPinToken(PIN),
    command: (client, _, getPinToken) => assert.equal(client.exchange(CBOR, getPinToken)[0], OK),
    check: (client, relyingParty, answered) => {
      relyingParty.signIn(client);
      const left = retries(client);
      assert.ok([LEFT, LEFT - 1, RETRIES].includes(left), `${left} retries`);
      assert.ok(left === RETRIES || !answered);
      hasPin(client, PIN);
    },
  });
  assert.ok(cuts > 0);
});

test('while setMinPINLength forces a change of the PIN', () => {
  const parameters = new Map(/** @type {[number, unknown][]} */ ([[1, 6], [2, ['example.com']], [3, true]]));
  const cuts = used.cutEverywhere({
    prepare: tokenFor(ACFG),
    command: (client, _, token) => assert.equal(client.exchange(CBOR, token.config(0x03, parameters))[0], OK),
    check: (client, relyingParty, answered) => {
      relyingParty.signIn(client);
      assert.equal(retries(client), RETRIES);
      const info = members(client.exchange(CBOR, GET_INFO));
      const [forced, length] = [info.get(0x0c), info.get(0x0d)];
      // A PIN may have to be changed before the length is new, never the other way round.
      assert.ok([4, 6].includes(length));
      assert.ok(forced || length === 4);
      assert.ok(length === 6 || !answered);
      assert.equal(client.exchange(CBOR, new Platform(client).setPin('258014', PIN))[0], OK);
      hasPin(client, '258014');
    },
  });
  assert.ok(cuts > 0);
});

test('while alwaysUv is switched on', () => {
  const cuts = used.cutEverywhere({
    prepare: tokenFor(ACFG),
    command: (client, _, token) => assert.equal(client.exchange(CBOR, token.config(0x02))[0], OK),
    check: (client, relyingParty, answered) => {
      const isOn = members(client.exchange(CBOR, GET_INFO)).get(4).get('alwaysUv');
      assert.ok(isOn || !answered);
      hasPin(client, PIN);
      if (isOn) assert.equal(client.exchange(CBOR, Token.get(client, PIN, ACFG).config(0x02))[0], OK);
      relyingParty.signIn(client);
    },
  });
  assert.ok(cuts > 0);
});

test('while a large-blob array takes the place of another', () => {
  const cuts = used.cutEverywhere({
    prepare: tokenFor(LBW),
    command: (client, _, token) => assert.equal(client.exchange(CBOR, token.writeBlobs(NEW_BLOBS))[0], OK),
    check: (client, relyingParty, answered) => {
      relyingParty.signIn(client);
      const array = readBlobs(client);
      assert.ok(array.equals(NEW_BLOBS) || (array.equals(BLOBS) && !answered));
      assert.equal(retries(client), RETRIES);
      assert.equal(client.exchange(CBOR, Token.get(client, PIN, LBW).writeBlobs(BLOBS))[0], OK);
    },
  });
  assert.ok(cuts > 0);
});

test('while a credential is deleted', () => {
  const [deleted] = used.credentials;
  const parameters = new Map([[2, { id: deleted.id, type: 'public-key' }]]);
  const cuts = used.cutEverywhere({
    prepare: tokenFor(CM),
    command: (client, _, token) => assert.equal(client.exchange(CBOR, token.manage(0x06, parameters))[0], OK),
    check: (client, relyingParty, answered) => {
      const [status] = client.exchange(CBOR, getAssertion([deleted.id], false));
      assert.ok(status === NO_CREDENTIALS || (status === OK && !answered), `status ${status}`);
      if (status !== OK) relyingParty.forget(deleted);
      relyingParty.signIn(client);
      hasPin(client, PIN);
    },
  });
  assert.ok(cuts > 0);
});
