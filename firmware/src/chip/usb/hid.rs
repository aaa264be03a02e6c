//! The interface for reports, and the CTAPHID engine behind it.

use brasskey_protocol::ctaphid::{Device, Event, REPORT_DESCRIPTOR, Report};
use brasskey_protocol::limits::REPORT_SIZE;
use brasskey_protocol::platform::Indication;
use brasskey_protocol::usb::INTERVAL;
use usb_device::bus::UsbBusAllocator;
use usbd_hid::hid_class::HIDClass;

use crate::board::Bus;
use crate::user_interface;

pub(super) struct Hid {
    pub(super) class: HIDClass<'static, Bus>,
    pub(super) engine: &'static mut Device,
    /// A report for which the controller had no room yet.
    unsent: Option<Report>,
}

impl Hid {
    pub(super) fn new(bus: &'static UsbBusAllocator<Bus>, engine: &'static mut Device) -> Self {
        // While there is nothing to send, the controller answers the host without waking the processor.
        let class = HIDClass::new(bus, &REPORT_DESCRIPTOR, INTERVAL);
        Self {
            class,
            engine,
            unsent: None,
        }
    }

    /// Takes in what the host has sent. Returns whether the running request must end.
    pub(super) fn receive(&mut self, now: u64) -> bool {
        let mut report = [0; REPORT_SIZE];
        let mut aborts = false;
        while let Ok(length) = self.class.pull_raw_output(&mut report) {
            aborts |= self.accept(&report, length, now);
        }
        // A host may also send a report by SET_REPORT on the control pipe (HID 1.11 §7.2.2).
        if let Ok(info) = self.class.pull_raw_report(&mut report) {
            aborts |= self.accept(&report, info.len, now);
        }
        aborts
    }

    fn accept(&mut self, report: &Report, length: usize, now: u64) -> bool {
        // Every report is of this size (CTAP 2.3 §11.2.4).
        if length != REPORT_SIZE {
            return false;
        }
        match self.engine.receive(report, now) {
            // The main loop looks for requests after each interrupt.
            Event::None | Event::Request => {}
            Event::Abort => return true,
            Event::Wink => user_interface::with(|interface| interface.light.show(Indication::Wink, now)),
        }
        false
    }

    pub(super) fn send(&mut self) {
        while let Some(report) = self.unsent.take().or_else(|| self.engine.transmit()) {
            if self.class.push_raw_input(&report).is_err() {
                self.unsent = Some(report);
                return;
            }
        }
    }

    /// The link to the host was cut.
    pub(super) fn restart(&mut self) {
        self.engine.restart();
        self.unsent = None;
    }
}
