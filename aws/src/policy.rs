//! IAM policies: read, evaluated, judged and printed.
