// Checks what callers give. Each error names the member, what it is, and what it must be.

const U32_MAX = 0xffff_ffff;

/** An object with no other members than these: a typo is no setting. */
export function members(what, given, names) {
  if (given === null || typeof given !== 'object') {
    throw new TypeError(`${what} are ${shown(given)}, and must be an object`);
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw new TypeError(`${what} have no ${quoted(name)}: there are ${names.join(', ')}`);
  }
  return given;
}

/** One of some texts. */
export function oneOf(name, value, known) {
  if (!known.includes(value)) throw wrong(name, value, either(known.map(quoted)));
  return value;
}

export function text(name, value) {
  if (typeof value !== 'string') throw wrong(name, value, 'a string');
  return value;
}

export function boolean(name, value) {
  if (typeof value !== 'boolean') throw wrong(name, value, 'true or false');
  return value;
}

/** A whole number of 32 bits. */
export function whole(name, value) {
  const allowed = `a whole number from 0 to ${U32_MAX}`;
  if (typeof value !== 'number') throw wrong(name, value, allowed);
  if (!Number.isInteger(value) || value < 0 || value > U32_MAX) {
    throw new RangeError(`${name} is ${value}, and must be ${allowed}`);
  }
  return value;
}

/** A time in milliseconds. */
export function milliseconds(name, value) {
  if (typeof value !== 'number') throw wrong(name, value, 'a number of milliseconds');
  if (!(value >= 0)) throw new RangeError(`${name} is ${value}, and must be 0 or more`);
  return value;
}

/** Bytes in a buffer. An error says nothing of what they are: they may be a secret. */
export function bytes(name, value, length) {
  if (!isBuffer(value)) throw new TypeError(`${name} is ${kind(value)}, and must be bytes: a Uint8Array or Buffer`);
  const view = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
  if (length !== undefined && view.length !== length) {
    throw new RangeError(`${name} has ${view.length} bytes, and must have ${length}`);
  }
  return view;
}

/** A PIN, whose length the key judges. */
export function pin(name, value) {
  if (typeof value !== 'string') throw new TypeError(`${name} is ${kind(value)}, and must be a string`);
  return value;
}

/** Also of another realm: test runners have several. */
export function isBuffer(value) {
  return ArrayBuffer.isView(value) || Object.prototype.toString.call(value) === '[object ArrayBuffer]';
}

export function wrong(name, value, allowed) {
  return new TypeError(`${name} is ${shown(value)}, and must be ${allowed}`);
}

function shown(value) {
  if (typeof value === 'string') return quoted(value);
  return ['number', 'boolean'].includes(typeof value) ? String(value) : kind(value);
}

function kind(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (typeof value.then === 'function') return 'a promise (await it)';
  return Array.isArray(value) ? 'an array' : 'an object';
}

function quoted(text) {
  return `'${text.length > 40 ? `${text.slice(0, 40)}…` : text}'`;
}

function either(names) {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
