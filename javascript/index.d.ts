/** Bytes in base64url without padding. */
export type Base64Url = string;

/** `auto` touches the key at once, `deny` refuses, and `manual` waits for {@link SecurityKey.touch}. */
export type TouchMode = 'auto' | 'deny' | 'manual';

/** What a key is. */
export interface Settings {
  /** The model, as a UUID. */
  aaguid?: string;
  /** Where the key is. Without this it is `cross-platform`. */
  attachment?: 'cross-platform' | 'platform';
  /** A certificate that the key attests with: X.509 in DER, and the 32 bytes of its private key of P-256. */
  attestation?: { certificate: Uint8Array; privateKey: Uint8Array };
  /** Whether its passkeys may leave the key, and did. */
  backup?: 'never' | 'eligible' | 'backed-up';
  /** Whether the key lists the algorithms that older browsers do not know, too. */
  listRecentAlgorithms?: boolean;
  /** Its PIN, which the user types. */
  pin?: string;
  /** What browser and key speak. */
  protocol?: 'ctap2' | 'u2f';
  /** 32 bytes that all its random numbers come from: the same key again. Who knows them has the key's secrets. */
  seed?: Uint8Array;
  /** What {@link SecurityKey.save} gave: the same key, where it was. */
  state?: Uint8Array;
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
 * - `counter`: the counter went back, as that of a clone
 * - `signature`: one bit of it is wrong
 * - `userPresence`: the flag UP is clear
 * - `backup`: the flag BS is set without BE
 * - `rpId`: the answer is for another website
 * - `userHandle`, `credentialId`: they are another's; nothing signs them
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
  credentialId?: Base64Url;
  rpId: string;
  /** PKCS#8 in DER, or 32 bytes: of P-256, Ed25519, secp256k1 or ML-DSA. */
  privateKey: Base64Url;
  algorithm?: number;
  /** With this the credential is discoverable. */
  userHandle?: Base64Url;
  userName?: string;
  userDisplayName?: string;
  signCount?: number;
  backupEligibility?: boolean;
  largeBlob?: Base64Url;
}

/** A command that the key ran: names, numbers and times. */
export interface LogEntry {
  time_ms: number;
  channel: string;
  command: string;
  status: string;
  duration_us: number;
  waited_us: number;
}

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn. */
export interface CreationOptions {
  rp: { id?: string; name: string };
  user: { id: Base64Url; name: string; displayName: string };
  challenge: Base64Url;
  pubKeyCredParams: { type: string; alg: number }[];
  timeout?: number;
  excludeCredentials?: { id: Base64Url; type: string; transports?: string[] }[];
  authenticatorSelection?: {
    authenticatorAttachment?: string;
    residentKey?: string;
    requireResidentKey?: boolean;
    userVerification?: string;
  };
  attestation?: string;
  extensions?: object;
}

/** `PublicKeyCredentialRequestOptionsJSON` of WebAuthn. */
export interface RequestOptions {
  challenge: Base64Url;
  timeout?: number;
  rpId?: string;
  allowCredentials?: { id: Base64Url; type: string; transports?: string[] }[];
  userVerification?: string;
  extensions?: object;
}

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
  create(options: CreationOptions, request: Request): Promise<RegistrationResponse>;

  /**
   * Signs in, as `navigator.credentials.get()` does.
   *
   * @throws the `DOMException` or `TypeError` that a browser throws
   */
  get(options: RequestOptions, request: Request): Promise<AuthenticationResponse>;

  /** When the user touches the key, from now on. */
  touchMode: TouchMode;
  /** Touches the key: answers the request that waits the longest. */
  touch(): void;
  /** Refuses the request that waits the longest. */
  decline(): void;
  /** The request that waits the longest. */
  readonly waiting: Waiting | null;
  /** Waits until a request waits for a touch. */
  asked(): Promise<Waiting>;

  /** Gives the key its first PIN, which the user types from then on. */
  setPin(pin: string): void;
  /** The PIN that the user types from now on, right or wrong; with `null` none. */
  typePin(pin: string | null): void;
  /** How many wrong PINs the key still takes. */
  readonly pinRetries: number;
  /** What the key's own sensor says from now on, under the user verification `control`. */
  setUserVerified(verified: boolean): void;
  /** Which account the user chooses where there are several: its name, or its user handle. Otherwise the newest. */
  chooseAccount(account: string | null): void;

  /** Switches alwaysUv on, or off again: the key verifies its user whatever a website asks for. */
  toggleAlwaysUv(): void;
  /** Unplugs the key and plugs it in again. */
  powerCycle(): void;
  /** Erases credentials and PIN. */
  reset(): void;
  /** Moves the key's clock, which otherwise stands still. */
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
  /** Sets the counter of a credential that the key keeps, or with `null` the one that all others share. */
  setSignCount(id: Base64Url | null, signCount: number): void;

  /**
   * The next answer is wrong in these ways. A function gets the answer and returns another. Each call is for one
   * answer, in the order of the calls.
   */
  forge(...faults: (Fault | ((answer: any) => any))[]): void;
}
