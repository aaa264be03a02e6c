/**
 * A platform that knows a PIN, for power cuts and `measure.mjs`: PIN/UV auth protocol two (CTAP 2.3 §6.5.7), and the
 * commands that a token allows.
 */

import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createECDH, createHmac, hkdfSync, randomBytes } from 'node:crypto';

import { encode } from 'cborg';

import { CBOR, CLIENT_DATA_HASH, members, request, sha256 } from './client.mjs';

/** CTAP2_ERR_PIN_INVALID (CTAP 2.3 §8.2). */
export const PIN_INVALID = 0x31;

/** Permissions of a token (§6.5.5.7). */
export const MC = 0x01;
export const GA = 0x02;
export const CM = 0x04;
export const LBW = 0x10;
export const ACFG = 0x20;

const PROTOCOL = 2;
const IV = 16;

const hmac = (/** @type {Uint8Array} */ key, /** @type {Uint8Array} */ message) =>
  createHmac('sha256', key).update(message).digest();

/** @param {number} subcommand @param {Record<number, unknown>} [parameters] */
const clientPin = (subcommand, parameters) => request(0x06, { 1: PROTOCOL, 2: subcommand, ...parameters });

const GET_PIN_RETRIES = clientPin(0x01);
const GET_KEY_AGREEMENT = clientPin(0x02);

/** `pinRetries`. @param {import('./client.mjs').Client} client @returns {number} */
export const retries = (client) => members(client.exchange(CBOR, GET_PIN_RETRIES)).get(3);

/** A secret shared with a key, and the messages that it protects. */
export class Platform {
  #authentication;
  #encryption;
  #publicKey;

  /** Agrees with the key on a secret. @param {import('./client.mjs').Client} client */
  constructor(client) {
    const theirs = members(client.exchange(CBOR, GET_KEY_AGREEMENT)).get(1);
    const ours = createECDH('prime256v1');
    const point = ours.generateKeys();
    const z = ours.computeSecret(Buffer.concat([Buffer.from([4]), theirs.get(-2), theirs.get(-3)]));
    const derived = (/** @type {string} */ info) => Buffer.from(hkdfSync('sha256', z, Buffer.alloc(32), info, 32));
    this.#authentication = derived('CTAP2 HMAC key');
    this.#encryption = derived('CTAP2 AES key');
    const [x, y] = [point.subarray(1, 33), point.subarray(33)];
    this.#publicKey = new Map(/** @type {[number, unknown][]} */ ([[1, 2], [3, -25], [-1, 1], [-2, x], [-3, y]]));
  }

  /** @param {Uint8Array} plaintext */
  #encrypt(plaintext) {
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-cbc', this.#encryption, iv).setAutoPadding(false);
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final()]);
  }

  /** @param {Uint8Array} ciphertext */
  #decrypt(ciphertext) {
    const cipher = createDecipheriv('aes-256-cbc', this.#encryption, ciphertext.subarray(0, IV)).setAutoPadding(false);
    return Buffer.concat([cipher.update(ciphertext.subarray(IV)), cipher.final()]);
  }

  #pinHash(/** @type {string} */ pin) {
    return this.#encrypt(sha256(pin).subarray(0, 16));
  }

  /** setPIN, or changePIN if there is an old one. @param {string} pin @param {string} [old] */
  setPin(pin, old) {
    const newPin = this.#encrypt(Buffer.alloc(64).fill(pin, 0, Buffer.byteLength(pin)));
    const oldHash = old === undefined ? undefined : this.#pinHash(old);
    const authenticated = Buffer.concat(oldHash ? [newPin, oldHash] : [newPin]);
    return clientPin(oldHash ? 0x04 : 0x03, {
      3: this.#publicKey,
      4: hmac(this.#authentication, authenticated),
      5: newPin,
      6: oldHash,
    });
  }

  /** getPinToken. @param {string} pin */
  getPinToken(pin) {
    return clientPin(0x05, { 3: this.#publicKey, 6: this.#pinHash(pin) });
  }

  /**
   * getPinUvAuthTokenUsingPinWithPermissions.
   * @param {string} pin
   * @param {number} permissions
   * @param {string} [rpId]
   */
  getToken(pin, permissions, rpId) {
    return clientPin(0x09, { 3: this.#publicKey, 6: this.#pinHash(pin), 9: permissions, 10: rpId });
  }

  /** The token in the key's answer. @param {Buffer} response */
  token(response) {
    return new Token(this.#decrypt(members(response).get(2)));
  }

  /** The input of hmac-secret and hmac-secret-mc. @param {Uint8Array} salts one of 32 bytes, or two */
  salts(salts) {
    const encrypted = this.#encrypt(salts);
    const parameters = { 1: this.#publicKey, 2: encrypted, 3: hmac(this.#authentication, encrypted), 4: PROTOCOL };
    return new Map(Object.entries(parameters).map(([member, value]) => [Number(member), value]));
  }
}

/** A pinUvAuthToken. */
export class Token {
  #secret;

  /** @param {Uint8Array} secret */
  constructor(secret) {
    assert.equal(secret.length, 32);
    this.#secret = secret;
  }

  /**
   * @param {import('./client.mjs').Client} client
   * @param {string} pin
   * @param {number} permissions
   * @param {string} [rpId]
   */
  static get(client, pin, permissions, rpId) {
    const platform = new Platform(client);
    return platform.token(client.exchange(CBOR, platform.getToken(pin, permissions, rpId)));
  }

  /** `pinUvAuthParam`. @param {Uint8Array} message */
  #authenticate(message) {
    return hmac(this.#secret, message);
  }

  /** A ceremony's `pinUvAuthParam`, as the parameter `number`, and `pinUvAuthProtocol`. @param {number} number */
  proof(number) {
    return { [number]: this.#authenticate(CLIENT_DATA_HASH), [number + 1]: PROTOCOL };
  }

  /** authenticatorConfig. @param {number} subcommand @param {Map<number, unknown>} [parameters] */
  config(subcommand, parameters) {
    return this.#subcommand(0x0d, subcommand, parameters, [Buffer.alloc(32, 0xff), Buffer.from([0x0d])]);
  }

  /** authenticatorCredentialManagement. @param {number} subcommand @param {Map<number, unknown>} [parameters] */
  manage(subcommand, parameters) {
    return this.#subcommand(0x0a, subcommand, parameters, []);
  }

  /**
   * @param {number} command
   * @param {number} subcommand
   * @param {Map<number, unknown> | undefined} parameters
   * @param {Buffer[]} prefix
   */
  #subcommand(command, subcommand, parameters, prefix) {
    const encoded = parameters ? encode(parameters) : Buffer.alloc(0);
    const message = Buffer.concat([...prefix, Buffer.from([subcommand]), encoded]);
    return request(command, { 1: subcommand, 2: parameters, 3: PROTOCOL, 4: this.#authenticate(message) });
  }

  /** authenticatorLargeBlobs with a whole array. @param {Buffer} array */
  writeBlobs(array) {
    const message = Buffer.concat([Buffer.alloc(32, 0xff), Buffer.from([0x0c, 0, 0, 0, 0, 0]), sha256(array)]);
    return request(0x0c, { 2: array, 3: 0, 4: array.length, 5: this.#authenticate(message), 6: PROTOCOL });
  }
}

/**
 * A large-blob array as the key stores it: the start of its digest is at the end (§6.10).
 * @param {Uint8Array[]} blobs
 */
export function blobArray(blobs) {
  const encoded = encode(blobs);
  return Buffer.concat([encoded, sha256(encoded).subarray(0, 16)]);
}
