"""What is to be said of an account, from the same files: rule after rule, as a person would read them."""

import base64
import collections
import csv
import io
import json
from datetime import datetime, timedelta, timezone

REGIONS = {"us-east-1", "us-east-2", "eu-north-1", "ap-southeast-2"}
ROOT = "root"
ACCOUNT = "account"
FAILED, WARNED, OPEN = "failed", "warned", "cannotTell"


class Files:
    """The files, sorted by what they are."""

    def __init__(self, texts):
        self.report = self.generated = self.summary = self.users = self.virtual = self.details = self.features = None
        self.lists, self.events, self.has_events = {}, [], False
        for text in texts:
            text = text.removeprefix("\ufeff")
            if text.startswith("user,"):
                self.report = self.rows(text)
            elif not text.startswith("{"):
                self.report = self.rows(base64.b64decode(text).decode())
            else:
                self.document(json.loads(text))

    @staticmethod
    def rows(text):
        return {row["user"]: row for row in csv.DictReader(io.StringIO(text.replace("\r\n", "\n")))}

    def document(self, value):
        if "Content" in value:
            self.report = self.rows(base64.b64decode(value["Content"]).decode())
            self.generated = time(value["GeneratedTime"])
        self.summary = value.get("SummaryMap", self.summary)
        self.users = value.get("Users", self.users)
        self.virtual = value.get("VirtualMFADevices", self.virtual)
        self.features = value.get("EnabledFeatures", self.features)
        if "UserDetailList" in value:
            self.details = value
        if "MFADevices" in value:
            serials = [device["SerialNumber"] for device in value["MFADevices"]]
            self.lists[value.get("UserName", "<root_account>")] = serials
        if "Events" in value:
            self.has_events = True
            self.events += [json.loads(event["CloudTrailEvent"]) for event in value["Events"]]

    def names(self):
        names = {user["UserName"] for user in self.users or []}
        names |= set(self.report or {}) | set(self.lists)
        names |= {user["UserName"] for user in (self.details or {}).get("UserDetailList", [])}
        owners = [device.get("User", {}) for device in self.virtual or []]
        names |= {owner["UserName"] for owner in owners if "UserName" in owner}
        return sorted(names - {"<root_account>"})

    def known(self, name):
        """The devices that are known of somebody, and whether these are all."""
        devices = list(self.lists.get(name, []))
        for device in self.virtual or []:
            owner = device.get("User", {})
            owned_by_root = owner.get("Arn", "").endswith(":root")
            if (name == "<root_account>" and owned_by_root) or owner.get("UserName") == name:
                devices += [device["SerialNumber"]] * (device["SerialNumber"] not in devices)
        return devices, name in self.lists


def time(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def verdicts(texts):
    """Counts (check, outcome, whom) of all that is not well."""
    files = Files(texts)
    found = collections.Counter()
    root(files, found)
    for name in files.names():
        user(files, name, found)
        keys(files, name, found)
    has_list = any(names is not None for names in (files.report, files.users, files.details))
    counted = (files.summary or {}).get("Users")
    some_unknown = not has_list if counted is None else counted > len(files.names())
    if some_unknown or not files.names():
        found["user-mfa", OPEN, ACCOUNT] += 1
    if some_unknown:
        for check in ("one-device", "phishing-resistant"):
            found[check, OPEN, ACCOUNT] += 1
    if some_unknown or (files.names() and not (set(files.report or {}) - {"<root_account>"})):
        for check in ("access-key-mfa", "access-key-age", "access-key-use"):
            found[check, OPEN, ACCOUNT] += 1
    sign_ins(files, found)
    report(files, found)
    return found


def root(files, found):
    row = (files.report or {}).get("<root_account>")
    summary = files.summary or {}
    mfa = row and row["mfa_active"] == "true"
    password = {"true": 1, "false": 0}.get(row["password_enabled"]) if row else None
    if files.summary is not None:
        mfa = summary["AccountMFAEnabled"] == 1
        password = summary.get("AccountPasswordPresent", password)
    central = "RootCredentialsManagement" in (files.features or [])
    if mfa is None or (not mfa and (password == 0 or (password is None and central))):
        found["root-mfa", OPEN, ROOT] += 1
    elif not mfa:
        found["root-mfa", FAILED, ROOT] += 1
    if "AccountAccessKeysPresent" in summary:
        key = summary["AccountAccessKeysPresent"] > 0
    else:
        key = row and "true" in (row["access_key_1_active"], row["access_key_2_active"])
    if key is None:
        found["root-access-key", OPEN, ROOT] += 1
    elif key:
        found["root-access-key", FAILED, ROOT] += 1
    if not mfa:
        return
    devices, all_known = files.known("<root_account>")
    if not devices:
        found["root-device", OPEN, ROOT] += 1
    elif not any(":u2f/" in serial for serial in devices):
        found["root-device", WARNED, ROOT] += 1
    if len(devices) < 2:
        found["one-device", WARNED if all_known else OPEN, ROOT] += 1


def user(files, name, found):
    row = (files.report or {}).get(name)
    devices, all_known = files.known(name)
    reported = row and row["mfa_active"] == "true"
    contradiction = row and ((reported and all_known and not devices) or (not reported and devices))
    if contradiction:
        found["report", WARNED, name] += 1
    if row and row["password_enabled"] == "false":
        return
    if contradiction:
        found["user-mfa", OPEN, name] += 1
        return
    mfa = True if devices else False if all_known else reported
    if mfa is None or (not mfa and not row):
        found["user-mfa", OPEN, name] += 1
    elif not mfa:
        found["user-mfa", FAILED, name] += 1
    if not mfa:
        return
    if len(devices) < 2:
        found["one-device", WARNED if all_known else OPEN, name] += 1
    if not any(":u2f/" in serial for serial in devices):
        found["phishing-resistant", WARNED if all_known else OPEN, name] += 1


def keys(files, name, found):
    row = (files.report or {}).get(name)
    now = datetime.now(timezone.utc)
    active = [number for number in "12" if row and row[f"access_key_{number}_active"] == "true"]
    for number in active:
        made = time(row[f"access_key_{number}_last_rotated"])
        used = row[f"access_key_{number}_last_used_date"]
        if now - made > timedelta(days=90):
            found["access-key-age", WARNED, name] += 1
        never = used == "N/A" and now - made > timedelta(days=30)
        if never or (used != "N/A" and now - time(used) > timedelta(days=90)):
            found["access-key-use", WARNED, name] += 1
    if active:
        outcome = works_without_mfa(files.details, name)
        if outcome:
            found["access-key-mfa", outcome, name] += 1


def works_without_mfa(details, name):
    """Reads the few policies that the generator makes; `None` where a key does nothing without MFA."""
    users = {user["UserName"]: user for user in (details or {}).get("UserDetailList", [])}
    if name not in users:
        return OPEN
    documents = [policy["PolicyDocument"] for policy in users[name]["UserPolicyList"]]
    managed = {policy["Arn"]: policy for policy in details["Policies"]}
    for attached in users[name]["AttachedManagedPolicies"]:
        if attached["PolicyArn"] not in managed:
            return OPEN
        documents.append(managed[attached["PolicyArn"]]["PolicyVersionList"][0]["Document"])
    for group in details["GroupDetailList"]:
        if group["GroupName"] in users[name]["GroupList"]:
            documents += [policy["PolicyDocument"] for policy in group["GroupPolicyList"]]
    statements = [statement for document in documents for statement in document["Statement"]]
    if any(s["Effect"] == "Deny" and "BoolIfExists" in s["Condition"] for s in statements):
        slips = []
    else:
        allowing = [s for s in statements if s["Effect"] == "Allow" and "Condition" not in s]
        slips = [s for s in allowing if "sts:GetSessionToken" not in s["Action"]]
    if slips:
        return WARNED
    return OPEN if any("IpAddress" in s.get("Condition", {}) for s in statements) else None


def sign_ins(files, found):
    if not files.has_events:
        for check in ("sign-in-mfa", "root-sign-in", "sign-in-history"):
            found[check, OPEN, ACCOUNT] += 1
        return
    by_whom = collections.defaultdict(list)
    for event in files.events:
        if event["responseElements"]["ConsoleLogin"] != "Success":
            continue
        identity = event["userIdentity"]
        whom = {"Root": ROOT, "IAMUser": identity.get("userName")}.get(identity["type"], ACCOUNT)
        by_whom[whom].append(event["additionalEventData"].get("MFAUsed", "").upper())
    for whom, used in by_whom.items():
        if whom == ACCOUNT:
            found["sign-in-mfa", OPEN, ACCOUNT] += 1
        elif "NO" in used:
            found["sign-in-mfa", WARNED, whom] += 1
        elif "" in used:
            found["sign-in-mfa", OPEN, whom] += 1
    regions = {event["awsRegion"] for event in files.events}
    if ROOT in by_whom:
        found["root-sign-in", WARNED, ROOT] += 1
    elif "us-east-1" not in regions:
        found["root-sign-in", OPEN, ROOT] += 1
    if not REGIONS <= regions:
        found["sign-in-history", OPEN, ACCOUNT] += 1


def report(files, found):
    if files.report is None or files.generated is None:
        found["report", OPEN, ACCOUNT] += 1
    elif datetime.now(timezone.utc) - files.generated > timedelta(hours=24):
        found["report", WARNED, ACCOUNT] += 1
    if files.report is None or files.users is None:
        return
    listed = {user["UserName"] for user in files.users}
    for name in files.names():
        if (name in files.report) != (name in listed):
            found["report", WARNED, name] += 1
