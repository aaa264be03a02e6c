/** The names of the key's commands, and what the control endpoint says of one that waits for a touch. */

import { decode } from 'cborg';

/** Commands of CTAPHID that carry a request (CTAP 2.3 §11.2.9). The last one is the key's own: an APDU of OATH. */
export const MSG = 0x83;
export const CBOR = 0x90;
export const OATH = 0xf0;

/** CTAP 2.3 §6, command values. @type {Record<number, string>} */
const CTAP2 = {
  0x01: 'authenticatorMakeCredential',
  0x02: 'authenticatorGetAssertion',
  0x04: 'authenticatorGetInfo',
  0x06: 'authenticatorClientPIN',
  0x07: 'authenticatorReset',
  0x08: 'authenticatorGetNextAssertion',
  0x09: 'authenticatorBioEnrollment',
  0x0a: 'authenticatorCredentialManagement',
  0x0b: 'authenticatorSelection',
  0x0c: 'authenticatorLargeBlobs',
  0x0d: 'authenticatorConfig',
};
/** FIDO U2F Raw Message Formats v1.2 §3. @type {Record<number, string>} */
const U2F = { 0x01: 'U2F_REGISTER', 0x02: 'U2F_AUTHENTICATE', 0x03: 'U2F_VERSION' };
/** Instructions of the OATH applet. @type {Record<number, string>} */
const OATH_INSTRUCTIONS = {
  0x01: 'OATH PUT',
  0x02: 'OATH DELETE',
  0x03: 'OATH SET CODE',
  0x04: 'OATH RESET',
  0x05: 'OATH RENAME',
  0xa1: 'OATH LIST',
  0xa2: 'OATH CALCULATE',
  0xa3: 'OATH VALIDATE',
  0xa4: 'OATH CALCULATE ALL',
  0xa5: 'OATH SEND REMAINING',
};
const SELECT = 0xa4;
const BY_NAME = 0x04;
const NAME = 0x71;
/** The operation that a touch allows, by the command's name. @type {Record<string, string>} */
const OPERATIONS = {
  authenticatorMakeCredential: 'register',
  authenticatorGetAssertion: 'authenticate',
  authenticatorReset: 'reset',
  authenticatorSelection: 'select',
  U2F_REGISTER: 'register',
  U2F_AUTHENTICATE: 'authenticate',
  'OATH CALCULATE': 'code',
};

export const hex = (/** @type {number} */ number, /** @type {number} */ digits) =>
  number.toString(16).padStart(digits, '0');

/**
 * The command of a request.
 * @param {number} command of CTAPHID
 * @param {Uint8Array} data
 */
export function nameOf(command, data) {
  if (command === OATH) return oathName(data);
  const [names, code] = command === MSG ? [U2F, data[1]] : [CTAP2, data[0]];
  const standard = command === MSG ? 'U2F' : 'authenticator';
  if (code === undefined) return `${standard} (no command)`;
  return names[code] ?? `${standard} 0x${hex(code, 2)}`;
}

/** @param {Uint8Array} apdu */
function oathName([, instruction, parameter]) {
  if (instruction === SELECT && parameter === BY_NAME) return 'OATH SELECT';
  return OATH_INSTRUCTIONS[instruction] ?? `OATH 0x${hex(instruction ?? 0, 2)}`;
}

/**
 * The data of an APDU, short or extended (ISO 7816-4 §5.1).
 * @param {Uint8Array} apdu
 */
export function dataOf(apdu) {
  const isExtended = apdu[4] === 0 && apdu.length > 7;
  const [start, length] = isExtended ? [7, (apdu[5] << 8) | apdu[6]] : [5, apdu[4] ?? 0];
  return apdu.subarray(start, start + length);
}

/**
 * A waiting request, in the form of the control endpoint.
 * @param {import('./log.mjs').Running | null} waiting
 */
export function waitingState(waiting) {
  if (!waiting) return null;
  const { command, data, since } = waiting;
  const nobody = { rp_id: null, application: null, user: null };
  const state = { operation: OPERATIONS[command], ...nobody, since_ms: Math.round(since) };
  if (command.startsWith('U2F')) {
    // Challenge and application parameter, after a header of seven bytes.
    return { ...state, application: Buffer.from(data.subarray(39, 71)).toString('hex') };
  }
  if (command.startsWith('OATH')) {
    const [tag, length, ...rest] = dataOf(data);
    return { ...state, user: tag === NAME ? Buffer.from(rest.slice(0, length)).toString() : null };
  }
  const parameters = data.length > 1 ? decode(data.subarray(1), { useMaps: true }) : new Map();
  const isRegistration = state.operation === 'register';
  return {
    ...state,
    rp_id: (isRegistration ? parameters.get(2)?.get('id') : parameters.get(1)) ?? null,
    user: (isRegistration ? parameters.get(3)?.get('name') : null) ?? null,
  };
}
