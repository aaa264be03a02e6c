//! The seams of the key on a chip. Storage and randomness are those of the library.

use brasskey_firmware::entropy::Entropy;
use brasskey_firmware::records::Records;
use brasskey_protocol::limits::LONG_TOUCH;
use brasskey_protocol::platform::{
    Clock, Gesture, Indication, Indicator, Platform, Presence, PresenceRequest, UserPresence,
};

use crate::board::{self, Flash, Noise};
use crate::usb::ABORT;
use crate::{usb, user_interface};

/// The key on a chip.
pub(crate) enum Chip {}

impl Platform for Chip {
    type UserPresence = Touch;
    type Storage = &'static mut Records<'static, Flash>;
    type Rng = Entropy<Noise>;
    type Clock = Uptime;
    type Indicator = Show;
}

/// The button.
pub(crate) struct Touch;

impl UserPresence for Touch {
    fn wait(&mut self, request: &PresenceRequest<'_>, deadline: u64) -> Presence {
        let hold = match request.gesture {
            Gesture::Touch => 0,
            Gesture::LongTouch => LONG_TOUCH,
        };
        user_interface::with(|interface| interface.button.open(request, hold));
        let presence = loop {
            if ABORT.is_set() {
                break Presence::Aborted;
            }
            if user_interface::with(|interface| interface.button.is_touched()) {
                break Presence::Confirmed;
            }
            if board::now() >= deadline {
                break Presence::TimedOut;
            }
            board::feed_watchdog();
            // The next tick ends the sleep, if nothing else does.
            cortex_m::asm::wfi();
        };
        self.forget();
        presence
    }

    fn poll(&mut self, channel: u32, request: &PresenceRequest<'_>) -> Option<Presence> {
        // With one button the user cannot decline.
        user_interface::with(|interface| interface.button.poll(channel, request, board::now()))
            .then_some(Presence::Confirmed)
    }

    fn forget(&mut self) {
        user_interface::with(|interface| interface.button.close());
    }
}

/// The time since power-up.
pub(crate) struct Uptime;

impl Clock for Uptime {
    fn now(&self) -> u64 {
        board::now()
    }
}

/// The light, and the keepalives.
pub(crate) struct Show;

impl Indicator for Show {
    fn show(&mut self, indication: Indication) {
        user_interface::with(|interface| interface.light.show(indication, board::now()));
        usb::show(indication);
    }
}
