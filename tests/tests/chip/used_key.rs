//! A key that has credentials, and power cuts after each operation of its flash.

use brasskey_conformance::host::Host;
use brasskey_conformance::host::ctap2::{make_credential, make_discoverable};
use brasskey_conformance::host::response::Made;
use brasskey_tests::chip::Workbench;
use serde_json::Value;

use super::attempt::{RP_ID, sign_in};

/// More operations than any command takes: a reset writes over a thousand pages.
const MANY: u32 = 4000;
/// Up to here the power is cut after each operation, unless a test says less; later the steps grow in proportion.
const DENSE: u32 = 12;

/// A relying party: the credentials that it got, with the last counter that it saw of each.
#[derive(Clone, Default)]
pub(super) struct RelyingParty(Vec<(Made, u32)>);

impl RelyingParty {
    /// A credential that was made just now.
    pub(super) fn saw(&mut self, made: Made) {
        let counter = made.auth_data.sign_count;
        self.0.push((made, counter));
    }

    /// Signs in everywhere, as long as there is power.
    pub(super) fn try_sign_in(&mut self, bench: &Workbench, host: &mut Host) -> Option<()> {
        for (credential, last) in &mut self.0 {
            let counter = sign_in(bench, host, credential)?;
            assert!(counter > *last, "counter {counter} after {last}");
            *last = counter;
        }
        Some(())
    }

    /// Signs in everywhere.
    #[track_caller]
    pub(super) fn sign_in(&mut self, bench: &Workbench, host: &mut Host) {
        self.try_sign_in(bench, host).expect("the power is on");
    }
}

/// A key without power, and what is known of it.
pub(super) struct UsedKey {
    flash: Value,
    relying_party: RelyingParty,
    /// Its credentials: the first one is discoverable.
    pub(super) credentials: [Made; 2],
}

/// What is done to a key that is on the bench.
pub(super) struct Cut<'a> {
    pub(super) bench: &'a Workbench,
    pub(super) host: Host,
    pub(super) relying_party: RelyingParty,
}

impl Cut<'_> {
    /// Signs in everywhere.
    #[track_caller]
    pub(super) fn sign_in(&mut self) {
        self.relying_party.sign_in(self.bench, &mut self.host);
    }
}

impl UsedKey {
    /// A key with two credentials, and what else was done to it.
    pub(super) fn new(prepare: fn(&mut Host)) -> Self {
        let bench = Workbench::new();
        let mut host = bench.host();
        let credentials = [
            host.make(&make_discoverable(RP_ID, b"ada")),
            host.make(&make_credential(RP_ID, b"grace")),
        ];
        let mut relying_party = RelyingParty::default();
        credentials.iter().for_each(|made| relying_party.saw(made.clone()));
        relying_party.sign_in(&bench, &mut host);
        prepare(&mut host);
        Self {
            flash: bench.flash(),
            relying_party,
            credentials,
        }
    }

    /// Runs `command` again and again, and cuts the power a bit later each time, until the command ends before the cut.
    /// After each cut `check` looks at the key, and is told whether the command had ended before. Returns the number of
    /// operations after which the command ends.
    pub(super) fn cut_everywhere(
        &self,
        command: impl Fn(&mut Cut<'_>) -> Option<()>,
        check: impl FnMut(&mut Cut<'_>, bool),
    ) -> u32 {
        self.cut_prepared(DENSE, |_| (), |cut, ()| command(cut), check)
    }

    /// The same with something that is done before, without a cut, and with other steps.
    pub(super) fn cut_prepared<T>(
        &self,
        dense: u32,
        prepare: impl Fn(&mut Host) -> T,
        command: impl Fn(&mut Cut<'_>, T) -> Option<()>,
        mut check: impl FnMut(&mut Cut<'_>, bool),
    ) -> u32 {
        let bench = Workbench::with_flash(&self.flash);
        let mut operations = 1;
        while operations < MANY {
            bench.restore();
            bench.power("on");
            let mut cut = Cut {
                bench: &bench,
                host: bench.host(),
                relying_party: self.relying_party.clone(),
            };
            let prepared = prepare(&mut cut.host);
            bench.cut_after(operations);
            let answered = command(&mut cut, prepared).is_some();
            let was_cut = !bench.has_power();
            bench.power("keep");
            bench.power("cycle");
            cut.host = bench.host();
            check(&mut cut, answered);
            if !was_cut {
                return operations - 1;
            }
            operations += operations.div_ceil(dense);
        }
        panic!("the command does not end")
    }
}
