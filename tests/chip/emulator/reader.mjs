/** A driver of the key's smart card reader over the emulated wire (USB CCID 1.1). */

import assert from 'node:assert/strict';

import {
  DATA_BLOCK, HEADER, ICC_POWER_OFF, ICC_POWER_ON, TIME_EXTENSION, XFR_BLOCK,
} from './card-transcript.mjs';
import { CLASS_INTERFACE } from './usb-host.mjs';

/** The longest wait for an answer, in milliseconds of the chip's time. */
const LONG = 40_000;
/** The longest packet of the endpoints. */
const PACKET = 64;
const SLOT = 0;
/** More messages of a reader (§6). */
export const GET_SLOT_STATUS = 0x65;
export const ABORT = 0x72;
export const SLOT_STATUS = 0x81;
/** The request that begins an abort on the control pipe (§5.3.1), and the interface that it is for. */
export const ABORT_REQUEST = 0x01;
export const CARD_INTERFACE = 1;

/**
 * What a reader is part of: a board, or a key.
 * @typedef {object} Port
 * @property {(message: Uint8Array) => void} sendToCard
 * @property {(condition: () => unknown, milliseconds: number) => boolean} runUntil
 * @property {(packet: Uint8Array) => void} onCardPacket
 * @property {number} millis
 */

/** @typedef {{ type: number, sequence: number, status: number, error: number, data: Buffer, millis: number }} Answer */

export class Reader {
  /** Answers that came and were not read. @type {Answer[]} */
  answers = [];
  /** When the reader asked for more time for the last command, in milliseconds since the chip's start. */
  extensions = /** @type {number[]} */ ([]);
  #sequence = 0;
  #bytes = Buffer.alloc(0);

  /** @param {Port} port */
  constructor(port) {
    this.port = port;
    port.onCardPacket = (packet) => this.#receive(packet);
  }

  /** A message ends with a short packet, so that a computer that asks for more than it gets need not wait (USB 2.0
   * §5.8.3). @param {Uint8Array} packet */
  #receive(packet) {
    this.#bytes = Buffer.concat([this.#bytes, packet]);
    if (packet.length === PACKET) return;
    const message = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    assert.equal(message.length, HEADER + message.readUInt32LE(1), 'one message a transfer');
    const [type, , , , , slot, sequence, status, error] = message;
    assert.equal(slot, SLOT);
    this.answers.push({
      type, sequence, status, error, data: Buffer.from(message.subarray(HEADER)), millis: this.port.millis,
    });
  }

  /** Sends a command, and returns its number. @param {number} type @param {Uint8Array} [data] */
  send(type, data = new Uint8Array(), sequence = (this.#sequence = (this.#sequence + 1) & 0xff)) {
    const message = Buffer.alloc(HEADER + data.length);
    message[0] = type;
    message.writeUInt32LE(data.length, 1);
    message[5] = SLOT;
    message[6] = sequence;
    message.set(data, HEADER);
    this.port.sendToCard(message);
    return sequence;
  }

  /** The next answer. @param {number} [milliseconds] */
  next(milliseconds = LONG) {
    this.port.runUntil(() => this.answers.length > 0, milliseconds);
    const answer = this.answers.shift();
    assert.ok(answer, 'the key lost its power');
    return answer;
  }

  /** The answer to a command. It collects the requests for more time before it. @param {number} sequence */
  answer(sequence) {
    this.extensions = [];
    for (;;) {
      const answer = this.next();
      assert.equal(answer.sequence, sequence);
      if (!extendsTime(answer)) return answer;
      this.extensions.push(answer.millis);
    }
  }

  /** @param {number} type @param {Uint8Array} [data] */
  exchange(type, data) {
    return this.answer(this.send(type, data));
  }

  /** Powers the card on: its ATR. */
  powerOn() {
    const { type, status, data } = this.exchange(ICC_POWER_ON);
    assert.deepEqual([type, status], [DATA_BLOCK, 0]);
    return data;
  }

  powerOff() {
    return this.exchange(ICC_POWER_OFF);
  }

  /** The answer to an APDU, with its status word. @param {Uint8Array} apdu */
  transmit(apdu) {
    const { type, status, error, data } = this.exchange(XFR_BLOCK, apdu);
    assert.deepEqual([type, status, error], [DATA_BLOCK, 0, 0]);
    return data;
  }

  /** Sends an APDU, and returns its number when the reader has asked for time. @param {Uint8Array} apdu */
  ask(apdu) {
    const sequence = this.send(XFR_BLOCK, apdu);
    const answer = this.next();
    assert.ok(extendsTime(answer), `${answer.data.toString('hex')} without a wait`);
    return sequence;
  }
}

/**
 * Begins to abort a command, on the control pipe.
 * @param {import('./usb-host.mjs').UsbHost} host
 * @param {number} sequence of the abort
 */
export const requestAbort = (host, sequence) =>
  host.control({
    type: CLASS_INTERFACE, request: ABORT_REQUEST, value: (sequence << 8) | SLOT, index: CARD_INTERFACE,
  });

/** Whether a reader only asks for more time. @param {Answer} answer */
export const extendsTime = ({ type, status }) => type === DATA_BLOCK && status >> 6 === TIME_EXTENSION;
