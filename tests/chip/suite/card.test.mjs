/** The key as a smart card in a reader of its own (USB CCID 1.1), beside the reports. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ICC_POWER_OFF, XFR_BLOCK } from '../emulator/card-transcript.mjs';
import {
  ABORT, ABORT_REQUEST, CARD_INTERFACE, GET_SLOT_STATUS, Reader, SLOT_STATUS, extendsTime, requestAbort,
} from '../emulator/reader.mjs';
import { CLASS_INTERFACE, STALL } from '../emulator/usb-host.mjs';
import { APDUS, CANCEL, CBOR, KEEPALIVE, SELECTION, Wire } from './wire.mjs';

/** Statuses of CTAP2 (CTAP 2.3 §8.2). */
const DONE = 0x00;
const KEEPALIVE_CANCEL = 0x2d;
/** The longest wait for a touch in milliseconds. */
const LONGEST_WAIT = 30_000;
/** The most milliseconds between two requests for more time, with a frame until the host asks. libccid waits 3 s. */
const CADENCE = 1001;

/** What a reader says that does one command at a time (USB CCID 1.1 §6.2.6). */
const FAILED = 0x40;
const SLOT_BUSY = 0xe0;
const OK = '9000';
const NO_CARD_APPLICATION = '6a82';
/** The status word of the applet where nobody came. */
const NOT_TOUCHED = '6982';
const hex = (/** @type {Uint8Array | string | undefined} */ answer) =>
  typeof answer === 'string' ? answer : Buffer.from(answer ?? []).toString('hex');
const wordOf = (/** @type {Buffer} */ answer) => hex(answer.subarray(-2));

/** A key with an account that takes a touch, and one that takes none. */
function aKey() {
  const wire = new Wire();
  const host = /** @type {import('../emulator/usb-host.mjs').UsbHost} */ (wire.board.host);
  const reader = new Reader(wire.board);
  reader.powerOn();
  for (const apdu of [APDUS.select, APDUS.put_touched, APDUS.put]) assert.equal(wordOf(reader.transmit(apdu)), OK);
  return { wire, host, reader };
}

test('the card is powered on and off, and its applet is selected', () => {
  const { board } = new Wire();
  const reader = new Reader(board);
  assert.equal(reader.exchange(GET_SLOT_STATUS).status, 1, 'a card without power');
  const atr = reader.powerOn();
  assert.equal(atr[0], 0x3b, 'direct convention');
  assert.equal(reader.exchange(GET_SLOT_STATUS).status, 0);
  assert.equal(hex(reader.transmit(Buffer.from('00a4040007a0000005272001', 'hex'))), NO_CARD_APPLICATION);
  assert.equal(wordOf(reader.transmit(APDUS.select)), OK);
  assert.deepEqual([reader.powerOff().type, reader.exchange(GET_SLOT_STATUS).status], [SLOT_STATUS, 1]);
  assert.deepEqual(reader.powerOn(), atr);
  assert.notEqual(hex(reader.transmit(APDUS.list)), OK, 'nothing is selected any more');
});

test('an account that takes a touch waits for it, and the reader asks for time meanwhile', () => {
  const { wire, reader } = aKey();
  const sequence = reader.ask(APDUS.calculate_touched);
  const begun = wire.board.millis;
  wire.board.run(5000);
  wire.touch();
  const answer = reader.answer(sequence);
  assert.equal(wordOf(answer.data), OK);
  const times = [begun, ...reader.extensions];
  assert.ok(times.length > 4, `${times.length} requests for time`);
  const silences = times.slice(1).map((time, at) => time - times[at]);
  assert.ok(silences.every((silence) => silence <= CADENCE), silences.join());
});

test('nobody touches it', () => {
  const { wire, reader } = aKey();
  const begun = wire.board.millis;
  assert.equal(wordOf(reader.transmit(APDUS.calculate_touched)), NOT_TOUCHED);
  assert.ok(wire.board.millis - begun >= LONGEST_WAIT - 1000);
});

test('a card at work is not switched off, and its command goes on', () => {
  const { wire, reader } = aKey();
  const sequence = reader.ask(APDUS.calculate_touched);
  const off = reader.send(ICC_POWER_OFF);
  let answer = reader.next();
  while (answer.sequence !== off) answer = reader.next();
  assert.deepEqual([answer.type, answer.status, answer.error], [SLOT_STATUS, FAILED, SLOT_BUSY]);
  wire.touch();
  assert.equal(wordOf(reader.answer(sequence).data), OK);
});

test('a command is aborted on the control pipe and by its message', () => {
  const { wire, host, reader } = aKey();
  reader.ask(APDUS.calculate_touched);
  const abort = 0x77;
  assert.equal(hex(requestAbort(host, abort)), '');
  reader.send(ABORT, undefined, abort);
  let answer = reader.next();
  while (extendsTime(answer) || answer.sequence !== abort) answer = reader.next();
  assert.equal(answer.type, SLOT_STATUS);
  wire.touch();
  wire.board.run(1000);
  assert.equal(wordOf(reader.transmit(APDUS.select)), OK);
});

test('requests of the class that the reader has no use for are stalled', () => {
  const { host } = new Wire().board;
  for (const request of [0x02, 0x03]) {
    assert.equal(host?.control({ type: CLASS_INTERFACE, request, index: CARD_INTERFACE, length: 4 }), STALL);
  }
  // The interface for reports has no such request.
  assert.equal(host?.control({ type: CLASS_INTERFACE, request: ABORT_REQUEST, index: 0 }), STALL);
});

test('reports are answered while the card waits for a touch', () => {
  const { wire, reader } = aKey();
  const sequence = reader.ask(APDUS.calculate_touched);
  wire.assertAnswers();
  // This one waits for its turn, and CTAPHID_CANCEL ends it and not the card's.
  wire.send(SELECTION);
  wire.board.run(500);
  wire.send(CANCEL);
  wire.board.run(500);
  wire.touch();
  assert.equal(wordOf(reader.answer(sequence).data), OK);
  assert.equal(wire.next(CBOR)[7], KEEPALIVE_CANCEL);
});

test('the card waits for its turn while a report waits for a touch, and has no say in it', () => {
  const { wire, host, reader } = aKey();
  wire.ask(SELECTION);
  const sequence = reader.ask(APDUS.calculate);
  wire.board.run(3000);
  assert.ok(wire.reports.every((report) => report[4] === KEEPALIVE));
  wire.touch();
  assert.equal(wire.next(CBOR)[7], DONE);
  assert.equal(wordOf(reader.answer(sequence).data), OK);
  wire.ask(SELECTION);
  reader.ask(APDUS.calculate);
  requestAbort(host, 0x55);
  reader.send(ABORT, undefined, 0x55);
  wire.board.run(1000);
  wire.touch();
  assert.equal(wire.next(CBOR)[7], DONE, 'what ends on the card ends no request of reports');
});

test('a bus reset ends what the card waits for', () => {
  const { wire, host, reader } = aKey();
  reader.ask(APDUS.calculate_touched);
  host.enumerate();
  wire.touch();
  wire.board.run(1000);
  reader.answers = [];
  reader.powerOn();
  assert.equal(wordOf(reader.transmit(APDUS.select)), OK);
  wire.open();
  wire.assertAnswers();
});

test('a message that is cut off by a bus reset leaves nothing', () => {
  const { board } = new Wire();
  const reader = new Reader(board);
  const whole = Buffer.alloc(200);
  whole[0] = XFR_BLOCK;
  whole.writeUInt32LE(190, 1);
  board.sendToCard(whole.subarray(0, 64));
  board.run(20);
  board.host?.enumerate();
  assert.equal(reader.powerOn()[0], 0x3b);
});
