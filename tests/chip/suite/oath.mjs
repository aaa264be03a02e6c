/** A host of the OATH applet, and the codes that it computes for itself (RFC 4226, RFC 6238). */

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { OATH } from '../emulator/requests.mjs';

/** Instructions. */
const PUT = 0x01;
const DELETE = 0x02;
export const RESET = 0x04;
const RENAME = 0x05;
export const LIST = 0xa1;
const CALCULATE = 0xa2;
const CALCULATE_ALL = 0xa4;
const SEND_REMAINING = 0xa5;
/** Tags. */
const NAME = 0x71;
const SECRET = 0x73;
const CHALLENGE = 0x74;
const TRUNCATED = 0x76;
const PROPERTY = 0x78;
const COUNTER = 0x7a;
const TOUCH = 0x7c;
/** Types of accounts, in the upper bits beside the algorithm. */
export const HOTP = 0x10;
export const TOTP = 0x20;
export const SHA1 = 1;
const NEEDS_TOUCH = 0x02;
/** Status words. */
export const OK = '9000';
export const NO_SUCH_ACCOUNT = '6984';
export const NOT_TOUCHED = '6982';
const MORE = 0x61;

export const SELECT = Buffer.from('00a4040007a0000005272101', 'hex');

/** The secret of RFC 4226's and RFC 6238's examples for SHA-1. */
export const RFC_SECRET = Buffer.from('12345678901234567890');

const DIGITS = 6;

/**
 * @typedef {object} Account
 * @property {string} name
 * @property {Buffer} [secret]
 * @property {number} [type]
 * @property {boolean} [touch]
 * @property {number} [counter]
 */

/** @param {number} tag @param {Uint8Array} value */
const tlv = (tag, value) => Buffer.concat([Buffer.from([tag, value.length]), value]);

/** @param {number} instruction @param {Uint8Array[]} data @param {number} [p1] @param {number} [p2] */
export function apdu(instruction, data = [], p1 = 0, p2 = 0) {
  const bytes = Buffer.concat(data);
  assert.ok(bytes.length < 256);
  return Buffer.concat([Buffer.from([0, instruction, p1, p2, bytes.length]), bytes]);
}

/** @param {Account} account */
export function put({ name, secret = RFC_SECRET, type = TOTP, touch = false, counter }) {
  const key = Buffer.concat([Buffer.from([type | SHA1, DIGITS]), secret]);
  const first = Buffer.alloc(4);
  first.writeUInt32BE(counter ?? 0);
  return apdu(PUT, [
    tlv(NAME, Buffer.from(name)),
    tlv(SECRET, key),
    ...(touch ? [Buffer.from([PROPERTY, NEEDS_TOUCH])] : []),
    ...(counter === undefined ? [] : [tlv(COUNTER, first)]),
  ]);
}

/** @param {string} name */
export const remove = (name) => apdu(DELETE, [tlv(NAME, Buffer.from(name))]);

/** @param {string} name @param {string} next */
export const rename = (name, next) => apdu(RENAME, [tlv(NAME, Buffer.from(name)), tlv(NAME, Buffer.from(next))]);

/** @param {string} name @param {bigint} [step] without one for HOTP */
export const calculate = (name, step) =>
  apdu(CALCULATE, [tlv(NAME, Buffer.from(name)), tlv(CHALLENGE, step === undefined ? Buffer.alloc(0) : eight(step))],
    0, 1);

/** @param {bigint} step */
export const calculateAll = (step) => apdu(CALCULATE_ALL, [tlv(CHALLENGE, eight(step))], 0, 1);

/** @param {bigint} number */
function eight(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(number);
  return bytes;
}

/** The code that RFC 4226 §5.3 defines. @param {Buffer} secret @param {bigint} step */
export function codeOf(secret, step) {
  const mac = createHmac('sha1', secret).update(eight(step)).digest();
  const number = mac.readUInt32BE(mac[mac.length - 1] & 0xf) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The code in a value of CALCULATE: the number of digits, and four bytes. @param {Uint8Array} value */
function codeIn(value) {
  assert.deepEqual([value[0], value.length], [DIGITS, 5]);
  return String((Buffer.from(value).readUInt32BE(1) & 0x7fff_ffff) % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** @param {Buffer} bytes @returns {[number, Buffer][]} */
function parse(bytes) {
  const all = [];
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]) {
    all.push(/** @type {[number, Buffer]} */ ([bytes[at], bytes.subarray(at + 2, at + 2 + bytes[at + 1])]));
  }
  return all;
}

/** The applet, through whatever carries APDUs. */
export class Oath {
  #transmit;

  /** Selects the applet. @param {(apdu: Uint8Array) => Buffer} transmit gives the answer to an APDU */
  constructor(transmit) {
    this.#transmit = transmit;
    assert.equal(this.word(SELECT), OK);
  }

  /** The applet behind reports. @param {import('./client.mjs').Client} client */
  static overReports(client) {
    return new Oath((command) => client.exchange(OATH, command));
  }

  /** The answer to an APDU: its data, and its status word in hexadecimal. @param {Buffer} command */
  exchange(command) {
    let answer = this.#transmit(command);
    const parts = [answer.subarray(0, -2)];
    while (answer[answer.length - 2] === MORE) {
      answer = this.#transmit(apdu(SEND_REMAINING));
      parts.push(answer.subarray(0, -2));
    }
    return { data: Buffer.concat(parts), word: answer.toString('hex').slice(-4) };
  }

  /** @param {Buffer} command */
  word(command) {
    return this.exchange(command).word;
  }

  /** The data of an answer without an error. @param {Buffer} command */
  ok(command) {
    const { data, word } = this.exchange(command);
    assert.equal(word, OK);
    return data;
  }

  /** @param {Account} account */
  put(account) {
    this.ok(put(account));
  }

  /** A code. @param {string} name @param {bigint} [step] without one for HOTP */
  code(name, step) {
    const [[tag, value]] = parse(this.ok(calculate(name, step)));
    assert.equal(tag, TRUNCATED);
    return codeIn(value);
  }

  /** The names of all accounts. */
  names() {
    return parse(this.ok(apdu(LIST))).map(([, entry]) => entry.subarray(1).toString());
  }

  /** What CALCULATE ALL says of each account: its code, or that it takes a touch. @param {bigint} step */
  all(step) {
    /** @type {Map<string, string>} */
    const codes = new Map();
    const found = parse(this.ok(calculateAll(step)));
    for (let at = 0; at < found.length; at += 2) {
      const [[, name], [tag, value]] = [found[at], found[at + 1]];
      codes.set(name.toString(), tag === TRUNCATED ? codeIn(value) : tag === TOUCH ? 'touch' : 'counter');
    }
    return codes;
  }
}
