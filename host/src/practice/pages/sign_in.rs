//! Signing in with a password, and signing out.

use axum::response::Response;
use brasskey_aws::account::{Login, Outcome, SignIn};
use brasskey_aws::names::AwsUser;
use maud::{Markup, html};

use super::layout::{Frame, field, form, respond};
use super::{Answer, Refusal, error, see_other};
use crate::practice::forms::{MemberPost, Post};
use crate::practice::session::{Stage, lock};
use crate::practice::visit::Visit;

/// In AWS's words, which do not say what was wrong.
pub(super) const INCORRECT: &str = "Your authentication information is incorrect. Please try again.";
/// The longest name or password that is looked at.
const FIELD_MAX: usize = 256;
/// Where all requests come from: the server has no other neighbours.
const LOOPBACK: &str = "127.0.0.1";

/// The page for IAM users.
pub(super) async fn user_page(visit: Visit) -> Answer {
    let account = visit.desk.read(|account| format!("{:012}", account.number()));
    let (account, name) = remembered(&visit).unwrap_or((account, String::new()));
    sign_in_page(visit, |csrf| {
        let fields = html! {
            (field("account", "Account ID (12 digits) or account alias", "", &html! {
                input #account name="account" value=(account) required autocomplete="off" inputmode="numeric";
            }))
            (field("username", "IAM username", "", &html! {
                input #username name="username" value=(name) required autocomplete="username" autocapitalize="none"
                    spellcheck="false";
            }))
            (field("password", "Password", "The one that brasskey printed for this user when it started.", &html! {
                input #password name="password" type="password" required autocomplete="current-password"
                    aria-describedby="password-hint";
            }))
            button #sign-in-button .primary type="submit" { "Sign in" }
        };
        html! {
            h1 { "Sign in as an IAM user" }
            (form("sign-in", "/signin", csrf, &fields))
            p { a #root-link href="/signin/root" { "Sign in using root user email" } }
        }
    })
}

/// The page for root.
pub(super) async fn root_page(visit: Visit) -> Answer {
    sign_in_page(visit, |csrf| {
        let fields = html! {
            (field("email", "Root user email address", "", &html! {
                input #email name="email" type="email" required autocomplete="username" spellcheck="false";
            }))
            (field("password", "Password", "The one that brasskey printed for root when it started.", &html! {
                input #password name="password" type="password" required autocomplete="current-password"
                    aria-describedby="password-hint";
            }))
            button #sign-in-button .primary type="submit" { "Sign in" }
        };
        html! {
            h1 { "Sign in as the root user" }
            p { "Root owns the account and may do everything. Use it only for what nobody else can do." }
            (form("sign-in-root", "/signin/root", csrf, &fields))
            p { a #user-link href="/signin" { "Sign in as an IAM user" } }
        }
    })
}

/// A sign-in page. Its form needs a session, so a stranger gets one.
fn sign_in_page(visit: Visit, main: impl FnOnce(&str) -> Markup) -> Answer {
    let shown = |visit: &Visit| {
        let session = visit.session.as_ref();
        let csrf = session.map_or_else(String::new, |session| lock(session).csrf.clone());
        respond(
            &Frame::outside(visit),
            "Sign in",
            &html! { div .narrow { (main(&csrf)) } },
        )
    };
    match (visit.stage(), &visit.session) {
        (Stage::SignedIn { .. }, _) => Ok(see_other("/home")),
        (_, Some(_)) => Ok(shown(&visit)),
        (_, None) => visit.begin(Stage::Stranger, |visit| shown(&visit)),
    }
}

/// Account and name of the last try in this session.
fn remembered(visit: &Visit) -> Option<(String, String)> {
    lock(visit.session.as_ref()?).tried.clone()
}

/// The form for IAM users.
pub(super) async fn user(Post { visit, fields }: Post) -> Answer {
    let (account, name) = (fields.trimmed("account"), fields.trimmed("username"));
    // People copy the account's number from the menu, where it has dashes.
    let number: String = account.chars().filter(|character| *character != '-').collect();
    if let Some(session) = visit
        .session
        .as_ref()
        .filter(|_| account.len() + name.len() < FIELD_MAX)
    {
        lock(session).tried = Some((account.to_owned(), name.to_owned()));
    }
    let login = Login::User {
        account: number,
        name: name.to_owned(),
    };
    let named = name.parse().ok();
    sign_in(visit, &login, named, fields.get("password"), "/signin")
}

/// The form for root.
pub(super) async fn root(Post { visit, fields }: Post) -> Answer {
    let email = fields.trimmed("email").to_owned();
    let is_roots = visit
        .desk
        .read(|account| account.root_email().eq_ignore_ascii_case(&email));
    let named = is_roots.then_some(AwsUser::Root);
    let login = Login::Root { email };
    sign_in(visit, &login, named, fields.get("password"), "/signin/root")
}

fn sign_in(visit: Visit, login: &Login, named: Option<AwsUser>, password: &str, page: &str) -> Answer {
    let desk = &visit.desk;
    let now = desk.now();
    let key = match login {
        Login::Root { email } => format!("password {}", email.to_ascii_lowercase()),
        Login::User { account, name } => format!("password {account} {}", name.to_ascii_lowercase()),
    };
    if key.len() > FIELD_MAX || password.len() > FIELD_MAX {
        return Ok(again(&visit, INCORRECT, page));
    }
    if let Err(seconds) = lock(&desk.throttle).check(&key, now) {
        return Ok(again(&visit, &wait(seconds), page));
    }
    let Some(user) = desk.read(|account| account.check_password(login, password)) else {
        lock(&desk.throttle).wrong(&key, now);
        // Whom the sign-in named, where there is such a user: CloudTrail hides other names.
        let known = named.filter(|user| desk.read(|account| account.user(user).is_some()));
        record(&visit, known.as_ref(), Outcome::Failure, None)?;
        return Ok(again(&visit, INCORRECT, page));
    };
    lock(&desk.throttle).right(&key);
    if desk.read(|account| account.devices(&user).is_empty()) {
        return finish(visit, user, None);
    }
    visit.begin(Stage::Password(user), |_| see_other("/signin/mfa"))
}

/// Signs in: nothing is left to ask for.
pub(super) fn finish(visit: Visit, user: AwsUser, device: Option<String>) -> Answer {
    record(&visit, Some(&user), Outcome::Success, device.as_deref())?;
    let next = match visit.desk.read(|account| account.password_reset_required(&user)) {
        true => "/password",
        false => "/home",
    };
    let since = visit.desk.now();
    visit.begin(Stage::SignedIn { user, device, since }, |_| see_other(next))
}

/// Writes the sign-in into the history.
pub(super) fn record(
    visit: &Visit,
    user: Option<&AwsUser>,
    outcome: Outcome,
    mfa: Option<&str>,
) -> Result<(), Refusal> {
    let sign_in = SignIn {
        user,
        outcome,
        mfa,
        ip: LOOPBACK,
        user_agent: &visit.agent,
    };
    let now = visit.desk.now();
    visit.desk.change(|account| account.record_sign_in(&sign_in, now))??;
    Ok(())
}

fn again(visit: &Visit, why: &str, page: &str) -> Response {
    visit.notify(error(why));
    see_other(page)
}

/// After too many wrong tries.
pub(super) fn wait(seconds: i64) -> String {
    format!("Too many failed attempts. Wait {seconds} seconds, and try again.")
}

/// Ends the session, here and in the browser.
pub(super) async fn sign_out(MemberPost { member, .. }: MemberPost) -> Answer {
    let stage = Stage::Stranger;
    member.visit.begin(stage, |visit| {
        visit.notify(super::success(
            "You are signed out. Sign in again: now the sign-in asks for an MFA device, if the \
                                     user has one.",
        ));
        see_other("/signin")
    })
}
