/** The key for another system's USB: `usbip attach` there plugs it in (USB/IP, see usbip.mjs). */

import { createServer } from 'node:net';

import { withPort } from './udp.mjs';
import { NAK, SILENCE, STALL } from './usb-port.mjs';
import {
  BUSY, BUS_ID, BUS_ID_FIELD, ECONNRESET, EOVERFLOW, EPIPE, EPROTO, ETIMEDOUT, HEADER, Input, NO_DEVICE, OK, OPERATION,
  REP_DEVLIST, REP_IMPORT, REQ_DEVLIST, REQ_IMPORT, UNLINK, deviceFields, field, interfaceFields, operation,
  parseOperation, parseTransfer, retSubmit, retUnlink, words,
} from './usbip.mjs';

/** The error that a computer's own USB would report for each answer. @type {Record<string, number>} */
const ERRORS = { [STALL]: EPIPE, [SILENCE]: EPROTO, [NAK]: ETIMEDOUT };

export class UsbIpServer {
  /** The computer that has imported the key. @type {Computer | null} */
  #computer = null;
  #key;
  #server;

  /** @param {import('./key.mjs').Key} key */
  constructor(key) {
    this.#key = key;
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  /**
   * @param {string} host
   * @param {number} port 0 takes one that is free
   * @returns {Promise<string>} the address
   */
  listen(host, port) {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, () => {
        resolve(withPort(host, /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port));
      });
    });
  }

  close() {
    this.#server.close();
    this.forget();
  }

  /** The key has restarted. The computer that had imported it sees it unplugged. */
  forget() {
    this.#computer?.disconnect();
  }

  /** The key's descriptors, while it has power. */
  get #descriptors() {
    return this.#key.board.host?.descriptors ?? null;
  }

  /** @param {import('node:net').Socket} socket */
  async #serve(socket) {
    // If the connection breaks, reading from it ends.
    socket.on('error', () => {});
    const input = new Input(socket);
    const bytes = await input.take(OPERATION);
    const code = bytes && parseOperation(bytes)?.code;
    if (code === REQ_DEVLIST) socket.write(this.#list());
    if (code === REQ_IMPORT) await this.#import(socket, input);
    socket.end();
  }

  #list() {
    const found = this.#descriptors;
    const parts = found ? [deviceFields(found), interfaceFields(found)] : [];
    return operation(REP_DEVLIST, OK, words(found ? 1 : 0), ...parts);
  }

  /**
   * @param {import('node:net').Socket} socket
   * @param {Input} input
   */
  async #import(socket, input) {
    const busId = await input.take(BUS_ID_FIELD);
    const found = this.#descriptors;
    if (!found || !busId?.equals(field(BUS_ID, BUS_ID_FIELD))) {
      socket.write(operation(REP_IMPORT, NO_DEVICE));
    } else if (this.#computer) {
      socket.write(operation(REP_IMPORT, BUSY));
    } else {
      this.#computer = new Computer(this.#key, socket);
      socket.write(operation(REP_IMPORT, OK, deviceFields(found)));
      await this.#computer.serve(input);
      this.#computer = null;
    }
  }
}

/** A computer that has imported the key. */
class Computer {
  /** Transfers that wait for a report. @type {import('./usbip.mjs').Transfer[]} */
  #asking = [];
  /** Reports on their way, by their transfer's number. @type {Map<number, Buffer>} */
  #sending = new Map();
  #key;
  #socket;

  /**
   * @param {import('./key.mjs').Key} key
   * @param {import('node:net').Socket} socket
   */
  constructor(key, socket) {
    this.#key = key;
    this.#socket = socket;
    key.onReport = (report) => this.#answer(report);
    this.#reset();
  }

  /** Resets the bus and sets an address, because a computer that imports a device does not do that. */
  #reset() {
    this.#key.enumerate();
    this.#key.polls = false;
  }

  disconnect() {
    this.#socket.destroy();
  }

  /**
   * Handles the computer's requests until it disconnects.
   * @param {Input} input
   */
  async serve(input) {
    for (;;) {
      const header = await input.take(HEADER);
      const transfer = header && parseTransfer(header);
      const data = transfer && (await input.take(transfer.isIn ? 0 : transfer.length));
      if (!transfer || !data) break;
      if (transfer.command === UNLINK) this.#unlink(transfer);
      else this.#submit(transfer, data);
    }
    this.#key.onReport = () => {};
    this.#reset();
  }

  /**
   * @param {import('./usbip.mjs').Transfer} transfer
   * @param {Buffer} data
   */
  #submit(transfer, data) {
    const { endpoint, isIn, setup } = transfer;
    if (setup && endpoint === 0) this.#end(transfer, this.#key.transfer(setup, data));
    else if (endpoint !== this.#key.board.host?.endpoint(isIn)) this.#end(transfer, SILENCE);
    else if (isIn) this.#ask(transfer);
    else this.#send(transfer, data);
  }

  /** @param {import('./usbip.mjs').Transfer} transfer */
  #ask(transfer) {
    this.#asking.push(transfer);
    this.#key.polls = true;
  }

  /**
   * @param {import('./usbip.mjs').Transfer} transfer
   * @param {Buffer} data
   */
  #send(transfer, data) {
    this.#sending.set(transfer.number, data);
    this.#key.send(data, () => {
      this.#sending.delete(transfer.number);
      this.#end(transfer, data);
    });
  }

  /** @param {Uint8Array} report the key's */
  #answer(report) {
    const transfer = this.#asking.shift();
    this.#key.polls = this.#asking.length > 0;
    if (transfer) this.#end(transfer, report);
  }

  /**
   * @param {import('./usbip.mjs').Transfer} transfer
   * @param {Uint8Array | string} answer the data, or how the key refuses
   */
  #end({ number, isIn, length }, answer) {
    if (typeof answer === 'string') {
      this.#socket.write(retSubmit(number, ERRORS[answer], 0));
    } else if (answer.length > length) {
      this.#socket.write(retSubmit(number, EOVERFLOW, 0));
    } else {
      this.#socket.write(Buffer.concat([retSubmit(number, OK, answer.length), ...(isIn ? [answer] : [])]));
    }
  }

  /** @param {import('./usbip.mjs').Transfer} transfer */
  #unlink({ number, unlinked }) {
    const asking = this.#asking.findIndex((transfer) => transfer.number === unlinked);
    const report = this.#sending.get(unlinked);
    if (asking >= 0) {
      this.#asking.splice(asking, 1);
      this.#key.polls = this.#asking.length > 0;
    } else if (report) {
      this.#sending.delete(unlinked);
      this.#key.board.host?.withdraw(report);
    }
    // Otherwise the transfer has ended, and the computer was told.
    this.#socket.write(retUnlink(number, asking >= 0 || report ? ECONNRESET : OK));
  }
}
