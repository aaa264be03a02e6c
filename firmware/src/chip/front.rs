//! The front of the key: its button and its light, looked after at every tick.

use core::cell::RefCell;

use brasskey_firmware::button::Button;
use brasskey_firmware::light::Light;
use critical_section::Mutex;

use crate::board::Panel;

pub(crate) struct Front {
    panel: Option<Panel>,
    pub(crate) button: Button,
    pub(crate) light: Light,
}

static FRONT: Mutex<RefCell<Front>> = Mutex::new(RefCell::new(Front {
    panel: None,
    button: Button::new(),
    light: Light::new(),
}));

/// Borrows the front, with interrupts off.
pub(crate) fn with<T>(run: impl FnOnce(&mut Front) -> T) -> T {
    critical_section::with(|token| run(&mut FRONT.borrow_ref_mut(token)))
}

/// Looks after `panel` from now on.
pub(crate) fn start(panel: Panel) {
    with(|front| front.panel = Some(panel));
}

/// Samples the button and drives the light.
pub(crate) fn tick(now: u64) {
    with(|front| {
        if let Some(panel) = &mut front.panel {
            front.button.sample(panel.is_pressed(), now);
            panel.light(front.light.is_lit(front.button.is_awaited(now), now));
        }
    });
}
