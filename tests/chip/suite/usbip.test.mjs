/** The key on another system's USB, by USB/IP. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { env, execPath } from 'node:process';
import { after, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Key } from '../emulator/key.mjs';
import { UsbIpServer } from '../emulator/usbip-server.mjs';
import {
  BUSY, ECONNRESET, EOVERFLOW, EPIPE, EPROTO, NO_DEVICE, OK, REQ_DEVLIST, SUBMIT, operation, words,
} from '../emulator/usbip.mjs';
import {
  CLASS_INTERFACE, CONFIGURATION, DEVICE, GET_DESCRIPTOR, GET_STATUS, HID, REPORT, SET_ADDRESS, SET_CONFIGURATION,
  SET_IDLE, SET_REPORT, STRING,
} from '../emulator/usb-host.mjs';
import { ICC_POWER_ON, TIME_EXTENSION, XFR_BLOCK } from '../emulator/card-transcript.mjs';
import { Imported, answerTo, list } from './usbip-client.mjs';
import {
  ALLOCATE, APDUS, CBOR, ERROR, INIT, KEEPALIVE, NONCE, PINGS, SELECTION, UP_NEEDED, aBoard, on,
} from './wire.mjs';

const FROM_DEVICE = 0x80;
const FROM_INTERFACE = 0x81;
const VENDOR = 0xc0;
const US_ENGLISH = 0x0409;
const BROADCAST = 0xffff_ffff;
const INVALID_CHANNEL = 0x0b;
/** The endpoint of the smart card reader, both ways. */
const CARD = 2;
/** The longest names of accounts. */
const LONG_NAME = 64;
/** As much as libccid asks for. */
const LONG_TRANSFER = 65_556;

const key = new Key(aBoard(), { time: 'stepped' });
const server = new UsbIpServer(key);
key.onRestart = () => server.forget();
key.powerOn();
const address = await server.listen('127.0.0.1', 0);
after(() => {
  server.close();
  key.close();
});

/** The descriptors that the chip shows to a computer on its own bus. */
const { host } = key.board;
assert.ok(host?.descriptors);
const { device, configuration, report } = host.descriptors;
const strings = [1, 2, 3].map((number) => host.string(number));

/** @type {Imported} */
let computer;
/** Plugs the key in again, without its old channels. */
beforeEach(async () => {
  await computer?.close();
  computer = await imported();
});

/** The key, as soon as it is free. It learns a little later that a connection was closed. */
async function imported() {
  let found;
  do found = await Imported.from(address);
  while (found === BUSY);
  assert.ok(found instanceof Imported);
  return found;
}

/** Does what a computer does before it uses the key. */
async function configure() {
  assert.equal((await computer.control(0, SET_CONFIGURATION, 1, 0, new Uint8Array())).status, OK);
  assert.equal((await computer.control(CLASS_INTERFACE, SET_IDLE, 0, 0, new Uint8Array())).status, OK);
}

/** @param {Uint8Array} data */
async function sendReport(data) {
  assert.equal((await computer.send(data).ended).status, OK);
}

/** Sends a message, and nothing more. @param {Buffer[]} reports */
async function send(reports) {
  for (const report of reports) await sendReport(report);
}

async function receiveReport() {
  const { status, data } = await computer.ask().ended;
  assert.deepEqual([status, data.length], [OK, 64]);
  return data;
}

/** The key's next message, which is short. */
async function receive() {
  const report = await receiveReport();
  const data = report.subarray(7, 7 + report.readUInt16BE(5));
  return { channel: report.readUInt32BE(0), command: report[4], data };
}

/** Allocates a channel. */
async function open() {
  await sendReport(ALLOCATE);
  const { channel, command, data } = await receive();
  assert.deepEqual([channel, command, data.subarray(0, 8)], [BROADCAST, INIT, NONCE]);
  return data.readUInt32BE(8);
}

/** The key sends a ping back. @param {number} channel */
async function assertAnswers(channel, ping = PINGS[0]) {
  const reports = on(channel, ping);
  await send(reports);
  for (const report of reports) assert.deepEqual(await receiveReport(), report);
}

test('the list shows what the descriptors say', async () => {
  const [vendor, product, release] = [8, 10, 12].map((at) => Buffer.from(device).readUInt16LE(at));
  assert.deepEqual(await list(address), [
    {
      path: '/brasskey/usb1/1-1',
      busId: '1-1',
      speed: 2,
      ids: [vendor, product, release],
      counts: [0, 0, 0, 1, 1, 2],
      interfaces: '030000000b000000',
    },
  ]);
});

test('a computer reads the descriptors that the chip has', async () => {
  /** @param {number} type @param {number} value @param {number} index @param {number} length */
  const read = async (type, value, index, length) => {
    const { status, data } = await computer.control(type, GET_DESCRIPTOR, value, index, length);
    assert.equal(status, OK);
    return data;
  };
  assert.deepEqual(await read(FROM_DEVICE, DEVICE << 8, 0, 64), Buffer.from(device));
  assert.deepEqual(await read(FROM_DEVICE, DEVICE << 8, 0, 8), Buffer.from(device.subarray(0, 8)));
  assert.deepEqual(await read(FROM_DEVICE, CONFIGURATION << 8, 0, 9), Buffer.from(configuration.subarray(0, 9)));
  assert.deepEqual(await read(FROM_DEVICE, CONFIGURATION << 8, 0, 255), Buffer.from(configuration));
  assert.deepEqual(await read(FROM_INTERFACE, HID << 8, 0, 9), Buffer.from(configuration.subarray(18, 27)));
  assert.deepEqual(await read(FROM_INTERFACE, REPORT << 8, 0, report.length), Buffer.from(report));
  assert.equal((await read(FROM_DEVICE, STRING << 8, 0, 255)).toString('hex'), '04030904');
  for (const [at, text] of strings.entries()) {
    const data = await read(FROM_DEVICE, (STRING << 8) | (at + 1), US_ENGLISH, 255);
    assert.equal(data.toString('utf16le', 2), text);
  }
});

test('a message comes through, both ways and at any length', async () => {
  await configure();
  const channel = await open();
  for (const ping of PINGS) await assertAnswers(channel, ping);
});

test('a request for a report waits until there is one', async () => {
  await configure();
  const { ended } = computer.ask();
  await sendReport(ALLOCATE);
  assert.deepEqual((await ended).data.subarray(7, 15), NONCE);
});

test('the key keeps a report until it is asked for', async () => {
  await configure();
  await sendReport(ALLOCATE);
  await key.advance(1000);
  assert.ok(key.board.idle, 'its time stands still again');
  assert.deepEqual((await receive()).data.subarray(0, 8), NONCE);
});

test('a touch answers the request that waits', async () => {
  await configure();
  const channel = await open();
  await send(on(channel, SELECTION));
  let message = await receive();
  while (message.command === KEEPALIVE && message.data[0] !== UP_NEEDED) message = await receive();
  assert.equal(key.state.waiting?.operation, 'select');
  const pressed = key.pulse();
  while (message.command === KEEPALIVE) message = await receive();
  assert.deepEqual(message, { channel, command: CBOR, data: Buffer.from([0]) });
  await pressed;
});

test('a request that was taken back ends as such, and the next one gets the report', async () => {
  await configure();
  const [first, second] = [computer.ask(), computer.ask()];
  assert.equal(await computer.unlink(first.number), ECONNRESET);
  await sendReport(ALLOCATE);
  assert.deepEqual((await second.ended).data.subarray(7, 15), NONCE);
  assert.equal(await computer.unlink(second.number), OK, 'too late');
});

test('a report that was taken back does not arrive', async () => {
  assert.equal((await computer.control(0, SET_CONFIGURATION, 0, 0, new Uint8Array())).status, OK);
  const { number } = computer.send(ALLOCATE);
  assert.equal(await computer.unlink(number), ECONNRESET, 'a key without a configuration takes none');
  await configure();
  await open();
});

test('what the key refuses is a stall, and it goes on', async () => {
  await configure();
  const channel = await open();
  assert.deepEqual(await computer.control(VENDOR, 0x51, 0, 0, 4), { status: EPIPE, data: Buffer.alloc(0) });
  assert.equal((await computer.control(FROM_DEVICE, GET_DESCRIPTOR, (STRING << 8) | 9, US_ENGLISH, 255)).status, EPIPE);
  assert.equal((await computer.control(0, SET_CONFIGURATION, 9, 0, new Uint8Array())).status, EPIPE);
  assert.deepEqual(await computer.control(FROM_DEVICE, GET_STATUS, 0, 0, 2), { status: OK, data: Buffer.alloc(2) });
  await assertAnswers(channel);
});

test('data goes to the key in a control transfer, too', async () => {
  await configure();
  assert.equal((await computer.control(CLASS_INTERFACE, SET_REPORT, 0x0200, 0, ALLOCATE)).status, OK);
  assert.deepEqual((await receive()).data.subarray(0, 8), NONCE);
});

/** A message to the smart card reader (USB CCID 1.1 §6.1). @param {number} type @param {Uint8Array} data */
function message(type, data = new Uint8Array()) {
  const header = Buffer.alloc(10);
  header[0] = type;
  header.writeUInt32LE(data.length, 1);
  return Buffer.concat([header, data]);
}

/** What the reader answers. A computer asks for more than it gets. @param {Buffer} sent */
async function askReader(sent) {
  const { ended } = computer.submit({ endpoint: CARD, length: LONG_TRANSFER });
  assert.equal((await computer.submit({ endpoint: CARD, data: sent }).ended).status, OK);
  return (await ended).data;
}

test('messages of the smart card reader are transfers of several packets', async () => {
  await configure();
  assert.equal((await askReader(message(ICC_POWER_ON)))[10], 0x3b);
  assert.equal((await askReader(message(XFR_BLOCK, APDUS.select))).toString('hex').slice(-4), '9000');
  for (const put of [APDUS.put_long, APDUS.put_as_long]) {
    assert.equal((await askReader(message(XFR_BLOCK, put))).toString('hex').slice(-4), '9000');
  }
  const listed = await askReader(message(XFR_BLOCK, APDUS.list));
  assert.equal(listed.length, 10 + 2 * (3 + LONG_NAME) + 2);
  await assertAnswers(await open());
});

test('a touch answers the account that waits for it', async () => {
  await configure();
  await askReader(message(ICC_POWER_ON));
  await askReader(message(XFR_BLOCK, APDUS.select));
  await askReader(message(XFR_BLOCK, APDUS.put_touched));
  let answer = await askReader(message(XFR_BLOCK, APDUS.calculate_touched));
  const { operation, user } = key.state.waiting ?? {};
  assert.deepEqual([operation, user], ['code', 'issuer:ada']);
  const pressed = key.pulse();
  while (answer[7] >> 6 === TIME_EXTENSION) {
    answer = (await computer.submit({ endpoint: CARD, length: LONG_TRANSFER }).ended).data;
  }
  assert.equal(answer.toString('hex').slice(-4), '9000');
  await pressed;
  assert.equal(key.state.waiting, null);
  assert.equal(key.log.entries.at(-1)?.command, 'OATH CALCULATE');
});

test('endpoints that the key does not have are silent', async () => {
  assert.equal((await computer.submit({ endpoint: 4, length: 64 }).ended).status, EPROTO);
  assert.equal((await computer.submit({ endpoint: 3, data: Buffer.alloc(64) }).ended).status, EPROTO);
});

test('an answer that is longer than its room is an error', async () => {
  await configure();
  const { ended } = computer.submit({ endpoint: 1, length: 63 });
  await sendReport(ALLOCATE);
  assert.equal((await ended).status, EOVERFLOW);
});

test('what is no report is taken, and nothing comes of it', async () => {
  await configure();
  const channel = await open();
  for (const length of [0, 3, 63, 65, 200]) await sendReport(Buffer.alloc(length));
  await assertAnswers(channel);
});

test('an address that the computer gives is gone with the next one', async () => {
  assert.equal((await computer.control(0, SET_ADDRESS, 17, 0, new Uint8Array())).status, OK);
  await configure();
  await assertAnswers(await open());
});

test('a computer that comes back finds a key after a bus reset', async () => {
  await configure();
  const channel = await open();
  await send(on(channel, SELECTION));
  while (!key.state.waiting) await receive();
  await computer.close();
  computer = await imported();
  assert.equal(key.state.waiting, null);
  await configure();
  await send(on(channel, PINGS[0]));
  assert.deepEqual(await receive(), { channel, command: ERROR, data: Buffer.from([INVALID_CHANNEL]) });
  await assertAnswers(await open());
});

test('one computer has the key at a time', async () => {
  assert.equal(await Imported.from(address), BUSY);
  assert.equal(await Imported.from(address, '1-2'), NO_DEVICE);
  await configure();
  await assertAnswers(await open());
});

test('a key that loses its power is unplugged', async () => {
  key.powerOff();
  await computer.closed;
  assert.deepEqual(await list(address), []);
  assert.equal(await Imported.from(address), NO_DEVICE);
  key.powerOn();
  computer = await imported();
  await configure();
  await assertAnswers(await open());
});

test('who does not speak the protocol gets no answer, and no one else notices', async () => {
  const old = Buffer.from(operation(REQ_DEVLIST, OK));
  old.writeUInt16BE(0x0106);
  assert.equal(await answerTo(address, old), null);
  assert.equal(await answerTo(address, operation(0x8001, OK)), null);
  assert.equal(await answerTo(address, Buffer.from('GET / HTTP/1.1\r\n\r\n')), null);
  await configure();
  await assertAnswers(await open());
});

test('who asks for what no key can do is disconnected', async () => {
  const unknown = words(9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const long = words(SUBMIT, 1, 0, 0, 1, 0, 0x2_0001, 0, 0, 0, 0, 0);
  const isochronous = words(SUBMIT, 1, 0, 1, 1, 0, 64, 0, 1, 0, 0, 0);
  for (const bytes of [unknown, long, isochronous]) {
    computer.write(bytes);
    await computer.closed;
    computer = await imported();
  }
  await configure();
  await assertAnswers(await open());
});

test('the program says where it listens, and ends with its input', async () => {
  const main = fileURLToPath(new URL('../main.mjs', import.meta.url));
  const options = [main, '--elf', /** @type {string} */ (env.BRASSKEY_CHIP_ELF), '--usbip', '127.0.0.1:0'];
  const program = spawn(execPath, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(program, 'exit');
  const [line] = await once(program.stdout, 'data');
  const ready = JSON.parse(line);
  assert.deepEqual([ready.ready, ready.udp, ready.control], [true, null, null]);
  assert.equal((await list(ready.usbip)).length, 1);
  program.stdin.end();
  assert.deepEqual(await exited, [0, null]);
});
