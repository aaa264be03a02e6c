/** Cuts the power after each operation of the flash, and checks what a relying party sees afterwards. */

import assert from 'node:assert/strict';

import { Client, NoAnswer, aBoard } from './client.mjs';

/** More operations than any command takes: a reset writes over a thousand pages. */
const MANY = 4000;
/** Up to here the power is cut after each operation, unless a test says less; later the steps grow in proportion. */
const DENSE = 12;

/** A relying party: the credentials that it got, with the last counter that it saw of each. */
export class RelyingParty {
  /** @type {Map<import('./client.mjs').Credential, number>} */
  #accounts = new Map();

  /** @param {import('./client.mjs').Credential} credential @param {number} [counter] */
  saw(credential, counter = credential.counter) {
    this.#accounts.set(credential, counter);
  }

  /** Signs in everywhere. @param {Client} client */
  signIn(client) {
    for (const [credential, last] of this.#accounts) {
      const counter = client.authenticateTouched(credential);
      assert.ok(counter > last, `counter ${counter} after ${last}`);
      this.saw(credential, counter);
    }
  }

  clone() {
    const clone = new RelyingParty();
    for (const [credential, counter] of this.#accounts) clone.saw(credential, counter);
    return clone;
  }
}

/** A key without power, and what is known of it. */
export class UsedKey {
  /**
   * @param {Client} client
   * @param {RelyingParty} relyingParty
   * @param {import('./client.mjs').Credential[]} credentials
   */
  constructor(client, relyingParty, credentials) {
    this.image = client.board.flash.image();
    this.relyingParty = relyingParty;
    this.credentials = credentials;
  }

  /**
   * A key with two credentials. The first one is discoverable.
   * @param {(client: Client) => void} [prepare] what else was done to it
   */
  static new(prepare = () => {}) {
    const client = Client.fresh();
    const relyingParty = new RelyingParty();
    const credentials = [client.register({ discoverable: true }), client.register({ user: 'grace' })];
    for (const credential of credentials) relyingParty.saw(credential, client.authenticateTouched(credential));
    prepare(client);
    return new UsedKey(client, relyingParty, credentials);
  }

  /** Plugs it in. */
  client() {
    const board = aBoard();
    board.flash.load(this.image);
    return new Client(board);
  }

  /**
   * Runs `command` again and again, and cuts the power a bit later each time, until the command ends before the cut.
   * After each cut `check` looks at the key. `answered` says whether the command had ended before. Returns the number
   * of operations after which the command ends.
   * @template T
   * @param {{
   *   prepare?: (client: Client) => T,
   *   command: (client: Client, relyingParty: RelyingParty, prepared: T) => void,
   *   check?: (client: Client, relyingParty: RelyingParty, answered: boolean) => void,
   *   dense?: number,
   * }} test what is done before, without a cut; what is cut; what is checked afterwards; and how dense the cuts are
   */
  cutEverywhere({ prepare, command, check = (client, relyingParty) => relyingParty.signIn(client), dense = DENSE }) {
    for (let operations = 1; operations < MANY; operations += Math.ceil(operations / dense)) {
      const client = this.client();
      const { board } = client;
      const relyingParty = this.relyingParty.clone();
      const prepared = /** @type {T} */ (prepare?.(client));
      board.flash.cutAfter(operations);
      let answered = true;
      try {
        command(client, relyingParty, prepared);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        answered = false;
      }
      const wasCut = !board.chip;
      board.flash.cutAfter(Infinity);
      client.powerCycle();
      check(client, relyingParty, answered);
      if (!wasCut) return operations - 1;
    }
    return assert.fail('the command does not end');
  }
}
