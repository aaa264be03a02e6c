// How many sign-ins a second a Node.js program gets from a key, beside another key in software. It is run from the
// repository, after `javascript/build` and `npm --prefix javascript ci`:
//
//   node javascript/bench/sign-ins.mjs --seconds 3

import { parseArgs } from 'node:util';

import { SecurityKey } from '@brasskey/key';
import emulator from 'nid-webauthn-emulator';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } });
const milliseconds = Number(values.seconds) * 1000;
const origin = 'https://login.example.com';
const challenge = 'c2VydmVycyBtYWtlIGEgcmFuZG9tIG9uZQ';
const creation = {
  rp: { id: 'example.com', name: 'Example' },
  user: { id: 'YWxpY2U', name: 'alice', displayName: 'Alice' },
  challenge,
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
};
const request = (id) => ({ challenge, rpId: 'example.com', allowCredentials: [{ type: 'public-key', id }] });

async function measure(signIn) {
  for (let warm = 0; warm < 20; warm += 1) await signIn();
  const begun = performance.now();
  let count = 0;
  while (performance.now() - begun < milliseconds) {
    await signIn();
    count += 1;
  }
  return Math.round(count / ((performance.now() - begun) / 1000));
}

// It is a CommonJS module, and this is what it exports.
const { WebAuthnEmulator } = emulator;
const rates = {};
const key = new SecurityKey();
const { id } = await key.create(creation, { origin });
rates["Node.js, @brasskey/key: a browser's whole ceremony"] = await measure(() => key.get(request(id), { origin }));

const other = new WebAuthnEmulator();
const registered = other.createJSON(origin, creation);
const signIn = () => other.getJSON(origin, request(registered.id));
rates['Node.js, nid-webauthn-emulator: its ceremony'] = await measure(signIn);

console.log(JSON.stringify(rates, null, 2));
