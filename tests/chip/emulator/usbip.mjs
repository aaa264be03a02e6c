/** The messages of USB/IP 1.1.1 (Linux, Documentation/usb/usbip_protocol.rst). Their numbers are big-endian. */

import { INTERFACE, descriptorsOf } from './usb-host.mjs';

const VERSION = 0x0111;
/** A computer's requests, and the replies. */
export const REQ_DEVLIST = 0x8005;
export const REP_DEVLIST = 0x0005;
export const REQ_IMPORT = 0x8003;
export const REP_IMPORT = 0x0003;
/** How a request ends (Linux, tools/usb/usbip/src/usbip_network.h). */
export const OK = 0;
export const BUSY = 2;
export const NO_DEVICE = 4;
/** Messages about an imported device. */
export const SUBMIT = 1;
export const UNLINK = 2;
export const RET_SUBMIT = 3;
export const RET_UNLINK = 4;
/** How a transfer ends, with the numbers of Linux' errors. */
export const EPIPE = -32;
export const EPROTO = -71;
export const EOVERFLOW = -75;
export const ECONNRESET = -104;
export const ETIMEDOUT = -110;

/** Lengths, in bytes. */
export const OPERATION = 8;
export const BUS_ID_FIELD = 32;
export const DEVICE_FIELDS = 312;
export const HEADER = 48;
const PATH_FIELD = 256;
/** The longest transfer that is accepted: libccid asks for some more than 64 KiB at once. */
const TRANSFER_MAX = 0x2_0000;
/** What stands for the number of packets if a transfer is not isochronous. */
const NOT_ISOCHRONOUS = [0, 0xffff_ffff];

/** The port of the key. */
export const BUS_ID = '1-1';
const PATH = '/brasskey/usb1/1-1';
const BUS = 1;
const DEVICE_NUMBER = 1;
const FULL_SPEED = 2;

/** @param {number[]} numbers */
export function words(...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, place) => bytes.writeInt32BE(number | 0, 4 * place));
  return bytes;
}

/** A text, filled up with zeros. @param {string} text @param {number} length */
export function field(text, length) {
  const bytes = Buffer.alloc(length);
  bytes.write(text);
  return bytes;
}

/**
 * A request, or its reply.
 * @param {number} code
 * @param {number} status
 * @param {Uint8Array[]} parts
 */
export const operation = (code, status, ...parts) => Buffer.concat([words((VERSION << 16) | code, status), ...parts]);

/**
 * The kind of a request or a reply. `null` if it has another version.
 * @param {Buffer} bytes
 */
export const parseOperation = (bytes) =>
  bytes.readUInt16BE(0) === VERSION ? { code: bytes.readUInt16BE(2), status: bytes.readUInt32BE(4) } : null;

/** @typedef {NonNullable<import('./usb-host.mjs').UsbHost['descriptors']>} Descriptors */

/** What a reply says of a device. @param {Descriptors} descriptors */
export const deviceFields = ({ device, configuration }) =>
  Buffer.concat([
    field(PATH, PATH_FIELD),
    field(BUS_ID, BUS_ID_FIELD),
    words(BUS, DEVICE_NUMBER, FULL_SPEED),
    // Vendor, product and release are little-endian on USB; class, subclass and protocol are bytes.
    Buffer.from(device.subarray(8, 14)).swap16(),
    device.subarray(4, 7),
    // The configuration's value, the number of configurations, and that of interfaces.
    Buffer.from([configuration[5], device[17], configuration[4]]),
  ]);

/** What a list says of a device's interfaces: class, subclass and protocol. @param {Descriptors} descriptors */
export const interfaceFields = ({ configuration }) =>
  Buffer.concat(
    [...descriptorsOf(configuration, INTERFACE)].flatMap((descriptor) => [descriptor.subarray(5, 8), Buffer.alloc(1)]),
  );

/** @typedef {NonNullable<ReturnType<typeof parseTransfer>>} Transfer */

/**
 * A computer's request to the device that it has imported: a transfer (SUBMIT), or the end of one (UNLINK). `null` if
 * nobody can serve it.
 * @param {Buffer} header
 */
export function parseTransfer(header) {
  const [command, number, , direction, endpoint] = [0, 4, 8, 12, 16].map((at) => header.readUInt32BE(at));
  const isIn = direction === 1;
  if (command === UNLINK) {
    return { command, number, isIn, endpoint, length: 0, unlinked: header.readUInt32BE(20), setup: null };
  }
  const [length, packets] = [header.readUInt32BE(24), header.readUInt32BE(32)];
  if (command !== SUBMIT || length > TRANSFER_MAX || !NOT_ISOCHRONOUS.includes(packets)) return null;
  return { command, number, isIn, endpoint, length, unlinked: 0, setup: Uint8Array.from(header.subarray(40)) };
}

/**
 * How a transfer ended.
 * @param {number} number
 * @param {number} status
 * @param {number} length of the data that went over the wire
 */
export const retSubmit = (number, status, length) => words(RET_SUBMIT, number, 0, 0, 0, status, length, 0, 0, 0, 0, 0);

/**
 * Whether the transfer was ended.
 * @param {number} number
 * @param {number} status
 */
export const retUnlink = (number, status) => words(RET_UNLINK, number, 0, 0, 0, status, 0, 0, 0, 0, 0, 0);

/** Reads a connection in pieces of a given length. */
export class Input {
  #chunks;
  #bytes = Buffer.alloc(0);

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /**
   * The next bytes. `null` if the other end is gone.
   * @param {number} length
   * @returns {Promise<Buffer | null>}
   */
  async take(length) {
    while (this.#bytes.length < length) {
      const { done, value } = await this.#chunks.next().catch(() => ({ done: true, value: null }));
      if (done) return null;
      this.#bytes = Buffer.concat([this.#bytes, value]);
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
}
