//! What must hold whatever happened, as code. Each is asked of the ledger as it was before the event.

use std::fmt;

use brasskey_conformance::host::client_pin::permission;
use brasskey_protocol::limits::{PIN_RETRIES, RESET_WINDOW, SEQUENCE_TIMEOUT, TOKEN_INITIAL_USAGE, TOKEN_MAX_USAGE};

use super::ledger::{End, Event, Ledger, Proof, Rp, Token};

/// An invariant.
pub struct Invariant {
    /// What it says.
    pub name: &'static str,
    /// Where it is said.
    pub section: &'static str,
    /// Whether it also holds where the medium has damaged records: what was acknowledged may then be gone.
    pub survives_damage: bool,
    holds: fn(&Ledger, &Event) -> bool,
}

impl fmt::Debug for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.section)
    }
}

macro_rules! invariants {
    ($($holds:ident, $survives_damage:literal, $section:literal, $name:literal;)+) => {
        /// All of them.
        pub const INVARIANTS: &[Invariant] = &[$(Invariant {
            name: $name,
            section: $section,
            survives_damage: $survives_damage,
            holds: $holds,
        }),+];
    };
}

invariants! {
    few_guesses, true, "CTAP 2.3 §6.5.2.2", "after eight wrong PINs not even the right one is taken";
    few_guesses_a_power_up, true, "CTAP 2.3 §6.5.5.7", "after three wrong PINs the power must go first";
    guesses_cost, false, "CTAP 2.3 §6.5.5.6, §6.5.5.7",
        "each wrong PIN costs a retry, and only the right one brings them back";
    only_the_pin, true, "CTAP 2.3 §6.5.5.7", "a wrong PIN opens nothing";
    verified_by_pin, true, "CTAP 2.3 §6.1.2, §6.2.2", "the flag UV needs a PIN that was given, and a token for it";
    token_ends_with_power, true, "CTAP 2.3 §6.5.2.1", "a token ends with the power";
    token_ends_with_reset, true, "CTAP 2.3 §6.6", "a token ends with a reset";
    token_ends_with_pin, true, "CTAP 2.3 §6.5.5.6", "a token ends with its PIN";
    token_ends_in_time, true, "CTAP 2.3 §6.5.2.1", "a token ends in time";
    token_is_replaced, true, "CTAP 2.3 §6.5.5.7", "a token ends with the next one";
    token_is_spent, true, "CTAP 2.3 §6.1.2 step 14, §6.2.2 step 9", "a token is good for one touch";
    token_has_its_rp, true, "CTAP 2.3 §6.5.5.7", "a token is for its relying party and for what it allows";
    counters_grow, false, "WebAuthn Level 3 §6.1.1", "no counter falls, and each touch raises one";
    acknowledged_stays, false, "CTAP 2.3 §6.1.2 step 17", "nothing acknowledged is gone";
    refused_leaves_nothing, false, "CTAP 2.3 §6", "nothing refused leaves a trace";
    reset_leaves_nothing, true, "CTAP 2.3 §6.6", "after a reset nothing from before is left, or answers";
    deleted_is_gone, true, "CTAP 2.3 §6.8.5, §6.1.2 step 17", "what was deleted or replaced does not answer";
    reset_is_early, true, "CTAP 2.3 §6.6", "a reset comes only just after power-up";
    reset_is_meant, false, "CTAP 2.3 §6.11", "a reset is touched as long as the settings want";
    walk_has_its_host, true, "CTAP 2.3 §6.3", "a walk through assertions is for its host, verified as it began";
}

/// The first invariant that does not hold.
///
/// # Errors
/// That invariant.
pub fn check(ledger: &Ledger, event: &Event) -> Result<(), &'static Invariant> {
    let mut asked = INVARIANTS
        .iter()
        .filter(|invariant| invariant.survives_damage || !ledger.is_damaged);
    asked
        .find(|invariant| !(invariant.holds)(ledger, event))
        .map_or(Ok(()), Err)
}

fn is_right_and_accepted(event: &Event) -> bool {
    matches!(
        event,
        Event::Tried {
            right: true,
            accepted: true
        }
    )
}

fn few_guesses(ledger: &Ledger, event: &Event) -> bool {
    !(is_right_and_accepted(event) && ledger.guesses >= PIN_RETRIES)
}

fn few_guesses_a_power_up(ledger: &Ledger, event: &Event) -> bool {
    !(is_right_and_accepted(event) && !ledger.takes_pins() && ledger.guesses < PIN_RETRIES)
}

fn guesses_cost(ledger: &Ledger, event: &Event) -> bool {
    !matches!(event, Event::Retries(retries) if *retries != u64::from(PIN_RETRIES - ledger.guesses))
}

fn only_the_pin(_: &Ledger, event: &Event) -> bool {
    !matches!(
        event,
        Event::Tried {
            right: false,
            accepted: true
        }
    )
}

/// Whether the event says that the user was verified, and by what.
fn verified(event: &Event) -> Option<Option<&Proof>> {
    match event {
        Event::Registered {
            verified: true, proof, ..
        }
        | Event::SignedIn {
            verified: true, proof, ..
        } => Some(proof.as_ref()),
        _ => None,
    }
}

fn verified_by_pin(ledger: &Ledger, event: &Event) -> bool {
    verified(event).is_none_or(|proof| ledger.pin.is_some() && ledger.pin_was_given && proof.is_some())
}

/// Why the token that a request was taken with should not have been taken.
fn end(ledger: &Ledger, event: &Event) -> Option<End> {
    let (proof, permission, rp) = match event {
        Event::Proved { proof, permission, rp } => (proof, *permission, *rp),
        Event::Registered { credential, .. } => (verified(event)??, permission::MC, Some(credential.rp)),
        Event::SignedIn { rp, .. } => (verified(event)??, permission::GA, Some(*rp)),
        _ => return None,
    };
    proof.dead.or_else(|| end_of(&proof.token, ledger.now, permission, rp))
}

fn end_of(token: &Token, now: u64, permission: u8, rp: Option<Rp>) -> Option<End> {
    let age = now.saturating_sub(token.since);
    if token.permissions & permission == 0 {
        return Some(End::Permission);
    }
    if token.is_persistent() {
        return None;
    }
    if age > TOKEN_MAX_USAGE || !token.used && age > TOKEN_INITIAL_USAGE {
        return Some(End::Time);
    }
    if token.spent {
        return Some(End::Spent);
    }
    // Some commands are for all relying parties, and a token of one is not enough for those.
    (token.rp.is_some() && token.rp != rp).then_some(End::RelyingParty)
}

fn token_ends_with_power(ledger: &Ledger, event: &Event) -> bool {
    end(ledger, event) != Some(End::Power)
}

fn token_ends_with_reset(ledger: &Ledger, event: &Event) -> bool {
    end(ledger, event) != Some(End::Reset)
}

fn token_ends_with_pin(ledger: &Ledger, event: &Event) -> bool {
    end(ledger, event) != Some(End::PinChange)
}

fn token_ends_in_time(ledger: &Ledger, event: &Event) -> bool {
    end(ledger, event) != Some(End::Time)
}

fn token_is_replaced(ledger: &Ledger, event: &Event) -> bool {
    end(ledger, event) != Some(End::Replaced)
}

fn token_is_spent(ledger: &Ledger, event: &Event) -> bool {
    end(ledger, event) != Some(End::Spent)
}

fn token_has_its_rp(ledger: &Ledger, event: &Event) -> bool {
    !matches!(end(ledger, event), Some(End::RelyingParty | End::Permission))
}

fn counters_grow(ledger: &Ledger, event: &Event) -> bool {
    let (id, count, touched) = match event {
        Event::SignedIn { id, count, touched, .. } => (id, *count, *touched),
        Event::WentOn { id, count, .. } => (id, *count, ledger.walk.is_some_and(|walk| walk.touched)),
        _ => return true,
    };
    let known = ledger.credentials.iter().find(|known| known.id == *id);
    known.is_none_or(|known| {
        if touched {
            count > known.count
        } else {
            count >= known.count
        }
    })
}

fn acknowledged_stays(ledger: &Ledger, event: &Event) -> bool {
    match event {
        Event::Missing | Event::PowerUp { started: false } => false,
        Event::Tried {
            right: true,
            accepted: false,
        } => !ledger.takes_pins(),
        Event::LongTouchTold(wanted) => *wanted == ledger.long_touch,
        _ => true,
    }
}

/// Whether a credential that signs is one that the key acknowledged, and that is still there.
fn is_known(ledger: &Ledger, id: &[u8]) -> bool {
    ledger.credentials.iter().any(|known| known.id == *id)
}

fn refused_leaves_nothing(ledger: &Ledger, event: &Event) -> bool {
    match event {
        Event::Refused { left_trace } => !left_trace,
        Event::SignedIn { id, .. } | Event::WentOn { id, .. } => {
            is_known(ledger, id) || ledger.gone.as_ref().is_some_and(|(gone, _)| gone.id == *id)
        }
        _ => true,
    }
}

/// Whether the event is the answer of a credential that went so.
fn haunts(ledger: &Ledger, event: &Event, is_so: fn(End) -> bool) -> bool {
    match event {
        Event::Haunted(end) => is_so(*end),
        Event::SignedIn { id, .. } | Event::WentOn { id, .. } => ledger
            .gone
            .as_ref()
            .is_some_and(|(gone, end)| gone.id == *id && is_so(*end)),
        _ => false,
    }
}

fn reset_leaves_nothing(ledger: &Ledger, event: &Event) -> bool {
    let is_left = matches!(event, Event::Reset { left_trace: true, .. } | Event::PinFromNowhere);
    !is_left && !haunts(ledger, event, |end| end == End::Reset)
}

fn deleted_is_gone(ledger: &Ledger, event: &Event) -> bool {
    !haunts(ledger, event, |end| end != End::Reset)
}

fn reset_is_early(ledger: &Ledger, event: &Event) -> bool {
    !matches!(event, Event::Reset { .. } if ledger.now > RESET_WINDOW)
}

fn reset_is_meant(ledger: &Ledger, event: &Event) -> bool {
    !matches!(event, Event::Reset { held: false, .. } if ledger.long_touch)
}

fn walk_has_its_host(ledger: &Ledger, event: &Event) -> bool {
    let Event::WentOn { host, verified, .. } = event else {
        return true;
    };
    ledger.walk.is_some_and(|walk| {
        let in_time = ledger.now.saturating_sub(walk.since) <= SEQUENCE_TIMEOUT;
        walk.host == *host && walk.verified == *verified && walk.left > 0 && in_time
    })
}
