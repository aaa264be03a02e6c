/** The control endpoint: what it does, and what it refuses. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { after, test } from 'node:test';

import { createControl } from '../emulator/control.mjs';
import { Key } from '../emulator/key.mjs';
import { ALLOCATE, CBOR, INIT, SELECTION, aBoard, on } from './wire.mjs';

const TOKEN = '0123456789abcdef';
/** How long a press and a release last, and how far the key's time may be behind: a turn. In milliseconds. */
const PRESS = 60;
const SLICE = 5;

const key = new Key(aBoard(), { time: 'stepped' });
key.powerOn();
const server = createControl(key, TOKEN).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const GOOD = { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
after(() => {
  server.close();
  key.close();
});

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {Record<string, string | undefined>} [headers]
 */
async function ask(method, path, body, headers = {}) {
  const all = Object.entries({ ...GOOD, ...headers }).filter(([, value]) => value !== undefined);
  const sent = request({ host: '127.0.0.1', port, method, path, headers: Object.fromEntries(all), setHost: false });
  sent.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) };
}

test('what a web page or a stranger could send is refused', async () => {
  const pulse = { action: 'pulse' };
  for (const [status, headers] of /** @type {[number, Record<string, string | undefined>][]} */ ([
    [403, { Origin: `http://127.0.0.1:${port}` }],
    [403, { Origin: 'null' }],
    [421, { Host: `evil.example:${port}` }],
    [421, { Host: '127.0.0.1' }],
    [401, { Authorization: undefined }],
    [401, { Authorization: `Bearer ${TOKEN}0` }],
    [401, { Authorization: `Basic ${TOKEN}` }],
    [401, { Authorization: TOKEN }],
    [415, { 'Content-Type': undefined }],
    [415, { 'Content-Type': 'text/plain; application/json' }],
  ])) {
    const answer = await ask('POST', '/v1/button', pulse, headers);
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.ok(answer.body.error && answer.body.hint);
    assert.ok(!Object.keys(answer.headers).some((name) => name.startsWith('access-control')));
    assert.equal(answer.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined);
  }
  assert.equal((await ask('OPTIONS', '/v1/button', undefined, { Origin: 'https://evil.example' })).status, 403);
  assert.equal((await ask('GET', '/v1/state', undefined, { Host: `LOCALHOST:${port}` })).status, 200);
});

test('what is not understood is explained', async () => {
  for (const [status, method, path, body] of /** @type {[number, string, string, unknown][]} */ ([
    [404, 'GET', '/', undefined],
    [404, 'POST', '/v2/button', {}],
    [405, 'GET', '/v1/button', undefined],
    [405, 'DELETE', '/v1/log', undefined],
    [400, 'POST', '/v1/button', 'press'],
    [400, 'POST', '/v1/button', { action: 'hit' }],
    [400, 'POST', '/v1/button', { action: 'press', for: 1 }],
    [400, 'POST', '/v1/power', { action: 'cut' }],
    [400, 'POST', '/v1/power', { action: 'cut', operations: 1, suspensions: 1 }],
    [400, 'POST', '/v1/clock', { advance: -1 }],
    [400, 'POST', '/v1/run', { milliseconds: 1 }],
    [400, 'POST', '/v1/card', { apdu: 'select' }],
    [400, 'POST', '/v1/usb', { action: 'pull' }],
    [400, 'POST', '/v1/fault', { kind: 'noise', at: 2 }],
    [400, 'POST', '/v1/fault', { kind: 'toString' }],
    [400, 'POST', '/v1/flash', { action: 'restore' }],
    [400, 'PATCH', '/v1/flash', { slowness: 2 }],
    [400, 'PUT', '/v1/flash', { image: '' }],
    [413, 'POST', '/v1/button', ' '.repeat(40_000)],
  ])) {
    const answer = await ask(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}`);
    assert.ok(answer.body.error && answer.body.hint);
    assert.equal(typeof answer.headers.allow, status === 405 ? 'string' : 'undefined');
  }
});

/**
 * Sends a message to the key, and waits for its answer.
 * @param {Buffer[]} reports
 * @param {number} command of the answer
 */
function send(reports, command) {
  const answered = new Promise((resolve) => {
    key.onReport = (report) => {
      if (report[4] === command) resolve(Buffer.from(report));
    };
  });
  for (const report of reports) key.send(report);
  return /** @type {Promise<Buffer>} */ (answered);
}

test('the button answers the request that waits', async () => {
  const channel = (await send([ALLOCATE], INIT)).readUInt32BE(15);
  const answer = send(on(channel, SELECTION), CBOR);
  const { waiting } = (await ask('GET', '/v1/asked')).body;
  assert.deepEqual((await ask('GET', '/v1/state')).body.waiting, waiting);
  assert.deepEqual([waiting.operation, waiting.rp_id, waiting.application], ['select', null, null]);
  const { body } = await ask('POST', '/v1/button', { action: 'pulse' });
  assert.deepEqual(body, { powered: true, held: false, waiting: null });
  assert.equal((await answer)[7], 0);
  const { entries } = (await ask('GET', '/v1/log')).body;
  const { command, status, duration_us: took, waited_us: waited } = entries.at(-1);
  assert.deepEqual([command, status], ['authenticatorSelection', '0x00']);
  assert.ok(waited > took, `the touch took ${waited} us, the key itself ${took} us`);
});

test('the clock moves only when it is told to', async () => {
  const before = (await ask('GET', '/v1/clock')).body.millis;
  assert.equal((await ask('GET', '/v1/clock')).body.millis, before);
  const { millis } = (await ask('POST', '/v1/clock', { advance: 30_000 })).body;
  assert.ok(millis >= before + 30_000 && millis < before + 30_100);
});

test('a touch does not make the time of the system pass faster', async () => {
  const other = new Key(aBoard(), { time: 'system' });
  other.powerOn();
  const [begun, from] = [performance.now(), other.board.millis];
  await other.pulse();
  const [real, passed] = [performance.now() - begun, other.board.millis - from];
  other.close();
  assert.ok(passed >= 2 * PRESS, 'a press and a release');
  assert.ok(passed <= real + SLICE, `${passed} ms of the chip's time in ${real} ms`);
});

test('the flash stays when the power goes, and can be taken out and put back', async () => {
  const { image } = (await ask('GET', '/v1/flash')).body;
  const { body } = await ask('POST', '/v1/power', { action: 'off' });
  assert.deepEqual(body, { powered: false, held: false, waiting: null });
  assert.equal((await ask('PUT', '/v1/flash', { image })).status, 200);
  assert.equal((await ask('POST', '/v1/power', { action: 'on' })).body.powered, true);
  assert.equal((await ask('GET', '/v1/light')).body.on, false);
  assert.equal((await ask('DELETE', '/v1/flash')).body.powered, true);
});
