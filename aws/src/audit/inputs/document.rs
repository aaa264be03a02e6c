//! The answers of the AWS CLI as JSON, each recognised by its members.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::moment::Moment;

/// One answer, whichever it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Document {
    pub(super) summary_map: Option<Summary>,
    pub(super) content: Option<String>,
    pub(super) generated_time: Option<Moment>,
    pub(super) users: Option<Vec<ListedUser>>,
    #[serde(rename = "MFADevices")]
    pub(super) devices: Option<Vec<ListedDevice>>,
    #[serde(rename = "VirtualMFADevices")]
    pub(super) virtual_devices: Option<Vec<VirtualDevice>>,
    pub(super) access_key_metadata: Option<Vec<ListedKey>>,
    pub(super) user_detail_list: Option<Vec<UserDetail>>,
    pub(super) group_detail_list: Option<Vec<GroupDetail>>,
    pub(super) policies: Option<Vec<ManagedPolicy>>,
    pub(super) events: Option<Vec<Event>>,
    pub(super) enabled_features: Option<Vec<String>>,
    pub(super) account: Option<String>,
    pub(super) arn: Option<String>,
    pub(super) serial_number: Option<String>,
    pub(super) certifications: Option<std::collections::BTreeMap<String, String>>,
    pub(super) user_name: Option<String>,
    /// There in the answer of get-group, whose users are not all.
    group: Option<IgnoredAny>,
    /// The rest is elsewhere.
    is_truncated: Option<bool>,
    next_token: Option<IgnoredAny>,
    marker: Option<IgnoredAny>,
}

/// Which answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Summary,
    Report,
    Users,
    Devices,
    VirtualDevices,
    Keys,
    Details,
    Events,
    Features,
    Identity,
    Device,
}

impl Document {
    /// Which answer it is.
    ///
    /// # Errors
    /// Why it is none, or not a whole one.
    pub(super) fn shape(&self) -> Result<Shape, &'static str> {
        if self.is_truncated == Some(true) || self.next_token.is_some() || self.marker.is_some() {
            return Err("this is a part of a list only: export it without --max-items and --no-paginate");
        }
        let shapes = [
            (self.summary_map.is_some(), Shape::Summary),
            (self.content.is_some(), Shape::Report),
            (self.users.is_some() && self.group.is_none(), Shape::Users),
            (self.devices.is_some(), Shape::Devices),
            (self.virtual_devices.is_some(), Shape::VirtualDevices),
            (self.access_key_metadata.is_some(), Shape::Keys),
            (self.user_detail_list.is_some(), Shape::Details),
            (self.events.is_some(), Shape::Events),
            (self.enabled_features.is_some(), Shape::Features),
            (self.account.is_some() && self.arn.is_some(), Shape::Identity),
            (self.serial_number.is_some(), Shape::Device),
        ];
        let mut there = shapes.iter().filter(|(there, _)| *there);
        match (there.next(), there.next()) {
            (Some((_, shape)), None) => Ok(*shape),
            (Some(_), Some(_)) => Err("this is several answers in one"),
            (None, _) => Err("this is none of the answers that are judged"),
        }
    }
}

/// get-account-summary.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct Summary {
    /// Whether root has MFA.
    #[serde(rename = "AccountMFAEnabled")]
    pub(in crate::audit) mfa: u32,
    /// Whether root has access keys.
    #[serde(rename = "AccountAccessKeysPresent")]
    pub(in crate::audit) access_keys: Option<u32>,
    /// Whether root has a password.
    #[serde(rename = "AccountPasswordPresent")]
    pub(in crate::audit) password: Option<u32>,
    /// How many IAM users there are.
    #[serde(rename = "Users")]
    pub(in crate::audit) users: Option<u32>,
}

/// One of list-users.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct ListedUser {
    pub(in crate::audit) user_name: String,
    pub(in crate::audit) arn: String,
}

/// One of list-mfa-devices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct ListedDevice {
    pub(in crate::audit) user_name: Option<String>,
    pub(in crate::audit) serial_number: String,
    pub(in crate::audit) enable_date: Option<Moment>,
}

/// One of list-virtual-mfa-devices.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct VirtualDevice {
    pub(in crate::audit) serial_number: String,
    pub(in crate::audit) user: Option<Owner>,
    pub(in crate::audit) enable_date: Option<Moment>,
}

/// Whose a virtual device is. That of root has no name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct Owner {
    pub(in crate::audit) user_name: Option<String>,
    pub(in crate::audit) arn: Option<String>,
}

/// One of list-access-keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct ListedKey {
    pub(in crate::audit) user_name: String,
    pub(in crate::audit) access_key_id: String,
    pub(in crate::audit) status: String,
    pub(in crate::audit) create_date: Option<Moment>,
}

/// A user in get-account-authorization-details.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct UserDetail {
    pub(in crate::audit) user_name: String,
    pub(in crate::audit) arn: String,
    #[serde(default)]
    pub(in crate::audit) user_policy_list: Vec<InlinePolicy>,
    #[serde(default)]
    pub(in crate::audit) group_list: Vec<String>,
    #[serde(default)]
    pub(in crate::audit) attached_managed_policies: Vec<Attached>,
    pub(in crate::audit) permissions_boundary: Option<Boundary>,
}

/// A group there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct GroupDetail {
    pub(in crate::audit) group_name: String,
    #[serde(default)]
    pub(in crate::audit) group_policy_list: Vec<InlinePolicy>,
    #[serde(default)]
    pub(in crate::audit) attached_managed_policies: Vec<Attached>,
}

/// A policy that belongs to one user or group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct InlinePolicy {
    pub(in crate::audit) policy_name: String,
    /// An object as the CLI writes it, text as IAM does.
    pub(in crate::audit) policy_document: Value,
}

/// A managed policy that is attached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct Attached {
    pub(in crate::audit) policy_arn: String,
}

/// The policy that bounds what a user may be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct Boundary {
    pub(in crate::audit) permissions_boundary_arn: String,
}

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct ManagedPolicy {
    pub(in crate::audit) arn: String,
    #[serde(default)]
    pub(in crate::audit) policy_version_list: Vec<PolicyVersion>,
}

/// One of its versions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::audit) struct PolicyVersion {
    pub(in crate::audit) document: Value,
    #[serde(default)]
    pub(in crate::audit) is_default_version: bool,
}

/// One of lookup-events.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Event {
    pub(super) event_name: String,
    /// The event itself, JSON within JSON.
    pub(super) cloud_trail_event: String,
}
