"""The real AWS CLI and brasskey against the practice account, with a home of their own."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import time

# Much longer than anything takes. It only ends a run that hangs.
PATIENCE = 60.0
STEP = 30


def code(seed, step):
    """The code of a time step (RFC 6238), computed apart from brasskey."""
    padded = seed + "=" * (-len(seed) % 8)
    digest = hmac.new(base64.b32decode(padded), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    value = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{value % 10**6:06}"


class Practice:
    """A context manager: a practice account in memory."""

    def __init__(self):
        arguments = [os.environ["BRASSKEY"], "aws", "console", "--listen", "127.0.0.1:0", "--json"]
        self._process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        ready = self._process.stdout.readline()
        watchdog.cancel()
        if not ready:
            self.close()
            raise RuntimeError(f"{arguments} ended with {self._process.returncode} and no ready line")
        ready = json.loads(ready)
        self.endpoint = ready["endpoint"]
        self.account = ready["account"]
        self.users = {user["name"]: user for user in ready["users"]}

    def close(self):
        self._process.terminate()
        self._process.stdout.close()
        self._process.wait(PATIENCE)


class Home:
    """A home of one user of the account: the AWS CLI's files, and a soft token.

    With `system`, its AWS CLI is that of the system in place of the one beside this Python.
    """

    def __init__(self, practice, user, system=False):
        self._directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._directory.name)
        first = practice.users[user]
        aws = self.path / ".aws"
        aws.mkdir()
        (aws / "credentials").write_text(
            f"[default]\naws_access_key_id = {first['accessKeyId']}\n"
            f"aws_secret_access_key = {first['secretAccessKey']}\n"
        )
        (aws / "config").write_text("[default]\nregion = us-east-1\n")
        programs = "/usr/bin:/bin"
        if not system:
            programs = f"{pathlib.Path(sys.executable).parent}:{programs}"
        # Debian's AWS CLI is older than the variable for the endpoint, of which brasskey tells it.
        self.aws_options = ("--endpoint-url", practice.endpoint) if system else ()
        self._environment = {
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": practice.endpoint,
            "HOME": str(self.path),
            "PATH": programs,
            "PCSCLITE_CSOCK_NAME": str(self.path / "no-pcscd"),
        }

    def close(self):
        self._directory.cleanup()

    def start(self, *arguments):
        if arguments[0] == "aws":
            arguments = ("aws", *self.aws_options, *arguments[1:])
        return subprocess.Popen(
            arguments,
            cwd=self.path,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Without a terminal, as a service has it.
            start_new_session=True,
        )

    def run(self, *arguments, stdin=""):
        """The exit code, and what was printed and said."""
        process = self.start(*arguments)
        try:
            printed, said = process.communicate(stdin, PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, printed, said

    def aws(self, *arguments):
        """What the AWS CLI prints for an operation that succeeds."""
        status, printed, said = self.run("aws", *arguments)
        if status != 0:
            raise AssertionError(f"aws {arguments}: {said}")
        return json.loads(printed) if printed.strip() else None

    def brasskey(self, *arguments, stdin=""):
        """What brasskey prints, with --json, for a command that succeeds."""
        status, printed, said = self.run(os.environ["BRASSKEY"], *arguments, "--json", stdin=stdin)
        if status != 0:
            raise AssertionError(f"brasskey {arguments}: {said}")
        return json.loads(printed)

    def device(self, user, name):
        """Gives a user a virtual device by the AWS CLI alone, with codes of just before. Puts it on the soft token."""
        seed_file = self.path / "seed"
        made = self.aws(
            "iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", name,
            "--bootstrap-method", "Base32StringSeed", "--outfile", str(seed_file),
        )  # fmt: skip
        serial = made["VirtualMFADevice"]["SerialNumber"]
        seed = seed_file.read_text()
        step = int(time.time()) // STEP
        self.aws(
            "iam", "enable-mfa-device", "--user-name", user, "--serial-number", serial,
            "--authentication-code1", code(seed, step - 2), "--authentication-code2", code(seed, step - 1),
        )  # fmt: skip
        account = serial.split(":")[4]
        self.brasskey(
            "oath", "add", "--device", "soft", "--name", f"{name}@{account}", "--issuer", "AWS", "--secret-fd", "0",
            stdin=f"{seed}\n",
        )  # fmt: skip
        return serial, seed
