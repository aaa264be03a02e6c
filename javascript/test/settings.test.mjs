// What is given wrongly: the error names it, says what it is, and what it must be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { SecurityKey } from '@brasskey/key';
import { Credentials } from '@brasskey/key/playwright';

import { Site } from './site.mjs';

const site = new Site();
const bytes = (length) => new Uint8Array(length);

for (const [settings, kind, message] of [
  [{ attachment: 'usb' }, TypeError, "attachment is 'usb', and must be 'cross-platform' or 'platform'"],
  [{ attachment: null }, TypeError, /^attachment is null, and must be/],
  [{ backup: 'perhaps' }, TypeError, "backup is 'perhaps', and must be 'never', 'eligible' or 'backed-up'"],
  [{ protocol: 'ctap1' }, TypeError, "protocol is 'ctap1', and must be 'ctap2' or 'u2f'"],
  [{ userVerification: 1 }, TypeError, "userVerification is 1, and must be 'pin', 'always', 'never' or 'control'"],
  [{ touch: 'manual' }, TypeError, /^touch is 'manual', and must be 'auto', .* an array of 'touch' and 'decline'$/],
  [{ touch: ['touch', 'refuse'] }, TypeError, "an answer in touch is 'refuse', and must be 'touch' or 'decline'"],
  [{ listRecentAlgorithms: 1 }, TypeError, 'listRecentAlgorithms is 1, and must be true or false'],
  [{ aaguid: '5' }, TypeError, "aaguid is '5', and must be a UUID, or 16 bytes"],
  [{ aaguid: bytes(15) }, RangeError, 'aaguid has 15 bytes, and must have 16'],
  [{ aaguid: 7 }, TypeError, /^aaguid is a number, and must be bytes/],
  [{ seed: bytes(3) }, RangeError, 'seed has 3 bytes, and must have 32'],
  [{ seed: 'a secret' }, TypeError, 'seed is a string, and must be bytes: a Uint8Array or Buffer'],
  [{ state: 'saved' }, TypeError, /^state is a string/],
  [{ state: bytes(9) }, TypeError, /no state of a key/],
  [{ attestation: {} }, TypeError, /^attestation.certificate is undefined, and must be bytes/],
  [{ attestation: { certificate: bytes(9), privateKey: bytes(9) } }, RangeError, /^attestation.privateKey has 9 bytes/],
  [{ pin: 2468 }, TypeError, 'pin is a number, and must be a string'],
  [{ pin: '1' }, RangeError, /the PIN is too short/],
  [{ pin: '1'.repeat(64) }, RangeError, /64 bytes/],
  [{ pinn: '2468' }, TypeError, /^the settings of a key have no 'pinn': there are aaguid, .*, pin, /],
  ['ctap2', TypeError, "the settings of a key are 'ctap2', and must be an object"],
]) {
  test(`a key is not made of ${JSON.stringify(settings)}`, () => {
    assert.throws(() => new SecurityKey(settings), { name: kind.name, message });
  });
}

test('what is undefined is not given', () => {
  const key = new SecurityKey({ attachment: undefined, pin: undefined, touch: undefined });
  assert.deepEqual([key.attachment, key.hasPin, key.touchMode], ['cross-platform', false, 'auto']);
});

for (const [call, kind, message] of [
  [(key) => key.advance(-5), RangeError, /^milliseconds is -5, and must be a whole number from 0 to 4294967295$/],
  [(key) => key.advance('5'), TypeError, /^milliseconds is '5'/],
  [(key) => key.advance(1.5), RangeError, /^milliseconds is 1.5/],
  [(key) => key.setSignCount(-1), RangeError, /^signCount is -1/],
  [(key) => key.setSignCount(2 ** 32), RangeError, /^signCount is 4294967296/],
  [(key) => key.setSignCount(1, 5), TypeError, /^id is 5, and must be a string$/],
  [(key) => key.forge(), TypeError, /^say which fault: challenge, /],
  [(key) => key.forge('everything'), TypeError, /^there is no fault 'everything': there are challenge, /],
  [(key) => key.typePin(1357), TypeError, /^pin is a number/],
  [(key) => key.typePin(), TypeError, /^pin is undefined/],
  [(key) => key.typePin('135'), RangeError, /the PIN is too short/],
  [(key) => key.typePin('1357'), Error, 'the key has no PIN, so its user types none: setPin() gives it one'],
  [(key) => key.setPin(1357), TypeError, /^pin is a number/],
  [(key) => key.chooseAccount(1), TypeError, /^account is 1, and must be a string$/],
  [(key) => key.setUserVerified(true), TypeError, /^userVerification is 'pin', and must be 'control' for setUserV/],
  [(key) => { key.touchMode = 'maybe'; }, TypeError, /^touch is 'maybe'/],
  [(key) => key.deleteCredential(7), TypeError, /^id is 7/],
  [(key) => key.inject({ rpId: 'example.com' }), TypeError, 'a credential to put in needs privateKey'],
  [(key) => key.inject({ rpId: 'example.com', privatKey: 'AA' }), TypeError, /have no 'privatKey': there are/],
  [(key) => key.inject({ rpId: 'example.com', privateKey: bytes(32), signCount: -1 }), RangeError, /^signCount is -1/],
]) {
  test(`${String(call).replace(/^\(key\) => /, '')} is refused`, () => {
    assert.throws(() => call(new SecurityKey()), { name: kind.name, message });
  });
}

for (const [asked, kind, message] of [
  [{ timeout: '60' }, TypeError, /^timeout is '60', and must be a number of milliseconds$/],
  [{ timeout: -1 }, RangeError, /^timeout is -1/],
  [{ timeout: NaN }, RangeError, /^timeout is NaN/],
]) {
  test(`options with the timeout ${asked.timeout} are refused`, async () => {
    const options = await site.registrationOptions();
    await assert.rejects(new SecurityKey().create({ ...options, ...asked }, site.from), { name: kind.name, message });
  });
}

test('a request says who asks, and nothing that does not exist', async () => {
  const key = new SecurityKey();
  const options = await site.registrationOptions();
  await assert.rejects(key.create(options), /^TypeError: say which website asks/);
  await assert.rejects(key.create(options, { origin: 7 }), /^TypeError: origin is 7, and must be a string$/);
  await assert.rejects(key.create(options, { ...site.from, timeout: 5 }), /have no 'timeout': there are origin, /);
  await assert.rejects(key.create(options, { ...site.from, signal: true }), /^TypeError: signal is true/);
  for (const [given, what] of [
    [null, 'options is null, and must be'],
    [[], 'options is an array, and must be'],
    ['[]', 'options is an array, and must be'],
    [Promise.resolve(options), 'options is a promise \\(await it\\), and must be'],
    [{ publicKey: [] }, 'options is an array, and must be'],
    ['{rp', 'options are no JSON: '],
  ]) {
    await assert.rejects(key.create(given, site.from), new RegExp(`^TypeError: ${what}`));
  }
});

test('credentials of a context take no other settings', async () => {
  const context = { pages: () => [] };
  assert.throws(() => new Credentials(context, { key: new SecurityKey() }), /have no 'key': there are keys$/);
  assert.throws(() => new Credentials(context, { keys: new SecurityKey() }), /^TypeError: keys must be an array/);
  assert.throws(() => new Credentials(context, { keys: [{}] }), /^TypeError: keys must be an array/);
  assert.throws(() => new Credentials({}), /^TypeError: context must be a BrowserContext of Playwright/);
  const credentials = new Credentials(context);
  assert.throws(() => { credentials.keys = credentials.key; }, /^TypeError: keys must be an array/);
  assert.match(inspect(credentials), /^Credentials \{\s+keys: \[\s+SecurityKey/);
  await assert.rejects(credentials.create('example.com', { signcount: 7 }), /have no 'signcount': there are id, /);
  await assert.rejects(credentials.get({ rp: 'example.com' }), /have no 'rp': there are id, rpId$/);
});
