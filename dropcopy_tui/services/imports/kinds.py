"""The kinds of files that can be imported: their columns, their rules, and the rows they become."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, insert, select
from sqlmodel import Session

from dropcopy_tui.domain.accounts import (
    PERSON_NAME_LENGTH,
    clean_email,
    clean_machine_account,
    clean_mobile,
    clean_user_id,
    marks,
    same_person,
    shared,
)
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.markets import Market
from dropcopy_tui.domain.names import (
    FRONT_END_NAME_LENGTH,
    FRONT_END_VENDOR_LENGTH,
    FRONT_END_VERSION_LENGTH,
    clean_name,
    shorten,
)
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.requests import Approvals
from dropcopy_tui.services.imports.csv_lines import Columns
from dropcopy_tui.services.views import Facts
from dropcopy_tui.store.proofs import prove_inserted
from dropcopy_tui.store.tables import METADATA

_ENTITY = METADATA.tables["entity"]
_PERSON = METADATA.tables["person"]
_ENTITLEMENT = METADATA.tables["entitlement"]
_FRONT_END = METADATA.tables["front_end"]
_MAPPING = METADATA.tables["front_end_mapping"]

_ENTITY_CODE = re.compile(r"[A-Z0-9._-]{1,12}")
# Keeps the parts of a key apart, which a space would not: no name can hold it (ASCII unit separator).
KEY_SEPARATOR = "\x1f"
# The cells of a line by their columns.
NamedCells = dict[str, str]


class ImportKind(StrEnum):
    """What a file holds. The values are the words of `dropcopy import`."""

    ENTITIES = "entities"
    PEOPLE = "people"
    FRONT_ENDS = "front-ends"
    SENDERCOMPS = "sendercomps"
    SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A line that keeps the rules. `keys` name what may exist only once, as a refusal says it."""

    line: int
    values: Facts
    keys: tuple[str, ...]


class FileKind(ABC):
    """One kind of file, inside the transaction of its import."""

    columns: ClassVar[Columns]

    # Who imports: the primary key of the person.
    importer = 0

    def __init__(self, tx: Session, now: datetime) -> None:
        # New rows are proven in it.
        self.tx = tx
        self._connection = tx.connection()
        self._now = now
        self._lines: dict[str, int] = {}

    @abstractmethod
    def entry(self, line: int, cells: NamedCells) -> FileEntry:
        """What the line says. Raises InvalidValue."""

    @abstractmethod
    def held(self, entries: Sequence[FileEntry]) -> dict[str, int]:
        """Which keys of the entries are taken: by a line that was inserted, or (0) by the store before."""

    @abstractmethod
    def insert(self, entries: Sequence[FileEntry]) -> None:
        """Put the entries into the store."""

    def remember(self, entries: Sequence[FileEntry]) -> None:
        """Keep the lines of entries that were inserted."""
        for entry in entries:
            self._lines.update(dict.fromkeys(entry.keys, entry.line))

    def _lines_of(self, keys: Iterable[str]) -> dict[str, int]:
        return {key: self._lines.get(key, 0) for key in keys}

    def _present(self, column: Column[Any], values: Iterable[Any]) -> set[Any]:
        """Which of the values the column holds."""
        wanted = {value for value in values if value is not None}
        return set(self._connection.scalars(select(column).where(column.in_(wanted))))


class EntityFile(FileKind):
    """Registered Entities."""

    columns = Columns(("entity", "name", "clearing_firm"))

    def entry(self, line: int, cells: NamedCells) -> FileEntry:
        code = cells["entity"]
        if not _ENTITY_CODE.fullmatch(code):
            raise InvalidValue(f"Entity {shorten(code)!r} must be 1 to 12 of A-Z, 0-9, dot, underscore and hyphen.")
        values = {
            "code": code,
            "name": clean_name(cells["name"], "Name", PERSON_NAME_LENGTH),
            "clearing_firm": _yes_or_no(cells["clearing_firm"]),
            "approvals": Approvals.NEVER.value,
        }
        return FileEntry(line, values, (f"Entity {code}",))

    def held(self, entries: Sequence[FileEntry]) -> dict[str, int]:
        codes = self._present(_ENTITY.c.code, (entry.values["code"] for entry in entries))
        return self._lines_of(f"Entity {code}" for code in codes)

    def insert(self, entries: Sequence[FileEntry]) -> None:
        self._connection.execute(insert(_ENTITY), [entry.values for entry in entries])
        prove_inserted(self.tx, _ENTITY, "code", [entry.values["code"] for entry in entries])


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise InvalidValue(f"Column clearing_firm must be yes or no, not {shorten(text)!r}.")
    return text == "yes"


class EntityCodes:
    """The entities that lines name: there are few of them, so they are read once."""

    def __init__(self, connection: Connection) -> None:
        found = connection.execute(select(_ENTITY.c.code, _ENTITY.c.id, _ENTITY.c.clearing_firm))
        self._entities: dict[str, tuple[int, bool]] = {row.code: (row.id, row.clearing_firm) for row in found}

    def entity(self, code: str) -> int:
        """The primary key of an entity. Raises InvalidValue."""
        try:
            return self._entities[code][0]
        except KeyError:
            raise InvalidValue(f"Entity {shorten(code)!r} is not in the store. Import the entities first.") from None

    def guarantor(self, code: str) -> int | None:
        """The primary key of a guarantor, None for "". Raises InvalidValue."""
        if not code:
            return None
        entity_id = self.entity(code)
        if not self._entities[code][1]:
            raise InvalidValue(f"Guarantor {code} is not marked as a clearing firm.")
        return entity_id


class FileOfEntities(FileKind):
    """A kind whose lines name entities."""

    def __init__(self, tx: Session, now: datetime) -> None:
        super().__init__(tx, now)
        self.entity = EntityCodes(self._connection).entity


class PeopleFile(FileOfEntities):
    """People and their entitlements."""

    columns = Columns(("user_id", "name", "email", "roles"), optional=("mobile", "os_account"))

    def __init__(self, tx: Session, now: datetime) -> None:
        super().__init__(tx, now)
        # As they were before the file: a new entity is filled by the file that brings its first administrator.
        administered = self._connection.scalars(
            select(_ENTITLEMENT.c.entity_id).where(_ENTITLEMENT.c.role == Role.USER_ADMINISTRATOR.value)
        )
        self._administered = frozenset(administered)
        self._own: frozenset[str] | None = None

    def entry(self, line: int, cells: NamedCells) -> FileEntry:
        values: Facts = {
            "user_id": clean_user_id(cells["user_id"]),
            "name": clean_name(cells["name"], "Name", PERSON_NAME_LENGTH),
            "email": clean_email(cells["email"]),
            "mobile": clean_mobile(cells["mobile"]),
            "os_account": clean_machine_account(cells["os_account"]),
            "roles": self._roles(cells["roles"]),
        }
        if shared(marks(values["email"], values["mobile"]), self._marks_of_importer()):
            raise InvalidValue(
                f"{values['user_id']} has your mobile phone or mailbox. You cannot import your own account."
            )
        return FileEntry(line, values, _person_keys(values["user_id"], values["email"], values["os_account"]))

    def _roles(self, text: str) -> frozenset[tuple[str, int | None]]:
        roles = frozenset(self._role(part.strip()) for part in text.split(";") if part.strip())
        if not roles:
            raise InvalidValue("Column roles is empty.")
        return roles

    def _role(self, text: str) -> tuple[str, int | None]:
        name, at, code = text.partition("@")
        try:
            role = Role(name)
        except ValueError:
            raise InvalidValue(f"Unknown role {shorten(name)!r}. Use: {', '.join(Role)}.") from None
        if role.desk_wide:
            if at:
                raise InvalidValue(f"Role {role} applies to the whole desk: write it without an entity.")
            return role.value, None
        if not code:
            raise InvalidValue(f"Role {role} applies to an entity: write {role}@ENTITY.")
        entity_id = self.entity(code)
        if role is not Role.USER_ADMINISTRATOR and entity_id in self._administered:
            raise InvalidValue(
                f"Role {role} is granted by the user administrators of {code}: dropcopy people entitle. "
                "Remove it from the file."
            )
        return role.value, entity_id

    def _marks_of_importer(self) -> frozenset[str]:
        """By what all accounts of the importer are recognized."""
        if self._own is None:
            known = {
                row.id: marks(row.email, row.mobile)
                for row in self._connection.execute(select(_PERSON.c.id, _PERSON.c.email, _PERSON.c.mobile))
            }
            mine = same_person(self.importer, known)
            self._own = frozenset().union(*(known.get(account, frozenset()) for account in mine))
        return self._own

    def held(self, entries: Sequence[FileEntry]) -> dict[str, int]:
        return self._lines_of(
            f"{what} {value}"
            for what, column in (("User id", "user_id"), ("Email", "email"), ("Account", "os_account"))
            for value in self._present(_PERSON.c[column], (entry.values[column] for entry in entries))
        )

    def insert(self, entries: Sequence[FileEntry]) -> None:
        columns = ("user_id", "name", "email", "mobile", "os_account")
        always = {"failed_tries": 0, "disabled": False, "created_at": self._now}
        self._connection.execute(
            insert(_PERSON), [{name: entry.values[name] for name in columns} | always for entry in entries]
        )
        names = [entry.values["user_id"] for entry in entries]
        prove_inserted(self.tx, _PERSON, "user_id", names)
        self._entitle(entries)

    def _entitle(self, entries: Sequence[FileEntry]) -> None:
        user_id = _PERSON.c.user_id
        wanted = {entry.values["user_id"]: entry.values["roles"] for entry in entries}
        found = self._connection.execute(select(_PERSON.c.id, user_id).where(user_id.in_(wanted)))
        rows = [
            {
                "person_id": person_id,
                "role": role,
                "entity_id": entity_id,
                "given_by": self.importer,
                "given_at": self._now,
            }
            for person_id, name in found
            for role, entity_id in sorted(wanted[name], key=str)
        ]
        if rows:
            self._connection.execute(insert(_ENTITLEMENT), rows)
            prove_inserted(self.tx, _ENTITLEMENT, "person_id", [row["person_id"] for row in rows])


def _person_keys(user_id: str, email: str, account: str | None) -> tuple[str, ...]:
    keys = (f"User id {user_id}", f"Email {email}")
    return (*keys, f"Account {account}") if account else keys


class FrontEndFile(FileOfEntities):
    """Front end systems and the entities that may use them (rule G8)."""

    columns = Columns(("entity", "name"), blank=("version", "vendor"))

    def entry(self, line: int, cells: NamedCells) -> FileEntry:
        values = {
            "entity": cells["entity"],
            "entity_id": self.entity(cells["entity"]),
            "name": clean_name(cells["name"], "Name", FRONT_END_NAME_LENGTH),
            "version": _maybe_name(cells["version"], "Version", FRONT_END_VERSION_LENGTH),
            "vendor": _maybe_name(cells["vendor"], "Vendor", FRONT_END_VENDOR_LENGTH),
        }
        return FileEntry(line, values, (_mapping_key(cells["entity"], _front_end(values)),))

    def held(self, entries: Sequence[FileEntry]) -> dict[str, int]:
        names = {entry.values["name"] for entry in entries}
        parts = (_FRONT_END.c.name, _FRONT_END.c.version, _FRONT_END.c.vendor)
        found = self._connection.execute(
            select(_ENTITY.c.code, *parts)
            .join_from(_MAPPING, _FRONT_END, _FRONT_END.c.id == _MAPPING.c.front_end_id)
            .join(_ENTITY, _ENTITY.c.id == _MAPPING.c.entity_id)
            .where(_FRONT_END.c.name.in_(names))
        )
        return self._lines_of(_mapping_key(code, (name, version, vendor)) for code, name, version, vendor in found)

    def insert(self, entries: Sequence[FileEntry]) -> None:
        wanted = dict.fromkeys(_front_end(entry.values) for entry in entries)
        known = self._front_ends(wanted)
        new = [front_end for front_end in wanted if front_end not in known]
        if new:
            columns = ("name", "version", "vendor")
            self._connection.execute(insert(_FRONT_END), [dict(zip(columns, row, strict=True)) for row in new])
            known = self._front_ends(wanted)
        self._connection.execute(
            insert(_MAPPING),
            [
                {
                    "entity_id": entry.values["entity_id"],
                    "front_end_id": known[_front_end(entry.values)],
                }
                for entry in entries
            ],
        )

    def _front_ends(self, wanted: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        found = self._connection.execute(
            select(_FRONT_END.c.id, _FRONT_END.c.name, _FRONT_END.c.version, _FRONT_END.c.vendor).where(
                _FRONT_END.c.name.in_({name for name, _, _ in wanted})
            )
        )
        return {(name, version, vendor): number for number, name, version, vendor in found}


def _front_end(values: Facts) -> tuple[str, str, str]:
    return values["name"], values["version"], values["vendor"]


def _mapping_key(entity: str, front_end: tuple[str, str, str]) -> str:
    return KEY_SEPARATOR.join(("Front end", *front_end, "at", entity))


def _maybe_name(text: str, what: str, longest: int) -> str:
    return clean_name(text, what, longest) if text else ""


def gateway_of(market: Market, text: str) -> str:
    """A gateway of the market. Raises InvalidValue."""
    text = text.lower()
    if text not in market.gateways:
        known = ", ".join(market.gateways)
        raise InvalidValue(f"Gateway {shorten(text)!r} is not a gateway of market {market.code}. Use: {known}.")
    return text
