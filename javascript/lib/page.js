// Runs in each page: stands in for the browser's WebAuthn, and asks the key on the other side of the binding. It has no
// secret: what it knows is what the website asked and gets.

/**
 * @param {string} binding the name of the function that answers
 * @param {Function} dictionaries reads options: of webidl.js
 */
export function standIn(binding, dictionaries) {
  if (Object.hasOwn(globalThis, `${binding}Installed`)) return;
  Object.defineProperty(globalThis, `${binding}Installed`, { value: true });
  const ask = globalThis[binding].bind(globalThis);
  // What the document before this one asked for is over.
  ask({ ceremony: 'begin' });
  // Browsers have WebAuthn in secure contexts alone.
  if (!globalThis.isSecureContext) return;
  let requests = 0;

  const encode = (buffer) => {
    const bytes = ArrayBuffer.isView(buffer)
      ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
      : new Uint8Array(buffer);
    let binary = '';
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  };
  const decode = (text) => {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
  };

  const read = dictionaries(encode);

  /** What extensions answer, with buffers where WebAuthn has them. */
  const results = (json) => {
    const { prf, largeBlob, ...others } = json;
    if (prf) {
      const values = prf.results && Object.entries(prf.results).map(([name, text]) => [name, decode(text)]);
      others.prf = { ...prf, ...(values && { results: Object.fromEntries(values) }) };
    }
    if (largeBlob) others.largeBlob = { ...largeBlob, ...(largeBlob.blob && { blob: decode(largeBlob.blob) }) };
    return others;
  };

  /** An object of one of WebAuthn's classes: `instanceof` holds, and each member is its own. */
  const instance = (name, members) => {
    globalThis[name] ??= class {};
    const made = Object.create(globalThis[name].prototype);
    for (const [member, value] of Object.entries(members)) {
      Object.defineProperty(made, member, { value, enumerable: true, configurable: true });
    }
    return made;
  };

  const attestation = (json) => instance('AuthenticatorAttestationResponse', {
    clientDataJSON: decode(json.clientDataJSON),
    attestationObject: decode(json.attestationObject),
    getAuthenticatorData: () => decode(json.authenticatorData),
    getPublicKey: () => (json.publicKey === undefined ? null : decode(json.publicKey)),
    getPublicKeyAlgorithm: () => json.publicKeyAlgorithm,
    getTransports: () => [...json.transports],
  });
  const assertion = (json) => instance('AuthenticatorAssertionResponse', {
    clientDataJSON: decode(json.clientDataJSON),
    authenticatorData: decode(json.authenticatorData),
    signature: decode(json.signature),
    userHandle: json.userHandle === undefined ? null : decode(json.userHandle),
  });
  const credential = (json) => instance('PublicKeyCredential', {
    id: json.id,
    rawId: decode(json.rawId),
    type: json.type,
    authenticatorAttachment: json.authenticatorAttachment,
    response: json.response.attestationObject === undefined ? assertion(json.response) : attestation(json.response),
    getClientExtensionResults: () => results(json.clientExtensionResults),
    toJSON: () => structuredClone(json),
  });

  const thrown = ({ name, message }) => {
    if (name === 'TypeError') return new TypeError(message);
    return new DOMException(message, name);
  };

  const answer = async (ceremony, options) => {
    const { publicKey, signal, mediation } = read[ceremony](options, 'options');
    signal?.throwIfAborted();
    if (ceremony === 'create' && mediation === 'conditional') {
      throw new DOMException('no passkey is made here without a touch: conditionalCreate is false', 'NotAllowedError');
    }
    requests += 1;
    const id = requests;
    const asked = ask({ ceremony, id, options: publicKey, mediation });
    const aborted = new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        ask({ ceremony: 'abort', id });
        reject(signal.reason);
      }, { once: true });
    });
    const answered = await Promise.race([asked, aborted]);
    if (answered.exception) throw thrown(answered.exception);
    return credential(answered.credential);
  };

  if (!navigator.credentials) {
    const none = { create: async () => null, get: async () => null };
    Object.defineProperty(navigator, 'credentials', { value: none, configurable: true });
  }
  const container = navigator.credentials;
  for (const ceremony of ['create', 'get']) {
    const native = container[ceremony].bind(container);
    const value = async (options) => (options?.publicKey === undefined ? native(options) : answer(ceremony, options));
    Object.defineProperty(container, ceremony, { value, configurable: true, writable: true });
  }

  /** The options of a server, with buffers where WebAuthn has bytes. */
  const parsed = (options) => {
    const values = (texts) => Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, decode(text)]));
    const listed = (list) => list.map((credential) => ({ ...credential, id: decode(credential.id) }));
    const { user, excludeCredentials, allowCredentials, extensions } = options;
    const { prf, largeBlob, ...others } = extensions ?? {};
    const { eval: all, evalByCredential: each } = prf ?? {};
    const byCredential = each && Object.entries(each).map(([id, texts]) => [id, values(texts)]);
    return {
      ...options,
      challenge: decode(options.challenge),
      ...(user && { user: { ...user, id: decode(user.id) } }),
      ...(excludeCredentials && { excludeCredentials: listed(excludeCredentials) }),
      ...(allowCredentials && { allowCredentials: listed(allowCredentials) }),
      ...(extensions && {
        extensions: {
          ...others,
          ...(prf && { prf: { ...(all && { eval: values(all) }),
            ...(each && { evalByCredential: Object.fromEntries(byCredential) }) } }),
          ...(largeBlob && { largeBlob: { ...largeBlob, ...(largeBlob.write && { write: decode(largeBlob.write) }) } }),
        },
      }),
    };
  };

  // WebKit has no WebAuthn outside of Apple's systems.
  globalThis.PublicKeyCredential ??= class PublicKeyCredential {};
  for (const name of ['parseCreationOptionsFromJSON', 'parseRequestOptionsFromJSON']) {
    globalThis.PublicKeyCredential[name] ??= parsed;
  }
  const isPlatform = async () => (await ask({ ceremony: 'describe' })).isPlatform;
  const extensions = ['appid', 'appidExclude', 'credProps', 'largeBlob', 'minPinLength', 'prf'];
  const statics = {
    isConditionalMediationAvailable: async () => true,
    isUserVerifyingPlatformAuthenticatorAvailable: isPlatform,
    getClientCapabilities: async () => ({
      conditionalCreate: false,
      conditionalGet: true,
      hybridTransport: false,
      passkeyPlatformAuthenticator: await isPlatform(),
      relatedOrigins: false,
      signalAllAcceptedCredentials: false,
      signalCurrentUserDetails: false,
      signalUnknownCredential: false,
      userVerifyingPlatformAuthenticator: await isPlatform(),
      ...Object.fromEntries(extensions.map((name) => [`extension:${name}`, true])),
    }),
  };
  for (const [name, value] of Object.entries(statics)) {
    Object.defineProperty(globalThis.PublicKeyCredential, name, { value, configurable: true, writable: true });
  }
  // The browser's own would not reach the key.
  for (const name of ['signalAllAcceptedCredentials', 'signalCurrentUserDetails', 'signalUnknownCredential']) {
    delete globalThis.PublicKeyCredential[name];
  }
}
