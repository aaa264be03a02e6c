//! What a check panics with: a sentence about the key.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use crate::words::readable;

thread_local! {
    /// Where a panic goes while a check runs; none where nobody listens.
    static SAID: RefCell<Option<Fault>> = const { RefCell::new(None) };
}

/// What a check panicked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// A sentence about the key.
    pub words: String,
    /// The file and line of the check, for whoever has its source, and what it says there where it has no words.
    pub place: Option<String>,
}

/// How Rust begins where nobody wrote a sentence: an `assert!` alone, or a slice that is too short.
const OF_THE_LANGUAGE: [&str; 4] = ["assertion ", "called `", "index out of bounds", "range "];

impl Fault {
    fn of(info: &PanicHookInfo<'_>) -> Self {
        let words = info.payload_as_str().unwrap_or("the check panicked without a word");
        Self {
            words: readable(words),
            place: info
                .location()
                .map(|place| format!("{}:{}", place.file(), place.line())),
        }
    }

    /// The same in words: a check is named after what the key does.
    pub(super) fn of_check(self, name: &str) -> Self {
        if !OF_THE_LANGUAGE.iter().any(|begin| self.words.starts_with(begin)) {
            return self;
        }
        let place = self.place.unwrap_or_default();
        Self {
            words: format!("expected: {}; the key does otherwise", name.replace('_', " ")),
            place: Some(format!("{place}: {}", self.words)),
        }
    }
}

/// Runs `work`, and returns what it panicked with. Nothing is printed.
///
/// # Errors
/// The words of the panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    caught_at(work).map_err(|fault| fault.words)
}

/// The same, with the place of it.
///
/// # Errors
/// The words of the panic, and the place of it.
pub fn caught_at<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let is_ours = SAID.with_borrow_mut(|said| match said {
                Some(said) => {
                    *said = Fault::of(info);
                    true
                }
                None => false,
            });
            if !is_ours {
                before(info);
            }
        }));
    });
    // What is caught within what is caught leaves the outer one as it was.
    let outer = SAID.replace(Some(Fault::default()));
    let result = catch_unwind(AssertUnwindSafe(work));
    let said = SAID.replace(outer).unwrap_or_default();
    result.map_err(|_| said)
}

/// Panics as before, with the place of then.
pub(crate) fn again(fault: Fault) -> ! {
    let listens = SAID.with_borrow_mut(|said| said.as_mut().map(|said| said.clone_from(&fault)).is_some());
    if listens {
        std::panic::resume_unwind(Box::new(fault.words));
    }
    panic!("{} ({})", fault.words, fault.place.unwrap_or_default());
}
