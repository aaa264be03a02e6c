// What describes a key, or a credential to put into one.

import { encode } from './base64url.js';
import * as given from './given.js';

/** How each setting is read. */
const SETTINGS = {
  aaguid: (value) => encode(typeof value === 'string' ? uuid(value) : given.bytes('aaguid', value, 16)),
  attachment: (value) => given.oneOf('attachment', value, ['cross-platform', 'platform']),
  attestation,
  backup: (value) => given.oneOf('backup', value, ['never', 'eligible', 'backed-up']),
  listRecentAlgorithms: (value) => given.boolean('listRecentAlgorithms', value),
  pin: (value) => given.pin('pin', value),
  protocol: (value) => given.oneOf('protocol', value, ['ctap2', 'u2f']),
  seed: (value) => encode(given.bytes('seed', value, 32)),
  state: (value) => given.bytes('state', value),
  // It is checked where it is used, because it can change.
  touch: (value) => value,
  userVerification: (value) => given.oneOf('userVerification', value, ['pin', 'always', 'never', 'control']),
};
const DEFAULTS = { attachment: 'cross-platform', protocol: 'ctap2', touch: 'auto', userVerification: 'pin' };

const INJECTION = {
  credentialId: (value) => base64Url('credentialId', value),
  rpId: (value) => given.text('rpId', value),
  privateKey: (value) => base64Url('privateKey', value),
  algorithm: (value) => value,
  userHandle: (value) => base64Url('userHandle', value),
  userName: (value) => given.text('userName', value),
  userDisplayName: (value) => given.text('userDisplayName', value),
  signCount: (value) => given.whole('signCount', value),
  backupEligibility: (value) => given.boolean('backupEligibility', value),
  largeBlob: (value) => base64Url('largeBlob', value),
};

/** The settings of a key, as the module takes them. */
export function read(settings) {
  return { ...DEFAULTS, ...each('the settings of a key', settings, SETTINGS) };
}

/** A credential to put in, as the module takes it. */
export function injection(credential) {
  const read = each('the members of a credential', credential, INJECTION);
  for (const name of ['rpId', 'privateKey']) {
    if (read[name] === undefined) throw new TypeError(`a credential to put in needs ${name}`);
  }
  return read;
}

function each(what, object, readers) {
  const present = Object.entries(given.members(what, object, Object.keys(readers)))
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, readers[name](value)]));
}

function attestation(value) {
  const { certificate, privateKey } = given.members('the members of attestation', value, ['certificate', 'privateKey']);
  return {
    certificate: encode(given.bytes('attestation.certificate', certificate)),
    privateKey: encode(given.bytes('attestation.privateKey', privateKey, 32)),
  };
}

/** Bytes, or their base64url. An error says nothing of what they are: they may be a secret. */
function base64Url(name, value) {
  if (given.isBuffer(value)) return encode(value);
  if (typeof value !== 'string') throw new TypeError(`${name} must be base64url or bytes`);
  if (!/^[\w-]*$/.test(value)) throw new TypeError(`${name} must be base64url without padding`);
  return value;
}

function uuid(text) {
  const digits = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw given.wrong('aaguid', text, 'a UUID, or 16 bytes');
  return Uint8Array.from(digits.match(/../g), (byte) => Number.parseInt(byte, 16));
}
