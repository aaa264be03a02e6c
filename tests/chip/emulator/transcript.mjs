/** Reads what goes over the wire: which commands run, how they end, and whether the key waits for a touch. */

import { decode } from 'cborg';

/** Every report has this length, in bytes. */
export const REPORT_SIZE = 64;
const INIT_PACKET = 0x80;
const MSG = 0x83;
const INIT = 0x86;
const WINK = 0x88;
const CBOR = 0x90;
const KEEPALIVE = 0xbb;
const UP_NEEDED = 2;
const SW_CONDITIONS_NOT_SATISFIED = 0x6985;
const CHECK_ONLY = 0x07;
/** How many commands are kept. The oldest one is dropped first. */
const LOG_MAX = 1000;

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
/** The operation that a touch allows, by the command's name. @type {Record<string, string>} */
const OPERATIONS = {
  authenticatorMakeCredential: 'register',
  authenticatorGetAssertion: 'authenticate',
  authenticatorReset: 'reset',
  authenticatorSelection: 'select',
  U2F_REGISTER: 'register',
  U2F_AUTHENTICATE: 'authenticate',
};

const hex = (/** @type {number} */ number, /** @type {number} */ digits) => number.toString(16).padStart(digits, '0');

/** @param {Uint8Array} report */
export const channelOf = (report) => new DataView(report.buffer, report.byteOffset).getUint32(0);

/** @param {Uint8Array} report */
export const isInitialization = (report) => (report[4] & INIT_PACKET) !== 0;

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

/**
 * @typedef {object} Running
 * @property {number} channel
 * @property {string} command
 * @property {Uint8Array} data
 * @property {number} since in milliseconds since the chip's start
 * @property {number | null} asked since when it waits for its user, as the keepalives tell
 * @property {number} waited how long it waited before that, in milliseconds
 */

/**
 * An entry of the log.
 * @typedef {object} Entry
 * @property {number} time_ms
 * @property {string} channel
 * @property {string} command
 * @property {string} status
 * @property {number} duration_us
 * @property {number} waited_us
 */

export class Transcript {
  /** @type {Entry[]} */
  entries = [];
  /** The request that runs. @type {Running | null} */
  running = null;
  /** The request that waits for a touch. @type {Running | null} */
  waiting = null;
  #requests = new Assembler();
  #responses = new Assembler();
  #now;

  /** @param {() => number} now the chip's time, in milliseconds */
  constructor(now) {
    this.#now = now;
  }

  /** The chip has restarted. */
  restart() {
    this.running = null;
    this.waiting = null;
    this.#requests = new Assembler();
    this.#responses = new Assembler();
  }

  /** @param {Uint8Array} report */
  sent(report) {
    const message = this.#requests.push(report);
    if (!message) return;
    const { channel, command, data } = message;
    const name = nameOf(command, data);
    if (command === INIT && this.running?.channel === channel) this.#end('');
    if (command === WINK) this.#log(this.#begun(channel, name, data), '');
    if ((command !== MSG && command !== CBOR) || this.running) return;
    // A new request ends the wait of U2F, unless it is the one that waits.
    this.waiting = null;
    this.running = this.#begun(channel, name, data);
  }

  /**
   * @param {number} channel
   * @param {string} command
   * @param {Uint8Array} data
   * @returns {Running}
   */
  #begun(channel, command, data) {
    return { channel, command, data, since: this.#now(), asked: null, waited: 0 };
  }

  /** @param {Uint8Array} report */
  received(report) {
    const message = this.#responses.push(report);
    if (!message || message.channel !== this.running?.channel) return;
    const { command, data } = message;
    if (command === KEEPALIVE) this.#keepalive(this.running, data[0] === UP_NEEDED);
    else if (command === CBOR) this.#end(data.length ? `0x${hex(data[0], 2)}` : '');
    else if (command === MSG) this.#endU2f((data[data.length - 2] << 8) | data[data.length - 1]);
    // Or an error: the key has refused or aborted the request.
    else if (command !== INIT) this.#end('');
  }

  /**
   * @param {Running} running
   * @param {boolean} waits
   */
  #keepalive(running, waits) {
    this.waiting = waits ? running : null;
    if (waits) running.asked ??= this.#now();
    else this.#goesOn(running);
  }

  /** The wait for the user is over. @param {Running} running */
  #goesOn(running) {
    running.waited += running.asked === null ? 0 : this.#now() - running.asked;
    running.asked = null;
  }

  /** @param {number} word */
  #endU2f(word) {
    const asked = word === SW_CONDITIONS_NOT_SATISFIED && this.running?.data[2] !== CHECK_ONLY ? this.running : null;
    this.#end(`0x${hex(word, 4)}`);
    this.waiting = asked;
  }

  /** @param {string} status */
  #end(status) {
    if (this.running) this.#log(this.running, status);
    this.running = null;
    this.waiting = null;
  }

  /**
   * @param {Running} running
   * @param {string} status
   */
  #log(running, status) {
    this.#goesOn(running);
    if (this.entries.length === LOG_MAX) this.entries.shift();
    const { channel, command, since, waited } = running;
    this.entries.push({
      time_ms: Math.round(since),
      channel: hex(channel, 8),
      command,
      status,
      duration_us: Math.round((this.#now() - since - waited) * 1000),
      waited_us: Math.round(waited * 1000),
    });
  }

  /** The waiting request, in the form of the control endpoint. */
  get waitingState() {
    if (!this.waiting) return null;
    const { command, data, since } = this.waiting;
    const nobody = { rp_id: null, application: null, user: null };
    const state = { operation: OPERATIONS[command], ...nobody, since_ms: Math.round(since) };
    if (command.startsWith('U2F')) {
      // Challenge and application parameter, after a header of seven bytes.
      return { ...state, application: Buffer.from(data.subarray(39, 71)).toString('hex') };
    }
    const parameters = data.length > 1 ? decode(data.subarray(1), { useMaps: true }) : new Map();
    const isRegistration = state.operation === 'register';
    return {
      ...state,
      rp_id: (isRegistration ? parameters.get(2)?.get('id') : parameters.get(1)) ?? null,
      user: (isRegistration ? parameters.get(3)?.get('name') : null) ?? null,
    };
  }
}

/**
 * @param {number} command
 * @param {Uint8Array} data
 */
function nameOf(command, data) {
  if (command === WINK) return 'CTAPHID_WINK';
  const [names, code] = command === MSG ? [U2F, data[1]] : [CTAP2, data[0]];
  const standard = command === MSG ? 'U2F' : 'authenticator';
  if (code === undefined) return `${standard} (no command)`;
  return names[code] ?? `${standard} 0x${hex(code, 2)}`;
}
