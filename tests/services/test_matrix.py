"""The authorisation matrix: every verb of every service, asked by every role at the entity, at another, on the desk.

Verbs are found by introspection: a new one fails here until it has its line in VERBS (rule P3). Each is asked about
what belongs to ACME and to its operator. What may not be seen does not exist (NotFound, or an empty list); what may be
seen but not done is NotEntitled.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dropcopy_tui.clock import Entropy
from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import Desk
from dropcopy_tui.domain.arrangements import Arrangement
from dropcopy_tui.domain.errors import (
    DeskError,
    FactorUnavailable,
    FileRefused,
    InvalidValue,
    MailHeld,
    NotEntitled,
    NotFound,
    SeatEnded,
    SecondFactorFailed,
)
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.logon import parse_message
from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.pages import Page, PageRequest, Selection
from dropcopy_tui.domain.people import DESK_ROLES, Actor, Entitlement, Role
from dropcopy_tui.domain.places import Place
from dropcopy_tui.domain.requests import Change
from dropcopy_tui.domain.seats import SeatWay
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.factors.table import Proof, Purpose
from dropcopy_tui.services.groups.drafts import DraftFields
from dropcopy_tui.services.groups.groups import GroupEdit
from dropcopy_tui.services.imports.imports import ImportKind
from dropcopy_tui.services.logons.rehearsals import Outcome
from tests.services.conftest import World
from tests.services.factories import (
    CODE,
    NOW,
    PLACE,
    FixedEntropy,
    add_front_end,
    add_person,
    change,
    new_group,
    open_resources,
    proof_of,
    seat_of,
    ssh_key_of,
    ssh_line,
    ticket_of,
)
from tests.services.test_every_change_is_audited import verbs
from tests.stores import Eyes, copy_store, restore

OK, EMPTY, NOT_ENTITLED, NOT_FOUND = "allowed", "nothing", "NotEntitled", "NotFound"
EVERYTHING = Selection(everything=True)
LOGON = (
    "8=FIX.4.2|35=A|34=1|49=AAAAB1N|50=M|52=20260304-15:00:00.000|57=40|108=60|142=US|369=0|1603=A|1604=1|1605=B|"
    "354=20|355={}|1400=CME-1-SHA-256|1401=1|1402=x|"
)


class KnownCodes(Entropy):
    """Chance, but for the codes that a test must find again."""

    def code(self, digits: int = 6) -> str:
        return CODE[:digits]


@dataclass(frozen=True)
class Ground:
    """A desk, who is there, and what the verbs are asked about."""

    desk: Desk
    people: dict[str, Actor]
    folder: Path
    ids: dict[str, Any]

    def real(self) -> Desk:
        """The same desk where the outbox is no public one."""
        return Desk(replace(self.desk.resources, sandbox=False), self.desk.config)

    def reviewed(self) -> Any:
        """A log that the owner of the group reads."""
        owner = self.people["owner"]
        lines = self.desk.routing.example(owner, "ACME")
        return self.desk.routing.review(owner, b"".join(lines), self.ids["group"])

    def backup(self, actor: Actor) -> Any:
        """A new file, with whatever the template of these tests lacks."""
        return self.desk.backups.create(actor, self.folder / f"{uuid4()}.db", with_faults=True)

    def rehearsal(self) -> Any:
        """A rehearsal that the owner of the keys holds."""
        return self.desk.rehearsals.start(self.people["owner"], self.ids["session_id"], "brokertec_us")

    def proof(self, actor: Actor, purpose: Purpose = Purpose.KEYS) -> Any:
        return proof_of(self.desk.resources, actor, purpose=purpose)


Call = Callable[[Ground, Actor], Any]
ADMIN, OTHER_ADMIN = "user_administrator", "other user_administrator"
AT_ACME = {"owner", *(str(role) for role in set(Role) - DESK_ROLES)}
ELSEWHERE = {f"other {role}" for role in set(Role) - DESK_ROLES}
ON_DESK = {str(role) for role in DESK_ROLES}
EVERYBODY = AT_ACME | ELSEWHERE | ON_DESK | {"nobody"}

# Who may: the owner (full access and key management at ACME), and whoever has a role at ACME or on the desk (rule P3).
OWNER = {"owner"}
SEE = AT_ACME | {"gam", "operations", "auditor"}
CHANGE = {"owner", "full_access"}
KEYS = {"owner", "key_management"}
MAP = {ADMIN}
OPERATE, AUDIT, EASE = {"operations"}, {"operations", "auditor"}, {"ease_agent"}
PEOPLE = {ADMIN, "operations", "auditor", "ease_agent"}
# The request waits for ACME, and for OTHER, which guarantees one of its SenderComps.
APPROVE = {"administrative_manager", "other administrative_manager"}

# What everybody else is told: by who they are.
Rest = dict[str, str]
REFUSED: Rest = dict.fromkeys(EVERYBODY, NOT_ENTITLED)
HIDDEN: Rest = dict.fromkeys(EVERYBODY, NOT_FOUND)
NONE: Rest = dict.fromkeys(EVERYBODY, EMPTY)
SEEN: Rest = HIDDEN | dict.fromkeys(SEE, NOT_ENTITLED)
ASKED: Rest = HIDDEN | dict.fromkeys(SEE | APPROVE, NOT_ENTITLED)
COURTESY: Rest = HIDDEN | dict.fromkeys(SEE, EMPTY)
COURTESY_ASKED: Rest = HIDDEN | dict.fromkeys(SEE | APPROVE, EMPTY)
PRIVATE: Rest = REFUSED | {OTHER_ADMIN: NOT_FOUND}
COURTESY_PEOPLE: Rest = REFUSED | {OTHER_ADMIN: EMPTY}
# These take no actor: they say who acts (tests of identity and of invitations), or are the desk itself.
NO_ACTOR = {
    "identity.act_as", "identity.everyone", "identity.is_peer", "identity.sign_in", "identity.sign_in_key",
    "identity.sign_in_peer", "people.accept", "provisioning.process_as_desk",
}  # fmt: skip


@pytest.fixture(scope="module")
def template(
    first_world: World, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Place, dict[str, Actor], dict[str, Any]]:
    """ACME's operator has a group, one being deleted, drafts, a key pair and a request that waits for two firms."""
    path = tmp_path_factory.mktemp("matrix") / "store.db"
    path.parent.chmod(0o700)
    place = copy_store(first_world.resources.store.place, path)
    resources = open_resources(place, entropy=FixedEntropy())
    desk = _desk(resources, path.parent)
    phones = iter(range(100, 200))
    people = {"owner": first_world.operator}

    def somebody(label: str, *roles: Role, entity: str | None = None) -> None:
        people[label] = add_person(
            resources, f"matrix-{label.replace(' ', '-')}", *roles, entity=entity, mobile=f"+1 303 555 0{next(phones)}"
        )

    for role in Role:
        if role.desk_wide:
            somebody(str(role), role)
        else:
            somebody(str(role), role, entity="ACME")
            somebody(f"other {role}", role, entity="OTHER")
    somebody("nobody")
    others = {name: add_person(resources, name, Role.READ_ONLY, entity="ACME") for name in ("subject", "locked", "off")}
    change(resources, "UPDATE person SET locked_until = '2099-01-01 00:00:00.000000' WHERE user_id = 'locked'")
    change(resources, "UPDATE person SET disabled = true WHERE user_id = 'off'")
    ids = _prepare(desk, first_world, people["owner"])
    desk.parcels.put(people["owner"], "owners.log", b"35=8")
    ids |= {"ssh_key": ssh_key_of(resources, others["subject"]), "ticket": ticket_of(resources, people["owner"])}
    ids |= {"seat": seat_of(resources, others["subject"]).seat}
    return place, people, ids


def _prepare(desk: Desk, world: World, owner: Actor) -> dict[str, Any]:
    resources = desk.resources
    for name in ("RATES", "BONDS"):
        desk.groups.create(owner, new_group(name))
    desk.provisioning.process_as_desk()
    group, bonds = (desk.groups.show(owner, name).line.id for name in ("RATES", "BONDS"))
    target = desk.groups.show(owner, group).sessions[0]
    pair = desk.keypairs.generate(owner, [target.pk], proof_of(resources, owner))
    draft = desk.drafts.start(owner, "brokertec_us", "ACME")
    fields = DraftFields("ACME", "NEXT", world.front_end, (Filter.TRADE_BUST,), 6)
    draft = desk.drafts.save(owner, draft.id, draft.version, fields)
    draft = desk.drafts.add(owner, draft.id, EVERYTHING)
    edit = desk.edits.start(owner, group)
    released = desk.groups.show(owner, bonds).sessions[0].pk
    desk.groups.delete(owner, [bonds])
    desk.provisioning.process_as_desk()
    cancelled = desk.requests.cancel(owner, desk.groups.create(owner, new_group("CANCELLED")).id)
    change(resources, "UPDATE entity SET approvals = 'always' WHERE code = 'ACME'")
    change(resources, "UPDATE sender_comp SET guarantor_id = 2 WHERE sender_comp_id = :it", it=world.sources[0])
    request = desk.groups.create(owner, new_group("WAITS"))
    spare = add_front_end(resources, "OTHER", "Spare", "1")
    change(resources, "UPDATE outbox SET state = 'failed' WHERE id = 1")
    return {
        "group": group, "session": target.pk, "session_id": target.session_id, "draft": draft.id,
        "version": draft.version, "fields": fields, "edit": edit.id, "released": released, "request": request.id,
        "seen": request.version, "front_end": world.front_end, "spare": spare, "key": pair.keys[0].access_key_id,
        "cancelled": cancelled.id,
    }  # fmt: skip


def _desk(resources: Any, folder: Path) -> Desk:
    names = ("store", "master_key", "config", "incident_log", "downloads")
    return Desk(resources, Config(Paths(**{name: folder / name for name in names}), Settings()))


@pytest.fixture(scope="module")
def ground(
    template: tuple[Place, dict[str, Actor], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ground, Callable[[], None]]]:
    """One desk for all, and what puts the store back as it was."""
    place, people, ids = template
    folder = tmp_path_factory.mktemp("used")
    folder.chmod(0o700)
    store = copy_store(place, folder / "store.db")
    resources = open_resources(store, entropy=KnownCodes())
    eyes = [Eyes(store)]
    seen = eyes[0].mark()

    def back() -> None:
        nonlocal seen
        if eyes[0].mark() == seen:
            return
        resources.store.close()
        eyes.pop().close()
        restore(place, store)
        eyes.append(Eyes(store))
        seen = eyes[0].mark()

    yield Ground(_desk(resources, folder), people, folder, ids), back
    resources.store.close()
    eyes[0].close()


def passing(error: type[DeskError], verb: Callable[..., object], *args: object) -> str:
    """A verb whose rights are looked up first: this refusal is behind them."""
    try:
        verb(*args)
    except error:
        return OK
    return OK


VERBS: dict[str, tuple[Call, set[str], Rest]] = {
    "anchors.read": (
        lambda at, who: passing(FileRefused, at.desk.anchors.read, who, at.folder / "none"),
        AUDIT,
        REFUSED,
    ),
    "anchors.write": (
        lambda at, who: passing(FileRefused, at.desk.anchors.write, who),
        OPERATE,
        REFUSED,
    ),
    "audit.kinds": (
        lambda at, who: at.desk.audit.kinds(who),
        AUDIT,
        REFUSED,
    ),
    "audit.page": (
        lambda at, who: at.desk.audit.page(who, PageRequest()),
        AUDIT,
        REFUSED,
    ),
    "audit.verify": (
        lambda at, who: at.desk.audit.verify(who),
        AUDIT,
        REFUSED,
    ),
    "backups.create": (
        lambda at, who: at.backup(who),
        OPERATE,
        REFUSED,
    ),
    "calendar.page": (
        lambda at, who: at.desk.calendar.page(who, PageRequest(), entity="ACME").total >= 0 and OK,
        SEE,
        HIDDEN,
    ),
    # A market's calendar is no secret.
    "calendar.is_open": (
        lambda at, who: at.desk.calendar.is_open(who, "brokertec_us", date(2026, 3, 4)) and OK,
        EVERYBODY,
        {},
    ),
    "chores.tick": (
        lambda at, who: at.desk.chores.tick(who),
        OPERATE,
        REFUSED,
    ),
    "drafts.add": (
        lambda at, who: at.desk.drafts.add(who, at.ids["draft"], EVERYTHING),
        OWNER,
        HIDDEN,
    ),
    "drafts.added": (
        lambda at, who: at.desk.drafts.added(who, at.ids["draft"], "", PageRequest()),
        OWNER,
        HIDDEN,
    ),
    "drafts.available": (
        lambda at, who: at.desk.drafts.available(who, at.ids["draft"], "", PageRequest()).total == 0,
        OWNER,
        HIDDEN,
    ),
    "drafts.discard": (
        lambda at, who: at.desk.drafts.discard(who, at.ids["draft"]),
        OWNER,
        HIDDEN,
    ),
    "drafts.entities": (
        lambda at, who: [it for it in at.desk.drafts.entities(who) if it.code == "ACME"],
        CHANGE,
        NONE,
    ),
    "drafts.fee": (
        lambda at, who: at.desk.drafts.fee(who, "ACME"),
        CHANGE,
        REFUSED,
    ),
    "drafts.firms": (
        lambda at, who: at.desk.drafts.firms(who, at.ids["draft"]),
        OWNER,
        HIDDEN,
    ),
    "drafts.front_ends": (
        lambda at, who: at.desk.drafts.front_ends(who, "ACME"),
        CHANGE,
        REFUSED,
    ),
    "drafts.get": (
        lambda at, who: at.desk.drafts.get(who, at.ids["draft"]),
        OWNER,
        HIDDEN,
    ),
    "drafts.loads": (
        lambda at, who: at.desk.drafts.loads(who, at.ids["draft"]) or OK,
        OWNER,
        HIDDEN,
    ),
    "drafts.mine": (
        lambda at, who: at.desk.drafts.mine(who),
        OWNER,
        NONE,
    ),
    "drafts.name_problem": (
        lambda at, who: at.desk.drafts.name_problem(who, at.ids["draft"]) or OK,
        OWNER,
        HIDDEN,
    ),
    "drafts.remove": (
        lambda at, who: at.desk.drafts.remove(who, at.ids["draft"], EVERYTHING),
        OWNER,
        HIDDEN,
    ),
    "drafts.review": (
        lambda at, who: at.desk.drafts.review(who, at.ids["draft"]),
        OWNER,
        HIDDEN,
    ),
    "drafts.save": (
        lambda at, who: at.desk.drafts.save(who, at.ids["draft"], at.ids["version"], at.ids["fields"]),
        OWNER,
        HIDDEN,
    ),
    "drafts.start": (
        lambda at, who: at.desk.drafts.start(who, "brokertec_us", "ACME"),
        CHANGE,
        REFUSED,
    ),
    "drafts.submit": (
        lambda at, who: at.desk.drafts.submit(who, at.ids["draft"], at.ids["version"]),
        OWNER,
        HIDDEN,
    ),
    "ease.find": (lambda at, who: at.desk.ease.find(who, PageRequest()), {"ease_agent"}, REFUSED),
    "ease.resets": (lambda at, who: at.desk.ease.resets(who) == (), {"ease_agent"}, REFUSED),
    "ease.caller": (
        lambda at, who: at.desk.ease.caller(who, "subject"),
        EASE,
        REFUSED,
    ),
    "ease.confirm_reset": (
        lambda at, who: passing(NotFound, at.desk.ease.confirm_reset, who, 999),
        EASE,
        REFUSED,
    ),
    "ease.issue": (
        lambda at, who: at.desk.ease.issue(who, "subject", Purpose.KEYS, ("email", "entity")),
        EASE,
        REFUSED,
    ),
    "ease.reset_factor": (
        lambda at, who: passing(InvalidValue, at.desk.ease.reset_factor, who, "subject", "totp"),
        EASE,
        REFUSED,
    ),
    "edits.again": (
        lambda at, who: at.desk.edits.again(who, at.ids["cancelled"]),
        CHANGE,
        SEEN,
    ),
    "edits.may_ask_again": (
        lambda at, who: at.desk.edits.may_ask_again(who, at.ids["cancelled"])[0],
        CHANGE,
        COURTESY,
    ),
    "edits.catch_up": (
        lambda at, who: at.desk.edits.catch_up(who, at.ids["edit"]),
        OWNER,
        HIDDEN,
    ),
    "edits.changes": (
        lambda at, who: at.desk.edits.changes(who, at.ids["edit"]) or OK,
        OWNER,
        HIDDEN,
    ),
    "edits.clone": (
        lambda at, who: at.desk.edits.clone(who, at.ids["group"]),
        CHANGE,
        SEEN,
    ),
    "edits.sources": (
        lambda at, who: at.desk.edits.sources(who, at.ids["edit"], Change.ADDED, PageRequest()).total == 0,
        OWNER,
        HIDDEN,
    ),
    "edits.start": (
        lambda at, who: at.desk.edits.start(who, at.ids["group"]),
        CHANGE,
        SEEN,
    ),
    "finder.find": (
        lambda at, who: at.desk.finder.find(who, "AB123"),
        SEE,
        NONE,
    ),
    "factors.cancel": (
        lambda at, who: at.desk.factors.cancel(who, "ease"),
        EVERYBODY,
        REFUSED,
    ),
    "factors.choices": (
        lambda at, who: at.desk.factors.choices(who),
        EVERYBODY,
        REFUSED,
    ),
    "factors.codes_left": (
        lambda at, who: at.desk.factors.codes_left(who),
        EVERYBODY,
        REFUSED,
    ),
    "authenticators.confirm": (
        lambda at, who: passing(FactorUnavailable, at.desk.authenticators.confirm, who, "730519"),
        EVERYBODY,
        REFUSED,
    ),
    "authenticators.enrol": (
        lambda at, who: at.desk.authenticators.enrol(who, at.proof(who, Purpose.ENROL)),
        EVERYBODY,
        REFUSED,
    ),
    "authenticators.may_enrol": (
        lambda at, who: at.desk.authenticators.may_enrol(who) or OK,
        EVERYBODY,
        REFUSED,
    ),
    "authenticators.may_remove": (
        lambda at, who: passing(FactorUnavailable, at.desk.authenticators.may_remove, who),
        EVERYBODY,
        REFUSED,
    ),
    "authenticators.remove": (
        lambda at, who: passing(FactorUnavailable, at.desk.authenticators.remove, who, Proof("x", "730519")),
        EVERYBODY,
        REFUSED,
    ),
    "authenticators.show": (
        lambda at, who: at.desk.authenticators.show(who) and OK,
        EVERYBODY,
        REFUSED,
    ),
    "factors.poll": (
        lambda at, who: passing(SecondFactorFailed, at.desk.factors.poll, who, "x"),
        EVERYBODY,
        REFUSED,
    ),
    "factors.prove": (
        lambda at, who: passing(SecondFactorFailed, at.desk.factors.prove, who, "x", "730519"),
        EVERYBODY,
        REFUSED,
    ),
    "factors.push": (
        lambda at, who: passing(SecondFactorFailed, at.desk.factors.push, who, "x"),
        EVERYBODY,
        REFUSED,
    ),
    "factors.start": (
        lambda at, who: at.desk.factors.start(who, "sms"),
        EVERYBODY,
        REFUSED,
    ),
    "front_ends.entities": (
        lambda at, who: at.desk.front_ends.entities(who),
        MAP | {OTHER_ADMIN},
        NONE,
    ),
    "front_ends.map": (
        lambda at, who: at.desk.front_ends.map(who, "ACME", at.ids["spare"]),
        MAP,
        REFUSED,
    ),
    "front_ends.map_new": (
        lambda at, who: at.desk.front_ends.map_new(who, "ACME", "Brand New"),
        MAP,
        REFUSED,
    ),
    "front_ends.may_map": (
        lambda at, who: at.desk.front_ends.may_map(who, "ACME"),
        MAP,
        COURTESY,
    ),
    "front_ends.page": (
        lambda at, who: at.desk.front_ends.page(who, "ACME", PageRequest()),
        SEE,
        HIDDEN,
    ),
    "front_ends.unmap": (
        lambda at, who: at.desk.front_ends.unmap(who, "ACME", at.ids["front_end"]),
        MAP,
        REFUSED,
    ),
    "front_ends.users": (
        lambda at, who: at.desk.front_ends.users(who, "ACME", at.ids["front_end"]),
        SEE,
        HIDDEN,
    ),
    "groups.by_firm": (
        lambda at, who: at.desk.groups.by_firm(who, at.ids["group"], PageRequest()),
        SEE,
        HIDDEN,
    ),
    "groups.create": (
        lambda at, who: at.desk.groups.create(who, new_group("NEW")),
        CHANGE,
        REFUSED,
    ),
    "groups.delete": (
        lambda at, who: at.desk.groups.delete(who, [at.ids["group"]]),
        CHANGE,
        SEEN,
    ),
    "groups.deletion": (
        lambda at, who: at.desk.groups.deletion(who, [at.ids["group"]]),
        CHANGE,
        SEEN,
    ),
    "groups.edit": (
        lambda at, who: at.desk.groups.edit(who, at.ids["group"], GroupEdit(name="NEW")),
        CHANGE,
        SEEN,
    ),
    "groups.entities": (
        lambda at, who: [it for it in at.desk.groups.entities(who) if it.code == "ACME"],
        SEE,
        NONE,
    ),
    "groups.ids": (
        lambda at, who: at.desk.groups.ids(who, "ACME", Menu.BROKERTEC, EVERYTHING),
        SEE,
        HIDDEN,
    ),
    "groups.page": (
        lambda at, who: at.desk.groups.page(who, PageRequest()),
        SEE,
        NONE,
    ),
    "groups.review_edit": (
        lambda at, who: at.desk.groups.review_edit(who, at.ids["group"], GroupEdit(name="NEW")),
        CHANGE,
        SEEN,
    ),
    "groups.review_new": (
        lambda at, who: at.desk.groups.review_new(who, new_group("NEW")),
        CHANGE,
        REFUSED,
    ),
    "groups.show": (
        lambda at, who: at.desk.groups.show(who, at.ids["group"]),
        SEE,
        HIDDEN,
    ),
    "groups.sources": (
        lambda at, who: at.desk.groups.sources(who, at.ids["group"], PageRequest()),
        SEE,
        HIDDEN,
    ),
    "groups.target_sessions": (
        lambda at, who: at.desk.groups.target_sessions(who, [at.ids["group"]]),
        SEE,
        NONE,
    ),
    "identity.require": (
        lambda at, who: at.desk.identity.require(who, (Role.FULL_ACCESS,), "ACME"),
        CHANGE,
        REFUSED,
    ),
    "identity.entitlements": (
        lambda at, who: at.desk.identity.entitlements(who) or OK,
        EVERYBODY,
        REFUSED,
    ),
    "identity.still_in": (
        lambda at, who: at.desk.identity.still_in(who),
        EVERYBODY,
        REFUSED,
    ),
    "identity.resume": (
        lambda at, who: passing(SeatEnded, at.desk.identity.resume, who, "right horse battery"),
        EVERYBODY,
        REFUSED,
    ),
    "identity.set_password": (
        lambda at, who: at.desk.identity.set_password(who, "", "right horse battery"),
        EVERYBODY,
        REFUSED,
    ),
    "imports.import_csv": (
        lambda at, who: at.desk.imports.import_csv(
            who, ImportKind.ENTITIES, io.BytesIO(b"entity,name,clearing_firm\n")
        ),
        OPERATE,
        REFUSED,
    ),
    "imports.update_csv": (
        lambda at, who: at.desk.imports.update_csv(
            who, ImportKind.SENDERCOMPS, io.BytesIO(b"entity,market,session_id,gfid,fti,gateway\n")
        ),
        OPERATE,
        REFUSED,
    ),
    "key_report.of_sessions": (
        lambda at, who: at.desk.key_report.of_sessions(who, [at.ids["session"]]),
        SEE,
        NONE,
    ),
    "key_report.page": (
        lambda at, who: at.desk.key_report.page(who, PageRequest(), entity="ACME"),
        SEE,
        HIDDEN,
    ),
    "keypairs.delete": (
        lambda at, who: at.desk.keypairs.delete(who, [at.ids["key"]]),
        KEYS,
        SEEN,
    ),
    # A rehearsal is its owner's: whoever manages keys elsewhere learns nothing about these.
    "rehearsals.judge": (
        lambda at, who: (
            at.desk.rehearsals.judge(who, at.rehearsal(), parse_message(LOGON.format(at.ids["key"]))) and OK
        ),
        KEYS | {"other key_management"},
        REFUSED,
    ),
    "rehearsals.note": (
        lambda at, who: at.desk.rehearsals.note(who, at.rehearsal(), Outcome(False, None, None, ("no",))) or OK,
        KEYS | {"other key_management"},
        REFUSED,
    ),
    "rehearsals.start": (
        lambda at, who: at.desk.rehearsals.start(who, at.ids["session_id"], "brokertec_us") and OK,
        KEYS,
        SEEN,
    ),
    "keypairs.download": (
        lambda at, who: at.desk.keypairs.download(
            who, [at.ids["session"]], at.proof(who), at.folder / f"{uuid4()}.txt"
        ),
        KEYS,
        SEEN,
    ),
    "keypairs.generate": (
        lambda at, who: at.desk.keypairs.generate(who, [at.ids["session"]], at.proof(who)),
        KEYS,
        SEEN,
    ),
    "keypairs.plan": (
        lambda at, who: at.desk.keypairs.plan(who, [at.ids["session"]]),
        KEYS,
        SEEN,
    ),
    # Whoever manages keys elsewhere learns that the key is none of theirs.
    "logons.verify": (
        lambda at, who: at.desk.logons.verify(who, parse_message(LOGON.format(at.ids["key"]))),
        KEYS | {"other key_management"},
        REFUSED,
    ),
    "mailing.retry": (
        lambda at, who: passing(MailHeld, at.desk.mailing.retry, who, [1]),
        OPERATE,
        REFUSED,
    ),
    "mailing.send_due": (
        lambda at, who: passing(MailHeld, at.desk.mailing.send_due, who),
        OPERATE,
        REFUSED,
    ),
    "arrangements.mine": (lambda at, who: at.desk.arrangements.mine(who) or OK, EVERYBODY, REFUSED),
    "arrangements.keep": (
        lambda at, who: at.desk.arrangements.keep(who, "Groups/groups", Arrangement(order="name")) or OK,
        EVERYBODY,
        REFUSED,
    ),
    "notices.page": (
        lambda at, who: at.desk.notices.page(who, PageRequest()),
        OWNER | APPROVE,
        NONE,
    ),
    "notices.read": (
        lambda at, who: at.desk.notices.read(who, Selection(frozenset({1, 2, 3}))),
        OWNER,
        NONE,
    ),
    "notices.read_all": (
        lambda at, who: at.desk.notices.read_all(who),
        OWNER | APPROVE,
        NONE,
    ),
    "notices.unread": (
        lambda at, who: at.desk.notices.unread(who),
        OWNER | APPROVE,
        NONE,
    ),
    "outbox.page": (
        lambda at, who: at.real().outbox.page(who, PageRequest()),
        OPERATE,
        REFUSED,
    ),
    "outbox.standing": (
        lambda at, who: at.real().outbox.standing(who),
        OPERATE,
        REFUSED,
    ),
    "parcels.put": (
        lambda at, who: at.desk.parcels.put(who, "orders.log", b"35=8"),
        EVERYBODY,
        NONE,
    ),
    "parcels.read": (
        lambda at, who: at.desk.parcels.read(who, "owners.log"),
        OWNER,
        HIDDEN,
    ),
    "parcels.send": (
        lambda at, who: at.desk.parcels.send(who, "groups.csv", b"1"),
        EVERYBODY,
        NONE,
    ),
    "parcels.take": (
        lambda at, who: at.desk.parcels.take(who, at.ids["ticket"]),
        OWNER,
        HIDDEN,
    ),
    "parcels.uploads": (
        lambda at, who: at.desk.parcels.uploads(who),
        OWNER,
        NONE,
    ),
    "people.change_roles": (
        lambda at, who: at.desk.people.change_roles(who, "subject", [Entitlement(Role.FULL_ACCESS, "ACME")]),
        MAP,
        REFUSED,
    ),
    "people.disable": (
        lambda at, who: at.desk.people.disable(who, "subject"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "people.disentitle": (
        lambda at, who: at.desk.people.disentitle(who, "subject", Role.READ_ONLY, "ACME"),
        MAP,
        REFUSED,
    ),
    "people.enable": (
        lambda at, who: at.desk.people.enable(who, "off"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "people.entities": (
        lambda at, who: [it for it in at.desk.people.entities(who) if it.code == "ACME"],
        PEOPLE,
        COURTESY_PEOPLE,
    ),
    "people.entitle": (
        lambda at, who: at.desk.people.entitle(who, "subject", Role.FULL_ACCESS, "ACME"),
        MAP,
        REFUSED,
    ),
    "people.invite": (
        lambda at, who: at.desk.people.invite(who, "new-one", "New", "new@firm.example", "", "ACME", [Role.READ_ONLY]),
        MAP,
        REFUSED,
    ),
    "people.invite_again": (
        lambda at, who: at.desk.people.invite_again(who, "subject"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "people.open_requests": (
        lambda at, who: at.desk.people.open_requests(who, "operator"),
        PEOPLE,
        PRIVATE,
    ),
    "people.page": (
        lambda at, who: at.desk.people.page(who, PageRequest(), "ACME"),
        PEOPLE,
        PRIVATE,
    ),
    "people.powers": (
        lambda at, who: at.desk.people.powers(who),
        PEOPLE | {OTHER_ADMIN},
        REFUSED,
    ),
    "people.require": (
        lambda at, who: at.desk.people.require(who, "subject", "disable"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "people.roles": (
        lambda at, who: at.desk.people.roles(who, "subject", "ACME"),
        PEOPLE,
        PRIVATE,
    ),
    "people.show": (
        lambda at, who: at.desk.people.show(who, "subject"),
        PEOPLE,
        PRIVATE,
    ),
    "people.unlock": (
        lambda at, who: at.desk.people.unlock(who, "locked"),
        {"ease_agent"},
        REFUSED,
    ),
    "provisioning.process": (
        lambda at, who: at.desk.provisioning.process(who),
        OPERATE,
        REFUSED,
    ),
    "recovery_codes.make": (
        lambda at, who: at.desk.recovery_codes.make(who, at.proof(who, Purpose.RECOVERY)),
        EVERYBODY,
        REFUSED,
    ),
    "recovery_codes.show": (lambda at, who: at.desk.recovery_codes.show(who), EVERYBODY, REFUSED),
    "requests.approve": (
        lambda at, who: at.desk.requests.approve(who, at.ids["request"], at.ids["seen"]),
        APPROVE,
        ASKED,
    ),
    "requests.cancel": (
        lambda at, who: at.desk.requests.cancel(who, at.ids["request"]),
        OWNER,
        ASKED,
    ),
    "requests.deny": (
        lambda at, who: at.desk.requests.deny(who, at.ids["request"], at.ids["seen"], "No"),
        APPROVE,
        ASKED,
    ),
    "requests.may_decide": (
        lambda at, who: at.desk.requests.may_decide(who, at.ids["request"])[0],
        APPROVE,
        COURTESY_ASKED,
    ),
    "requests.page": (
        lambda at, who: at.desk.requests.page(who, PageRequest(), everyone=True),
        SEE,
        NONE,
    ),
    "requests.show": (
        lambda at, who: at.desk.requests.show(who, at.ids["request"]),
        SEE | APPROVE,
        HIDDEN,
    ),
    "requests.sources": (
        lambda at, who: at.desk.requests.sources(who, at.ids["request"], Change.ADDED, PageRequest()),
        SEE | APPROVE,
        HIDDEN,
    ),
    "receivers.of_firm": (
        lambda at, who: at.desk.receivers.of_firm(who, "AB123"),
        SEE,
        HIDDEN,
    ),
    "receivers.of_message": (
        lambda at, who: at.desk.receivers.of_message(who, b"8=FIX.4.2|35=8|49=CME|56=AAAAB123P|39=2|"),
        SEE,
        HIDDEN,
    ),
    "receivers.of_sender_comp": (
        lambda at, who: at.desk.receivers.of_sender_comp(who, "AAAAB123P"),
        SEE,
        HIDDEN,
    ),
    "requests.to_do": (
        lambda at, who: at.desk.requests.to_do(who, PageRequest()),
        APPROVE,
        NONE,
    ),
    "routing.example": (
        lambda at, who: list(at.desk.routing.example(who, "ACME")),
        SEE,
        HIDDEN,
    ),
    "routing.message": (
        lambda at, who: at.desk.routing.message(who, at.reviewed(), 1),
        SEE,
        HIDDEN,
    ),
    "routing.messages": (
        lambda at, who: at.desk.routing.messages(who, at.reviewed(), "", PageRequest()),
        SEE,
        HIDDEN,
    ),
    "routing.review": (
        lambda at, who: at.desk.routing.review(who, b"", at.ids["group"]),
        SEE,
        HIDDEN,
    ),
    "routing.route": (
        lambda at, who: at.desk.routing.route(who, [], group="RATES"),
        SEE,
        HIDDEN,
    ),
    "sendercomps.coverage": (
        lambda at, who: at.desk.sendercomps.coverage(who, "ACME", PageRequest()).total >= 0,
        SEE,
        HIDDEN,
    ),
    "sendercomps.page": (
        lambda at, who: at.desk.sendercomps.page(who, "ACME", PageRequest()),
        SEE,
        HIDDEN,
    ),
    "sessions.find": (
        lambda at, who: at.desk.sessions.find(who, [at.ids["session_id"]]),
        SEE,
        HIDDEN,
    ),
    "sessions.get": (
        lambda at, who: at.desk.sessions.get(who, at.ids["session"]),
        SEE,
        HIDDEN,
    ),
    "sessions.page": (
        lambda at, who: at.desk.sessions.page(who, PageRequest()),
        SEE,
        NONE,
    ),
    "sessions.pending": (
        lambda at, who: at.desk.sessions.pending(who, SessionKind.DROP_COPY, "ACME") == (),
        SEE,
        HIDDEN,
    ),
    "seats.page": (
        lambda at, who: at.desk.seats.page(who, PageRequest(), everyone=True),
        AUDIT,
        REFUSED,
    ),
    "seats.look": (lambda at, who: at.desk.seats.look(who) or OK, EVERYBODY, REFUSED),
    "seats.open": (lambda at, who: at.desk.seats.open(who, PLACE, SeatWay.SANDBOX), EVERYBODY, REFUSED),
    # Whoever acts from no seat has none to keep, lock, resume or leave.
    "seats.keep": (lambda at, who: passing(SeatEnded, at.desk.seats.keep, who, NOW), EVERYBODY, REFUSED),
    "seats.lock": (lambda at, who: passing(SeatEnded, at.desk.seats.lock, who, NOW), EVERYBODY, REFUSED),
    "seats.ways": (lambda at, who: passing(SeatEnded, at.desk.seats.ways, who), EVERYBODY, REFUSED),
    "seats.leave": (lambda at, who: passing(SeatEnded, at.desk.seats.leave, who), EVERYBODY, REFUSED),
    "seats.resume": (
        lambda at, who: passing(SeatEnded, at.desk.seats.resume, who, "totp", "730519"),
        EVERYBODY,
        REFUSED,
    ),
    "seats.end": (
        lambda at, who: at.desk.seats.end(who, at.ids["seat"], "Maintenance tonight"),
        OPERATE,
        HIDDEN | {"auditor": NOT_ENTITLED},
    ),
    "seats.end_others": (lambda at, who: at.desk.seats.end_others(who) == 0, EVERYBODY, REFUSED),
    "sessions.picked": (lambda at, who: at.desk.sessions.picked(who, EVERYTHING, entity="ACME"), SEE, HIDDEN),
    "sessions.retire": (
        lambda at, who: at.desk.sessions.retire(who, at.ids["released"]),
        {"gam"},
        REFUSED,
    ),
    "ssh_keys.add": (
        lambda at, who: at.desk.ssh_keys.add(who, ssh_line(), "", at.proof(who, Purpose.ACCESS), "subject"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "ssh_keys.check": (
        lambda at, who: at.desk.ssh_keys.check(who, ssh_line(), "subject"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "ssh_keys.find": (
        lambda at, who: at.desk.ssh_keys.find(who, at.ids["ssh_key"], "subject"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "ssh_keys.page": (
        lambda at, who: at.desk.ssh_keys.page(who, PageRequest(), "subject"),
        PEOPLE,
        PRIVATE,
    ),
    "ssh_keys.revoke": (
        lambda at, who: at.desk.ssh_keys.revoke(who, at.ids["ssh_key"], at.proof(who, Purpose.ACCESS), "subject"),
        MAP | OPERATE,
        PRIVATE,
    ),
    "trust.warning": (
        lambda at, who: at.desk.trust.warning(who),
        OPERATE,
        REFUSED,
    ),
    "texting.send": (
        lambda at, who: passing(SecondFactorFailed, at.desk.texting.send, who, "x"),
        EVERYBODY,
        REFUSED,
    ),
    "texting.send_due": (
        lambda at, who: at.desk.texting.send_due(who),
        OPERATE,
        REFUSED,
    ),
}


def outcome(at: Ground, verb: Call, who: Actor) -> str:
    """What the person is told. An empty answer is nothing; every other refusal fails the test."""
    try:
        answer = verb(at, who)
    except NotEntitled:
        return NOT_ENTITLED
    except NotFound:
        return NOT_FOUND
    if isinstance(answer, Page):
        answer = answer.rows
    return EMPTY if answer in ((), [], 0, False) else OK


def test_every_verb_has_its_line(ground: tuple[Ground, Callable[[], None]]) -> None:
    found = set(verbs(ground[0].desk))
    assert len(found) > 80, "the services were not found"
    assert sorted(found - set(VERBS) - NO_ACTOR) == [], "add a line to VERBS for each"
    assert sorted((set(VERBS) | NO_ACTOR) - found) == [], "these are gone"


def test_every_role_is_asked(ground: tuple[Ground, Callable[[], None]]) -> None:
    assert set(ground[0].people) == EVERYBODY


@pytest.mark.parametrize("name", sorted(VERBS))
def test_who_may_and_what_the_others_are_told(name: str, ground: tuple[Ground, Callable[[], None]]) -> None:
    (at, put_back), (verb, allowed, rest) = ground, VERBS[name]
    found = {}
    for label, who in at.people.items():
        found[label] = outcome(at, verb, who)
        put_back()
    assert found == rest | dict.fromkeys(allowed, OK)


@pytest.mark.parametrize("name", sorted(name for name, (_, allowed, _) in VERBS.items() if allowed != EVERYBODY))
def test_a_right_that_was_taken_away_is_gone_at_the_next_call(
    name: str, ground: tuple[Ground, Callable[[], None]]
) -> None:
    """But for what stays a person's own: a draft can be read, discarded, and a request be seen and cancelled."""
    (at, put_back), (verb, allowed, _) = ground, VERBS[name]
    for label in sorted(allowed):
        change(at.desk.resources, "DELETE FROM entitlement")
        assert (outcome(at, verb, at.people[label]) == OK) is (label in STAYS.get(name, ()))
        put_back()


STAYS = dict.fromkeys(
    ("drafts.get", "drafts.discard", "drafts.mine", "drafts.name_problem", "notices.read", "parcels.read",
     "parcels.take", "parcels.uploads", "requests.cancel",
     "requests.page", "requests.show", "requests.sources"),
    OWNER,
) | dict.fromkeys(("notices.page", "notices.read_all", "notices.unread"), OWNER | APPROVE)  # fmt: skip


# A rehearsal that was begun is judged by what it holds already; its note is refused.
WITHOUT_THE_STORE = {"rehearsals.judge"}


@pytest.mark.parametrize("name", sorted(set(VERBS) - WITHOUT_THE_STORE))
@pytest.mark.parametrize("gone", ["disabled", "vanished"])
def test_nobody_who_was_disabled_or_is_gone_is_served(
    name: str, gone: str, ground: tuple[Ground, Callable[[], None]]
) -> None:
    """With whatever session is open: not to change, not to read (rule P3)."""
    (at, put_back), (verb, allowed, _) = ground, VERBS[name]
    label = min(allowed - OWNER) if allowed - OWNER else "owner"
    who = at.people[label]
    if gone == "disabled":
        change(at.desk.resources, "UPDATE person SET disabled = true WHERE id = :it", it=who.person_id)
    else:
        who = replace(who, person_id=9_999)
    with pytest.raises(NotEntitled, match="disabled" if gone == "disabled" else "no longer an account"):
        verb(at, who)
    put_back()
