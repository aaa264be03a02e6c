/**
 * The power goes after each operation of the flash, of each command that writes: every acknowledged credential still
 * signs, and no counter goes back.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  CBOR, Client, MSG, NO_CREDENTIALS, NoAnswer, OK, RESET, aBoard, getAssertion, makeCredential, u2fAuthenticate,
} from './client.mjs';

/** More operations than any command takes: a reset writes over a thousand pages. */
const MANY = 4000;
/** So many operations are cut after one by one; then ever fewer of them, in proportion. */
const DENSE = 12;

/** What a relying party knows: credentials that were acknowledged, with the last counter that it saw of each. */
class RelyingParty {
  /** @type {Map<import('./client.mjs').Credential, number>} */
  #accounts = new Map();

  /** @param {import('./client.mjs').Credential} credential @param {number} [counter] */
  saw(credential, counter = credential.counter) {
    this.#accounts.set(credential, counter);
  }

  /** Signs in everywhere. @param {Client} client */
  signIn(client) {
    for (const [credential, last] of this.#accounts) {
      const counter = client.authenticateTouched(credential);
      assert.ok(counter > last, `counter ${counter} after ${last}`);
      this.saw(credential, counter);
    }
  }

  clone() {
    const clone = new RelyingParty();
    for (const [credential, counter] of this.#accounts) clone.saw(credential, counter);
    return clone;
  }
}

/** A key in use, as it lies in a drawer. */
function aUsedKey() {
  const client = Client.fresh();
  const relyingParty = new RelyingParty();
  const credentials = [client.register({ discoverable: true }), client.register({ user: 'grace' })];
  for (const credential of credentials) relyingParty.saw(credential, client.authenticateTouched(credential));
  return { image: client.board.flash.image(), relyingParty, credentials };
}

const used = aUsedKey();

/**
 * Does `command` again and again, with the power going one operation later each time, until it gets to its end. After
 * each cut `check` looks at the key, which must also have kept everything else. Returns how often it was cut.
 * @param {(client: Client, relyingParty: RelyingParty) => void} command
 * @param {(client: Client, relyingParty: RelyingParty) => void} [check]
 */
function cutEverywhere(command, check = (client, relyingParty) => relyingParty.signIn(client)) {
  for (let operations = 1; operations < MANY; operations += Math.ceil(operations / DENSE)) {
    const board = aBoard();
    board.flash.load(used.image);
    const client = new Client(board);
    const relyingParty = used.relyingParty.clone();
    board.flash.cutAfter(operations);
    try {
      command(client, relyingParty);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
    const wasCut = !board.chip;
    board.flash.cutAfter(Infinity);
    client.powerCycle();
    check(client, relyingParty);
    if (!wasCut) return operations - 1;
  }
  return assert.fail('the command does not end');
}

test('a credential that is not discoverable is made without a write', () => {
  assert.equal(cutEverywhere((client, relyingParty) => relyingParty.saw(client.register({ user: 'new' }))), 0);
});

test('while a discoverable credential is made', () => {
  assert.ok(cutEverywhere((client, relyingParty) => relyingParty.saw(client.register({ user: 'new', discoverable: true }))));
});

test('while a discoverable credential takes the place of another', () => {
  const [old, other] = used.credentials;
  const cuts = cutEverywhere(
    (client) => client.touched(makeCredential({ discoverable: true })),
    (client) => {
      // Without an allow list the key offers the account's one credential, the old or the new.
      assert.equal(client.touched(getAssertion(null, true))[0], OK);
      client.authenticate(other);
      assert.ok([OK, NO_CREDENTIALS].includes(client.exchange(CBOR, getAssertion([old.id], false))[0]));
    },
  );
  assert.ok(cuts > 0);
});

test('while the key signs in', () => {
  const cuts = cutEverywhere((client, relyingParty) => {
    relyingParty.signIn(client);
    relyingParty.signIn(client);
  });
  assert.ok(cuts > 0);
});

test('while U2F registers and signs in', () => {
  const cuts = cutEverywhere((client) => client.u2fTouched(u2fAuthenticate(client.u2fRegister())));
  assert.ok(cuts > 0);
});

test('while the key forgets everything', () => {
  const cuts = cutEverywhere(
    (client) => {
      client.powerCycle();
      client.touched(RESET);
    },
    (client, relyingParty) => {
      const statuses = used.credentials.map(({ id }) => client.exchange(CBOR, getAssertion([id], false))[0]);
      // All of it is there, or nothing.
      if (statuses[0] === OK) relyingParty.signIn(client);
      else assert.deepEqual(statuses, [NO_CREDENTIALS, NO_CREDENTIALS]);
      client.register();
    },
  );
  assert.ok(cuts > 0);
});

test('while the key starts for the first time', () => {
  let operations = 1;
  for (let done = false; !done; operations++) {
    const board = aBoard();
    board.flash.cutAfter(operations);
    board.powerOn();
    done = Boolean(board.chip);
    board.flash.cutAfter(Infinity);
    const client = new Client(board);
    const credential = client.register();
    client.powerCycle();
    client.authenticate(credential);
  }
  assert.ok(operations > 2, 'the first start wrote something');
});

test('a foreign handle is nothing', () => {
  assert.equal(Client.fresh().exchange(MSG, u2fAuthenticate(Buffer.alloc(64, 7))).toString('hex'), '6a80');
});
