//! Who owns which channel.
//!
//! A USB key has one host. This one may have many, and channel IDs are no secret, so each channel belongs to the host
//! that allocated it: answers go there, and nobody else can use, lock or cancel it, or listen to it.

use brasskey_protocol::ctaphid::{self, BROADCAST, Error, Report};
use lru::LruCache;

use super::peer::Peer;

/// Channels remembered; beyond that the one longest unused is forgotten, and its host must allocate again.
const CHANNELS_MAX: usize = 65_536;

/// The owner of each channel.
#[derive(Debug)]
pub(super) struct Routes(LruCache<u32, Peer>);

/// What becomes of a report that a host sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The key may see it.
    Pass,
    /// Its sender hears this instead.
    Refuse(Report),
    /// It is lost.
    Ignore,
}

impl Routes {
    /// No channel is allocated.
    pub(super) fn new() -> Self {
        Self(LruCache::unbounded())
    }

    /// Decides about `report`, sent by `from`.
    pub(super) fn judge(&mut self, from: &Peer, report: &Report) -> Verdict {
        let channel = ctaphid::channel(report);
        // CTAP 2.3 §11.2.4: bit 7 of the fifth byte marks an initialization packet.
        let initialization = report[4] & 0x80 != 0;
        match self.0.get(&channel) {
            _ if channel == BROADCAST => Verdict::Pass,
            Some(owner) if owner == from => Verdict::Pass,
            // A continuation packet that belongs to nothing is not answered (§11.2.5.4).
            None if !initialization => Verdict::Ignore,
            _ => Verdict::Refuse(ctaphid::error_report(channel, Error::InvalidChannel)),
        }
    }

    /// Says where `report` of the key goes, an answer to `from` where there is one, and remembers what it allocates.
    pub(super) fn destination<'a>(&'a mut self, from: Option<&'a Peer>, report: &Report) -> Option<&'a Peer> {
        let channel = ctaphid::channel(report);
        if channel != BROADCAST {
            return self.0.peek(&channel);
        }
        if let (Some(from), Some(allocated)) = (from, ctaphid::allocated_channel(report)) {
            if self.0.len() == CHANNELS_MAX {
                self.0.pop_lru();
            }
            self.0.put(allocated, from.clone());
        }
        from
    }

    /// Forgets every channel of a host that is gone, and returns them.
    pub(super) fn forget(&mut self, peer: &Peer) -> Vec<u32> {
        let channels: Vec<u32> = self
            .0
            .iter()
            .filter(|(_, owner)| *owner == peer)
            .map(|(channel, _)| *channel)
            .collect();
        for channel in &channels {
            self.0.pop(channel);
        }
        channels
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use brasskey_protocol::ctaphid::{Device, DeviceInfo, init_report};

    use super::*;

    fn allocate(device: &mut Device, routes: &mut Routes, from: &Peer) -> u32 {
        let _ = device.receive(&init_report(BROADCAST, &[0; 8]), 0);
        let reply = device.transmit().expect("an INIT reply");
        assert_eq!(routes.destination(Some(from), &reply), Some(from));
        ctaphid::allocated_channel(&reply).expect("a channel")
    }

    fn device() -> Device {
        Device::new(DeviceInfo {
            version: [0; 3],
            wink: true,
        })
    }

    fn packet(channel: u32, fifth: u8) -> Report {
        let mut report = [0; 64];
        report[..4].copy_from_slice(&channel.to_be_bytes());
        report[4] = fifth;
        report
    }

    #[test]
    fn a_channel_is_its_owners_alone() {
        let (mut device, mut routes) = (device(), Routes::new());
        let (owner, other) = (Peer::Queue(Arc::default()), Peer::Queue(Arc::default()));
        let channel = allocate(&mut device, &mut routes, &owner);
        let refused = Verdict::Refuse(ctaphid::error_report(channel, Error::InvalidChannel));
        for fifth in [0x81, 0x86, 0x91, 0x00] {
            assert_eq!(routes.judge(&owner, &packet(channel, fifth)), Verdict::Pass);
            assert_eq!(routes.judge(&other, &packet(channel, fifth)), refused);
        }
        assert_eq!(routes.destination(Some(&other), &packet(channel, 0x81)), Some(&owner));
        assert_eq!(routes.destination(None, &packet(channel, 0xBB)), Some(&owner));
        assert_eq!(routes.judge(&other, &packet(BROADCAST, 0x86)), Verdict::Pass);
        assert_eq!(routes.destination(Some(&other), &packet(BROADCAST, 0xBF)), Some(&other));
    }

    #[test]
    fn a_channel_without_an_owner_is_unknown() {
        let (mut device, mut routes) = (device(), Routes::new());
        let owner = Peer::Queue(Arc::default());
        let channel = allocate(&mut device, &mut routes, &owner);
        assert_eq!(routes.forget(&owner), [channel]);
        let refused = Verdict::Refuse(ctaphid::error_report(channel, Error::InvalidChannel));
        assert_eq!(routes.judge(&owner, &packet(channel, 0x81)), refused);
        assert_eq!(routes.judge(&owner, &packet(channel, 0x00)), Verdict::Ignore);
        assert_eq!(routes.destination(Some(&owner), &packet(channel, 0xBB)), None);
    }

    #[test]
    fn the_channel_longest_unused_is_forgotten() {
        let (mut device, mut routes) = (device(), Routes::new());
        let peer = Peer::Queue(Arc::default());
        let first = allocate(&mut device, &mut routes, &peer);
        let second = allocate(&mut device, &mut routes, &peer);
        for _ in 2..CHANNELS_MAX {
            allocate(&mut device, &mut routes, &peer);
        }
        assert_eq!(routes.judge(&peer, &packet(first, 0x81)), Verdict::Pass);
        allocate(&mut device, &mut routes, &peer);
        assert_eq!(routes.judge(&peer, &packet(first, 0x81)), Verdict::Pass);
        assert_ne!(routes.judge(&peer, &packet(second, 0x81)), Verdict::Pass);
    }
}
