// The key by itself: its user, its memory, and what it refuses.

import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import { SecurityKey } from '@brasskey/key';

import { ORIGIN, RP_ID, Site } from './site.mjs';

const site = new Site();
const passkey = { authenticatorSelection: { residentKey: 'required' } };

test('with a manual touch a request waits for the user', async () => {
  const key = new SecurityKey({ touch: 'manual' });
  assert.equal(key.waiting, null);
  assert.throws(() => key.touch(), /no request waits/);
  const registration = site.register(key);
  assert.deepEqual(await key.asked(), { operation: 'register', origin: ORIGIN, rpId: RP_ID, user: 'alice' });
  key.touch();
  const { credential } = await registration;
  assert.equal(key.waiting, null);
  const signIn = site.signIn(key, credential);
  assert.equal((await key.asked()).operation, 'authenticate');
  key.decline();
  await assert.rejects(signIn, { name: 'NotAllowedError' });
});

test('a request ends when the website takes it back, or when nobody touches the key', async () => {
  const key = new SecurityKey({ touch: 'manual' });
  const options = await site.registrationOptions();
  const controller = new AbortController();
  const request = key.create(options, { ...site, signal: controller.signal });
  await key.asked();
  controller.abort();
  await assert.rejects(request, { name: 'AbortError' });
  assert.equal(key.waiting, null);
  await assert.rejects(key.create({ ...options, timeout: 1 }, site), { name: 'NotAllowedError' });
  assert.equal(key.waiting, null);
  await assert.rejects(key.create(options, { ...site, signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('a key that refuses makes no credential', async () => {
  const key = new SecurityKey({ touch: 'deny' });
  await assert.rejects(site.register(key, passkey), { name: 'NotAllowedError' });
  assert.deepEqual(key.credentials, []);
});

test('a page may not ask for another website', async () => {
  const key = new SecurityKey();
  const options = await site.registrationOptions();
  for (const origin of ['https://example.org', 'http://login.example.com', 'https://127.0.0.1', 'nonsense']) {
    await assert.rejects(key.create(options, { origin }), { name: 'SecurityError' });
  }
  await assert.rejects(key.create(options), /say which website asks/);
  assert.deepEqual(key.log.filter(({ command }) => command === 'authenticatorMakeCredential'), []);
});

test('what options lack is a TypeError', async () => {
  const key = new SecurityKey();
  const { user, ...options } = await site.registrationOptions();
  await assert.rejects(key.create(options, site), TypeError);
  await assert.rejects(key.create({ ...options, user: { ...user, id: '' } }, site), TypeError);
  for (const settings of [{ aaguid: '5' }, { seed: new Uint8Array(3) }, { touch: 'maybe' }, { backup: 'perhaps' },
    { pin: '1' }, { colour: 'brass' }, { state: new Uint8Array(9) }, { attachment: 'glue' }]) {
    assert.throws(() => new SecurityKey(settings), TypeError, JSON.stringify(settings));
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
    (await new SecurityKey({ seed }).create(options, site)).id));
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
  key.setSignCount(asked.id, 99);
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
    return (await key.get(await site.signInOptions({ userVerification: 'required' }), site)).id;
  };
  assert.equal(await chosen('alice'), ids.alice);
  assert.equal(await chosen(Buffer.from('bob').toString('base64url')), ids.bob);
  assert.equal(await chosen(null), ids.bob);
  await assert.rejects(chosen('carol'), { name: 'NotAllowedError' });
});

test('an attestation certificate is what the key attests with', async () => {
  const { certificate, privateKey } = selfSigned();
  const aaguid = '01020304-0506-0708-0102-030405060708';
  const key = new SecurityKey({ aaguid, attestation: { certificate, privateKey } });
  const options = await site.registrationOptions({ attestationType: 'direct' });
  const { response } = await key.create(options, site);
  const object = Buffer.from(response.attestationObject, 'base64url');
  assert.ok(object.includes(certificate));
  assert.ok(object.includes('x5c'));
  const other = createECDH('prime256v1');
  other.generateKeys();
  assert.throws(() => new SecurityKey({ attestation: { certificate, privateKey: other.getPrivateKey() } }), TypeError);
});

/** A certificate for attestation, built by hand: Node.js reads certificates, and makes none. */
function selfSigned() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = (tag, ...parts) => {
    const body = Buffer.concat(parts);
    const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const hex = (text) => Buffer.from(text, 'hex');
  const algorithm = der(0x30, hex('06082a8648ce3d040302'));
  const name = der(0x30, der(0x31, der(0x30, hex('0603550403'), der(0x0c, Buffer.from('Brass')))));
  const validity = der(0x30, der(0x17, Buffer.from('250101000000Z')), der(0x17, Buffer.from('450101000000Z')));
  const tbs = der(0x30, hex('a003020102'), hex('020101'), algorithm, name, validity, name,
    publicKey.export({ type: 'spki', format: 'der' }));
  // Nobody verifies it here.
  const certificate = der(0x30, tbs, algorithm, der(0x03, hex('00'), hex('3006020101020101')));
  assert.equal(new X509Certificate(certificate).subject, 'CN=Brass');
  return { certificate, privateKey: Buffer.from(privateKey.export({ format: 'jwk' }).d, 'base64url') };
}
