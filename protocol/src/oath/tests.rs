//! The applet, by its APDUs.

mod access_code;
mod accounts;
mod damage;
mod hostile;
mod lists;
mod model;
mod power_cuts;
mod resets;
mod touch;
