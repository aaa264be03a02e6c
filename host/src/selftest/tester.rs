//! One run of the self-test: registrations and sign-ins, and the report of each.

use brasskey_protocol::ctaphid::KeepaliveStatus;

use super::Plan;
use super::errors::{is_helpless, says_nothing};
use super::site::{Person, Site, ids};
use super::step::{Event, Group, Leftover, Needs, Step};
use crate::client::ceremony::{CeremonyError, Protocol, create, get};
use crate::client::ctap2::{GetAssertion, Options, Status};
use crate::client::{Error, Key, PasskeyAccount, Pin, PinRequest, PinUvAuth, UserInteraction, Watch, u2f};
use crate::relying_party::{
    Authentication, ExpectedAuthentication, ExpectedRegistration, Outcome, Report, verify_authentication,
    verify_registration,
};
use crate::webauthn::{
    AssertionResponse, CreationOptions, CredentialDescriptor, NoRandomness, OriginError, RequestOptions, Requirement,
};

/// Why a group ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// A step failed that the others depend on. It was reported.
    Failed,
    /// The self-test cannot go on.
    Error(CeremonyError),
}

impl From<NoRandomness> for Stop {
    fn from(error: NoRandomness) -> Self {
        Self::Error(error.into())
    }
}

impl From<OriginError> for Stop {
    fn from(error: OriginError) -> Self {
        Self::Error(error.into())
    }
}

pub(super) struct Tester<'a> {
    pub(super) key: &'a mut Key,
    pub(super) plan: &'a Plan,
    pub(super) user: &'a mut dyn UserInteraction,
    show: &'a mut dyn FnMut(Event<'_>),
    group: Group,
    /// The round that steps belong to.
    pub(super) round: &'static str,
    pub(super) steps: Vec<Step>,
    /// The website where the first group registered, and the last answer that it got.
    pub(super) first: Option<(Site, AssertionResponse)>,
    /// The passkeys that were made and are, as far as is known, still there.
    pub(super) made: Vec<Leftover>,
    pub(super) left: Vec<Leftover>,
    /// How often in a row the key did not answer at all.
    silent: u8,
    /// How often in a row it failed without a reason.
    helpless: u8,
    /// Whether it answered a ceremony at all.
    works: bool,
}

impl<'a> Tester<'a> {
    pub(super) fn new(
        key: &'a mut Key,
        plan: &'a Plan,
        user: &'a mut dyn UserInteraction,
        show: &'a mut dyn FnMut(Event<'_>),
    ) -> Self {
        Self {
            key,
            plan,
            user,
            show,
            group: Group::SignIn,
            round: "",
            steps: Vec::new(),
            first: None,
            made: Vec::new(),
            left: Vec::new(),
            silent: 0,
            helpless: 0,
            works: false,
        }
    }

    pub(super) fn begin(&mut self, group: Group) {
        self.group = group;
        self.round = "";
        (self.show)(Event::Begin(group));
    }

    pub(super) fn end(&mut self) {
        (self.show)(Event::End(self.group));
    }

    fn step(
        &mut self,
        name: &'static str,
        outcome: Outcome,
        detail: String,
        needs: Option<Needs>,
        report: Option<Report>,
    ) {
        let step = Step {
            group: self.group,
            round: self.round,
            name,
            outcome,
            detail,
            needs,
            report,
        };
        (self.show)(Event::Step(&step));
        self.steps.push(step);
    }

    pub(super) fn passed(&mut self, name: &'static str, detail: impl Into<String>) {
        self.step(name, Outcome::Passed, detail.into(), None, None);
    }

    pub(super) fn warned(&mut self, name: &'static str, detail: impl Into<String>) {
        self.step(name, Outcome::Warned, detail.into(), None, None);
    }

    pub(super) fn failed(&mut self, name: &'static str, detail: impl Into<String>) {
        self.step(name, Outcome::Failed, detail.into(), None, None);
    }

    pub(super) fn skipped(&mut self, name: &'static str, detail: impl Into<String>, needs: Needs) {
        self.step(name, Outcome::Skipped, detail.into(), Some(needs), None);
    }

    /// A step takes U2F, which the key does not speak.
    pub(super) fn without_u2f(&mut self, name: &'static str) {
        match self.key.always_uv_bars_u2f() {
            true => self.skipped(name, "alwaysUv is on, which switches U2F off", Needs::AlwaysUvOff),
            false => self.skipped(name, "this key does not speak U2F", Needs::OtherKey),
        }
    }

    pub(super) fn judge(&mut self, name: &'static str, passed: bool, good: &str, bad: &str) {
        match passed {
            true => self.passed(name, good),
            false => self.failed(name, bad),
        }
    }

    /// A ceremony has no answer. That is a failed step, unless the error says nothing about the key: then the self-test
    /// ends.
    pub(super) fn without_answer(&mut self, name: &'static str, error: impl Into<CeremonyError>) -> Stop {
        let error = error.into();
        let no_answer = matches!(error, CeremonyError::Key(Error::NoAnswer));
        self.silent = if no_answer { self.silent + 1 } else { 0 };
        self.helpless = if is_helpless(&error) { self.helpless + 1 } else { 0 };
        // A key may fail at one command, or at all that has to do with one algorithm. One that fails at each without a
        // reason has lost what it runs on: a soft token's file that was deleted, for example.
        let is_helpless = self.helpless > if self.works { 2 } else { 1 };
        // A key may fail to answer one command. One that does so twice in a row is gone.
        if says_nothing(&error) || self.silent > 1 || is_helpless || self.user.is_cancelled() {
            return Stop::Error(error);
        }
        self.failed(name, error.to_string());
        Stop::Failed
    }

    /// Registers the key for an account, and verifies the answer.
    pub(super) fn register(&mut self, name: &'static str, site: &mut Site, person: Person) -> Result<(), Stop> {
        let options = options(site, person, false)?;
        let answer = again(|| create(self.key, &options, &site.origin, site.protocol, self.user))
            .map_err(|error| self.without_answer(name, error))?;
        if site.settings.resident_key == Requirement::Required {
            let (user, id) = (person.name, answer.credential_id.clone());
            self.made.push(Leftover { user, id });
        }
        let info = self.key.info().filter(|_| site.protocol == Protocol::Ctap2);
        let expected = ExpectedRegistration::new(options, &site.origin).aaguid(info.and_then(|info| info.aaguid));
        let (report, credential) = verify_registration(expected, &answer);
        self.verified(name, report)?;
        let credential = credential.ok_or(Stop::Failed)?;
        let (rp_id, handle) = (&site.settings.rp.id, person.entity().id);
        match site.accounts.add(rp_id, person.name, &handle, "key", credential, None) {
            Ok(_) => Ok(()),
            // WebAuthn Level 3 §7.1 step 27.
            Err(error) => {
                self.failed(name, error.to_string());
                Err(Stop::Failed)
            }
        }
    }

    /// Asks for a second registration, with the first one excluded.
    pub(super) fn register_again(&mut self, name: &'static str, site: &Site, person: Person) -> Result<(), Stop> {
        let options = options(site, person, true)?;
        match again(|| create(self.key, &options, &site.origin, site.protocol, self.user)) {
            Err(CeremonyError::Excluded) => self.passed(name, "it says that it is registered already"),
            Ok(_) => self.failed(name, "it made a second credential although the first was excluded"),
            Err(error) => return Err(self.without_answer(name, error)),
        }
        Ok(())
    }

    /// Signs in with a credential of the account that the website names, and verifies the answer.
    pub(super) fn sign_in(
        &mut self,
        name: &'static str,
        site: &mut Site,
        person: Person,
    ) -> Result<AssertionResponse, Stop> {
        let options = site
            .settings
            .request_options(site.account(person).ok_or(Stop::Failed)?)?;
        let answer = again(|| get(self.key, &options, &site.origin, site.protocol, self.user))
            .map_err(|error| self.without_answer(name, error))?;
        self.accept(name, site, person, options, &answer)?;
        Ok(answer)
    }

    /// Signs in without a list of credentials, as a website does that does not know who comes.
    pub(super) fn sign_in_without_list(
        &mut self,
        name: &'static str,
        site: &mut Site,
        person: Person,
    ) -> Result<AssertionResponse, Stop> {
        let account = site.account(person).ok_or(Stop::Failed)?;
        let mut options = site.settings.request_options(account)?;
        options.allow.clear();
        let ids: Vec<Vec<u8>> = ids(account).collect();
        let mut choosing = Choosing {
            user: self.user,
            ids: &ids,
        };
        let result = again(|| get(self.key, &options, &site.origin, site.protocol, &mut choosing));
        let answer = result.map_err(|error| self.without_answer(name, error))?;
        if !ids.contains(&answer.credential_id) {
            self.failed(name, "it signed in another account, and did not tell of this one");
            return Err(Stop::Failed);
        }
        self.accept(name, site, person, options, &answer)?;
        Ok(answer)
    }

    /// The passkeys that were made stay on the key.
    pub(super) fn leave_passkeys(&mut self) {
        self.left.append(&mut self.made);
    }

    /// Verifies an answer to `options` by the key of `person`.
    pub(super) fn accept(
        &mut self,
        name: &'static str,
        site: &mut Site,
        person: Person,
        options: RequestOptions,
        answer: &AssertionResponse,
    ) -> Result<(), Stop> {
        let (report, authentication) = verify(options, site, person, answer).ok_or(Stop::Failed)?;
        self.verified(name, report)?;
        if let Some(authentication) = &authentication {
            // The credential was found a moment ago.
            let _ = site.accounts.record(&answer.credential_id, authentication);
        }
        Ok(())
    }

    fn verified(&mut self, name: &'static str, report: Report) -> Result<(), Stop> {
        (self.silent, self.helpless, self.works) = (0, 0, true);
        let passed = report.checks.iter().filter(|check| check.outcome == Outcome::Passed);
        let passed = passed.count();
        let failures: Vec<&str> = report.failures().map(|check| check.name).collect();
        if report.passed() {
            self.step(
                name,
                Outcome::Passed,
                format!("{passed} checks passed"),
                None,
                Some(report),
            );
            return Ok(());
        }
        let detail = format!("not as it must be: {}", failures.join(", "));
        self.step(name, Outcome::Failed, detail, None, Some(report));
        Err(Stop::Failed)
    }

    /// Asks the key, without a touch, whether it signs for `rp_id` with one of the credentials.
    pub(super) fn answers(
        &mut self,
        rp_id: &str,
        ids: &[Vec<u8>],
        pin_uv_auth: Option<PinUvAuth>,
    ) -> Result<bool, Error> {
        let allow = ids.iter().map(|id| CredentialDescriptor::new(id.clone()));
        let request = GetAssertion {
            options: Options {
                up: Some(false),
                ..Options::default()
            },
            pin_uv_auth,
            ..GetAssertion::new(rp_id.to_owned(), HASH, allow.collect())
        };
        match self.key.send(&request, self.user) {
            Ok(_) => Ok(true),
            Err(Error::Status {
                status: Status::NoCredentials,
                ..
            }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The same over U2F.
    pub(super) fn answers_u2f(&mut self, app_id: &str, ids: &[Vec<u8>]) -> Result<bool, Error> {
        use sha2::{Digest as _, Sha256};
        let application = Sha256::digest(app_id).into();
        for id in ids {
            if u2f::holds(self.key.channel(), &application, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Chooses the account of one of these credentials, where there are several accounts.
struct Choosing<'a> {
    user: &'a mut dyn UserInteraction,
    ids: &'a [Vec<u8>],
}

impl Watch for Choosing<'_> {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        self.user.keepalive(status);
    }

    fn is_cancelled(&self) -> bool {
        self.user.is_cancelled()
    }
}

impl UserInteraction for Choosing<'_> {
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        self.user.pin(request)
    }

    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        Ok(accounts
            .iter()
            .position(|account| self.ids.contains(&account.credential_id)))
    }
}

/// The client data hash of requests whose answer is not for a website.
pub(super) const HASH: [u8; 32] = [0; 32];

/// Asks a key that did not answer once more: it may have been unplugged for a moment.
pub(super) fn again<T>(mut ask: impl FnMut() -> Result<T, CeremonyError>) -> Result<T, CeremonyError> {
    match ask() {
        Err(CeremonyError::Key(Error::NoAnswer)) => ask(),
        result => result,
    }
}

fn options(site: &Site, person: Person, again: bool) -> Result<CreationOptions, NoRandomness> {
    let account = site.account(person).filter(|_| again);
    let mut options = site.settings.creation_options(person.entity(), account)?;
    if site.legacy {
        options.legacy_app_id.clone_from(&site.settings.app_id);
    }
    Ok(options)
}

/// Verifies an answer. If it is by a credential of another account, it is verified with one of this account, so that
/// the check of the credential fails.
pub(super) fn verify(
    options: RequestOptions,
    site: &Site,
    person: Person,
    answer: &AssertionResponse,
) -> Option<(Report, Option<Authentication>)> {
    let account = site.account(person)?;
    let registration = account
        .registration(&answer.credential_id)
        .or(account.registrations.first())?;
    let expected = ExpectedAuthentication::new(options, &site.origin, account.user_handle.clone());
    Some(verify_authentication(expected, &registration.credential, answer))
}
