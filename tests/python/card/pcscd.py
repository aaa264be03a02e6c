"""A pcscd of the tests' own: on a socket in a temporary directory, with vpcd's readers on ports that are free.

It needs no rights, and does not disturb one that the system runs.
"""

import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading

READER = "Virtual PCD 00 00"
# The configuration of Debian's package vsmartcard-vpcd.
CONFIGURATION = pathlib.Path("/etc/reader.conf.d/vpcd")
PATIENCE = 30.0


def free_port():
    """A port that is free, as is the next one, which vpcd takes for its second reader."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
                return port
            except (OSError, OverflowError):
                pass


class Pcscd:
    """A context manager. Programs reach the daemon by the environment variable that its library heeds; that library
    reads it only once, so there is one such socket for all tests of a process."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory()
        self.port = free_port()
        path = self._directory.name + "/pcscd.comm"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen()
        os.environ["PCSCLITE_CSOCK_NAME"] = path
        self._process = None

    def start(self):
        configuration = CONFIGURATION.read_text(encoding="ascii")
        (pathlib.Path(self._directory.name) / "vpcd").write_text(
            re.sub(r"0x[0-9A-Fa-f]+", f"0x{self.port:04X}", configuration), encoding="ascii"
        )
        # The daemon takes a socket that is open already, as from systemd (sd_listen_fds(3)): descriptor 3.
        command = 'LISTEN_FDS=1 LISTEN_PID=$$ exec pcscd --foreground --info --config "$0" 3<&0'
        path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
        self._process = subprocess.Popen(
            ["sh", "-c", command, self._directory.name],
            stdin=self._socket,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": path},
            text=True,
        )
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "daemon ready" in line:
                break
        else:
            raise RuntimeError(f"pcscd ended: {''.join(said)}")
        watchdog.cancel()
        # What it says later is not needed, but it must not have to wait.
        output = self._process.stdout
        self._reader = threading.Thread(target=lambda: [None for _ in output])
        self._reader.start()

    def stop(self):
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._reader.join()
        self._process.stdout.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._socket.close()
        self._directory.cleanup()
