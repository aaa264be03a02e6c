// The key behind pages in real browsers, through Playwright and @simplewebauthn/browser.

import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { SecurityKey } from '@brasskey/key';
import { Credentials, fixtures } from '@brasskey/key/playwright';
import { chromium, firefox } from 'playwright-core';

import { Site } from './site.mjs';

const MODULES = new URL('../node_modules/', import.meta.url);
const BUNDLE = fileURLToPath(new URL('@simplewebauthn/browser/dist/bundle/index.umd.min.js', MODULES));
const PAGE = '<!doctype html><title>A website</title><script src="/simplewebauthn.js"></script>';

// Playwright has WebKit, and its own Firefox, only as builds that it downloads. Debian's Firefox speaks WebDriver BiDi.
const BROWSERS = {
  Chromium: () => chromium.launch({
    executablePath: process.env.BRASSKEY_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  }),
  Firefox: () => firefox.launch({
    channel: 'moz-firefox',
    executablePath: process.env.BRASSKEY_FIREFOX ?? '/usr/bin/firefox-esr',
  }),
};

let server;
let browser;
let context;
let site;

before(async () => {
  server = createServer((request, response) => {
    if (request.url === '/simplewebauthn.js') {
      response.setHeader('Content-Type', 'text/javascript');
      createReadStream(BUNDLE).pipe(response);
      return;
    }
    const query = new URL(request.url, 'http://localhost').searchParams;
    const frames = [...query.getAll('frame')].map((url) => `<iframe src="${url}"></iframe>`).join('');
    response.setHeader('Content-Type', 'text/html');
    response.end(PAGE + frames + (query.has('srcdoc') ? '<iframe srcdoc="<title>inner</title>"></iframe>' : ''));
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  site = new Site({ origin: `http://localhost:${server.address().port}`, rpId: 'localhost' });
});

after(() => server?.close());

/** A page of the website, with these keys plugged in. */
async function visit(keys, path = '/') {
  context ??= await browser.newContext();
  const credentials = new Credentials(context, { keys });
  await credentials.install();
  const page = await context.newPage();
  await page.goto(site.origin + path);
  return { credentials, page };
}

const register = (page, optionsJSON) =>
  page.evaluate((optionsJSON) => SimpleWebAuthnBrowser.startRegistration({ optionsJSON }), optionsJSON);
const signIn = (page, optionsJSON, more = {}) =>
  page.evaluate((given) => SimpleWebAuthnBrowser.startAuthentication(given), { optionsJSON, ...more });
/** Options that no browser reads: each makes them from bytes, from right options, and from other right members. */
const MALFORMED = [
  ['create', () => ({ publicKey: creation({ challenge: 'AAAA', user: { ...user, id: 'AAAA' } }) })],
  ['create', () => ({ publicKey: creation({ user: { ...user, id: 'AAAA' } }) })],
  ['create', () => ({ publicKey: creation({ user: { id: bytes, name: 'alice' } }) })],
  ['create', () => ({ publicKey: JSON.stringify(creation()) })],
  ['create', () => ({ publicKey: { publicKey: creation() } })],
  ['create', () => ({ publicKey: null })],
  ['create', () => ({ publicKey: 0 })],
  ['create', () => ({ publicKey: creation({ challenge: [1, 2] }) })],
  ['create', () => ({ publicKey: creation({ rp: undefined }) })],
  ['create', () => ({ publicKey: creation({ rp: { name: Symbol('name') } }) })],
  ['create', () => ({ publicKey: creation({ pubKeyCredParams: 'ES256' }) })],
  ['create', () => ({ publicKey: creation({ pubKeyCredParams: [{ type: 'public-key' }] }) })],
  ['create', () => ({ publicKey: creation({ excludeCredentials: [{ type: 'public-key', id: 'AAAA' }] }) })],
  ['create', () => ({ publicKey: creation({ excludeCredentials: {} }) })],
  ['create', () => ({ publicKey: creation({ authenticatorSelection: 'required' }) })],
  ['create', () => ({ publicKey: creation({ hints: 'security-key' }) })],
  ['create', () => ({ publicKey: creation({ timeout: 10n }) })],
  ['create', () => ({ publicKey: creation({ extensions: 'prf' }) })],
  ['create', () => ({ publicKey: creation({ extensions: { prf: { eval: { first: 'AAAA' } } } }) })],
  ['create', () => ({ publicKey: creation({ extensions: { prf: { eval: {} } } }) })],
  ['create', () => ({ publicKey: creation(), mediation: 'bogus' })],
  ['create', () => ({ publicKey: creation(), signal: {} })],
  ['create', () => ({ publicKey: creation(), signal: null })],
  ['get', () => ({ publicKey: { challenge: 'AAAA' } })],
  ['get', () => ({ publicKey: {} })],
  ['get', () => ({ publicKey: { challenge: bytes, allowCredentials: [{ type: 'public-key', id: 'AAAA' }] } })],
  ['get', () => ({ publicKey: { challenge: bytes, allowCredentials: [{ id: bytes }] } })],
  ['get', () => ({ publicKey: { challenge: bytes, extensions: { largeBlob: { write: 'AAAA' } } } })],
  ['get', () => ({ publicKey: { challenge: bytes,
    extensions: { prf: { evalByCredential: { AAAA: { first: 'AAAA' } } } } } })],
  ['get', () => ({ publicKey: { challenge: bytes }, mediation: 'bogus' })],
].map(([ceremony, options]) => [ceremony, String(options)]);
/** What the page throws at each of these. */
const thrown = (page) => page.evaluate(async (malformed) => {
  const bytes = new Uint8Array(16);
  const user = { id: bytes, name: 'alice', displayName: 'Alice' };
  const creation = (members) => ({ challenge: bytes, rp: { name: 'Example' }, user,
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }], ...members });
  const make = (options) => Function('bytes', 'user', 'creation', `return (${options})()`)(bytes, user, creation);
  return Promise.all(malformed.map(([ceremony, options]) =>
    navigator.credentials[ceremony](make(options)).then(() => 'nothing', ({ name, message }) => ({ name, message }))));
}, MALFORMED);
/** The exception that the page gets. */
const failure = (frame, ceremony, optionsJSON) => frame.evaluate(async ([ceremony, optionsJSON]) => {
  const parse = { create: 'parseCreationOptionsFromJSON', get: 'parseRequestOptionsFromJSON' }[ceremony];
  const publicKey = PublicKeyCredential[parse](optionsJSON);
  const { credentials } = navigator;
  return credentials[ceremony]({ publicKey }).then(() => ({ name: null }), ({ name, message }) => ({ name, message }));
}, [ceremony, optionsJSON]);
const refusal = async (...asked) => (await failure(...asked)).name;

for (const [name, launch] of Object.entries(BROWSERS)) describe(`in ${name}`, () => {
  before(async () => { browser = await launch(); });
  after(() => browser?.close());
  afterEach(async () => {
    await context?.close();
    context = undefined;
  });

  test('a page registers and signs in through @simplewebauthn/browser', async () => {
    const key = new SecurityKey({ pin: '2468' });
    const { page } = await visit([key]);
    const options = await site.registrationOptions({ attestationType: 'direct' });
    const { credential, userVerified } = await site.registered(options, await register(page, options));
    assert.ok(userVerified);
    const asked = await site.signInOptions({ allowCredentials: [{ id: credential.id }] });
    await site.signedIn(asked, await signIn(page, asked), credential);
  });

  test('the page gets objects of WebAuthn\'s classes, with buffers', async () => {
    const { page } = await visit([new SecurityKey()]);
    const options = { ...await site.registrationOptions(), extensions: { credProps: true, prf: {} } };
    const seen = await page.evaluate(async (json) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
      const created = await navigator.credentials.create({ publicKey });
      const challenge = new Uint8Array(32);
      const allowCredentials = [{ type: 'public-key', id: created.rawId }];
      const extensions = { prf: { eval: { first: new Uint8Array([1, 2]) } } };
      const got = await navigator.credentials.get({ publicKey: { challenge, allowCredentials, extensions } });
      return {
        classes: [created instanceof PublicKeyCredential, created.response instanceof AuthenticatorAttestationResponse,
          got.response instanceof AuthenticatorAssertionResponse],
        buffers: [created.rawId, created.response.attestationObject, created.response.getPublicKey(),
          created.response.getAuthenticatorData(), got.response.signature,
          got.getClientExtensionResults().prf.results.first].map((buffer) => buffer instanceof ArrayBuffer),
        algorithm: created.response.getPublicKeyAlgorithm(),
        transports: created.response.getTransports(),
        enabled: created.getClientExtensionResults().prf.enabled,
        json: got.toJSON().id === created.id,
        handle: got.response.userHandle instanceof ArrayBuffer,
      };
    }, options);
    assert.deepEqual(seen, {
      classes: [true, true, true],
      buffers: [true, true, true, true, true, true],
      algorithm: -8,
      transports: ['usb'],
      enabled: true,
      json: true,
      handle: true,
    });
  });

  test('what this browser itself does not read is a TypeError with the stand-in, too', async () => {
    const native = await browser.newContext();
    const page = await native.newPage();
    await page.goto(site.origin);
    const expected = MALFORMED.map(() => 'TypeError');
    assert.deepEqual((await thrown(page)).map(({ name }) => name), expected, 'the browser alone');
    await native.close();
    const key = new SecurityKey();
    const { page: served } = await visit([key]);
    const refusals = await thrown(served);
    assert.deepEqual(refusals.map(({ name }) => name), expected);
    assert.match(refusals[0].message, /^options.publicKey.challenge is a string, and must be an ArrayBuffer.*decode/);
    assert.deepEqual(key.log.filter(({ command }) => command === 'authenticatorMakeCredential'), []);
  });

  test('a passkey is not made without a question, as the capabilities say', async () => {
    const { page } = await visit([new SecurityKey()]);
    const seen = await page.evaluate(async (optionsJSON) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(optionsJSON);
      const { conditionalCreate } = await PublicKeyCredential.getClientCapabilities();
      const signals = Object.getOwnPropertyNames(PublicKeyCredential).filter((name) => name.startsWith('signal'));
      const error = await navigator.credentials.create({ publicKey, mediation: 'conditional' }).catch((error) => error);
      return [conditionalCreate, signals, error.name];
    }, await site.registrationOptions());
    assert.deepEqual(seen, [false, [], 'NotAllowedError']);
  });

  test('a browser without WebAuthn, as WebKit on Linux is, gets all that a page needs', async () => {
    context = await browser.newContext();
    await context.addInitScript(() => {
      delete globalThis.PublicKeyCredential;
      delete globalThis.AuthenticatorAttestationResponse;
      delete globalThis.AuthenticatorAssertionResponse;
      Object.defineProperty(navigator, 'credentials', { value: undefined, configurable: true });
    });
    const { page } = await visit([new SecurityKey()]);
    const options = { ...await site.registrationOptions(), extensions: { prf: {} } };
    const { credential } = await site.registered(options, await register(page, options));
    const asked = await site.signInOptions({ allowCredentials: [{ id: credential.id }] });
    await site.signedIn(asked, await signIn(page, asked), credential);
    const again = { ...options, excludeCredentials: [{ type: 'public-key', id: credential.id }] };
    assert.equal(await refusal(page, 'create', again), 'InvalidStateError');
    const extensions = { prf: { evalByCredential: { [credential.id]: { first: 'AQ', second: 'Ag' } } } };
    const secrets = await page.evaluate(async (options) => {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
      const answer = await navigator.credentials.get({ publicKey });
      const { first, second } = answer.getClientExtensionResults().prf.results;
      return [answer instanceof PublicKeyCredential, first.byteLength, second.byteLength];
    }, { ...asked, extensions });
    assert.deepEqual(secrets, [true, 32, 32]);
  });

  test('the page waits until the user touches the key, and can take the request back', async () => {
    const key = new SecurityKey({ touch: 'control' });
    const { page } = await visit([key]);
    const options = await site.registrationOptions();
    const registration = register(page, options);
    assert.equal((await key.waitUntilAsked()).origin, site.origin);
    key.touch();
    await site.registered(options, await registration);
    const aborted = page.evaluate(async (json) => {
      globalThis.controller = new AbortController();
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
      const { signal } = globalThis.controller;
      return navigator.credentials.create({ publicKey, signal }).catch(({ name }) => name);
    }, options);
    await key.waitUntilAsked();
    await page.evaluate(() => globalThis.controller.abort());
    assert.equal(await aborted, 'AbortError');
    assert.equal(key.waiting, null);
  });

  for (const [how, leave] of [
    ['is loaded again', (page) => page.reload()],
    ['gives way to another', (page) => page.goto(`${site.origin}/other`)],
    ['gives way to another origin', (page) => page.goto(`http://127.0.0.1:${server.address().port}/`)],
    ['gives way to an empty one', (page) => page.goto('about:blank')],
    ['gives way to one that does not load', async (page) => {
      // The browser then shows a page of its own, some time later.
      const shown = page.waitForEvent('framenavigated');
      await page.goto('http://localhost:1/').catch(() => {});
      await shown;
    }],
    ['is closed', (page) => page.close()],
    ['is closed with its context', async () => {
      await context.close();
      context = undefined;
    }],
    ['is a frame that goes away', (page) => page.evaluate(() => document.querySelector('iframe').remove())],
  ]) {
    test(`a page that ${how} frees the key for the next`, async () => {
      const key = new SecurityKey({ touch: 'control' });
      const frame = how.includes('frame');
      const { page } = await visit([key], frame ? `/?frame=${encodeURIComponent(`${site.origin}/?inner`)}` : '/');
      const options = await site.registrationOptions();
      const gone = register(frame ? page.frames()[1] : page, options).catch(() => {});
      await key.waitUntilAsked();
      await leave(page);
      await gone;
      // What comes after the page has begun once it answers.
      await page.title().catch(() => {});
      assert.equal(key.waiting, null);
      const next = context ? await context.newPage() : (await visit([key])).page;
      await next.goto(site.origin);
      const registration = register(next, options);
      assert.equal((await key.waitUntilAsked()).operation, 'register');
      key.touch();
      await site.registered(options, await registration);
    });
  }

  test('a page that only changes its address goes on waiting', async () => {
    const key = new SecurityKey({ touch: 'control' });
    const { page } = await visit([key]);
    const options = await site.registrationOptions();
    const registration = register(page, options);
    await key.waitUntilAsked();
    await page.evaluate(() => history.pushState(null, '', '/deeper'));
    await page.evaluate(() => { location.hash = 'part'; });
    await page.waitForURL('**/deeper#part');
    key.touch();
    await site.registered(options, await registration);
  });

  test('a passkey fills a form once there is one', async () => {
    const key = new SecurityKey();
    const { page } = await visit([key]);
    const asked = await site.signInOptions();
    await page.evaluate((optionsJSON) => {
      document.body.innerHTML = '<input autocomplete="username webauthn">';
      globalThis.offered = 'nothing';
      SimpleWebAuthnBrowser.startAuthentication({ optionsJSON, useBrowserAutofill: true })
        .catch(({ name }) => { globalThis.offered = name; });
    }, asked);
    const options = await site.registrationOptions({ authenticatorSelection: { residentKey: 'required' } });
    const { credential } = await site.registered(options, await register(page, options));
    assert.equal(await page.evaluate(() => globalThis.offered), 'AbortError');
    const answer = await signIn(page, asked, { useBrowserAutofill: true });
    await site.signedIn(asked, answer, credential);
  });

  test('the calls of Playwright\'s own credentials seed, list and delete passkeys', async () => {
    const { credentials, page } = await visit([new SecurityKey()]);
    const seeded = await credentials.create('localhost', { signCount: 7 });
    const asked = await site.signInOptions();
    const answer = await signIn(page, asked);
    assert.equal(answer.id, seeded.id);
    assert.equal(answer.response.userHandle, seeded.userHandle);
    assert.deepEqual(await credentials.get({ rpId: 'localhost' }), [{ ...seeded, signCount: 8 }]);
    assert.deepEqual(await credentials.get({ rpId: 'example.com' }), []);

    const [known] = await credentials.get({ id: seeded.id });
    await context.close();
    context = undefined;
    const other = await visit([new SecurityKey()]);
    await other.credentials.create(known.rpId, known);
    assert.equal((await signIn(other.page, asked)).id, seeded.id);
    await other.credentials.delete(seeded.id);
    assert.equal(await refusal(other.page, 'get', asked), 'NotAllowedError');
    await assert.rejects(other.credentials.delete(seeded.id), /no key keeps/);
    await assert.rejects(other.credentials.create('localhost', { id: seeded.id }), TypeError);
  });

  test('of several keys the one that holds the credential answers', async () => {
    const [platform, roaming] = [new SecurityKey({ attachment: 'platform' }), new SecurityKey()];
    const { page } = await visit([platform, roaming]);
    const authenticatorSelection = { authenticatorAttachment: 'cross-platform', residentKey: 'required' };
    const options = await site.registrationOptions({ authenticatorSelection });
    const registration = await register(page, options);
    assert.equal(registration.authenticatorAttachment, 'cross-platform');
    assert.deepEqual([platform, roaming].map((key) => key.credentials.length), [0, 1]);
    const answer = await signIn(page, await site.signInOptions());
    assert.equal(answer.id, registration.id);
    assert.equal(await page.evaluate(() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()), true);
    const capabilities = await page.evaluate(() => PublicKeyCredential.getClientCapabilities());
    assert.equal(capabilities.userVerifyingPlatformAuthenticator, true);
  });

  test('of several keys that wait, the one that is touched answers, and the others are free', async () => {
    const keys = [new SecurityKey({ touch: 'control' }), new SecurityKey({ touch: 'control' })];
    const { page } = await visit(keys);
    const options = await site.registrationOptions({ authenticatorSelection: { residentKey: 'required' } });
    const registration = register(page, options);
    await Promise.all(keys.map((key) => key.waitUntilAsked()));
    keys[1].touch();
    await site.registered(options, await registration);
    assert.deepEqual(keys.map((key) => [key.waiting, key.credentials.length]), [[null, 0], [null, 1]]);
    // A key that has no answer leaves it to the others.
    const asked = await site.signInOptions();
    const signedIn = signIn(page, asked);
    await Promise.all(keys.map((key) => key.waitUntilAsked()));
    keys[0].touch();
    keys[1].touch();
    assert.equal((await signedIn).id, keys[1].credentials[0].credentialId);
    // All of them have one time.
    const begun = performance.now();
    const { message } = await failure(page, 'create', { ...options, timeout: 1000 });
    assert.ok(performance.now() - begun < 2000);
    assert.match(message, /^none of 2 keys has an answer. keys\[0\].*nobody touched.*keys\[1\].*nobody touched/);
  });

  test('where no key has an answer, the page is told what each of them says', async () => {
    const keys = [new SecurityKey({ pin: '2468', touch: 'deny' }), new SecurityKey({ attachment: 'platform' }),
      new SecurityKey({ protocol: 'u2f' })];
    const { credentials, page } = await visit(keys);
    const said = async (ceremony, optionsJSON) => (await failure(page, ceremony, optionsJSON)).message;
    const required = { authenticatorSelection: { userVerification: 'required' } };
    assert.equal(await said('create', await site.registrationOptions(required)),
      'none of 3 keys has an answer. keys[0] (cross-platform): the user declined; ' +
      'keys[1] (platform): this security key has no PIN; ' +
      'keys[2] (cross-platform): this security key does not support user verification over U2F');
    const asked = await site.registrationOptions({ authenticatorSelection: { authenticatorAttachment: 'platform' } });
    credentials.keys = [keys[0]];
    assert.equal(await said('create', asked), 'the website asks for a platform key, and none is plugged in');
    credentials.keys = [];
    assert.equal(await said('create', asked), 'no key is plugged in');
  });

  test('a key that cannot verify its user leaves the answer to another', async () => {
    const plain = new SecurityKey({ aaguid: '01020304-0506-0708-0102-030405060708' });
    const { credentials, page } = await visit([plain]);
    const options = await site.registrationOptions({ authenticatorSelection: { userVerification: 'required' } });
    assert.equal(await refusal(page, 'create', options), 'ConstraintError');
    credentials.keys.push(new SecurityKey({ pin: '2468' }));
    assert.ok((await site.registered(options, await register(page, options))).userVerified);
    assert.deepEqual(plain.credentials, []);
  });

  test('keys are plugged in and out while a page is open', async () => {
    const { credentials, page } = await visit([new SecurityKey()]);
    const isPlatform = () => page.evaluate(() => PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable());
    assert.equal(await isPlatform(), false);
    credentials.keys = [new SecurityKey({ attachment: 'platform' })];
    assert.equal(await isPlatform(), true);
  });

  test('a timeout is a number to the page, as browsers read it', async () => {
    const { page } = await visit([new SecurityKey()]);
    const { response } = await page.evaluate(async () => {
      const publicKey = { challenge: new Uint8Array(16), rp: { name: 'Example' }, timeout: '60000',
        user: { id: new Uint8Array(9), name: 'alice', displayName: 'Alice' },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }] };
      return (await navigator.credentials.create({ publicKey })).toJSON();
    });
    assert.equal(response.publicKeyAlgorithm, -7);
  });

  test('the origin is that of the frame, whatever its script says', async () => {
    const foreign = `http://127.0.0.1.nip.localhost:${server.address().port}/`;
    const inner = [`${site.origin}/?inner`, foreign].map((url) => `frame=${encodeURIComponent(url)}`).join('&');
    const { page } = await visit([new SecurityKey()], `/?srcdoc&${inner}`);
    const frames = page.frames().slice(1);
    const of = (part) => frames.find((frame) => frame.url().includes(part));
    const asked = await site.registrationOptions();
    assert.equal(await refusal(of('?inner'), 'create', asked), null);
    assert.equal(await refusal(of('about:srcdoc'), 'create', asked), null);
    assert.equal(await refusal(of('nip'), 'create', asked), 'NotAllowedError');
    const lie = await page.evaluate(async (options) => {
      const answer = await globalThis.__brasskey({ ceremony: 'create', id: 9, options, origin: 'https://example.com' });
      return answer.credential.response.clientDataJSON;
    }, asked);
    assert.equal(JSON.parse(Buffer.from(lie, 'base64url')).origin, site.origin);
    const other = await site.registrationOptions();
    assert.equal(await refusal(page, 'create', { ...other, rp: { id: 'example.com', name: '' } }), 'SecurityError');
  });

  test('a page that was open before is served, and other credentials are left to the browser', async () => {
    context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(site.origin);
    await page.evaluate(() => {
      navigator.credentials.get = async (options) => `the browser: ${Object.keys(options)}`;
    });
    await fixtures.credentials({ context }, async (credentials) => {
      await credentials.install();
      await assert.rejects(new Credentials(context).install(), /^Error: this context has keys already/);
      const options = await site.registrationOptions();
      await site.registered(options, await register(page, options));
    });
    assert.equal(await page.evaluate(() => navigator.credentials.get({ password: true })), 'the browser: password');
  });

  test('a forged answer reaches the website', async () => {
    const key = new SecurityKey();
    const { page } = await visit([key]);
    const options = await site.registrationOptions();
    const { credential } = await site.registered(options, await register(page, options));
    key.forge('signature');
    const asked = await site.signInOptions({ allowCredentials: [{ id: credential.id }] });
    await assert.rejects(site.signedIn(asked, await signIn(page, asked), credential), /signature/);
  });

  test('in the page itself the package is a key, too', async () => {
    const { page } = await visit([]);
    await page.route('**/package/**', (route) => {
      const path = new URL(route.request().url()).pathname.replace('/package/', '../');
      const contentType = path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
      return route.fulfill({ path: fileURLToPath(import.meta.resolve(path)), contentType });
    });
    const options = await site.registrationOptions();
    const answer = await page.evaluate(async ([options, origin]) => {
      const { SecurityKey } = await import('/package/lib/browser.js');
      return new SecurityKey().create(options, { origin });
    }, [options, site.origin]);
    await site.registered(options, answer);
    assert.equal(await refusal(page, 'create', options), 'NotAllowedError');
  });
});
