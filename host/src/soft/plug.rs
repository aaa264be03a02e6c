//! Plugs: devices that appear on the computer while the key is on, and disappear when it is unplugged.

use std::sync::{Arc, Weak};

use super::Error;

/// A device that hosts see while the key is on.
pub(super) trait Plug: Send + Sync {
    /// The key is on: hosts may find it.
    fn plug_in(&self) -> Result<(), Error>;

    /// The key is switched off: hosts lose it.
    fn unplug(&self);
}

/// The plugs of one key. A server that has ended leaves a dead one behind.
#[derive(Default)]
pub(super) struct Plugs(Vec<Weak<dyn Plug>>);

impl Plugs {
    pub(super) fn add(&mut self, plug: &Arc<impl Plug + 'static>) {
        let plug: Weak<dyn Plug> = Arc::downgrade(plug) as _;
        self.0.retain(|other| other.strong_count() > 0);
        self.0.push(plug);
    }

    pub(super) fn plug_in(&self) -> Result<(), Error> {
        self.living().try_for_each(|plug| plug.plug_in())
    }

    pub(super) fn unplug(&self) {
        self.living().for_each(|plug| plug.unplug());
    }

    fn living(&self) -> impl Iterator<Item = Arc<dyn Plug>> {
        self.0.iter().filter_map(Weak::upgrade)
    }
}
