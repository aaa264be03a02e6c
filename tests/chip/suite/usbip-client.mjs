/** The computer at the other end of USB/IP. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';

import {
  BUS_ID, BUS_ID_FIELD, DEVICE_FIELDS, HEADER, Input, OK, OPERATION, REP_DEVLIST, REP_IMPORT, REQ_DEVLIST, REQ_IMPORT,
  RET_SUBMIT, RET_UNLINK, SUBMIT, UNLINK, field, operation, parseOperation, words,
} from '../emulator/usbip.mjs';

const INTERFACE_FIELDS = 4;
const REPORT = 64;
/** The endpoint for reports, both ways. */
const REPORTS = 1;

/** @typedef {{ status: number, data: Buffer }} End how a transfer ended */

/** One connection. */
class Connection {
  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
    this.input = new Input(socket);
  }

  /** @param {string} address */
  static async open(address) {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    socket.on('error', () => {});
    return new Connection(socket);
  }

  /** @param {number} length */
  async take(length) {
    const bytes = await this.input.take(length);
    assert.ok(bytes, 'the server has closed the connection');
    return bytes;
  }

  /** The status of the reply. @param {number} code */
  async reply(code) {
    const reply = parseOperation(await this.take(OPERATION));
    assert.equal(reply?.code, code);
    return reply.status;
  }
}

/**
 * What the server answers to bytes that it does not know, before it closes the connection.
 * @param {string} address
 * @param {Uint8Array} bytes
 */
export async function answerTo(address, bytes) {
  const { socket, input } = await Connection.open(address);
  socket.write(bytes);
  const answer = await input.take(1);
  socket.destroy();
  return answer;
}

/** What the fields of a device say. @param {Buffer} bytes */
const parseDevice = (bytes) => ({
  path: bytes.toString('latin1', 0, 256).replace(/\0+$/, ''),
  busId: bytes.toString('latin1', 256, 288).replace(/\0+$/, ''),
  speed: bytes.readUInt32BE(296),
  ids: [300, 302, 304].map((at) => bytes.readUInt16BE(at)),
  /** Class, subclass, protocol; the configuration's value; how many configurations and interfaces. */
  counts: [...bytes.subarray(306)],
});

/** The devices that are there, with their interfaces. @param {string} address */
export async function list(address) {
  const connection = await Connection.open(address);
  connection.socket.write(operation(REQ_DEVLIST, OK));
  assert.equal(await connection.reply(REP_DEVLIST), OK);
  const devices = [];
  for (let left = (await connection.take(4)).readUInt32BE(); left > 0; left--) {
    const device = parseDevice(await connection.take(DEVICE_FIELDS));
    const interfaces = await connection.take(INTERFACE_FIELDS * /** @type {number} */ (device.counts.at(-1)));
    devices.push({ ...device, interfaces: interfaces.toString('hex') });
  }
  assert.equal(await connection.input.take(1), null, 'and no more');
  return devices;
}

/** A device that was imported. */
export class Imported {
  #connection;
  #number = 0;
  /** The transfers that have not ended. @type {Map<number, (end: End) => void>} */
  #waiting = new Map();
  /** The transfers from the device, which end with data. @type {Set<number>} */
  #incoming = new Set();
  /** Settled when the server has closed the connection. */
  closed;

  /** @param {Connection} connection */
  constructor(connection) {
    this.#connection = connection;
    this.closed = this.#receive();
  }

  /** A device, or the status that says why it cannot be imported. @param {string} address @param {string} [busId] */
  static async from(address, busId = BUS_ID) {
    const connection = await Connection.open(address);
    connection.socket.write(operation(REQ_IMPORT, OK, field(busId, BUS_ID_FIELD)));
    const status = await connection.reply(REP_IMPORT);
    if (status === OK) {
      assert.equal(parseDevice(await connection.take(DEVICE_FIELDS)).busId, busId);
      return new Imported(connection);
    }
    assert.equal(await connection.input.take(1), null, 'and no more');
    return status;
  }

  async #receive() {
    for (;;) {
      const header = await this.#connection.input.take(HEADER);
      if (!header) return;
      const fields = Array.from({ length: 7 }, (_, at) => header.readInt32BE(4 * at));
      const [command, number, , isIn, , status, length] = fields;
      assert.ok([RET_SUBMIT, RET_UNLINK].includes(command));
      assert.equal(isIn, 0, 'the server leaves the direction out');
      const waiting = this.#waiting.get(number);
      assert.ok(waiting, `nobody waits for ${number}`);
      this.#waiting.delete(number);
      const bringsData = command === RET_SUBMIT && this.#incoming.has(number);
      waiting({ status, data: Buffer.from(bringsData ? await this.#connection.take(length) : []) });
    }
  }

  /** @param {Uint8Array[]} parts @returns {Promise<End>} */
  #exchange(...parts) {
    const number = this.#number;
    this.#connection.socket.write(Buffer.concat(parts));
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }

  /**
   * A transfer, and its number. Without data it is one from the device.
   * @param {{ endpoint: number, length?: number, data?: Uint8Array, setup?: Uint8Array }} transfer
   */
  submit({ endpoint, data, length = data?.length ?? 0, setup = new Uint8Array(8) }) {
    const number = ++this.#number;
    if (!data) this.#incoming.add(number);
    const header = words(SUBMIT, number, 0x10001, data ? 0 : 1, endpoint, 0, length, 0, 0, 0);
    return { number, ended: this.#exchange(header, setup, data ?? new Uint8Array()) };
  }

  /** Ends a transfer: the status. @param {number} transfer its number */
  async unlink(transfer) {
    const number = ++this.#number;
    const { status } = await this.#exchange(words(UNLINK, number, 0x10001, 0, 0, transfer, 0, 0, 0, 0, 0, 0));
    return status;
  }

  /**
   * A control transfer.
   * @param {number} type bmRequestType
   * @param {number} request bRequest
   * @param {number} value
   * @param {number} index
   * @param {number | Uint8Array} data what is sent, or how much may be answered
   */
  control(type, request, value, index, data) {
    const outgoing = typeof data === 'number' ? undefined : data;
    const length = typeof data === 'number' ? data : data.length;
    const setup = Buffer.from([type, request, 0, 0, 0, 0, 0, 0]);
    setup.writeUInt16LE(value, 2);
    setup.writeUInt16LE(index, 4);
    setup.writeUInt16LE(length, 6);
    return this.submit({ endpoint: 0, data: outgoing, length, setup }).ended;
  }

  /** Asks for a report. */
  ask() {
    return this.submit({ endpoint: REPORTS, length: REPORT });
  }

  /** Sends a report. @param {Uint8Array} data */
  send(data) {
    return this.submit({ endpoint: REPORTS, data });
  }

  /** @param {Uint8Array} bytes */
  write(bytes) {
    this.#connection.socket.write(bytes);
  }

  close() {
    this.#connection.socket.destroy();
    return this.closed;
  }
}
