//! What every page has: the notice that this is not AWS, the account menu, and what happened.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use brasskey_aws::names::AwsUser;
use maud::{DOCTYPE, Markup, html};

use crate::practice::session::{Notice, lock};
use crate::practice::visit::{Member, Visit};
use crate::text::escape;

/// What surrounds a page.
#[derive(Default)]
pub(super) struct Frame {
    /// Who is signed in, with the account's number and the token of the session.
    who: Option<(AwsUser, u64, String)>,
    notice: Option<Notice>,
}

impl Frame {
    /// For somebody who is signed in. What happened is told once.
    pub(super) fn of(member: &Member) -> Self {
        let number = member.desk().read(|account| account.number());
        let mut session = lock(&member.session);
        Self {
            who: Some((member.user.clone(), number, session.csrf.clone())),
            notice: session.notice.take(),
        }
    }

    /// For somebody who is not signed in, or not yet.
    pub(super) fn outside(visit: &Visit) -> Self {
        let session = visit.session.as_ref();
        Self {
            who: None,
            notice: session.and_then(|session| lock(session).notice.take()),
        }
    }
}

/// A page as an answer.
pub(super) fn respond(frame: &Frame, title: &str, main: &Markup) -> Response {
    // Screen readers begin with the title.
    let is_error = frame.notice.as_ref().is_some_and(|notice| notice.is_error);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { @if is_error { "Error: " } (title) " · Practice account, not AWS" }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
            }
            body {
                a .skip href="#main" { "Skip to the content" }
                p #not-aws .banner role="note" {
                    strong { "This is not AWS." }
                    " It is a practice account of brasskey on this computer. Do not type a password that you use \
                     elsewhere."
                }
                (header(frame))
                main #main tabindex="-1" {
                    @if let Some(notice) = &frame.notice { (told(notice)) }
                    (main)
                }
                footer {
                    p {
                        "brasskey practice account, served on this computer only. "
                        a href="/lost-device" { "Lost a device?" }
                    }
                }
            }
        }
    };
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response()
}

fn header(frame: &Frame) -> Markup {
    html! {
        header .top {
            a #brand href="/" { span .mark aria-hidden="true" {} "Practice account" }
            @if let Some((user, number, csrf)) = &frame.who {
                nav aria-label="Pages" {
                    a href="/security-credentials" { "Security credentials" }
                    a href="/history" { "Sign-in history" }
                    a href="/users" { "Users" }
                }
                details #account-menu {
                    summary #account-menu-button { (user) span .dim { " @ " (account_number(*number)) } }
                    div .menu {
                        p .dim { "Account " span #account-number { (format!("{number:012}")) } }
                        ul {
                            li { a #menu-security-credentials href="/security-credentials" { "Security credentials" } }
                            li { a #menu-this-session href="/this-session" { "This session" } }
                            li { a #menu-password href="/password" { "Change password" } }
                            li { a #menu-checks href="/checks" { "What was checked of security keys" } }
                            li { a #menu-tokens href="/tokens" { "Practice hardware tokens" } }
                        }
                        (form("sign-out", "/signout", csrf, &html! {
                            button #sign-out-button type="submit" { "Sign out" }
                        }))
                    }
                }
            }
        }
    }
}

/// As AWS's console shows it: 1234-5678-9012.
pub(super) fn account_number(number: u64) -> String {
    let digits = format!("{number:012}");
    match (digits.get(..4), digits.get(4..8), digits.get(8..)) {
        (Some(first), Some(second), Some(third)) => format!("{first}-{second}-{third}"),
        _ => digits,
    }
}

fn told(notice: &Notice) -> Markup {
    let (class, role, id) = match notice.is_error {
        true => ("notice error", "alert", "error"),
        false => ("notice", "status", "notice"),
    };
    html! {
        div id=(id) class=(class) role=(role) {
            p { (escape(&notice.text)) }
            @if let Some((address, words)) = &notice.link { p { a #notice-link href=(address) { (words) } } }
        }
    }
}

/// A form that changes something.
pub(super) fn form(id: &str, action: &str, csrf: &str, inside: &Markup) -> Markup {
    html! {
        form id=(id) method="post" action=(action) {
            input type="hidden" name="csrf" value=(csrf);
            (inside)
        }
    }
}

/// A labelled field. `hint` says what belongs there.
pub(super) fn field(id: &str, label: &str, hint: &str, input: &Markup) -> Markup {
    html! {
        div .field {
            label for=(id) { (label) }
            (input)
            @if !hint.is_empty() { p .hint id={ (id) "-hint" } { (hint) } }
        }
    }
}
