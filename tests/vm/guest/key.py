"""The key under test: `brasskey token` as a child process, and its control endpoint."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import urllib.request

# Much longer than anything takes on an emulated processor. It only ends a run that hangs.
PATIENCE = 120.0


class Key:
    """A context manager: a key that the guest's kernel sees."""

    #: The words before the command, and the user whom they run it as.
    before = ()
    user = None

    def __init__(self, *options, transport=("--uhid",), touch="auto"):
        if "--uhid" in transport:
            subprocess.run(["modprobe", "uhid"], check=True)
        directory = tempfile.TemporaryDirectory()
        self._directory = directory
        if self.user:
            shutil.chown(directory.name, self.user)
        self._secret = pathlib.Path(directory.name, "control-token")
        storage = () if "--state" in options else ("--ephemeral",)
        arguments = [*self.before, "brasskey", "token", "--json", *transport, "--touch", touch, *storage]
        arguments += ["--control", "127.0.0.1:0", "--control-token-file", str(self._secret), *options]
        self._errors = open(pathlib.Path(directory.name, "errors"), "w+")
        self._process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if not line:
            self._process.wait()
            raise RuntimeError(f"{arguments} was never ready:\n{self.errors()}")
        self.ready = json.loads(line)
        self.hidraw = self.ready.get("hid")

    def control(self, path, body=None):
        """Sends a request to the control endpoint."""
        request = urllib.request.Request(
            self.ready["control"] + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._secret.read_text().strip()}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    @property
    def hand(self):
        """The options with which `brasskey conformance` touches and unplugs this key."""
        return ("--control", self.ready["control"], "--control-token-file", str(self._secret))

    def press(self):
        self.control("/v1/button", {"action": "pulse"})

    def power(self, action):
        return self.control("/v1/power", {"action": action})

    def state(self):
        return self.control("/v1/state")

    def log(self):
        """The commands that the key has answered, the oldest first."""
        return self.control("/v1/log")["entries"]

    def errors(self):
        """What the token printed besides its ready line, also after its end."""
        if not self._errors.closed:
            self._said = pathlib.Path(self._errors.name).read_text()
        return self._said

    def evidence(self):
        """What the key did, for somebody who looks for a fault."""
        try:
            log = "\n".join(json.dumps(entry) for entry in self.log()[-40:])
        except OSError as error:
            log = f"(no log: {error})"
        return f"-- the key's log\n{log}\n-- the key's stderr\n{self.errors()}"

    def close(self):
        """Pulls the key out. A second call does no harm."""
        self._process.terminate()
        self._process.stdout.close()
        self._process.wait(PATIENCE)
        self.errors()
        self._errors.close()
        self._directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class NoKey:
    """Stands in for a key in cases that bring their own."""

    def evidence(self):
        return ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
