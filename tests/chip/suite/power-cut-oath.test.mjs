/**
 * The power is cut after each operation of the flash, during each command of OATH that writes. What was acknowledged is
 * there, no counter of HOTP goes back, and the passkeys still sign.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  HOTP, NO_SUCH_ACCOUNT, OK, Oath, RESET, RFC_SECRET, apdu, calculate, codeOf, put, remove, rename,
} from './oath.mjs';
import { UsedKey } from './power-cut.mjs';

const STEP = 1n;
const OTHER = Buffer.alloc(20, 7);

const used = UsedKey.new((client) => {
  const oath = Oath.overReports(client);
  oath.put({ name: 'totp' });
  oath.put({ name: 'hotp', type: HOTP });
  assert.equal(oath.code('hotp'), codeOf(RFC_SECRET, 0n));
});

/** The account that was always there computes its code. @param {Oath} oath */
const assertKept = (oath) => assert.equal(oath.code('totp', STEP), codeOf(RFC_SECRET, STEP));

/** The code of an account, or the status word without one. @param {Oath} oath @param {string} name */
function codeOrWord(oath, name) {
  const word = oath.word(calculate(name, STEP));
  return word === OK ? oath.code(name, STEP) : word;
}

/**
 * Cuts the power everywhere in a command.
 * @param {Buffer} command
 * @param {(oath: Oath, answered: boolean) => void} check
 * @param {number} [dense]
 */
function cut(command, check, dense) {
  const cuts = used.cutEverywhere({
    dense,
    prepare: (client) => Oath.overReports(client),
    command: (_client, _relyingParty, oath) => assert.equal(oath.word(command), OK),
    check: (client, relyingParty, answered) => {
      check(Oath.overReports(client), answered);
      relyingParty.signIn(client);
    },
  });
  assert.ok(cuts > 0);
}

test('while an account is added', () => {
  cut(put({ name: 'new', secret: OTHER }), (oath, answered) => {
    assertKept(oath);
    const found = codeOrWord(oath, 'new');
    assert.ok(found === codeOf(OTHER, STEP) || (!answered && found === NO_SUCH_ACCOUNT), found);
  });
});

test('while an account takes the place of another', () => {
  cut(put({ name: 'totp', secret: OTHER }), (oath, answered) => {
    const found = oath.code('totp', STEP);
    assert.ok(found === codeOf(OTHER, STEP) || (!answered && found === codeOf(RFC_SECRET, STEP)), found);
  });
});

test('while an account is renamed', () => {
  cut(rename('totp', 'renamed'), (oath, answered) => {
    const [old, renamed] = ['totp', 'renamed'].map((name) => codeOrWord(oath, name));
    const found = [old, renamed].filter((code) => code !== NO_SUCH_ACCOUNT);
    assert.deepEqual(found, [codeOf(RFC_SECRET, STEP)], 'under one name');
    assert.ok(!answered || old === NO_SUCH_ACCOUNT);
  });
});

test('while an account is deleted', () => {
  cut(remove('totp'), (oath, answered) => {
    const found = codeOrWord(oath, 'totp');
    assert.ok(found === NO_SUCH_ACCOUNT || (!answered && found === codeOf(RFC_SECRET, STEP)), found);
  });
});

test('while a counter goes on', () => {
  let least = 1n;
  cut(calculate('hotp'), (oath, answered) => {
    assertKept(oath);
    const code = oath.code('hotp');
    const counter = [1n, 2n].find((number) => codeOf(RFC_SECRET, number) === code);
    assert.ok(counter !== undefined, `${code} is of no counter`);
    assert.ok(counter >= least && (!answered || counter === 2n), `counter ${counter}`);
    least = counter;
  });
});

test('while the codes are reset, the passkeys stay', () => {
  /** @param {Oath} oath @param {boolean} answered */
  const check = (oath, answered) => {
    const [totp, hotp] = [codeOrWord(oath, 'totp'), oath.word(calculate('hotp'))];
    const isThere = totp !== NO_SUCH_ACCOUNT;
    assert.equal(hotp, isThere ? OK : NO_SUCH_ACCOUNT, 'all of them or none');
    assert.ok(!answered || !isThere);
    oath.put({ name: 'after' });
    assert.equal(oath.code('after', STEP), codeOf(RFC_SECRET, STEP));
  };
  // It writes to all pages, so that each try takes long. FIDO's reset is cut more often, and writes in the same way.
  cut(apdu(RESET, [], 0xde, 0xad), check, 4);
});
