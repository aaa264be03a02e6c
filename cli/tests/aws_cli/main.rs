//! The commands of `brasskey aws` that run the AWS CLI, with a program in its place.
#![cfg(target_os = "linux")]

mod enroll;
mod home;
#[path = "../common/program.rs"]
mod program;
mod session;
