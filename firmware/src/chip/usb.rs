//! The key on USB: passes HID reports to and from the CTAPHID engine, in interrupts.

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
use crate::identity::{BCD_VERSION, DEVICE_INFO, PRODUCT, VID_PID};
use crate::user_interface;

/// Set when the request that runs must end.
pub(crate) static ABORT: Abort = Abort::new();

static LINK: Mutex<RefCell<Option<Link>>> = Mutex::new(RefCell::new(None));

struct Link {
    device: UsbDevice<'static, Bus>,
    class: HIDClass<'static, Bus>,
    engine: &'static mut Device,
    /// A report for which the controller had no room yet.
    unsent: Option<Report>,
    /// When the key last had a host.
    host_seen: u64,
}

/// Connects the key to the bus. By `serial` a computer tells this key from others.
#[inline(never)]
pub(crate) fn start(bus: UsbBusAllocator<Bus>, serial: Option<&'static str>) {
    // `start` is called once, so that both are free.
    let (Some(bus), Some(engine)) = (
        singleton!(: UsbBusAllocator<Bus> = bus),
        singleton!(: Device = Device::new(DEVICE_INFO)),
    ) else {
        return;
    };
    // While there is nothing to send, the controller answers the host without waking the processor.
    let class = HIDClass::new(bus, &REPORT_DESCRIPTOR, INTERVAL);
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
        class,
        engine,
        unsent: None,
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
        link.engine.tick(now);
        link.send();
    });
}

/// Sends a keepalive now if one is due soon. Call this before an erase of the flash: nothing is sent during it.
pub(crate) fn keep_alive() {
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

/// The next request, if there is one.
pub(crate) fn take_request(message: &mut [u8; MAX_MESSAGE]) -> Option<Request> {
    with(|link, now| {
        let request = link.engine.take_request(message, now)?;
        ABORT.set(request.aborted);
        Some(request)
    })?
}

/// Answers the last request from [`take_request`].
pub(crate) fn respond(response: &[u8]) {
    with(|link, now| {
        link.engine.respond(response, now);
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
        if self.device.poll(&mut [&mut self.class]) {
            self.receive(now);
        }
        let is_up = |state| matches!(state, UsbDeviceState::Configured | UsbDeviceState::Suspend);
        if is_up(before) && !is_up(self.device.state()) {
            // A bus reset, or the host has unconfigured the key.
            self.engine.restart();
            self.unsent = None;
            ABORT.set(true);
        }
        self.send();
    }

    fn receive(&mut self, now: u64) {
        let mut report = [0; REPORT_SIZE];
        while let Ok(length) = self.class.pull_raw_output(&mut report) {
            self.accept(&report, length, now);
        }
        // A host may also send a report by SET_REPORT on the control pipe (HID 1.11 §7.2.2).
        if let Ok(info) = self.class.pull_raw_report(&mut report) {
            self.accept(&report, info.len, now);
        }
    }

    fn accept(&mut self, report: &Report, length: usize, now: u64) {
        // Every report is of this size (CTAP 2.3 §11.2.4).
        if length != REPORT_SIZE {
            return;
        }
        match self.engine.receive(report, now) {
            // The main loop looks for requests after each interrupt.
            Event::None | Event::Request => {}
            Event::Abort => ABORT.set(true),
            Event::Wink => user_interface::with(|interface| interface.light.show(Indication::Wink, now)),
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
