/**
 * The wire of a board, and what a host once sent over it: `recorded.json`, which `tests/tests/recorded.rs` makes with
 * the host of `conformance`. What a key does with requests is tested in Rust.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { env } from 'node:process';

import { Board } from '../emulator/board.mjs';
import { Elf } from '../emulator/elf.mjs';
import { REPORT_SIZE } from '../emulator/transcript.mjs';
import { Translator } from '../emulator/translator.mjs';

/** The longest wait for an answer, in milliseconds of the chip's time. */
const LONG = 40_000;
/** How long a press lasts, in milliseconds, so that debouncing sees it. */
const PRESS = 60;

/** Commands of CTAPHID (CTAP 2.3 §11.2.9), and the status of a keepalive that asks for a touch. */
export const PING = 0x81;
export const INIT = 0x86;
export const CBOR = 0x90;
export const KEEPALIVE = 0xbb;
export const ERROR = 0xbf;
export const UP_NEEDED = 2;

const firmware = env.BRASSKEY_CHIP_ELF;
if (!firmware) throw new Error('BRASSKEY_CHIP_ELF does not name the firmware');
const elf = new Elf(firmware);
const translator = new Translator(elf);

/**
 * A board with the firmware, without power.
 * @param {Partial<import('../emulator/board.mjs').BoardOptions>} [options]
 */
export const aBoard = (options) => new Board({ elf, translator, ...options });

const recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8'));

/** A message's reports. Zeros at their ends are not recorded. @param {string[]} reports */
const whole = (reports) => reports.map((report) => Buffer.from(report.padEnd(2 * REPORT_SIZE, '0'), 'hex'));

/** CTAPHID_INIT on the broadcast channel, and its nonce. */
export const [ALLOCATE] = whole(recorded.allocate);
export const NONCE = ALLOCATE.subarray(7, 15);
/** Pings of several lengths: the first one is short. @type {Buffer[][]} */
export const PINGS = recorded.pings.map(whole);
/** authenticatorSelection, and CTAPHID_CANCEL. */
export const SELECTION = whole(recorded.selection);
export const CANCEL = whole(recorded.cancel);
/** Commands for the applet of one-time codes. @type {Record<string, Buffer>} */
export const APDUS = Object.fromEntries(
  Object.entries(recorded.apdus).map(([name, apdu]) => [name, Buffer.from(String(apdu), 'hex')]),
);

/** Messages are recorded without their channel: these are their reports on this one. */
export function on(/** @type {number} */ channel, /** @type {Buffer[]} */ reports) {
  return reports.map((report) => {
    const copy = Buffer.from(report);
    copy.writeUInt32BE(channel);
    return copy;
  });
}

/** A host that has a channel to a new key. */
export class Wire {
  /** The reports that came and were not read. @type {Buffer[]} */
  reports = [];
  channel = 0;

  /** @param {Partial<import('../emulator/board.mjs').BoardOptions>} [options] */
  constructor(options) {
    this.board = aBoard(options);
    this.board.onReport = (report) => this.reports.push(Buffer.from(report));
    this.board.powerOn();
    this.open();
  }

  /** Allocates a channel. */
  open() {
    this.board.send(ALLOCATE);
    this.channel = this.next(INIT).readUInt32BE(15);
  }

  /** @param {Buffer[]} message a recorded one */
  send(message) {
    for (const report of on(this.channel, message)) this.board.send(report);
  }

  /** The next report of a command, without those before it. @param {number} command */
  next(command) {
    const is = (/** @type {Buffer} */ report) => report[4] === command;
    assert.ok(this.board.runUntil(() => this.reports.some(is), LONG), `no answer ${command.toString(16)}`);
    return this.reports.splice(0, this.reports.findIndex(is) + 1).slice(-1)[0];
  }

  /** Sends a request, and returns when the key waits for a touch. @param {Buffer[]} message */
  ask(message) {
    this.send(message);
    while (this.next(KEEPALIVE)[7] !== UP_NEEDED);
  }

  /** The key answers a ping. */
  assertAnswers() {
    const [ping] = PINGS;
    this.send(ping);
    assert.deepEqual(this.next(PING), on(this.channel, ping)[0]);
  }

  /** Presses the button and releases it. */
  touch() {
    this.board.press();
    this.board.run(PRESS);
    this.board.release();
    this.board.run(PRESS);
  }
}
