//! Who owns which channel.
//!
//! A USB key has one host. This one may have many, and channel IDs are no secret, so each channel belongs to the host
//! that allocated it: answers go there, and nobody else can use, lock or cancel it, or listen to it.

use std::collections::HashMap;
use std::sync::Arc;

use brasskey_protocol::ctaphid::{self, BROADCAST, Device, Error, Report, command};

use super::host::{Host, HostId};

/// Channels remembered of one host. After that the one that it has not used for longest is forgotten, and must be
/// allocated again. A kernel that speaks for all programs of its computer is one host.
const CHANNELS_MAX: usize = 256;

/// Hosts remembered that do not say when they go. After that the one that has been silent for longest is forgotten.
/// Hosts with a connection make no room for them.
const CONNECTIONLESS_MAX: usize = 1_024;

/// The owner of each channel.
#[derive(Debug)]
pub(super) struct Routes {
    owners: HashMap<u32, HostId>,
    hosts: HashMap<HostId, Owner>,
    connectionless: usize,
    /// Counts uses of channels, to tell which was the last.
    uses: u64,
}

/// A host that has channels.
#[derive(Debug)]
struct Owner {
    host: Arc<dyn Host>,
    /// Its channels, each with its last use.
    channels: HashMap<u32, u64>,
    last_use: u64,
}

/// What becomes of a report that a host sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The key may see it.
    Pass,
    /// Its sender gets this instead.
    Refuse(Report),
    /// It is lost.
    Ignore,
}

impl Routes {
    /// No channel is allocated.
    pub(super) fn new() -> Self {
        Self {
            owners: HashMap::new(),
            hosts: HashMap::new(),
            connectionless: 0,
            uses: 0,
        }
    }

    /// Decides about `report`, sent by `from` to `device`.
    pub(super) fn judge(&mut self, from: HostId, report: &Report, device: &Device) -> Verdict {
        let channel = ctaphid::channel(report);
        // CTAP 2.3 §11.2.4: bit 7 of the fifth byte marks an initialization packet.
        let initialization = report[4] & 0x80 != 0;
        if channel == BROADCAST || self.uses(from, channel) {
            return Verdict::Pass;
        }
        match self.owners.get(&channel) {
            // A continuation packet that belongs to nothing is not answered (§11.2.5.4).
            None if !initialization => Verdict::Ignore,
            // CTAPHID_INIT allocates a channel that nobody had since power-up. A channel that lost its owner stays
            // unknown: what that host began, such as a walk through its assertions, must not go on for another.
            None if report[4] == 0x80 | command::INIT && device.may_claim(channel) => Verdict::Pass,
            _ => Verdict::Refuse(ctaphid::error_report(channel, Error::InvalidChannel)),
        }
    }

    /// Says where `report` of the key goes, and remembers the channel that it allocates. `asked` is the host whose
    /// report the key answers now, and the channel of that report.
    pub(super) fn destination(
        &mut self,
        asked: Option<(&Arc<dyn Host>, u32)>,
        report: &Report,
    ) -> Option<Arc<dyn Host>> {
        let channel = ctaphid::channel(report);
        if let Some(owner) = self.owners.get(&channel).and_then(|owner| self.hosts.get(owner)) {
            return Some(Arc::clone(&owner.host));
        }
        let (from, _) = asked.filter(|(_, on)| *on == channel)?;
        if let Some(allocated) = ctaphid::allocated_channel(report) {
            // After 2³² allocations the numbers start again. The host asks again, and gets the next one.
            if self.owners.contains_key(&allocated) {
                return None;
            }
            self.allocate(allocated, from);
        }
        Some(Arc::clone(from))
    }

    /// Forgets every channel of a host that is gone, and returns them.
    pub(super) fn forget(&mut self, host: HostId) -> Vec<u32> {
        let Some(owner) = self.hosts.remove(&host) else {
            return Vec::new();
        };
        self.connectionless -= usize::from(!host.is_connected());
        let channels: Vec<u32> = owner.channels.into_keys().collect();
        for channel in &channels {
            self.owners.remove(channel);
        }
        channels
    }

    /// Notes that the host uses the channel, and says whether it is the host's.
    fn uses(&mut self, host: HostId, channel: u32) -> bool {
        let Some(owner) = self.hosts.get_mut(&host) else {
            return false;
        };
        self.uses += 1;
        owner.last_use = self.uses;
        let last_use = owner.channels.get_mut(&channel);
        last_use.map(|last_use| *last_use = self.uses).is_some()
    }

    /// Gives the channel to the host. What has to go for it is the host's own. Only hosts without a connection push out
    /// each other: anybody can pretend to be any number of them.
    fn allocate(&mut self, channel: u32, host: &Arc<dyn Host>) {
        let id = host.id();
        if !self.hosts.contains_key(&id) && !id.is_connected() {
            let connectionless = self.hosts.iter().filter(|(id, _)| !id.is_connected());
            if self.connectionless == CONNECTIONLESS_MAX
                && let Some((silent, _)) = connectionless.min_by_key(|(_, owner)| owner.last_use)
            {
                self.forget(*silent);
            }
            self.connectionless += 1;
        }
        self.uses += 1;
        let owner = self.hosts.entry(id).or_insert_with(|| Owner {
            host: Arc::clone(host),
            channels: HashMap::new(),
            last_use: 0,
        });
        owner.last_use = self.uses;
        owner.channels.insert(channel, self.uses);
        self.owners.insert(channel, id);
        if owner.channels.len() > CHANNELS_MAX
            && let Some((&unused, _)) = owner.channels.iter().min_by_key(|(_, last_use)| **last_use)
        {
            owner.channels.remove(&unused);
            self.owners.remove(&unused);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use brasskey_protocol::ctaphid::{DeviceInfo, init_report};

    use super::*;
    use crate::soft::host::Queue;

    /// One of several hosts on a socket.
    #[derive(Debug)]
    struct Datagrams(HostId);

    impl Host for Datagrams {
        fn id(&self) -> HostId {
            self.0
        }

        fn send(&self, _: &Report) {}
    }

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

        fn judge(&mut self, from: &Arc<dyn Host>, report: &Report) -> Verdict {
            self.routes.judge(from.id(), report, &self.device)
        }

        /// What `from` hears of its report.
        fn exchange(&mut self, from: &Arc<dyn Host>, report: &Report) -> Option<Report> {
            match self.judge(from, report) {
                Verdict::Pass => {}
                Verdict::Refuse(refusal) => return Some(refusal),
                Verdict::Ignore => return None,
            }
            let _ = self.device.receive(report, 0);
            let reply = self.device.transmit()?;
            let asked = Some((from, ctaphid::channel(report)));
            assert_eq!(self.destination(asked, &reply), Some(from.id()));
            Some(reply)
        }

        fn destination(&mut self, asked: Option<(&Arc<dyn Host>, u32)>, report: &Report) -> Option<HostId> {
            self.routes.destination(asked, report).map(|host| host.id())
        }

        fn allocate(&mut self, from: &Arc<dyn Host>) -> u32 {
            let reply = self.exchange(from, &init_report(BROADCAST, &[0; 8]));
            ctaphid::allocated_channel(&reply.expect("an INIT reply")).expect("a channel")
        }

        fn is_known(&mut self, from: &Arc<dyn Host>, channel: u32) -> bool {
            self.judge(from, &packet(channel, 0x81)) == Verdict::Pass
        }
    }

    fn host() -> Arc<dyn Host> {
        Queue::new()
    }

    /// Hosts on one UDP socket.
    fn datagrams(count: u16) -> Vec<Arc<dyn Host>> {
        let socket = HostId::unique();
        let host = |port| Arc::new(Datagrams(socket.at(SocketAddr::from(([127, 0, 0, 1], port))))) as _;
        (1..=count).map(host).collect()
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
        assert_eq!(key.destination(from_other, &packet(channel, 0x81)), Some(owner.id()));
        assert_eq!(key.destination(None, &packet(channel, 0xBB)), Some(owner.id()));
        let broadcast = Some((&other, BROADCAST));
        assert_eq!(key.destination(broadcast, &packet(BROADCAST, 0xBF)), Some(other.id()));
        assert_eq!(key.judge(&other, &packet(BROADCAST, 0x86)), Verdict::Pass);
    }

    #[test]
    fn a_channel_without_an_owner_is_unknown() {
        let mut key = Key::new();
        let (owner, other) = (host(), host());
        let channel = key.allocate(&owner);
        assert_eq!(key.routes.forget(owner.id()), [channel]);
        for host in [&owner, &other] {
            for fifth in [0x81, 0x86] {
                assert_eq!(
                    key.judge(host, &packet(channel, fifth)),
                    Verdict::Refuse(invalid(channel))
                );
            }
            assert_eq!(key.judge(host, &packet(channel, 0x00)), Verdict::Ignore);
            let asked = Some((host, BROADCAST));
            assert_eq!(key.destination(asked, &packet(channel, 0xBB)), None);
            assert_eq!(key.destination(asked, &packet(channel, 0xBF)), None);
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
        assert_eq!(after_the_wrap.destination(Some((&other, BROADCAST)), &reply), None);
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
        let hosts = datagrams(1 + u16::try_from(CONNECTIONLESS_MAX).expect("a number"));
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
