// A website's options as JSON has them, whatever a server has them in.

import { encode } from './base64url.js';
import { isBuffer, wrong } from './given.js';

/** The options without `publicKey` around them, and each buffer as text. */
export function plain(options) {
  const read = typeof options === 'string' ? JSON.parse(options) : options;
  if (read === null || typeof read !== 'object') {
    throw wrong('options', read, 'what a WebAuthn server sends: an object, or its JSON');
  }
  return texts(read.publicKey ?? read);
}

function texts(value) {
  if (isBuffer(value)) return encode(value);
  if (Array.isArray(value)) return value.map(texts);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, texts(member)]));
}
