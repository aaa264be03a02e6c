/** The computer at the other end of the cable: it enumerates the key and polls its endpoints. */

import { Pipe } from './usb-pipe.mjs';
import { ACK, NAK, SILENCE, STALL, UsbPort } from './usb-port.mjs';

export { SILENCE, STALL };

/** A full-speed frame, in milliseconds. */
const FRAME = 1;
/** How many packets of a bulk endpoint fit into a frame beside everything else. 19 would fit alone (USB 2.0 §5.8.4). */
const BULK_IN_FRAME = 16;
/** Milliseconds that a bus reset lasts, and for which the host then leaves the device alone (USB 2.0 §7.1.7.5). */
const RESET = 10;
const RECOVERY = 10;
/** Longest wait for a control transfer's stage (§9.2.6.4), in milliseconds. */
const CONTROL_TIMEOUT = 500;
/** Longest wait for a device to show up, in milliseconds. */
const ATTACH_TIMEOUT = 5000;
const ADDRESS = 5;

/** Standard requests (§9.4). */
export const GET_STATUS = 0;
export const CLEAR_FEATURE = 1;
export const SET_FEATURE = 3;
export const SET_ADDRESS = 5;
export const GET_DESCRIPTOR = 6;
export const GET_CONFIGURATION = 8;
export const SET_CONFIGURATION = 9;
/** Requests of the HID class (HID 1.11 §7.2). */
export const GET_REPORT = 1;
export const GET_IDLE = 2;
export const SET_REPORT = 9;
export const SET_IDLE = 0x0a;
export const SET_PROTOCOL = 0x0b;
/** Descriptors (USB 2.0 §9.4, HID 1.11 §7.1). */
export const DEVICE = 1;
export const CONFIGURATION = 2;
export const STRING = 3;
export const INTERFACE = 4;
export const ENDPOINT = 5;
export const HID = 0x21;
export const REPORT = 0x22;
/** Classes of interfaces. */
export const HID_CLASS = 0x03;
export const SMART_CARD_CLASS = 0x0b;
/** Kinds of requests: the bits of bmRequestType besides the direction (USB 2.0 §9.3). */
export const STANDARD = 0x00;
export const CLASS_INTERFACE = 0x21;
export const STANDARD_INTERFACE = 0x01;

const US_ENGLISH = 0x0409;
const IN = 0x80;

/**
 * A control transfer.
 * @typedef {object} Request
 * @property {number} [type] what kind, without the direction
 * @property {number} request
 * @property {number} [value]
 * @property {number} [index]
 * @property {number} [length] how much the device may answer; a request without it goes to the device
 * @property {Uint8Array} [data] what the host sends
 */

export class UsbHost {
  /** The interface for reports. */
  reports;
  /** The interface for a smart card reader's messages. */
  card;
  /** Whether the host has chosen a configuration. */
  configured = false;
  /** The key's descriptors. @type {{ device: Uint8Array, configuration: Uint8Array, report: Uint8Array } | null} */
  descriptors = null;
  /** When the computer had enumerated the key, in milliseconds since the chip's start. */
  enumeratedAt = NaN;
  #chip;
  #port;
  #address = 0;
  /** The longest packet of endpoint 0: eight bytes, until the device has declared its own number. */
  #packet = 8;
  #frame = 0;
  /** The last frame in which the card's endpoints had something to do. */
  #cardFrame = 0;
  #alarm;
  #bulkAlarm;
  #bulkLeft = 0;

  /** @param {import('./chip.mjs').Chip} chip */
  constructor(chip) {
    this.#chip = chip;
    this.#port = new UsbPort(chip);
    this.reports = new Pipe(chip, this.#port);
    this.card = new Pipe(chip, this.#port);
    this.#alarm = chip.clock.createAlarm(() => this.#onFrame());
    this.#bulkAlarm = chip.clock.createAlarm(() => this.#serveCard(this.#bulkLeft - 1));
    this.#alarm.schedule(FRAME * 1e6);
  }

  /** Whether something waits to be sent, or a driver that asks can fetch something from the key. */
  get busy() {
    return this.reports.busy || this.card.busy;
  }

  #onFrame() {
    this.#alarm.schedule(FRAME * 1e6);
    this.#frame += 1;
    this.#port.frame = this.#frame;
    if (!this.configured) return;
    this.reports.serve(this.#address, this.#frame);
    this.#serveCard(BULK_IN_FRAME);
  }

  /**
   * Bulk transfers take the time that is left in each frame (USB 2.0 §5.8). While nothing comes, a look a frame is
   * enough.
   * @param {number} left how many packets fit into the rest of the frame
   */
  #serveCard(left) {
    if (!this.configured) return;
    if (this.card.serve(this.#address, this.#frame)) this.#cardFrame = this.#frame;
    this.#bulkLeft = left;
    if (left > 1 && this.#frame - this.#cardFrame <= 1) this.#bulkAlarm.schedule((FRAME / BULK_IN_FRAME) * 1e6);
  }

  /** @param {number} milliseconds of the chip's time */
  wait(milliseconds) {
    this.#chip.runUntil(() => false, milliseconds);
  }

  /** Resets the bus: the device forgets its address and its configuration. */
  busReset() {
    this.configured = false;
    this.#address = 0;
    this.#packet = 8;
    this.reports.reset();
    this.card.reset();
    this.#port.busReset();
    this.wait(RESET + RECOVERY);
  }

  /**
   * Asks an endpoint for a packet, even if the key does not have this endpoint.
   * @param {number} endpoint
   */
  poke(endpoint) {
    return this.#port.in(this.#address, endpoint);
  }

  /** Stops all traffic, so that the device goes to sleep. */
  suspend() {
    this.reports.polls = false;
    this.card.polls = false;
    this.#port.suspend();
  }

  resume() {
    this.#port.resume();
    this.reports.polls = true;
    this.card.polls = true;
  }

  /**
   * A control transfer: what the device answers, or how it refuses.
   * @param {Request} request
   */
  control({ type = STANDARD, request, value = 0, index = 0, length, data = new Uint8Array() }) {
    const setup = new DataView(new ArrayBuffer(8));
    setup.setUint8(0, type | (length === undefined ? 0 : IN));
    setup.setUint8(1, request);
    [value, index, length ?? data.length].forEach((field, place) => setup.setUint16(2 + 2 * place, field, true));
    return this.transfer(new Uint8Array(setup.buffer), data);
  }

  /**
   * A control transfer: what the device answers, or how it refuses.
   * @param {Uint8Array} setup the SETUP packet
   * @param {Uint8Array} data what the host sends
   */
  transfer(setup, data) {
    const length = setup[6] | (setup[7] << 8);
    // Without data, the status comes from the device (USB 2.0 §8.5.3).
    const toHost = (setup[0] & IN) !== 0 && length > 0;
    if (this.#port.setup(this.#address, setup) !== ACK) return SILENCE;
    const answer = toHost ? this.#fetch(length) : this.#deliver(data);
    if (typeof answer === 'string') return answer;
    const status = this.#insist(() => (toHost ? this.#out(new Uint8Array()) : this.#port.in(this.#address, 0)));
    if (status === STALL || status === SILENCE) return status;
    this.#accepted(setup);
    return answer;
  }

  /**
   * Applies a request that the device has accepted.
   * @param {Uint8Array} setup
   */
  #accepted([type, request, value]) {
    if (type !== STANDARD) return;
    if (request === SET_ADDRESS) this.#address = value;
    if (request === SET_CONFIGURATION) {
      this.#port.configured();
      this.configured = value !== 0;
    }
  }

  /** @param {number} length */
  #fetch(length) {
    /** @type {number[]} */
    const answer = [];
    for (;;) {
      const packet = this.#insist(() => this.#port.in(this.#address, 0));
      if (typeof packet === 'string') return packet;
      answer.push(...packet);
      if (packet.length < this.#packet || answer.length >= length) return Uint8Array.from(answer);
    }
  }

  /** @param {Uint8Array} data */
  #deliver(data) {
    for (let sent = 0; sent < data.length; sent += this.#packet) {
      const answer = this.#insist(() => this.#out(data.subarray(sent, sent + this.#packet)));
      if (answer !== ACK) return answer;
    }
    return data;
  }

  /** @param {Uint8Array} data */
  #out(data) {
    return this.#port.out(this.#address, 0, data);
  }

  /**
   * Repeats a transaction until the device does not answer NAK.
   * @template T
   * @param {() => T} transaction
   */
  #insist(transaction) {
    /** @type {T} */
    let answer = transaction();
    this.#chip.runUntil(() => {
      if (answer === NAK) answer = transaction();
      return answer !== NAK;
    }, CONTROL_TIMEOUT);
    return answer;
  }

  /**
   * @param {number} kind
   * @param {number} length
   * @param {Partial<Request>} [more]
   */
  descriptor(kind, length, more) {
    const answer = this.control({ request: GET_DESCRIPTOR, value: kind << 8, length, ...more });
    if (typeof answer === 'string') throw new Error(`the key answers a request for descriptor ${kind} with ${answer}`);
    return answer;
  }

  /** @param {number} number as a descriptor names it */
  string(number) {
    const text = this.descriptor(STRING, 255, { value: (STRING << 8) | number, index: US_ENGLISH });
    return Buffer.from(text.subarray(2)).toString('utf16le');
  }

  /** What an operating system does when a key is plugged in. */
  enumerate() {
    if (!this.#chip.runUntil(() => this.#port.attached, ATTACH_TIMEOUT)) throw new Error('the key does not show up');
    this.busReset();
    this.#packet = this.descriptor(DEVICE, 8)[7];
    this.#demand({ request: SET_ADDRESS, value: ADDRESS });
    this.wait(2); // §9.2.6.3
    const device = this.descriptor(DEVICE, 18);
    const [, , low, high] = this.descriptor(CONFIGURATION, 9);
    const configuration = this.descriptor(CONFIGURATION, low | (high << 8));
    this.reports.open(endpointsOf(configuration, HID_CLASS));
    this.card.open(endpointsOf(configuration, SMART_CARD_CLASS));
    this.#demand({ request: SET_CONFIGURATION, value: configuration[5] });
    // A key may refuse this: only a boot keyboard must have an idle rate (HID 1.11 §7.2.4).
    this.control({ type: CLASS_INTERFACE, request: SET_IDLE });
    const [hid] = descriptorsOf(configuration, HID);
    const report = this.descriptor(REPORT, hid[7] | (hid[8] << 8), { type: STANDARD_INTERFACE });
    this.descriptors = { device, configuration, report };
    this.enumeratedAt = this.#chip.clock.millis;
  }

  /** @param {Request} request */
  #demand(request) {
    const answer = this.control(request);
    if (typeof answer === 'string') throw new Error(`the key answers request ${request.request} with ${answer}`);
  }
}

/**
 * The descriptors of one kind within a configuration, or all of them (USB 2.0 §9.5).
 * @param {Uint8Array} configuration
 * @param {number} [kind]
 */
export function* descriptorsOf(configuration, kind) {
  for (let at = 0; at < configuration.length; at += configuration[at]) {
    if (configuration[at] < 2) throw new Error('the key has a descriptor without a length');
    const found = configuration.subarray(at, at + configuration[at]);
    if (kind === undefined || found[1] === kind) yield found;
  }
}

/**
 * The descriptors of the endpoints of an interface: they follow its own.
 * @param {Uint8Array} configuration
 * @param {number} interfaceClass
 */
function endpointsOf(configuration, interfaceClass) {
  const found = [];
  let isWithin = false;
  for (const descriptor of descriptorsOf(configuration)) {
    if (descriptor[1] === INTERFACE) isWithin = descriptor[5] === interfaceClass;
    if (descriptor[1] === ENDPOINT && isWithin) found.push(descriptor);
  }
  return found;
}
