// A website's options as JSON has them, whatever a server has them in.

import { encode } from './base64url.js';
import { isBuffer, wrong } from './given.js';

/** The options without `publicKey` around them, and each buffer as text. */
export function plain(options) {
  const read = typeof options === 'string' ? parsed(options) : options;
  const inner = isPlain(read) ? read.publicKey ?? read : read;
  if (!isPlain(inner)) throw wrong('options', inner, 'what a WebAuthn server sends: an object, or its JSON');
  return texts(inner);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`options are no JSON: ${error.message}`);
  }
}

/** A promise is what a forgotten `await` leaves. */
function isPlain(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && typeof value.then !== 'function';
}

function texts(value) {
  if (isBuffer(value)) return encode(value);
  if (Array.isArray(value)) return value.map(texts);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, texts(member)]));
}
