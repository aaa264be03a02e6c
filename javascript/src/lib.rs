//! The key and the browser's part, for JavaScript: strings of JSON in, strings of JSON out. `javascript/key.js` makes
//! them into what users see.
//!
//! There is one thread and no clock: a request runs to its end in the call that brings it, and time passes where the
//! client would wait.

#![cfg(target_family = "wasm")]

mod cable;
mod key;
mod settings;
mod state;

pub use key::Key;
