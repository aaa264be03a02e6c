/** One interface of the key: what its driver on the computer sends, and the packets that this driver asks for. */

import { ACK } from './usb-port.mjs';

const IN = 0x80;
/** The kind of an endpoint that is polled at an interval, among the attributes of its descriptor (USB 2.0 §9.6.6). */
const INTERRUPT = 3;
const KIND = 3;

/**
 * Data that waits for the key's endpoint.
 * @typedef {object} Outgoing
 * @property {Uint8Array} data
 * @property {number} sent how much of it the key has
 * @property {() => void} [taken]
 */

/** @typedef {{ number: number, packet: number, interval: number }} Endpoint the interval in frames: 0 is always */

export class Pipe {
  /** The key's packets. @type {(packet: Uint8Array) => void} */
  onPacket = () => {};
  /** Whether the driver asks for packets. */
  polls = true;
  /** When the key received the last of what was sent, in cycles without sleep. */
  lastOutActive = 0;
  /** @type {Endpoint | null} */
  #in = null;
  /** @type {Endpoint | null} */
  #out = null;
  /** @type {Outgoing[]} */
  #outgoing = [];
  #chip;
  #port;

  /**
   * @param {import('./chip.mjs').Chip} chip
   * @param {import('./usb-port.mjs').UsbPort} port
   */
  constructor(chip, port) {
    this.#chip = chip;
    this.#port = port;
  }

  /** Begins to use an interface. @param {Uint8Array[]} endpoints their descriptors */
  open(endpoints) {
    const [input, output] = [IN, 0].map((direction) => endpoints.find((found) => (found[2] & IN) === direction));
    this.#in = input ? parse(input) : null;
    this.#out = output ? parse(output) : null;
  }

  /** Forgets what waits to be sent. */
  reset() {
    this.#outgoing = [];
  }

  /**
   * The endpoint of one direction.
   * @param {boolean} input
   */
  endpoint(input) {
    return input ? this.#in : this.#out;
  }

  /** Whether data waits to be sent, or a driver that asks can fetch a packet from the key. */
  get busy() {
    return this.#outgoing.length > 0 || (this.polls && this.#in !== null && this.#port.holds(this.#in.number));
  }

  /** When the key delivered its last packet, in cycles without sleep. */
  get lastInActive() {
    return this.#port.armedAt[this.#in?.number ?? 0];
  }

  /**
   * Sends data in packets of the endpoint's size.
   * @param {Uint8Array} data
   * @param {() => void} [taken] called when the key has all of it
   */
  send(data, taken) {
    this.#outgoing.push({ data, sent: 0, taken });
  }

  /**
   * Stops sending something.
   * @param {Uint8Array} data the same object as was sent
   */
  withdraw(data) {
    this.#outgoing = this.#outgoing.filter((outgoing) => outgoing.data !== data);
  }

  /**
   * Exchanges a packet each way, where it is time for that. Returns whether one went.
   * @param {number} address of the key
   * @param {number} frame the number of the current frame
   */
  serve(address, frame) {
    const isDue = (/** @type {Endpoint | null} */ endpoint) =>
      endpoint !== null && (endpoint.interval === 0 || frame % endpoint.interval === 0);
    const sent = isDue(this.#out) && this.#push(address, /** @type {Endpoint} */ (this.#out));
    const received = isDue(this.#in) && this.#pull(address, /** @type {Endpoint} */ (this.#in));
    return sent || received;
  }

  /** @param {number} address @param {Endpoint} endpoint */
  #pull(address, { number }) {
    if (!this.polls) return false;
    const packet = this.#port.in(address, number);
    if (typeof packet === 'string') return false;
    this.onPacket(packet);
    return true;
  }

  /** @param {number} address @param {Endpoint} endpoint */
  #push(address, { number, packet }) {
    const [outgoing] = this.#outgoing;
    if (!outgoing) return false;
    const { data, sent, taken } = outgoing;
    if (this.#port.out(address, number, data.subarray(sent, sent + packet)) !== ACK) return false;
    outgoing.sent += packet;
    if (outgoing.sent >= data.length) {
      this.#outgoing.shift();
      this.lastOutActive = this.#chip.activeCycles;
      taken?.();
    }
    return true;
  }
}

/** @param {Uint8Array} descriptor @returns {Endpoint} */
function parse([, , address, attributes, low, high, interval]) {
  const isPolled = (attributes & KIND) === INTERRUPT;
  return { number: address & 0xf, packet: low | (high << 8), interval: isPolled ? interval : 0 };
}
