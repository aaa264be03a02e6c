//! IAM, STS and CloudTrail for the AWS CLI and SDKs.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::Refusal;
use crate::practice::desk::Desk;

/// Answers a signed request.
pub(in crate::practice) async fn answer(_: Arc<Desk>, _: Request) -> Response {
    Refusal::new(
        StatusCode::NOT_IMPLEMENTED,
        "The endpoint is not served yet",
        "Use the pages.",
    )
    .into_response()
}
