//! The notification: asks on the desktop, presses the button, and goes to the terminal where the desktop cannot ask.
//!
//! Each request has its own connection to the session bus. So a key that nobody uses has none, and the desktop takes
//! the notification away also when the process of the key dies.

use std::env::var_os;
use std::fs::File;
use std::io::{self, PipeReader, Write as _};
use std::path::Path;
use std::sync::Once;

use super::prompt;
use super::question::{OpenQuestion, Question};

#[cfg(all(feature = "notify", not(target_vendor = "apple")))]
mod desktop;

/// Asks on the desktop or else on the terminal, and returns at once.
pub(super) fn open(question: Question) -> io::Result<OpenQuestion> {
    #[cfg(all(feature = "notify", not(target_vendor = "apple")))]
    let ask = |closed: &PipeReader, question: &Question| {
        desktop::ask(zbus::connection::Builder::session, closed, question).map_err(|error| error.to_string())
    };
    #[cfg(not(all(feature = "notify", not(target_vendor = "apple"))))]
    let ask = |_: &PipeReader, _: &Question| Err("this build of brasskey has none".to_owned());
    open_on(ask, prompt::terminal, question)
}

fn open_on(
    ask: impl FnOnce(&PipeReader, &Question) -> Result<(), String> + Send + 'static,
    terminal: impl FnOnce() -> io::Result<File> + Send + 'static,
    question: Question,
) -> io::Result<OpenQuestion> {
    OpenQuestion::start("brasskey-notify", move |closed| {
        if let Err(why) = ask(closed, &question) {
            ask_instead(terminal(), &why, closed, &question);
        }
    })
}

/// Asks on the terminal, because the desktop cannot.
fn ask_instead(terminal: io::Result<File>, why: &str, closed: &PipeReader, question: &Question) {
    static SAID: Once = Once::new();
    let asked = terminal.and_then(|mut terminal| {
        // Not `eprintln!`, which panics where nobody reads stderr any more.
        SAID.call_once(|| {
            let _ = writeln!(
                io::stderr(),
                "brasskey: no desktop notification can ask ({why}): asking here"
            );
        });
        prompt::put(&mut terminal, question)?;
        Ok(terminal)
    });
    match asked {
        Ok(mut terminal) => prompt::listen(&mut terminal, closed, question),
        Err(error) => question.refuse(&format!(
            "no desktop notification can ask ({why}), and no terminal ({error})"
        )),
    }
}

/// Whether libraries would find a session bus. It may still have no notifications.
pub(super) fn has_session() -> bool {
    cfg!(all(feature = "notify", not(target_vendor = "apple")))
        && (var_os("DBUS_SESSION_BUS_ADDRESS").is_some()
            || var_os("XDG_RUNTIME_DIR").is_some_and(|directory| Path::new(&directory).join("bus").exists()))
}

#[cfg(all(test, feature = "notify", not(target_vendor = "apple")))]
mod tests;
