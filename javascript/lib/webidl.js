// Runs in each page: reads the options of `navigator.credentials` as Web IDL reads dictionaries, so that a page gets
// the TypeError of a real browser. What comes out is JSON: each buffer is base64url.

/** @param {(bytes: ArrayBuffer | ArrayBufferView) => string} encode */
export function dictionaries(encode) {
  const kind = (value) => {
    if (value === null || value === undefined) return String(value);
    if (typeof value !== 'object') return `a ${typeof value}`;
    return Array.isArray(value) ? 'an array' : 'an object';
  };
  const wrong = (path, value, wanted) => new TypeError(`${path} is ${kind(value)}, and must be ${wanted}`);
  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  // Also of another frame.
  const is = (value, name) => Object.prototype.toString.call(value) === `[object ${name}]`;

  // Web IDL §3.2, one for each type. `path` names the member.
  const text = (value) => `${value}`;
  const boolean = (value) => Boolean(value);
  const long = (value) => value | 0;
  const unsignedLong = (value) => value >>> 0;
  const bytes = (value, path) => {
    if (is(ArrayBuffer.isView(value) ? value.buffer : value, 'ArrayBuffer')) return encode(value);
    throw wrong(path, value, 'an ArrayBuffer, or a view of one such as a Uint8Array: ' +
      'parseCreationOptionsFromJSON() and parseRequestOptionsFromJSON() decode what a server sends');
  };
  const signal = (value, path) => {
    if (is(value, 'AbortSignal')) return value;
    throw wrong(path, value, 'an AbortSignal');
  };
  const oneOf = (...known) => (value, path) => {
    if (known.includes(`${value}`)) return `${value}`;
    throw new TypeError(`${path} is '${value}', and must be one of ${known.join(', ')}`);
  };
  const list = (of) => (value, path) => {
    if (!isObject(value) || typeof value[Symbol.iterator] !== 'function') throw wrong(path, value, 'an array');
    return Array.from(value, (item, index) => of(item, `${path}[${index}]`));
  };
  const record = (of) => (value, path) => {
    if (!isObject(value)) throw wrong(path, value, 'an object');
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, of(item, `${path}.${name}`)]));
  };
  const dictionary = (members, needed = {}) => (value, path) => {
    if (value !== undefined && value !== null && !isObject(value)) throw wrong(path, value, 'an object');
    const read = {};
    for (const [name, of] of Object.entries({ ...members, ...needed })) {
      const member = value?.[name];
      if (member !== undefined) read[name] = of(member, `${path}.${name}`);
      else if (name in needed) throw new TypeError(`${path}.${name} is missing`);
    }
    return read;
  };

  // WebAuthn Level 3 §5.4, §5.5, §5.8.3 and §10.
  const descriptor = dictionary({ transports: list(text) }, { id: bytes, type: text });
  const values = dictionary({ second: bytes }, { first: bytes });
  const extensions = dictionary({
    appid: text,
    appidExclude: text,
    credProps: boolean,
    credentialProtectionPolicy: text,
    enforceCredentialProtectionPolicy: boolean,
    largeBlob: dictionary({ read: boolean, support: text, write: bytes }),
    minPinLength: boolean,
    prf: dictionary({ eval: values, evalByCredential: record(values) }),
  });
  const common = { extensions, hints: list(text), timeout: unsignedLong };
  const creation = dictionary({
    ...common,
    attestation: text,
    attestationFormats: list(text),
    authenticatorSelection: dictionary({
      authenticatorAttachment: text,
      requireResidentKey: boolean,
      residentKey: text,
      userVerification: text,
    }),
    excludeCredentials: list(descriptor),
  }, {
    challenge: bytes,
    pubKeyCredParams: list(dictionary({}, { alg: long, type: text })),
    rp: dictionary({ id: text }, { name: text }),
    user: dictionary({}, { displayName: text, id: bytes, name: text }),
  });
  const request = dictionary({
    ...common,
    allowCredentials: list(descriptor),
    rpId: text,
    userVerification: text,
  }, { challenge: bytes });

  // Credential Management Level 1 §2.3.
  const mediation = oneOf('silent', 'optional', 'conditional', 'required');
  return {
    create: dictionary({ mediation, publicKey: creation, signal }),
    get: dictionary({ mediation, publicKey: request, signal }),
  };
}
