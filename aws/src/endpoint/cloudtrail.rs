//! CloudTrail's LookupEvents, by JSON 1.1: the sign-ins.

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Answer, Request, Service, check, signature};
use crate::account::{Account, Event, IamError};

pub(super) const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
/// The most events in an answer, and how many there are where nobody says.
const MOST: usize = 50;
/// For how long CloudTrail looks back, in seconds.
const DAYS_90: i64 = 90 * 86_400;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Lookup {
    #[serde(default)]
    lookup_attributes: Vec<Attribute>,
    start_time: Option<f64>,
    end_time: Option<f64>,
    event_category: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

pub(super) fn answer(account: &mut Account, request: &Request<'_>, now: OffsetDateTime, request_id: String) -> Answer {
    let (status, body) = match lookup(account, request, now) {
        Ok(body) => (200, body),
        // JSON services answer 400 for all that the caller did.
        Err(error) => (
            if error.status >= 500 { 500 } else { 400 },
            json!({ "__type": name(error.code), "message": error.message }),
        ),
    };
    Answer {
        status,
        content_type: "application/x-amz-json-1.1",
        body: body.to_string().into_bytes(),
        request_id,
        changed: false,
    }
}

/// Errors of the signature have other names in JSON (CloudTrail API Reference, "Common Errors").
fn name(code: &'static str) -> &'static str {
    match code {
        "AccessDenied" => "AccessDeniedException",
        "ExpiredToken" => "ExpiredTokenException",
        "IncompleteSignature" => "IncompleteSignatureException",
        "InvalidClientTokenId" => "UnrecognizedClientException",
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch" => "InvalidSignatureException",
        other => other,
    }
}

fn lookup(account: &mut Account, request: &Request<'_>, now: OffsetDateTime) -> Result<Value, IamError> {
    check(request)?;
    let signed = signature::verify(account, Service::CloudTrail, request, now)?;
    account.note_use(&signed.key_id, "cloudtrail", &signed.region, now);
    let refuse = |code, message: &str| Err(IamError::new(code, 400, message));
    match request.header("x-amz-target") {
        Some(TARGET) => {}
        Some(_) => {
            return refuse(
                "UnknownOperationException",
                "The practice account knows LookupEvents only.",
            );
        }
        None => return refuse("UnknownOperationException", "The header X-Amz-Target is missing."),
    }
    let Ok(lookup) = serde_json::from_slice::<Lookup>(request.body) else {
        return refuse(
            "SerializationException",
            "The request is not the JSON that LookupEvents takes.",
        );
    };
    account.authorize(&signed.caller, "cloudtrail:LookupEvents", "*", now)?;
    let most = lookup.max_results.map_or(Some(MOST), |most| usize::try_from(most).ok());
    let Some(most) = most.filter(|most| (1..=MOST).contains(most)) else {
        return refuse(
            "InvalidMaxResultsException",
            "A number of results from 1 to 50 can be asked for.",
        );
    };
    let seconds = now.unix_timestamp() as f64;
    let from = lookup.start_time.unwrap_or(seconds - DAYS_90 as f64);
    let to = lookup.end_time.unwrap_or(seconds + 1.0);
    if from > to {
        return refuse(
            "InvalidTimeRangeException",
            "The time range is invalid: it ends before it starts.",
        );
    }
    if lookup.event_category.is_some_and(|category| category != "insight") {
        return refuse("InvalidEventCategoryException", "The event category is invalid.");
    }
    let attribute = match &lookup.lookup_attributes[..] {
        [] => None,
        [one] => Some(one),
        _ => {
            return refuse(
                "InvalidLookupAttributesException",
                "Only one lookup attribute can be given.",
            );
        }
    };
    if attribute.is_some_and(|attribute| !attribute.is_known()) {
        return refuse("InvalidLookupAttributesException", "The lookup attribute is invalid.");
    }
    let in_time = |event: &&Event| {
        let time = event.time as f64;
        time >= from && time <= to
    };
    let all = account.history().filter(in_time);
    let mut all = all.filter(|event| attribute.is_none_or(|attribute| attribute.is_of(event)));
    if let Some(token) = &lookup.next_token {
        // A token is the last event of the page before.
        if !all.by_ref().any(|event| event.id == *token) {
            return refuse(
                "InvalidNextTokenException",
                "The token is invalid, or of another request.",
            );
        }
    }
    let page: Vec<_> = all.by_ref().take(most).collect();
    let mut answer = json!({ "Events": page.iter().map(|event| describe(event)).collect::<Vec<_>>() });
    if let (Some(_), Some(last)) = (all.next(), page.last()) {
        answer["NextToken"] = last.id.clone().into();
    }
    Ok(answer)
}

impl Attribute {
    fn is_known(&self) -> bool {
        let keys = [
            "EventId",
            "EventName",
            "ReadOnly",
            "Username",
            "ResourceType",
            "ResourceName",
            "EventSource",
            "AccessKeyId",
        ];
        keys.contains(&&*self.attribute_key) && (1..=2000).contains(&self.attribute_value.len())
    }

    /// Whether an event has it. Sign-ins name no resource, and have no access key.
    fn is_of(&self, event: &Event) -> bool {
        let value = &*self.attribute_value;
        match &*self.attribute_key {
            "EventId" => value == event.id,
            "EventName" => value == event.name,
            "ReadOnly" => value == "false",
            "Username" => value == event.username,
            "EventSource" => value == "signin.amazonaws.com",
            _ => false,
        }
    }
}

fn describe(event: &Event) -> Value {
    json!({
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": "false",
        "EventTime": event.time,
        "EventSource": "signin.amazonaws.com",
        "Username": event.username,
        "Resources": [],
        "CloudTrailEvent": event.record.to_string(),
    })
}

#[cfg(test)]
mod tests;
