// In a browser the module is fetched from beside this file; bundlers follow the `new URL`.

import initialize from '../wasm/brasskey.js';

await initialize({ module_or_path: new URL('../wasm/brasskey_bg.wasm', import.meta.url) });

export { SecurityKey } from './key.js';
