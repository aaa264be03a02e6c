"""Errors of the practice account's endpoint, by botocore: code, status and words."""

import datetime
import unittest
import urllib.error
import urllib.request
from unittest import mock

import botocore.auth
from botocore.exceptions import ClientError
from clients import client, codes, enrolled
from practice_cli import Practice

WRONG = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.practice = Practice()
        cls.addClassCleanup(cls.practice.close)
        cls.key = cls.practice.users["admin"]
        cls.iam = client(cls.practice, "iam", cls.key)
        cls.arn = f"arn:aws:iam::{cls.practice.account}"

    def refused(self, call, code, status, words="", **parameters):
        with self.assertRaises(ClientError, msg=parameters) as refused:
            call(**parameters)
        response = refused.exception.response
        self.assertEqual(response["Error"]["Code"], code, response)
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], status, response)
        self.assertIn(words, response["Error"]["Message"])
        self.assertTrue(response["ResponseMetadata"]["RequestId"])

    def test_what_is_not_there(self):
        iam, refused = self.iam, self.refused
        for call, parameters in [
            (iam.get_user, {"UserName": "nobody"}),
            (iam.list_mfa_devices, {"UserName": "nobody"}),
            (iam.delete_user, {"UserName": "nobody"}),
            (iam.get_login_profile, {"UserName": "nobody"}),
            (iam.get_group, {"GroupName": "nothing"}),
            (iam.get_role, {"RoleName": "nothing"}),
            (iam.get_user_policy, {"UserName": "alice", "PolicyName": "nothing"}),
            (iam.get_policy, {"PolicyArn": f"{self.arn}:policy/nothing"}),
            (iam.attach_user_policy, {"UserName": "alice", "PolicyArn": f"{self.arn}:policy/nothing"}),
            (iam.delete_virtual_mfa_device, {"SerialNumber": f"{self.arn}:mfa/nothing"}),
            (iam.deactivate_mfa_device, {"UserName": "alice", "SerialNumber": f"{self.arn}:mfa/nothing"}),
            (iam.enable_mfa_device, {"UserName": "alice", "SerialNumber": "GALT00000000", **WRONG}),
            (iam.resync_mfa_device, {"UserName": "alice", "SerialNumber": "GALT00000000", **WRONG}),
            (iam.get_mfa_device, {"UserName": "alice", "SerialNumber": "GALT00000000"}),
            (iam.get_account_password_policy, {}),
        ]:
            refused(call, "NoSuchEntity", 404, **parameters)
        refused(iam.get_credential_report, "ReportNotPresent", 410)
        refused(iam.list_organizations_features, "OrganizationNotFoundException", 400)

    def test_devices(self):
        iam, refused = self.iam, self.refused
        iam.create_user(UserName="devices")
        serials = [enrolled(iam, "devices", f"device-{number}")[0] for number in range(8)]
        ninth = iam.create_virtual_mfa_device(VirtualMFADeviceName="ninth")["VirtualMFADevice"]
        first, second = codes(ninth["Base32StringSeed"].decode())
        enable = {
            "UserName": "devices",
            "SerialNumber": ninth["SerialNumber"],
            "AuthenticationCode1": first,
            "AuthenticationCode2": second,
        }
        limit = "Cannot exceed quota for MFADevicesPerUser: 8"
        refused(iam.enable_mfa_device, "LimitExceeded", 409, limit, **enable)
        refused(iam.create_virtual_mfa_device, "EntityAlreadyExists", 409, VirtualMFADeviceName="ninth")
        refused(iam.delete_virtual_mfa_device, "DeleteConflict", 409, SerialNumber=serials[0])
        refused(iam.delete_user, "DeleteConflict", 409, "must delete MFA device first", UserName="devices")
        enable["UserName"] = "alice"
        invalid = "Authentication code for device is not valid."
        for wrong in [{"AuthenticationCode1": second, "AuthenticationCode2": first}, WRONG]:
            refused(iam.enable_mfa_device, "InvalidAuthenticationCode", 403, invalid, **{**enable, **wrong})
        iam.enable_mfa_device(**enable)
        refused(iam.enable_mfa_device, "EntityAlreadyExists", 409, **enable)
        refused(iam.resync_mfa_device, "InvalidAuthenticationCode", 403, **enable)

    def test_what_does_not_fit_the_model(self):
        iam, refused = self.iam, self.refused
        for call, parameters, words in [
            (iam.enable_mfa_device, {}, "4 validation errors detected: Value null at 'userName' failed to satisfy"),
            (
                iam.enable_mfa_device,
                {"UserName": "alice", "SerialNumber": "short", **WRONG},
                "Value 'short' at 'serialNumber' failed to satisfy constraint: Member must have length greater than "
                "or equal to 9",
            ),
            (iam.create_user, {"UserName": "no spaces"}, "The specified value for userName is invalid."),
            (iam.create_user, {"UserName": "x" * 65}, "Member must have length less than or equal to 64"),
            (iam.create_user, {"UserName": "x", "Path": "x"}, "The specified value for path is invalid."),
            (iam.list_users, {"MaxItems": 1001}, "Member must have value less than or equal to 1000"),
            (iam.list_virtual_mfa_devices, {"AssignmentStatus": "All"}, "[Assigned, Unassigned, Any]"),
        ]:
            refused(call, "ValidationError", 400, words, **parameters)
        sts = client(self.practice, "sts", self.key)
        refused(sts.get_session_token, "ValidationError", 400, "'durationSeconds'", DurationSeconds=899)
        broken = {"UserName": "alice", "PolicyName": "p", "PolicyDocument": "{"}
        refused(iam.put_user_policy, "MalformedPolicyDocument", 400, **broken)
        weak = {"UserName": "weak", "Password": "weak"}
        iam.create_user(UserName="weak")
        refused(iam.create_login_profile, "PasswordPolicyViolation", 400, **weak)
        refused(iam.create_user, "EntityAlreadyExists", 409, UserName="WEAK")

    def test_codes_for_sessions(self):
        sts = client(self.practice, "sts", self.key)
        serial, seed = enrolled(self.iam, "admin", "codes")
        used = {"SerialNumber": serial, "TokenCode": codes(seed)[1]}
        invalid = "MultiFactorAuthentication failed with invalid MFA one time pass code"
        self.refused(sts.get_session_token, "AccessDenied", 403, invalid, **used)
        unknown = {"SerialNumber": f"{self.arn}:mfa/unknown", "TokenCode": "123456"}
        self.refused(sts.get_session_token, "AccessDenied", 403, "unable to validate MFA code.", **unknown)
        session = client(self.practice, "sts", sts.get_session_token()["Credentials"])
        self.refused(session.get_session_token, "AccessDenied", 403, "with session credentials")
        role = {"RoleArn": f"{self.arn}:role/unknown", "RoleSessionName": "test"}
        self.refused(sts.assume_role, "AccessDenied", 403, "is not authorized to perform: sts:AssumeRole", **role)

    def test_who_is_not_allowed(self):
        alice = client(self.practice, "iam", self.practice.users["alice"])
        words = (
            f"User: {self.arn}:user/alice is not authorized to perform: iam:ListUsers on resource: {self.arn}:user/ "
            "because no identity-based policy allows the iam:ListUsers action"
        )
        self.refused(alice.list_users, "AccessDenied", 403, words)
        trail = client(self.practice, "cloudtrail", self.practice.users["alice"])
        self.refused(trail.lookup_events, "AccessDeniedException", 400, "cloudtrail:LookupEvents")

    def test_who_does_not_sign_right(self):
        wrong = client(self.practice, "iam", {**self.key, "secretAccessKey": "x" * 40})
        self.refused(wrong.list_users, "SignatureDoesNotMatch", 403, "The request signature we calculated")
        nobody = client(self.practice, "iam", {**self.key, "accessKeyId": "AKIAAAAAAAAAAAAAAAAA"})
        self.refused(nobody.list_users, "InvalidClientTokenId", 403)
        made_up = client(self.practice, "sts", self.key, token="AAAA")
        self.refused(made_up.get_caller_identity, "InvalidClientTokenId", 403)
        trail = client(self.practice, "cloudtrail", {**self.key, "secretAccessKey": "x" * 40})
        self.refused(trail.lookup_events, "InvalidSignatureException", 400)
        an_hour_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda: an_hour_ago.replace(tzinfo=None)):
            self.refused(self.iam.list_users, "SignatureDoesNotMatch", 403, "Signature expired: ")

    def test_what_only_looks_like_a_request(self):
        for body, headers, status in [
            (b"Action=ListUsers&Version=2010-05-08", {"Authorization": "AWS4-HMAC-SHA256 x"}, 400),
            (b"", {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/iam/aws4_request"}, 400),
        ]:
            request = urllib.request.Request(self.practice.endpoint + "/", body, headers)
            with self.subTest(body), self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            with refused.exception as answer:
                self.assertEqual(answer.code, status)
                self.assertIn(b"<Code>IncompleteSignature</Code>", answer.read())

    def test_what_is_looked_up_wrongly(self):
        trail = client(self.practice, "cloudtrail", self.key)
        now = datetime.datetime.now()
        for code, parameters in [
            ("InvalidMaxResultsException", {"MaxResults": 51}),
            ("InvalidNextTokenException", {"NextToken": "x"}),
            ("InvalidTimeRangeException", {"StartTime": now, "EndTime": now - datetime.timedelta(1)}),
            ("InvalidEventCategoryException", {"EventCategory": "x"}),
            (
                "InvalidLookupAttributesException",
                {"LookupAttributes": [{"AttributeKey": "x", "AttributeValue": "x"}]},
            ),
        ]:
            self.refused(trail.lookup_events, code, 400, **parameters)


if __name__ == "__main__":
    unittest.main()
