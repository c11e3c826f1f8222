"""Backed up, destroyed, restored on another machine: the doctor has nothing to say, and the firm's engine logs on."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from dropcopy_tui.config import load
from dropcopy_tui.desk import Desk
from dropcopy_tui.domain.logon import encode_secret, parse_message
from dropcopy_tui.domain.logon_verdict import Level
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.restoring import rehearse, restore
from tests.doctor.conftest import Site, variables
from tests.services.factories import rows
from tests.services.fix_client import Key, logon

pytestmark = pytest.mark.sqlite_only("a server is backed up with its own tools")
# What the firm's engine reads from its own key file, which nobody touches.
KEY = Key("A" * 20, encode_secret(b"s" * 32))


def who(desk: Desk, user_id: str) -> Actor:
    """A person, as if signed in."""
    pk, name = rows(desk.resources, "SELECT id, name FROM person WHERE user_id = :user", user=user_id)[0]
    return Actor(pk, user_id, name, "test")


def accepted(site: Site, key: Key = KEY) -> bool:
    """Whether a gateway with this store's key pairs would let the firm's engine in."""
    said = logon(key, site.clock.now(), values={49: "T4C004N"}).encode().decode()
    with closing(site.desk()) as desk:
        verdict = desk.logons.verify(who(desk, "requester"), parse_message(said))
    return verdict.level is not Level.REFUSED


def moved(site: Site, to: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Another machine, with what the pages tell one to bring: the configuration and the copy of the key."""
    new = Site(to, site.host, site.clock, variables(to))
    for name, value in new.environ.items():
        monkeypatch.setenv(name, value)
    for old, copy in ((site.config, new.config), (site.key, new.key)):
        copy.parent.mkdir(parents=True, mode=0o700)
        shutil.copy2(old, copy)
    return new


def test_the_firm_logs_on_after_a_disaster(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.sql("UPDATE session SET kind = 'drop_copy'")
    assert accepted(site)
    backup = tmp_path / "safe" / "backup.db"
    backup.parent.mkdir(mode=0o700)
    with closing(site.desk()) as desk:
        desk.backups.create(who(desk, "ops1"), backup)
    for path in site.store.parent.glob(site.store.name + "*"):
        path.unlink()
    new = moved(site, tmp_path / "other", monkeypatch)
    assert rehearse(load(environ={}), backup, new.clock).logon == "T4C"
    assert restore(load(environ={}), backup, None, "test", new.clock).faults == ()
    assert new.findings() == []
    assert accepted(new)
    assert not accepted(new, Key(KEY.id, encode_secret(b"t" * 32)))
