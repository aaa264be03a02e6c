/** Reads what goes over the wire: which commands run, how they end, and whether the key waits for a touch. */

import { CBOR, MSG, OATH, hex, nameOf } from './requests.mjs';

/** Every report has this length, in bytes. */
export const REPORT_SIZE = 64;
const INIT_PACKET = 0x80;
const INIT = 0x86;
const WINK = 0x88;
const KEEPALIVE = 0xbb;
const UP_NEEDED = 2;
const SW_CONDITIONS_NOT_SATISFIED = 0x6985;
const CHECK_ONLY = 0x07;

/** @param {Uint8Array} report */
export const channelOf = (report) => new DataView(report.buffer, report.byteOffset).getUint32(0);

/** @param {Uint8Array} report */
export const isInitialization = (report) => (report[4] & INIT_PACKET) !== 0;

/** The status word at the end of an answer. @param {Uint8Array} data */
export const wordOf = (data) => (data[data.length - 2] << 8) | data[data.length - 1];

/** Puts the packets of messages together (CTAP 2.3 §11.2.4). */
class Assembler {
  /** @type {Map<number, { command: number, length: number, data: number[] }>} */
  #messages = new Map();

  /**
   * The message that this report completes.
   * @param {Uint8Array} report
   */
  push(report) {
    const channel = channelOf(report);
    if (isInitialization(report)) {
      const length = (report[5] << 8) | report[6];
      this.#messages.set(channel, { command: report[4], length, data: [...report.subarray(7)] });
    } else {
      this.#messages.get(channel)?.data.push(...report.subarray(5));
    }
    const message = this.#messages.get(channel);
    if (!message || message.data.length < message.length) return null;
    this.#messages.delete(channel);
    return { channel, command: message.command, data: Uint8Array.from(message.data.slice(0, message.length)) };
  }
}

/** What every transcript knows of the one request that can run. */
export class Watch {
  /** The request that runs. @type {import('./log.mjs').Running | null} */
  running = null;
  /** The request that waits for a touch. @type {import('./log.mjs').Running | null} */
  waiting = null;

  /** @param {import('./log.mjs').Log} log */
  constructor(log) {
    this.log = log;
  }

  /** The chip has restarted. */
  restart() {
    this.running = null;
    this.waiting = null;
  }

  /** The request has ended. @param {string} status */
  end(status) {
    if (this.running) this.log.add(this.running, status);
    this.running = null;
    this.waiting = null;
  }
}

export class Transcript extends Watch {
  #requests = new Assembler();
  #responses = new Assembler();

  restart() {
    super.restart();
    this.#requests = new Assembler();
    this.#responses = new Assembler();
  }

  /** @param {Uint8Array} report */
  sent(report) {
    const message = this.#requests.push(report);
    if (!message) return;
    const { channel, command, data } = message;
    const name = command === WINK ? 'CTAPHID_WINK' : nameOf(command, data);
    if (command === INIT && this.running?.channel === channel) this.end('');
    if (command === WINK) this.log.add(this.log.begun(channel, name, data), '');
    if (![MSG, CBOR, OATH].includes(command) || this.running) return;
    // A new request ends the wait of U2F, unless it is the one that waits.
    this.waiting = null;
    this.running = this.log.begun(channel, name, data);
  }

  /** @param {Uint8Array} report */
  received(report) {
    const message = this.#responses.push(report);
    if (!message || message.channel !== this.running?.channel) return;
    const { command, data } = message;
    if (command === KEEPALIVE) this.waiting = this.log.waits(this.running, data[0] === UP_NEEDED);
    else if (command === CBOR) this.end(data.length ? `0x${hex(data[0], 2)}` : '');
    else if (command === MSG) this.#endU2f(wordOf(data));
    else if (command === OATH) this.end(`0x${hex(wordOf(data), 4)}`);
    // Or an error: the key has refused or aborted the request.
    else if (command !== INIT) this.end('');
  }

  /** @param {number} word */
  #endU2f(word) {
    const asked = word === SW_CONDITIONS_NOT_SATISFIED && this.running?.data[2] !== CHECK_ONLY ? this.running : null;
    this.end(`0x${hex(word, 4)}`);
    this.waiting = asked;
  }
}
