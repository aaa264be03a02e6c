//! What a channel talks through, and how it is allocated there: CTAPHID_INIT (CTAP 2.3 §11.2.9.1.3).

use std::time::Duration;

use brasskey_protocol::ctaphid::{BROADCAST, Host, InitResponse, Progress, command, init_report};

use super::{CtaphidError, Error, Fault, Faults, Malformed, Time, Timeouts, Transport, fault};

/// How often CTAPHID_INIT is sent before the key counts as silent.
pub(super) const INIT_ATTEMPTS: usize = 3;
/// The first pause where another program uses the key; each further one is twice as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(25);

pub(super) struct Link {
    pub(super) transport: Box<dyn Transport>,
    pub(super) time: Box<dyn Time>,
    pub(super) timeouts: Timeouts,
}

impl Link {
    /// A new channel, which `host` follows then, and what is wrong with the key's answer.
    pub(super) fn allocate(&mut self, host: &mut Host) -> Result<(InitResponse, Faults), Error> {
        host.follow(BROADCAST);
        let init = self.initialize(host, BROADCAST)?;
        host.follow(init.channel);
        let mut faults = Faults::default();
        for oddity in fault::of_init(&init) {
            faults.note(Fault::new("CTAPHID_INIT", "CTAP 2.3 §11.2.9.1.3", &oddity));
        }
        Ok((init, faults))
    }

    /// CTAPHID_INIT: allocates a channel on [`BROADCAST`], or brings both ends of `channel` back in step.
    pub(super) fn initialize(&mut self, host: &mut Host, channel: u32) -> Result<InitResponse, Error> {
        let patience = self.time.now() + self.timeouts.busy;
        let mut pause = FIRST_PAUSE;
        let mut attempts = 0;
        while attempts < INIT_ATTEMPTS {
            match self.initialize_once(host, channel) {
                Ok(Some(response)) => return Ok(response),
                Ok(None) => attempts += 1,
                Err(Error::Ctaphid(CtaphidError::BUSY)) if self.time.now() + pause <= patience => {
                    self.time.sleep(pause);
                    pause *= 2;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::NoAnswer)
    }

    fn initialize_once(&mut self, host: &mut Host, channel: u32) -> Result<Option<InitResponse>, Error> {
        let malformed = |why| {
            Err(Error::Malformed {
                command: "CTAPHID_INIT",
                why,
            })
        };
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce)?;
        host.expect(command::INIT);
        self.transport.send(&init_report(channel, &nonce))?;
        let deadline = self.time.now() + self.timeouts.init;
        loop {
            let left = deadline.saturating_sub(self.time.now());
            if left.is_zero() {
                return Ok(None);
            }
            let Some(report) = self.transport.receive(left)? else {
                continue;
            };
            match host.receive(&report) {
                Progress::Nothing | Progress::Keepalive(_) => {}
                Progress::Complete(payload) => match InitResponse::parse(payload) {
                    None => return malformed(Malformed::Truncated),
                    // The answer to another program: all of them share the broadcast channel.
                    Some(response) if response.nonce != nonce => host.expect(command::INIT),
                    Some(response) if channel == BROADCAST && !matches!(response.channel, 0 | BROADCAST) => {
                        return Ok(Some(response));
                    }
                    Some(response) if channel != BROADCAST && response.channel == channel => return Ok(Some(response)),
                    Some(_) => return malformed(Malformed::Value("the channel ID")),
                },
                Progress::Error(code) => return Err(Error::Ctaphid(code.into())),
                // The late answer to an earlier request.
                Progress::Broken => host.expect(command::INIT),
            }
        }
    }
}
