/**
 * The power is cut after each operation of the flash, during each command that writes. Every acknowledged credential
 * still signs, and no counter goes back.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  CBOR, Client, NO_CREDENTIALS, OK, RESET, aBoard, getAssertion, makeCredential, u2fAuthenticate,
} from './client.mjs';
import { UsedKey } from './power-cut.mjs';

const used = UsedKey.new();

test('a credential that is not discoverable is made without a write', () => {
  const cuts = used.cutEverywhere({
    command: (client, relyingParty) => relyingParty.saw(client.register({ user: 'new' })),
  });
  assert.equal(cuts, 0);
});

test('while a discoverable credential is made', () => {
  const cuts = used.cutEverywhere({
    command: (client, relyingParty) => relyingParty.saw(client.register({ user: 'new', discoverable: true })),
  });
  assert.ok(cuts > 0);
});

test('while a discoverable credential takes the place of another', () => {
  const [old, other] = used.credentials;
  const cuts = used.cutEverywhere({
    command: (client) => client.touched(makeCredential({ discoverable: true })),
    check: (client) => {
      // Without an allow list the key offers the account's one credential, the old or the new.
      assert.equal(client.touched(getAssertion(null, true))[0], OK);
      client.authenticate(other);
      assert.ok([OK, NO_CREDENTIALS].includes(client.exchange(CBOR, getAssertion([old.id], false))[0]));
    },
  });
  assert.ok(cuts > 0);
});

test('while the key signs in', () => {
  const cuts = used.cutEverywhere({
    command: (client, relyingParty) => {
      relyingParty.signIn(client);
      relyingParty.signIn(client);
    },
  });
  assert.ok(cuts > 0);
});

test('while U2F registers and signs in', () => {
  const cuts = used.cutEverywhere({ command: (client) => client.u2fTouched(u2fAuthenticate(client.u2fRegister())) });
  assert.ok(cuts > 0);
});

test('while the key forgets everything', () => {
  const cuts = used.cutEverywhere({
    command: (client) => {
      client.powerCycle();
      client.touched(RESET);
    },
    check: (client, relyingParty) => {
      const statuses = used.credentials.map(({ id }) => client.exchange(CBOR, getAssertion([id], false))[0]);
      // All of it is there, or nothing.
      if (statuses[0] === OK) relyingParty.signIn(client);
      else assert.deepEqual(statuses, [NO_CREDENTIALS, NO_CREDENTIALS]);
      client.register();
    },
  });
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
