// In Node.js the module is read from its file, at once.

import { readFileSync } from 'node:fs';
import { initSync } from '../wasm/brasskey.js';

initSync({ module: readFileSync(new URL('../wasm/brasskey_bg.wasm', import.meta.url)) });

export { SecurityKey } from './key.js';
