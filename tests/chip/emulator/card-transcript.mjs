/** Reads what goes to and from the smart card reader: which commands run, and whether the key waits for a touch. */

import { CBOR, MSG, OATH, dataOf, hex, nameOf } from './requests.mjs';
import { Watch, wordOf } from './transcript.mjs';

/** Messages of a reader (USB CCID 1.1 §6). */
export const ICC_POWER_ON = 0x62;
export const ICC_POWER_OFF = 0x63;
export const XFR_BLOCK = 0x6f;
export const DATA_BLOCK = 0x80;
/** The length of what stands before a message's data (§6). */
export const HEADER = 10;
/** What `bStatus` says of the command in its upper bits: it needs more time (§6.2.6). */
export const TIME_EXTENSION = 2;

/** No channel of CTAPHID has this number. */
const CARD = 0;
const SELECT = 0xa4;
const FIDO = 'a0000006472f0001';
/** The instruction that carries a command of CTAP2 (CTAP 2.3 §11.3.5.1). */
const NFCCTAP_MSG = 0x10;
/** A part of a command, before the last one (ISO 7816-4 §5.1.1.1). */
const CHAINED = 0x10;

/** Puts the packets of a reader's messages together. */
export class Assembler {
  #bytes = Buffer.alloc(0);

  /**
   * The message that this packet completes.
   * @param {Uint8Array} packet
   */
  push(packet) {
    this.#bytes = Buffer.concat([this.#bytes, packet]);
    if (this.#bytes.length < HEADER || this.#bytes.length < HEADER + this.#bytes.readUInt32LE(1)) return null;
    const message = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return message;
  }
}

export class CardTranscript extends Watch {
  #requests = new Assembler();
  #responses = new Assembler();
  #fido = false;

  restart() {
    super.restart();
    this.#requests = new Assembler();
    this.#responses = new Assembler();
    this.#fido = false;
  }

  /** @param {Uint8Array} data */
  sent(data) {
    const message = this.#requests.push(data);
    if (message?.[0] !== XFR_BLOCK) return;
    const apdu = Uint8Array.from(message.subarray(HEADER));
    if (apdu[0] & CHAINED) return;
    if (apdu[1] === SELECT && apdu[2] === 4) this.#fido = Buffer.from(dataOf(apdu)).toString('hex') === FIDO;
    const isCtap2 = this.#fido && apdu[1] === NFCCTAP_MSG;
    const carried = isCtap2 ? dataOf(apdu) : apdu;
    const name = nameOf(isCtap2 ? CBOR : this.#fido && apdu[1] !== SELECT ? MSG : OATH, carried);
    this.running = this.log.begun(CARD, name, carried);
  }

  /** @param {Uint8Array} packet */
  received(packet) {
    const message = this.#responses.push(packet);
    if (!message || !this.running) return;
    const isExtended = message[0] === DATA_BLOCK && message[7] >> 6 === TIME_EXTENSION;
    // The key asks for time after a second. Only a wait for its user takes that long.
    if (isExtended) this.waiting = this.log.waits(this.running, true);
    else this.end(message.length > HEADER + 1 ? `0x${hex(wordOf(message), 4)}` : '');
  }
}
