// Sign-ins a second, from options to answer. Beside it nid-webauthn-emulator, where it is installed:
//
//   npm install --no-save nid-webauthn-emulator@0.2.11 && node bench/sign-ins.mjs

import { SecurityKey } from '@brasskey/key';

const SECONDS = 3;
const origin = 'https://login.example.com';
const challenge = 'c2VydmVycyBtYWtlIGEgcmFuZG9tIG9uZQ';
const creation = {
  rp: { id: 'example.com', name: 'Example' },
  user: { id: 'YWxpY2U', name: 'alice', displayName: 'Alice' },
  challenge,
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
};
const request = (id) => ({ challenge, rpId: 'example.com', allowCredentials: [{ type: 'public-key', id }] });

async function measure(name, signIn) {
  for (let warm = 0; warm < 20; warm += 1) await signIn();
  const begun = performance.now();
  let count = 0;
  while (performance.now() - begun < SECONDS * 1000) {
    await signIn();
    count += 1;
  }
  const rate = count / ((performance.now() - begun) / 1000);
  console.log(`${name}: ${rate.toFixed(0)} sign-ins a second`);
}

const key = new SecurityKey();
const { id } = await key.create(creation, { origin });
await measure('@brasskey/key', () => key.get(request(id), { origin }));

const emulator = await import('nid-webauthn-emulator').catch(() => null);
if (emulator) {
  const { default: WebAuthnEmulator } = emulator;
  const other = new WebAuthnEmulator();
  const registered = other.createJSON(origin, creation);
  await measure('nid-webauthn-emulator', () => other.getJSON(origin, request(registered.id)));
} else {
  console.log('nid-webauthn-emulator is not installed');
}
