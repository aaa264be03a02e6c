//! Every command, from the host's side of the wire.

mod credential_changes;
mod credential_enumeration;
mod credential_management;
mod encoding;
mod failures;
mod get_assertion;
mod get_info;
mod get_next_assertion;
mod hostile;
mod make_credential;
mod make_credential_parameters;
mod power_cuts;
mod reset;
mod selection;
