// Answers that a website must refuse. Where the key itself can be asked for one, it is: then nothing but that one thing
// is wrong, and the signature fits. Elsewhere the answer is changed afterwards.

import { decode, encode } from './base64url.js';

const FLAGS = 32;
const COUNTER = 33;
const flag = { UP: 0x01, UV: 0x04, BE: 0x08, BS: 0x10 };

/** What is asked of the key, for those faults that the key signs. */
export const request = {
  challenge: (options) => ({ ...options, challenge: flipped(options.challenge) }),
  userVerification: (options) => ({
    ...options,
    userVerification: 'discouraged',
    ...(options.authenticatorSelection && {
      authenticatorSelection: { ...options.authenticatorSelection, userVerification: 'discouraged' },
    }),
  }),
};

/** The same website at another port: for a relying party it is another origin, and its RP ID is right. */
export function otherOrigin(origin) {
  const url = new URL(origin);
  url.port = url.port === '8443' ? '9443' : '8443';
  return url.origin;
}

/** What becomes of the answer. */
export const answer = {
  signature: (credential) => withResponse(credential, (response) => {
    if (response.signature !== undefined) return { signature: flipped(response.signature) };
    return { attestationObject: encode(withoutFit(decode(response.attestationObject))) };
  }),
  userPresence: (credential) => withFlags(credential, (flags) => flags & ~flag.UP),
  userVerification: (credential) => withFlags(credential, (flags) => flags & ~flag.UV),
  backup: (credential) => withFlags(credential, (flags) => (flags & ~flag.BE) | flag.BS),
  rpId: (credential) => withAuthenticatorData(credential, (data) => { data[0] ^= 1; }),
  userHandle: (credential) => withResponse(credential, (response) => {
    if (response.attestationObject !== undefined) {
      throw new TypeError("the fault 'userHandle' needs a sign-in: a registration names no account");
    }
    const { userHandle } = response;
    return { userHandle: userHandle === undefined ? encode(new Uint8Array(16)) : flipped(userHandle) };
  }),
  credentialId: (credential) => {
    const id = flipped(credential.id);
    return { ...credential, id, rawId: id };
  },
};

/** The names of all faults. */
export const names = [...new Set([...Object.keys(request), ...Object.keys(answer), 'counter', 'origin'])];

/** The counter of an answer. */
export function counter(credential) {
  const data = decode(credential.response.authenticatorData);
  return new DataView(data.buffer).getUint32(COUNTER);
}

/** The last byte changed: of a signature in DER that leaves the form as it is. */
function flipped(text) {
  const bytes = decode(text);
  bytes[bytes.length - 1] ^= 1;
  return encode(bytes);
}

function withResponse(credential, change) {
  return { ...credential, response: { ...credential.response, ...change(credential.response) } };
}

function withFlags(credential, change) {
  return withAuthenticatorData(credential, (data) => { data[FLAGS] = change(data[FLAGS]); });
}

/** Changes the authenticator data, in a registration also where it stands in the attestation object. */
function withAuthenticatorData(credential, change) {
  return withResponse(credential, (response) => {
    const before = decode(response.authenticatorData);
    const after = before.slice();
    change(after);
    if (response.attestationObject === undefined) return { authenticatorData: encode(after) };
    const object = decode(response.attestationObject);
    object.set(after, find(object, before));
    return { authenticatorData: encode(after), attestationObject: encode(object) };
  });
}

/** An attestation object with a bit of its signature changed: the text "sig", and a byte string that follows. */
function withoutFit(object) {
  const at = find(object, Uint8Array.of(0x63, 0x73, 0x69, 0x67)) + 4;
  const end = at < 4 ? 0 : byteStringEnd(object, at);
  if (end === 0) {
    throw new TypeError("the fault 'signature' needs a registration that asks for attestation: no other is signed");
  }
  object[end - 1] ^= 1;
  return object;
}

/** Where the byte string of CBOR that begins at `at` ends: those of signatures have more than 23 bytes. */
function byteStringEnd(object, at) {
  if (object[at] === 0x58) return at + 2 + object[at + 1];
  if (object[at] === 0x59) return at + 3 + object[at + 1] * 256 + object[at + 2];
  return 0;
}

/** Where `part` begins; -1 where it is not in `whole`. */
function find(whole, part) {
  for (let at = 0; at + part.length <= whole.length; at += 1) {
    if (part.every((byte, index) => whole[at + index] === byte)) return at;
  }
  return -1;
}
