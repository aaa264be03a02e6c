/** The emulated key for its servers: a board that runs while Node does other work, too. */

import { performance } from 'node:perf_hooks';

import { CardTranscript } from './card-transcript.mjs';
import { Log } from './log.mjs';
import { waitingState } from './requests.mjs';
import { REPORT_SIZE, Transcript } from './transcript.mjs';

/** The most of the chip's time that passes before other work gets a turn, in milliseconds. */
const SLICE = 5;
/** How often an idle key looks at the clock, in milliseconds. */
const IDLE_PAUSE = 2;
/** How long a press and a release last at least, in milliseconds, so that debouncing sees them. */
const SETTLING = 60;
/** How often a button bounces, and how long it stays pressed or released then, in milliseconds. */
const BOUNCES = 20;
const BOUNCE = 3;
/** The longest touch, in milliseconds: longer than a key may require. */
const LONGEST_TOUCH = 15_000;

/**
 * How the chip's time passes.
 *
 * * `system`: as fast as real time, or slower if the computer is too slow; never faster.
 * * `stepped`: only while the key has something to do. While it waits for a host or a touch, its time stops, except by
 *   {@link Key.advance}. So a test need not wait for thirty seconds.
 * * `manual`: only in {@link Key.runUntil} and {@link Key.advance}, and while the button moves.
 * @typedef {'system' | 'stepped' | 'manual'} Time
 */

/**
 * A report of the key.
 * @typedef {object} Heard
 * @property {number} micros when it came, since the chip's start
 * @property {number} active the core's cycles without sleep, until the key had it ready
 * @property {string} report in hexadecimal
 */

export class Key {
  log;
  transcript;
  cardTranscript;
  /** Called with each report that the key sends. @type {(report: Uint8Array) => void} */
  onReport = () => {};
  /** Called with each packet that the key's smart card reader sends. @type {(packet: Uint8Array) => void} */
  onCardPacket = () => {};
  /** Called after a restart of the chip, which ends its channels. */
  onRestart = () => {};
  /** Called with an error of the emulation. @type {(error: unknown) => void} */
  onError = (error) => {
    throw error;
  };
  #time;
  #autoTouch;
  #last = performance.now();
  #resets = 0;
  /** @type {ReturnType<typeof setTimeout> | NodeJS.Immediate | null} */
  #next = null;
  /** What the key says, where time is manual, until somebody takes it. @type {Heard[]} */
  #heard = [];
  /** Who wants to know that the key waits for a touch. @type {((state: Key['state']) => void)[]} */
  #askers = [];
  /** Actions that run one after the other, such as presses of the button. */
  #queue = Promise.resolve();

  /**
   * @param {import('./board.mjs').Board} board
   * @param {{ time?: Time, autoTouch?: boolean }} [options]
   */
  constructor(board, { time = 'system', autoTouch = false } = {}) {
    this.board = board;
    this.#time = time;
    this.#autoTouch = autoTouch;
    this.log = new Log(() => board.millis);
    this.transcript = new Transcript(this.log);
    board.onReport = (report) => {
      this.transcript.received(report);
      this.#hear(report);
      this.onReport(report);
      this.#tellAskers();
    };
    this.cardTranscript = new CardTranscript(this.log);
    board.onCardPacket = (packet) => {
      this.cardTranscript.received(packet);
      this.onCardPacket(packet);
      this.#tellAskers();
    };
  }

  /** @param {Uint8Array} report */
  #hear(report) {
    const { chip, host } = this.board;
    if (this.#time !== 'manual' || !chip || !host) return;
    const heard = Buffer.from(report).toString('hex');
    this.#heard.push({ micros: chip.clock.micros, active: host.reports.lastInActive, report: heard });
  }

  /** How many reports nobody has taken. */
  get heard() {
    return this.#heard.length;
  }

  /** The reports that nobody has taken. */
  take() {
    return this.#heard.splice(0);
  }

  get isManual() {
    return this.#time === 'manual';
  }

  #tellAskers() {
    if (this.#waiting) for (const tell of this.#askers.splice(0)) tell(this.state);
  }

  /** The state, once a request waits for a touch. @returns {Promise<Key['state']>} */
  asked() {
    return new Promise((resolve) => {
      this.#askers.push(resolve);
      this.#tellAskers();
    });
  }

  /** The request that runs. */
  get #running() {
    return this.transcript.running ?? this.cardTranscript.running;
  }

  /** The request that waits for a touch. */
  get #waiting() {
    return this.transcript.waiting ?? this.cardTranscript.waiting;
  }

  #forget() {
    this.transcript.restart();
    this.cardTranscript.restart();
  }

  #restart() {
    this.#forget();
    this.onRestart();
  }

  /** Plugs the key in. */
  powerOn() {
    this.#restart();
    this.board.powerOn();
    this.#resets = this.board.resets;
    this.#last = performance.now();
    this.#go();
  }

  powerOff() {
    this.#restart();
    this.board.powerOff();
  }

  powerCycle() {
    this.powerOff();
    this.powerOn();
  }

  /**
   * @param {Uint8Array} report
   * @param {() => void} [taken] called when the key has it
   */
  send(report, taken) {
    if (!this.board.chip) return;
    // Anything of another size is no report for the key.
    if (report.length === REPORT_SIZE) this.transcript.sent(report);
    this.board.send(report, taken);
    this.#go();
  }

  /**
   * Sends something to the key's smart card reader.
   * @param {Uint8Array} data
   * @param {() => void} [taken] called when the key has it
   */
  sendToCard(data, taken) {
    if (!this.board.chip) return;
    this.cardTranscript.sent(data);
    this.board.sendToCard(data, taken);
    this.#go();
  }

  /**
   * Says whether the computer asks an interface for packets.
   * @param {'reports' | 'card'} pipe
   * @param {boolean} on
   */
  poll(pipe, on) {
    if (this.board.host) this.board.host[pipe].polls = on;
    this.#go();
  }

  /**
   * A control transfer: {@link import('./usb-host.mjs').UsbHost.transfer}.
   * @param {Uint8Array} setup
   * @param {Uint8Array} data
   */
  transfer(setup, data) {
    const answer = this.board.transfer(setup, data);
    this.#go();
    return answer;
  }

  /** Another computer takes the key. It resets the bus, which ends everything that the key does. */
  enumerate() {
    this.#forget();
    this.board.enumerate();
    this.#go();
  }

  #go() {
    if (this.#time !== 'manual') this.#next ??= setImmediate(() => this.#turn());
  }

  /** Ends the emulation. */
  close() {
    clearImmediate(/** @type {NodeJS.Immediate} */ (this.#next));
    clearTimeout(/** @type {ReturnType<typeof setTimeout>} */ (this.#next));
    this.#next = setImmediate(() => {});
    this.powerOff();
  }

  /** Whether the key's time stops until somebody does something. */
  get rests() {
    return this.board.idle && (!this.#running || this.#waiting === this.#running);
  }

  #turn() {
    this.#next = null;
    try {
      if (!this.board.chip) return;
      if (this.#time === 'stepped') {
        if (this.rests) return;
        this.#run(SLICE);
        this.#go();
      } else {
        this.#follow();
      }
    } catch (error) {
      this.onError(error);
    }
  }

  /** Lets as much time pass as has passed in reality. */
  #follow() {
    const now = performance.now();
    this.#run(Math.min(now - this.#last, SLICE));
    this.#last = now;
    // While a host waits for an answer, the key runs all the time. Otherwise it runs now and then.
    if (this.#running && !this.#waiting) this.#go();
    else this.#next = setTimeout(() => this.#turn(), IDLE_PAUSE);
  }

  /** @param {number} milliseconds */
  #run(milliseconds) {
    this.runUntil(() => false, milliseconds);
    if (this.#autoTouch && this.#waiting && !this.board.held) void this.pulse();
  }

  /**
   * Lets the key's time pass until a condition holds, and returns whether it does. Ends early if the power goes.
   * @param {() => unknown} condition
   * @param {number} milliseconds
   */
  runUntil(condition, milliseconds) {
    const holds = this.board.runUntil(condition, milliseconds);
    if (this.board.resets !== this.#resets || !this.board.chip) {
      this.#resets = this.board.resets;
      this.#restart();
    }
    return holds;
  }

  /** Milliseconds since the chip's start. */
  get millis() {
    return this.board.millis;
  }

  /**
   * Does something that takes time of the key, after all earlier actions.
   * @template T
   * @param {() => T | Promise<T>} action
   */
  #enqueue(action) {
    const done = this.#queue.then(action);
    this.#queue = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /**
   * Lets the key's time pass while its servers go on.
   * @param {number} milliseconds
   * @param {() => boolean} [done] when it is enough
   */
  async #pass(milliseconds, done = () => false) {
    for (let left = milliseconds; left > 0 && this.board.chip && !done(); left -= SLICE) {
      this.#run(Math.min(left, SLICE));
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#last = performance.now();
    this.#go();
  }

  /**
   * Moves the key's clock. Meanwhile the key does everything that is due.
   * @param {number} milliseconds
   */
  advance(milliseconds) {
    return this.#enqueue(() => this.#pass(milliseconds));
  }

  /**
   * Waits until the key's time has passed. Where it is the system's time, it is not moved: a host that sends a message
   * in pieces has as long for it as with a chip.
   * @param {number} milliseconds
   * @param {() => boolean} [done] when it is enough
   */
  async #wait(milliseconds, done = () => false) {
    if (this.#time !== 'system') return this.#pass(milliseconds, done);
    const { chip } = this.board;
    const end = this.board.millis + milliseconds;
    while (chip && chip === this.board.chip && this.board.millis < end && !done()) {
      await new Promise((resolve) => setTimeout(resolve, IDLE_PAUSE));
    }
  }

  press() {
    return this.#enqueue(() => this.#press());
  }

  release() {
    return this.#enqueue(() => this.#release());
  }

  /** A touch, for as long as the key waits for it. */
  pulse() {
    return this.#enqueue(async () => {
      await this.#press();
      const waiting = this.#waiting;
      // With U2F the key tells only at the next poll whether it has seen the touch.
      if (waiting && waiting === this.#running) {
        await this.#wait(LONGEST_TOUCH, () => this.#waiting !== waiting);
      }
      await this.#release();
    });
  }

  /** Presses that are too short to count. */
  bounce() {
    return this.#enqueue(async () => {
      for (let bounce = 0; bounce < BOUNCES; bounce++) {
        await this.#press(BOUNCE);
        await this.#release(BOUNCE);
      }
    });
  }

  #press(milliseconds = SETTLING) {
    this.board.press();
    return this.#wait(milliseconds);
  }

  #release(milliseconds = SETTLING) {
    this.board.release();
    return this.#wait(milliseconds);
  }

  /** The state that the control endpoint shows. */
  get state() {
    return { powered: this.board.chip !== null, held: this.board.held, waiting: waitingState(this.#waiting) };
  }
}
