//! The main loop, in thread mode: it answers one request after the other.

use brasskey_firmware::entropy::Entropy;
use brasskey_firmware::records::{Index, Records};
use brasskey_protocol::authenticator::Authenticator;
use brasskey_protocol::ctap2;
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::platform::{Seams, Storage};
use brasskey_protocol::request::RequestKind;
use brasskey_protocol::rng::HealthyRng;
use brasskey_protocol::u2f::StatusWord;
use brasskey_protocol::usb::{SERIAL_RECORD, SERIAL_SIZE};
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::{interrupt, singleton};
use cortex_m_rt::exception;
use rand_core::TryRng;
use zeroize::Zeroize;

use crate::board::{self, Board, CORE_HZ, Flash, Noise};
use crate::identity::CONFIG;
use crate::seams::{Chip, Show, Touch, Uptime};
use crate::{usb, user_interface};

/// The tick, in milliseconds: it samples the button, drives the light and sends what is due.
const TICK: u32 = 10;

/// After this many milliseconds without a host the chip saves power.
const LOW_POWER_AFTER: u64 = 30_000;

/// Runs the key.
pub(crate) fn run(board: Board) -> ! {
    user_interface::start(board.panel);
    let mut tick = board.systick;
    start_tick(&mut tick);

    let mut serial = None;
    let mut key = seams(board.flash, board.noise).and_then(|mut seams| {
        serial = serial_number(&mut seams.storage, &mut seams.rng);
        Authenticator::new(seams, CONFIG).ok()
    });
    if key.is_none() {
        user_interface::with(|interface| interface.light.show_broken());
    }
    usb::start(board.bus, serial);

    // `run` is called once, so that both are free.
    let (Some(message), Some(response)) = (
        singleton!(: [u8; MAX_MESSAGE] = [0; MAX_MESSAGE]),
        singleton!(: [u8; MAX_MESSAGE] = [0; MAX_MESSAGE]),
    ) else {
        unreachable!()
    };
    loop {
        board::feed_watchdog();
        board::set_low_power(usb::absence() > LOW_POWER_AFTER);
        // With interrupts off, so that none comes after the look and before the sleep. A pending interrupt ends the
        // sleep.
        let request = interrupt::free(|_| {
            let request = usb::take_request(message);
            if request.is_none() {
                cortex_m::asm::wfi();
            }
            request
        });
        if let Some(request) = request {
            let length = match &mut key {
                Some(key) => key.answer(&request, message, response),
                None => refuse(request.kind, response),
            };
            usb::respond(response.get(..length).unwrap_or_default());
            // OATH's secrets come in clear, and its codes leave so.
            let message = message.iter_mut().take(request.length);
            message
                .chain(response.iter_mut().take(length))
                .for_each(Zeroize::zeroize);
        }
    }
}

/// `None` if the flash or the noise source cannot be used.
fn seams(flash: Flash, noise: Noise) -> Option<Seams<Chip>> {
    Some(Seams {
        presence: Touch,
        storage: records(flash)?,
        rng: HealthyRng::new(Entropy::start(noise).ok()?),
        clock: Uptime,
        indicator: Show,
    })
}

/// The records, in static memory. Not inlined, so that the stack does not keep room for a copy of them.
#[inline(never)]
fn records(flash: Flash) -> Option<&'static mut Records<'static, Flash>> {
    let index = singleton!(: Index = Index::new())?;
    let records = Records::start(flash, index).ok()?;
    singleton!(: Records<'static, Flash> = records)
}

/// The serial number of this key, in hexadecimal. The key makes it at its first start. `None` if it cannot store one.
fn serial_number(storage: &mut impl Storage, rng: &mut impl TryRng) -> Option<&'static str> {
    let mut number = [0; SERIAL_SIZE];
    if storage.read(SERIAL_RECORD, &mut number).ok()? != Some(number.len()) {
        rng.try_fill_bytes(&mut number).ok()?;
        storage.write(SERIAL_RECORD, &number).ok()?;
    }
    let text = singleton!(: [u8; 2 * SERIAL_SIZE] = [0; 2 * SERIAL_SIZE])?;
    let digits = number.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    for (place, digit) in text.iter_mut().zip(digits) {
        *place = if digit < 10 { b'0' + digit } else { b'A' - 10 + digit };
    }
    core::str::from_utf8(text).ok()
}

/// The answer to every request if the key could not start.
fn refuse(kind: RequestKind, response: &mut [u8; MAX_MESSAGE]) -> usize {
    let [high, low] = StatusWord::Unknown.code().to_be_bytes();
    let [first, second, ..] = response;
    match kind {
        RequestKind::Cbor => {
            *first = ctap2::Status::Other.code();
            1
        }
        RequestKind::Msg | RequestKind::Oath => {
            [*first, *second] = [high, low];
            2
        }
    }
}

fn start_tick(tick: &mut SYST) {
    tick.set_clock_source(SystClkSource::Core);
    tick.set_reload(CORE_HZ / 1000 * TICK - 1);
    tick.clear_current();
    tick.enable_interrupt();
    tick.enable_counter();
}

#[exception]
fn SysTick() {
    user_interface::tick(board::now());
    usb::tick();
}
