/** The key on USB, as a computer sees it (USB 2.0 §9, HID 1.11). */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  CLASS_INTERFACE, CLEAR_FEATURE, GET_CONFIGURATION, GET_DESCRIPTOR, GET_IDLE, GET_REPORT, GET_STATUS, HID,
  SET_CONFIGURATION, SET_IDLE, SET_PROTOCOL, STALL, STANDARD_INTERFACE, SILENCE,
} from '../emulator/usb-host.mjs';
import { Wire, aBoard } from './wire.mjs';

const hex = (/** @type {Uint8Array | string} */ answer) =>
  typeof answer === 'string' ? answer : Buffer.from(answer).toString('hex');
const { host } = new Wire().board;
if (!host?.descriptors) throw new Error('the key does not enumerate');
const { descriptors } = host;
const control = (/** @type {import('../emulator/usb-host.mjs').Request} */ request) => hex(host.control(request));

const VENDOR = 0x40;
const BOS = 0x0f;
const DEVICE_QUALIFIER = 0x06;

test('the device descriptor', () => {
  // All fixed, except the firmware's version. 1209:0001 is pid.codes' number for tests.
  const version = hex(descriptors.device.subarray(12, 14));
  assert.equal(hex(descriptors.device), `1201100200000008${'09120100'}${version}01020301`);
});

test('the configuration: reports with two interrupt endpoints, and a smart card reader with two bulk ones', () => {
  const parts = [
    ...['090276000201008032', '090400000203000000', '092110010001222200', '07050103400001', '07058103400001'],
    // USB CCID 1.1 §5.1: one slot for T=1, extended APDUs, one command at a time.
    ...['09040100020b000000', '3621100100', '07', '02000000', 'a00f0000a00f000000', '002a0000002a000000', 'fe000000'],
    ...['0000000000000000', '7a040400', '000c0000', 'ffff', '0000', '00', '01', '07050202400000', '07058202400000'],
  ];
  assert.equal(hex(descriptors.configuration), parts.join(''));
});

test('the report descriptor: the FIDO usage page, 64 bytes each way (CTAP 2.3 §11.2.8.1)', () => {
  const parts = ['06d0f1', '0901', 'a101', '0920150026ff00750895408102', '0921150026ff00750895409102', 'c0'];
  assert.equal(hex(descriptors.report), parts.join(''));
  const hid = host.control({ type: STANDARD_INTERFACE, request: GET_DESCRIPTOR, value: HID << 8, length: 9 });
  assert.equal(hex(hid), '092110010001222200');
});

test('the strings name the maker, the product and this one key', () => {
  assert.deepEqual([host.string(1), host.string(2)], ['brasskey', 'brasskey security key']);
  assert.match(host.string(3), /^[0-9A-F]{8,}$/);
});

test('requests that a key has no use for are accepted or stalled, and it goes on', () => {
  const wire = new Wire();
  const other = /** @type {NonNullable<typeof host>} */ (wire.board.host);
  const answers = (/** @type {import('../emulator/usb-host.mjs').Request} */ request) => hex(other.control(request));
  assert.equal(answers({ type: CLASS_INTERFACE, request: SET_IDLE }), '');
  assert.equal(answers({ type: CLASS_INTERFACE, request: GET_IDLE, length: 1 }), STALL);
  assert.equal(answers({ type: CLASS_INTERFACE, request: GET_REPORT, value: 0x0100, length: 64 }), STALL);
  assert.equal(answers({ type: CLASS_INTERFACE, request: SET_PROTOCOL, value: 1 }), STALL);
  assert.equal(answers({ type: VENDOR, request: 0x51, length: 4 }), STALL);
  assert.equal(answers({ request: GET_DESCRIPTOR, value: DEVICE_QUALIFIER << 8, length: 10 }), STALL);
  assert.equal(answers({ request: GET_DESCRIPTOR, value: 0x0309, length: 255 }), STALL);
  assert.equal(answers({ request: SET_CONFIGURATION, value: 9 }), STALL);
  wire.assertAnswers();
});

test('standard requests', () => {
  assert.equal(control({ request: GET_STATUS, length: 2 }), '0000');
  assert.equal(control({ type: STANDARD_INTERFACE, request: GET_STATUS, length: 2 }), '0000');
  assert.equal(control({ request: GET_CONFIGURATION, length: 1 }), '01');
  assert.equal(control({ request: GET_DESCRIPTOR, value: BOS << 8, length: 5 }).slice(0, 4), '050f');
  assert.equal(control({ request: GET_DESCRIPTOR, value: 0x0300, length: 255 }), '04030904');
  assert.equal(control({ type: 0x02, request: CLEAR_FEATURE, index: 0x81 }), '');
});

test('an endpoint that the key does not have is silent', () => {
  const { board } = new Wire();
  assert.equal(/** @type {any} */ (board.host).poke(3), SILENCE);
});

test('the key shows up within 300 ms', () => {
  const { enumeratedAt } = /** @type {NonNullable<typeof host>} */ (new Wire().board.host);
  assert.ok(enumeratedAt < 300, `${enumeratedAt} ms`);
});

test('without a host the key slows down after half a minute', () => {
  const board = aBoard({ host: false });
  board.powerOn();
  board.run(1000);
  assert.equal(board.chip?.clock.frequency, 125e6);
  board.run(31_000);
  assert.ok((board.chip?.clock.frequency ?? 0) <= 48e6);
});
