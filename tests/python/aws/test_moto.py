"""The shapes of answers, beside moto's: another stand-in, which knows nothing of this one."""

import json
import os
import unittest
from unittest import mock

import botocore.session
from clients import client, codes
from moto import mock_aws
from practice_cli import Practice

ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}}
TRUST = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
# What only the practice account says: AWS says it too, and moto leaves it out.
OURS_ALONE = {
    "CreatePolicy.Policy.PermissionsBoundaryUsageCount",
    "GetAccountSummary.AccountPasswordPresent",
    "GetGroup.IsTruncated",
    "GetPolicy.Policy.PermissionsBoundaryUsageCount",
    "ListAccessKeys.IsTruncated",
    "ListGroups.IsTruncated",
}
# What only moto says.
MOTOS_ALONE = {
    # AWS shows a seed once, when it is made; moto's elements are empty.
    "ListVirtualMFADevices.VirtualMFADevices.Base32StringSeed",
    "ListVirtualMFADevices.VirtualMFADevices.QRCodePNG",
    # AWS says these where there is something to say.
    "AssumeRole.PackedPolicySize",
    "CreateRole.Role.RoleLastUsed",
    "GetPolicy.Policy.Tags",
}


def names(answer, place):
    """The names of all members of an answer, with the places where they are."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield f"{place}.{name}"
            yield from names(value, f"{place}.{name}")
    elif isinstance(answer, list):
        for item in answer:
            yield from names(item, place)


def walk(iam, sts, account):
    """The same calls to both; yields the names in each answer."""

    def call(name, **parameters):
        method = getattr(sts if hasattr(sts, name) else iam, name)
        answer = method(**parameters)
        answer.pop("ResponseMetadata")
        operation = method.__self__.meta.method_to_api_mapping[name]
        answers[operation] = set(names(answer, operation))
        return answer

    answers = {}
    call("create_user", UserName="moto", Path="/")
    call("get_user", UserName="moto")
    call("list_users")
    device = call("create_virtual_mfa_device", VirtualMFADeviceName="moto")["VirtualMFADevice"]
    first, second = codes(device["Base32StringSeed"].decode())
    serial = {"UserName": "moto", "SerialNumber": device["SerialNumber"]}
    call("enable_mfa_device", **serial, AuthenticationCode1=first, AuthenticationCode2=second)
    call("list_mfa_devices", UserName="moto")
    call("list_virtual_mfa_devices")
    call("deactivate_mfa_device", **serial)
    call("delete_virtual_mfa_device", SerialNumber=device["SerialNumber"])
    call("create_login_profile", UserName="moto", Password="A-good-1")
    call("get_login_profile", UserName="moto")
    call("delete_login_profile", UserName="moto")
    key = call("create_access_key", UserName="moto")["AccessKey"]["AccessKeyId"]
    call("list_access_keys", UserName="moto")
    call("update_access_key", UserName="moto", AccessKeyId=key, Status="Inactive")
    call("delete_access_key", UserName="moto", AccessKeyId=key)
    call("create_group", GroupName="moto")
    call("add_user_to_group", GroupName="moto", UserName="moto")
    call("get_group", GroupName="moto")
    call("list_groups")
    call("list_groups_for_user", UserName="moto")
    call("remove_user_from_group", GroupName="moto", UserName="moto")
    call("delete_group", GroupName="moto")
    policy = call("create_policy", PolicyName="moto", PolicyDocument=json.dumps(ALLOW))["Policy"]["Arn"]
    call("get_policy", PolicyArn=policy)
    call("get_policy_version", PolicyArn=policy, VersionId="v1")
    call("attach_user_policy", UserName="moto", PolicyArn=policy)
    call("list_attached_user_policies", UserName="moto")
    call("detach_user_policy", UserName="moto", PolicyArn=policy)
    call("delete_policy", PolicyArn=policy)
    call("put_user_policy", UserName="moto", PolicyName="moto", PolicyDocument=json.dumps(ALLOW))
    call("get_user_policy", UserName="moto", PolicyName="moto")
    call("list_user_policies", UserName="moto")
    call("delete_user_policy", UserName="moto", PolicyName="moto")
    role = call("create_role", RoleName="moto", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    call("get_role", RoleName="moto")
    call("assume_role", RoleArn=role, RoleSessionName="moto")
    call("delete_role", RoleName="moto")
    call("get_session_token")
    call("get_caller_identity")
    call("generate_credential_report")
    call("generate_credential_report")
    call("get_credential_report")
    summary = call("get_account_summary")["SummaryMap"]
    answers["GetAccountSummary"] = {f"GetAccountSummary.{name}" for name in summary}
    call("delete_user", UserName="moto")
    return answers


class BesideMoto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.practice = Practice()
        cls.addClassCleanup(cls.practice.close)

    def test_both_say_the_same_things(self):
        key = self.practice.users["admin"]
        clients = (client(self.practice, service, key) for service in ("iam", "sts"))
        ours = walk(*clients, self.practice.account)
        credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        with mock.patch.dict(os.environ, credentials), mock_aws():
            clients = (
                botocore.session.Session().create_client(service, region_name="us-east-1")
                for service in ("iam", "sts")
            )
            motos = walk(*clients, "123456789012")
        self.assertGreater(len(ours), 40)
        self.assertEqual(set(ours), set(motos))
        ours, motos = (set().union(*answers.values()) for answers in (ours, motos))
        self.assertEqual((ours - motos, motos - ours), (OURS_ALONE, MOTOS_ALONE))


if __name__ == "__main__":
    unittest.main()
