//! Judges what an account says of its users' MFA.
