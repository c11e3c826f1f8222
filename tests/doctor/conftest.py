"""A desk on which nothing is wrong, and its host."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dropcopy_tui.clock import Clock
from dropcopy_tui.config import load
from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.doctor.check import Host, Misconfiguration
from dropcopy_tui.doctor.examination import examine
from dropcopy_tui.domain.people import Role
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.base import key_of
from dropcopy_tui.store.tables import KeyPairRow
from tests.services.factories import FrozenClock, add_entity, add_person, add_role, add_session, change

# Whatever a test does to key pairs: the desk keeps when the last of a session's ends.
KEEP_STOPS = """UPDATE session SET stops_at = coalesce((SELECT max(expires_at) FROM key_pair
    WHERE session_pk = session.id AND deleted_at IS NULL), stops_at)"""
CONFIG = """
[mail]
host = "localhost"
security = "none"
sender = "desk@firm.example"

[sms]
url = "http://127.0.0.1:9/"
body = { to = "{to}", text = "{text}" }
"""


@dataclass
class Site:
    """A clean desk: its folder, its files, and what is asked of its host."""

    home: Path
    host: Host
    clock: FrozenClock
    environ: dict[str, str]

    @property
    def store(self) -> Path:
        return self.home / "data" / "dropcopy-tui" / "dropcopy.db"

    @property
    def key(self) -> Path:
        return self.store.with_suffix(".key")

    @property
    def config(self) -> Path:
        return self.home / "config" / "dropcopy-tui" / "config.toml"

    @property
    def downloads(self) -> Path:
        folder = self.home / "dropcopy-keys"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def log(self) -> Path:
        return self.home / "state" / "dropcopy-tui" / "log" / "incidents.log"

    def sql(self, text: str, **values: object) -> None:
        desk = self.desk()
        change(desk.resources, text, **values)
        change(desk.resources, KEEP_STOPS)
        desk.close()

    def tamper(self, text: str) -> None:
        """As someone would who can write to the file, and has not the master key."""
        with closing(sqlite3.connect(self.store)) as store, store:
            store.execute(text)

    def desk(self) -> Desk:
        return open_desk(load(environ={}), clock=self.clock)

    def findings(self, **how: object) -> list[Misconfiguration]:
        found = examine(host=self.host, clock=self.clock, environ=self.environ, **how)  # type: ignore[arg-type]
        return list(found)

    def ids(self, **how: object) -> set[str]:
        return {each.id for each in self.findings(**how)}

    def after(self, **time: float) -> None:
        self.clock.advance(timedelta(**time))

    def on(self, **facts: object) -> None:
        self.host = replace(self.host, **facts)  # type: ignore[arg-type]

    def text_of(self, at: datetime) -> str:
        return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def variables(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
    }  # fmt: skip


@pytest.fixture(scope="session")
def clean_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """The folder of a clean desk, made once, and when."""
    home = tmp_path_factory.mktemp("clean") / "home"
    home.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables(home).items():
            patch.setenv(name, value)
        made = Site(home, Host.here(), FrozenClock(Clock().now()), {})
        made.config.parent.mkdir(parents=True, mode=0o700)
        made.config.write_text(CONFIG)
        made.config.chmod(0o600)
        make_store(load(environ={}), sandbox=False, fill=None, clock=made.clock)
        _fill(made)
        return home, made.clock.now()


@pytest.fixture
def site(clean_home: tuple[Path, datetime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    home = tmp_path / "home"
    shutil.copytree(clean_home[0], home)
    for name, value in variables(home).items():
        monkeypatch.setenv(name, value)
    umask = os.umask(0o077)
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    yield Site(home, Host.here(), FrozenClock(clean_home[1]), variables(home))
    os.umask(umask)
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def _fill(site: Site) -> None:
    desk = site.desk()
    resources = desk.resources
    add_entity(resources, "ACME")
    way_in = {"password_hash": "set"}
    for name in ("ops1", "ops2"):
        add_person(resources, name, Role.OPERATIONS, **way_in)
    add_person(resources, "auditor", Role.AUDITOR, **way_in)
    for name in ("agent1", "agent2"):
        add_person(resources, name, Role.EASE_AGENT, **way_in)
    add_person(resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME", **way_in)
    add_person(resources, "approver", Role.ADMINISTRATIVE_MANAGER, entity="ACME", **way_in)
    phone = "+1 202 555 0123"
    who = add_person(resources, "requester", Role.FULL_ACCESS, entity="ACME", mobile=phone, **way_in)
    add_role(resources, who, Role.KEY_MANAGEMENT, "ACME")
    change(resources, "UPDATE entity SET approvals = 'always'")
    session_pk = add_session(resources, "ACME", "T4C")
    now = site.clock.now()
    with resources.store.write() as tx:
        pair = KeyPairRow(
            session_pk=session_pk, access_key_id="A" * 20, slot=1, created_at=now, expires_at=now + timedelta(days=300),
            created_by=who.person_id,
        )  # fmt: skip
        tx.add(pair)
        tx.flush()
        pair.sealed_secret = resources.vault.seal(b"s" * 32, "key_pair", str(key_of(pair.id)), "T4C", "A" * 20)
    change(resources, KEEP_STOPS)
    desk.close()
