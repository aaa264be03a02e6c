// Each fault is noticed by a website that checks, for the reason that its name says.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SecurityKey } from '@brasskey/key';

import { Site } from './site.mjs';

const site = new Site();
const verified = { userVerification: 'required' };

/** A key whose user has signed in. */
async function registered(asked = {}) {
  const key = new SecurityKey({ pin: '2468' });
  const { credential } = await site.register(key, { authenticatorSelection: { ...verified, ...asked } });
  const { newCounter } = await site.signIn(key, credential);
  return { key, credential: { ...credential, counter: newCounter } };
}

for (const [fault, refusal] of [
  ['challenge', /challenge/],
  ['origin', /origin/],
  ['userVerification', /[Uu]ser verification/],
  ['counter', /counter/],
  ['signature', /does not accept the signature/],
  ['userPresence', /[Uu]ser (was )?not present|user presence/i],
  ['rpId', /RP ID/],
]) {
  for (const residentKey of ['discouraged', 'required']) {
    test(`a sign-in with a wrong ${fault} is refused (resident key ${residentKey})`, async () => {
      const { key, credential } = await registered({ residentKey });
      key.forge(fault);
      await assert.rejects(site.signIn(key, credential, verified), refusal);
      await site.signIn(key, credential, verified);
    });
  }
}

for (const [fault, refusal] of [
  ['challenge', /challenge/],
  ['origin', /origin/],
  ['userVerification', /[Uu]ser verification/],
  ['userPresence', /[Uu]ser (was )?not present|user presence/i],
  ['rpId', /RP ID/],
  ['backup', /backed up|backup/i],
]) {
  test(`a registration with a wrong ${fault} is refused`, async () => {
    const key = new SecurityKey({ pin: '2468' });
    key.forge(fault);
    await assert.rejects(site.register(key, { authenticatorSelection: verified }), refusal);
  });
}

test('a registration with a wrong signature is refused where there is one', async () => {
  const key = new SecurityKey();
  key.forge('signature');
  await assert.rejects(site.register(key, { attestationType: 'direct' }), /does not accept the registration/);
  key.forge('signature');
  await assert.rejects(site.register(key), /asks for attestation/);
});

test('another credential or user is named where the fault says so', async () => {
  const { key, credential } = await registered({ residentKey: 'required' });
  const options = await site.signInOptions();
  const right = await key.get(options, site.from);
  key.forge('userHandle', 'credentialId');
  const wrong = await key.get(options, site.from);
  assert.equal(right.id, credential.id);
  assert.notEqual(wrong.id, right.id);
  assert.equal(wrong.rawId, wrong.id);
  assert.notEqual(wrong.response.userHandle, right.response.userHandle);
  key.forge('userHandle');
  await assert.rejects(site.register(key), /^TypeError: the fault 'userHandle' needs a sign-in/);
});

test('a function changes an answer as it likes, and calls are for one answer each', async () => {
  const { key, credential } = await registered();
  key.forge((answer) => ({ ...answer, type: 'password' }));
  key.forge('signature');
  await assert.rejects(site.signIn(key, credential), /type/);
  await assert.rejects(site.signIn(key, credential), /signature/);
  await site.signIn(key, credential);
  assert.throws(() => key.forge('everything'), /there is no fault 'everything'/);
});

test('a counter that never moved cannot go back', async () => {
  const key = new SecurityKey({ backup: 'eligible' });
  const { credential } = await site.register(key);
  key.forge('counter');
  await assert.rejects(site.signIn(key, credential), /needs a credential that has signed in/);
});
