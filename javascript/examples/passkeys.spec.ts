// A website with passkeys under Playwright Test. The website is in this file, so that it runs anywhere: put yours in its
// place.
//
//   npx playwright test --config javascript/examples

import { expect, test as base } from '@playwright/test';
import { SecurityKey } from '@brasskey/key';
import { fixtures } from '@brasskey/key/playwright';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';

const test = base.extend(fixtures);
const origin = 'https://login.example.com';
const rpID = 'example.com';
const page = `<button>Sign in</button><output></output><script>
  document.querySelector('button').onclick = async () => {
    const output = document.querySelector('output');
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await options());
    try {
      const answer = await navigator.credentials.get({ publicKey });
      output.textContent = await check(answer.toJSON()) ? 'Welcome' : 'Wrong signature';
    } catch (error) {
      output.textContent = error.name;
    }
  };
</script>`;

/** An account of the website, with a passkey on this key. No page is needed for it. */
async function registered(key: SecurityKey) {
  const options = await generateRegistrationOptions({
    rpName: 'Example',
    rpID,
    userName: 'alice',
    authenticatorSelection: { residentKey: 'required' },
  });
  const { registrationInfo } = await verifyRegistrationResponse({
    response: await key.create(options, { origin }),
    expectedChallenge: options.challenge,
    expectedOrigin: origin,
    expectedRPID: rpID,
    requireUserVerification: false,
  });
  return registrationInfo!;
}

test.beforeEach(async ({ page: visitor, credentials }) => {
  const { credential } = await registered(credentials.key);
  let expectedChallenge = '';
  await visitor.exposeFunction('options', async () => {
    const options = await generateAuthenticationOptions({ rpID, userVerification: 'preferred' });
    expectedChallenge = options.challenge;
    return options;
  });
  await visitor.exposeFunction('check', async (response: any) => {
    const { verified } = await verifyAuthenticationResponse({
      response,
      expectedChallenge,
      expectedOrigin: origin,
      expectedRPID: rpID,
      requireUserVerification: false,
      credential,
    });
    return verified;
  });
  await visitor.route(`${origin}/**`, (route) => route.fulfill({ contentType: 'text/html', body: page }));
  await visitor.goto(origin);
});

test('signs in with a passkey', async ({ page }) => {
  await page.getByRole('button').click();
  await expect(page.locator('output')).toHaveText('Welcome');
});

test('refuses a wrong signature', async ({ page, credentials }) => {
  credentials.key.forge('signature');
  await page.getByRole('button').click();
  await expect(page.locator('output')).toHaveText('Wrong signature');
});

test('waits for the user, who declines', async ({ page, credentials }) => {
  credentials.key.touchMode = 'control';
  await page.getByRole('button').click();
  expect((await credentials.key.waitUntilAsked()).rpId).toBe(rpID);
  await expect(page.locator('output')).toBeEmpty();
  credentials.key.decline();
  await expect(page.locator('output')).toHaveText('NotAllowedError');
});

test('says so where the key that is plugged in has no passkey', async ({ page, credentials }) => {
  credentials.keys = [new SecurityKey({ pin: '2468', attachment: 'platform' })];
  await page.getByRole('button').click();
  await expect(page.locator('output')).toHaveText('NotAllowedError');
});
