//! Why a check cannot be gone on with, where the key is not to blame.

use std::cell::RefCell;

/// What keeps a check from its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Nobody did what was asked of them. Another check may have more luck.
    Nobody(String),
    /// Whoever handles the key cannot do it: no other check has more luck.
    Hand(String),
}

impl Broken {
    /// The reason.
    #[must_use]
    pub fn words(&self) -> &str {
        let (Self::Nobody(words) | Self::Hand(words)) = self;
        words
    }

    /// Whether no other check has more luck.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Hand(_))
    }
}

thread_local! {
    /// Why the check that runs on this thread was broken off.
    static BROKEN: RefCell<Option<Broken>> = const { RefCell::new(None) };
}

/// Ends the check that runs on this thread.
///
/// # Panics
/// Always: so a check ends.
pub fn break_off(broken: Broken) -> ! {
    let words = broken.words().to_owned();
    BROKEN.set(Some(broken));
    panic!("{words}");
}

/// Why the check that has just ended was broken off; nothing where it ended by itself.
pub(crate) fn take() -> Option<Broken> {
    BROKEN.take()
}

/// Does what may fail, and changes nothing in why the check was broken off.
pub(crate) fn aside(work: impl FnOnce()) {
    let before = take();
    // It is about what was said last, and nobody waits for that.
    drop(crate::run::caught(work));
    BROKEN.set(before);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::caught;

    #[test]
    fn what_is_done_aside_changes_no_reason() {
        let gone = || break_off(Broken::Nobody("it is gone".to_owned()));
        let said = caught(|| {
            let _ = caught(|| panic!("within"));
            panic!("without");
        });
        assert!(
            said.unwrap_err().starts_with("without"),
            "what is caught within hides nothing"
        );
        let said = caught(|| break_off(Broken::Hand("nobody is there".to_owned())));
        assert!(said.unwrap_err().starts_with("nobody is there"));
        aside(gone);
        assert_eq!(take(), Some(Broken::Hand("nobody is there".to_owned())));
        aside(gone);
        assert_eq!(take(), None);
    }
}
