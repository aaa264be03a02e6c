// When the user touches the key.

/** As long as browsers wait where a website does not say (WebAuthn Level 3 §15.1), in milliseconds. */
const TIMEOUT = 300_000;
/** The longest that a website can ask for (the same), in milliseconds. */
const LONGEST = 600_000;
const MODES = ['auto', 'deny', 'manual'];

/** The requests that wait for a touch. */
export class Touches {
  #mode;
  /** The oldest first. */
  #open = [];
  #askers = [];

  constructor(mode) {
    this.mode = mode;
  }

  get mode() {
    return this.#mode;
  }

  set mode(mode) {
    if (!MODES.includes(mode)) throw new TypeError(`touch cannot be '${mode}': ${MODES.join(', ')}`);
    this.#mode = mode;
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
    if (!open) throw new Error('no request waits for a touch: await asked() first');
    open.end(touches);
  }

  /** Whether the user touches the key for `request`, or refuses. */
  async wait(request, timeout = TIMEOUT, signal = undefined) {
    signal?.throwIfAborted();
    if (this.#mode !== 'manual') return this.#mode === 'auto';
    return new Promise((resolve, reject) => {
      const close = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        this.#open.splice(this.#open.indexOf(open), 1);
      };
      const fail = (error) => (close(), reject(error));
      const cancel = () => fail(signal.reason);
      const late = () => fail(new DOMException('nobody touched the key in time', 'NotAllowedError'));
      const open = { request, end: (touches) => (close(), resolve(touches)) };
      const timer = setTimeout(late, Math.min(timeout, LONGEST));
      signal?.addEventListener('abort', cancel);
      this.#open.push(open);
      for (const asker of this.#askers.splice(0)) asker(request);
    });
  }
}
