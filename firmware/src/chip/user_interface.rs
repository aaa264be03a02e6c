//! The key's button and light. Each tick samples the one and drives the other.

use core::cell::RefCell;

use brasskey_firmware::button::Button;
use brasskey_firmware::light::Light;
use critical_section::Mutex;

use crate::board::Panel;

pub(crate) struct UserInterface {
    panel: Option<Panel>,
    pub(crate) button: Button,
    pub(crate) light: Light,
}

static USER_INTERFACE: Mutex<RefCell<UserInterface>> = Mutex::new(RefCell::new(UserInterface {
    panel: None,
    button: Button::new(),
    light: Light::new(),
}));

/// Borrows the user interface, with interrupts off.
pub(crate) fn with<T>(run: impl FnOnce(&mut UserInterface) -> T) -> T {
    critical_section::with(|token| run(&mut USER_INTERFACE.borrow_ref_mut(token)))
}

/// Uses `panel` from now on.
pub(crate) fn start(panel: Panel) {
    with(|interface| interface.panel = Some(panel));
}

/// Samples the button and drives the light.
pub(crate) fn tick(now: u64) {
    with(|interface| {
        if let Some(panel) = &mut interface.panel {
            interface.button.sample(panel.is_pressed(), now);
            panel.light(interface.light.is_lit(interface.button.is_awaited(now), now));
        }
    });
}
