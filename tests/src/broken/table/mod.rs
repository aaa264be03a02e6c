//! The defects, a file for each area.

mod assertions;
pub(super) mod by_hand;
mod client_pin;
mod credential_management;
mod ctaphid;
mod iso7816;
mod make_credential;
mod oath;
mod others;
mod u2f;

use super::defect::Defect;

/// Every defect.
pub const TABLES: &[&[Defect]] = &[
    assertions::TABLE,
    by_hand::TABLE,
    client_pin::TABLE,
    credential_management::TABLE,
    ctaphid::TABLE,
    iso7816::TABLE,
    make_credential::TABLE,
    oath::TABLE,
    others::TABLE,
    u2f::TABLE,
];
