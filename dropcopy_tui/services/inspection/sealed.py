"""Every sealed value of a store, each opened once where it is: nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import WrongMasterKey
from dropcopy_tui.domain.work import step
from dropcopy_tui.store.tables import METADATA, AuthenticatorRow, KeyPairRow, OutboxRow, ParcelRow, SessionRow
from dropcopy_tui.store.vault import Vault


@dataclass(frozen=True, slots=True)
class _Kind:
    """Sealed values of a table: the statement gives each with its key and its place; `named` says which it is."""

    table: str
    column: str
    rows: Select[*tuple[Any, ...]]
    place: Callable[..., tuple[str, ...]]
    named: Callable[..., str]


_KINDS = (
    _Kind(
        "key_pair",
        "sealed_secret",
        select(
            col(KeyPairRow.sealed_secret), col(KeyPairRow.id), col(SessionRow.session_id), col(KeyPairRow.access_key_id)
        )
        .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
        .where(col(KeyPairRow.sealed_secret).is_not(None)),
        lambda pk, session, key: ("key_pair", str(pk), session, key),
        lambda pk, session, key: f"key pair {key} of {session}",
    ),
    _Kind(
        "authenticator",
        "sealed_seed",
        select(col(AuthenticatorRow.sealed_seed), col(AuthenticatorRow.person_id)),
        lambda pk: ("authenticator", str(pk)),
        lambda pk: f"authenticator app of person {pk}",
    ),
    _Kind(
        "outbox",
        "sealed_body",
        select(col(OutboxRow.sealed_body), col(OutboxRow.id)).where(col(OutboxRow.sealed_body).is_not(None)),
        lambda pk: ("outbox", str(pk)),
        lambda pk: f"message {pk}",
    ),
    _Kind(
        "parcel",
        "sealed",
        select(col(ParcelRow.sealed), col(ParcelRow.id), col(ParcelRow.person_id), col(ParcelRow.name)).where(
            col(ParcelRow.sealed).is_not(None)
        ),
        lambda pk, person, name: ("parcel", str(pk), str(person), name),
        lambda pk, person, name: f"file {name} of person {person}",
    ),
)


def closed_values(session: Session, vault: Vault) -> Iterator[str]:
    """The sealed values that this master key does not open, by name. Raises MasterKeyMissing."""
    work, done = step("Opening every sealed value"), 0
    for kind in _KINDS:
        for sealed, *where in session.execute(kind.rows.execution_options(yield_per=1_000)):
            done += 1
            work.tell(done)
            # A damaged file may have a text where bytes belong.
            if not isinstance(sealed, bytes) or not _opens(vault, sealed, kind.place(*where)):
                yield kind.named(*where)


def reseal(session: Session, old: Vault, new: Vault) -> dict[str, int]:
    """Seal every value under another master key, in the caller's transaction; how many, by table.

    Raises WrongMasterKey: one does not open with the old key.
    """
    counts: dict[str, int] = {}
    for kind in _KINDS:
        table = METADATA.tables[kind.table]
        (key,) = table.primary_key.columns
        statement = update(table).where(key == bindparam("the_key")).values({kind.column: bindparam("the_value")})
        found = session.execute(kind.rows).all()
        step(f"Sealing again: {kind.table.replace('_', ' ')}", len(found))
        again = [
            {"the_key": where[0], "the_value": new.seal(old.open(sealed, *kind.place(*where)), *kind.place(*where))}
            for sealed, *where in found
        ]
        if again:
            session.connection().execute(statement, again)
        counts[kind.table] = len(again)
    return counts


def _opens(vault: Vault, sealed: bytes, place: tuple[str, ...]) -> bool:
    try:
        vault.open(sealed, *place)
    except WrongMasterKey:
        return False
    return True
