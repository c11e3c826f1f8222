"""Every verb of the desk that changes something leaves an audit event (rule P4).

The verbs are found by introspection. A new one needs one line below: its name in READS, or in CHANGES a sample
that prepares the store and gives the call; whatever the preparation records does not count.
"""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyotp
import pytest

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import Desk
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.pages import Selection
from dropcopy_tui.domain.people import Actor, Entitlement, Role
from dropcopy_tui.domain.seats import SeatWay
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Proof, Purpose
from dropcopy_tui.services.groups.drafts import DraftFields
from dropcopy_tui.services.groups.groups import GroupEdit
from dropcopy_tui.services.imports.imports import ImportKind
from dropcopy_tui.services.logons.rehearsals import Outcome
from dropcopy_tui.services.unit_of_work import Service
from dropcopy_tui.services.views import DraftView, RequestView
from tests.services.factories import (
    CODE,
    NOW,
    PLACE,
    add_person,
    change,
    enrolment_of,
    new_group,
    one,
    proof_of,
    rows,
    seat_of,
    ssh_key_of,
    ssh_line,
    ticket_of,
    with_seats,
)
from tests.services.smtp import Mailbox, serving
from tests.services.web import DuoWorld, Web, duo_serving, provider_on
from tests.services.web import serving as web_serving

PASSWORD = "right horse battery"
EVERYTHING = Selection(everything=True)
Call = Callable[[], object]


@dataclass(frozen=True)
class Bench:
    """The sample data with a desk on it, and what a call may need before it."""

    resources: Resources
    desk: Desk
    folder: Path
    until_the_end: ExitStack

    def who(self, user_id: str) -> Actor:
        return Actor(
            one(self.resources, "SELECT id FROM person WHERE user_id = :it", it=user_id), user_id, user_id, "test"
        )

    @property
    def operator(self) -> Actor:
        return self.who("acme-operator")

    @property
    def operations(self) -> Actor:
        return self.who("operations")

    @property
    def admin(self) -> Actor:
        return self.who("acme-admin")

    def access_proof(self) -> Proof:
        return proof_of(self.resources, self.operator, purpose=Purpose.ACCESS)

    def group(self, name: str = "US-RATES-RISK") -> int:
        return int(one(self.resources, "SELECT id FROM drop_copy_group WHERE name = :it", it=name))

    def session(self, session_id: str = "T4C") -> int:
        return int(one(self.resources, "SELECT id FROM session WHERE session_id = :it", it=session_id))

    def front_end(self, entity: str, mapped: bool) -> int:
        """A front end system that the entity may use, or may not."""
        mine = "SELECT front_end_id FROM front_end_mapping m JOIN entity e ON e.id = m.entity_id WHERE e.code = :it"
        not_ = "" if mapped else "NOT"
        return int(one(self.resources, f"SELECT min(id) FROM front_end WHERE id {not_} IN ({mine})", it=entity))

    def draft(self, sources: bool = False) -> DraftView:
        """A draft at ACME that lacks nothing but, maybe, its sources."""
        drafts = self.desk.drafts
        view = drafts.start(self.operator, "brokertec_us", "ACME")
        front_end = self.front_end("ACME", mapped=True)
        fields = DraftFields("ACME", "NEW-GROUP", front_end, (Filter.TRADE_FILL_NOTICE,), 5)
        view = drafts.save(self.operator, view.id, view.version, fields)
        return drafts.add(self.operator, view.id, EVERYTHING) if sources else view

    def asked(self, **more: Any) -> RequestView:
        """A request of ACME's operator for a group."""
        what = {"name": "NEW-GROUP", "front_end": "Ladder One 4.2", **more}
        return self.desk.groups.create(self.operator, new_group(**what))

    def guaranteed(self) -> RequestView:
        """The same, waiting for the clearing firm's approval."""
        return self.asked(market="globex", gfids=("CLR",))

    def edited(self) -> Call:
        """An edit of a group that somebody else changed meanwhile."""
        draft = self.desk.edits.start(self.operator, self.group())
        self.desk.groups.edit(self.who("multi-operator"), "US-RATES-RISK", GroupEdit(name="RENAMED"))
        self.desk.provisioning.process_as_desk()
        return partial(self.desk.edits.catch_up, self.operator, draft.id)

    def backing_up(self) -> object:
        """A backup of the store."""
        return self.desk.backups.create(self.operations, self.folder / "backup.db", with_faults=True)

    def invited(self) -> str:
        """Somebody new at ACME."""
        roles = [Role.READ_ONLY]
        self.desk.people.invite(self.admin, "new-one", "New One", "new-one@acme.example", "", "ACME", roles)
        return "new-one"

    def accepting(self) -> Call:
        """Somebody who was invited has the code from their mailbox."""
        who = self.invited()
        pk, sealed = rows(self.resources, "SELECT id, sealed_body FROM outbox ORDER BY id DESC")[0]
        body = self.resources.vault.open(sealed, "outbox", str(pk)).decode()
        found = re.search(r"[A-Z0-9]{4}(-[A-Z0-9]{4})+", body)
        assert found, body
        return partial(self.desk.people.accept, who, found[0], PASSWORD, "test")

    def cancelled(self) -> str:
        request = self.desk.groups.edit(self.operator, "US-BACKUP", GroupEdit(name="US-SPARE"))
        return self.desk.requests.cancel(self.operator, request.id).id

    def enrolled(self) -> Call:
        seed = enrolment_of(self.resources, self.operator).seed
        return partial(self.desk.authenticators.confirm, self.operator, pyotp.TOTP(seed).at(self.resources.clock.now()))

    def removing(self) -> Call:
        """The operator's own app is removed with a code that was sent to their phone."""
        self.enrolled()()
        proof = proof_of(self.resources, self.operator, purpose=Purpose.REMOVE)
        return partial(self.desk.authenticators.remove, self.operator, proof)

    def with_password(self) -> Call:
        self.desk.identity.set_password(self.operator, "", PASSWORD)
        return partial(self.desk.identity.sign_in, "acme-operator", PASSWORD, "test")

    @property
    def seat(self) -> Actor:
        """ACME's operator at a seat."""
        return seat_of(self.resources, self.operator)

    def resumed(self) -> Call:
        """A seat that a password opened is resumed with it."""
        self.with_password()
        return partial(self.desk.identity.resume, seat_of(self.resources, self.operator, SeatWay.PASSWORD), PASSWORD)

    def resumed_by_code(self) -> Call:
        proof = proof_of(self.resources, self.operator, purpose=Purpose.RESUME)
        return partial(self.desk.seats.resume, self.seat, "sms", CODE, proof.challenge)

    def released(self) -> Call:
        change(self.resources, "UPDATE session SET status = 'released' WHERE session_id = 'T4C'")
        return partial(self.desk.sessions.retire, self.who("gam-desk"), self.session())

    def online(self) -> Desk:
        """The desk of a store that is no sandbox, with a mail server that takes everything."""
        change(self.resources, "INSERT INTO setting VALUES ('store_id', 'test-store') ON CONFLICT DO NOTHING")
        server = self.until_the_end.enter_context(serving(Mailbox()))
        return Desk(replace(self.resources, sandbox=False, mail=server), self.desk.config)

    def dead_letter(self) -> Call:
        change(
            self.resources, "UPDATE outbox SET state = 'failed', attempts = 9 WHERE id = (SELECT min(id) FROM outbox)"
        )
        pk = one(self.resources, "SELECT min(id) FROM outbox")
        return partial(self.online().mailing.retry, self.operations, [pk])

    def agent(self, user_id: str) -> Actor:
        return add_person(self.resources, user_id, Role.EASE_AGENT)

    def lost(self) -> tuple[Actor, str, str]:
        """An agent, and whose authenticator app they ask to reset."""
        self.enrolled()()
        return self.agent("agent"), "acme-operator", "totp"

    def at_duo(self, verb: str, *more: str) -> Call:
        """A verb of Duo's on a challenge that has come so far, against a server on the loopback."""
        service, _ = self.until_the_end.enter_context(duo_serving(self.folder, DuoWorld()))
        desk = Desk(replace(self.resources, duo=service), self.desk.config)
        challenge = desk.factors.start(self.operator, "duo").id
        if verb == "poll":
            desk.factors.push(self.operator, challenge)
        return partial(getattr(desk.factors, verb), self.operator, challenge, *more)

    def texting(self, due: bool) -> Call:
        """A code that waits for the provider, which is there."""
        web = self.until_the_end.enter_context(web_serving(Web()))
        desk = Desk(replace(self.resources, sms=provider_on(web.port, self.folder)), self.desk.config)
        challenge = desk.factors.start(self.operator, "sms").id
        if due:
            return partial(desk.texting.send_due, self.operations)
        return partial(desk.texting.send, self.operator, challenge)

    def done(self, sql: str, **values: Any) -> Bench:
        """Changed behind the services' back."""
        change(self.resources, sql, **values)
        return self


def _with(verb: Callable[..., object], *args: Any, **more: Any) -> Call:
    return partial(verb, *args, **more)


_LOCKED = (
    "UPDATE person SET failed_tries = 5, locked_until = '2099-01-01 00:00:00.000000' WHERE user_id = 'acme-viewer'"
)
_DISABLED = "UPDATE person SET disabled = true WHERE user_id = 'acme-viewer'"
_LINKED = "UPDATE person SET os_account = 'somebody' WHERE user_id = 'acme-operator'"
_NEW_ENTITY = b"entity,name,clearing_firm\nNEWFIRM,NEW FIRM LLC,no\n"
_NEW_SENDER_COMP = b"entity,market,session_id,gfid,fti,gateway\nACME,brokertec_us,ZZ9,NEW99,P,msgw\n"

READS = {
    # What it writes is outside the store.
    "anchors": "read write",
    "arrangements": "mine",
    "audit": "kinds page verify",
    "authenticators": "may_enrol may_remove show",
    "calendar": "is_open page",
    "drafts": "added available entities fee firms front_ends get loads mine name_problem review",
    "ease": "caller find resets",
    "edits": "changes may_ask_again sources",
    "factors": "choices codes_left",
    "finder": "find",
    "front_ends": "entities may_map page users",
    "groups": "by_firm deletion entities ids page review_edit review_new show sources target_sessions",
    "identity": "entitlements everyone is_peer require still_in",
    "key_report": "of_sessions page",
    "keypairs": "plan",
    "logons": "verify",
    "notices": "page unread",
    "outbox": "page standing",
    "parcels": "read uploads",
    "people": "entities open_requests page powers require roles show",
    "rehearsals": "judge start",
    "requests": "may_decide page show sources to_do",
    "recovery_codes": "show",
    "receivers": "of_firm of_message of_sender_comp",
    "routing": "example message messages review route",
    "seats": "look page ways",
    "sendercomps": "coverage page",
    "sessions": "find get page pending picked",
    "ssh_keys": "check find page",
    "trust": "warning",
}
# The last key press of a seat, now and then, and which columns someone looks at: they would bury what is done.
UNRECORDED = {"seats.keep", "arrangements.keep"}
READING = {f"{noun}.{name}" for noun, names in READS.items() for name in names.split()}

CHANGES: dict[str, Callable[[Bench], Call]] = {
    "backups.create": lambda at: at.backing_up,
    "chores.tick": lambda at: _after(at.asked(), _with(at.desk.chores.tick, at.operations)),
    "drafts.add": lambda at: _with(at.desk.drafts.add, at.operator, at.draft().id, EVERYTHING),
    "drafts.discard": lambda at: _with(at.desk.drafts.discard, at.operator, at.draft().id),
    "drafts.remove": lambda at: _with(at.desk.drafts.remove, at.operator, at.draft(sources=True).id, EVERYTHING),
    "drafts.save": lambda at: _save(at, at.draft()),
    "drafts.start": lambda at: _with(at.desk.drafts.start, at.operator, "brokertec_us"),
    "drafts.submit": lambda at: _submit(at, at.draft(sources=True)),
    "factors.prove": lambda at: at.at_duo("prove", "867530"),
    "factors.push": lambda at: at.at_duo("push"),
    "factors.poll": lambda at: at.at_duo("poll"),
    "ease.confirm_reset": lambda at: _with(
        at.desk.ease.confirm_reset, at.agent("second"), at.desk.ease.reset_factor(*at.lost()).id
    ),
    "ease.issue": lambda at: _with(
        at.desk.ease.issue, at.agent("agent"), "acme-operator", Purpose.KEYS, ("callback", "email")
    ),
    "edits.again": lambda at: _with(at.desk.edits.again, at.operator, at.cancelled()),
    "ease.reset_factor": lambda at: _with(at.desk.ease.reset_factor, *at.lost()),
    "edits.catch_up": Bench.edited,
    "edits.clone": lambda at: _with(at.desk.edits.clone, at.operator, at.group()),
    "edits.start": lambda at: _with(at.desk.edits.start, at.operator, at.group()),
    "factors.cancel": lambda at: _with(
        at.desk.factors.cancel, at.operator, at.desk.factors.start(at.operator, "sms").id
    ),
    "authenticators.confirm": Bench.enrolled,
    "authenticators.enrol": lambda at: _with(
        at.desk.authenticators.enrol, at.operator, proof_of(at.resources, at.operator, purpose=Purpose.ENROL)
    ),
    "authenticators.remove": Bench.removing,
    "factors.start": lambda at: _with(at.desk.factors.start, at.operator, "sms"),
    "front_ends.map": lambda at: _with(at.desk.front_ends.map, at.admin, "ACME", at.front_end("ACME", mapped=False)),
    "front_ends.map_new": lambda at: _with(at.desk.front_ends.map_new, at.admin, "ACME", "Brand New", "1.0"),
    "front_ends.unmap": lambda at: _with(at.desk.front_ends.unmap, at.admin, "ACME", at.front_end("ACME", mapped=True)),
    "groups.create": lambda at: at.asked,
    "groups.delete": lambda at: _with(at.desk.groups.delete, at.operator, ["US-BACKUP", "US-ACTIVES"], "ACME"),
    "groups.edit": lambda at: _with(at.desk.groups.edit, at.operator, "US-BACKUP", GroupEdit(name="US-SPARE")),
    "identity.act_as": lambda at: _with(at.desk.identity.act_as, "auditor", "test"),
    "identity.resume": Bench.resumed,
    "identity.set_password": lambda at: _with(at.desk.identity.set_password, at.operator, "", PASSWORD),
    "identity.sign_in": Bench.with_password,
    "identity.sign_in_key": lambda at: _with(
        at.desk.identity.sign_in_key, ssh_key_of(at.resources, at.operator), "test"
    ),
    "identity.sign_in_peer": lambda at: _with(at.done(_LINKED).desk.identity.sign_in_peer, "somebody", "test"),
    "imports.import_csv": lambda at: _with(
        at.desk.imports.import_csv, at.operations, ImportKind.ENTITIES, io.BytesIO(_NEW_ENTITY)
    ),
    "imports.update_csv": lambda at: _with(
        at.desk.imports.update_csv, at.operations, ImportKind.SENDERCOMPS, io.BytesIO(_NEW_SENDER_COMP)
    ),
    "keypairs.delete": lambda at: _with(
        at.desk.keypairs.delete,
        at.operator,
        [key.access_key_id for key in at.desk.sessions.get(at.operator, at.session()).living],
    ),
    "keypairs.download": lambda at: _with(
        at.desk.keypairs.download, at.operator, [at.session()], proof_of(at.resources, at.operator),
        at.folder / "keys.txt",
    ),
    "keypairs.generate": lambda at: _with(
        at.desk.keypairs.generate, at.operator, [at.session("T7K")], proof_of(at.resources, at.operator)
    ),
    "mailing.retry": Bench.dead_letter,
    "mailing.send_due": lambda at: _after(at.asked(), _with(at.online().mailing.send_due, at.operations)),
    "notices.read": lambda at: _with(at.desk.notices.read, at.operator, EVERYTHING),
    "notices.read_all": lambda at: _with(at.desk.notices.read_all, at.operator),
    "parcels.put": lambda at: _with(at.desk.parcels.put, at.operator, "orders.log", b"35=8"),
    "parcels.send": lambda at: _with(at.desk.parcels.send, at.operator, "groups.csv", b"1"),
    "parcels.take": lambda at: _with(at.desk.parcels.take, at.operator, ticket_of(at.resources, at.operator)),
    "people.accept": Bench.accepting,
    "people.change_roles": lambda at: _with(
        at.desk.people.change_roles, at.admin, "acme-viewer",
        [Entitlement(Role.FULL_ACCESS, "ACME")], [Entitlement(Role.READ_ONLY, "ACME")],
    ),
    "people.disable": lambda at: _with(at.desk.people.disable, at.admin, "acme-viewer"),
    "people.disentitle": lambda at: _with(at.desk.people.disentitle, at.admin, "acme-viewer", Role.READ_ONLY, "ACME"),
    "people.enable": lambda at: _with(at.done(_DISABLED).desk.people.enable, at.admin, "acme-viewer"),
    "people.entitle": lambda at: _with(at.desk.people.entitle, at.admin, "acme-viewer", Role.FULL_ACCESS, "ACME"),
    "people.invite": lambda at: at.invited,
    "people.invite_again": lambda at: _with(at.desk.people.invite_again, at.admin, at.invited()),
    "people.unlock": lambda at: _with(at.done(_LOCKED).desk.people.unlock, at.who("ease-agent"), "acme-viewer"),
    "provisioning.process": lambda at: _after(at.asked(), _with(at.desk.provisioning.process, at.operations)),
    "provisioning.process_as_desk": lambda at: _after(at.asked(), at.desk.provisioning.process_as_desk),
    "rehearsals.note": lambda at: _with(
        at.desk.rehearsals.note,
        at.operator,
        at.desk.rehearsals.start(at.operator),
        Outcome(False, "T4C", None, ("no",)),
    ),
    "recovery_codes.make": lambda at: _with(
        at.desk.recovery_codes.make, at.operator, proof_of(at.resources, at.operator, purpose=Purpose.RECOVERY)
    ),
    "requests.approve": lambda at: _decide(at, at.desk.requests.approve, at.guaranteed()),
    "requests.cancel": lambda at: _with(at.desk.requests.cancel, at.operator, at.guaranteed().id),
    "requests.deny": lambda at: _decide(at, at.desk.requests.deny, at.guaranteed(), "Not this year."),
    "seats.end": lambda at: _with(at.desk.seats.end, at.operations, seat_of(at.resources, at.operator).seat, "Tonight"),
    "seats.end_others": lambda at: _with(at.desk.seats.end_others, _after(at.seat, at.operator)),
    "seats.leave": lambda at: _with(at.desk.seats.leave, at.seat),
    "seats.lock": lambda at: _with(at.desk.seats.lock, at.seat, NOW),
    "seats.open": lambda at: _with(
        Desk(with_seats(at.resources), at.desk.config).seats.open, at.operator, PLACE, SeatWay.SANDBOX
    ),
    "seats.resume": Bench.resumed_by_code,
    "sessions.retire": Bench.released,
    "ssh_keys.add": lambda at: _with(at.desk.ssh_keys.add, at.operator, ssh_line(), "", at.access_proof()),
    "ssh_keys.revoke": lambda at: _with(
        at.desk.ssh_keys.revoke, at.operator, ssh_key_of(at.resources, at.operator), at.access_proof()
    ),
    "texting.send": lambda at: at.texting(due=False),
    "texting.send_due": lambda at: at.texting(due=True),
}  # fmt: skip


def _after(_: object, call: Call) -> Call:
    """The call, once something was done before it."""
    return call


def _save(at: Bench, draft: DraftView) -> Call:
    return _with(at.desk.drafts.save, at.operator, draft.id, draft.version, DraftFields("ACME", "ANOTHER"))


def _submit(at: Bench, draft: DraftView) -> Call:
    return _with(at.desk.drafts.submit, at.operator, draft.id, draft.version)


def _decide(at: Bench, verb: Callable[..., object], request: RequestView, *reason: str) -> Call:
    return _with(verb, at.who("clearing-approver"), request.id, request.version, *reason)


@pytest.fixture
def bench(sample: Resources, tmp_path: Path) -> Iterator[Bench]:
    names = ("store", "master_key", "config", "incident_log", "downloads")
    paths = Paths(**{name: tmp_path / name for name in names})
    with ExitStack() as until_the_end:
        yield Bench(sample, Desk(sample, Config(paths, Settings())), tmp_path, until_the_end)


def verbs(desk: Desk) -> dict[str, Callable[..., object]]:
    """Every public method of every service of the desk, as `noun.verb`."""
    services = {noun: service for noun, service in vars(desk).items() if isinstance(service, Service)}
    return {
        f"{noun}.{name}": method
        for noun, service in services.items()
        for name, method in inspect.getmembers(service, inspect.ismethod)
        if not name.startswith("_")
    }


def test_every_verb_is_in_one_table(bench: Bench) -> None:
    found = set(verbs(bench.desk))
    assert len(found) > 60, "the services were not found"
    assert sorted(found - READING - set(CHANGES) - UNRECORDED) == [], "add each to READS or to CHANGES"
    assert sorted((READING | UNRECORDED | set(CHANGES)) - found) == [], "these are gone"
    assert sorted(READING & set(CHANGES)) == [], "either, not both"


def test_what_is_said_to_read_opens_no_write_transaction(bench: Bench) -> None:
    """As far as its own lines show; only the refusal of `reading` writes, and that is an event."""
    texts = {verb: inspect.getsource(method) for verb, method in verbs(bench.desk).items() if verb in READING}
    assert [verb for verb, text in texts.items() if "writing(" in text or ".write()" in text] == []


@pytest.mark.parametrize("verb", sorted(CHANGES))
def test_a_change_leaves_an_event(verb: str, bench: Bench) -> None:
    call = CHANGES[verb](bench)
    before = one(bench.resources, "SELECT coalesce(max(id), 0) FROM audit_event")
    call()
    events = rows(bench.resources, "SELECT action, person, origin FROM audit_event WHERE id > :it", it=before)
    assert [action for action, _, _ in events if action != "person:refused"], f"{verb} left no event"
    assert all(person and origin for _, person, origin in events)
    assert bench.desk.audit.verify(bench.who("auditor")).valid
