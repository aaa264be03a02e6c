/** What the control endpoint does at each of its paths. */

import { repeat, stop } from './calls.mjs';
import { card, change, fault, measure, remember, run, usb } from './instruments.mjs';
import { not, only } from './refusal.mjs';

/** The string descriptor of the key's serial number. */
const SERIAL = 3;

/** @typedef {(key: import('./key.mjs').Key, body?: any) => unknown} Operation */

/** What each path and method does. Its result is the answer. @type {Record<string, Record<string, Operation>>} */
export const PATHS = {
  '/v1/button': { POST: (key, body) => button(key, body) },
  '/v1/power': { POST: (key, body) => power(key, body) },
  '/v1/state': { GET: (key) => key.state },
  '/v1/asked': { GET: (key) => key.asked() },
  '/v1/log': { GET: (key) => ({ entries: key.log.entries }) },
  '/v1/light': { GET: ({ board }) => ({ on: board.light, changes: board.lightChanges }) },
  '/v1/clock': { GET: ({ board }) => ({ millis: board.millis }), POST: (key, body) => clock(key, body) },
  '/v1/flash': {
    GET: ({ board: { flash } }) => ({
      image: Buffer.from(flash.image()).toString('base64'),
      operations: flash.operations,
    }),
    PUT: (key, body) => load(key, body),
    PATCH: (key, body) => change(key, body),
    POST: (key, body) => remember(key, body),
    DELETE: (key) => erase(key),
  },
  '/v1/run': { POST: (key, body) => run(key, body) },
  '/v1/card': { POST: (key, body) => card(key, body) },
  '/v1/usb': { GET: ({ board }) => ({ serial: board.host?.string(SERIAL) }), POST: (key, body) => usb(key, body) },
  '/v1/fault': { POST: (key, body) => fault(key, body) },
  '/v1/call': { POST: (key, body) => stop(key, body), PUT: (key, body) => repeat(key, body) },
  '/v1/measure': { GET: (key) => measure(key) },
};

/** @param {import('./key.mjs').Key} key @param {any} body */
async function button(key, body) {
  const hint = 'send {"action":"press"}, "release", "pulse" or "bounce"';
  only(body, ['action'], hint);
  switch (body.action) {
    case 'press': await key.press(); break;
    case 'release': await key.release(); break;
    case 'pulse': await key.pulse(); break;
    case 'bounce': await key.bounce(); break;
    default: throw not(hint);
  }
  return key.state;
}

/** @type {Operation} */
function power(key, body) {
  const hint =
    'send {"action":"off"}, "on", "cycle", "keep", or {"action":"cut"} with "operations" or "suspensions" of the flash';
  only(body, ['action', 'operations', 'suspensions'], hint);
  const { flash } = key.board;
  switch (body.action) {
    case 'off': key.powerOff(); break;
    case 'on': key.powerOn(); break;
    case 'cycle': key.powerCycle(); break;
    case 'keep': flash.cutAfter(); break;
    case 'cut': {
      const { operations = Infinity, suspensions = Infinity } = body;
      const [count, ...more] = [operations, suspensions].filter((number) => number !== Infinity);
      if (more.length || !Number.isSafeInteger(count) || count < 1) throw not(hint);
      flash.cutAfter(operations, suspensions);
      break;
    }
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

