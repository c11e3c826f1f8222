"""What the tests of services are made of: a store in a folder, a vault, a clock that stands still, people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count as numbers
from itertools import islice
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import inspect, text
from sqlmodel import Session

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.places import Place
from dropcopy_tui.domain.seats import SeatPlace, SeatWay
from dropcopy_tui.domain.sessions import session_ids
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.domain.ssh_keys import read_public_key
from dropcopy_tui.services.base import Resources, entity_named, key_of
from dropcopy_tui.services.factors.authenticator import Authenticators, Enrolment
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Proof, Purpose
from dropcopy_tui.services.groups.groups import NewGroup
from dropcopy_tui.services.people.parcels import send
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.services.views import RequestView
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.chain import begin, is_sealed, say_sealed
from dropcopy_tui.store.dialect import is_postgres
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.proofs import prove_all
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import (
    EntitlementRow,
    EntityRow,
    FrontEndMappingRow,
    FrontEndRow,
    PersonRow,
    SessionRow,
    SshKeyRow,
)
from dropcopy_tui.store.vault import Vault
from tests.stores import new_store, plain

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
CODE = "730519"
MASTER = b"\x01" * 32
WRONG_CODE = "264831"
FRONT_END = "Ladder One"


class FrozenClock(Clock):
    """Stands still until it is told to go on."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


class FixedEntropy(Entropy):
    """Every code is CODE, everything else counts up: what a test must find again."""

    def __init__(self) -> None:
        self._numbers = numbers(1)

    def secret(self) -> bytes:
        return bytes([next(self._numbers) % 256]) * 31 + b"\xff"

    def access_key_id(self) -> str:
        return f"AccessKey{next(self._numbers):011d}"

    def code(self, digits: int = 6) -> str:
        return (CODE * 6)[:digits]

    def token(self) -> str:
        return f"token{next(self._numbers):011d}"

    def below(self, limit: int) -> int:
        return next(self._numbers) % limit


def apps_of(factors: Factors) -> Authenticators:
    """The authenticator apps over the same store."""
    return Authenticators(factors._resources)


def make_resources(path: Path, now: datetime = NOW, sandbox: bool = True) -> Resources:
    """A new store at the path, with everything a service needs."""
    resources = open_resources(new_store(path), now, sandbox)
    with resources.store.write() as session:
        begin(session, resources.vault, now)
    return resources


def open_resources(
    place: Place, now: datetime = NOW, sandbox: bool = True, entropy: Entropy | None = None, master: bytes | None = None
) -> Resources:
    """A store that is there already, as another process would open it."""
    return Resources(
        store=Store(place),
        vault=Vault(master or MASTER, "test-store"),
        clock=FrozenClock(now),
        entropy=entropy or Entropy(),
        settings=Settings(),
        sandbox=sandbox,
        environment="CERT",
    )


def add_entity(resources: Resources, code: str, clearing_firm: bool = False) -> int:
    """An entity; its primary key."""
    with resources.store.write() as session:
        row = EntityRow(code=code, name=f"{code} LLC", clearing_firm=clearing_firm)
        session.add(row)
        session.flush()
        return key_of(row.id)


def add_person(
    resources: Resources, user_id: str, *roles: Role, entity: str | None = None, mobile: str | None = None, **more: Any
) -> Actor:
    """A person with these roles, at the entity or on the desk."""
    with resources.store.write() as session:
        email = f"{user_id}@firm.example"
        person = PersonRow(
            user_id=user_id, name=user_id, email=email, mobile=mobile, created_at=resources.clock.now(), **more
        )
        session.add(person)
        session.flush()
        for role in roles:
            place = None if role.desk_wide or entity is None else entity_named(session, entity).id
            session.add(EntitlementRow(person_id=key_of(person.id), role=role.value, entity_id=place))
        return Actor(key_of(person.id), user_id, person.name)


def add_role(resources: Resources, actor: Actor, role: Role, entity: str | None = None) -> None:
    """One more role of a person."""
    with resources.store.write() as session:
        place = entity_named(session, entity).id if entity else None
        session.add(EntitlementRow(person_id=actor.person_id, role=role.value, entity_id=place))


def add_front_end(resources: Resources, entity: str, name: str = FRONT_END, version: str = "4.2") -> int:
    """A front end system that is mapped to the entity; its primary key."""
    with resources.store.write() as session:
        row = FrontEndRow(name=name, version=version, vendor="")
        session.add(row)
        session.flush()
        session.add(FrontEndMappingRow(entity_id=key_of(entity_named(session, entity).id), front_end_id=key_of(row.id)))
        return key_of(row.id)


def add_sender_comps(
    resources: Resources,
    entity: str,
    number: int,
    *,
    market: str = "brokertec_us",
    gfid: str = "AB123",
    gateway: str = "msgw",
    guarantor: str | None = None,
    status: str = "active",
) -> list[str]:
    """SenderComps with Session IDs counted up from AAA; their names."""
    with resources.store.write() as session:
        place = entity_named(session, entity).id
        guarantor_id = entity_named(session, guarantor).id if guarantor else None
        rows = [
            (f"{name}{gfid}{fti}", name, fti, place, market, gfid, gateway, status, guarantor_id)
            for fti in "PBUN"
            for name in islice(session_ids(), min(number, 36**3))
        ][:number]
        columns = "sender_comp_id, session_id, fti, entity_id, market, gfid, gateway, status, guarantor_id"
        mark = "%s" if is_postgres(session) else "?"
        marks = ",".join([mark] * 9)
        session.connection().exec_driver_sql(f"INSERT INTO sender_comp ({columns}) VALUES ({marks})", rows)
        return [row[0] for row in rows]


def add_session(
    resources: Resources,
    entity: str,
    session_id: str,
    market: str = "brokertec_us",
    kind: str = "order_entry",
    **more: Any,
) -> int:
    """A session; its primary key."""
    with resources.store.write() as session:
        row = SessionRow(
            entity_id=key_of(entity_named(session, entity).id), market=market, session_id=session_id, kind=kind,
            gateway="msgw", created_at=resources.clock.now(), **more,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return key_of(row.id)


def new_group(name: str = "RATES", entity: str = "ACME", **more: Any) -> NewGroup:
    """A group to ask for: all SenderComps of the entity in BrokerTec U.S., unless said otherwise."""
    asked: dict[str, Any] = {
        "market": "brokertec_us",
        "front_end": FRONT_END,
        "filters": (Filter.TRADE_FILL_NOTICE,),
        "all_sources": "sources" not in more,
    }
    return NewGroup(entity=entity, name=name, **(asked | more))


def approve(resources: Resources, request: RequestView, actor: Actor) -> RequestView:
    """An approver looks at the request and approves what they see."""
    requests = Requests(resources)
    return requests.approve(actor, request.id, requests.show(actor, request.id).version)


def proof_of(
    resources: Resources, actor: Actor, code: str = CODE, purpose: Purpose = Purpose.KEYS, scope: str = ""
) -> Proof:
    """A new challenge on the person's phone, answered with this code."""
    return Proof(Factors(resources).start(actor, "sms", purpose, scope).id, code)


def ssh_line(comment: str = "a laptop") -> str:
    """The line of a new key's .pub file."""
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return f"{raw.decode()} {comment}"


def ssh_key_of(resources: Resources, actor: Actor) -> str:
    """A key with which the person signs in; its fingerprint."""
    key = read_public_key(ssh_line())
    with resources.store.write() as session:
        row = SshKeyRow(
            person_id=actor.person_id, fingerprint=key.fingerprint, kind=key.kind, blob=key.blob, label=key.comment,
            added_by=actor.person_id, added_at=resources.clock.now(),
        )  # fmt: skip
        session.add(row)
    return key.fingerprint


def ticket_of(resources: Resources, actor: Actor, content: bytes = b"content") -> str:
    """The ticket of a file that waits for the person."""
    with writing(resources, actor) as uow:
        return send(uow, "keys.txt", content).ticket


def enrolment_of(resources: Resources, actor: Actor) -> Enrolment:
    """An authenticator app that was shown to the person, who proved themselves by their phone."""
    started = Factors(resources).start(actor, "sms", Purpose.ENROL)
    code = started.sandbox_message.split("code is ")[1][:6]
    return Authenticators(resources).enrol(actor, Proof(started.id, code))


def rows(resources: Resources, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of a query. What SQLite keeps as text or number comes back so from PostgreSQL, too."""
    with resources.store.read() as session:
        return [tuple(map(plain, row)) for row in session.execute(text(sql), values)]


def one(resources: Resources, sql: str, **values: Any) -> Any:
    """The single value of a query."""
    return rows(resources, sql, **values)[0][0]


def change(resources: Resources, sql: str, **values: Any) -> None:
    """Change the store as the desk would have: rows that grant power have their proof again."""
    with resources.store.write() as session:
        session.execute(text(sql), values)
        prove(session, resources)


def prove(session: Session, resources: Resources) -> None:
    """Prove what the store says, as it is."""
    prove_all(session, Prover(resources.vault))
    if is_sealed(session, resources.vault):
        say_sealed(session, resources.vault)


def tamper(resources: Resources, sql: str, **values: Any) -> None:
    """Change the store as someone would who can write to it, and has not its master key."""
    with resources.store.write() as session:
        session.execute(text(sql), values)


def tables_of(resources: Resources) -> list[str]:
    """The names of the store's tables, by name."""
    with resources.store.read() as session:
        return sorted(inspect(session.connection()).get_table_names())


def contents(resources: Resources) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is in the store: two of them are equal when nothing changed.

    But for the seal at the end of the audit trail, which changes with every event.
    """
    tables = [name for name in tables_of(resources) if name != "audit_head"]
    return {name: rows(resources, f"SELECT * FROM {name}") for name in tables}


PLACE = SeatPlace("desk-host", "desk", tty="/dev/pts/7", address="192.0.2.7", machine="elsewhere", pid=4711, started=99)


def seat_of(resources: Resources, actor: Actor, way: SeatWay = SeatWay.ACCOUNT, place: SeatPlace = PLACE) -> Actor:
    """The person at a seat that was opened just now, whatever the rules of the desk."""
    now = resources.clock.now()
    with resources.store.write() as session:
        row = SeatRow(
            person_id=actor.person_id, way=way.value, fingerprint=place.fingerprint, host=place.host,
            account=place.account, tty=place.tty, address=place.address, machine=place.machine, pid=place.pid,
            started=place.started, opened_at=now, seen_at=now, acted_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return replace(actor, seat=key_of(row.id))


def with_seats(resources: Resources, **settings: Any) -> Resources:
    """The same desk, whose configuration keeps seats though it is a sandbox."""
    return replace(resources, settings=replace(resources.settings, **({"seats": 3} | settings)))
