/** The time, counted in cycles of the core: the clock for rp2040js. */

/** Something that happens at a time. */
class Alarm {
  /** @type {Alarm | null} the one after it */
  next = null;
  /** When it is due, in nanoseconds. */
  nanos = 0;
  scheduled = false;
  #clock;

  /**
   * @param {Clock} clock
   * @param {() => void} callback
   */
  constructor(clock, callback) {
    this.#clock = clock;
    this.callback = callback;
  }

  /** @param {number} delta in nanoseconds from now */
  schedule(delta) {
    this.cancel();
    this.#clock.link(this, this.#clock.nanos + delta);
  }

  cancel() {
    if (this.scheduled) this.#clock.unlink(this);
  }
}

/** A clock that runs with the core. Time passes while the core executes, or by {@link Clock.skipTo}. */
export class Clock {
  /** The cycle at which the next alarm is due. The core must stop there. */
  deadline = Infinity;
  /** @type {{ cycles: number }} */
  #core = { cycles: 0 };
  /** @type {Alarm | null} */
  #first = null;
  // The last change of the frequency.
  #sinceNanos = 0;
  #sinceCycles = 0;
  #nanosPerCycle = 8;

  /** @param {import('rp2040js').RP2040} rp */
  attach(rp) {
    this.#core = rp.core;
    rp.addClockListener((/** @type {number} */ frequency) => {
      this.#sinceNanos = this.nanos;
      this.#sinceCycles = this.#core.cycles;
      this.#nanosPerCycle = 1e9 / frequency;
      this.#setDeadline();
    });
  }

  get frequency() {
    return 1e9 / this.#nanosPerCycle;
  }

  get nanos() {
    return this.#sinceNanos + (this.#core.cycles - this.#sinceCycles) * this.#nanosPerCycle;
  }

  get micros() {
    return this.nanos / 1000;
  }

  get millis() {
    return this.nanos / 1e6;
  }

  /** @param {number} nanos */
  cyclesAt(nanos) {
    return this.#sinceCycles + Math.ceil((nanos - this.#sinceNanos) / this.#nanosPerCycle);
  }

  /** @param {() => void} callback */
  createAlarm(callback) {
    return new Alarm(this, callback);
  }

  /**
   * Lets time pass up to a cycle, or to the next alarm, and returns how many cycles passed.
   * @param {number} cycle
   */
  skipTo(cycle) {
    const cycles = Math.max(0, Math.min(cycle, this.deadline) - this.#core.cycles);
    this.#core.cycles += cycles;
    return cycles;
  }

  /** Does what is due. */
  ring() {
    while (this.#core.cycles >= this.deadline) {
      const alarm = /** @type {Alarm} */ (this.#first);
      this.unlink(alarm);
      alarm.callback();
    }
  }

  /**
   * @param {Alarm} alarm
   * @param {number} nanos
   */
  link(alarm, nanos) {
    alarm.nanos = nanos;
    alarm.scheduled = true;
    if (!this.#first || nanos < this.#first.nanos) {
      alarm.next = this.#first;
      this.#first = alarm;
      this.#setDeadline();
      return;
    }
    let before = this.#first;
    while (before.next && before.next.nanos <= nanos) before = before.next;
    alarm.next = before.next;
    before.next = alarm;
  }

  /** @param {Alarm} alarm */
  unlink(alarm) {
    alarm.scheduled = false;
    if (this.#first === alarm) {
      this.#first = alarm.next;
      this.#setDeadline();
      return;
    }
    let before = this.#first;
    while (before && before.next !== alarm) before = before.next;
    if (before) before.next = alarm.next;
  }

  #setDeadline() {
    this.deadline = this.#first ? this.cyclesAt(this.#first.nanos) : Infinity;
  }
}
