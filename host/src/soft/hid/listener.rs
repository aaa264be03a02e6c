//! Who hears every report between the key and its hosts.

use brasskey_protocol::ctaphid::Report;

/// Which way a report goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From a host to the key.
    ToKey,
    /// From the key to a host.
    FromKey,
}

/// Hears each report.
pub(in crate::soft) type Listener = Box<dyn FnMut(Direction, &Report) + Send>;
