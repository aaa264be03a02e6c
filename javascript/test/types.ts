// What the types promise, as programs use it. It is compiled and not run.

import { type RegistrationResponse, SecurityKey, type Settings } from '@brasskey/key';
import packed from '@brasskey/key/package.json' with { type: 'json' };
import { Credentials, fixtures } from '@brasskey/key/playwright';
import { test as base } from '@playwright/test';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { BrowserContext } from 'playwright-core';

export const version: string = packed.version;
// @ts-expect-error there is no such setting
export const settings: Settings = { pinn: '2468' };

export async function server(): Promise<boolean> {
  const key = new SecurityKey({ pin: '2468', touch: 'control' });
  const options = await generateRegistrationOptions({ rpName: 'Example', rpID: 'example.com', userName: 'alice' });
  const response: RegistrationResponse = await key.create(options, { origin: 'https://example.com' });
  const expected = { expectedChallenge: options.challenge, expectedOrigin: 'https://example.com' };
  await key.get({ publicKey: { challenge: new Uint8Array(32) } }, { origin: 'https://example.com' });
  key.forge('signature', (answer) => answer);
  // @ts-expect-error there is no such fault
  key.forge('everything');
  // @ts-expect-error there is no such touch
  key.touchMode = 'maybe';
  key.touchMode = ['touch', 'decline'];
  return (await verifyRegistrationResponse({ response, ...expected })).verified;
}

/** Whatever takes Playwright's own takes ours. */
export async function page(context: BrowserContext): Promise<void> {
  const ours = new Credentials(context, { keys: [new SecurityKey()] });
  const theirs: Pick<BrowserContext['credentials'], 'install' | 'delete'> = ours;
  await theirs.install();
  const given: Parameters<BrowserContext['credentials']['create']> = ['example.com', { signCount: 7 }];
  const { id } = await ours.create(...given);
  const asked: Parameters<BrowserContext['credentials']['get']> = [{ rpId: 'example.com' }];
  const [known] = await ours.get(...asked);
  await theirs.delete(id);
  await ours.create('example.com', known);
}

const test = base.extend(fixtures);

test('the fixture has its type', async ({ page, credentials }) => {
  const { rpId } = await credentials.create('example.com');
  credentials.keys = [new SecurityKey({ attachment: 'platform' })];
  await page.goto(`https://${rpId}`);
  // @ts-expect-error there is no such call
  await credentials.remove();
});

const both = base.extend<{ shop: string }>({ shop: 'https://example.com' }).extend(fixtures);

both('it stands beside others', async ({ shop, credentials }) => {
  await credentials.create(new URL(shop).hostname);
});

const mixed = base.extend<{ credentials: Credentials }>({ ...fixtures, locale: 'de-DE' });

mixed('it can be spread', async ({ credentials }) => credentials.key.touch());
