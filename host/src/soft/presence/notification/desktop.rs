//! org.freedesktop.Notifications, as the Desktop Notifications Specification 1.3 has it.
//!
//! Not the portal (org.freedesktop.portal.Notification): it is for applications in a sandbox, which cannot be a
//! security key for the rest of the computer, and it does not say that a notification was dismissed.

use std::collections::HashMap;
use std::fmt;
use std::io::PipeReader;
use std::time::Duration;

use futures_lite::StreamExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{sleep, timeout};
use zbus::connection::Builder;
use zbus::message::{Flags, Type};
use zbus::names::OwnedUniqueName;
use zbus::zvariant::Value;
use zbus::{Connection, MatchRule, Message, MessageStream};

use crate::soft::presence::button::Answer;
use crate::soft::presence::question::Question;
use crate::soft::presence::waiting::Waiting;
use crate::text::escape;

const SERVICE: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
const BUS: &str = "org.freedesktop.DBus";

/// How long the service may take to be started or to answer.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(5);

/// The actions' keys. Not `default`, which is a click on the notification itself.
const APPROVE: &str = "approve";
const DENY: &str = "deny";

/// `urgency`: critical. The specification says that such a notification does not expire by itself.
const CRITICAL: u8 = 2;
/// `expire_timeout`: never.
const NEVER: i32 = 0;
/// NotificationClosed, reason: dismissed by the user.
const DISMISSED: u32 = 2;

/// Why the desktop cannot ask.
#[derive(Debug)]
pub(super) enum Unable {
    /// The bus or the service failed, in its own words.
    Bus(zbus::Error),
    /// The service did not answer in time.
    Silent,
    /// The service shows no buttons.
    NoActions,
    /// The notification is gone, and no user did it.
    Gone,
    /// The system gives no more threads or files.
    System(std::io::Error),
}

impl From<zbus::Error> for Unable {
    fn from(error: zbus::Error) -> Self {
        Self::Bus(error)
    }
}

impl fmt::Display for Unable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(error) => f.write_str(&escape(&error.to_string())),
            Self::Silent => f.write_str("the notification service does not answer"),
            Self::NoActions => f.write_str("the notification service has no buttons"),
            Self::Gone => f.write_str("the desktop took the notification away"),
            Self::System(error) => error.fmt(f),
        }
    }
}

/// Asks on the bus of `builder` until there is an answer, nobody waits for one any more, or `closed` is closed.
pub(super) fn ask(
    builder: impl FnOnce() -> zbus::Result<Builder<'static>>,
    closed: &PipeReader,
    question: &Question,
) -> Result<(), Unable> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Unable::System)?
        .block_on(async {
            let closed = closed.try_clone().and_then(|pipe| Receiver::from_owned_fd(pipe.into()));
            let closed = closed.map_err(Unable::System)?;
            let mut service = tokio::select! {
                _ = closed.readable() => return Ok(()),
                found = timeout(SERVICE_TIMEOUT, Service::find(builder)) => found.map_err(|_| Unable::Silent)??,
            };
            // Not cut short: to take a notification back, its number must be known.
            let id = timeout(SERVICE_TIMEOUT, service.show(&question.waiting))
                .await
                .map_err(|_| Unable::Silent)??;
            let answer = loop {
                let Some(waits) = question.waits() else {
                    break Ok(None);
                };
                tokio::select! {
                    _ = closed.readable() => break Ok(None),
                    answer = service.answer(id) => break answer.map(Some),
                    () = sleep(waits) => {}
                }
            };
            if let Ok(Some(answer)) = answer {
                question.answer(answer);
            }
            // Best effort: the notification may be gone, and the service with it.
            let _ = service.close(id).await;
            answer.map(drop)
        })
}

/// The notification service: the one program that answered, and no other program on the bus.
struct Service {
    connection: Connection,
    owner: OwnedUniqueName,
    signals: MessageStream,
    /// The bus says when the service ends.
    end: MessageStream,
}

impl Service {
    async fn find(builder: impl FnOnce() -> zbus::Result<Builder<'static>>) -> Result<Self, Unable> {
        let connection = builder()?.build().await?;
        let reply = connection
            .call_method(Some(SERVICE), PATH, Some(SERVICE), "GetCapabilities", &())
            .await?;
        let capabilities: Vec<String> = reply.body().deserialize()?;
        if !capabilities.iter().any(|capability| capability == "actions") {
            return Err(Unable::NoActions);
        }
        // The bus names each message's sender, and a stream passes only messages from the sender in its rule. Without
        // the unique name in it, any program could approve.
        let owner: OwnedUniqueName = match reply.header().sender() {
            Some(owner) => owner.to_owned().into(),
            None => return Err(zbus::Error::MissingField.into()),
        };
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(&owner)?
            .path(PATH)?
            .interface(SERVICE)?
            .build();
        let signals = MessageStream::for_match_rule(rule, &connection, None).await?;
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(BUS)?
            .interface(BUS)?
            .member("NameOwnerChanged")?
            .arg(0, owner.as_str())?
            .build();
        let end = MessageStream::for_match_rule(rule, &connection, None).await?;
        Ok(Self {
            connection,
            owner,
            signals,
            end,
        })
    }

    /// Shows what the key waits for, and returns the number of the notification.
    async fn show(&self, waiting: &Waiting) -> Result<u32, Unable> {
        // Nobody can press a button on a screen for a longer time: as at the prompt, approving counts as a long touch
        // too. So the words, not the gesture, say what a reset does.
        let (icon, summary, approve) = match waiting.operation {
            "reset" => ("dialog-warning", "Erase this security key?", "Erase credentials"),
            _ => ("dialog-password", "Touch the security key?", "Approve"),
        };
        let reply = self
            .connection
            .call_method(
                Some(&self.owner),
                PATH,
                Some(SERVICE),
                "Notify",
                &(
                    "brasskey",
                    0_u32,
                    icon,
                    summary,
                    // Where bodies are markup, this one is plain text all the same: `Display` leaves no `<`, `>` or
                    // `&`.
                    sentence(waiting),
                    [APPROVE, approve, DENY, "Deny"].as_slice(),
                    HashMap::from([("urgency", Value::U8(CRITICAL))]),
                    NEVER,
                ),
            )
            .await?;
        Ok(reply.body().deserialize()?)
    }

    /// Waits for the user's answer to the notification `id`.
    async fn answer(&mut self, id: u32) -> Result<Answer, Unable> {
        loop {
            let signal = tokio::select! {
                // The last signal of the service comes before its end.
                biased;
                signal = self.signals.next() => signal.ok_or(Unable::Gone)??,
                _ = self.end.next() => return Err(Unable::Gone),
            };
            if let Some(answer) = read(&signal, id) {
                return answer;
            }
        }
    }

    /// Takes the notification away, and waits for no reply.
    async fn close(&self, id: u32) -> zbus::Result<()> {
        let call = Message::method_call(PATH, "CloseNotification")?
            .destination(&self.owner)?
            .interface(SERVICE)?
            .with_flags(Flags::NoReplyExpected)?
            .build(&id)?;
        self.connection.send(&call).await
    }
}

/// What a signal of the service means for the notification `id`, where it is about that one.
fn read(signal: &Message, id: u32) -> Option<Result<Answer, Unable>> {
    let header = signal.header();
    let body = signal.body();
    match header.member()?.as_str() {
        "ActionInvoked" => match body.deserialize::<(u32, &str)>().ok()? {
            (of, APPROVE) if of == id => Some(Ok(Answer::Touch)),
            (of, DENY) if of == id => Some(Ok(Answer::Decline)),
            _ => None,
        },
        "NotificationClosed" => match body.deserialize::<(u32, u32)>().ok()? {
            // A user who dismisses the question has refused.
            (of, DISMISSED) if of == id => Some(Ok(Answer::Decline)),
            (of, _) if of == id => Some(Err(Unable::Gone)),
            _ => None,
        },
        _ => None,
    }
}

/// What the key waits for, as the beginning of a sentence.
fn sentence(waiting: &Waiting) -> String {
    let mut text = waiting.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
