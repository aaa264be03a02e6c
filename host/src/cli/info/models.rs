//! What is known of the model of a key: from the alliance's metadata, or from a short list.

use serde::Serialize;

use crate::mds::{Blob, StatusReport};

/// AAGUIDs and their models, by the names that the makers gave them in the alliance's metadata.
const KNOWN: &[(&str, &str)] = &[
    (
        "0bb43545-fd2c-4185-87dd-feb0b2916ace",
        "Security Key NFC by Yubico - Enterprise Edition",
    ),
    (
        "149a2021-8ef6-4133-96b8-81f8d5b7f1f5",
        "Security Key by Yubico with NFC",
    ),
    ("2cd2f727-f6ca-44da-8f48-5c2e5da000a2", "Nitrokey 3 AM"),
    ("2fc0579f-8113-47ea-b116-bb5a8db9202a", "YubiKey 5 Series with NFC"),
    ("42b4fb4a-2866-43b2-9bf7-6c6669c2e5d3", "Google Titan Security Key v2"),
    (
        "6d44ba9b-f6ec-2e49-b930-0c8fe920cb73",
        "Security Key by Yubico with NFC",
    ),
    ("73bb0cd4-e502-49b8-9c6f-b59445bf720b", "YubiKey 5 FIPS Series"),
    ("85203421-48f9-4355-9bc8-8a53846e5083", "YubiKey 5Ci FIPS"),
    ("a4e9fc6d-4cbe-4758-b8ba-37598bb5bbaa", "Security Key NFC by Yubico"),
    ("b92c3f9a-c014-4056-887f-140a2501163b", "Security Key by Yubico"),
    ("c1f9a0bc-1dd2-404a-b27f-8e29047a43fd", "YubiKey 5 FIPS Series with NFC"),
    ("c5ef55ff-ad9a-4b9f-b580-adebafe026d0", "YubiKey 5Ci"),
    ("cb69481e-8ff7-4039-93ec-0a2729a154a8", "YubiKey 5 Series"),
    (
        "d8522d9f-575b-4866-88a9-ba99fa02f35b",
        "YubiKey Bio Series - FIDO Edition",
    ),
    ("ee882879-721c-4913-9775-3dfcce97072a", "YubiKey 5 Series"),
    ("f8a011f3-8c0a-4d15-8006-17111f9edc7d", "Security Key by Yubico"),
    ("fa2b99dc-9e39-4257-8f92-4a30d23c4118", "YubiKey 5 Series with NFC"),
];

/// A model. Its texts come from outside.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model {
    pub(super) name: Option<String>,
    /// `metadata` or `list`.
    pub(super) source: &'static str,
    pub(super) reports: Vec<Report>,
    /// What is wrong with it: escaped.
    #[serde(skip)]
    pub(super) warnings: Vec<String>,
}

/// A status report of the metadata.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) status: String,
    pub(super) effective_date: Option<String>,
    pub(super) authenticator_version: Option<u64>,
}

impl Model {
    /// What is known of `aaguid`, on a key with this firmware.
    pub(super) fn of(aaguid: &str, firmware: Option<u64>, blob: Option<&Blob>) -> Option<Self> {
        if let Some(entry) = blob.and_then(|blob| blob.model(aaguid)) {
            return Some(Self {
                name: entry.name().map(str::to_owned),
                source: "metadata",
                warnings: entry
                    .reports
                    .iter()
                    .filter_map(|report| warning(report, firmware))
                    .collect(),
                reports: entry.reports.iter().map(Report::of).collect(),
            });
        }
        let (_, name) = KNOWN.iter().find(|(known, _)| *known == aaguid)?;
        Some(Self {
            name: Some((*name).to_owned()),
            source: "list",
            ..Self::default()
        })
    }
}

impl Report {
    fn of(report: &StatusReport) -> Self {
        Self {
            status: report.status.clone(),
            effective_date: report.effective_date.clone(),
            authenticator_version: report.authenticator_version,
        }
    }
}

/// What a status report says against the key.
fn warning(report: &StatusReport, firmware: Option<u64>) -> Option<String> {
    let since = report
        .effective_date
        .as_deref()
        .map(|date| format!(" since {date}"))
        .unwrap_or_default();
    let shown = |text: String| crate::text::escape(&text).into_owned();
    // A report without a version is about every firmware (FIDO Metadata Service §3.1.3).
    let is_about_it = match (report.authenticator_version, firmware) {
        (Some(about), Some(has)) => has <= about,
        _ => true,
    };
    if report.is_bad() && is_about_it {
        return Some(shown(format!(
            "the metadata say {}{since}: websites that ask it refuse this model",
            report.status
        )));
    }
    let newer = report
        .authenticator_version
        .filter(|newer| firmware.is_some_and(|has| has < *newer));
    let newer = newer.filter(|_| report.status == "UPDATE_AVAILABLE")?;
    Some(shown(format!("there is newer firmware, {newer}{since}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_of_aaguids() {
        assert!(KNOWN.is_sorted_by(|one, other| one.0 < other.0));
        assert!(KNOWN.iter().all(|(aaguid, _)| aaguid.parse::<uuid::Uuid>().is_ok()));
        let model = Model::of("2fc0579f-8113-47ea-b116-bb5a8db9202a", None, None).unwrap();
        assert_eq!(
            (model.name.as_deref(), model.source),
            (Some("YubiKey 5 Series with NFC"), "list")
        );
        assert!(Model::of("00000000-0000-0000-0000-000000000000", None, None).is_none());
    }

    #[test]
    fn a_report_counts_for_the_firmware_that_it_is_about() {
        let report = |status: &str, version| StatusReport {
            status: status.to_owned(),
            effective_date: Some("2026-01-02".to_owned()),
            authenticator_version: version,
        };
        assert!(
            warning(&report("REVOKED", None), Some(5))
                .unwrap()
                .contains("REVOKED since 2026-01-02")
        );
        assert!(warning(&report("REVOKED", Some(5)), Some(5)).is_some());
        assert!(warning(&report("REVOKED", Some(4)), Some(5)).is_none());
        assert!(
            warning(&report("UPDATE_AVAILABLE", Some(6)), Some(5))
                .unwrap()
                .contains("newer firmware, 6")
        );
        assert!(warning(&report("UPDATE_AVAILABLE", Some(5)), Some(5)).is_none());
        assert!(warning(&report("FIDO_CERTIFIED_L1", None), Some(5)).is_none());
    }
}
