//! What the conformance crate says that checks take is what they take. `RECORD_COSTS=1` writes the table anew.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use brasskey_conformance::costs::{self, Cost};
use brasskey_conformance::host::card::message;
use brasskey_conformance::host::client_pin::{Agreement, Protocol, client_pin, cp};
use brasskey_conformance::host::ctap2::{Request, make_discoverable, status};
use brasskey_conformance::host::response::Response;
use brasskey_conformance::host::{Host, command};
use brasskey_conformance::key::{Hand, Key, Need};
use brasskey_conformance::run::caught;
use brasskey_conformance::suites;
use brasskey_conformance::trace::{Patience, Tape, Watched};
use brasskey_tests::forms::{self, Form};

/// Of a key that is used.
const PIN: &str = "13579246";

/// How long the tape waits does not matter: the core answers at once.
fn cost(form: &'static Form, run: fn(&Key)) -> Cost {
    let tape = Tape::new(Patience::PERSON, Arc::new(|| false));
    let hand: Arc<dyn Hand> = Arc::from(form.hand());
    let key = Key::new(&form.profile, Box::new(Watched::new(hand, tape.clone())));
    run(&key);
    let cost = Cost::from(tape.spent());
    Cost {
        used: cost.is_safe() && passes_on_a_used_key(form, run),
        ..cost
    }
}

/// Whether the check passes on a key that has a PIN, and a passkey for the website of the checks.
fn passes_on_a_used_key(form: &'static Form, run: fn(&Key)) -> bool {
    let key = Key::new(&form.profile, form.hand());
    let is_card = form.profile.has.contains(&Need::Card);
    let made = caught(|| {
        let mut host = key.host();
        if is_card {
            return use_card(&key, &mut host);
        }
        if host.option("rk") == Some(true) {
            host.touched_if_asked(make_discoverable("example.com", b"somebody"));
        }
        if host.option("clientPin").is_some() {
            host.set_pin(PIN);
        }
    });
    made.is_ok() && caught(|| run(&key)).is_ok()
}

/// The same over APDUs: the link of a card takes nothing else.
fn use_card(key: &Key, host: &mut Host) {
    host.select_fido();
    host.send(
        command::APDU,
        &message(0, &make_discoverable("example.com", b"somebody").encode()),
    );
    key.touch();
    assert_eq!(host.apdu_answer().0[0], status::OK);
    let mut ask = |request: Request| Response::decode(&host.apdu(&message(0, &request.encode())).0);
    let half = ask(client_pin(0x02).with(cp::PIN_UV_AUTH_PROTOCOL, Protocol::Two as u8));
    let agreement = Agreement::new(Protocol::Two, &half.ok()[&1]);
    assert_eq!(ask(agreement.set_pin(PIN)).status, status::OK);
}

#[test]
fn what_checks_take_is_recorded() {
    let mut jobs = VecDeque::new();
    for (suite, checks) in suites::ALL {
        for check in *checks {
            // On the first form that can: the core, unless the check is for a key with something special.
            let form = forms::all().find(|form| form.profile.runs(check.needs)).unwrap();
            jobs.push_back((format!("{suite}::{}", check.name), form, check.run));
        }
    }
    let (count, jobs) = (jobs.len(), Mutex::new(jobs));
    let lines = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().pop_front();
                    let Some((name, form, run)) = job else { break };
                    let cost = cost(form, run);
                    lines.lock().unwrap().push((name, cost));
                }
            });
        }
    });
    let mut lines = lines.into_inner().unwrap();
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(lines.len(), count);
    if std::env::var_os("RECORD_COSTS").is_some() {
        let mut table = format!("{}\n", costs::HEAD);
        lines
            .iter()
            .for_each(|(name, cost)| table += &format!("{}\n", cost.line(name)));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/src/costs.csv");
        std::fs::write(file, table).unwrap();
        return;
    }
    let wrong: Vec<_> = lines
        .iter()
        .filter(|(name, cost)| costs::of(name) != Some(*cost))
        .map(|(name, cost)| format!("{name}: {cost:?}, recorded {:?}", costs::of(name)))
        .collect();
    assert!(
        wrong.is_empty(),
        "RECORD_COSTS=1 records these anew:\n{}",
        wrong.join("\n")
    );
}
