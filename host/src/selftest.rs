//! The self-test: what a website and the AWS console do with a security key, tried on one key, nothing kept.

mod rounds;

use serde::Serialize;

use crate::client::ctap2::{GetAssertion, Options, Status};
use crate::client::webauthn::{
    AssertionResponse, CeremonyError, Origin, OriginError, PrfValues, Protocol, RequestOptions, UserEntity, create, get,
};
use crate::client::{self, ErrorKind, Key, Watch, u2f};
use crate::relying_party::profile::Settings;
use crate::relying_party::registrations::{Account, Accounts};
use crate::relying_party::{
    ExpectedAuthentication, ExpectedRegistration, Outcome, Report, verify_authentication, verify_registration,
};

pub use rounds::{Round, plan, touches};

/// One thing that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The round that it belongs to.
    pub round: &'static str,
    /// What was tried.
    pub name: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// Why, in plain words.
    pub detail: String,
    /// The checks, where an answer was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// Something to show while the self-test runs.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A round begins.
    Round(&'static str),
    /// A step ended.
    Step(&'a Step),
}

/// Runs the rounds. What fails is a failed step, and the next round goes on.
///
/// # Errors
/// Where the user gave up or the key is gone: nothing can be said of the key then.
pub fn run(
    key: &mut Key,
    plan: &[Round],
    watch: &mut dyn Watch,
    show: &mut dyn FnMut(Event<'_>),
) -> Result<Vec<Step>, CeremonyError> {
    let mut steps = Vec::new();
    for round in plan {
        show(Event::Round(round.name));
        let mut running = Running {
            key: &mut *key,
            round,
            watch: &mut *watch,
            report: &mut |step: Step| {
                show(Event::Step(&step));
                steps.push(step);
            },
        };
        match running.run() {
            Ok(()) | Err(Stop::Failed) => {}
            Err(Stop::Error(error)) => return Err(error),
        }
    }
    Ok(steps)
}

/// Why a round ends early.
enum Stop {
    /// A step failed on which the others build. It was reported.
    Failed,
    /// The self-test cannot go on.
    Error(CeremonyError),
}

struct Running<'a> {
    key: &'a mut Key,
    round: &'a Round,
    watch: &'a mut dyn Watch,
    report: &'a mut dyn FnMut(Step),
}

impl Running<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        let mut settings = self.round.profile.settings();
        settings.algorithms = vec![self.round.algorithm.cose()];
        if self.round.prf {
            settings.creation_extensions.prf = Some(None);
            settings.request_extensions.prf = Some(PrfValues {
                first: b"brasskey selftest".to_vec(),
                second: None,
            });
        }
        let origin = Origin::parse(&settings.origin).map_err(|error: OriginError| Stop::Error(error.into()))?;
        let mut accounts = Accounts::default();

        self.register(&settings, &origin, &mut accounts)?;
        self.register_again(&settings, &origin, &accounts)?;
        self.stranger(&accounts)?;
        let answer = self.sign_in(&settings, &origin, &mut accounts)?;
        self.replay(&settings, &origin, &accounts, &answer)
    }

    fn step(&mut self, name: &'static str, outcome: Outcome, detail: String, report: Option<Report>) {
        (self.report)(Step {
            round: self.round.name,
            name,
            outcome,
            detail,
            report,
        });
    }

    fn judge(&mut self, name: &'static str, passed: bool, detail: &str) {
        let outcome = if passed { Outcome::Passed } else { Outcome::Failed };
        self.step(name, outcome, detail.to_owned(), None);
    }

    /// A ceremony without an answer: the end of the round, or, where it says nothing of the key, of the self-test.
    fn failed(&mut self, name: &'static str, error: CeremonyError) -> Stop {
        match error {
            CeremonyError::Key(error)
                if matches!(
                    error.kind(),
                    ErrorKind::User | ErrorKind::Pin | ErrorKind::NoDevice | ErrorKind::Transport
                ) =>
            {
                Stop::Error(error.into())
            }
            error => {
                self.step(name, Outcome::Failed, error.to_string(), None);
                Stop::Failed
            }
        }
    }

    fn register(&mut self, settings: &Settings, origin: &Origin, accounts: &mut Accounts) -> Result<(), Stop> {
        const NAME: &str = "registers";
        let mut options = settings.creation_options(user(), None).map_err(no_randomness)?;
        if self.round.legacy {
            options.legacy_app_id.clone_from(&settings.app_id);
        }
        let answer = create(self.key, &options, origin, self.round.protocol, self.watch)
            .map_err(|error| self.failed(NAME, error))?;
        let info = self.key.info().filter(|_| self.round.protocol == Protocol::Ctap2);
        let expected = ExpectedRegistration::new(options, origin).aaguid(info.and_then(|info| info.aaguid));
        let (report, credential) = verify_registration(expected, &answer);
        self.verified(NAME, report)?;
        let credential = credential.ok_or(Stop::Failed)?;
        // A new list takes every credential.
        let added = accounts.add(&settings.rp.id, USER, &user().id, "key", credential, settings.limit);
        added.map(drop).map_err(|_| Stop::Failed)
    }

    fn verified(&mut self, name: &'static str, report: Report) -> Result<(), Stop> {
        let count = report
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Passed)
            .count();
        let (outcome, detail) = match report.passed() {
            true => (Outcome::Passed, format!("{count} checks passed")),
            false => (Outcome::Failed, format!("{} checks failed", report.failures().count())),
        };
        let passed = report.passed();
        self.step(name, outcome, detail, Some(report));
        if passed { Ok(()) } else { Err(Stop::Failed) }
    }

    /// The exclude list: a key is registered once for an account.
    fn register_again(&mut self, settings: &Settings, origin: &Origin, accounts: &Accounts) -> Result<(), Stop> {
        const NAME: &str = "refuses to register twice";
        let account = self.account(settings, accounts)?;
        let mut options = settings
            .creation_options(user(), Some(account))
            .map_err(no_randomness)?;
        if self.round.legacy {
            options.legacy_app_id.clone_from(&settings.app_id);
        }
        match create(self.key, &options, origin, self.round.protocol, self.watch) {
            Err(CeremonyError::Excluded) => self.judge(NAME, true, "it says that it is registered already"),
            Ok(_) => self.judge(
                NAME,
                false,
                "it made a second credential although the first was excluded",
            ),
            Err(error) => return Err(self.failed(NAME, error)),
        }
        Ok(())
    }

    /// Another relying party learns nothing, and at once.
    fn stranger(&mut self, accounts: &Accounts) -> Result<(), Stop> {
        const NAME: &str = "knows nothing for another website";
        const STRANGER: &str = "stranger.example";
        let listed = accounts.iter().flat_map(|account| &account.registrations);
        let ids: Vec<Vec<u8>> = listed.map(|registration| registration.credential.id.clone()).collect();
        let known = match self.round.protocol {
            Protocol::Ctap2 => self.answers(STRANGER, &ids),
            Protocol::U2f => self.holds(STRANGER, &ids),
        };
        match known {
            Ok(false) => self.judge(NAME, true, "the credential is bound to its own"),
            Ok(true) => self.judge(
                NAME,
                false,
                "it used the credential for a relying party that it was not made for",
            ),
            Err(error) => return Err(self.failed(NAME, error.into())),
        }
        Ok(())
    }

    fn answers(&mut self, rp_id: &str, ids: &[Vec<u8>]) -> Result<bool, client::Error> {
        let allow = ids
            .iter()
            .map(|id| client::ctap2::CredentialDescriptor { id: id.clone() })
            .collect();
        let request = GetAssertion {
            options: Options {
                up: Some(false),
                ..Options::default()
            },
            ..GetAssertion::new(rp_id.to_owned(), [0; 32], allow)
        };
        match self.key.send(&request, self.watch) {
            Ok(_) => Ok(true),
            Err(client::Error::Status {
                status: Status::NoCredentials,
                ..
            }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn holds(&mut self, app_id: &str, ids: &[Vec<u8>]) -> Result<bool, client::Error> {
        use sha2::{Digest as _, Sha256};
        let application = Sha256::digest(app_id).into();
        for id in ids {
            if u2f::holds(self.key.channel(), &application, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sign_in(
        &mut self,
        settings: &Settings,
        origin: &Origin,
        accounts: &mut Accounts,
    ) -> Result<AssertionResponse, Stop> {
        const NAME: &str = "signs in";
        let account = self.account(settings, accounts)?;
        let options = settings.request_options(account).map_err(no_randomness)?;
        let answer = get(self.key, &options, origin, self.round.protocol, self.watch)
            .map_err(|error| self.failed(NAME, error))?;
        let (report, authentication) = verify(options, origin, account, &answer);
        self.verified(NAME, report)?;
        if let Some(authentication) = &authentication {
            accounts
                .record(&answer.credential_id, authentication)
                .map_err(|_| Stop::Failed)?;
        }
        Ok(answer)
    }

    /// The same answer again, to the challenge of the next sign-in.
    fn replay(
        &mut self,
        settings: &Settings,
        origin: &Origin,
        accounts: &Accounts,
        answer: &AssertionResponse,
    ) -> Result<(), Stop> {
        let account = self.account(settings, accounts)?;
        let options = settings.request_options(account).map_err(no_randomness)?;
        let (report, _) = verify(options, origin, account, answer);
        let challenge = report.check("challenge").map(|check| check.outcome);
        let refused = !report.passed() && challenge == Some(Outcome::Failed);
        let detail = match refused {
            true => "an old answer does not fit a new challenge",
            false => "the relying party took an old answer for a new one",
        };
        self.judge("its answers cannot be replayed", refused, detail);
        Ok(())
    }

    fn account<'a>(&self, settings: &Settings, accounts: &'a Accounts) -> Result<&'a Account, Stop> {
        accounts.account(&settings.rp.id, USER).ok_or(Stop::Failed)
    }
}

fn verify(
    options: RequestOptions,
    origin: &Origin,
    account: &Account,
    answer: &AssertionResponse,
) -> (Report, Option<crate::relying_party::Authentication>) {
    let expected = ExpectedAuthentication::new(options, origin, account.user_handle.clone());
    // An answer by another credential is verified with the one there is: the check of the credential fails it.
    let registration = account
        .registration(&answer.credential_id)
        .or(account.registrations.first());
    match registration {
        Some(registration) => verify_authentication(expected, &registration.credential, answer),
        None => (
            Report {
                checks: Vec::new(),
                verdict: Outcome::Failed,
            },
            None,
        ),
    }
}

const USER: &str = "selftest";

fn user() -> UserEntity {
    UserEntity {
        id: b"brasskey selftest".to_vec(),
        name: USER.to_owned(),
        display_name: "Brasskey self-test".to_owned(),
    }
}

fn no_randomness(error: crate::relying_party::NoRandomness) -> Stop {
    Stop::Error(CeremonyError::Random(error))
}
