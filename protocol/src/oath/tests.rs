//! The applet, by its APDUs.

mod access_code;
mod accounts;
mod lists;
mod resets;
mod touch;
mod vectors;
