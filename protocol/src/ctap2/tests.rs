//! Every command, from the host's side of the wire.

mod backup;
mod built_in_uv;
mod client_pin;
mod credential_management;
mod credential_management_preview;
mod encoding;
mod failures;
mod get_info;
mod get_next_assertion;
mod hostile;
mod large_blobs;
mod make_credential;
mod model;
mod pin_power_cuts;
pub(crate) mod power_cuts;
mod reset;
