//! What this key configures (CTAP 2.3 §6.11), to the letter.

use brasskey_conformance::host::client_pin::configure;
use brasskey_conformance::host::ctap2::status;
use brasskey_conformance::key::Key;
use brasskey_conformance::{checks, same};
use ciborium::Value;

checks! {
    "CTAP 2.3 §6.4":
        get_info_lists_the_subcommands;
    "CTAP 2.3 §6.11":
        it_has_no_subcommand_of_a_vendor;
}

fn get_info_lists_the_subcommands(key: &Key) {
    let mut host = key.host();
    let info = host.info();
    same!(info[&0x1F], Value::Array(vec![2.into(), 3.into(), 4.into()]));
    same!(host.option("authnrCfg"), Some(true));
    same!(host.option("alwaysUv"), Some(false));
    same!(host.option("setMinPINLength"), Some(true));
    same!(host.option("ep"), None, "no enterprise attestation was installed");
}

fn it_has_no_subcommand_of_a_vendor(key: &Key) {
    key.host().denied(configure(0xFF, None), status::INVALID_SUBCOMMAND);
}
