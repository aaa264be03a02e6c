"""The script that gives a project's CI a key. It runs as it stands; Chromium and Firefox both see the key."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import chromium
import firefox
from case import Case, eventually
from key import PATIENCE, Key, NoKey
from terminal import Terminal

SCRIPT = "/share/contrib/ci/plug-in"
README = pathlib.Path("/share/README.md")


class ScriptsKey(Key):
    """A key that the script plugged in, with a button that the case presses."""

    def __init__(self, touch="auto"):
        self._directory = tempfile.TemporaryDirectory()
        directory = pathlib.Path(self._directory.name)
        self._secret = directory / "control-token"
        self._environment = {**os.environ, "BRASSKEY_RUN": str(directory / "run"), "BRASSKEY_TOUCH": touch}
        self._script("--control", "127.0.0.1:0", "--control-token-file", str(self._secret))
        # The script's own notes: the token's process, then its ready line.
        self.ready = json.loads((directory / "run/said").read_text().splitlines()[1])
        self.hidraw = self.ready["hid"]

    def _script(self, *arguments):
        done = subprocess.run(
            [SCRIPT, *arguments], env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE,
        )
        if done.returncode:
            raise RuntimeError(f"{SCRIPT} {arguments}: {done.stdout}{done.stderr}")

    def errors(self):
        return pathlib.Path(self._environment["BRASSKEY_RUN"], "token.log").read_text()

    def close(self):
        self._script("--stop")
        self._directory.cleanup()


class Script(Case):
    """A user of the tests' own, who may do nothing else."""

    USER = "tester"

    @classmethod
    def plug_in(cls):
        return NoKey()

    def setUp(self):
        super().setUp()
        subprocess.run(["modprobe", "--remove", "uhid"], check=True)
        subprocess.run(["useradd", "--create-home", self.USER], check=True)
        self.addCleanup(subprocess.run, ["userdel", "--remove", self.USER], stderr=subprocess.DEVNULL, check=True)
        run = self.enterContext(tempfile.TemporaryDirectory())
        self.environment = {**os.environ, "BRASSKEY_USER": self.USER, "BRASSKEY_RUN": f"{run}/run"}
        self.addCleanup(self.script, "--stop")

    def script(self, *arguments):
        return self.client(SCRIPT, *arguments, env=self.environment)

    def as_user(self, *command, status=0):
        return self.client("runuser", "--user", self.USER, "--", *command, status=status)

    def test_the_users_tests_find_the_key(self):
        said = self.script()
        self.assertRegex(said, r"\Ahidraw=/dev/hidraw\d+\n\Z")
        [listed] = json.loads(self.as_user("brasskey", "list", "--json"))
        self.assertEqual(f"hid:{said.strip().removeprefix('hidraw=')}", listed["address"])
        self.as_user("brasskey", "register")
        self.as_user("brasskey", "authenticate")

    def test_the_users_tests_can_make_no_other_device(self):
        self.script()
        self.as_user("test", "-w", "/dev/uhid", status=1)

    def test_a_second_run_is_the_same_key(self):
        first = self.script()
        self.assertEqual(self.script(), first)
        self.assertEqual(len(json.loads(self.client("brasskey", "list", "--json"))), 1)

    def test_the_runner_is_told_where_the_key_is(self):
        output, environment = self.environment["BRASSKEY_RUN"] + ".output", self.environment["BRASSKEY_RUN"] + ".env"
        self.environment.update(GITHUB_OUTPUT=output, GITHUB_ENV=environment)
        node = self.script().strip().removeprefix("hidraw=")
        self.assertIn(f"hidraw={node}\n", pathlib.Path(output).read_text())
        self.assertEqual(pathlib.Path(environment).read_text(), f"BRASSKEY_HIDRAW={node}\n")

    def test_it_is_unplugged(self):
        node = pathlib.Path(self.script().strip().removeprefix("hidraw="))
        self.script("--stop")
        eventually(lambda: not node.exists(), "the key is gone")
        self.assertEqual(json.loads(self.client("brasskey", "list", "--json")), [])

    def test_doctor_finds_nothing_wrong(self):
        self.script()
        self.as_user("brasskey", "doctor")


class Readme(Case):
    """What the README has its reader type, as it stands; its reader has sudo, and brasskey already."""

    READER = "reader"

    @classmethod
    def plug_in(cls):
        return NoKey()

    def commands(self, section):
        """The commands of each block of a section."""
        text = README.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
        blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
        return [[line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")] for block in blocks]

    def as_reader(self):
        """Logged in anew, and so in the new group; runuser would take the terminal away."""
        home = pathlib.Path("/home", self.READER)
        return "setpriv", "--reuid", self.READER, "--regid", self.READER, "--init-groups", "env", f"HOME={home}"

    def test_its_lines_give_browsers_a_key(self):
        self.client("useradd", "--create-home", self.READER)
        self.addCleanup(subprocess.run, ["userdel", "--remove", self.READER], stderr=subprocess.DEVNULL, check=True)
        (install, *once), [use] = self.commands("Use it in your browser")
        self.assertIn("cargo install", install)
        for command in once:
            self.client("bash", "-c", f'sudo() {{ "$@"; }}\n{command}', cwd="/share", env={**os.environ, "USER": self.READER})
        # Of another group than the script left it to.
        self.assertEqual(pathlib.Path("/dev/uhid").group(), "brasskey")

        # At a terminal, without a desktop.
        token = self.enterContext(Terminal(*self.as_reader(), "bash", "-c", use))
        token.await_text("Ready:")
        client = subprocess.Popen(["brasskey", "register"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        token.await_text("touch the key to register")
        token.type("\n")
        said = client.communicate(timeout=PATIENCE)[0]
        self.note(f"{said}\n-- the token\n{token.shown()}")
        self.assertIn("Registered", said)


class InChromium(chromium.InChromium):
    key_class = ScriptsKey


class InFirefox(firefox.InFirefox):
    key_class = ScriptsKey


def load_tests(loader, _tests, _pattern):
    """All of the script and of the README, and a round in each browser."""
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (Script, Readme))
    for browser in (InChromium, InFirefox):
        suite.addTest(browser("test_a_second_factor_registers_and_authenticates"))
    return suite
