//! The notification, with a bus and a service that the test plays.

use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use brasskey_protocol::platform::{Abort, Gesture, Operation, Presence, PresenceRequest, RelyingParty};
use futures_lite::StreamExt as _;
use nix::pty::openpty;
use tokio::runtime::Runtime;
use zbus::connection::Builder;
use zbus::message::Type;
use zbus::zvariant::{DynamicType, OwnedValue};
use zbus::{Connection, Guid, Message, MessageStream};

use super::*;
use crate::soft::clock::SoftClock;
use crate::soft::presence::button::{Button, Ticket};

const INTERFACE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// The service, and a program beside it, by the names that the bus gave them.
const SERVICE: &str = ":1.7";
const OTHER: &str = ":1.66";
/// The number of the notification that the service shows.
const SHOWN: u32 = 4;

const SIGN_IN: PresenceRequest<'static> = PresenceRequest {
    operation: Operation::Authenticate,
    gesture: Gesture::Touch,
    relying_party: RelyingParty::Id("example.com"),
    user: Some("alice"),
};

/// What `Notify` carries: the application, what it replaces, icon, summary, body, actions, hints, when it expires.
type Notify = (
    String,
    u32,
    String,
    String,
    String,
    Vec<String>,
    HashMap<String, OwnedValue>,
    i32,
);

/// A desktop, a request that it is asked about, and a user with a terminal perhaps.
struct Desktop {
    runtime: Runtime,
    bus: Connection,
    calls: MessageStream,
    button: Arc<Button>,
    ticket: Ticket,
    open: Option<OpenQuestion>,
}

impl Desktop {
    fn asked(request: &PresenceRequest<'_>) -> Self {
        Self::asked_beside(Err(io::ErrorKind::NotFound.into()), request)
    }

    fn asked_beside(terminal: io::Result<File>, request: &PresenceRequest<'_>) -> Self {
        let button = Arc::new(Button::new(SoftClock::scripted()));
        let ticket = button.open(request);
        let (key, bus) = UnixStream::pair().expect("a socket pair");
        let ask = |closed: &PipeReader, question: &Question| {
            let connect = || {
                key.set_nonblocking(true)?;
                Ok(Builder::unix_stream(tokio::net::UnixStream::from_std(key)?).p2p())
            };
            desktop::ask(connect, closed, question).map_err(|error| error.to_string())
        };
        let question = Question::new(request, Arc::clone(&button), ticket);
        let open = Some(open_on(ask, move || terminal, question).expect("a thread"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        bus.set_nonblocking(true).expect("a socket");
        let calls = runtime.block_on(async {
            let bus = tokio::net::UnixStream::from_std(bus).expect("a socket");
            let builder = Builder::unix_stream(bus).server(Guid::generate()).expect("a bus");
            builder.p2p().build_message_stream().await.expect("a client")
        });
        Self {
            runtime,
            bus: Connection::from(&calls),
            calls,
            button,
            ticket,
            open,
        }
    }

    /// The notification, on a service that can do everything.
    fn shown(request: &PresenceRequest<'_>) -> (Self, Notify) {
        Self::shown_beside(Err(io::ErrorKind::NotFound.into()), request)
    }

    fn shown_beside(terminal: io::Result<File>, request: &PresenceRequest<'_>) -> (Self, Notify) {
        let mut desktop = Self::asked_beside(terminal, request);
        desktop.say_capabilities(&["body", "body-markup", "actions"]);
        let call = desktop.call("Notify");
        assert_eq!(call.header().destination().expect("a destination").as_str(), SERVICE);
        desktop.reply(&call, &SHOWN);
        let notify = call.body().deserialize().expect("what the specification says");
        (desktop, notify)
    }

    fn say_capabilities(&mut self, capabilities: &[&str]) {
        let call = self.call("GetCapabilities");
        assert_eq!(call.header().destination().expect("a destination").as_str(), INTERFACE);
        self.reply(&call, &capabilities);
    }

    /// The next call, which is to be of `member`.
    fn call(&mut self, member: &str) -> Message {
        let call = self.runtime.block_on(self.calls.next());
        let call = call.expect("a call").expect("a message");
        assert_eq!(call.header().member().expect("a member").as_str(), member);
        assert_eq!(call.header().path().expect("a path").as_str(), PATH);
        call
    }

    fn reply(&self, call: &Message, body: &(impl serde::Serialize + DynamicType)) {
        let header = call.header();
        let reply = Message::method_return(&header).and_then(|reply| reply.sender(SERVICE)?.build(body));
        self.send(&reply.expect("a reply"));
    }

    fn signal(&self, sender: &str, member: &str, body: &(impl serde::Serialize + DynamicType)) {
        let signal = Message::signal(PATH, INTERFACE, member).and_then(|signal| signal.sender(sender)?.build(body));
        self.send(&signal.expect("a signal"));
    }

    fn send(&self, message: &Message) {
        self.runtime.block_on(self.bus.send(message)).expect("a connection");
    }

    /// What came of the request.
    fn presence(&self) -> Presence {
        self.button.wait(self.ticket, u64::MAX, &Abort::new())
    }

    /// Demands that the notification is taken away.
    fn expect_close(&mut self) {
        let call = self.call("CloseNotification");
        assert_eq!(call.body().deserialize::<u32>().expect("a number"), SHOWN);
        assert_eq!(call.message_type(), Type::MethodCall);
    }
}

/// A terminal and its user.
fn terminal() -> (File, io::Result<File>) {
    let pty = openpty(None, None).expect("a pseudoterminal");
    (pty.master.into(), Ok(pty.slave.into()))
}

/// Reads the question that is on the terminal, and answers it with Enter.
fn approve_on_terminal(user: &mut File) {
    use std::io::Read as _;
    let mut seen = String::new();
    let mut byte = [0];
    while !seen.ends_with("] ") {
        user.read_exact(&mut byte).expect("a question");
        seen.push(char::from(byte[0]));
    }
    assert!(
        seen.starts_with("brasskey: touch the key to sign in at example.com as alice?"),
        "{seen}"
    );
    user.write_all(b"\n").expect("type");
}

#[test]
fn the_notification_names_who_asks_and_stays() {
    let (_desktop, notify) = Desktop::shown(&SIGN_IN);
    let (application, replaces, icon, summary, body, actions, hints, expires) = notify;
    assert_eq!((application.as_str(), replaces), ("brasskey", 0));
    assert_eq!(icon, "dialog-password");
    assert_eq!(summary, "Touch the security key?");
    assert_eq!(body, "Sign in at example.com as alice");
    assert_eq!(actions, ["approve", "Approve", "deny", "Deny"]);
    assert_eq!(hints.len(), 1);
    assert_eq!(
        u8::try_from(hints["urgency"].try_clone().expect("a byte")),
        Ok(2),
        "critical"
    );
    assert_eq!(expires, 0, "never");
}

#[test]
fn a_reset_says_what_it_erases() {
    let reset = PresenceRequest {
        operation: Operation::Reset,
        gesture: Gesture::LongTouch,
        relying_party: RelyingParty::None,
        user: None,
    };
    let (desktop, (_, _, icon, summary, body, actions, ..)) = Desktop::shown(&reset);
    assert_eq!(icon, "dialog-warning");
    assert_eq!(summary, "Erase this security key?");
    assert_eq!(body, "Reset the key: erase every credential on it");
    assert_eq!(actions, ["approve", "Erase credentials", "deny", "Deny"]);
    desktop.signal(SERVICE, "ActionInvoked", &(SHOWN, "approve"));
    assert_eq!(desktop.presence(), Presence::Confirmed);
}

#[test]
fn text_from_outside_is_no_markup() {
    let hostile = PresenceRequest {
        relying_party: RelyingParty::Id("a.example</b>&\u{1b}[2J"),
        user: Some("<a href=\"https://b.example\">\u{202e}\n"),
        ..SIGN_IN
    };
    let (_desktop, (_, _, _, summary, body, ..)) = Desktop::shown(&hostile);
    assert_eq!(summary, "Touch the security key?");
    assert!(!body.contains(['<', '>', '&', '\n', '\u{1b}', '\u{202e}']), "{body}");
    assert!(body.starts_with("Sign in at a.example\\u{3c}/b\\u{3e}\\u{26}\\u{1b}[2J as "));
}

#[test]
fn the_user_answers_and_the_notification_goes() {
    for (member, body, presence) in [
        ("ActionInvoked", "approve", Presence::Confirmed),
        ("ActionInvoked", "deny", Presence::Declined),
        ("NotificationClosed", "", Presence::Declined),
    ] {
        let (mut desktop, _) = Desktop::shown(&SIGN_IN);
        match member {
            "ActionInvoked" => desktop.signal(SERVICE, member, &(SHOWN, body)),
            _ => desktop.signal(SERVICE, member, &(SHOWN, 2_u32)),
        }
        assert_eq!(desktop.presence(), presence, "{member} {body}");
        desktop.expect_close();
    }
}

#[test]
fn nobody_else_answers() {
    let (desktop, _) = Desktop::shown(&SIGN_IN);
    // Another program, for this notification.
    desktop.signal(OTHER, "ActionInvoked", &(SHOWN, "approve"));
    desktop.signal(OTHER, "NotificationClosed", &(SHOWN, 1_u32));
    // The service, for another notification, by no button of ours, or against the specification.
    desktop.signal(SERVICE, "ActionInvoked", &(SHOWN + 1, "approve"));
    desktop.signal(SERVICE, "NotificationClosed", &(SHOWN + 1, 1_u32));
    desktop.signal(SERVICE, "ActionInvoked", &(SHOWN, "default"));
    desktop.signal(SERVICE, "ActionInvoked", &SHOWN);
    desktop.signal(SERVICE, "ActivationToken", &(SHOWN, "approve"));
    // The first that counts.
    desktop.signal(SERVICE, "ActionInvoked", &(SHOWN, "deny"));
    assert_eq!(desktop.presence(), Presence::Declined);
}

#[test]
fn a_question_taken_back_takes_the_notification_away() {
    let (mut desktop, _) = Desktop::shown(&SIGN_IN);
    desktop.open = None;
    desktop.expect_close();
    assert!(desktop.button.waits_for(desktop.ticket).is_some(), "nobody answered");
}

#[test]
fn a_question_taken_back_does_not_wait_for_a_silent_service() {
    let mut desktop = Desktop::asked(&SIGN_IN);
    desktop.call("GetCapabilities");
    desktop.open = None;
    assert!(desktop.button.waits_for(desktop.ticket).is_some(), "nobody answered");
}

#[test]
fn the_terminal_asks_where_the_desktop_cannot() {
    // No buttons.
    let (mut user, terminal_of_user) = terminal();
    let mut desktop = Desktop::asked_beside(terminal_of_user, &SIGN_IN);
    desktop.say_capabilities(&["body"]);
    approve_on_terminal(&mut user);
    assert_eq!(desktop.presence(), Presence::Confirmed);

    // No service.
    let (mut user, terminal_of_user) = terminal();
    let mut desktop = Desktop::asked_beside(terminal_of_user, &SIGN_IN);
    let call = desktop.call("GetCapabilities");
    let error = "org.freedesktop.DBus.Error.ServiceUnknown";
    let error = Message::error(&call.header(), error).and_then(|error| error.build(&"nobody\u{1b}"));
    desktop.send(&error.expect("an error"));
    approve_on_terminal(&mut user);
    assert_eq!(desktop.presence(), Presence::Confirmed);

    // A notification that no user closed: it expired, it was closed by a program, and for no reason that is known.
    for reason in [1_u32, 3, 4] {
        let (mut user, terminal_of_user) = terminal();
        let (desktop, _) = Desktop::shown_beside(terminal_of_user, &SIGN_IN);
        desktop.signal(SERVICE, "NotificationClosed", &(SHOWN, reason));
        approve_on_terminal(&mut user);
        assert_eq!(desktop.presence(), Presence::Confirmed, "{reason}");
    }
}

#[test]
fn the_terminal_asks_where_the_service_ends() {
    let bus = "org.freedesktop.DBus";
    let end = Message::signal("/org/freedesktop/DBus", bus, "NameOwnerChanged")
        .and_then(|signal| signal.sender(bus)?.build(&(SERVICE, SERVICE, "")))
        .expect("a signal");
    let (mut user, terminal_of_user) = terminal();
    let (desktop, _) = Desktop::shown_beside(terminal_of_user, &SIGN_IN);
    desktop.send(&end);
    approve_on_terminal(&mut user);
    assert_eq!(desktop.presence(), Presence::Confirmed);
}

#[test]
fn the_request_is_refused_where_nobody_can_be_asked() {
    let mut desktop = Desktop::asked(&SIGN_IN);
    desktop.say_capabilities(&[]);
    assert_eq!(desktop.presence(), Presence::Declined);

    // No bus.
    let desktop = Desktop::asked(&SIGN_IN);
    let Desktop {
        button,
        ticket,
        calls,
        bus,
        runtime,
        open: _open,
    } = desktop;
    drop((calls, bus, runtime));
    assert_eq!(button.wait(ticket, u64::MAX, &Abort::new()), Presence::Declined);
}
