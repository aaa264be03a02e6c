//! The answers that verdicts come from.

/// An answer that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// get-account-summary.
    Summary,
    /// get-credential-report.
    Report,
    /// list-users.
    Users,
    /// list-mfa-devices, of each user.
    Devices,
    /// list-virtual-mfa-devices.
    VirtualDevices,
    /// get-account-authorization-details.
    Details,
    /// CloudTrail's lookup-events.
    Events,
    /// list-organizations-features.
    Features,
    /// get-caller-identity.
    Identity,
}

impl Source {
    /// The operation of the AWS CLI, with its service.
    #[must_use]
    pub fn operation(self) -> &'static str {
        match self {
            Self::Summary => "iam get-account-summary",
            Self::Report => "iam get-credential-report",
            Self::Users => "iam list-users",
            Self::Devices => "iam list-mfa-devices",
            Self::VirtualDevices => "iam list-virtual-mfa-devices",
            Self::Details => "iam get-account-authorization-details",
            Self::Events => "cloudtrail lookup-events",
            Self::Features => "iam list-organizations-features",
            Self::Identity => "sts get-caller-identity",
        }
    }
}
