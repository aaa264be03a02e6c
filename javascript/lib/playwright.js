// Security keys for the pages of a Playwright context, with the calls of Playwright's own `context.credentials`. The
// keys are here, in Node.js; a page reaches them by a binding.

import { decode, encode } from './base64url.js';
import { coseToSpki } from './cose.js';
import { members } from './given.js';
import { SecurityKey } from './node.js';
import { standIn } from './page.js';
import { dictionaries } from './webidl.js';

const BINDING = '__brasskey';
/** What runs in each page. */
const SCRIPT = `(${standIn})('${BINDING}', ${dictionaries});`;
/** Where a website can want a key (WebAuthn Level 3 §5.4.5). */
const PLACES = ['cross-platform', 'platform'];

/** The members of a credential to put in. What `get()` and `create()` return can be put in again, so `rpId` is one. */
const CREDENTIAL = ['id', 'privateKey', 'publicKey', 'rpId', 'signCount', 'userHandle'];
/** Refusals of one key, after which another may have an answer. */
const REFUSALS = ['NotAllowedError', 'ConstraintError', 'NotSupportedError'];
/** What Node.js calls to print a value. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
/** The contexts whose pages have a stand-in. */
const served = new WeakSet();

export class Credentials {
  #context;
  #keys;
  /** What pages asked for and may take back: by frame, and by the number that its document gave. */
  #requests = new Map();
  #watched = new WeakSet();
  #installed = false;
  /** What was injected with its private key: the key gives out none. By credential ID. */
  #seeded = new Map();

  constructor(context, settings = {}) {
    if (typeof context?.pages !== 'function') {
      throw new TypeError('context must be a BrowserContext of Playwright; that of a page is page.context()');
    }
    const { keys = [new SecurityKey()] } = members('the settings of Credentials', settings, ['keys']);
    this.#context = context;
    this.keys = keys;
  }

  get keys() {
    return this.#keys;
  }

  set keys(keys) {
    if (!Array.isArray(keys) || keys.some((key) => typeof key?.create !== 'function')) {
      throw new TypeError('keys must be an array of SecurityKey');
    }
    this.#keys = [...keys];
  }

  /** The first key. */
  get key() {
    if (!this.keys.length) throw new Error('no key is plugged in: add one to keys');
    return this.keys[0];
  }

  [INSPECT](_depth, options, inspect) {
    return `Credentials ${inspect({ keys: this.keys }, options)}`;
  }

  async install() {
    if (this.#installed) return;
    if (served.has(this.#context)) {
      throw new Error('this context has keys already: use the Credentials that are installed, and their keys');
    }
    this.#installed = true;
    served.add(this.#context);
    await this.#context.exposeBinding(BINDING, (source, request) => this.#serve(source, request));
    await this.#context.addInitScript({ content: SCRIPT });
    const frames = this.#context.pages().flatMap((page) => page.frames());
    await Promise.all(frames.map((frame) => frame.evaluate(SCRIPT).catch((error) => {
      // A frame that goes away meanwhile needs nothing.
      if (!frame.isDetached() && !frame.page().isClosed()) throw error;
    })));
  }

  async create(rpId, options = {}) {
    members('the settings of a credential', options, CREDENTIAL);
    const given = [options.id, options.userHandle, options.privateKey, options.publicKey];
    if (given.some((member) => member !== undefined) && given.includes(undefined)) {
      throw new TypeError('to import a credential, give all of id, userHandle, privateKey and publicKey; a key gives ' +
        'out no private key of its own, but the whole key can be kept: save()');
    }
    const { privateKey, publicKey } = options.privateKey === undefined ? await generated() : options;
    const credential = {
      id: options.id ?? encode(crypto.getRandomValues(new Uint8Array(16))),
      rpId,
      userHandle: options.userHandle ?? encode(crypto.getRandomValues(new Uint8Array(16))),
      privateKey,
      publicKey,
      signCount: options.signCount ?? 0,
    };
    this.key.inject({
      credentialId: credential.id,
      rpId,
      userHandle: credential.userHandle,
      privateKey,
      signCount: credential.signCount,
    });
    this.#seeded.set(credential.id, { privateKey, publicKey });
    return credential;
  }

  async get(options = {}) {
    const { id, rpId } = members('the settings of get()', options, ['id', 'rpId']);
    const stored = this.keys.flatMap((key) => key.credentials);
    return stored
      .filter((credential) => id === undefined || credential.credentialId === id)
      .filter((credential) => rpId === undefined || credential.rpId === rpId)
      .map((credential) => ({
        id: credential.credentialId,
        rpId: credential.rpId,
        userHandle: credential.userHandle,
        privateKey: this.#seeded.get(credential.credentialId)?.privateKey,
        publicKey: coseToSpki(decode(credential.publicKey)),
        signCount: credential.signCount,
      }));
  }

  async delete(id) {
    const key = this.keys.find((key) => key.credentials.some((credential) => credential.credentialId === id));
    if (!key) throw new Error(`no key keeps a credential with the ID ${id}`);
    key.deleteCredential(id);
  }

  async #serve({ frame, page }, { id, ceremony, ...asked }) {
    if (ceremony === 'begin') return this.#end(frame);
    if (ceremony === 'describe') return { isPlatform: this.keys.some((key) => key.attachment === 'platform') };
    const pending = this.#requests.get(frame) ?? new Map();
    if (ceremony === 'abort') return pending.get(id)?.abort();
    this.#requests.set(frame, pending);
    this.#watch(page);
    const controller = new AbortController();
    pending.set(id, controller);
    try {
      return { credential: await this.#answer(frame, ceremony, asked, controller.signal) };
    } catch (error) {
      return { exception: { name: error.name, message: error.message } };
    } finally {
      pending.delete(id);
      // The keys that still wait are not needed any more.
      controller.abort();
    }
  }

  /** Ends what a document asked for that is gone: nobody waits for it, and the next page needs the keys. */
  #end(frame) {
    const pending = this.#requests.get(frame);
    this.#requests.delete(frame);
    for (const controller of pending?.values() ?? []) controller.abort();
  }

  /** A new document says itself that it begins. One that nothing follows does not. */
  #watch(page) {
    if (this.#watched.has(page)) return;
    this.#watched.add(page);
    const gone = () => {
      for (const frame of this.#requests.keys()) if (frame.page() === page) this.#end(frame);
    };
    page.on('close', gone);
    page.on('crash', gone);
    page.on('framedetached', (frame) => this.#end(frame));
  }

  async #answer(frame, ceremony, { options, mediation }, signal) {
    const origin = originOf(frame);
    try {
      return await this.#touched(ceremony, options, origin, signal);
    } catch (error) {
      // A form that offers passkeys offers none, and says nothing.
      if (ceremony !== 'get' || mediation !== 'conditional' || error.name !== 'NotAllowedError') throw error;
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
  }

  /**
   * The answer of the first key that has one. Keys whose user answers by itself are asked in their order. The others
   * wait at once: the one that is touched answers, and `signal` ends the rest.
   */
  async #touched(ceremony, options, origin, signal) {
    const wanted = options.authenticatorSelection?.authenticatorAttachment;
    const refusals = [];
    const ask = async ({ index, key }) => {
      try {
        return await key[ceremony](options, { origin, signal });
      } catch (error) {
        if (!REFUSALS.includes(error.name)) throw error;
        refusals[index] = { error, by: `keys[${index}] (${key.attachment})` };
        return null;
      }
    };
    const asked = this.keys.map((key, index) => ({ index, key, waits: key.touchMode === 'control' }))
      // Browsers ignore a place that they do not know.
      .filter(({ key }) => !PLACES.includes(wanted) || key.attachment === wanted);
    for (const entry of asked.filter(({ waits }) => !waits)) {
      const answer = await ask(entry);
      if (answer) return answer;
    }
    const waiting = asked.filter(({ waits }) => waits).map(ask);
    const answer = await new Promise((resolve, reject) => {
      for (const one of waiting) one.then((answer) => answer && resolve(answer), reject);
      Promise.all(waiting).then(() => resolve(null), reject);
    });
    if (answer) return answer;
    throw this.#refused(refusals.filter(Boolean), wanted);
  }

  #refused(refusals, wanted) {
    if (refusals.length === 1) return refusals[0].error;
    const names = new Set(refusals.map(({ error }) => error.name));
    const name = names.size === 1 ? [...names][0] : 'NotAllowedError';
    return new DOMException(this.#refusal(refusals, wanted), name);
  }

  #refusal(refusals, wanted) {
    if (this.keys.length === 0) return 'no key is plugged in';
    if (refusals.length === 0) return `the website asks for a ${wanted} key, and none is plugged in`;
    const said = refusals.map(({ by, error }) => `${by}: ${error.message}`);
    return `none of ${refusals.length} keys has an answer. ${said.join('; ')}`;
  }
}

/** For `test.extend()`: the keys, installed. */
export const fixtures = {
  credentials: async ({ context }, use) => {
    const credentials = new Credentials(context);
    await credentials.install();
    await use(credentials);
  },
};

/**
 * The origin of a frame by its URL, which a script in the page cannot change. Browsers refuse WebAuthn in a frame of
 * another origin, unless the website says `allow="publickey-credentials-get"`: that is always refused here.
 */
function originOf(frame) {
  const origin = ownOrigin(frame);
  for (let outer = frame.parentFrame(); outer; outer = outer.parentFrame()) {
    if (ownOrigin(outer) !== origin) {
      throw new DOMException('a frame of another origin asks for a credential', 'NotAllowedError');
    }
  }
  return origin;
}

function ownOrigin(frame) {
  // The frames of `srcdoc` and empty ones have the origin of who made them.
  const inherits = frame.url().startsWith('about:') && frame.parentFrame();
  return inherits ? ownOrigin(frame.parentFrame()) : new URL(frame.url()).origin;
}

/** A new key pair for ES256. */
async function generated() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
  return {
    privateKey: encode(await crypto.subtle.exportKey('pkcs8', pair.privateKey)),
    publicKey: encode(await crypto.subtle.exportKey('spki', pair.publicKey)),
  };
}
