"""A new master key: at every instant the old or the new one opens the store, and everything in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.domain.errors import InvalidValue, StoreUnusable, WrongMasterKey
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.new_store import make_store
from dropcopy_tui.rekeying import present_fingerprint, rekey
from dropcopy_tui.services.inspection.inspection import inspect_store
from dropcopy_tui.services.logons.trial import try_logon
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.vault import beside_key
from tests.services.factories import one, rows, tamper

pytestmark = pytest.mark.sqlite_only("the stores are files; tests/postgres/test_rekey.py has one on a server")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Config:
    config = _config(tmp_path_factory.mktemp("rekey"))
    make_store(config, sandbox=True, fill=fill)
    return config


@pytest.fixture
def site(made: Config, tmp_path: Path) -> Config:
    """The sample data, with a master key in a file."""
    config = _config(tmp_path)
    for name in ("store", "master_key"):
        copy = getattr(config.paths, name)
        copy.write_bytes(getattr(made.paths, name).read_bytes())
        copy.chmod(0o600)
    return config


def _config(folder: Path) -> Config:
    paths = Paths(folder / "store.db", folder / "store.key", folder / "none.toml", folder / "log", folder)
    return Config(paths, Settings())


def whole(config: Config) -> Desk:
    """The desk, in which every sealed value opens, every row is proven, the trail holds and a logon verifies."""
    desk = open_desk(config)
    assert [each.name for each in inspect_store(desk.resources.store, desk.resources.vault) if not each.is_sound] == []
    assert try_logon(desk.resources)
    return desk


def replaced(config: Config) -> None:
    rekey(config, present_fingerprint(config), "test")


def test_everything_opens_with_the_new_key_and_nothing_with_the_old(site: Config) -> None:
    old, present = site.paths.master_key.read_bytes(), present_fingerprint(site)
    done = rekey(site, f" {present.upper()} ", "test")
    assert (done.old, done.new) == (present, present_fingerprint(site))
    assert done.kept.read_bytes() == old != site.paths.master_key.read_bytes()
    assert (done.kept.stat().st_mode & 0o777, site.paths.master_key.stat().st_mode & 0o777) == (0o600, 0o600)
    assert done.sealed["key_pair"] > 20
    assert not beside_key(site.paths.master_key).exists()
    desk = whole(site)
    auditor = desk.identity.act_as("auditor", "test")
    assert desk.audit.verify(auditor).sealed_from == 1
    event = rows(desk.resources, "SELECT person, origin, after FROM audit_event WHERE action = 'store:rekeyed'")
    assert [(person, where, old_name in after) for person, where, after in event for old_name in (present,)] == [
        ("desk", "test", True)
    ]
    desk.close()
    site.paths.master_key.write_bytes(old)
    with pytest.raises(WrongMasterKey, match="or was replaced by a new one"):
        open_desk(site)


def test_it_is_done_again_and_all_stretches_of_the_trail_hold(site: Config) -> None:
    for _ in range(3):
        replaced(site)
    desk = whole(site)
    assert one(desk.resources, "SELECT count(*) FROM audit_chain") == 4
    auditor = desk.identity.act_as("auditor", "test")
    tamper(desk.resources, "UPDATE audit_event SET person = 'x' WHERE id = 3")
    assert desk.audit.verify(auditor).first_bad == 3
    desk.close()


def test_whoever_knows_the_old_key_cannot_rewrite_what_it_sealed(site: Config) -> None:
    """The first event of the new stretch is chained to the last of the old one."""
    replaced(site)
    desk = open_desk(site)
    auditor = desk.identity.act_as("auditor", "test")
    last = one(desk.resources, "SELECT first_event - 1 FROM audit_chain WHERE number = 2")
    tamper(desk.resources, "UPDATE audit_event SET digest = :it WHERE id = :id", it="f" * 64, id=last)
    assert desk.audit.verify(auditor).first_bad == last
    tamper(desk.resources, "UPDATE audit_chain SET previous = :it WHERE number = 2", it="f" * 64)
    assert not desk.audit.verify(auditor).valid
    desk.close()


def test_another_fingerprint_changes_nothing(site: Config) -> None:
    before = site.paths.store.read_bytes()
    for typed in ("", "0" * 16, present_fingerprint(site)[:-1]):
        with pytest.raises(InvalidValue, match="Nothing was changed"):
            rekey(site, typed, "test")
    assert site.paths.store.read_bytes() == before
    assert not beside_key(site.paths.master_key).exists()


@pytest.mark.parametrize(
    "what",
    [
        "UPDATE person SET name = 'Other' WHERE user_id = 'auditor'",
        "UPDATE authenticator SET last_step = last_step + 1",
        "INSERT INTO entitlement (person_id, role) VALUES (1, 'gam')",
    ],
)
def test_what_was_changed_from_outside_is_not_proven_again(site: Config, what: str) -> None:
    desk = open_desk(site)
    tamper(desk.resources, what)
    changed = one(desk.resources, "SELECT count(*) FROM authenticator") or "authenticator" not in what
    desk.close()
    if changed:
        key = site.paths.master_key.read_bytes()
        with pytest.raises(StoreUnusable, match="Changed from outside the desk"):
            replaced(site)
        assert site.paths.master_key.read_bytes() == key
        assert not beside_key(site.paths.master_key).exists()


def test_an_open_desk_is_told_and_writes_nothing(site: Config) -> None:
    desk = open_desk(site)
    operator = desk.identity.act_as("acme-operator", "test")
    replaced(site)
    before = one(desk.resources, "SELECT count(*) FROM audit_event")
    with pytest.raises(WrongMasterKey, match="was replaced while dropcopy was open"):
        desk.drafts.start(operator, "brokertec_us")
    with pytest.raises(WrongMasterKey, match="was replaced while dropcopy was open"):
        desk.groups.entities(operator)
    assert one(desk.resources, "SELECT count(*) FROM audit_event") == before
    desk.close()
    whole(site).close()


def test_invitations_end_and_are_named(site: Config) -> None:
    desk = open_desk(site)
    chief = desk.identity.act_as("operations", "test")
    desk.people.invite(chief, "newcomer", "New Comer", "new@firm.example", "", "", [Role.AUDITOR])
    desk.close()
    done = rekey(site, present_fingerprint(site), "test")
    assert done.invitations == ("newcomer",)
    desk = open_desk(site)
    chief = desk.identity.act_as("operations", "test")
    invited_until = desk.people.show(chief, "newcomer").invited_until
    assert invited_until is None or invited_until <= desk.clock.now()
    assert one(desk.resources, "SELECT count(*) FROM invitation WHERE used_at IS NULL") == 1
    desk.close()


# Kills itself at a place.
_PROGRAM = """
import os, signal, sys
from pathlib import Path
from dropcopy_tui import rekeying
from dropcopy_tui.store import engine, vault
from tests.services.test_rekey import _config

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

at, config = sys.argv[1], _config(Path(sys.argv[2]))
name = rekeying.present_fingerprint(config)
if at == "key made":
    rekeying._sealed_again = die
if at == "before the commit":
    engine.Store._commit = die
if at == "after the commit":
    rekeying.put_new_key = die
if at == "old key kept":
    vault.os.replace = die
if at == "key exchanged":
    real = vault.os.replace
    vault.os.replace = lambda *given: (real(*given), die())
rekeying.rekey(config, name, "test")
"""
MOMENTS = ("key made", "before the commit", "after the commit", "old key kept", "key exchanged")


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_9_leaves_a_key_that_opens_the_store(site: Config, moment: str) -> None:
    old = site.paths.master_key.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, moment, str(site.paths.store.parent)], check=False,
        cwd=Path(__file__).parents[2], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    committed = MOMENTS.index(moment) >= 2
    whole(site).close()
    assert (site.paths.master_key.read_bytes() != old) == committed
    # And it can be done again, whatever the other run has left.
    replaced(site)
    whole(site).close()
    assert not beside_key(site.paths.master_key).exists()


def test_ten_thousand_pairs_take_ten_seconds_at_most(site: Config) -> None:
    desk = open_desk(site)
    vault, number = desk.resources.vault, int(os.environ.get("DROPCOPY_REKEY_PAIRS", "2000"))
    with writing(desk.resources, desk.identity.act_as("operations", "test")) as uow:
        _pairs(uow, vault, number)
    desk.close()
    since = time.monotonic()
    done = rekey(site, present_fingerprint(site), "test")
    assert done.sealed["key_pair"] > number
    assert time.monotonic() - since < 10 * max(1, number / 10_000) + 5
    whole(site).close()


def _pairs(uow, vault, number: int) -> None:  # type: ignore[no-untyped-def]
    from sqlmodel import select

    from dropcopy_tui.services.sessions.key_rows import keep_stops
    from dropcopy_tui.store.tables import KeyPairRow, SessionRow

    session = uow.tx.exec(select(SessionRow)).first()
    for count in range(number):
        name = f"P{count:019d}"
        pair = KeyPairRow(
            session_pk=session.id, access_key_id=name, created_at=uow.now,
            expires_at=uow.now.replace(year=uow.now.year + 1), created_by=1,
        )  # fmt: skip
        uow.tx.add(pair)
        uow.tx.flush()
        pair.sealed_secret = vault.seal(b"x" * 32, "key_pair", str(pair.id), session.session_id, name)
    keep_stops(uow, [session.id])


def test_an_altered_trail_is_not_continued_under_a_new_key(site: Config) -> None:
    """The backups that are whole open with the old key only: restoring one comes first."""
    before = site.paths.master_key.read_bytes()
    desk = open_desk(site)
    tamper(desk.resources, "UPDATE audit_event SET person = 'operations' WHERE id = 2")
    desk.close()
    with pytest.raises(StoreUnusable, match=r"Event 2 .*Nothing was changed. Restore a backup"):
        rekey(site, present_fingerprint(site), "test")
    assert site.paths.master_key.read_bytes() == before


def test_a_row_that_was_put_back_or_removed_is_not_taken_along(site: Config) -> None:
    """Everything is stated anew under the new key: what was removed before would be believed."""
    desk = open_desk(site)
    tamper(desk.resources, "DELETE FROM approval")
    desk.close()
    with pytest.raises(StoreUnusable, match=r"approval \(row .* was removed.*Nothing was changed"):
        rekey(site, present_fingerprint(site), "test")
