/**
 * The button and the plug for programs, with HTTP and JSON. Its paths, and the rules about who may use them, are those
 * of `brasskey token --control` (host/src/soft/control/openapi.yaml). README.md lists the paths that only a chip has.
 */

import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

import { PATHS } from './operations.mjs';
import { Refusal, not } from './refusal.mjs';

/** The longest bodies, in bytes: of most requests (the longest message takes half of it), and of a flash image. */
const BODY_MAX = 32_768;
const IMAGE_BODY_MAX = 4 << 20;
/** How long a client may take to send a request, in milliseconds. */
const READ_TIMEOUT = 5000;

/** Admits local programs that can read the token file, and no web pages. The soft token has the same rules. */
class Guard {
  #token;
  #port = 0;

  /** @param {string} token */
  constructor(token) {
    this.#token = Buffer.from(token);
  }

  set port(/** @type {number} */ port) {
    this.#port = port;
  }

  /** @param {import('node:http').IncomingMessage} request */
  check(request) {
    const { origin, host = [], authorization = [], 'content-type': types = [] } = request.headersDistinct;
    // A web page's requests have an Origin. Only simple ones do not, and these cannot carry a token.
    if (origin) {
      const hint = 'send the request from a program, without an Origin header';
      throw new Refusal(403, 'requests from web pages are refused', hint);
    }
    // A web page can make its own name resolve to this address (DNS rebinding), but it cannot change the Host header.
    const names = ['127.0.0.1', 'localhost', '[::1]'];
    const hosts = names.flatMap((name) => [`${name}:${this.#port}`, ...(this.#port === 80 ? [name] : [])]);
    if (host.length !== 1 || !hosts.includes(host[0].toLowerCase())) {
      const hint = 'send the request to the address of the ready line';
      throw new Refusal(421, 'the Host header does not name this endpoint', hint);
    }
    if (authorization.length !== 1 || !this.#isAuthorized(authorization[0])) {
      const hint = 'send Authorization: Bearer and the text of the control token file';
      throw new Refusal(401, 'the token is missing or wrong', hint, { 'WWW-Authenticate': 'Bearer' });
    }
    // Also required without a body: no form and no link can send this header.
    if (types.length !== 1 || types[0].split(';')[0].trim().toLowerCase() !== 'application/json') {
      throw new Refusal(415, 'the content type is not JSON', 'send Content-Type: application/json');
    }
  }

  /** @param {string} header */
  #isAuthorized(header) {
    const [, scheme, token = ''] = /^(\S+) +(.*)$/.exec(header) ?? [];
    const given = Buffer.from(token);
    const isBearer = scheme?.toLowerCase() === 'bearer';
    return isBearer && given.length === this.#token.length && timingSafeEqual(given, this.#token);
  }
}

/** @param {import('node:http').IncomingMessage} request */
async function read(request) {
  const limit = request.method === 'PUT' ? IMAGE_BODY_MAX : BODY_MAX;
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > limit) throw new Refusal(413, `the body is longer than ${limit} bytes`, 'send less');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw not('send JSON');
  }
}

/**
 * @param {import('./key.mjs').Key} key
 * @param {Guard} guard
 * @param {import('node:http').IncomingMessage} request
 */
async function perform(key, guard, request) {
  guard.check(request);
  const operations = PATHS[request.url ?? ''];
  if (!operations) {
    throw new Refusal(404, 'there is nothing at this path', `the paths are ${Object.keys(PATHS).join(', ')}`);
  }
  const operation = operations[request.method ?? ''];
  if (!operation) {
    const allow = Object.keys(operations).join(', ');
    throw new Refusal(405, 'this path does not take this method', `use ${allow}`, { Allow: allow });
  }
  return operation(key, operation.length > 1 ? await read(request) : undefined);
}

/**
 * A control endpoint on a loopback address.
 * @param {import('./key.mjs').Key} key
 * @param {string} token
 */
export function createControl(key, token) {
  const guard = new Guard(token);
  const server = createServer({ requestTimeout: READ_TIMEOUT, keepAliveTimeout: 1 }, async (request, response) => {
    let [status, headers, answer] = [200, {}, /** @type {unknown} */ (null)];
    try {
      answer = await perform(key, guard, request);
    } catch (error) {
      const known = error instanceof Refusal;
      const problem = /** @type {any} */ (error);
      [status, headers] = known ? [problem.status, problem.headers] : [500, {}];
      answer = { error: problem.message, hint: known ? problem.hint : 'look at what the emulator wrote to stderr' };
      if (!known) process.stderr.write(`${problem.stack}\n`);
    }
    const fixed = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Connection: 'close' };
    response.writeHead(status, { ...fixed, ...headers }).end(JSON.stringify(answer));
  });
  server.on('listening', () => {
    guard.port = /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  });
  return server;
}
