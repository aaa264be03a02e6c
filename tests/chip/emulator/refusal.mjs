/** Why the control endpoint refuses a request. */

/** The reason why a request was refused. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} error
   * @param {string} hint
   * @param {Record<string, string>} [headers]
   */
  constructor(status, error, hint, headers = {}) {
    super(error);
    Object.assign(this, { status, hint, headers });
  }
}

export const not = (/** @type {string} */ hint) => new Refusal(400, 'the body is not understood', hint);

/**
 * Refuses a body that has anything but these members.
 * @param {any} body
 * @param {string[]} names
 * @param {string} hint
 */
export function only(body, names, hint) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw not(hint);
  if (Object.keys(body).some((name) => !names.includes(name))) throw not(hint);
}
