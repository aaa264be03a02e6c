// When the user touches the key.

import { milliseconds, oneOf, wrong } from './given.js';

/** As long as browsers wait where a website does not say (WebAuthn Level 3 §15.1), in milliseconds. */
const TIMEOUT = 300_000;
/** The longest that a website can ask for (the same), in milliseconds. */
const LONGEST = 600_000;
const MODES = ['auto', 'deny', 'control'];
const ANSWERS = ['touch', 'decline'];
const ALLOWED = "'auto', 'deny', 'control', or an array of 'touch' and 'decline'";

/** The requests that wait for a touch. */
export class Touches {
  #mode;
  /** The answers to the next requests. */
  #script = [];
  /** The oldest first. */
  #open = [];
  #askers = [];

  constructor(mode) {
    this.mode = mode;
  }

  get mode() {
    return this.#script.length ? [...this.#script] : this.#mode;
  }

  set mode(mode) {
    if (Array.isArray(mode)) {
      this.#script = mode.map((answer) => oneOf('an answer in touch', answer, ANSWERS));
      this.#mode = 'control';
    } else {
      if (!MODES.includes(mode)) throw wrong('touch', mode, ALLOWED);
      this.#mode = mode;
      this.#script = [];
    }
  }

  /** What waits the longest. */
  get waiting() {
    return this.#open[0]?.request ?? null;
  }

  /** The next request that waits, or the one that does. */
  asked() {
    return this.waiting ? Promise.resolve(this.waiting) : new Promise((resolve) => this.#askers.push(resolve));
  }

  /** Answers what waits the longest. */
  answer(touches) {
    const open = this.#open[0];
    if (!open) throw new Error('no request waits for a touch: await waitUntilAsked() first');
    open.end(touches);
  }

  /** Whether the user touches the key for `request`, or refuses. */
  async wait(request, timeout, signal) {
    const patience = Math.min(milliseconds('timeout', timeout ?? TIMEOUT), LONGEST);
    signal?.throwIfAborted();
    if (this.#script.length) return this.#script.shift() === 'touch';
    if (this.#mode !== 'control') return this.#mode === 'auto';
    return new Promise((resolve, reject) => {
      const close = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        this.#open.splice(this.#open.indexOf(open), 1);
      };
      const fail = (error) => (close(), reject(error));
      const cancel = () => fail(signal.reason);
      const late = () => fail(new DOMException('nobody touched the security key in time', 'NotAllowedError'));
      const open = { request, end: (touches) => (close(), resolve(touches)) };
      const timer = setTimeout(late, patience);
      signal?.addEventListener('abort', cancel);
      this.#open.push(open);
      for (const asker of this.#askers.splice(0)) asker(request);
    });
  }
}
