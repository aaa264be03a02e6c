//! Who owns which channel.
//!
//! A USB key has one host. This one may have many, and channel IDs are no secret, so each channel belongs to the host
//! that allocated it: answers go there, and nobody else can use, lock or cancel it, or listen to it.

use std::collections::HashMap;

use brasskey_protocol::ctaphid::{self, BROADCAST, Device, Error, Report, command};
use lru::LruCache;

use super::peer::Peer;

/// Channels remembered of one host; beyond that its own longest unused one is forgotten, and must be allocated again.
/// A kernel that speaks for all programs of its computer is one host.
const CHANNELS_MAX: usize = 256;

/// Hosts remembered that do not say when they go; beyond that the one longest silent is forgotten. Those that are
/// connected make no room for them.
const CONNECTIONLESS_MAX: usize = 1_024;

/// The owner of each channel.
#[derive(Debug)]
pub(super) struct Routes {
    owners: HashMap<u32, Peer>,
    /// The channels of each host. In both the longest unused comes first.
    hosts: LruCache<Peer, LruCache<u32, ()>>,
    connectionless: usize,
}

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
        Self {
            owners: HashMap::new(),
            hosts: LruCache::unbounded(),
            connectionless: 0,
        }
    }

    /// Decides about `report`, sent by `from` to `device`.
    pub(super) fn judge(&mut self, from: &Peer, report: &Report, device: &Device) -> Verdict {
        let channel = ctaphid::channel(report);
        // CTAP 2.3 §11.2.4: bit 7 of the fifth byte marks an initialization packet.
        let initialization = report[4] & 0x80 != 0;
        if channel == BROADCAST || self.is_of(from, channel) {
            return Verdict::Pass;
        }
        match self.owners.get(&channel) {
            // A continuation packet that belongs to nothing is not answered (§11.2.5.4).
            None if !initialization => Verdict::Ignore,
            // CTAPHID_INIT allocates a channel that nobody had since power-up. One that lost its owner stays unknown:
            // what that host began, such as a walk through its assertions, shall not go on for another.
            None if report[4] == 0x80 | command::INIT && device.may_claim(channel) => Verdict::Pass,
            _ => Verdict::Refuse(ctaphid::error_report(channel, Error::InvalidChannel)),
        }
    }

    /// Says where `report` of the key goes, and remembers what it allocates. `asked` is whose report the key answers
    /// just now, and the channel that it came on.
    pub(super) fn destination(&mut self, asked: Option<(&Peer, u32)>, report: &Report) -> Option<Peer> {
        let channel = ctaphid::channel(report);
        if let Some(owner) = self.owners.get(&channel) {
            return Some(owner.clone());
        }
        let (from, _) = asked.filter(|(_, on)| *on == channel)?;
        if let Some(allocated) = ctaphid::allocated_channel(report) {
            // After 2³² allocations the numbers come round. The host asks again, and gets the next one.
            if self.owners.contains_key(&allocated) {
                return None;
            }
            self.allocate(allocated, from);
        }
        Some(from.clone())
    }

    /// Forgets every channel of a host that is gone, and returns them.
    pub(super) fn forget(&mut self, peer: &Peer) -> Vec<u32> {
        let Some(channels) = self.hosts.pop(peer) else {
            return Vec::new();
        };
        self.connectionless -= usize::from(!peer.is_connected());
        let channels: Vec<u32> = channels.iter().map(|(channel, ())| *channel).collect();
        for channel in &channels {
            self.owners.remove(channel);
        }
        channels
    }

    /// Whether the host owns the channel, which it then uses.
    fn is_of(&mut self, host: &Peer, channel: u32) -> bool {
        let channels = self.hosts.get_mut(host);
        channels.is_some_and(|channels| channels.get(&channel).is_some())
    }

    /// Gives the channel to the host. What has to go for it is the host's own: no host takes from another, but for those
    /// without a connection, which anybody can feign any number of.
    fn allocate(&mut self, channel: u32, host: &Peer) {
        if !self.hosts.contains(host) && !host.is_connected() {
            if self.connectionless == CONNECTIONLESS_MAX
                && let Some((silent, _)) = self.hosts.iter().rev().find(|(host, _)| !host.is_connected())
            {
                let silent = silent.clone();
                self.forget(&silent);
            }
            self.connectionless += 1;
        }
        let channels = self.hosts.get_or_insert_mut(host.clone(), LruCache::unbounded);
        channels.put(channel, ());
        self.owners.insert(channel, host.clone());
        if channels.len() > CHANNELS_MAX
            && let Some((unused, ())) = channels.pop_lru()
        {
            self.owners.remove(&unused);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};
    use std::sync::Arc;

    use brasskey_protocol::ctaphid::{DeviceInfo, init_report};

    use super::*;

    /// A key and its routes.
    struct Key {
        device: Device,
        routes: Routes,
    }

    impl Key {
        fn new() -> Self {
            let info = DeviceInfo {
                version: [0; 3],
                wink: true,
            };
            Self {
                device: Device::new(info),
                routes: Routes::new(),
            }
        }

        fn judge(&mut self, from: &Peer, report: &Report) -> Verdict {
            self.routes.judge(from, report, &self.device)
        }

        /// What `from` hears of its report.
        fn exchange(&mut self, from: &Peer, report: &Report) -> Option<Report> {
            match self.judge(from, report) {
                Verdict::Pass => {}
                Verdict::Refuse(refusal) => return Some(refusal),
                Verdict::Ignore => return None,
            }
            let _ = self.device.receive(report, 0);
            let reply = self.device.transmit()?;
            let asked = Some((from, ctaphid::channel(report)));
            assert_eq!(self.routes.destination(asked, &reply).as_ref(), Some(from));
            Some(reply)
        }

        fn allocate(&mut self, from: &Peer) -> u32 {
            let reply = self.exchange(from, &init_report(BROADCAST, &[0; 8]));
            ctaphid::allocated_channel(&reply.expect("an INIT reply")).expect("a channel")
        }

        fn is_known(&mut self, from: &Peer, channel: u32) -> bool {
            self.judge(from, &packet(channel, 0x81)) == Verdict::Pass
        }
    }

    fn host() -> Peer {
        Peer::Queue(Arc::default())
    }

    /// Hosts on one UDP socket.
    fn datagrams(count: usize) -> impl Iterator<Item = Peer> {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        (1..=u16::MAX)
            .map(move |port| Peer::Udp(Arc::clone(&socket), address(port)))
            .take(count)
    }

    fn packet(channel: u32, fifth: u8) -> Report {
        let mut report = [0; 64];
        report[..4].copy_from_slice(&channel.to_be_bytes());
        report[4] = fifth;
        report
    }

    fn invalid(channel: u32) -> Report {
        ctaphid::error_report(channel, Error::InvalidChannel)
    }

    #[test]
    fn a_channel_is_its_owners_alone() {
        let mut key = Key::new();
        let (owner, other) = (host(), host());
        let channel = key.allocate(&owner);
        for fifth in [0x81, 0x86, 0x91, 0x00] {
            assert_eq!(key.judge(&owner, &packet(channel, fifth)), Verdict::Pass);
            assert_eq!(
                key.judge(&other, &packet(channel, fifth)),
                Verdict::Refuse(invalid(channel))
            );
        }
        let from_other = Some((&other, channel));
        let routes = &mut key.routes;
        assert_eq!(
            routes.destination(from_other, &packet(channel, 0x81)),
            Some(owner.clone())
        );
        assert_eq!(routes.destination(None, &packet(channel, 0xBB)), Some(owner));
        assert_eq!(
            routes.destination(Some((&other, BROADCAST)), &packet(BROADCAST, 0xBF)),
            Some(other.clone())
        );
        assert_eq!(key.judge(&other, &packet(BROADCAST, 0x86)), Verdict::Pass);
    }

    #[test]
    fn a_channel_without_an_owner_is_unknown() {
        let mut key = Key::new();
        let (owner, other) = (host(), host());
        let channel = key.allocate(&owner);
        assert_eq!(key.routes.forget(&owner), [channel]);
        for host in [&owner, &other] {
            for fifth in [0x81, 0x86] {
                assert_eq!(
                    key.judge(host, &packet(channel, fifth)),
                    Verdict::Refuse(invalid(channel))
                );
            }
            assert_eq!(key.judge(host, &packet(channel, 0x00)), Verdict::Ignore);
            let asked = Some((host, BROADCAST));
            assert_eq!(key.routes.destination(asked, &packet(channel, 0xBB)), None);
            assert_eq!(key.routes.destination(asked, &packet(channel, 0xBF)), None);
        }
    }

    #[test]
    fn init_on_a_channel_never_allocated_gives_it_to_its_sender() {
        let mut key = Key::new();
        let (owner, other) = (host(), host());
        let channel = 0x0102_0304;
        for fifth in [0x81, 0x84, 0x90, 0x91] {
            assert_eq!(
                key.judge(&owner, &packet(channel, fifth)),
                Verdict::Refuse(invalid(channel))
            );
        }
        let reply = key
            .exchange(&owner, &init_report(channel, &[7; 8]))
            .expect("an INIT reply");
        assert_eq!(ctaphid::allocated_channel(&reply), Some(channel));
        assert!(key.is_known(&owner, channel));
        for fifth in [0x81, 0x86, 0x91] {
            assert_eq!(
                key.judge(&other, &packet(channel, fifth)),
                Verdict::Refuse(invalid(channel))
            );
        }
    }

    #[test]
    fn who_brings_a_channel_that_cannot_be_had_is_told_so() {
        let mut key = Key::new();
        let (owner, other) = (host(), host());
        let channel = key.allocate(&owner);
        for channel in [0, channel] {
            let reply = key.exchange(&other, &init_report(channel, &[7; 8]));
            assert_eq!(reply, Some(invalid(channel)));
        }
        let mut short = init_report(9, &[7; 8]);
        short[6] = 7;
        let refused = ctaphid::error_report(9, Error::InvalidLen);
        assert_eq!(key.exchange(&other, &short), Some(refused));
        assert!(!key.is_known(&other, 9));
    }

    #[test]
    fn a_channel_that_a_host_brought_is_not_handed_to_another() {
        let mut key = Key::new();
        let (owner, other) = (host(), host());
        key.exchange(&owner, &init_report(2, &[7; 8])).expect("an INIT reply");
        let channels = [(); 3].map(|()| key.allocate(&other));
        assert_eq!(channels, [1, 3, 4]);
        assert!(key.is_known(&owner, 2));
    }

    #[test]
    fn a_number_that_comes_round_again_is_not_taken_from_its_owner() {
        let mut key = Key::new();
        let (owner, other) = (host(), host());
        let channel = key.allocate(&owner);
        let mut after_the_wrap = Key::new();
        after_the_wrap.routes = key.routes;
        let init = init_report(BROADCAST, &[0; 8]);
        let _ = after_the_wrap.device.receive(&init, 0);
        let reply = after_the_wrap.device.transmit().expect("an INIT reply");
        assert_eq!(ctaphid::allocated_channel(&reply), Some(channel));
        assert_eq!(
            after_the_wrap.routes.destination(Some((&other, BROADCAST)), &reply),
            None
        );
        assert!(after_the_wrap.is_known(&owner, channel));
        assert_ne!(after_the_wrap.allocate(&other), channel);
    }

    #[test]
    fn who_allocates_without_end_loses_channels_of_its_own_alone() {
        let mut key = Key::new();
        let (quiet, greedy) = (host(), host());
        let kept = key.allocate(&quiet);
        let (first, second) = (key.allocate(&greedy), key.allocate(&greedy));
        for _ in 2..CHANNELS_MAX {
            key.allocate(&greedy);
        }
        assert!(key.is_known(&greedy, first));
        for _ in 0..70_000 {
            key.allocate(&greedy);
            // What is used is not what goes.
            assert!(key.is_known(&greedy, first));
        }
        assert!(!key.is_known(&greedy, second));
        assert!(key.is_known(&quiet, kept));
        assert_eq!(key.routes.owners.len(), 1 + CHANNELS_MAX);
    }

    #[test]
    fn hosts_without_a_connection_push_out_each_other_alone() {
        let mut key = Key::new();
        let connected = host();
        let kept = key.allocate(&connected);
        let hosts: Vec<Peer> = datagrams(CONNECTIONLESS_MAX + 1).collect();
        let channels: Vec<u32> = hosts
            .iter()
            .take(CONNECTIONLESS_MAX)
            .map(|host| key.allocate(host))
            .collect();
        assert!(key.is_known(&hosts[0], channels[0]));
        key.allocate(&hosts[CONNECTIONLESS_MAX]);
        assert!(key.is_known(&hosts[0], channels[0]));
        assert!(!key.is_known(&hosts[1], channels[1]));
        assert!(key.is_known(&connected, kept));
        assert_eq!(key.routes.hosts.len(), 1 + CONNECTIONLESS_MAX);
        assert_eq!(key.routes.owners.len(), 1 + CONNECTIONLESS_MAX);
    }
}
