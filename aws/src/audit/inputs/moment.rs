//! Times as the AWS CLI writes them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time. Version 2 of the CLI writes ISO 8601; version 1 writes what the service sent, which is seconds since 1970
/// for CloudTrail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audit) struct Moment(pub(in crate::audit) OffsetDateTime);

impl Moment {
    /// ISO 8601 with its offset from UTC.
    pub(super) fn parse(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                Moment::parse(text).ok_or_else(|| E::custom(format_args!("{text:?} is no time")))
            }
            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Moment, E> {
                let moment = OffsetDateTime::from_unix_timestamp(seconds).map(Moment);
                moment.map_err(|_| E::custom(format_args!("{seconds} is no time")))
            }
            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Moment, E> {
                let seconds = i64::try_from(seconds).map_err(|_| E::custom(format_args!("{seconds} is no time")))?;
                self.visit_i64(seconds)
            }
            fn visit_f64<E: Error>(self, seconds: f64) -> Result<Moment, E> {
                // A cast takes what is too great to the greatest number, which is no time.
                #[expect(clippy::cast_possible_truncation)]
                self.visit_i64(seconds.floor() as i64)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_the_cli_are_read() {
        for text in [
            r#""2026-11-29T00:00:00+00:00""#,
            r#""2026-11-29T00:00:00Z""#,
            r#""2026-11-29T01:00:00.000+01:00""#,
            "1795910400",
            "1795910400.25",
        ] {
            let moment: Moment = serde_json::from_str(text).unwrap();
            assert_eq!(moment.0.unix_timestamp(), 1_795_910_400, "{text}");
        }
        for wrong in [
            r#""""#,
            r#""2026-11-29""#,
            r#""2026-11-29T00:00:00+00:0""#,
            "1e300",
            "18446744073709551615",
            "{}",
        ] {
            assert!(serde_json::from_str::<Moment>(wrong).is_err(), "{wrong}");
        }
    }
}
