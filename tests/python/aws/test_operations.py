"""Each operation of the practice account's endpoint, by botocore: what it answers, and that it did it."""

import csv
import datetime
import io
import json
import unittest

from botocore.exceptions import ClientError
from clients import client, enrolled, next_code
from practice_cli import Practice

ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}}
ENFORCE = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Deny",
        "NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "sts:GetSessionToken"],
        "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    },
}


class Operations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.practice = Practice()
        cls.addClassCleanup(cls.practice.close)
        cls.iam = client(cls.practice, "iam", cls.practice.users["admin"])
        cls.sts = client(cls.practice, "sts", cls.practice.users["admin"])
        cls.arn = f"arn:aws:iam::{cls.practice.account}"

    def test_devices(self):
        created = self.iam.create_virtual_mfa_device(Path="/a/", VirtualMFADeviceName="phone")["VirtualMFADevice"]
        self.assertEqual(created["SerialNumber"], f"{self.arn}:mfa/a/phone")
        self.assertEqual(len(created["Base32StringSeed"]), 64)
        self.assertTrue(created["QRCodePNG"].startswith(b"\x89PNG"))
        unassigned = self.iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
        self.assertIn({"SerialNumber": created["SerialNumber"]}, unassigned)
        self.iam.delete_virtual_mfa_device(SerialNumber=created["SerialNumber"])

        self.iam.create_user(UserName="devices")
        serial, seed = enrolled(self.iam, "devices", "app")
        [device] = self.iam.list_mfa_devices(UserName="devices")["MFADevices"]
        self.assertEqual((device["UserName"], device["SerialNumber"]), ("devices", serial))
        self.assertLess(abs(datetime.datetime.now(datetime.UTC) - device["EnableDate"]), datetime.timedelta(minutes=1))
        assigned = self.iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
        self.assertIn("devices", [device["User"]["UserName"] for device in assigned])
        self.assertGreaterEqual(self.iam.get_account_summary()["SummaryMap"]["MFADevicesInUse"], 1)
        self.iam.deactivate_mfa_device(UserName="devices", SerialNumber=serial)
        self.iam.delete_virtual_mfa_device(SerialNumber=serial)
        self.assertEqual(self.iam.list_mfa_devices(UserName="devices")["MFADevices"], [])
        self.iam.delete_user(UserName="devices")

    def test_users_and_paging(self):
        for number in range(5):
            self.iam.create_user(UserName=f"page-{number}", Path="/pages/")
        pages = self.iam.get_paginator("list_users").paginate(
            PathPrefix="/pages/", PaginationConfig={"PageSize": 2}
        )
        sizes = [[user["UserName"] for user in page["Users"]] for page in pages]
        self.assertEqual(sizes, [["page-0", "page-1"], ["page-2", "page-3"], ["page-4"]])
        self.iam.update_user(UserName="page-0", NewUserName="page-9", NewPath="/")
        self.assertEqual(self.iam.get_user(UserName="page-9")["User"]["Arn"], f"{self.arn}:user/page-9")
        self.assertEqual(self.iam.get_user()["User"]["UserName"], "admin")
        for name in ["page-1", "page-2", "page-3", "page-4", "page-9"]:
            self.iam.delete_user(UserName=name)

    def test_passwords_and_keys(self):
        self.iam.create_user(UserName="login")
        made = self.iam.create_login_profile(UserName="login", Password="A-good-1", PasswordResetRequired=True)
        self.assertTrue(made["LoginProfile"]["PasswordResetRequired"])
        self.iam.update_login_profile(UserName="login", PasswordResetRequired=False)
        self.assertFalse(self.iam.get_login_profile(UserName="login")["LoginProfile"]["PasswordResetRequired"])
        key = self.iam.create_access_key(UserName="login")["AccessKey"]
        self.assertEqual((len(key["AccessKeyId"]), len(key["SecretAccessKey"])), (20, 40))
        self.iam.put_user_policy(
            UserName="login",
            PolicyName="own",
            PolicyDocument=json.dumps({**ALLOW, "Statement": {**ALLOW["Statement"], "Action": "iam:ChangePassword"}}),
        )
        own = client(self.practice, "iam", key)
        own.change_password(OldPassword="A-good-1", NewPassword="Another-2")
        used = self.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        self.assertEqual((used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]), ("login", "iam"))
        self.iam.update_access_key(UserName="login", AccessKeyId=key["AccessKeyId"], Status="Inactive")
        [listed] = self.iam.list_access_keys(UserName="login")["AccessKeyMetadata"]
        self.assertEqual(listed["Status"], "Inactive")
        self.iam.delete_access_key(UserName="login", AccessKeyId=key["AccessKeyId"])
        self.iam.delete_user_policy(UserName="login", PolicyName="own")
        self.iam.delete_login_profile(UserName="login")
        self.iam.delete_user(UserName="login")

    def test_groups(self):
        group = self.iam.create_group(GroupName="people")["Group"]
        self.assertEqual(group["Arn"], f"{self.arn}:group/people")
        self.iam.add_user_to_group(GroupName="people", UserName="alice")
        self.assertEqual([user["UserName"] for user in self.iam.get_group(GroupName="people")["Users"]], ["alice"])
        groups = self.iam.list_groups_for_user(UserName="alice")["Groups"]
        self.assertEqual([group["GroupName"] for group in groups], ["people"])
        self.assertIn("people", [group["GroupName"] for group in self.iam.list_groups()["Groups"]])
        self.iam.remove_user_from_group(GroupName="people", UserName="alice")
        self.iam.delete_group(GroupName="people")

    def test_policies(self):
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": statement}
        self.iam.create_group(GroupName="policies")
        self.iam.create_role(RoleName="policies", AssumeRolePolicyDocument=json.dumps(trust))
        self.iam.create_user(UserName="policies")
        made = self.iam.create_policy(PolicyName="lists", PolicyDocument=json.dumps(ALLOW), Description="Lists")
        arn = made["Policy"]["Arn"]
        for kind in ["user", "group", "role"]:
            holder = {f"{kind.capitalize()}Name": "policies"}
            call = lambda name, **rest: getattr(self.iam, name.format(kind))(**holder, **rest)
            call("put_{}_policy", PolicyName="p", PolicyDocument=json.dumps(ALLOW))
            self.assertEqual(call("get_{}_policy", PolicyName="p")["PolicyDocument"], ALLOW)
            self.assertEqual(call("list_{}_policies")["PolicyNames"], ["p"])
            call("attach_{}_policy", PolicyArn=arn)
            attached = call("list_attached_{}_policies")["AttachedPolicies"]
            self.assertEqual(attached, [{"PolicyName": "lists", "PolicyArn": arn}])
        self.assertEqual(self.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"], 3)
        version = self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(ENFORCE))["PolicyVersion"]
        self.assertEqual((version["VersionId"], version["IsDefaultVersion"]), ("v2", False))
        self.iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
        self.assertEqual(
            self.iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"], ENFORCE
        )
        self.iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
        self.assertEqual(len(self.iam.list_policy_versions(PolicyArn=arn)["Versions"]), 1)
        self.assertIn(arn, [policy["Arn"] for policy in self.iam.list_policies(Scope="Local")["Policies"]])
        details = self.iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
        self.assertIn(ENFORCE, [policy["PolicyVersionList"][0]["Document"] for policy in details])
        for kind in ["user", "group", "role"]:
            holder = {f"{kind.capitalize()}Name": "policies"}
            getattr(self.iam, f"detach_{kind}_policy")(**holder, PolicyArn=arn)
            getattr(self.iam, f"delete_{kind}_policy")(**holder, PolicyName="p")
            getattr(self.iam, f"delete_{kind}")(**holder)
        self.iam.delete_policy(PolicyArn=arn)

    def test_roles_and_sessions(self):
        serial, seed = enrolled(self.iam, "admin", "sessions")
        identity = self.sts.get_caller_identity()
        self.assertEqual((identity["Account"], identity["Arn"]), (self.practice.account, f"{self.arn}:user/admin"))
        session = self.sts.get_session_token(SerialNumber=serial, TokenCode=next_code(seed), DurationSeconds=900)
        credentials = session["Credentials"]
        left = credentials["Expiration"] - datetime.datetime.now(datetime.UTC)
        self.assertLess(abs(left.total_seconds() - 900), 60)
        self.assertTrue(client(self.practice, "iam", credentials).list_users()["Users"])
        trust = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": self.practice.account},
                "Action": "sts:AssumeRole",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            },
        }
        role = self.iam.create_role(RoleName="guarded", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        self.assertEqual(role["AssumeRolePolicyDocument"], trust)
        with self.assertRaises(ClientError):
            self.sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")
        sessions = client(self.practice, "sts", credentials)
        assumed = sessions.assume_role(RoleArn=role["Arn"], RoleSessionName="test")
        arn = f"arn:aws:sts::{self.practice.account}:assumed-role/guarded/test"
        self.assertEqual(assumed["AssumedRoleUser"]["Arn"], arn)
        self.assertEqual(client(self.practice, "sts", assumed["Credentials"]).get_caller_identity()["Arn"], arn)
        trust["Statement"]["Principal"] = {"AWS": f"{self.arn}:user/alice"}
        self.iam.update_assume_role_policy(RoleName="guarded", PolicyDocument=json.dumps(trust))
        self.assertEqual(self.iam.get_role(RoleName="guarded")["Role"]["AssumeRolePolicyDocument"], trust)
        self.assertEqual([role["RoleName"] for role in self.iam.list_roles()["Roles"]], ["guarded"])
        self.iam.delete_role(RoleName="guarded")
        self.iam.deactivate_mfa_device(UserName="admin", SerialNumber=serial)
        self.iam.delete_virtual_mfa_device(SerialNumber=serial)

    def test_an_enforcing_policy_before_and_after_mfa(self):
        self.iam.put_user_policy(UserName="alice", PolicyName="enforce", PolicyDocument=json.dumps(ENFORCE))
        alice = client(self.practice, "iam", self.practice.users["alice"])
        with self.assertRaises(ClientError) as denied:
            alice.get_user()
        self.assertTrue(
            denied.exception.response["Error"]["Message"].endswith("with an explicit deny in an identity-based policy")
        )
        serial, seed = enrolled(alice, "alice", "first")
        sts = client(self.practice, "sts", self.practice.users["alice"])
        credentials = sts.get_session_token(SerialNumber=serial, TokenCode=next_code(seed))["Credentials"]
        self.assertEqual(client(self.practice, "iam", credentials).get_user()["User"]["UserName"], "alice")
        self.iam.delete_user_policy(UserName="alice", PolicyName="enforce")
        self.iam.deactivate_mfa_device(UserName="alice", SerialNumber=serial)
        self.iam.delete_virtual_mfa_device(SerialNumber=serial)

    def test_the_credential_report(self):
        self.assertEqual(self.iam.generate_credential_report()["State"], "STARTED")
        self.assertEqual(self.iam.generate_credential_report()["State"], "COMPLETE")
        report = self.iam.get_credential_report()
        self.assertEqual(report["ReportFormat"], "text/csv")
        rows = list(csv.DictReader(io.StringIO(report["Content"].decode())))
        self.assertEqual(rows[0]["user"], "<root_account>")
        self.assertLessEqual({"admin", "alice"}, {row["user"] for row in rows})
        self.assertEqual(rows[0]["mfa_active"], "false")

    def test_simulation(self):
        answer = self.iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(ENFORCE), json.dumps(ALLOW)], ActionNames=["iam:ListUsers", "iam:GetUser"]
        )
        decisions = [result["EvalDecision"] for result in answer["EvaluationResults"]]
        self.assertEqual(decisions, ["explicitDeny", "explicitDeny"])
        answer = self.iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(ENFORCE), json.dumps(ALLOW)],
            ActionNames=["iam:ListUsers", "iam:GetUser"],
            ContextEntries=[
                {
                    "ContextKeyName": "aws:MultiFactorAuthPresent",
                    "ContextKeyValues": ["true"],
                    "ContextKeyType": "boolean",
                }
            ],
        )
        decisions = [result["EvalDecision"] for result in answer["EvaluationResults"]]
        self.assertEqual(decisions, ["allowed", "implicitDeny"])
        answer = self.iam.simulate_principal_policy(
            PolicySourceArn=f"{self.arn}:user/admin", ActionNames=["ec2:RunInstances"]
        )
        self.assertEqual(answer["EvaluationResults"][0]["EvalDecision"], "allowed")

    def test_sign_ins_are_looked_up(self):
        trail = client(self.practice, "cloudtrail", self.practice.users["admin"])
        answer = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}],
            StartTime=datetime.datetime.now() - datetime.timedelta(days=1),
            EndTime=datetime.datetime.now() + datetime.timedelta(days=1),
        )
        for event in answer["Events"]:
            self.assertEqual(json.loads(event["CloudTrailEvent"])["eventID"], event["EventId"])
        self.assertNotIn("NextToken", answer)

    def test_aliases(self):
        self.assertEqual(self.iam.list_account_aliases()["AccountAliases"], [])


if __name__ == "__main__":
    unittest.main()
