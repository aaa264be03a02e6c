// A security key, the browser that it is plugged into, and its user.

import { Key } from '../wasm/brasskey.js';
import { decode, encode } from './base64url.js';
import * as forgery from './forgery.js';
import { Touches } from './touches.js';

/** How often the key is asked for a counter that goes back, where its steps are random. */
const COUNTER_ATTEMPTS = 1000;

export class SecurityKey {
  #key;
  #touches;
  #attachment;
  #forgeries = [];
  /** The highest counter of each credential, by its ID. */
  #counters = new Map();

  constructor({ touch = 'auto', state, ...settings } = {}) {
    const { aaguid, seed, attestation } = settings;
    const described = {
      ...settings,
      ...(aaguid !== undefined && { aaguid: encode(uuid(aaguid)) }),
      ...(seed !== undefined && { seed: encode(seed) }),
      ...(attestation !== undefined && {
        attestation: { certificate: encode(attestation.certificate), privateKey: encode(attestation.privateKey) },
      }),
    };
    this.#touches = new Touches(touch);
    this.#attachment = settings.attachment ?? 'cross-platform';
    this.#key = run(() => new Key(JSON.stringify(described), state));
  }

  /** `cross-platform` or `platform`. */
  get attachment() {
    return this.#attachment;
  }

  async create(options, { origin, signal } = {}) {
    return this.#answer('create', options, origin, signal);
  }

  async get(options, { origin, signal } = {}) {
    return this.#answer('get', options, origin, signal);
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

  asked() {
    return this.#touches.asked();
  }

  setPin(pin) {
    run(() => this.#key.setPin(pin));
  }

  typePin(pin) {
    this.#key.typePin(pin ?? undefined);
  }

  get pinRetries() {
    return run(() => this.#key.pinRetries());
  }

  setUserVerified(verified) {
    this.#key.setUserVerified(verified);
  }

  chooseAccount(account) {
    this.#key.chooseAccount(account ?? undefined);
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
    this.#key.advance(milliseconds);
  }

  get log() {
    return JSON.parse(run(() => this.#key.log()));
  }

  save() {
    return run(() => this.#key.save());
  }

  // Its credentials.

  get credentials() {
    return JSON.parse(run(() => this.#key.credentials()));
  }

  inject(credential) {
    return JSON.parse(run(() => this.#key.inject(JSON.stringify(credential))));
  }

  deleteCredential(id) {
    run(() => this.#key.deleteCredential(decode(id)));
  }

  setSignCount(id, signCount) {
    run(() => this.#key.setSignCount(id === null ? undefined : decode(id), signCount));
  }

  // Answers that a website must refuse.

  forge(...faults) {
    for (const fault of faults) {
      if (typeof fault !== 'function' && !forgery.names.includes(fault)) {
        throw new TypeError(`there is no fault '${fault}': ${forgery.names.join(', ')}`);
      }
    }
    this.#forgeries.push(faults);
  }

  async #answer(ceremony, options, origin, signal) {
    if (origin === undefined) throw new TypeError("say which website asks: { origin: 'https://example.com' }");
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
        for (const { credentialId } of stored) this.setSignCount(credentialId, 0);
        this.setSignCount(null, 0);
        const credential = ask(wanted, from);
        const before = this.#highest(credential.id);
        if (before === 0) break;
        if (forgery.counter(credential) <= before) return credential;
      }
    } finally {
      // The answer after this one is right again.
      for (const { credentialId, signCount } of stored) this.setSignCount(credentialId, signCount);
      this.setSignCount(null, Math.max(...this.#counters.values(), 0));
    }
    throw new TypeError("the fault 'counter' needs a credential that has signed in, and whose counter moves");
  }
}

function described(ceremony, options, origin) {
  return {
    operation: ceremony === 'create' ? 'register' : 'authenticate',
    origin,
    rpId: (ceremony === 'create' ? options.rp?.id : options.rpId) ?? new URL(origin).hostname,
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
    if (name === 'Error') throw new Error(message);
    throw new DOMException(message, name);
  }
}

function uuid(text) {
  const digits = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new TypeError(`${text} is no AAGUID: it is written as a UUID`);
  return Uint8Array.from(digits.match(/../g), (byte) => Number.parseInt(byte, 16));
}
