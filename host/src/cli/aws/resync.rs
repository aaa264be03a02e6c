//! `brasskey aws resync`: two codes in a row, by which AWS learns how far off the clock of the codes is.

use clap::Args as ClapArgs;
use serde_json::json;

use super::caller::Caller;
use super::console::{self, Steps};
use super::session::{Cache, Voice, two, unused};
use super::tool::{Aws, AwsArgs, ChangeArgs, Consent, Step};
use super::which::WhichArgs;
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::oath::{Clock, OathArgs, Session, SystemClock};
use crate::cli::output::Output;
use crate::client::oath::Listed;
use crate::text::escape;
use brasskey_aws::names::AwsUser;

/// The arguments of `aws resync`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    changes: ChangeArgs,
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    oath: OathArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let aws = Aws::find(&args.aws)?;
    let which = args.which.find(&Caller::ask(&aws)?)?;
    let AwsUser::Iam(user) = &which.user else {
        return console::print(&root(), output);
    };
    if clock::is_synchronised() == Some(false) {
        output
            .notice("warning: this computer's clock is not synchronised: set it first, or this helps for a while only");
    }
    let cache = Cache::open(&which.serial)?;
    let work = Work {
        aws: &aws,
        user,
        serial: &which.serial,
        cache: &cache,
    };
    let step = Step::call(
        format!(
            "give AWS two codes in a row of {}, which takes up to half a minute",
            which.serial
        ),
        aws.shown("iam", "resync-mfa-device", &work.arguments("<code>", "<next code>")),
    );
    let Some(consent) = args.changes.consent(&[step], output)? else {
        return Ok(());
    };
    let mut session = args.oath.open(output)?;
    let account = which.account(&mut session)?;
    output.notice("two codes in a row are needed: this takes up to half a minute");
    work.run(&consent, &mut session, &account, &SystemClock, output)?;
    let value = json!({ "serialNumber": which.serial, "user": user, "name": account.name.to_string() });
    output.result(&value, |to| {
        writeln!(
            to,
            "AWS knows the clock of {} again, and takes its next code.",
            escape(&which.serial)
        )
    })
}

/// What is done, and to which device.
struct Work<'a> {
    aws: &'a Aws,
    user: &'a str,
    serial: &'a str,
    /// Knows which code was used last.
    cache: &'a Cache,
}

impl Work<'_> {
    fn arguments<'b>(&'b self, one: &'b str, two: &'b str) -> [(&'static str, &'b str); 4] {
        [
            ("user-name", self.user),
            ("serial-number", self.serial),
            ("authentication-code1", one),
            ("authentication-code2", two),
        ]
    }

    fn run(
        &self,
        consent: &Consent,
        session: &mut Session,
        account: &Listed,
        clock: &dyn Clock,
        output: &Output,
    ) -> Result<(), Failure> {
        let voice = Voice::new(false, output);
        let _lock = self.cache.lock(&voice)?;
        let period = u64::from(account.name.period);
        unused(session, period, self.cache, clock, &voice, output)?;
        let [one, two] = two(session, account, self.cache, clock, output)?.map(|code| code.to_string());
        self.aws
            .change(consent, "iam", "resync-mfa-device", &self.arguments(&one, &two))?;
        Ok(())
    }
}

/// Root's devices are resynchronised where one signs in.
fn root() -> Steps {
    Steps {
        title: "AWS resynchronises a device of the root user in its console alone:".to_owned(),
        steps: vec![
            "Set this computer's clock: the codes are made of it.".to_owned(),
            "Sign in at https://console.aws.amazon.com/ as the root user. If the code is refused there, choose \
             \"Troubleshoot MFA\", then \"Re-sync with our servers\"."
                .to_owned(),
            "Type the two codes of `brasskey oath code NAME --two`.".to_owned(),
        ],
        verify: Vec::new(),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::cell::Cell;

    use super::super::tool::testing::{FakeAws, consent};
    use super::*;
    use crate::client::oath::{Algorithm, Card, Kind, Name, Oath};
    use crate::client::{self, Watch};

    /// A card whose code is the time step that it is asked for.
    struct Telling;

    impl Card for Telling {
        fn transmit(&mut self, apdu: &[u8], _: &mut dyn Watch) -> Result<Vec<u8>, client::Error> {
            Ok(match apdu[1] {
                0xA2 => [&[0x76, 5, 6], &apdu[apdu.len() - 4..], &[0x90, 0x00]].concat(),
                _ => b"\x79\x03\x05\x04\x03\x71\x08IDENTITY\x90\x00".to_vec(),
            })
        }
    }

    /// Each look takes so many seconds.
    struct Passing {
        now: Cell<u64>,
        each: u64,
    }

    impl Clock for Passing {
        fn now(&self) -> u64 {
            self.now.replace(self.now.get() + self.each)
        }

        fn wait(&self, time: u64, _: &Session, _: &Output) -> Result<(), Failure> {
            self.now.set(time);
            Ok(())
        }
    }

    fn resync(fake: &FakeAws, each: u64) -> Result<(), Failure> {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().to_owned(), "GAHT12345678").unwrap();
        resync_with(fake, &cache, each)
    }

    fn resync_with(fake: &FakeAws, cache: &Cache, each: u64) -> Result<(), Failure> {
        let aws = fake.aws();
        let work = Work {
            aws: &aws,
            user: "alice",
            serial: "GAHT12345678",
            cache,
        };
        let account = Listed {
            id: b"a".to_vec(),
            name: Name::parse("a", Kind::Totp),
            kind: Kind::Totp,
            algorithm: Algorithm::Sha1,
        };
        let mut session = Session::of(Oath::select(Box::new(Telling)).unwrap(), "key");
        let clock = Passing {
            now: Cell::new(100 * 30 + 29),
            each,
        };
        work.run(&consent(), &mut session, &account, &clock, &Output::new(false))
    }

    #[test]
    fn two_codes_in_a_row_go_to_aws() {
        let fake = FakeAws::new();
        fake.answers("iam resync-mfa-device", "true");
        resync(&fake, 0).unwrap();
        let calls = fake.calls();
        assert!(
            calls[0].starts_with(
                "iam resync-mfa-device --user-name alice --serial-number GAHT12345678 --authentication-code1 000100 \
                 --authentication-code2 000101"
            ),
            "{calls:?}"
        );
        fake.refuses("iam resync-mfa-device", "InvalidAuthenticationCode", "ResyncMFADevice");
        let refused = resync(&fake, 0).unwrap_err();
        assert!(refused.hint().contains("clock"), "{}", refused.hint());
    }

    #[test]
    fn a_code_that_was_used_is_waited_out_and_those_that_are_used_are_noted() {
        let fake = FakeAws::new();
        fake.answers("iam resync-mfa-device", "true");
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path().to_owned(), "GAHT12345678").unwrap();
        cache.use_step(100).unwrap();
        resync_with(&fake, &cache, 0).unwrap();
        let calls = fake.calls();
        assert!(
            calls[0].contains("--authentication-code1 000101 --authentication-code2 000102"),
            "{calls:?}"
        );
        assert_eq!(cache.last_step().unwrap(), Some(102));
    }

    #[test]
    fn codes_that_come_too_late_do_not_go_to_aws() {
        let fake = FakeAws::new();
        assert_eq!(resync(&fake, 70).unwrap_err().exit_code(), 4);
        assert_eq!(fake.calls(), Vec::<String>::new());
    }
}
