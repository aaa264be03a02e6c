// nid-webauthn-emulator's authenticator, for the program `pipe`, whose head says what is read and written.

const { readSync, writeSync } = require('node:fs');
const {
  AuthenticatorEmulator,
  AuthenticationEmulatorError,
  PasskeysCredentialsMemoryRepository,
} = require('nid-webauthn-emulator');

// CTAP1_ERR_OTHER: what the emulator throws without a status.
const OTHER = 0x7f;

function read(length) {
  const bytes = Buffer.alloc(length);
  for (let filled = 0; filled < length; ) {
    const count = readSync(0, bytes, filled, length - filled, null);
    if (count === 0) {
      process.exit(0);
    }
    filled += count;
  }
  return bytes;
}

function write(bytes) {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(1, bytes, written);
  }
}

// CTAP2_ERR_KEEPALIVE_CANCEL and CTAP2_ERR_USER_ACTION_TIMEOUT, by what the program says of a touch that did not come.
const ENDED = [undefined, 0x2d, 0x2f];

// The user touches or does not. The emulator knows no third way, so it is told to the host behind its back.
let ended;

function touch() {
  write(Buffer.from('T'));
  ended = ENDED[read(1)[0]];
  return ended === undefined ? { options: { uv: false, up: true } } : undefined;
}

const factory = () =>
  new AuthenticatorEmulator({
    credentialsRepository: new PasskeysCredentialsMemoryRepository(),
    userGetAssertionInteraction: (_user, options) =>
      options?.up === false ? { options: { uv: false, up: false } } : touch(),
    userMakeCredentialInteraction: touch,
    verifications: { userPresent: true, userVerified: false },
  });

let key = factory();

function cbor(message) {
  ended = undefined;
  try {
    const data = message.length > 1 ? new Uint8Array(message.subarray(1)) : undefined;
    const { status, data: answer } = key.command({ command: message[0], data });
    return Buffer.from([status, ...(answer ?? [])]);
  } catch (error) {
    return Buffer.from([ended ?? (error instanceof AuthenticationEmulatorError ? error.status : OTHER)]);
  }
}

for (;;) {
  const kind = String.fromCharCode(read(1)[0]);
  const message = read(read(4).readUInt32BE());
  let answer = Buffer.alloc(0);
  if (kind === 'C') {
    answer = cbor(message);
  } else if (kind === 'M') {
    // SW_INS_NOT_SUPPORTED (FIDO U2F Raw Message Formats v1.2 §3.3): it has no U2F.
    answer = Buffer.from([0x6d, 0x00]);
  } else if (kind === 'N') {
    key = factory();
  }
  const head = Buffer.alloc(5);
  head.write('A');
  head.writeUInt32BE(answer.length, 1);
  write(Buffer.concat([head, answer]));
}
