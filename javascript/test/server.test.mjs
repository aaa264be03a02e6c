// The key, as a website sees it that checks with @simplewebauthn/server.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';

import { SecurityKey } from '@brasskey/key';

import { Site } from './site.mjs';

const site = new Site();
const bytes = (text) => Buffer.from(text, 'base64url');

// What WebCrypto in Node.js 20 can verify, and so the server.
for (const [name, algorithm] of [['ES256', -7], ['EdDSA', -8], ['ES384', -35], ['ES512', -36]]) {
  for (const attestationType of ['none', 'direct']) {
    test(`a website registers ${name} with attestation '${attestationType}', and signs in twice`, async () => {
      const key = new SecurityKey();
      const asked = { supportedAlgorithmIDs: [algorithm], attestationType };
      const { credential, fmt } = await site.register(key, asked);
      assert.equal(fmt, attestationType === 'none' ? 'none' : 'packed');
      const first = await site.signIn(key, credential);
      assert.ok(first.newCounter > credential.counter);
      await site.signIn(key, { ...credential, counter: first.newCounter });
    });
  }
}

for (const [name, algorithm, hash] of [['ES256', -7, 'sha256'], ['ESP256', -9, 'sha256'], ['ES256K', -47, 'sha256'],
  ['EdDSA', -8, null], ['Ed25519', -19, null], ['ES384', -35, 'sha384'], ['ESP384', -51, 'sha384'],
  ['ES512', -36, 'sha512'], ['ESP512', -52, 'sha512']]) {
  test(`getPublicKey() of ${name} verifies what the key signs`, async () => {
    const key = new SecurityKey();
    const options = await site.registrationOptions({ supportedAlgorithmIDs: [algorithm] });
    const { id, response: { publicKey, publicKeyAlgorithm } } = await key.create(options, site.from);
    assert.equal(publicKeyAlgorithm, algorithm);
    const { response } = await key.get(await site.signInOptions({ allowCredentials: [{ id }] }), site.from);
    const clientDataHash = createHash('sha256').update(bytes(response.clientDataJSON)).digest();
    const signed = Buffer.concat([bytes(response.authenticatorData), clientDataHash]);
    const spki = createPublicKey({ key: bytes(publicKey), format: 'der', type: 'spki' });
    assert.ok(verify(hash, signed, spki, bytes(response.signature)));
    signed[0] ^= 1;
    assert.ok(!verify(hash, signed, spki, bytes(response.signature)));
  });
}

// The server needs a WebCrypto that verifies ML-DSA, which that of Node.js 20 does not. FIPS 204 §4: their lengths.
for (const [name, algorithm, keyLength, signatureLength] of [['44', -48, 1312, 2420], ['65', -49, 1952, 3309]]) {
  test(`the key signs with ML-DSA-${name}`, async () => {
    const key = new SecurityKey();
    const options = await site.registrationOptions({ supportedAlgorithmIDs: [algorithm] });
    const { id, response: { publicKeyAlgorithm, authenticatorData } } = await key.create(options, site.from);
    assert.equal(publicKeyAlgorithm, algorithm);
    assert.ok(bytes(authenticatorData).length > keyLength);
    const { response } = await key.get(await site.signInOptions({ allowCredentials: [{ id }] }), site.from);
    assert.equal(bytes(response.signature).length, signatureLength);
  });
}

test('a passkey is found without its ID, and says whose it is', async () => {
  const key = new SecurityKey();
  const userID = new TextEncoder().encode('the account of alice');
  const authenticatorSelection = { residentKey: 'required' };
  const { credential } = await site.register(key, { userID, authenticatorSelection });
  const options = await site.signInOptions();
  const answer = await key.get(options, site.from);
  assert.equal(answer.id, credential.id);
  assert.equal(bytes(answer.response.userHandle).toString(), 'the account of alice');
  await site.signedIn(options, answer, credential);
});

test('a key that is registered already says so, for this website alone', async () => {
  const key = new SecurityKey();
  const { credential } = await site.register(key);
  const excludeCredentials = [{ id: credential.id }];
  await assert.rejects(site.register(key, { excludeCredentials }), { name: 'InvalidStateError' });
  await site.register(new SecurityKey(), { excludeCredentials });
  const other = new Site({ origin: 'https://example.org', rpId: 'example.org' });
  await assert.rejects(other.signIn(key, credential), { name: 'NotAllowedError' });
});

test('U2F registers and signs in', async () => {
  const key = new SecurityKey({ protocol: 'u2f' });
  const asked = { attestationType: 'direct', authenticatorSelection: { userVerification: 'discouraged' } };
  const { credential, fmt } = await site.register(key, asked);
  assert.equal(fmt, 'fido-u2f');
  await site.signIn(key, credential, { userVerification: 'discouraged' });
  key.touchMode = 'deny';
  await assert.rejects(site.signIn(key, credential, { userVerification: 'discouraged' }), { name: 'NotAllowedError' });
});

test('a PIN verifies the user, and a wrong one costs a retry', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const required = { authenticatorSelection: { userVerification: 'required' } };
  const { credential, userVerified } = await site.register(key, required);
  assert.ok(userVerified);
  assert.equal(key.pinRetries, 8);
  key.typePin('1357');
  await assert.rejects(site.signIn(key, credential, { userVerification: 'required' }), { name: 'NotAllowedError' });
  assert.equal(key.pinRetries, 7);
  key.typePin('2468');
  const { userVerified: again } = await site.signIn(key, credential, { userVerification: 'required' });
  assert.ok(again);
  assert.equal(key.pinRetries, 8);
});

test('a sensor verifies the user or does not', async () => {
  const key = new SecurityKey({ userVerification: 'control' });
  const required = { authenticatorSelection: { userVerification: 'required' } };
  await assert.rejects(site.register(key, required), { name: 'NotAllowedError' });
  key.setUserVerified(true);
  assert.ok((await site.register(key, required)).userVerified);
});

test('the flags, the model and the place are what the settings say', async () => {
  const aaguid = '01020304-0506-0708-0102-030405060708';
  const key = new SecurityKey({ aaguid, attachment: 'platform', backup: 'backed-up' });
  const options = await site.registrationOptions({ attestationType: 'direct' });
  const answer = await key.create(options, site.from);
  assert.equal(answer.authenticatorAttachment, 'platform');
  const info = await site.registered(options, answer);
  assert.equal(info.aaguid, aaguid);
  assert.equal(info.credentialDeviceType, 'multiDevice');
  assert.equal(info.credentialBackedUp, true);
  assert.equal((await site.register(new SecurityKey())).credentialDeviceType, 'singleDevice');
});

test('PRF gives a secret for each input, and the same one again', async () => {
  const key = new SecurityKey();
  const extensions = { prf: {} };
  const options = { ...await site.registrationOptions(), extensions };
  const registration = await key.create(options, site.from);
  assert.equal(registration.clientExtensionResults.prf.enabled, true);
  const secret = async (first) => {
    const asked = await site.signInOptions({ allowCredentials: [{ id: registration.id }] });
    const answer = await key.get({ ...asked, extensions: { prf: { eval: { first } } } }, site.from);
    return answer.clientExtensionResults.prf.results.first;
  };
  const one = await secret('AQ');
  assert.equal(bytes(one).length, 32);
  assert.equal(await secret('AQ'), one);
  assert.notEqual(await secret('Ag'), one);
});

test('PRF gives the secret at the registration, too', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const options = { ...await site.registrationOptions(), extensions: { prf: { eval: { first: 'AQ', second: 'Ag' } } } };
  options.authenticatorSelection = { userVerification: 'required' };
  const { id, clientExtensionResults: { prf } } = await key.create(options, site.from);
  assert.notEqual(prf.results.first, prf.results.second);
  const asked = await site.signInOptions({ allowCredentials: [{ id }], userVerification: 'required' });
  const extensions = { prf: { evalByCredential: { [id]: { first: 'Ag' } } } };
  const answer = await key.get({ ...asked, extensions }, site.from);
  assert.equal(answer.clientExtensionResults.prf.results.first, prf.results.second);
});

test('credProps, credProtect and large blobs come through', async () => {
  const key = new SecurityKey({ pin: '2468' });
  const options = await site.registrationOptions({
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    extensions: { credProps: true, credentialProtectionPolicy: 'userVerificationRequired',
      largeBlob: { support: 'required' } },
  });
  const registration = await key.create({ ...options, extensions: { ...options.extensions } }, site.from);
  assert.equal(registration.clientExtensionResults.credProps.rk, true);
  assert.equal(registration.clientExtensionResults.largeBlob.supported, true);
  assert.equal(key.credentials[0].credProtect, 3);
  const asked = await site.signInOptions({ allowCredentials: [{ id: registration.id }] });
  const written = await key.get({ ...asked, extensions: { largeBlob: { write: 'AQID' } } }, site.from);
  assert.equal(written.clientExtensionResults.largeBlob.written, true);
  const read = await key.get({ ...asked, extensions: { largeBlob: { read: true } } }, site.from);
  assert.equal(read.clientExtensionResults.largeBlob.blob, 'AQID');
});
