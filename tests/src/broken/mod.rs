//! Keys that are broken on purpose: a check that passes for all of them checks nothing.
//!
//! Each is the core, which conforms, behind a proxy that has one defect. Where it can, the proxy hides something of a
//! request from the key, so that the key itself then does what it should not; else it changes an answer.
//!
//! | module | what it is |
//! |---|---|
//! | [`defect`] | the language of defects |
//! | [`path`] | members of messages |
//! | [`ear`] | what came before in reports |
//! | `secrets` | what times must not tell |
//! | [`TABLES`] | the defects |
//! | [`innocent`] | what other keys do in another way, and is no defect |

pub mod defect;
pub mod ear;
mod forge;
mod hand;
pub mod innocent;
pub mod path;
mod secrets;
mod table;
mod wire;
mod words;

pub use hand::{Broken, Exchange, PATIENCE};
pub use table::TABLES;
