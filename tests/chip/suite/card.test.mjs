/** The key as a smart card in a reader of its own (USB CCID 1.1), beside the reports. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ICC_POWER_OFF, XFR_BLOCK } from '../emulator/card-transcript.mjs';
import {
  ABORT, ABORT_REQUEST, CARD_INTERFACE, GET_SLOT_STATUS, Reader, SLOT_STATUS, extendsTime, openOath,
} from './ccid.mjs';
import { CLASS_INTERFACE, STALL } from '../emulator/usb-host.mjs';
import { CBOR, CANCEL, Client, KEEPALIVE, OK as DONE, PING, SELECTION } from './client.mjs';
import {
  HOTP, LIST, NO_SUCH_ACCOUNT, NOT_TOUCHED, OK, Oath, RFC_SECRET, SELECT, apdu, calculate, codeOf, remove,
} from './oath.mjs';

/** A step of the time, and the longest wait for a touch in milliseconds. */
const STEP = 59n / 30n;
const LONGEST_WAIT = 30_000;
/** The most milliseconds between two requests for more time, with a frame until the host asks. libccid waits 3 s. */
const CADENCE = 1001;
/** As many accounts as a chip holds. */
const MANY = 64;

/** What a reader says that does one command at a time (USB CCID 1.1 §6.2.6). */
const FAILED = 0x40;
const SLOT_BUSY = 0xe0;
const NO_CARD_APPLICATION = '6a82';
const hex = (/** @type {Uint8Array | string | undefined} */ answer) =>
  typeof answer === 'string' ? answer : Buffer.from(answer ?? []).toString('hex');

/** A key with an account that takes a touch. */
function aKey() {
  const client = Client.fresh();
  const reader = new Reader(client.board);
  reader.powerOn();
  const oath = new Oath((command) => reader.transmit(command));
  oath.put({ name: 'touched', touch: true });
  return { client, oath, reader };
}

test('the card is powered on and off, and its applet is selected', () => {
  const { board } = Client.fresh();
  const reader = new Reader(board);
  assert.equal(reader.exchange(GET_SLOT_STATUS).status, 1, 'a card without power');
  const atr = reader.powerOn();
  assert.equal(atr[0], 0x3b, 'direct convention');
  assert.equal(reader.exchange(GET_SLOT_STATUS).status, 0);
  assert.equal(hex(reader.transmit(Buffer.from('00a4040007a0000005272001', 'hex'))), NO_CARD_APPLICATION);
  assert.equal(hex(reader.transmit(SELECT).subarray(-2)), OK);
  assert.deepEqual([reader.powerOff().type, reader.exchange(GET_SLOT_STATUS).status], [SLOT_STATUS, 1]);
  assert.deepEqual(reader.powerOn(), atr);
  assert.notEqual(hex(reader.transmit(apdu(LIST))), OK, 'nothing is selected any more');
});

test('the codes of RFC 4226 and RFC 6238', () => {
  const { board } = Client.fresh();
  const oath = openOath(board);
  oath.put({ name: 'totp' });
  oath.put({ name: 'hotp', type: HOTP });
  // RFC 6238 Appendix B has eight digits; these are the last six.
  assert.equal(oath.code('totp', 59n / 30n), '287082');
  assert.equal(oath.code('totp', 1_111_111_109n / 30n), '081804');
  assert.deepEqual([oath.code('hotp'), oath.code('hotp'), oath.code('hotp')], ['755224', '287082', '359152']);
  assert.deepEqual(oath.names().sort(), ['hotp', 'totp']);
  assert.equal(oath.word(remove('totp')), OK);
  assert.equal(oath.word(remove('totp')), NO_SUCH_ACCOUNT);
});

test('an account that takes a touch waits for it, and the reader asks for time meanwhile', () => {
  const { client, reader } = aKey();
  const sequence = reader.ask(calculate('touched', STEP));
  const begun = client.board.millis;
  client.board.run(5000);
  client.touch();
  const answer = reader.answer(sequence);
  assert.equal(hex(answer.data.subarray(-2)), OK);
  const times = [begun, ...reader.extensions];
  assert.ok(times.length > 4, `${times.length} requests for time`);
  const silences = times.slice(1).map((time, at) => time - times[at]);
  assert.ok(silences.every((silence) => silence <= CADENCE), silences.join());
});

test('nobody touches it', () => {
  const { client, oath } = aKey();
  const begun = client.board.millis;
  assert.equal(oath.word(calculate('touched', STEP)), NOT_TOUCHED);
  assert.ok(client.board.millis - begun >= LONGEST_WAIT - 1000);
});

test('a card at work is not switched off, and its command goes on', () => {
  const { client, reader } = aKey();
  const sequence = reader.ask(calculate('touched', STEP));
  const off = reader.send(ICC_POWER_OFF);
  let answer = reader.next();
  while (answer.sequence !== off) answer = reader.next();
  assert.deepEqual([answer.type, answer.status, answer.error], [SLOT_STATUS, FAILED, SLOT_BUSY]);
  client.touch();
  assert.equal(hex(reader.answer(sequence).data.subarray(-2)), OK);
});

test('a command is aborted on the control pipe and by its message', () => {
  const { client, reader } = aKey();
  reader.ask(calculate('touched', STEP));
  const abort = 0x77;
  assert.equal(hex(reader.requestAbort(abort)), '');
  reader.send(ABORT, undefined, abort);
  let answer = reader.next();
  while (extendsTime(answer) || answer.sequence !== abort) answer = reader.next();
  assert.equal(answer.type, SLOT_STATUS);
  client.touch();
  client.board.run(1000);
  assert.equal(hex(reader.transmit(SELECT).subarray(-2)), OK);
});

test('requests of the class that the reader has no use for are stalled', () => {
  const { host } = Client.fresh().board;
  for (const request of [0x02, 0x03]) {
    assert.equal(host?.control({ type: CLASS_INTERFACE, request, index: CARD_INTERFACE, length: 4 }), STALL);
  }
  // The interface for reports has no such request.
  assert.equal(host?.control({ type: CLASS_INTERFACE, request: ABORT_REQUEST, index: 0 }), STALL);
});

test('reports are answered while the card waits for a touch', () => {
  const { client, reader } = aKey();
  const sequence = reader.ask(calculate('touched', STEP));
  assert.equal(client.exchange(PING, Buffer.from('meanwhile')).toString(), 'meanwhile');
  // This one waits for its turn, and CTAPHID_CANCEL ends it and not the card's.
  client.send(CBOR, SELECTION);
  client.board.run(500);
  client.send(CANCEL);
  client.board.run(500);
  client.touch();
  assert.equal(hex(reader.answer(sequence).data.subarray(-2)), OK);
  assert.deepEqual([...client.answer(CBOR)], [0x2d], 'CTAP2_ERR_KEEPALIVE_CANCEL');
});

test('the card waits for its turn while a report waits for a touch, and has no say in it', () => {
  const { client, oath, reader } = aKey();
  oath.put({ name: 'untouched' });
  client.ask(SELECTION);
  const sequence = reader.ask(calculate('untouched', STEP));
  client.board.run(3000);
  assert.ok(client.messages.every(({ command }) => command === KEEPALIVE));
  client.touch();
  assert.deepEqual([...client.answer(CBOR)], [DONE]);
  assert.equal(hex(reader.answer(sequence).data.subarray(-2)), OK);
  client.ask(SELECTION);
  reader.ask(calculate('untouched', STEP));
  reader.requestAbort(0x55);
  reader.send(ABORT, undefined, 0x55);
  client.board.run(1000);
  client.touch();
  assert.deepEqual([...client.answer(CBOR)], [DONE], 'what ends on the card ends no request of reports');
});

test('a bus reset ends what the card waits for', () => {
  const { client, reader } = aKey();
  reader.ask(calculate('touched', STEP));
  client.board.host?.enumerate();
  client.touch();
  client.board.run(1000);
  reader.answers = [];
  reader.powerOn();
  assert.equal(hex(reader.transmit(SELECT).subarray(-2)), OK);
  client.open();
  assert.equal(client.exchange(PING, Buffer.from('here')).toString(), 'here');
});

test('a full key lists and computes all its accounts', () => {
  const client = Client.fresh();
  const oath = openOath(client.board);
  const secrets = Array.from({ length: MANY }, (_, index) => Buffer.alloc(20, index + 1));
  const names = secrets.map((_, index) => `issuer ${index}:${'account'.padEnd(20 + (index % 30), '.')}`);
  for (const [index, name] of names.entries()) oath.put({ name, secret: secrets[index] });
  assert.deepEqual(oath.names().sort(), [...names].sort());
  const codes = oath.all(STEP);
  assert.equal(codes.size, MANY);
  for (const [index, name] of names.entries()) assert.equal(codes.get(name), codeOf(secrets[index], STEP));
  assert.notEqual(oath.word(calculate('no such account', STEP)), OK);
});

test('the same accounts are behind reports', () => {
  const { client, reader } = aKey();
  const oath = Oath.overReports(client);
  assert.deepEqual(oath.names(), ['touched']);
  oath.put({ name: 'added' });
  assert.equal(hex(reader.transmit(calculate('added', STEP)).subarray(-2)), OK);
});

test('a code outlives a loss of power, and so does a counter', () => {
  const { board } = Client.fresh();
  const oath = openOath(board);
  oath.put({ name: 'hotp', type: HOTP, counter: 3 });
  assert.equal(oath.code('hotp'), codeOf(RFC_SECRET, 3n));
  board.powerCycle();
  assert.equal(openOath(board).code('hotp'), codeOf(RFC_SECRET, 4n));
});

test('a message that is cut off by a bus reset leaves nothing', () => {
  const { board } = Client.fresh();
  const reader = new Reader(board);
  const whole = Buffer.alloc(200);
  whole[0] = XFR_BLOCK;
  whole.writeUInt32LE(190, 1);
  board.sendToCard(whole.subarray(0, 64));
  board.run(20);
  board.host?.enumerate();
  assert.equal(reader.powerOn()[0], 0x3b);
});
