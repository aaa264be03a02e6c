// A security key, the browser that it is plugged into, and its user.

import { Key } from '../wasm/brasskey.js';
import { decode } from './base64url.js';
import * as forgery from './forgery.js';
import * as given from './given.js';
import { plain } from './options.js';
import { injection, read } from './settings.js';
import { Touches } from './touches.js';

/** How often the key is asked for a counter that goes back, where its steps are random. */
const COUNTER_ATTEMPTS = 1000;
/** What Node.js calls to print a value. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export class SecurityKey {
  #key;
  #touches;
  #settings;
  #forgeries = [];
  /** The highest counter of each credential, by its ID. */
  #counters = new Map();

  constructor(settings = {}) {
    const { touch, state, ...described } = read(settings);
    this.#touches = new Touches(touch);
    const { attachment, protocol, userVerification } = described;
    this.#settings = { attachment, protocol, userVerification };
    this.#key = run(() => new Key(JSON.stringify(described), state));
  }

  /** `cross-platform` or `platform`. */
  get attachment() {
    return this.#settings.attachment;
  }

  async create(options, request = {}) {
    return this.#answer('create', options, request);
  }

  async get(options, request = {}) {
    return this.#answer('get', options, request);
  }

  // The user.

  get touchMode() {
    return this.#touches.mode;
  }

  set touchMode(mode) {
    this.#touches.mode = mode;
  }

  touch() {
    this.#touches.answer(true);
  }

  decline() {
    this.#touches.answer(false);
  }

  get waiting() {
    return this.#touches.waiting;
  }

  waitUntilAsked() {
    return this.#touches.asked();
  }

  get hasPin() {
    return this.#key.hasPin();
  }

  setPin(pin) {
    run(() => this.#key.setPin(given.pin('pin', pin)));
  }

  typePin(pin) {
    run(() => this.#key.typePin(pin === null ? undefined : given.pin('pin', pin)));
  }

  get pinRetries() {
    return run(() => this.#key.pinRetries());
  }

  setUserVerified(verified) {
    const { userVerification } = this.#settings;
    if (userVerification !== 'control') {
      throw new TypeError(`userVerification is '${userVerification}', and must be 'control' for setUserVerified()`);
    }
    this.#key.setUserVerified(given.boolean('verified', verified));
  }

  chooseAccount(account) {
    this.#key.chooseAccount(account === null ? undefined : given.text('account', account));
  }

  // The key.

  toggleAlwaysUv() {
    run(() => this.#key.toggleAlwaysUv());
  }

  powerCycle() {
    run(() => this.#key.powerCycle());
  }

  reset() {
    run(() => this.#key.reset());
  }

  advance(milliseconds) {
    this.#key.advance(given.whole('milliseconds', milliseconds));
  }

  get log() {
    return JSON.parse(run(() => this.#key.log())).map(({ time_ms, duration_us, waited_us, ...entry }) => ({
      ...entry,
      timeMs: time_ms,
      durationUs: duration_us,
      waitedUs: waited_us,
    }));
  }

  save() {
    return run(() => this.#key.save());
  }

  // Its credentials.

  get credentials() {
    return JSON.parse(run(() => this.#key.credentials()));
  }

  inject(credential) {
    return JSON.parse(run(() => this.#key.inject(JSON.stringify(injection(credential)))));
  }

  deleteCredential(id) {
    run(() => this.#key.deleteCredential(decode(given.text('id', id))));
  }

  deleteCredentials() {
    const all = this.credentials;
    for (const { credentialId } of all) this.deleteCredential(credentialId);
    return all.length;
  }

  setSignCount(signCount, id = null) {
    const credential = id === null ? undefined : decode(given.text('id', id));
    run(() => this.#key.setSignCount(credential, given.whole('signCount', signCount)));
  }

  [INSPECT](_depth, options, inspect) {
    const { hasPin, touchMode, waiting } = this;
    const shown = { ...this.#settings, hasPin, touchMode, waiting, credentials: this.credentials.length };
    return `SecurityKey ${inspect(shown, options)}`;
  }

  // Answers that a website must refuse.

  forge(...faults) {
    if (faults.length === 0) throw new TypeError(`say which fault: ${forgery.names.join(', ')}, or a function`);
    for (const fault of faults) {
      if (typeof fault !== 'function' && !forgery.names.includes(fault)) {
        throw new TypeError(`there is no fault '${fault}': there are ${forgery.names.join(', ')}, and functions`);
      }
    }
    this.#forgeries.push(faults);
  }

  async #answer(ceremony, asked, request) {
    const options = plain(asked);
    const { origin, signal } = requested(request);
    const touched = await this.#touches.wait(described(ceremony, options, origin), options.timeout, signal);
    this.#key.setTouch(touched);
    const ask = (options, origin) => JSON.parse(run(() => this.#key[ceremony](JSON.stringify(options), origin)));
    const faults = touched ? (this.#forgeries.shift() ?? []) : [];
    const credential = this.#forged(faults, ask, options, origin);
    this.#counters.set(credential.id, Math.max(this.#highest(credential.id), forgery.counter(credential)));
    return faults.reduce((answer, fault) => {
      if (typeof fault === 'function') return fault(answer);
      return forgery.answer[fault]?.(answer) ?? answer;
    }, credential);
  }

  #highest(id) {
    return this.#counters.get(id) ?? 0;
  }

  /** The key's own answer, with those faults that the key can sign. */
  #forged(faults, ask, options, origin) {
    const wanted = faults.reduce((options, fault) => forgery.request[fault]?.(options) ?? options, options);
    const from = faults.includes('origin') ? forgery.otherOrigin(origin) : origin;
    if (!faults.includes('counter')) return ask(wanted, from);
    const stored = this.credentials;
    try {
      for (let attempt = 0; attempt < COUNTER_ATTEMPTS; attempt += 1) {
        for (const { credentialId } of stored) this.setSignCount(0, credentialId);
        this.setSignCount(0);
        const credential = ask(wanted, from);
        const before = this.#highest(credential.id);
        if (before === 0) break;
        if (forgery.counter(credential) <= before) return credential;
      }
    } finally {
      // The answer after this one is right again.
      for (const { credentialId, signCount } of stored) this.setSignCount(signCount, credentialId);
      this.setSignCount(Math.max(...this.#counters.values(), 0));
    }
    throw new TypeError("the fault 'counter' needs a credential that has signed in, and whose counter moves");
  }
}

/** Who asks. */
function requested(request) {
  const { origin, signal } = given.members('the settings of a request', request, ['origin', 'signal']);
  if (origin === undefined) throw new TypeError("say which website asks: { origin: 'https://example.com' }");
  if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
    throw given.wrong('signal', signal, 'an AbortSignal');
  }
  return { origin: given.text('origin', origin), signal };
}

function described(ceremony, options, origin) {
  const host = URL.canParse(origin) ? new URL(origin).hostname : origin;
  return {
    operation: ceremony === 'create' ? 'register' : 'authenticate',
    origin,
    rpId: (ceremony === 'create' ? options.rp?.id : options.rpId) ?? host,
    user: options.user?.name ?? null,
  };
}

/** Calls into the module. What it throws becomes the exception that a browser throws. */
function run(call) {
  try {
    return call();
  } catch (thrown) {
    if (typeof thrown !== 'string') throw thrown;
    const { name, message } = JSON.parse(thrown);
    if (name === 'TypeError') throw new TypeError(message);
    if (name === 'RangeError') throw new RangeError(message);
    if (name === 'Error') throw new Error(message);
    throw new DOMException(message, name);
  }
}
