//! What the authenticator shows, as hosts see it.

use std::sync::Arc;

use brasskey_protocol::platform::{Clock as _, Indication, Indicator};

use super::{Hid, Source};
use crate::soft::lock;

/// Puts what the authenticator shows into the keepalives of the request that runs. A key that never waits for anybody
/// has nothing to show.
pub struct SoftIndicator(pub(in crate::soft) Arc<Hid>);

impl Indicator for SoftIndicator {
    fn show(&mut self, indication: Indication) {
        let Self(hid) = self;
        if hid.waits {
            let mut state = lock(&hid.state);
            let now = hid.clock.now();
            match state.source {
                Source::Card(reader) => state.cards.show(reader, indication, now),
                Source::Hid => {
                    state.device.show(indication, now);
                    state.transmit(None);
                }
            }
            hid.wake_timer(&mut state);
        }
    }
}
