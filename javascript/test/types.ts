// What the types promise, as programs use it. It is compiled and not run.

import { type RegistrationResponse, SecurityKey } from '@brasskey/key';
import { Credentials, fixtures } from '@brasskey/key/playwright';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { BrowserContext } from 'playwright-core';

export async function server(): Promise<boolean> {
  const key = new SecurityKey({ pin: '2468', touch: 'manual' });
  const options = await generateRegistrationOptions({ rpName: 'Example', rpID: 'example.com', userName: 'alice' });
  const response: RegistrationResponse = await key.create(options, { origin: 'https://example.com' });
  const expected = { expectedChallenge: options.challenge, expectedOrigin: 'https://example.com' };
  key.forge('signature', (answer) => answer);
  // @ts-expect-error there is no such fault
  key.forge('everything');
  // @ts-expect-error there is no such touch
  key.touchMode = 'maybe';
  return (await verifyRegistrationResponse({ response, ...expected })).verified;
}

/** Whatever takes Playwright's own takes ours. */
export async function page(context: BrowserContext): Promise<void> {
  const ours = new Credentials(context, { keys: [new SecurityKey()] });
  const theirs: Pick<BrowserContext['credentials'], 'install' | 'delete'> = ours;
  await theirs.install();
  const { id } = await ours.create('example.com');
  await theirs.delete(id);
  await fixtures.credentials({ context }, async ({ key }) => key.touch());
}
