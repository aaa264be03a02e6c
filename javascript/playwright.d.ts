// Without Playwright Test this import finds nothing, and nothing here but `fixtures` needs it.
// @ts-ignore
import type { Fixtures } from '@playwright/test';
import type { Base64Url, SecurityKey } from './index.js';

/** What is used of a `BrowserContext`, that of Playwright, Playwright Test or playwright-core. */
export interface Context {
  exposeBinding(name: string, callback: (source: any, ...given: any[]) => any): Promise<any>;
  addInitScript(script: any, given?: any): Promise<any>;
  pages(): any[];
}

/** A credential, with the members that Playwright's own have. */
export interface Credential {
  id: Base64Url;
  rpId: string;
  userHandle: Base64Url;
  /** PKCS#8 in DER. The key gives out none: it is there for credentials that `create()` put in. */
  privateKey: Base64Url | undefined;
  /** SPKI in DER. */
  publicKey: Base64Url | undefined;
  signCount: number;
}

/** What `context.credentials` is in Playwright, with security keys behind it. */
export class Credentials {
  /** Without keys, one new key is plugged in. */
  constructor(context: Context, settings?: { keys?: SecurityKey[] });

  /**
   * The keys that are plugged in, now: add and remove. Those with the touch `control` wait at once, and the one that is
   * touched answers.
   */
  keys: SecurityKey[];
  /** The first of them. */
  readonly key: SecurityKey;

  /** Stands in for WebAuthn in all pages of the context, now and in future. */
  install(): Promise<void>;
  /** Puts a credential into the first key: new, or with all four members from elsewhere. */
  create(
    rpId: string,
    options?: {
      id?: Base64Url;
      privateKey?: Base64Url;
      publicKey?: Base64Url;
      signCount?: number;
      userHandle?: Base64Url;
    },
  ): Promise<Credential>;
  /** The credentials that the keys keep. */
  get(options?: { id?: Base64Url; rpId?: string }): Promise<Credential[]>;
  /** Deletes a credential that a key keeps. */
  delete(id: Base64Url): Promise<void>;
}

/** For `test.extend()` of `@playwright/test`: `credentials`, installed. */
export const fixtures: Fixtures<{ credentials: Credentials }>;
