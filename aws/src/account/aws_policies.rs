//! The managed policies of AWS that the guides use.

/// A managed policy of AWS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AwsPolicy {
    pub(crate) arn: &'static str,
    pub(crate) id: &'static str,
    pub(crate) document: &'static str,
}

impl AwsPolicy {
    pub(crate) fn name(&self) -> &'static str {
        self.arn.rsplit_once('/').map(|(_, name)| name).unwrap_or_default()
    }
}

/// What AWS documents for each ("AWS managed policy reference"); the identifiers are made up.
pub(crate) const ALL: [AwsPolicy; 6] = [
    AwsPolicy {
        arn: "arn:aws:iam::aws:policy/AdministratorAccess",
        id: "ANPAADMINISTRATORACCE",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    AwsPolicy {
        arn: "arn:aws:iam::aws:policy/IAMFullAccess",
        id: "ANPAIAMFULLACCESSAAAA",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*",
            "organizations:DescribeAccount","organizations:DescribeOrganization",
            "organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren",
            "organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots",
            "organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        arn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
        id: "ANPAIAMREADONLYACCESS",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport",
            "iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy",
            "iam:SimulatePrincipalPolicy"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        arn: "arn:aws:iam::aws:policy/IAMUserChangePassword",
        id: "ANPAIAMUSERCHANGEPASS",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:ChangePassword"],
            "Resource":["arn:aws:iam::*:user/${aws:username}"]},{"Effect":"Allow",
            "Action":["iam:GetAccountPasswordPolicy"],"Resource":"*"}]}"#,
    },
    AwsPolicy {
        arn: "arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess",
        id: "ANPASIGNINLOCALDEVELO",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["signin:AuthorizeOAuth2Access",
            "signin:CreateOAuth2Token"],"Resource":"arn:aws:signin:*:*:oauth2/public-client/*"}]}"#,
    },
    AwsPolicy {
        arn: "arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess",
        id: "ANPACLOUDTRAILREADONL",
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudtrail:Get*",
            "cloudtrail:Describe*","cloudtrail:List*","cloudtrail:LookupEvents"],"Resource":"*"}]}"#,
    },
];

pub(crate) fn find(arn: &str) -> Option<&'static AwsPolicy> {
    ALL.iter().find(|policy| policy.arn == arn)
}
