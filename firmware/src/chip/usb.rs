//! The key on USB: HID reports to and from the CTAPHID engine, in interrupts.

use core::cell::RefCell;

use brasskey_protocol::ctaphid::{Device, Event, REPORT_DESCRIPTOR, Report, Request};
use brasskey_protocol::limits::{MAX_MESSAGE, REPORT_SIZE};
use brasskey_protocol::platform::{Abort, Indication};
use brasskey_protocol::usb::{INTERVAL, MANUFACTURER, POWER};
use cortex_m::singleton;
use critical_section::Mutex;
use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState};
use usbd_hid::hid_class::HIDClass;

use crate::board::{self, Bus};
use crate::front;
use crate::identity::{BCD_VERSION, DEVICE_INFO, PRODUCT, VID_PID};

/// The request that runs shall end.
pub(crate) static ABORT: Abort = Abort::new();

static LINK: Mutex<RefCell<Option<Link>>> = Mutex::new(RefCell::new(None));

struct Link {
    device: UsbDevice<'static, Bus>,
    class: HIDClass<'static, Bus>,
    engine: &'static mut Device,
    /// A report that the controller had no room for yet.
    unsent: Option<Report>,
    /// When a host was last there.
    host_seen: u64,
}

/// Comes up on the bus. `serial` tells this key from others at the same computer.
#[inline(never)]
pub(crate) fn start(bus: UsbBusAllocator<Bus>, serial: Option<&'static str>) {
    // Called once: there is a place for both.
    let (Some(bus), Some(engine)) = (
        singleton!(: UsbBusAllocator<Bus> = bus),
        singleton!(: Device = Device::new(DEVICE_INFO)),
    ) else {
        return;
    };
    // While there is nothing to say the controller answers the host without waking the processor.
    let class = HIDClass::new(bus, &REPORT_DESCRIPTOR, INTERVAL);
    let mut strings = StringDescriptors::default().manufacturer(MANUFACTURER).product(PRODUCT);
    if let Some(serial) = serial {
        strings = strings.serial_number(serial);
    }
    // Both refuse only values that these are not: too many languages, too much power.
    let Ok(builder) = UsbDeviceBuilder::new(bus, VID_PID)
        .device_release(BCD_VERSION)
        .strings(&[strings])
        .and_then(|builder| builder.max_power(POWER.into()))
    else {
        return;
    };
    let link = Link {
        device: builder.build(),
        class,
        engine,
        unsent: None,
        host_seen: board::now(),
    };
    critical_section::with(|token| LINK.borrow_ref_mut(token).replace(link));
    // Not before: a reset of the bus that nobody handles would interrupt for ever.
    board::enable_usb_interrupt();
}

/// Borrows the link, with interrupts off; nothing happens before it is up.
fn with<T>(run: impl FnOnce(&mut Link, u64) -> T) -> Option<T> {
    critical_section::with(|token| Some(run(LINK.borrow_ref_mut(token).as_mut()?, board::now())))
}

/// Does what the controller asks for: its interrupt.
pub(crate) fn serve() {
    with(Link::serve);
}

/// Does what time asks for.
pub(crate) fn tick() {
    with(|link, now| {
        link.engine.tick(now);
        link.send();
    });
}

/// Sends a keepalive now where one is due soon: nothing leaves while the flash is being erased.
pub(crate) fn hold() {
    with(|link, now| {
        link.engine.keep_alive(now);
        link.send();
    });
}

/// Tells the host what the key does.
pub(crate) fn show(indication: Indication) {
    with(|link, now| {
        link.engine.show(indication, now);
        link.send();
    });
}

/// The request that waits, if there is one.
pub(crate) fn take_request(message: &mut [u8; MAX_MESSAGE]) -> Option<Request> {
    with(|link, now| {
        let request = link.engine.take_request(message, now)?;
        ABORT.set(request.aborted);
        Some(request)
    })?
}

/// Answers the request that was taken.
pub(crate) fn respond(response: &[u8]) {
    with(|link, now| {
        link.engine.respond(response, now);
        link.send();
    });
}

/// How long no host was there, in milliseconds.
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
        if self.device.poll(&mut [&mut self.class]) {
            self.receive(now);
        }
        let is_up = |state| matches!(state, UsbDeviceState::Configured | UsbDeviceState::Suspend);
        if is_up(before) && !is_up(self.device.state()) {
            // A bus reset, or the host configures the key anew.
            self.engine.restart();
            self.unsent = None;
            ABORT.set(true);
        }
        self.send();
    }

    fn receive(&mut self, now: u64) {
        let mut report = [0; REPORT_SIZE];
        while let Ok(length) = self.class.pull_raw_output(&mut report) {
            self.take_in(&report, length, now);
        }
        // Hosts without an interrupt OUT pipe at hand use SET_REPORT on the control pipe (HID 1.11 §7.2.2).
        if let Ok(info) = self.class.pull_raw_report(&mut report) {
            self.take_in(&report, info.len, now);
        }
    }

    fn take_in(&mut self, report: &Report, length: usize, now: u64) {
        // Every report is of this size (CTAP 2.3 §11.2.4).
        if length != REPORT_SIZE {
            return;
        }
        match self.engine.receive(report, now) {
            // The main loop looks for requests when the interrupt ends.
            Event::None | Event::Request => {}
            Event::Abort => ABORT.set(true),
            Event::Wink => front::with(|front| front.light.show(Indication::Wink, now)),
        }
    }

    fn send(&mut self) {
        while let Some(report) = self.unsent.take().or_else(|| self.engine.transmit()) {
            if self.class.push_raw_input(&report).is_err() {
                self.unsent = Some(report);
                return;
            }
        }
    }
}
