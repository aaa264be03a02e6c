/** The secret that the control endpoint's users share. */

import { randomBytes } from 'node:crypto';
import { fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Reads the token. Makes one if there is no file.
 * @param {string} path
 */
export function readOrCreate(path) {
  const made = randomBytes(32).toString('hex');
  try {
    writeFileSync(path, `${made}\n`, { flag: 'wx', mode: 0o600 });
    return made;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  const file = openSync(path, 'r');
  if (fstatSync(file).mode & 0o077) throw new Error(`other users can read ${path}`);
  const token = readFileSync(file, 'utf8').trim();
  if (!/^[!-~]{16,1024}$/.test(token)) throw new Error(`${path} holds no token: at least 16 visible characters`);
  return token;
}
