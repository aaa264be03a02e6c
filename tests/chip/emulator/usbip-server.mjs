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

/** The transfers to and from one interface of the key. */
class Traffic {
  #key;
  #pipe;
  #end;
  /** Transfers that wait for packets. @type {import('./usbip.mjs').Transfer[]} */
  #asking = [];
  /** What has come for the first of them. @type {Uint8Array[]} */
  #got = [];
  /** Data on its way, by its transfer's number. @type {Map<number, Buffer>} */
  #sending = new Map();

  /**
   * @param {import('./key.mjs').Key} key
   * @param {'reports' | 'card'} pipe
   * @param {(transfer: import('./usbip.mjs').Transfer, answer: Uint8Array | string) => void} end
   */
  constructor(key, pipe, end) {
    this.#key = key;
    this.#pipe = pipe;
    this.#end = end;
  }

  /**
   * The endpoint of one direction.
   * @param {boolean} isIn
   */
  endpoint(isIn) {
    return this.#key.board.host?.[this.#pipe].endpoint(isIn) ?? null;
  }

  /** @param {import('./usbip.mjs').Transfer} transfer */
  ask(transfer) {
    this.#asking.push(transfer);
    this.poll();
  }

  /** Asks for packets while a transfer waits for them. */
  poll() {
    this.#key.poll(this.#pipe, this.#asking.length > 0);
  }

  /**
   * @param {import('./usbip.mjs').Transfer} transfer
   * @param {Buffer} data
   */
  send(transfer, data) {
    this.#sending.set(transfer.number, data);
    const taken = () => {
      this.#sending.delete(transfer.number);
      this.#end(transfer, data);
    };
    if (this.#pipe === 'card') this.#key.sendToCard(data, taken);
    else this.#key.send(data, taken);
  }

  /** A transfer ends when it is full, and with a short packet (USB 2.0 §5.8.3). @param {Uint8Array} packet the key's */
  received(packet) {
    const [transfer] = this.#asking;
    if (!transfer) return;
    this.#got.push(packet);
    const bytes = Buffer.concat(this.#got);
    if (bytes.length < transfer.length && packet.length === this.endpoint(true)?.packet) return;
    this.#asking.shift();
    this.#got = [];
    this.poll();
    this.#end(transfer, bytes);
  }

  /** Takes a transfer back. Returns whether it was there. @param {number} number */
  unlink(number) {
    const asking = this.#asking.findIndex((transfer) => transfer.number === number);
    const data = this.#sending.get(number);
    if (asking >= 0) {
      this.#asking.splice(asking, 1);
      if (asking === 0) this.#got = [];
      this.poll();
    } else if (data) {
      this.#sending.delete(number);
      this.#key.board.host?.[this.#pipe].withdraw(data);
    }
    return asking >= 0 || data !== undefined;
  }
}

/** A computer that has imported the key. */
class Computer {
  #key;
  #socket;
  #reports;
  #card;

  /**
   * @param {import('./key.mjs').Key} key
   * @param {import('node:net').Socket} socket
   */
  constructor(key, socket) {
    this.#key = key;
    this.#socket = socket;
    const end = this.#end.bind(this);
    this.#reports = new Traffic(key, 'reports', end);
    this.#card = new Traffic(key, 'card', end);
    key.onReport = (report) => this.#reports.received(report);
    key.onCardPacket = (packet) => this.#card.received(packet);
    this.#reset();
  }

  /** Resets the bus and sets an address, because a computer that imports a device does not do that. */
  #reset() {
    this.#key.enumerate();
    this.#reports.poll();
    this.#card.poll();
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
    this.#key.onCardPacket = () => {};
    this.#reset();
  }

  /**
   * @param {import('./usbip.mjs').Transfer} transfer
   * @param {Buffer} data
   */
  #submit(transfer, data) {
    const { endpoint, isIn, setup } = transfer;
    const traffic = [this.#reports, this.#card].find((found) => found.endpoint(isIn)?.number === endpoint);
    if (setup && endpoint === 0) this.#end(transfer, this.#key.transfer(setup, data));
    else if (!traffic) this.#end(transfer, SILENCE);
    else if (isIn) traffic.ask(transfer);
    else traffic.send(transfer, data);
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
    const wasThere = this.#reports.unlink(unlinked) || this.#card.unlink(unlinked);
    // Otherwise the transfer has ended, and the computer was told.
    this.#socket.write(retUnlink(number, wasThere ? ECONNRESET : OK));
  }
}
