/**
 * The chip's end of the cable: how its USB controller handles each token of the host (USB 2.0 §8.4).
 *
 * rp2040js ends every transfer at once. Here a buffer waits until the host asks for it, as on a real bus. So the
 * firmware is also tested with a host that is slow, and with one that goes away during a transfer.
 */

/** What a device can answer besides data (USB 2.0 §8.4.5). */
export const ACK = 'ACK';
export const NAK = 'NAK';
export const STALL = 'STALL';
/** No device has this address, or the device does not listen any more. */
export const SILENCE = 'no answer';

// RP2040 data sheet §4.1.2.5: buffer control, in DPRAM.
const AVAILABLE = 1 << 10;
const BUFFER_STALL = 1 << 11;
const DATA1 = 1 << 13;
const FULL = 1 << 15;
const LENGTH = 0x3ff;
const EP0_BUFFER = 0x100;
const ENDPOINT_ENABLE = 1 << 31;
const SETUP_PACKET = 8;
// §4.1.4: registers.
const SIE_STATUS = 0x50;
const PULLUP_EN = 1 << 16;
const BUS_RESET = 1 << 19;
const RESUME = 1 << 11;
const SUSPENDED = 1 << 4;
/** Both directions of endpoint 0 can be armed to stall. A SETUP disarms them. */
const EP0_STALL_ARMS = 0b11;

const bufferControl = (/** @type {number} */ endpoint, /** @type {boolean} */ out) =>
  0x80 + 8 * endpoint + (out ? 4 : 0);
const endpointControl = (/** @type {number} */ endpoint, /** @type {boolean} */ out) => 8 * endpoint + (out ? 4 : 0);

export class UsbPort {
  /** When the controller last got the buffer of each IN endpoint, in cycles without sleep. @type {number[]} */
  armedAt = [];
  #chip;
  #usb;
  /** The host's toggle for the next data packet of each endpoint, IN and OUT (§8.6). */
  #toggles = new Map();

  /** @param {import('./chip.mjs').Chip} chip */
  constructor(chip) {
    this.#chip = chip;
    const usb = (this.#usb = /** @type {any} */ (chip.rp.usbCtrl));
    usb.DPRAMUpdated = (/** @type {number} */ offset, /** @type {number} */ value) => {
      if (offset >= 0x80 && offset < 0x100 && !(offset & 4) && value & AVAILABLE) {
        this.armedAt[(offset - 0x80) >> 3] = chip.activeCycles;
      }
    };
    // In rp2040js a write does not clear this bit.
    const { writeUint32 } = usb;
    usb.writeUint32 = (/** @type {number} */ offset, /** @type {number} */ value) => {
      if (offset === SIE_STATUS) usb.sieStatus &= ~(usb.rawWriteValue & SUSPENDED);
      writeUint32.call(usb, offset, value);
    };
  }

  /** Whether the device shows its presence with its pull-up. */
  get attached() {
    return (this.#usb.sieCtrl & PULLUP_EN) !== 0;
  }

  /** Whether the device has seen the last bus reset. */
  get resetSeen() {
    return !(this.#usb.sieStatus & BUS_RESET);
  }

  /**
   * Whether an IN endpoint has a packet for the host.
   * @param {number} endpoint
   */
  holds(endpoint) {
    return (this.#chip.rp.usbDPRAMView.getUint32(bufferControl(endpoint, false), true) & AVAILABLE) !== 0;
  }

  /** The number of the current frame. */
  set frame(/** @type {number} */ number) {
    this.#usb.sofFrameNumber = number & 0x7ff;
  }

  busReset() {
    this.#toggles.clear();
    this.#signal(BUS_RESET);
  }

  /** No traffic for 3 ms (§7.1.7.6). */
  suspend() {
    this.#signal(SUSPENDED);
  }

  resume() {
    this.#usb.sieStatus &= ~SUSPENDED;
    this.#signal(RESUME);
  }

  /** @param {number} bit */
  #signal(bit) {
    this.#usb.sieStatus |= bit;
    this.#usb.sieStatusUpdated();
  }

  /** @param {number} address */
  #listens(address) {
    return this.attached && this.resetSeen && (this.#usb.addrEndp & 0x7f) === address;
  }

  /**
   * A SETUP transaction. A device cannot refuse it.
   * @param {number} address
   * @param {Uint8Array} packet
   */
  setup(address, packet) {
    if (!this.#listens(address)) return SILENCE;
    if (packet.length !== SETUP_PACKET) throw new RangeError('a SETUP packet has eight bytes');
    this.#usb.epStallArm &= ~EP0_STALL_ARMS;
    // The data stage begins with DATA1 (§8.5.3), and so does the status stage.
    this.#toggles.set('in0', DATA1).set('out0', DATA1);
    this.#usb.sendSetupPacket(packet);
    return ACK;
  }

  /**
   * An IN transaction: the data, or the device's other answer.
   * @param {number} address
   * @param {number} endpoint
   */
  in(address, endpoint) {
    const buffer = this.#buffer(address, endpoint, false);
    if (typeof buffer === 'string') return buffer;
    const { control, at, place } = buffer;
    const data = this.#chip.rp.usbDPRAM.slice(place, place + (control & LENGTH));
    this.#finish(endpoint, false, at, control & ~(AVAILABLE | FULL));
    // If a packet has the toggle of the last one, the host takes it for a repetition and drops it (§8.6.4).
    return this.#toggle(endpoint, 'in', control) ? data : NAK;
  }

  /**
   * An OUT transaction.
   * @param {number} address
   * @param {number} endpoint
   * @param {Uint8Array} data
   */
  out(address, endpoint, data) {
    const buffer = this.#buffer(address, endpoint, true);
    if (typeof buffer === 'string') return buffer;
    const { control, at, place } = buffer;
    if (data.length > (control & LENGTH)) return SILENCE;
    if (!this.#toggle(endpoint, 'out', control)) {
      // The device takes it for a repetition, drops it and acknowledges it. The host goes on (§8.6.4).
      this.#toggles.set(`out${endpoint}`, control & DATA1);
      return ACK;
    }
    this.#chip.rp.usbDPRAM.set(data, place);
    this.#finish(endpoint, true, at, (control & ~(AVAILABLE | LENGTH)) | FULL | data.length);
    return ACK;
  }

  /**
   * The buffer that waits for a token.
   * @param {number} address
   * @param {number} endpoint
   * @param {boolean} out
   */
  #buffer(address, endpoint, out) {
    if (!this.#listens(address)) return SILENCE;
    const dpram = this.#chip.rp.usbDPRAMView;
    const at = bufferControl(endpoint, out);
    const control = dpram.getUint32(at, true);
    const settings = endpoint === 0 ? EP0_BUFFER : dpram.getUint32(endpointControl(endpoint, out), true);
    if (endpoint !== 0 && !(settings & ENDPOINT_ENABLE)) return SILENCE;
    // Endpoint 0 stalls only if it is armed for that.
    const armed = endpoint !== 0 || this.#usb.epStallArm & (out ? 2 : 1);
    if (control & BUFFER_STALL && armed) return STALL;
    if (!(control & AVAILABLE)) return NAK;
    return { control, at, place: settings & 0xffc0 };
  }

  /**
   * @param {number} endpoint
   * @param {boolean} out
   * @param {number} at
   * @param {number} control
   */
  #finish(endpoint, out, at, control) {
    this.#chip.rp.usbDPRAMView.setUint32(at, control, true);
    this.#usb.indicateBufferReady(endpoint, out);
  }

  /**
   * Whether a packet has the expected toggle. The next one must have the other.
   * @param {number} endpoint
   * @param {string} direction
   * @param {number} control
   */
  #toggle(endpoint, direction, control) {
    const key = `${direction}${endpoint}`;
    const due = this.#toggles.get(key) ?? 0;
    const fits = (control & DATA1) === due;
    if (fits) this.#toggles.set(key, due ^ DATA1);
    return fits;
  }

  /** A new configuration resets all toggles (§9.1.1.5). */
  configured() {
    this.#toggles.clear();
  }
}
