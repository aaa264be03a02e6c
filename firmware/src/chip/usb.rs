//! The key on USB: passes what comes and goes to and from the CTAPHID engine and the smart card reader, in interrupts.

mod card;
mod ccid;
mod hid;

use core::cell::RefCell;

use brasskey_protocol::ccid::Reader;
use brasskey_protocol::ctaphid::Device;
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{Abort, Indication};
use brasskey_protocol::request::{CARD, Request};
use brasskey_protocol::usb::{MANUFACTURER, POWER};
use cortex_m::singleton;
use critical_section::Mutex;
use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState};

use crate::board::{self, Bus};
use crate::identity::{BCD_VERSION, DEVICE_INFO, PRODUCT, VID_PID};
use card::Card;
use hid::Hid;

/// Set when the request that runs must end.
pub(crate) static ABORT: Abort = Abort::new();

static LINK: Mutex<RefCell<Option<Link>>> = Mutex::new(RefCell::new(None));

/// What brings requests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Hid,
    Card,
}

struct Link {
    device: UsbDevice<'static, Bus>,
    hid: Hid,
    card: Card,
    /// Where the last request came from.
    last: Carrier,
    /// That request runs.
    is_running: bool,
    /// When the key last had a host.
    host_seen: u64,
}

/// Connects the key to the bus. By `serial` a computer tells this key from others.
#[inline(never)]
pub(crate) fn start(bus: UsbBusAllocator<Bus>, serial: Option<&'static str>) {
    // `start` is called once, so that all are free.
    let (Some(bus), Some(engine), Some(reader)) = (
        singleton!(: UsbBusAllocator<Bus> = bus),
        singleton!(: Device = Device::new(DEVICE_INFO)),
        singleton!(: Reader = Reader::new()),
    ) else {
        return;
    };
    // In this order they get the numbers that `brasskey_protocol::usb` gives them.
    let (hid, card) = (Hid::new(bus, engine), Card::new(bus, reader));
    let mut strings = StringDescriptors::default().manufacturer(MANUFACTURER).product(PRODUCT);
    if let Some(serial) = serial {
        strings = strings.serial_number(serial);
    }
    // Both refuse too many languages and too much power, and nothing else.
    let Ok(builder) = UsbDeviceBuilder::new(bus, VID_PID)
        .device_release(BCD_VERSION)
        .strings(&[strings])
        .and_then(|builder| builder.max_power(POWER.into()))
    else {
        return;
    };
    let link = Link {
        device: builder.build(),
        hid,
        card,
        last: Carrier::Card,
        is_running: false,
        host_seen: board::now(),
    };
    critical_section::with(|token| LINK.borrow_ref_mut(token).replace(link));
    // Not earlier: a bus reset that nobody handles would interrupt for ever.
    board::enable_usb_interrupt();
}

/// Borrows the link, with interrupts off. Does nothing before the link exists.
fn with<T>(run: impl FnOnce(&mut Link, u64) -> T) -> Option<T> {
    critical_section::with(|token| Some(run(LINK.borrow_ref_mut(token).as_mut()?, board::now())))
}

/// Handles the controller's interrupt.
pub(crate) fn serve() {
    with(Link::serve);
}

/// Does what is due.
pub(crate) fn tick() {
    with(|link, now| {
        link.hid.engine.tick(now);
        link.card.reader.tick(now);
        link.send();
    });
}

/// Sends a keepalive now if one is due soon. Call this before an erase of the flash: nothing is sent during it. A
/// card's host waits for longer than any erase takes.
pub(crate) fn keep_alive() {
    with(|link, now| {
        link.hid.engine.keep_alive(now);
        link.send();
    });
}

/// Tells the host what the key does.
pub(crate) fn show(indication: Indication) {
    with(|link, now| {
        link.hid.engine.show(indication, now);
        link.card.reader.show(indication, now);
        link.send();
    });
}

/// The next request, if there is one.
pub(crate) fn take_request(message: &mut [u8; MAX_MESSAGE]) -> Option<Request> {
    with(|link, now| {
        let request = link.take_request(message, now)?;
        ABORT.set(request.aborted);
        Some(request)
    })?
}

/// Answers the last request from [`take_request`].
pub(crate) fn respond(response: &[u8]) {
    with(|link, now| {
        link.is_running = false;
        match link.last {
            Carrier::Hid => link.hid.engine.respond(response, now),
            Carrier::Card => link.card.reader.respond(response, now),
        }
        link.send();
    });
}

/// For how long the key has had no host, in milliseconds.
pub(crate) fn absence() -> u64 {
    with(|link, now| {
        if link.device.state() == UsbDeviceState::Configured {
            link.host_seen = now;
        }
        now.saturating_sub(link.host_seen)
    })
    .unwrap_or(0)
}

impl Link {
    fn serve(&mut self, now: u64) {
        let before = self.device.state();
        if self.device.poll(&mut [&mut self.hid.class, &mut self.card.class]) {
            if self.hid.receive(now) {
                self.abort(Carrier::Hid);
            }
            if self.card.receive(now) {
                self.abort(Carrier::Card);
            }
        }
        let is_up = |state| matches!(state, UsbDeviceState::Configured | UsbDeviceState::Suspend);
        if is_up(before) && !is_up(self.device.state()) {
            // A bus reset, or the host has unconfigured the key.
            self.hid.restart();
            self.card.restart();
            ABORT.set(true);
        }
        self.send();
    }

    /// Ends the running request, if it is one of this carrier. The other's goes on.
    fn abort(&self, carrier: Carrier) {
        if self.is_running && self.last == carrier {
            ABORT.set(true);
        }
    }

    /// The carriers take turns, so that a busy host does not keep the other one waiting for ever.
    fn take_request(&mut self, message: &mut [u8; MAX_MESSAGE], now: u64) -> Option<Request> {
        let request = match self.last {
            Carrier::Hid => {
                let request = self.card.reader.take_request(message, now);
                request.or_else(|| self.hid.engine.take_request(message, now))
            }
            Carrier::Card => {
                let request = self.hid.engine.take_request(message, now);
                request.or_else(|| self.card.reader.take_request(message, now))
            }
        }?;
        self.last = if request.channel == CARD {
            Carrier::Card
        } else {
            Carrier::Hid
        };
        self.is_running = true;
        Some(request)
    }

    fn send(&mut self) {
        self.hid.send();
        self.card.send();
    }
}
