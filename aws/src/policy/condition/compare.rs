//! One value of a request against one of a policy. A value that is not of the operator's type matches nothing.

use std::cmp::Ordering;
use std::net::IpAddr;

use data_encoding::BASE64;
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

use super::{Order, Test};
use crate::policy::context::Context;
use crate::policy::pattern::{self, Atom, Case, Pattern};

pub(in crate::policy) fn matches(test: Test, expected: &Pattern, actual: &str, context: &Context) -> bool {
    let text = expected.text.as_str();
    match test {
        Test::String | Test::StringLike => expected.matches(actual, context, Case::Sensitive),
        // Assumed of Bool: AWS writes true and false, and does not say what becomes of True.
        Test::StringIgnoreCase | Test::Bool => expected.matches(actual, context, Case::Ignored),
        Test::Numeric(order) => both(number(text), number(actual), |a, b| order.holds(b.partial_cmp(&a))),
        Test::Date(order) => both(date(text), date(actual), |a, b| order.holds(Some(b.cmp(&a)))),
        Test::Binary => both(binary(text), binary(actual), |a, b| a == b),
        Test::Ip => both(network(text), actual.parse().ok(), |(start, bits), ip| {
            contains(start, bits, ip)
        }),
        Test::Arn => expected
            .resolve(context)
            .is_some_and(|expected| is_arn_like(&expected, actual)),
        Test::Null => false,
    }
}

/// Whether a value of the policy is of the operator's type at all.
pub(in crate::policy) fn is_well_formed(test: Test, expected: &str) -> bool {
    match test {
        Test::String | Test::StringIgnoreCase | Test::StringLike => true,
        Test::Arn => expected == "*" || expected.contains("${") || expected.split(':').count() >= 6,
        Test::Numeric(_) => number(expected).is_some(),
        Test::Date(_) => date(expected).is_some(),
        Test::Bool => expected.contains("${") || is_bool(expected),
        Test::Null => is_bool(expected),
        Test::Binary => binary(expected).is_some(),
        Test::Ip => network(expected).is_some(),
    }
}

fn is_bool(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

fn both<A, B>(a: Option<A>, b: Option<B>, test: impl FnOnce(A, B) -> bool) -> bool {
    a.zip(b).is_some_and(|(a, b)| test(a, b))
}

impl Order {
    fn holds(self, actual_to_expected: Option<Ordering>) -> bool {
        let Some(ordering) = actual_to_expected else {
            return false;
        };
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Whole and decimal numbers. Rust also reads words such as "inf".
fn number(text: &str) -> Option<f64> {
    let is_number = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+'));
    is_number.then(|| text.parse().ok())?
}

/// A date of the W3C's profile of ISO 8601, or seconds since 1970.
pub(in crate::policy) fn date(text: &str) -> Option<OffsetDateTime> {
    if text.len() != 4
        && let Ok(seconds) = text.parse()
    {
        return OffsetDateTime::from_unix_timestamp(seconds).ok();
    }
    if let Ok(moment) = OffsetDateTime::parse(text, &Iso8601::DEFAULT) {
        return Some(moment);
    }
    // The profile's forms for a year, a month and a day.
    let day = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let day = Date::parse(&day, &Iso8601::DATE).ok()?;
    Some(PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_utc())
}

fn binary(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok()
}

/// An address with the count of bits that matter, as CIDR writes it; without a count, all.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        None => (text, None),
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
    };
    let address: IpAddr = address.parse().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let bits: u32 = bits.unwrap_or(all);
    (bits <= all).then_some((address, bits))
}

fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

/// Each of the six parts is compared by itself, so that no wildcard goes beyond its colon (the guide, "ARN condition
/// operators"). Assumed: a single `*` is like every ARN.
fn is_arn_like(expected: &[Atom], actual: &str) -> bool {
    if expected == [Atom::Many] {
        return true;
    }
    let expected: Vec<&[Atom]> = expected.splitn(6, |atom| *atom == Atom::Char(':')).collect();
    let actual: Vec<&str> = actual.splitn(6, ':').collect();
    let pairs = || expected.iter().zip(&actual);
    expected.len() == 6
        && actual.len() == 6
        && pairs().all(|(expected, actual)| pattern::matches(expected, actual, Case::Sensitive))
}
