/**
 * A host for tests of what only the chip has: CTAPHID over the emulated wire, the few requests that these tests need,
 * and the checks of a relying party. The end-to-end suites test everything else on the chip.
 */

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { env } from 'node:process';

import { decode, encode } from 'cborg';

import { Board } from '../emulator/board.mjs';
import { Elf } from '../emulator/elf.mjs';
import { Translator } from '../emulator/translator.mjs';

/** The longest wait for an answer, in milliseconds of the chip's time. */
const LONG = 40_000;
/** How long a press lasts, in milliseconds, so that debouncing sees it. */
const PRESS = 60;

export const BROADCAST = 0xffff_ffff;
export const PING = 0x81;
export const MSG = 0x83;
export const INIT = 0x86;
export const WINK = 0x88;
export const CBOR = 0x90;
export const CANCEL = 0x91;
export const KEEPALIVE = 0xbb;
export const ERROR = 0xbf;
export const PROCESSING = 1;
export const UP_NEEDED = 2;

/** CTAP2 status codes (CTAP 2.3 §8.2). */
export const OK = 0x00;
export const NO_CREDENTIALS = 0x2e;
export const OTHER = 0x7f;

export const sha256 = (/** @type {Uint8Array | string} */ data) => createHash('sha256').update(data).digest();
export const CLIENT_DATA_HASH = sha256('client data');
const ES256 = -7;
export const RP_ID = 'example.com';

const firmware = env.BRASSKEY_CHIP_ELF;
if (!firmware) throw new Error('BRASSKEY_CHIP_ELF does not name the firmware');
const elf = new Elf(firmware);
const translator = new Translator(elf);

/**
 * A board with the firmware, without power.
 * @param {Partial<import('../emulator/board.mjs').BoardOptions>} [options]
 */
export const aBoard = (options) => new Board({ elf, translator, ...options });

/** Cuts a message into packets (CTAP 2.3 §11.2.4). */
export function packets(/** @type {number} */ channel, /** @type {number} */ command, /** @type {Uint8Array} */ data) {
  const header = (/** @type {number[]} */ ...bytes) => {
    const packet = Buffer.alloc(64);
    packet.writeUInt32BE(channel);
    packet.set(bytes, 4);
    return packet;
  };
  const first = header(command, data.length >> 8, data.length & 0xff);
  first.set(data.subarray(0, 57), 7);
  const all = [first];
  for (let sent = 57; sent < data.length; sent += 59) {
    const packet = header(all.length - 1);
    packet.set(data.subarray(sent, sent + 59), 5);
    all.push(packet);
  }
  return all;
}

/** @typedef {{ channel: number, command: number, data: Buffer, micros: number }} Message */

/** @typedef {{ id: Buffer, publicKey: import('node:crypto').KeyObject, counter: number }} Credential */

/** A host with a channel to a board. */
export class Client {
  /** The messages that came and were not read. @type {Message[]} */
  messages = [];
  /** The keepalives of the last request. @type {Message[]} */
  keepalives = [];
  channel = BROADCAST;
  /** @type {{ channel: number, command: number, length: number, data: number[], micros: number } | null} */
  #partial = null;

  /** @param {Board} board */
  constructor(board) {
    this.board = board;
    board.powerOn();
    board.onReport = (report) => this.#receive(Buffer.from(report));
    if (board.chip) this.open();
  }

  /** A client of a new key. @param {Partial<import('../emulator/board.mjs').BoardOptions>} [options] */
  static fresh(options) {
    return new Client(aBoard(options));
  }

  /** Allocates a channel. */
  open() {
    this.messages = [];
    this.channel = BROADCAST;
    const answer = this.exchange(INIT, Buffer.from('12345678'));
    this.channel = answer.readUInt32BE(8);
    return answer;
  }

  powerCycle() {
    this.board.powerCycle();
    this.open();
  }

  /** @param {Buffer} report */
  #receive(report) {
    assert.equal(report.length, 64);
    if (report[4] & 0x80) {
      assert.equal(this.#partial, null, 'a message begins within another');
      const [channel, command, length] = [report.readUInt32BE(0), report[4], report.readUInt16BE(5)];
      this.#partial = { channel, command, length, data: [...report.subarray(7)], micros: this.board.millis * 1000 };
    } else {
      assert.ok(this.#partial, 'a continuation of nothing');
      this.#partial.data.push(...report.subarray(5));
    }
    const { channel, command, length, data, micros } = this.#partial;
    if (data.length < length) return;
    this.messages.push({ channel, command, data: Buffer.from(data.slice(0, length)), micros });
    this.#partial = null;
  }

  /** @param {number} command @param {Uint8Array} [data] */
  send(command, data = new Uint8Array()) {
    for (const packet of packets(this.channel, command, data)) this.board.send(packet);
  }

  /** The next message, or nothing if the key loses its power. @param {number} [milliseconds] */
  next(milliseconds = LONG) {
    this.board.runUntil(() => this.messages.length > 0, milliseconds);
    return this.messages.shift();
  }

  /** The answer to a request. It collects the keepalives before it. @param {number} command */
  answer(command) {
    this.keepalives = [];
    for (let message = this.next(); message; message = this.next()) {
      if (message.command === KEEPALIVE) this.keepalives.push(message);
      else {
        const answered = `answered with ${message.command.toString(16)} ${message.data.toString('hex')}`;
        assert.equal(message.command, command, answered);
        return message.data;
      }
    }
    throw new NoAnswer();
  }

  /** @param {number} command @param {Uint8Array} [data] */
  exchange(command, data) {
    this.send(command, data);
    return this.answer(command);
  }

  /** Sends a request, and returns when the key waits for a touch. @param {Uint8Array} request */
  ask(request) {
    this.send(CBOR, request);
    for (let message = this.next(); message; message = this.next()) {
      assert.equal(message.command, KEEPALIVE, `${message.data.toString('hex')} without a touch`);
      if (message.data[0] === UP_NEEDED) return;
    }
    throw new NoAnswer();
  }

  /** Presses the button and releases it. @param {number} [milliseconds] */
  touch(milliseconds = PRESS) {
    this.board.press();
    this.board.run(milliseconds);
    this.board.release();
    this.board.run(PRESS);
  }

  /** A CTAP2 request with a touch. @param {Uint8Array} request @param {number} [press] */
  touched(request, press) {
    this.ask(request);
    this.touch(press);
    return this.answer(CBOR);
  }

  /** Makes a credential and verifies it. @param {Account} [account] @returns {Credential} */
  register(account) {
    const answer = members(this.touched(makeCredential(account)));
    const authData = Buffer.from(answer.get(2));
    const made = credentialOf(authData);
    assert.equal(answer.get(1), 'packed');
    const signature = answer.get(3).get('sig');
    assert.ok(verify('sha256', Buffer.concat([authData, CLIENT_DATA_HASH]), made.publicKey, signature));
    return made;
  }

  /** Signs in silently, verifies it, and returns the counter. @param {Credential} credential */
  authenticate(credential) {
    return this.#checked(credential, this.exchange(CBOR, getAssertion([credential.id], false)));
  }

  /** Signs in with a touch. @param {Credential} credential */
  authenticateTouched(credential) {
    return this.#checked(credential, this.touched(getAssertion([credential.id], true)));
  }

  /** @param {Credential} credential @param {Buffer} response */
  #checked(credential, response) {
    const answer = members(response);
    const authData = Buffer.from(answer.get(2));
    assert.ok(verify('sha256', Buffer.concat([authData, CLIENT_DATA_HASH]), credential.publicKey, answer.get(3)));
    return authData.readUInt32BE(33);
  }

  /** The key's answer to a U2F message, once it was touched. @param {Uint8Array} apdu */
  u2fTouched(apdu) {
    assert.equal(this.exchange(MSG, apdu).toString('hex'), '6985');
    this.touch();
    const answer = this.exchange(MSG, apdu);
    assert.equal(answer.subarray(-2).toString('hex'), '9000');
    return answer.subarray(0, -2);
  }

  /** The handle of a new U2F registration. */
  u2fRegister() {
    const answer = this.u2fTouched(u2fRegister());
    return answer.subarray(67, 67 + answer[66]);
  }
}

/** The most milliseconds between two keepalives: 100 (CTAP 2.3 §11.2.9.1.7), and a frame until the host asks. */
export const CADENCE = 101;

/**
 * The longest silence of the key during a request, in milliseconds.
 * @param {Client} client
 * @param {Uint8Array} request
 */
export function longestSilence(client, request) {
  client.ask(request);
  let [last, longest] = [client.board.millis, 0];
  const heard = (/** @type {number} */ at) => {
    longest = Math.max(longest, at - last);
    last = at;
  };
  const begun = last;
  let pressed = false;
  for (;;) {
    const message = client.next();
    assert.ok(message);
    heard(message.micros / 1000);
    if (message.command !== KEEPALIVE) {
      client.board.release();
      assert.equal(message.data[0], OK);
      return longest;
    }
    if (!pressed && last - begun > 1000) {
      client.board.press();
      pressed = true;
    }
  }
}

/** The key lost its power before it answered. */
export class NoAnswer extends Error {}

/**
 * A CTAP2 request: the command byte, and its parameters by their numbers, without those that are undefined.
 * @param {number} command
 * @param {Record<number, unknown>} members
 */
export function request(command, members) {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  const parameters = new Map(given.map(([member, value]) => [Number(member), value]));
  return Buffer.concat([Buffer.from([command]), encode(parameters)]);
}

/** The parameters of a CTAP2 response that is no error. @param {Buffer} response @returns {Map<number, any>} */
export function members(response) {
  assert.equal(response[0], OK, `status 0x${response[0].toString(16)}`);
  return decode(response.subarray(1), { useMaps: true });
}

/** @typedef {{ user?: string, discoverable?: boolean }} Account */

/** @param {Account} [account] @param {Record<number, unknown>} [more] more parameters, or others in their place */
export function makeCredential({ user = 'ada', discoverable = false } = {}, more = {}) {
  return request(0x01, {
    1: CLIENT_DATA_HASH,
    2: { id: RP_ID, name: 'Example' },
    3: { id: Buffer.from(user), name: user },
    4: [{ alg: ES256, type: 'public-key' }],
    7: { rk: discoverable },
    ...more,
  });
}

/** @param {Uint8Array[] | null} ids the allow list @param {boolean} touch @param {Record<number, unknown>} [more] */
export function getAssertion(ids, touch, more = {}) {
  return request(0x02, {
    1: RP_ID,
    2: CLIENT_DATA_HASH,
    3: ids?.map((id) => ({ id, type: 'public-key' })),
    5: { up: touch },
    ...more,
  });
}

export const RESET = Buffer.from([0x07]);
export const GET_INFO = Buffer.from([0x04]);
export const NEXT_ASSERTION = Buffer.from([0x08]);
export const SELECTION = Buffer.from([0x0b]);

const APPLICATION = sha256(RP_ID);

const extended = (/** @type {number} */ ins, /** @type {number} */ p1, /** @type {Buffer} */ data) =>
  Buffer.concat([Buffer.from([0, ins, p1, 0, 0, data.length >> 8, data.length & 0xff]), data, Buffer.from([0, 0])]);

export const u2fRegister = () => extended(1, 0, Buffer.concat([CLIENT_DATA_HASH, APPLICATION]));
export const u2fAuthenticate = (/** @type {Buffer} */ handle) =>
  extended(2, 3, Buffer.concat([CLIENT_DATA_HASH, APPLICATION, Buffer.from([handle.length]), handle]));

/** @param {Buffer} authData @returns {Credential} */
function credentialOf(authData) {
  const length = authData.readUInt16BE(53);
  const cose = decode(authData.subarray(55 + length), { useMaps: true });
  const [x, y] = [-2, -3].map((member) => Buffer.from(cose.get(member)).toString('base64url'));
  return {
    id: authData.subarray(55, 55 + length),
    publicKey: createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' }),
    counter: authData.readUInt32BE(33),
  };
}
