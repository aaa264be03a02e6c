/** The commands that the key has answered, and how long each took. */

import { hex } from './requests.mjs';

/** How many commands are kept. The oldest one is dropped first. */
const LOG_MAX = 1000;

/**
 * A request that runs.
 * @typedef {object} Running
 * @property {number} channel
 * @property {string} command
 * @property {Uint8Array} data
 * @property {number} since in milliseconds since the chip's start
 * @property {number | null} asked since when it waits for its user, as the key tells
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

export class Log {
  /** @type {Entry[]} */
  entries = [];
  #now;

  /** @param {() => number} now the chip's time, in milliseconds */
  constructor(now) {
    this.#now = now;
  }

  /**
   * A request that begins now.
   * @param {number} channel
   * @param {string} command
   * @param {Uint8Array} data
   * @returns {Running}
   */
  begun(channel, command, data) {
    return { channel, command, data, since: this.#now(), asked: null, waited: 0 };
  }

  /**
   * The key says whether a request waits for its user. Returns the request while it waits.
   * @param {Running} running
   * @param {boolean} waits
   */
  waits(running, waits) {
    if (waits) running.asked ??= this.#now();
    else this.#goesOn(running);
    return waits ? running : null;
  }

  /** The wait for the user is over. @param {Running} running */
  #goesOn(running) {
    running.waited += running.asked === null ? 0 : this.#now() - running.asked;
    running.asked = null;
  }

  /**
   * A request has ended.
   * @param {Running} running
   * @param {string} status
   */
  add(running, status) {
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
}
