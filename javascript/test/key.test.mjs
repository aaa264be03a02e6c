// The key by itself: its user, its memory, and what it refuses.

import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { SecurityKey } from '@brasskey/key';

import { ORIGIN, RP_ID, Site } from './site.mjs';

const site = new Site();
const passkey = { authenticatorSelection: { residentKey: 'required' } };

test('with a controlled touch a request waits for the user', async () => {
  const key = new SecurityKey({ touch: 'control' });
  assert.equal(key.waiting, null);
  assert.throws(() => key.touch(), /no request waits/);
  const registration = site.register(key);
  assert.deepEqual(await key.waitUntilAsked(), { operation: 'register', origin: ORIGIN, rpId: RP_ID, user: 'alice' });
  key.touch();
  const { credential } = await registration;
  assert.equal(key.waiting, null);
  const signIn = site.signIn(key, credential);
  assert.equal((await key.waitUntilAsked()).operation, 'authenticate');
  key.decline();
  await assert.rejects(signIn, { name: 'NotAllowedError', message: 'the user declined' });
});

test('a list of answers is for one request each', async () => {
  const key = new SecurityKey({ touch: ['touch', 'decline'] });
  const { credential } = await site.register(key);
  assert.deepEqual(key.touchMode, ['decline']);
  await assert.rejects(site.signIn(key, credential), { name: 'NotAllowedError' });
  assert.equal(key.touchMode, 'control');
  const signIn = site.signIn(key, credential);
  await key.waitUntilAsked();
  key.touch();
  await signIn;
});

test('a request ends when the website takes it back, or when nobody touches the key', async () => {
  const key = new SecurityKey({ touch: 'control' });
  const options = await site.registrationOptions();
  const controller = new AbortController();
  const request = key.create(options, { ...site.from, signal: controller.signal });
  await key.waitUntilAsked();
  controller.abort();
  await assert.rejects(request, { name: 'AbortError' });
  assert.equal(key.waiting, null);
  const message = 'nobody touched the security key in time';
  await assert.rejects(key.create({ ...options, timeout: 1 }, site.from), { name: 'NotAllowedError', message });
  assert.equal(key.waiting, null);
  await assert.rejects(key.create(options, { ...site.from, signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('a key that refuses makes no credential', async () => {
  const key = new SecurityKey({ touch: 'deny' });
  await assert.rejects(site.register(key, passkey), { name: 'NotAllowedError', message: 'the user declined' });
  assert.deepEqual(key.credentials, []);
});

test('a user of U2F who refuses is not one who does nothing', async () => {
  const key = new SecurityKey({ protocol: 'u2f', touch: 'deny' });
  const asked = { authenticatorSelection: { userVerification: 'discouraged' } };
  await assert.rejects(site.register(key, asked), { name: 'NotAllowedError', message: 'the user declined' });
});

test('a page may not ask for another website', async () => {
  const key = new SecurityKey();
  const options = await site.registrationOptions();
  const address = { origin: 'http://127.0.0.1:8000' };
  await assert.rejects(key.create(options, address), /on this computer use http:..localhost$/);
  for (const origin of ['https://example.org', 'http://login.example.com', 'https://127.0.0.1', 'nonsense']) {
    await assert.rejects(key.create(options, { origin }), { name: 'SecurityError' });
  }
  await assert.rejects(key.create(options), /say which website asks/);
  assert.deepEqual(key.log.filter(({ command }) => command === 'authenticatorMakeCredential'), []);
});

test('what options lack is a TypeError', async () => {
  const key = new SecurityKey();
  const { user, ...options } = await site.registrationOptions();
  await assert.rejects(key.create(options, site.from), TypeError);
  await assert.rejects(key.create({ ...options, user: { ...user, id: '' } }, site.from), TypeError);
});

test('options are taken as servers have them', async () => {
  const key = new SecurityKey();
  const options = await site.registrationOptions();
  const { id } = await key.create({ publicKey: options }, site.from);
  const { challenge, ...others } = await site.signInOptions({ allowCredentials: [{ id }] });
  const bytes = { ...others, challenge: Buffer.from(challenge, 'base64url') };
  bytes.allowCredentials = [{ type: 'public-key', id: new Uint8Array(Buffer.from(id, 'base64url')).buffer }];
  for (const given of [bytes, { publicKey: bytes }, JSON.stringify({ challenge, ...others })]) {
    const { response } = await key.get(given, site.from);
    assert.equal(JSON.parse(Buffer.from(response.clientDataJSON, 'base64url')).challenge, challenge);
  }
});

test('after wrong PINs the key is unplugged, and in the end reset', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const { credential } = await site.register(key, passkey);
  const required = { userVerification: 'required' };
  key.typePin('1357');
  await assert.rejects(site.signIn(key, credential, required), { name: 'NotAllowedError' });
  for (const [pin, left] of [['1358', 6], ['1359', 5], ['2468', 5]]) {
    key.typePin(pin);
    await assert.rejects(site.signIn(key, credential, required), { name: 'NotAllowedError' });
    assert.equal(key.pinRetries, left);
  }
  key.powerCycle();
  await site.signIn(key, credential, required);
  assert.equal(key.pinRetries, 8);
  key.reset();
  assert.deepEqual(key.credentials, []);
  await assert.rejects(site.signIn(key, credential), { name: 'NotAllowedError' });
  key.setPin('9753');
  await site.register(key, { authenticatorSelection: { userVerification: 'required' } });
});

test('a key is reset, whatever its user refused before', async () => {
  for (const touch of ['deny', ['decline']]) {
    const key = new SecurityKey({ touch });
    await assert.rejects(site.register(key), { message: 'the user declined' });
    key.setPin('2468');
    key.reset();
    assert.ok(!key.hasPin);
  }
});

test('a sensor that failed five times is blocked until a PIN is given, or a reset', async () => {
  const key = new SecurityKey({ userVerification: 'control' });
  const required = { authenticatorSelection: { userVerification: 'required' } };
  const blocked = 'this security key has blocked its own user verification: too many attempts failed';
  const once = 'this security key did not verify its user';
  for (const message of [once, once, once, once, blocked]) {
    await assert.rejects(site.register(key, required), { message });
  }
  key.setUserVerified(true);
  await assert.rejects(site.register(key, required), { message: blocked });
  key.setPin('2468');
  assert.ok((await site.register(key, required)).userVerified);
  key.typePin(null);
  assert.ok((await site.register(key, required)).userVerified);
  key.reset();
  assert.ok((await site.register(key, required)).userVerified);
});

test('a wrong PIN that is typed again costs a try again, until the key is blocked', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const { credential } = await site.register(key, passkey);
  const required = { userVerification: 'required' };
  const fails = (message) => assert.rejects(site.signIn(key, credential, required), { message });
  key.typePin('1357');
  for (const left of [7, 6, 5, 4, 3, 2, 1, 0]) {
    if (left === 4 || left === 1) {
      await fails(/blocked until the security key is switched off and on/);
      key.powerCycle();
    }
    await fails(/^the PIN is|^three wrong PINs|PIN is blocked/);
    assert.equal(key.pinRetries, left);
  }
  key.powerCycle();
  key.typePin('2468');
  await fails('the PIN is blocked: too many wrong ones were given');
  key.reset();
  assert.ok(!key.hasPin);
});

test('the PIN of a key that has one stays, whatever the settings say that its user types', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const { credential } = await site.register(key, passkey);
  const required = { userVerification: 'required' };
  const state = key.save();
  assert.ok((await site.signIn(new SecurityKey({ state, pin: '2468' }), credential, required)).userVerified);
  const wrong = new SecurityKey({ state, pin: '1357' });
  await assert.rejects(site.signIn(wrong, credential, required), { message: 'the PIN is wrong: 7 tries are left' });
  const unknown = new SecurityKey({ state });
  assert.ok(unknown.hasPin);
  await assert.rejects(site.signIn(unknown, credential, required), { message: "this takes the security key's PIN" });
  assert.throws(() => unknown.setPin('2468'), { name: 'Error', message: /^the key has a PIN already: typePin\(\)/ });
  assert.equal(unknown.pinRetries, 8);
  const none = new SecurityKey().save();
  assert.ok(new SecurityKey({ state: none, pin: '2468' }).hasPin);
});

test('a key is printed without its secrets', async () => {
  const key = new SecurityKey({ pin: '2468', seed: new Uint8Array(32).fill(7), touch: 'control' });
  assert.equal(inspect(key, { breakLength: Infinity }), "SecurityKey { attachment: 'cross-platform', " +
    "protocol: 'ctap2', userVerification: 'pin', hasPin: true, touchMode: 'control', waiting: null, credentials: 0 }");
  assert.doesNotMatch(inspect(key, { showHidden: true, depth: Infinity }), /2468|seed/);
  assert.match(inspect({ deeper: [key] }), /SecurityKey/);
});

test('all credentials are deleted at once', async () => {
  const key = new SecurityKey();
  for (const userName of ['alice', 'bob']) {
    await site.register(key, { ...passkey, userName, userID: new TextEncoder().encode(userName) });
  }
  assert.equal(key.deleteCredentials(), 2);
  assert.deepEqual(key.credentials, []);
});

test('with alwaysUv the user is verified, whatever the website wants', async () => {
  const key = new SecurityKey({ pin: '2468' });
  key.toggleAlwaysUv();
  const discouraged = { authenticatorSelection: { userVerification: 'discouraged' } };
  assert.ok((await site.register(key, discouraged)).userVerified);
  key.toggleAlwaysUv();
  assert.ok(!(await site.register(key, discouraged)).userVerified);
});

test('a key that was saved goes on where it was', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const { credential } = await site.register(key, passkey);
  const { newCounter } = await site.signIn(key, credential);
  const again = new SecurityKey({ state: key.save() });
  again.typePin('2468');
  const required = { userVerification: 'required' };
  const { newCounter: next } = await site.signIn(again, { ...credential, counter: newCounter }, required);
  assert.ok(next > newCounter);
});

test('a seed makes the same key again', async () => {
  const seed = new Uint8Array(32).fill(7);
  const options = await site.registrationOptions();
  const ids = await Promise.all([seed, seed, seed.map(() => 8)].map(async (seed) =>
    (await new SecurityKey({ seed }).create(options, site.from)).id));
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[0], ids[2]);
});

test('credentials are put in, counted and deleted', async () => {
  const key = new SecurityKey();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const credential = key.inject({
    rpId: RP_ID,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url'),
    userHandle: 'YWxpY2U',
    userName: 'alice',
    signCount: 41,
  });
  assert.equal(credential.algorithm, -8);
  const cose = Buffer.from(credential.publicKey, 'base64url');
  assert.ok(cose.includes(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)));
  const asked = { id: credential.credentialId, publicKey: cose, counter: 41 };
  assert.equal((await site.signIn(key, asked)).newCounter, 42);
  key.setSignCount(99, asked.id);
  assert.equal((await site.signIn(key, asked)).newCounter, 100);
  key.deleteCredential(asked.id);
  assert.deepEqual(key.credentials, []);
  assert.throws(() => key.deleteCredential(asked.id), TypeError);
});

test('the user chooses between the accounts of a website', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const ids = {};
  for (const userName of ['alice', 'bob']) {
    const asked = { ...passkey, userName, userID: new TextEncoder().encode(userName) };
    ids[userName] = (await site.register(key, asked)).credential.id;
  }
  const chosen = async (account) => {
    key.chooseAccount(account);
    return (await key.get(await site.signInOptions({ userVerification: 'required' }), site.from)).id;
  };
  assert.equal(await chosen('alice'), ids.alice);
  assert.equal(await chosen(Buffer.from('bob').toString('base64url')), ids.bob);
  assert.equal(await chosen(null), ids.bob);
  await assert.rejects(chosen('carol'), { name: 'NotAllowedError' });
});

test('an attestation certificate is what the key attests with', async () => {
  const aaguid = '01020304-0506-0708-0102-030405060708';
  const { certificate, privateKey } = certified();
  const key = new SecurityKey({ aaguid, attestation: { certificate, privateKey } });
  const options = await site.registrationOptions({ attestationType: 'direct' });
  const answer = await key.create(options, site.from);
  const object = Buffer.from(answer.response.attestationObject, 'base64url');
  assert.ok(object.includes(certificate));
  assert.equal((await site.registered(options, answer)).fmt, 'packed');
  key.forge('signature');
  await assert.rejects(site.register(key, { attestationType: 'direct' }), /does not accept the registration/);
  const other = createECDH('prime256v1');
  other.generateKeys();
  assert.throws(() => new SecurityKey({ attestation: { certificate, privateKey: other.getPrivateKey() } }), TypeError);
});

/** A certificate as WebAuthn Level 3 §8.2.1 wants it, built by hand: Node.js reads certificates, and makes none. */
function certified() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = (tag, ...parts) => {
    const body = Buffer.concat(parts);
    const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const hex = (text) => Buffer.from(text, 'hex');
  const algorithm = der(0x30, hex('06082a8648ce3d040302'));
  const attribute = (type, text) => der(0x31, der(0x30, hex(`0603${type}`), der(0x0c, Buffer.from(text))));
  const name = der(0x30, attribute('550406', 'SE'), attribute('55040a', 'Brass'),
    attribute('55040b', 'Authenticator Attestation'), attribute('550403', 'Brass'));
  const validity = der(0x30, der(0x17, Buffer.from('250101000000Z')), der(0x17, Buffer.from('450101000000Z')));
  // basicConstraints, without CA.
  const extensions = der(0xa3, der(0x30, der(0x30, hex('0603551d13'), der(0x04, hex('3000')))));
  const tbs = der(0x30, hex('a003020102'), hex('020101'), algorithm, name, validity, name,
    publicKey.export({ type: 'spki', format: 'der' }), extensions);
  const signature = sign('sha256', tbs, privateKey);
  const certificate = der(0x30, tbs, algorithm, der(0x03, hex('00'), signature));
  assert.ok(new X509Certificate(certificate).verify(publicKey));
  return { certificate, privateKey: Buffer.from(privateKey.export({ format: 'jwk' }).d, 'base64url') };
}
