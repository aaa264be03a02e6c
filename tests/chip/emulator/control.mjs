/**
 * The button and the plug for programs, with HTTP and JSON. Its paths, and the rules about who may use them, are those
 * of `brasskey token --control` (host/src/soft/control/openapi.yaml). README.md lists the paths that only a chip has.
 */

import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

/** The longest bodies, in bytes: of most requests, and of a flash image in base 64. */
const BODY_MAX = 4096;
const IMAGE_BODY_MAX = 4 << 20;
/** How long a client may take to send a request, in milliseconds. */
const READ_TIMEOUT = 5000;

/** The reason why a request was refused. */
class Refusal extends Error {
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

const not = (/** @type {string} */ hint) => new Refusal(400, 'the body is not understood', hint);

/** @typedef {(key: import('./key.mjs').Key, body?: any) => unknown} Operation */

/** What each path and method does. Its result is the answer. @type {Record<string, Record<string, Operation>>} */
const PATHS = {
  '/v1/button': { POST: (key, body) => button(key, body) },
  '/v1/power': { POST: (key, body) => power(key, body) },
  '/v1/state': { GET: (key) => key.state },
  '/v1/log': { GET: (key) => ({ entries: key.log.entries }) },
  '/v1/light': { GET: ({ board }) => ({ on: board.light, changes: board.lightChanges }) },
  '/v1/clock': { GET: ({ board }) => ({ millis: board.millis }), POST: (key, body) => clock(key, body) },
  '/v1/flash': {
    GET: ({ board: { flash } }) => ({
      image: Buffer.from(flash.image()).toString('base64'),
      operations: flash.operations,
    }),
    PUT: (key, body) => load(key, body),
    DELETE: (key) => erase(key),
  },
};

/**
 * @param {any} body
 * @param {string[]} names
 * @param {string} hint
 */
function only(body, names, hint) {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw not(hint);
  if (Object.keys(body).some((name) => !names.includes(name))) throw not(hint);
}

/** @param {import('./key.mjs').Key} key @param {any} body */
async function button(key, body) {
  const hint = 'send {"action":"press"}, "release" or "pulse"';
  only(body, ['action'], hint);
  switch (body.action) {
    case 'press': await key.press(); break;
    case 'release': await key.release(); break;
    case 'pulse': await key.pulse(); break;
    default: throw not(hint);
  }
  return key.state;
}

/** @type {Operation} */
function power(key, body) {
  const hint =
    'send {"action":"off"}, "on", "cycle", or {"action":"cut","operations":1}: after so many flash operations';
  only(body, ['action', 'operations'], hint);
  switch (body.action) {
    case 'off': key.powerOff(); break;
    case 'on': key.powerOn(); break;
    case 'cycle': key.powerCycle(); break;
    case 'cut':
      if (!Number.isSafeInteger(body.operations) || body.operations < 1) throw not(hint);
      key.board.flash.cutAfter(body.operations);
      break;
    default: throw not(hint);
  }
  return key.state;
}

/** @param {import('./key.mjs').Key} key @param {any} body */
async function clock(key, body) {
  const hint = 'send {"advance":1000}: so many milliseconds';
  only(body, ['advance'], hint);
  if (!Number.isSafeInteger(body.advance) || body.advance < 0) throw not(hint);
  await key.advance(body.advance);
  return { millis: key.board.millis };
}

/** @type {Operation} */
function load(key, body) {
  const hint = 'switch the power off, and send {"image":"…"}: the whole flash, in base 64';
  only(body, ['image'], hint);
  if (key.board.chip || typeof body.image !== 'string') throw not(hint);
  key.board.flash.load(Buffer.from(body.image, 'base64'));
  return key.state;
}

/** @type {Operation} */
function erase(key) {
  key.powerOff();
  key.board.erase();
  key.powerOn();
  return key.state;
}

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
