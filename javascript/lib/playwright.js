// Security keys for the pages of a Playwright context, with the calls of Playwright's own `context.credentials`. The
// keys are here, in Node.js; a page reaches them by a binding.

import { decode, encode } from './base64url.js';
import { coseToSpki } from './cose.js';
import { SecurityKey } from './node.js';
import { standIn } from './page.js';

const BINDING = '__brasskey';

export class Credentials {
  #context;
  /** Aborts what a page asked for and takes back. By page and number. */
  #requests = new Map();
  #installed = false;
  /** What was injected with its private key: the key gives out none. By credential ID. */
  #seeded = new Map();

  constructor(context, { keys = [new SecurityKey()] } = {}) {
    this.#context = context;
    this.keys = [...keys];
  }

  /** The first key. */
  get key() {
    if (!this.keys.length) throw new Error('no key is plugged in: add one to keys');
    return this.keys[0];
  }

  async install() {
    if (this.#installed) return;
    this.#installed = true;
    const isPlatform = this.keys.some((key) => key.attachment === 'platform');
    const given = { binding: BINDING, isPlatform };
    await this.#context.exposeBinding(BINDING, (source, request) => this.#serve(source, request));
    await this.#context.addInitScript(standIn, given);
    const frames = this.#context.pages().flatMap((page) => page.frames());
    await Promise.all(frames.map((frame) => frame.evaluate(standIn, given).catch((error) => {
      // A frame that goes away meanwhile needs nothing.
      if (!frame.isDetached() && !frame.page().isClosed()) throw error;
    })));
  }

  async create(rpId, options = {}) {
    const given = [options.id, options.userHandle, options.privateKey, options.publicKey];
    if (given.some((member) => member !== undefined) && given.includes(undefined)) {
      throw new TypeError('to import a credential, give all of id, userHandle, privateKey and publicKey');
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

  async get({ id, rpId } = {}) {
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

  async #serve({ frame, page }, request) {
    const pending = this.#requests.get(page) ?? new Map();
    this.#requests.set(page, pending);
    const name = `${frameNumber(frame)}:${request.id}`;
    if (request.ceremony === 'abort') {
      pending.get(name)?.abort();
      return {};
    }
    const controller = new AbortController();
    pending.set(name, controller);
    const gone = () => controller.abort();
    page.once('close', gone);
    try {
      return { credential: await this.#answer(frame, request, controller.signal) };
    } catch (error) {
      return { exception: { name: error.name, message: error.message } };
    } finally {
      page.off('close', gone);
      pending.delete(name);
    }
  }

  async #answer(frame, { ceremony, options, mediation }, signal) {
    const origin = originOf(frame);
    if (ceremony === 'create') return this.#touched(ceremony, options, origin, signal, this.#fitting(options));
    try {
      return await this.#touched(ceremony, options, origin, signal, this.keys);
    } catch (error) {
      // A form that offers passkeys offers none, and says nothing.
      if (mediation !== 'conditional' || error.name !== 'NotAllowedError') throw error;
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
  }

  /** The keys that are where the website wants one. */
  #fitting(options) {
    const wanted = options.authenticatorSelection?.authenticatorAttachment;
    return this.keys.filter((key) => !wanted || key.attachment === wanted);
  }

  /** The answer of the first key that has one. */
  async #touched(ceremony, options, origin, signal, keys) {
    let refusal = new DOMException('no key is plugged in that could answer', 'NotAllowedError');
    for (const key of keys) {
      try {
        return await key[ceremony](options, { origin, signal });
      } catch (error) {
        if (error.name !== 'NotAllowedError') throw error;
        refusal = error;
      }
    }
    throw refusal;
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

const frames = new WeakMap();
let numbered = 0;

function frameNumber(frame) {
  if (!frames.has(frame)) frames.set(frame, (numbered += 1));
  return frames.get(frame);
}

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
