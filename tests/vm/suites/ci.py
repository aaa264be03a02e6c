"""The script that gives a project's CI a key. It runs unchanged, in a container too."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import textwrap

from case import Case, eventually
from key import PATIENCE, Key, NoKey
from terminal import Terminal

SCRIPT = "/share/contrib/ci/plug-in"
RECIPE = pathlib.Path("/share/contrib/ci/Containerfile")
ACTION = pathlib.Path("/share/action.yml")
PAGE = pathlib.Path("/share/docs/browser.md")
CI_PAGE = pathlib.Path("/share/docs/ci.md")


class ScriptsKey(Key):
    """A key that the script has plugged in. The case presses its button."""

    def __init__(self, touch="auto", inside=()):
        """`inside`: the words before a command that run it in a container."""
        self._inside = inside
        self._directory = tempfile.TemporaryDirectory()
        directory = pathlib.Path(self._directory.name)
        self._secret = directory / "control-token"
        self._environment = {**os.environ, "BRASSKEY_RUN": str(directory / "run"), "BRASSKEY_TOUCH": touch}
        self._script("--control", "127.0.0.1:0", "--control-token-file", str(self._secret))
        # What the script has stored: the number of the token's process, then its ready line.
        self.ready = json.loads((directory / "run/said").read_text().splitlines()[1])
        self.hidraw = self.ready["hid"]

    def _script(self, *arguments):
        done = subprocess.run(
            [*self._inside, SCRIPT, *arguments], env=self._environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=PATIENCE,
        )
        if done.returncode:
            raise RuntimeError(f"{SCRIPT} {arguments}: {done.stdout}{done.stderr}")

    def errors(self):
        return pathlib.Path(self._environment["BRASSKEY_RUN"], "token.log").read_text()

    def close(self):
        self._script("--stop")
        self._directory.cleanup()


class Script(Case):
    """A user for these tests, without other rights."""

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
        listed = json.loads(self.as_user("brasskey", "list", "--json"))
        # The soft tokens of other cases left files that belong to this user.
        [listed] = [key for key in listed if key["state"] is None]
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

    def test_the_pages_commands_press_the_button(self):
        environment = pathlib.Path(self.environment["BRASSKEY_RUN"] + ".env")
        self.environment.update(GITHUB_ENV=str(environment), BRASSKEY_TOUCH="control")
        self.script()
        told = dict(line.split("=", 1) for line in environment.read_text().splitlines())
        [commands] = re.findall(r"\n```sh\n(.*?)```", CI_PAGE.read_text(), re.DOTALL)
        user = ("runuser", "--user", self.USER, "--")
        client = subprocess.Popen(
            [*user, "brasskey", "register"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.client(*user, "bash", "-ec", commands, env={**self.environment, **told})
        said = client.communicate(timeout=PATIENCE)[0]
        self.note(said)
        self.assertIn("Registered", said)

    def test_the_actions_step_tells_the_job_where_the_key_is(self):
        step = ACTION.read_text().split("- name: Plug the key in\n")[1]
        run = textwrap.dedent(step.split("run: |\n")[1])
        temporary = pathlib.Path(self.environment.pop("BRASSKEY_RUN")).parent
        output, environment = temporary / "output", temporary / "environment"
        # As GitHub's runner runs it, with a program that the job already has.
        self.environment.update(
            GITHUB_ACTION_PATH="/share", RUNNER_TEMP=str(temporary),
            GITHUB_OUTPUT=str(output), GITHUB_ENV=str(environment),
            BINARY="/usr/local/bin/brasskey", BRASSKEY_TOUCH="auto", ARGUMENTS="--token-name ci --log",
        )
        shell = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
        node = self.client(*shell, run, env=self.environment).strip().removeprefix("hidraw=")
        self.assertEqual(environment.read_text(), f"BRASSKEY_HIDRAW={node}\n")
        told = dict(line.split("=", 1) for line in output.read_text().splitlines())
        self.assertEqual(told["hidraw"], node)
        self.as_user("brasskey", "register", "--device", f"hid:{node}")
        self.assertIn("authenticatorMakeCredential", pathlib.Path(told["log"]).read_text())

    def test_it_is_unplugged(self):
        node = pathlib.Path(self.script().strip().removeprefix("hidraw="))
        self.script("--stop")
        eventually(lambda: not node.exists(), "the key is gone")
        self.assertEqual(json.loads(self.client("brasskey", "list", "--json")), [])

    def test_doctor_finds_nothing_wrong(self):
        self.script()
        self.as_user("brasskey", "doctor")


class Page(Case):
    """The commands of the page on browsers, unchanged. Its reader has sudo, and has brasskey."""

    READER = "reader"

    @classmethod
    def plug_in(cls):
        return NoKey()

    def commands(self, section):
        """The commands of each block of a section."""
        text = PAGE.read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
        blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
        return [[line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")] for block in blocks]

    def as_reader(self):
        """As after a new login, so that the new group counts. runuser would take the terminal away."""
        home = pathlib.Path("/home", self.READER)
        return "setpriv", "--reuid", self.READER, "--regid", self.READER, "--init-groups", "env", f"HOME={home}"

    def test_its_lines_give_browsers_a_key(self):
        self.client("useradd", "--create-home", self.READER)
        self.addCleanup(subprocess.run, ["userdel", "--remove", self.READER], stderr=subprocess.DEVNULL, check=True)
        (install, *once), [use] = self.commands("Set it up and use it")
        self.assertIn("cargo install", install)
        environment = {**os.environ, "USER": self.READER}
        for command in once:
            self.client("bash", "-c", f'sudo() {{ "$@"; }}\n{command}', cwd="/share", env=environment)
        # Its group is not the one that the script gave it.
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


class Container:
    """A context manager: a container, as far as it matters to a key. With the options of the recipe it has the device
    /dev/uhid, udev's part of /run, and none of the computer's processes."""

    # Containers find this variable of podman.
    START = """
        mount -t tmpfs -o mode=755 dev /mnt
        cp -a /dev/{null,zero,full,random,urandom,tty,ptmx,fd,uhid} /mnt
        mkdir /mnt/{pts,shm}
        mount --bind /dev/pts /mnt/pts
        mount -t tmpfs shm /mnt/shm
        mount --move /mnt /dev
        mount -t tmpfs -o mode=755 run /mnt
        mkdir /mnt/udev
        mount --bind /run/udev /mnt/udev
        mount -o remount,ro,bind /mnt/udev
        touch /mnt/.containerenv
        mount -n --move /mnt /run
        echo started
        exec sleep infinity
    """

    def __init__(self):
        subprocess.run(["modprobe", "uhid"], check=True)
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child", "bash", "-ec", self.START],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        if self._process.stdout.readline() != "started\n":
            raise RuntimeError("the container did not start; above is why")
        pid = self._process.pid
        [first] = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.inside = ["nsenter", "--target", first, "--mount", "--pid"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()


class Contained(Case):
    """The script in a container."""

    @classmethod
    def plug_in(cls):
        return NoKey()

    def setUp(self):
        super().setUp()
        self.container = self.enterContext(Container())
        run = self.enterContext(tempfile.TemporaryDirectory())
        self.environment = {**os.environ, "BRASSKEY_RUN": f"{run}/run"}

    def within(self, *command, status=0):
        return self.client(*self.container.inside, *command, env=self.environment, status=status)

    def test_the_recipes_entry_point_gives_its_command_a_key(self):
        destination = pathlib.Path("/usr/local/share/brasskey/contrib")
        self.assertIn(f"COPY contrib {destination}\n", RECIPE.read_text())
        destination.parent.mkdir(exist_ok=True)
        destination.symlink_to("/share/contrib")
        self.addCleanup(destination.unlink)
        [entry_point] = re.findall(r"^ENTRYPOINT (.*)$", RECIPE.read_text(), re.MULTILINE)
        said = self.within(*json.loads(entry_point), "brasskey", "register")
        self.assertRegex(said, r"\Ahidraw=/dev/hidraw\d+\n")
        self.assertIn("Registered", said)

    def test_a_container_without_the_device_is_told_how_to_get_it(self):
        self.within("rm", "/dev/uhid")
        self.within(SCRIPT, status=1)
        self.assertIn("start the container with --device /dev/uhid", self.transcript())
