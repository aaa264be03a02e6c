// The programs in the texts run, and the package is as small as they say.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

for (const path of ['README.md', '../docs/javascript.md']) {
  const programs = [...read(path).matchAll(/^```js\n(.*?)^```$/gms)].map(([, program]) => program);
  assert.ok(programs.length > 0, path);
  for (const [index, program] of programs.entries()) {
    test(`program ${index + 1} of ${path} runs`, () => {
      const given = ['--input-type=module', '--eval', program];
      const node = spawnSync(process.execPath, given, { cwd: ROOT, encoding: 'utf8' });
      assert.equal(node.stdout + node.stderr, '');
      assert.equal(node.status, 0);
    });
  }
}

test('the programs in TypeScript have the types that they use', () => {
  const programs = ['README.md', '../docs/javascript.md']
    .flatMap((path) => [...read(path).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program]) => program));
  assert.ok(programs.length > 1);
  // Inside of the package, whose name they import.
  mkdirSync(join(ROOT, 'test-results'), { recursive: true });
  const directory = mkdtempSync(join(ROOT, 'test-results', 'docs-'));
  const files = programs.map((_, index) => join(directory, `${index}.ts`));
  for (const [index, file] of files.entries()) writeFileSync(file, programs[index]);
  const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
  const given = [tsc, '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023', '--types',
    'node', ...files];
  const run = spawnSync(process.execPath, given, { cwd: ROOT, encoding: 'utf8' });
  rmSync(directory, { recursive: true });
  assert.equal(run.stdout + run.stderr, '');
});

test('the example for Playwright Test passes', () => {
  const env = { ...process.env, BRASSKEY_CHROMIUM: process.env.BRASSKEY_CHROMIUM ?? '/usr/bin/chromium' };
  // The runner of this test tells its children that they are tests, too.
  delete env.NODE_TEST_CONTEXT;
  const cli = fileURLToPath(import.meta.resolve('@playwright/test/cli'));
  const output = mkdtempSync(join(tmpdir(), 'brasskey-'));
  const given = [cli, 'test', '--config', 'examples', '--output', output];
  const run = spawnSync(process.execPath, given, { cwd: ROOT, encoding: 'utf8', env });
  rmSync(output, { recursive: true });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /4 passed/);
});

test('the package is small, and has what its entries name', () => {
  const npm = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, encoding: 'utf8' });
  const packed = JSON.parse(npm.stdout);
  const { size, files } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0];
  assert.ok(size < 600_000, `${size} bytes`);
  const [, version] = read('../Cargo.toml').match(/^version = "(.*)"$/m);
  assert.equal(JSON.parse(read('package.json')).version, version);
  const paths = files.map(({ path }) => path);
  const { exports } = JSON.parse(read('package.json'));
  const entries = Object.values(exports)
    .flatMap((entry) => (typeof entry === 'string' ? entry : Object.values(entry)))
    .map((path) => path.slice(2));
  const others = ['wasm/brasskey.js', 'wasm/brasskey_bg.wasm', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE',
    'THIRD-PARTY'];
  for (const path of [...entries, ...others]) {
    assert.ok(paths.includes(path), path);
  }
  assert.ok(!paths.some((path) => /^(src|test|bench|examples|node_modules|Cargo)/.test(path)), paths.join('\n'));
});
