//! IAM, STS and CloudTrail for the AWS CLI and SDKs.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use brasskey_aws::endpoint;

use super::Refusal;
use crate::practice::desk::Desk;
use crate::practice::forms;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Answers a signed request.
pub(in crate::practice) async fn answer(desk: Arc<Desk>, request: Request) -> Response {
    match try_answer(&desk, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn try_answer(desk: &Desk, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let body = forms::read(body, endpoint::MAX_BODY).await?;
    // A value that is no text cannot have been signed as text: the signature will be wrong.
    let headers: Vec<(&str, &str)> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let asked = endpoint::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &body,
    };
    let now = desk.now();
    let answer = desk.change(|account| endpoint::answer(account, &asked, now))?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::try_from(answer.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    Ok(response)
}
