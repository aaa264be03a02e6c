/** Time as the core's cycles tell it; the clock that rp2040js asks for. */

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

/** A clock that goes with the core: time passes as it executes, or as {@link Clock.skipTo} says. */
export class Clock {
  /** The cycle at which the next alarm is due. Who executes instructions stops there. */
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
   * Lets time pass up to a cycle, or to the next alarm, and says how many cycles that were.
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
