/** Bytes in base64url without padding. */
export type Base64Url = string;

/** Bytes in a buffer. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/**
 * `auto` touches the key at once, `deny` refuses, and `control` waits for {@link SecurityKey.touch} or
 * {@link SecurityKey.decline}. A list has an answer for each request; after the last it is as `control`.
 */
export type TouchMode = 'auto' | 'deny' | 'control' | ('touch' | 'decline')[];

/** What a key is. */
export interface Settings {
  /** The model: a UUID, or its 16 bytes. */
  aaguid?: string | Bytes;
  /** Where the key is. Without this it is `cross-platform`. */
  attachment?: 'cross-platform' | 'platform';
  /** A certificate that the key attests with: X.509 in DER, and the 32 bytes of its private key of P-256. */
  attestation?: { certificate: Bytes; privateKey: Bytes };
  /** Whether its passkeys may leave the key, and did. */
  backup?: 'never' | 'eligible' | 'backed-up';
  /** Whether the key lists the algorithms that older browsers do not know, too. */
  listRecentAlgorithms?: boolean;
  /**
   * The PIN that the user types. A new key gets it as its PIN. A key that has one, from its `state`, keeps that: where
   * the user types another, it is wrong and costs a try.
   */
  pin?: string;
  /** What browser and key speak. */
  protocol?: 'ctap2' | 'u2f';
  /** 32 bytes that all its random numbers come from: the same key again. Who knows them has the key's secrets. */
  seed?: Bytes;
  /** What {@link SecurityKey.save} gave: the same key, where it was. */
  state?: Bytes;
  /** When the user touches it. */
  touch?: TouchMode;
  /**
   * How the key verifies its user: by its PIN alone, or by a sensor of its own, which succeeds, fails, or does as
   * {@link SecurityKey.setUserVerified} says.
   */
  userVerification?: 'pin' | 'always' | 'never' | 'control';
}

/** Who asks. */
export interface Request {
  /** The website's origin, such as `https://login.example.com`. */
  origin: string;
  /** Takes the request back. */
  signal?: AbortSignal;
}

/** A request that waits for a touch. */
export interface Waiting {
  operation: 'register' | 'authenticate';
  origin: string;
  rpId: string;
  user: string | null;
}

/**
 * What a website must notice in an answer. The key signs the first four; nothing else is wrong with them.
 *
 * - `challenge`: the answer is to another challenge
 * - `origin`: it was given to the same host at another port
 * - `userVerification`: nobody was verified
 * - `counter`: the counter went back, as that of a clone; needs an earlier sign-in, and a counter that moves
 * - `signature`: one bit of it is wrong
 * - `userPresence`: the flag UP is clear
 * - `backup`: the flag BS is set without BE
 * - `rpId`: the answer is for another website
 * - `userHandle`, `credentialId`: they are another's; nothing signs them. A registration has no user handle
 */
export type Fault =
  | 'challenge'
  | 'origin'
  | 'userVerification'
  | 'counter'
  | 'signature'
  | 'userPresence'
  | 'backup'
  | 'rpId'
  | 'userHandle'
  | 'credentialId';

/** A credential that the key keeps, with the names of WebDriver's virtual authenticators. */
export interface StoredCredential {
  credentialId: Base64Url;
  isResidentCredential: boolean;
  rpId: string;
  userHandle: Base64Url;
  userName: string | null;
  userDisplayName: string | null;
  /** The COSE algorithm identifier. */
  algorithm: number;
  /** In COSE. */
  publicKey: Base64Url;
  signCount: number;
  backupEligibility: boolean;
  backupState: boolean;
  credProtect: number;
  hasLargeBlobKey: boolean;
  injected: boolean;
}

/** A credential to put into the key. */
export interface NewCredential {
  credentialId?: Base64Url | Bytes;
  rpId: string;
  /** PKCS#8 or SEC1 in DER, or 32 bytes: of P-256, Ed25519, secp256k1 or ML-DSA. */
  privateKey: Base64Url | Bytes;
  algorithm?: number;
  /** With this the credential is discoverable. */
  userHandle?: Base64Url | Bytes;
  userName?: string;
  userDisplayName?: string;
  signCount?: number;
  backupEligibility?: boolean;
  largeBlob?: Base64Url | Bytes;
}

/** A command that the key ran: names, numbers and times. */
export interface LogEntry {
  /** When it began, since power-up. */
  timeMs: number;
  channel: string;
  command: string;
  status: string;
  /** Without the wait for its user. */
  durationUs: number;
  waitedUs: number;
}

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn, also with bytes in the place of base64url. */
export interface CreationOptions {
  rp: { id?: string; name: string };
  user: { id: Base64Url | Bytes; name: string; displayName: string };
  challenge: Base64Url | Bytes;
  pubKeyCredParams: { type: string; alg: number }[];
  timeout?: number;
  excludeCredentials?: { id: Base64Url | Bytes; type: string; transports?: string[] }[];
  authenticatorSelection?: {
    authenticatorAttachment?: string;
    residentKey?: string;
    requireResidentKey?: boolean;
    userVerification?: string;
  };
  attestation?: string;
  extensions?: object;
}

/** `PublicKeyCredentialRequestOptionsJSON` of WebAuthn, also with bytes in the place of base64url. */
export interface RequestOptions {
  challenge: Base64Url | Bytes;
  timeout?: number;
  rpId?: string;
  allowCredentials?: { id: Base64Url | Bytes; type: string; transports?: string[] }[];
  userVerification?: string;
  extensions?: object;
}

/** Options as servers have them: as they are, with `publicKey` around them, or as JSON. */
export type Given<Options> = Options | { publicKey: Options } | string;

/** `RegistrationResponseJSON` of WebAuthn. */
export interface RegistrationResponse {
  id: Base64Url;
  rawId: Base64Url;
  type: 'public-key';
  authenticatorAttachment: 'cross-platform' | 'platform';
  response: {
    clientDataJSON: Base64Url;
    attestationObject: Base64Url;
    authenticatorData: Base64Url;
    transports: any[];
    publicKeyAlgorithm: number;
    publicKey?: Base64Url;
  };
  clientExtensionResults: Record<string, any>;
}

/** `AuthenticationResponseJSON` of WebAuthn. */
export interface AuthenticationResponse {
  id: Base64Url;
  rawId: Base64Url;
  type: 'public-key';
  authenticatorAttachment: 'cross-platform' | 'platform';
  response: {
    clientDataJSON: Base64Url;
    authenticatorData: Base64Url;
    signature: Base64Url;
    userHandle?: Base64Url;
  };
  clientExtensionResults: Record<string, any>;
}

/** A security key, the browser that it is plugged into, and its user. */
export class SecurityKey {
  constructor(settings?: Settings);

  readonly attachment: 'cross-platform' | 'platform';

  /**
   * Registers, as `navigator.credentials.create()` does.
   *
   * @throws the `DOMException` or `TypeError` that a browser throws
   */
  create(options: Given<CreationOptions>, request: Request): Promise<RegistrationResponse>;

  /**
   * Signs in, as `navigator.credentials.get()` does.
   *
   * @throws the `DOMException` or `TypeError` that a browser throws
   */
  get(options: Given<RequestOptions>, request: Request): Promise<AuthenticationResponse>;

  /** When the user touches the key, from now on; of a list what is left of it. */
  touchMode: TouchMode;
  /** Touches the key: answers the request that waits the longest. */
  touch(): void;
  /** Refuses the request that waits the longest. */
  decline(): void;
  /** The request that waits the longest. */
  readonly waiting: Waiting | null;
  /** Waits until a request waits for a touch. */
  waitUntilAsked(): Promise<Waiting>;

  /** Whether the key has a PIN. */
  readonly hasPin: boolean;
  /**
   * Gives a key without a PIN its first one, which the user types from then on.
   *
   * @throws `Error` where it has one; `RangeError` where no key takes such a PIN
   */
  setPin(pin: string): void;
  /**
   * The PIN that the user types from now on, right or wrong; with `null` none.
   *
   * @throws `Error` where the key has none
   */
  typePin(pin: string | null): void;
  /**
   * How many wrong PINs the key still takes: 8, one less after each wrong one, and 8 again after the right one. After
   * three in a row the key takes none before {@link powerCycle}, and at 0 none before {@link reset}.
   */
  readonly pinRetries: number;
  /**
   * What the key's own sensor says from now on, under the user verification `control`. After five failures in a row it
   * is blocked, whatever this says: until {@link setPin}, and a request that the user answers with the PIN, or
   * {@link reset}.
   */
  setUserVerified(verified: boolean): void;
  /** Which account the user chooses where there are several: its name, or its user handle. Otherwise the newest. */
  chooseAccount(account: string | null): void;

  /** Switches alwaysUv on, or off again: the key verifies its user whatever a website asks for. */
  toggleAlwaysUv(): void;
  /** Unplugs the key and plugs it in again. */
  powerCycle(): void;
  /** Erases credentials and PIN. */
  reset(): void;
  /** Moves the key's clock, which otherwise stands still while nobody asks it for something. */
  advance(milliseconds: number): void;
  /** The last thousand commands that the key ran. */
  readonly log: LogEntry[];
  /** Everything that the key keeps, for `new SecurityKey({ state })`. Who has it has the key's secrets. */
  save(): Uint8Array;

  /** The credentials that the key keeps: discoverable ones, and those that were put in. */
  readonly credentials: StoredCredential[];
  /** Puts a credential in. */
  inject(credential: NewCredential): StoredCredential;
  /** Deletes a credential that the key keeps. */
  deleteCredential(id: Base64Url): void;
  /** Deletes all of them, and returns how many there were. */
  deleteCredentials(): number;
  /** Sets the counter of a credential that the key keeps, or without an ID the one that all others share. */
  setSignCount(signCount: number, id?: Base64Url | null): void;

  /**
   * The next answer is wrong in these ways. A function gets the answer and returns another. Each call is for one
   * answer, in the order of the calls.
   */
  forge(...faults: (Fault | ((answer: any) => any))[]): void;
}
