"""A private PostgreSQL for tests and benches: a new cluster in a temporary folder, one Unix socket, nothing shared.

The server runs as the unprivileged account `postgres` when the tests run as root (it refuses root), with fsync on, and
dies with the process that started it.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from functools import cache
from pathlib import Path

import psycopg

_BIN = Path("/usr/lib/postgresql/15/bin")
_READY_S = 60


class PrivatePostgres:
    """One cluster. `database()` makes a new empty database and returns its URL."""

    def __init__(self, *settings: str) -> None:
        assert (_BIN / "postgres").exists(), "the Debian package postgresql-15 is wanted: make setup"
        self._folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-"))
        self._as: tuple[str, ...] = ("setpriv", "--pdeathsig", "KILL")
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._as = ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups",
                        "--pdeathsig", "KILL")  # fmt: skip
        self.data = self._folder / "data"
        options = ("--auth=trust", "--username=kiosk", "--encoding=UTF8", "--no-locale", f"--pgdata={self.data}")
        done = subprocess.run(
            [*self._as, str(_BIN / "initdb"), *options], capture_output=True, text=True, timeout=_READY_S, check=False
        )
        assert done.returncode == 0, done.stderr
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        given = [part for setting in self._settings for part in ("-c", setting)]
        command = [str(_BIN / "postgres"), "-D", str(self.data), "-k", str(self._folder), "-c", "listen_addresses="]
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen([*self._as, *command, *given], stdout=log, stderr=log, cwd=self._folder)
        pause = threading.Event()
        for _ in range(_READY_S * 20):
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                pause.wait(0.05)
        raise AssertionError((self._folder / "log").read_text())

    def kill(self) -> None:
        """The power goes: immediate shutdown, to be recovered at the next start."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_READY_S)
            self._process = None

    def _url(self, name: str) -> str:
        return f"postgresql://kiosk@/{name}?host={self._folder}"

    def database(self) -> str:
        """A new database."""
        name = f"kiosk_{uuid.uuid4().hex}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        return self._url(name)

    def close(self) -> None:
        """Stop the server and remove the folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


@cache
def shared() -> PrivatePostgres:
    """The cluster of this test process, made when it is first asked for."""
    made = PrivatePostgres()
    atexit.register(made.close)
    return made
