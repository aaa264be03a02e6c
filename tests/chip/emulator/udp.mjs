/**
 * Reports over UDP: each datagram is one report of 64 bytes, without a report number, as with the soft token.
 *
 * A USB key has one host. Here each channel belongs to the socket that allocated it. Answers go to that socket, and
 * nobody else can use the channel.
 */

import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';

import { REPORT_SIZE, channelOf, isInitialization } from './transcript.mjs';

const BROADCAST = 0xffff_ffff;
const INIT = 0x86;
const ERROR = 0xbf;
const INVALID_CHANNEL = 0x0b;
/** The most requests on channels without an owner that may wait for their answers. The key answers them in order. */
const ASKING_MAX = 64;

/** Whether other computers cannot reach an address. @param {string} host */
export const isLoopback = (host) => (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';

/** An address with a port, as it is written. @param {string} host @param {number} port */
export const withPort = (host, port) => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`);

/** @typedef {{ address: string, port: number }} Peer */

const name = (/** @type {Peer} */ { address, port }) => `${address} ${port}`;

export class UdpServer {
  /** The owner of each channel. @type {Map<number, Peer>} */
  #owners = new Map();
  /**
   * Who waits for an answer on a channel that nobody has yet, with the nonce of an INIT.
   * @type {{ peer: Peer, channel: number, nonce: string }[]}
   */
  #asking = [];
  #key;
  #socket;

  /**
   * @param {import('./key.mjs').Key} key
   * @param {string} host
   */
  constructor(key, host) {
    this.#key = key;
    this.#socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    this.#socket.on('message', (report, peer) => this.#receive(report, peer));
    key.onReport = (report) => this.#forward(report);
  }

  /**
   * @param {string} host
   * @param {number} port 0 takes one that is free
   * @returns {Promise<string>} the address
   */
  listen(host, port) {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(port, host, () => {
        // A later error concerns a host whose socket is closed.
        this.#socket.off('error', reject).on('error', () => {});
        resolve(withPort(host, this.#socket.address().port));
      });
    });
  }

  close() {
    this.#socket.close();
  }

  /** Forgets every channel, because the key has restarted. */
  forget() {
    this.#owners.clear();
    this.#asking = [];
  }

  /**
   * @param {Uint8Array} report
   * @param {Peer} peer
   */
  #receive(report, peer) {
    if (report.length !== REPORT_SIZE || !this.#key.board.chip) return;
    const channel = channelOf(report);
    const owner = this.#owners.get(channel);
    // CTAPHID_INIT allocates the channel that it names, if nobody has it.
    if (channel === BROADCAST || (channel !== 0 && !owner && report[4] === INIT)) {
      if (isInitialization(report)) this.#asks(report, peer);
    } else if (!owner || name(owner) !== name(peer)) {
      // A continuation packet without a message gets no answer (CTAP 2.3 §11.2.5.4).
      if (owner || isInitialization(report)) this.#refuse(report, peer);
      return;
    }
    this.#key.send(report);
  }

  /**
   * @param {Uint8Array} report
   * @param {Peer} peer
   */
  #asks(report, peer) {
    this.#asking.push({ peer, channel: channelOf(report), nonce: nonceOf(report) });
    if (this.#asking.length > ASKING_MAX) this.#asking.shift();
  }

  /**
   * @param {Uint8Array} report
   * @param {Peer} peer
   */
  #refuse(report, { address, port }) {
    const error = new Uint8Array(REPORT_SIZE);
    error.set(report.subarray(0, 4));
    error.set([ERROR, 0, 1, INVALID_CHANNEL], 4);
    this.#socket.send(error, port, address);
  }

  /** @param {Uint8Array} report the key's */
  #forward(report) {
    const peer = this.#owners.get(channelOf(report)) ?? this.#asker(report);
    if (peer) this.#socket.send(report, peer.port, peer.address);
  }

  /**
   * The peer that the key answers on a channel that nobody has yet. It now owns the channel that the key allocates.
   * @param {Uint8Array} report
   */
  #asker(report) {
    const isAllocation = report[4] === INIT;
    const index = this.#asking.findIndex(
      ({ channel, nonce }) => channel === channelOf(report) && (!isAllocation || nonce === nonceOf(report)),
    );
    if (index < 0) return undefined;
    const [asked] = this.#asking.splice(0, index + 1).slice(-1);
    if (isAllocation) {
      const allocated = new DataView(report.buffer, report.byteOffset).getUint32(15);
      this.#owners.set(allocated, asked.peer);
    }
    return asked.peer;
  }
}

/** @param {Uint8Array} report */
const nonceOf = (report) => (report[4] === INIT ? Buffer.from(report.subarray(7, 15)).toString('hex') : '');
