"""Makes accounts up, and the files that somebody would export from them with the AWS CLI."""

import base64
import json
import random
from datetime import datetime, timedelta, timezone

REGIONS = ["us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"]
COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def statement(effect, condition=None, **what):
    made = {"Effect": effect, "Resource": "*", **(what or {"Action": "*"})}
    if condition:
        made["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [made]}


SET_UP = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "sts:GetSessionToken"]
POLICIES = {
    "enforcing": statement(
        "Deny", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, NotAction=SET_UP
    ),
    "pitfall": statement("Deny", {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, NotAction=SET_UP),
    "with-mfa": statement(
        "Allow", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, Action=["s3:*", "ec2:Describe*"]
    ),
    "set-up": statement("Allow", Action=SET_UP),
    "by-address": statement("Allow", {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, Action="s3:*"),
    "reader": statement("Allow", Action="s3:Get*"),
}


class Account:
    """An account with users, and the files of it; `files` maps names to text."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = datetime.now(timezone.utc).replace(microsecond=0)
        self.number = f"{self.random.randrange(10**12):012}"
        self.files = {}
        self.root = {"name": "<root_account>", "devices": self.devices("root"), "password": None, "keys": []}
        if self.chance(0.1):
            self.root["keys"] = [self.key()]
        count = self.random.choice([0, 1, 2, 3, 5, 8])
        self.users = [self.user(f"user{index}") for index in range(count)]
        self.export()

    def chance(self, share):
        return self.random.random() < share

    def stamp(self, days, hours=0):
        moment = self.now - timedelta(days=days, hours=hours)
        return moment.strftime("%Y-%m-%dT%H:%M:%S" + self.random.choice(["+00:00", "Z"]))

    def key(self):
        # Never exactly at a limit of age, which a second more would cross.
        made = self.random.choice([3, 20, 29, 31, 60, 89, 91, 400])
        used = self.random.choice([None, 0, min(made, 89), made])
        return {"active": self.chance(0.8), "made": made, "used": used}

    def devices(self, user):
        arn = f"arn:aws:iam::{self.number}"
        path = "u2f/root" if user == "root" else f"u2f/user/{user}"
        kinds = {
            "app": lambda index: f"{arn}:mfa/{user}-app-{index}",
            "key": lambda index: f"{arn}:{path}/key-{index}-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "token": lambda index: f"GAHT{self.random.randrange(10**8):08}",
        }
        count = self.random.choice([0, 1, 1, 1, 2, 3])
        return [kinds[self.random.choice(list(kinds))](index) for index in range(count)]

    def user(self, name):
        return {
            "name": name,
            "password": self.chance(0.7),
            "devices": self.devices(name),
            "keys": [self.key() for _ in range(self.random.choice([0, 0, 1, 2]))],
            "policies": [policy for policy in POLICIES if self.chance(0.2)],
            "admin": self.chance(0.3),
            "group": self.chance(0.2),
        }

    # The files

    def add(self, value):
        """A file, whose name says nothing."""
        text = value if isinstance(value, str) else json.dumps(value, indent=self.random.choice([None, 4]))
        self.files[f"{self.random.randrange(10**9)}-{len(self.files)}"] = text

    def export(self):
        chance = self.chance
        if chance(0.8):
            self.add(self.summary())
        if chance(0.8):
            self.report()
        if chance(0.6):
            self.add({"Users": [self.listed(user) for user in self.users if not chance(0.05)]})
        if chance(0.6):
            self.add({"VirtualMFADevices": self.virtual()})
        if chance(0.7):
            for user in self.users:
                if chance(0.8):
                    listed = [{"UserName": user["name"], "SerialNumber": serial} for serial in user["devices"]]
                    self.add({"MFADevices": listed, "UserName": user["name"]})
        if chance(0.1) and self.root["devices"]:
            self.add({"MFADevices": [{"SerialNumber": serial} for serial in self.root["devices"]]})
        if chance(0.6):
            self.add(self.details())
        if chance(0.3):
            features = ["RootSessions"] + ["RootCredentialsManagement"] * chance(0.7)
            self.add({"OrganizationId": "o-abcdefghij", "EnabledFeatures": features})
        if chance(0.7):
            for region in REGIONS:
                if chance(0.85):
                    self.add({"Events": [self.event(region) for _ in range(self.random.choice([0, 1, 2, 4]))]})
        if chance(0.5):
            self.add({"UserId": "A", "Account": self.number, "Arn": f"arn:aws:iam::{self.number}:user/auditor"})

    def summary(self):
        values = {"AccountMFAEnabled": int(bool(self.root["devices"])), "Users": len(self.users)}
        if self.chance(0.8):
            values["AccountAccessKeysPresent"] = len(self.root["keys"])
        if self.chance(0.7):
            values["AccountPasswordPresent"] = int(bool(self.root["devices"]) or self.chance(0.7))
        return {"SummaryMap": values}

    def listed(self, user):
        arn = f"arn:aws:iam::{self.number}:user/{user['name']}"
        return {"Path": "/", "UserName": user["name"], "UserId": "AIDA", "Arn": arn}

    def virtual(self):
        listed = []
        for user in [self.root, *self.users]:
            for serial in user["devices"]:
                if ":mfa/" not in serial:
                    continue
                owner = {"UserName": user["name"], "Arn": f"arn:aws:iam::{self.number}:user/{user['name']}"}
                if user is self.root:
                    owner = {"UserId": self.number, "Arn": f"arn:aws:iam::{self.number}:root"}
                listed.append({"SerialNumber": serial, "User": owner})
        if self.chance(0.3):
            listed.append({"SerialNumber": f"arn:aws:iam::{self.number}:mfa/root-account-mfa-device"})
        return listed

    def report(self):
        rows = [COLUMNS]
        for user in [self.root, *self.users]:
            is_root = user is self.root
            if self.chance(0.03):
                continue
            arn = f"arn:aws:iam::{self.number}:" + ("root" if is_root else f"user/{user['name']}")
            password = self.random.choice(["not_supported", "true"]) if is_root else str(user["password"]).lower()
            # A report may be hours old.
            mfa = bool(user["devices"]) != self.chance(0.07)
            row = [user["name"], arn, self.stamp(900), password, "N/A", "N/A", "N/A", str(mfa).lower()]
            for key in [*user["keys"], None, None][:2]:
                if key is None:
                    row += ["false", "N/A", "N/A", "N/A", "N/A"]
                    continue
                used = "N/A" if key["used"] is None else self.stamp(key["used"], 1)
                row += [str(key["active"]).lower(), self.stamp(key["made"], 2), used, "N/A", "N/A"]
            rows.append(",".join([*row, "false", "N/A", "false", "N/A"]))
        csv = "\n".join(rows)
        encoded = base64.b64encode(csv.encode()).decode()
        age = self.random.choice([1, 3, 23, 25, 200])
        form = self.random.choice(["csv", "windows", "json", "json", "base64"])
        if form == "json":
            generated = self.stamp(0, age)
            self.add({"Content": encoded, "ReportFormat": "text/csv", "GeneratedTime": generated})
        else:
            self.add({"csv": csv, "windows": "\ufeff" + csv.replace("\n", "\r\n"), "base64": encoded}[form])

    def details(self):
        users = []
        for user in self.users:
            if self.chance(0.05):
                continue
            inline = [{"PolicyName": name, "PolicyDocument": POLICIES[name]} for name in user["policies"]]
            attached = [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}] if user["admin"] else []
            groups = ["readers"] if user["group"] else []
            detail = {**self.listed(user), "UserPolicyList": inline, "GroupList": groups}
            users.append({**detail, "AttachedManagedPolicies": attached})
        group = {"GroupName": "readers", "GroupPolicyList": [], "AttachedManagedPolicies": []}
        group["GroupPolicyList"] = [{"PolicyName": "reader", "PolicyDocument": POLICIES["reader"]}]
        version = {"Document": statement("Allow"), "VersionId": "v1", "IsDefaultVersion": True}
        policies = [{"PolicyName": "AdministratorAccess", "Arn": ADMIN, "PolicyVersionList": [version]}]
        if self.chance(0.1):
            policies = []
        lists = {"GroupDetailList": [group], "RoleDetailList": [], "Policies": policies}
        return {"UserDetailList": users, **lists}

    def event(self, region):
        kind = self.random.choice(["Root", "IAMUser", "IAMUser", "IAMUser", "AssumedRole", "SAMLUser"])
        if kind == "Root" and region != REGIONS[0]:
            kind = "IAMUser"
        identity = {"type": kind, "accountId": self.number, "principalId": "P", "arn": f"arn:{kind}"}
        if kind == "IAMUser":
            identity["userName"] = f"user{self.random.randrange(9)}"
        used = self.random.choice(["Yes", "YES", "No", "No", None])
        inner = {
            "eventID": str(self.random.random()),
            "eventName": "ConsoleLogin",
            "eventTime": self.stamp(self.random.randrange(90)),
            "awsRegion": region,
            "userIdentity": identity,
            "responseElements": {"ConsoleLogin": self.random.choice(["Success", "Success", "Failure"])},
            "additionalEventData": {"MobileVersion": "No", **({"MFAUsed": used} if used else {})},
            "recipientAccountId": self.number,
        }
        return {"EventName": "ConsoleLogin", "EventTime": 1795910400.0, "CloudTrailEvent": json.dumps(inner)}
