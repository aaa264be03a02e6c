/** What tests do to a chip on the bench: let it run step by step, break it, and measure it. */

import { createHash } from 'node:crypto';

import { FLASH_BASE, RAM_BASE } from './elf.mjs';
import { Reader } from './reader.mjs';
import { not, only } from './refusal.mjs';
import { REPORT_SIZE } from './transcript.mjs';

/** What cortex-m-rt paints the stack with. */
const PAINT = 0xcccc_cccc;
/** An infinite loop: `b .` */
const LOOP = 0xe7fe;
const NOWHERE = 0xf000_0000;
/** No room for anything. */
const LOW_STACK = RAM_BASE + 4;

/** @typedef {import('./key.mjs').Key} Key */
/** @typedef {{ heard: number, suspensions: number, resets: number }} Counts */

/** How often something has happened so far. @param {Key} key @returns {Counts} */
const counts = ({ board, heard }) => ({ heard, suspensions: board.flash.suspensions, resets: board.resets });

/** Until when the key may run. @type {Record<string, (key: Key, begun: Counts) => boolean>} */
const CONDITIONS = {
  time: () => false,
  rest: (key) => key.rests,
  report: (key, { heard }) => key.heard > heard,
  erase: ({ board }, { suspensions }) => board.flash.suspensions > suspensions,
  reset: ({ board }, { resets }) => board.resets > resets,
};

/** @param {Key} key @param {any} body */
export function run(key, body) {
  const hint =
    'send {"reports":["…"],"until":"rest","milliseconds":1000} to an emulator with --time manual: reports in ' +
    `hexadecimal, and ${Object.keys(CONDITIONS).join(', ')}`;
  only(body, ['reports', 'until', 'milliseconds'], hint);
  const { reports = [], until = 'time', milliseconds } = body;
  const packets = Array.isArray(reports) ? reports.map((report) => Buffer.from(String(report), 'hex')) : [];
  const isPossible = Array.isArray(reports) && Number.isSafeInteger(milliseconds) && milliseconds >= 0;
  if (!key.isManual || !isPossible || !Object.hasOwn(CONDITIONS, until)) throw not(hint);
  if (packets.some(({ length }) => length !== REPORT_SIZE)) throw not(hint);
  const begun = counts(key);
  for (const packet of packets) key.send(packet);
  const holds = key.runUntil(() => CONDITIONS[until](key, begun), milliseconds);
  return { ...key.state, holds, millis: key.millis, reports: key.take() };
}

/** The drivers of the keys' smart card readers, each for one start of the chip. @type {WeakMap<object, Reader>} */
const readers = new WeakMap();

/** @param {Key} key @param {any} body */
export function card(key, body) {
  const hint = 'send {"apdu":"…"} to a key that has power, in hexadecimal';
  only(body, ['apdu'], hint);
  const { chip } = key.board;
  if (!chip || !/^([0-9a-f]{2}){4,}$/.test(body.apdu)) throw not(hint);
  let reader = readers.get(chip);
  if (!reader) {
    reader = new Reader(key);
    reader.powerOn();
    readers.set(chip, reader);
  }
  const { micros } = chip.clock;
  const answer = Buffer.from(reader.transmit(Buffer.from(body.apdu, 'hex'))).toString('hex');
  return { answer, micros: chip.clock.micros - micros };
}

/** @param {Key} key @param {any} body */
export function usb(key, body) {
  const hint = 'send {"action":"reset"}, "suspend", "resume", "ignore" or "listen" to a key that has power';
  only(body, ['action'], hint);
  const { host } = key.board;
  if (!host) throw not(hint);
  switch (body.action) {
    case 'reset': key.enumerate(); break;
    case 'suspend': host.suspend(); break;
    case 'resume': host.resume(); break;
    case 'ignore': key.poll('reports', false); break;
    case 'listen': key.poll('reports', true); break;
    default: throw not(hint);
  }
  return key.state;
}

/** What goes wrong in a chip. @type {Record<string, (chip: import('./chip.mjs').Chip) => void>} */
const FAULTS = {
  jump: ({ rp }) => { rp.core.PC = NOWHERE; },
  stack: ({ rp }) => { rp.core.SP = LOW_STACK; },
  // The firmware contains such a loop: it waits there for a reset.
  hang: ({ rp, flash }) => { rp.core.PC = FLASH_BASE + 2 * new Uint16Array(flash.bytes.buffer).indexOf(LOOP); },
  suspended: (chip) => {
    const setXip = chip.setXip.bind(chip);
    chip.setXip = (on) => {
      setXip(on);
      if (on && chip.flash.suspended) chip.watchdog.onWatchdogTrigger();
    };
  },
};

/** @param {Key} key @param {any} body */
export function fault(key, body) {
  const names = Object.keys(FAULTS).join(', ');
  const hint =
    `send {"kind":"…"} to a key that has power: ${names}; ` +
    'or {"kind":"noise","at":0}, 1 or null to one that has not';
  only(body, ['kind', 'at'], hint);
  const { board } = key;
  if (body.kind === 'noise') {
    if (board.chip || ![0, 1, null].includes(body.at)) throw not(hint);
    board.stuckAt = body.at ?? undefined;
  } else {
    if (!board.chip || !Object.hasOwn(FAULTS, body.kind)) throw not(hint);
    FAULTS[body.kind](board.chip);
  }
  return key.state;
}

/** Makes the flash another one. @param {Key} key @param {any} body */
export function change(key, body) {
  const hint = 'switch the power off, and send {"slowness":8.9}, {"suspends":false} or {"jedec_id":[239,64,21]}';
  only(body, ['slowness', 'suspends', 'jedec_id'], hint);
  const { board: { chip, flash } } = key;
  const { slowness = flash.slowness, suspends = flash.suspends, jedec_id: jedecId = flash.jedecId } = body;
  const isPossible = slowness > 0 && typeof suspends === 'boolean' && Array.isArray(jedecId) && jedecId.length === 3;
  if (chip || !isPossible) throw not(hint);
  Object.assign(flash, { slowness, suspends, jedecId });
  return key.state;
}

/** What a flash held once, by its key. @type {WeakMap<Key, Uint8Array>} */
const kept = new WeakMap();

/** @param {Key} key @param {any} body */
export function remember(key, body) {
  const hint = 'send {"action":"keep"}; later "restore", which switches the power off, as "erase" does';
  only(body, ['action'], hint);
  const { flash } = key.board;
  const image = kept.get(key);
  if (body.action === 'keep') kept.set(key, flash.image());
  else if (body.action === 'restore' && image) {
    key.powerOff();
    flash.load(image);
  } else if (body.action === 'erase') {
    key.powerOff();
    key.board.erase();
  } else throw not(hint);
  return key.state;
}

/** The deepest that the stack was since the power came, in bytes: the paint below it is untouched. @param {Key} key */
function stackUsed({ board: { chip, elf } }) {
  const [low, high] = [elf.symbol('_stack_end'), elf.symbol('_stack_start')];
  for (let address = low; chip && address < high; address += 4) {
    if (chip.rp.sramView.getUint32(address - RAM_BASE, true) !== PAINT) return high - address;
  }
  return 0;
}

/** @param {Key} key */
export function measure(key) {
  const { board } = key;
  const { chip, elf, flash, host } = board;
  return {
    flash_bytes: elf.flashSize,
    static_ram_bytes: elf.staticRam,
    stack_bytes: stackUsed(key),
    enumerated_ms: host?.enumeratedAt ?? null,
    clock_hz: chip?.clock.frequency ?? null,
    /** The core's cycles without sleep until the key had the last report from its host. */
    active_when_told: host?.reports.lastOutActive ?? null,
    longest_without_flash_ms: chip?.longestAbsence ?? null,
    operations: flash.operations,
    suspensions: flash.suspensions,
    is_suspended: flash.suspended !== null,
    flash_sha256: createHash('sha256').update(flash.image()).digest('hex'),
    resets: board.resets,
    left_in_memory_bytes: board.leftInMemory,
  };
}
