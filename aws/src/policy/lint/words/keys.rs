//! Global condition keys, and what values look like.

use crate::policy::condition::Test;
use crate::policy::spelling::meant;

/// IAM User Guide, "AWS global condition context keys". The key of a tag goes on after a slash.
const GLOBAL: &[&str] = &[
    "aws:AssumedRoot",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:ChatbotSourceArn",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalTag",
    "aws:PrincipalType",
    "aws:referer",
    "aws:RequestedRegion",
    "aws:RequestTag",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:ResourceTag",
    "aws:SecureTransport",
    "aws:SignInSessionArn",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
];

/// The key that is meant by one that does not exist. AWS adds keys, so one that is like no other may exist.
pub(super) fn misspelt(key: &str) -> Option<&'static str> {
    let name = key.split('/').next().unwrap_or(key);
    if GLOBAL.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let is_global = lower.starts_with("aws:");
    if lower.contains("multifactorauth") || (is_global && (lower.contains("mfa") || lower.contains("multifactor"))) {
        return Some(if lower.ends_with("age") {
            "aws:MultiFactorAuthAge"
        } else {
            "aws:MultiFactorAuthPresent"
        });
    }
    is_global.then(|| meant(name, GLOBAL.iter().copied()))?
}

/// What a value of an operator looks like.
pub(super) fn form(test: Test) -> &'static str {
    match test {
        Test::Numeric(_) => "write a number, such as 3600",
        Test::Date(_) => "write a date, such as 2026-12-31T00:00:00Z, or the seconds since 1970",
        Test::Bool | Test::Null => "write \"true\" or \"false\"",
        Test::Binary => "write Base64",
        Test::Ip => "write an address or a range, such as 203.0.113.0/24",
        Test::Arn => "write an ARN with all its six parts, such as arn:aws:iam::*:user/*",
        Test::String | Test::StringIgnoreCase | Test::StringLike => "write text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_keys_are_recognised_and_others_left_alone() {
        for (key, right) in [
            ("aws:MFAPresent", Some("aws:MultiFactorAuthPresent")),
            ("aws:MultiFactorPresent", Some("aws:MultiFactorAuthPresent")),
            ("iam:MultiFactorAuthPresent", Some("aws:MultiFactorAuthPresent")),
            ("aws:MFAAge", Some("aws:MultiFactorAuthAge")),
            ("aws:MultiFactorAuthPresnt", Some("aws:MultiFactorAuthPresent")),
            ("aws:usernam", Some("aws:username")),
            ("aws:ViaAWSServices", Some("aws:ViaAWSService")),
            ("aws:MultifactorAuthPresent", None),
            ("AWS:USERNAME", None),
            ("aws:PrincipalTag/mfa", None),
            ("aws:ResourceTag/aws:MFAPresent", None),
            ("aws:SomethingNewEntirely", None),
            ("s3:prefix", None),
            ("iam:FIDO-certification", None),
        ] {
            assert_eq!(misspelt(key), right, "{key}");
        }
    }
}
