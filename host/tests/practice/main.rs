//! The practice account, as a browser meets it.

mod browser;
mod enroll;
mod passkey;
mod policies;
mod refuse;
mod secure;
mod sign_in;
mod state;
