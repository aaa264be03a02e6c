//! What policies decide, by the cases of the IAM User Guide.

mod conditions;
mod decisions;
mod grammar;
