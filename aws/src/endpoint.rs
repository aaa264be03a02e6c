//! Answers for the practice account as IAM, STS and CloudTrail do, by the Query protocol and JSON.
