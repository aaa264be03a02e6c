// A website: what it asks with, and what it says of an answer, by @simplewebauthn/server.

import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';

export const ORIGIN = 'https://login.example.com';
export const RP_ID = 'example.com';

export class Site {
  constructor({ origin = ORIGIN, rpId = RP_ID } = {}) {
    this.origin = origin;
    this.rpId = rpId;
  }

  /** What says that this website asks. */
  get from() {
    return { origin: this.origin };
  }

  registrationOptions(asked = {}) {
    return generateRegistrationOptions({ rpName: 'Example', rpID: this.rpId, userName: 'alice', ...asked });
  }

  signInOptions(asked = {}) {
    return generateAuthenticationOptions({ rpID: this.rpId, ...asked });
  }

  /** The credential of a registration; throws where the website refuses it. */
  async registered(options, response, expected = {}) {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: options.challenge,
      expectedOrigin: this.origin,
      expectedRPID: this.rpId,
      requireUserVerification: options.authenticatorSelection?.userVerification === 'required',
      supportedAlgorithmIDs: options.pubKeyCredParams.map(({ alg }) => alg),
      ...expected,
    });
    if (!verified) throw new Error('the website does not accept the registration');
    return registrationInfo;
  }

  /** What a sign-in says; throws where the website refuses it. */
  async signedIn(options, response, credential, expected = {}) {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      credential,
      expectedChallenge: options.challenge,
      expectedOrigin: this.origin,
      expectedRPID: this.rpId,
      requireUserVerification: options.userVerification === 'required',
      ...expected,
    });
    if (!verified) throw new Error('the website does not accept the signature');
    return authenticationInfo;
  }

  /** Registers `key`. */
  async register(key, asked) {
    const options = await this.registrationOptions(asked);
    return this.registered(options, await key.create(options, this.from));
  }

  /** Signs in with `key`. */
  async signIn(key, credential, asked = {}) {
    const options = await this.signInOptions({ allowCredentials: [{ id: credential.id }], ...asked });
    return this.signedIn(options, await key.get(options, this.from), credential);
  }
}
