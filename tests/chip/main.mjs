#!/usr/bin/env node
/** The firmware on an emulated chip, as a server for other programs. */

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

import { Board } from './emulator/board.mjs';
import { createControl } from './emulator/control.mjs';
import { Elf } from './emulator/elf.mjs';
import { Key } from './emulator/key.mjs';
import { readOrCreate } from './emulator/token-file.mjs';
import { UdpServer, isLoopback } from './emulator/udp.mjs';
import { UsbIpServer } from './emulator/usbip-server.mjs';

const USAGE = `Runs the firmware on an emulated RP2040, as a security key behind a UDP port or on another system's USB.

Usage: node main.mjs --elf FILE [OPTIONS]

  --elf FILE                 the firmware
  --udp ADDRESS              a loopback address for reports [default: 127.0.0.1:0, a port that is free]
  --usbip ADDRESS            instead, a loopback address for USB/IP: \`usbip attach -r HOST -b 1-1\` plugs the key in;
                             port 3240 is where \`usbip\` looks for it
  --control ADDRESS          lets programs press the button, cut the power and look at the light, by HTTP
  --control-token-file FILE  the token that the control endpoint asks for; made if missing
  --touch WHO                auto: whatever is asked is touched; control: by --control [default: control]
  --time HOW                 system: as it passes; stepped: it stands still while the key waits; manual: it passes only
                             where the control endpoint says so [default: system]
  --flash FILE               loads the flash from FILE, if it is there, and saves it when this ends
  --seed NUMBER              of everything random on the chip [default: another one each time]
  --help                     this text

Prints one line of JSON when the key is ready, and ends with its standard input. Its randomness is not good: use it for
tests only.
`;

/** Ends this with a message for who called it. @param {string} text @param {string} hint @returns {never} */
function fail(text, hint) {
  process.stderr.write(`chip: error: ${text}\nhint: ${hint}\n`);
  process.exit(2);
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        elf: { type: 'string' },
        udp: { type: 'string' },
        usbip: { type: 'string' },
        control: { type: 'string' },
        'control-token-file': { type: 'string' },
        touch: { type: 'string', default: 'control' },
        time: { type: 'string', default: 'system' },
        flash: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return fail(/** @type {Error} */ (error).message, 'see --help');
  }
}

/** @param {string} text */
function address(text) {
  const [, host = '', port = ''] = /^\[?([^[\]]*)\]?:(\d+)$/.exec(text) ?? [];
  if (!isLoopback(host)) fail(`${text} is not a loopback address with a port`, 'use 127.0.0.1:0');
  return { host, port: Number(port) };
}

const options = readArguments();
if (options.help) {
  process.stdout.write(USAGE);
  process.exit();
}
if (!options.elf) fail('there is no firmware', 'name it with --elf');
if (!['auto', 'control'].includes(options.touch)) {
  fail('nobody touches the key like that', 'use --touch auto or control');
}
if (!['system', 'stepped', 'manual'].includes(options.time)) {
  fail('time does not pass like that', 'use --time system, stepped or manual');
}
if (options.udp && options.usbip) fail('a key is plugged in once', 'use --udp or --usbip');
if (options.control && !options['control-token-file']) {
  fail('the control endpoint needs a token', 'add --control-token-file');
}

const seed = options.seed === undefined ? randomInt(2 ** 32) : Number(options.seed);
const board = new Board({ elf: new Elf(options.elf), seed });
if (options.flash) board.flash.loadFile(options.flash);
const key = new Key(board, {
  time: /** @type {import('./emulator/key.mjs').Time} */ (options.time),
  autoTouch: options.touch === 'auto',
});
const plug = address(options.usbip ?? options.udp ?? '127.0.0.1:0');
const server = options.usbip ? new UsbIpServer(key) : new UdpServer(key, plug.host);
key.onRestart = () => server.forget();
key.powerOn();
const listening = await server.listen(plug.host, plug.port);
const plugged = options.usbip ? { udp: null, usbip: listening } : { udp: listening, usbip: null };

let control = null;
if (options.control) {
  const endpoint = address(options.control);
  const listener = createControl(key, readOrCreate(/** @type {string} */ (options['control-token-file'])));
  await new Promise((resolve) => listener.listen(endpoint.port, endpoint.host, () => resolve(undefined)));
  control = `http://${endpoint.host}:${/** @type {import('node:net').AddressInfo} */ (listener.address()).port}`;
}
process.stdout.write(`${JSON.stringify({ ready: true, ...plugged, control })}\n`);

const end = () => {
  if (options.flash) board.flash.saveFile(options.flash);
  process.exit();
};
process.on('SIGINT', end).on('SIGTERM', end);
// The program ends with its standard input, so that whoever started it can end it.
process.stdin.on('end', end).resume();
