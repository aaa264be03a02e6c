// The public key of a credential as Playwright has it: SPKI in DER. The key has it in COSE, in its canonical form.

import { createPublicKey } from 'node:crypto';

import { encode } from './base64url.js';

const CURVES = { 1: 'P-256', 2: 'P-384', 3: 'P-521', 6: 'Ed25519', 8: 'secp256k1' };

/** The SPKI of a COSE key, in base64url; `undefined` for one of ML-DSA, which Node.js 20 does not know. */
export function coseToSpki(bytes) {
  const key = members(bytes);
  const crv = CURVES[key.get(-1)];
  if (!crv) return undefined;
  const kty = key.get(1) === 1 ? 'OKP' : 'EC';
  const jwk = { kty, crv, x: encode(key.get(-2)), ...(kty === 'EC' && { y: encode(key.get(-3)) }) };
  return encode(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }));
}

/** The members of a map of integers to integers and byte strings, which is all that COSE keys have here. */
function members(bytes) {
  let at = 0;
  const item = () => {
    const head = bytes[at];
    at += 1;
    let value = head & 0x1f;
    if (value >= 24) {
      const length = 1 << (value - 24);
      value = bytes.subarray(at, (at += length)).reduce((value, byte) => value * 256 + byte, 0);
    }
    if (head >> 5 === 1) return -1 - value;
    return head >> 5 === 2 ? bytes.slice(at, (at += value)) : value;
  };
  const count = item();
  return new Map(Array.from({ length: count }, () => [item(), item()]));
}
