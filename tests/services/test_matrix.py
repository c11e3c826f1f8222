"""The authorisation matrix: every verb of every service, asked by every role at the entity, at another, on the desk.

Verbs are found by introspection: a new one fails here until it has its line in VERBS (rule P3). Each is asked about
what belongs to ACME and to its operator. What may not be seen does not exist (NotFound, or an empty list); what may be
seen but not done is NotEntitled.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import Desk
from dropcopy_tui.domain.errors import DeskError, FactorUnavailable, InvalidValue, MailHeld, NotEntitled, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.logon import parse_message
from dropcopy_tui.domain.mail import MessageState
from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.pages import Ask, Page, Picked
from dropcopy_tui.domain.people import DESK_ROLES, Actor, Entitlement, Role
from dropcopy_tui.domain.requests import Change
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.drafts import DraftFields
from dropcopy_tui.services.factors import Factor
from dropcopy_tui.services.groups import GroupEdit
from dropcopy_tui.services.imports import ImportKind
from dropcopy_tui.services.rights import DESK
from tests.services.conftest import World
from tests.services.factories import FixedEntropy, add_front_end, add_person, change, new_group, one, open_means, proof_of
from tests.services.test_every_change_is_audited import verbs

OK, EMPTY, NOT_ENTITLED, NOT_FOUND = "allowed", "nothing", "NotEntitled", "NotFound"
EVERYTHING = Picked(everything=True)
LOGON = "8=FIX.4.2|35=A|34=1|49=AAAAB1N|50=M|52=20260304-15:00:00.000|57=40|108=60|142=US|369=0|1603=A|1604=1|1605=B|354=20|355=AccessKey00000000001|1400=CME-1-SHA-256|1401=1|1402=x|"


@dataclass(frozen=True)
class Ground:
    """A desk, who is there, and what the verbs are asked about."""

    desk: Desk
    people: dict[str, Actor]
    folder: Path
    ids: dict[str, Any]

    def real(self) -> Desk:
        """The same desk where the outbox is no public one."""
        return Desk(replace(self.desk.means, sandbox=False), self.desk.config)

    def proof(self, actor: Actor) -> Any:
        return proof_of(self.desk.means, actor)


Call = Callable[[Ground, Actor], Any]
AT_ACME = {"owner", *(str(role) for role in set(Role) - DESK_ROLES)}
ELSEWHERE = {f"other {role}" for role in set(Role) - DESK_ROLES}
ON_DESK = {str(role) for role in DESK_ROLES}
EVERYBODY = AT_ACME | ELSEWHERE | ON_DESK | {"nobody"}


@pytest.fixture(scope="module")
def template(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Actor], dict[str, Any]]:
    """ACME's operator has a group, one being deleted, drafts, a key pair and a request that waits for two firms."""
    path = tmp_path_factory.mktemp("matrix") / "store.db"
    shutil.copy2(first_world.means.store.path, path)
    path.parent.chmod(0o700)
    means = open_means(path, entropy=FixedEntropy())
    desk = _desk(means, path.parent)
    phones, names = iter(range(100, 200)), {it: it for it in ("subject", "locked", "off")}
    people = {"owner": first_world.operator, "desk": DESK}

    def somebody(label: str, *roles: Role, entity: str | None = None) -> None:
        people[label] = add_person(
            means, names.get(label, "matrix-" + label.replace(" ", "-")), *roles, entity=entity, mobile=f"+1 303 555 0{next(phones)}"
        )

    for role in Role:
        if role.desk_wide:
            somebody(str(role), role)
        else:
            somebody(str(role), role, entity="ACME")
            somebody(f"other {role}", role, entity="OTHER")
    somebody("nobody")
    for name in ("subject", "locked", "off"):
        somebody(name, Role.READ_ONLY, entity="ACME")
    change(means, "UPDATE person SET locked_until = '2099-01-01 00:00:00.000000' WHERE user_id = 'locked'")
    change(means, "UPDATE person SET disabled = 1 WHERE user_id = 'off'")
    return path, people, _prepare(desk, first_world, people["owner"])


def _prepare(desk: Desk, world: World, owner: Actor) -> dict[str, Any]:
    means = desk.means
    for name in ("RATES", "BONDS"):
        desk.groups.create(owner, new_group(name))
    desk.provisioning.process_as_desk()
    group, bonds = (desk.groups.show(owner, name).line.id for name in ("RATES", "BONDS"))
    target = desk.groups.show(owner, group).sessions[0]
    pair = desk.keypairs.generate(owner, [target.pk], proof_of(means, owner))
    draft = desk.drafts.start(owner, "brokertec_us", "ACME")
    fields = DraftFields("ACME", "NEXT", world.front_end, (Filter.TRADE_BUST,), 6)
    draft = desk.drafts.save(owner, draft.id, draft.version, fields)
    draft = desk.drafts.add(owner, draft.id, EVERYTHING)
    edit = desk.edits.start(owner, group)
    released = desk.groups.show(owner, bonds).sessions[0].pk
    desk.groups.delete(owner, [bonds])
    desk.provisioning.process_as_desk()
    change(means, "UPDATE entity SET approvals = 'always' WHERE code = 'ACME'")
    change(means, "UPDATE sender_comp SET guarantor_id = 2 WHERE sender_comp_id = :it", it=world.sources[0])
    request = desk.groups.create(owner, new_group("WAITS"))
    spare = add_front_end(means, "OTHER", "Spare", "1")
    change(means, "UPDATE outbox SET state = 'failed' WHERE id = 1")
    return {
        "group": group, "session": target.pk, "session_id": target.session_id, "draft": draft.id,
        "version": draft.version, "fields": fields, "edit": edit.id, "released": released, "request": request.id,
        "seen": request.version, "front_end": world.front_end, "spare": spare, "key": pair.keys[0].access_key_id,
    }  # fmt: skip


def _desk(means: Any, folder: Path) -> Desk:
    names = ("store", "master_key", "config", "incident_log", "downloads")
    return Desk(means, Config(Paths(**{name: folder / name for name in names}), Settings()))


@pytest.fixture(scope="module")
def ground(
    template: tuple[Path, dict[str, Actor], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ground, Callable[[], None]]]:
    """One desk for all, and what puts the store back as it was."""
    path, people, ids = template
    folder = tmp_path_factory.mktemp("used")
    folder.chmod(0o700)
    store = folder / "store.db"
    shutil.copy2(path, store)
    means = open_means(store, entropy=FixedEntropy())
    eyes = [sqlite3.connect(store, isolation_level=None)]
    seen = eyes[0].execute("PRAGMA data_version").fetchone()

    def back() -> None:
        nonlocal seen
        if eyes[0].execute("PRAGMA data_version").fetchone() == seen:
            return
        means.store.close()
        eyes.pop().close()
        shutil.copyfile(path, store)
        eyes.append(sqlite3.connect(store, isolation_level=None))
        seen = eyes[0].execute("PRAGMA data_version").fetchone()

    yield Ground(_desk(means, folder), people, folder, ids), back
    means.store.close()
    eyes[0].close()


def outcome(at: Ground, verb: Any, who: Actor) -> str:
    try:
        answer = verb(at, who)
    except NotEntitled:
        return NOT_ENTITLED
    except NotFound:
        return NOT_FOUND
    if isinstance(answer, Page):
        answer = answer.rows
    return EMPTY if answer in ((), [], 0, False) else OK
