//! `brasskey conformance` against the chip, as the maker of a key runs it in CI: what is safe for a key in use, and
//! takes no touch. The suites themselves, with touches, are the form `chip` of `tests/tests/forms.rs`.

use std::process::Command;

use brasskey_tests::chip::{Emulator, Time};
use serde_json::Value;

use crate::program::program;

crate::checks! {
    the_safe_checks_of_the_program_pass,
}

fn the_safe_checks_of_the_program_pass() {
    let emulator = Emulator::new(Time::System);
    let output = Command::new(program())
        .args(["conformance", "--json", "--device"])
        .arg(format!("udp:{}", emulator.reports()))
        .output()
        .expect("the program");
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let unfit: Vec<_> = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter(|check| matches!(check["outcome"].as_str(), Some("fail" | "warn")))
        .collect();
    assert!(unfit.is_empty(), "{unfit:#?}");
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(report["summary"]["pass"].as_u64() > Some(40), "{}", report["summary"]);
    assert_eq!((&report["erased"], &report["left"]), (&false.into(), &Value::Null));
}
