"""Every sealed value of a store, each opened once where it is: nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import WrongMasterKey
from dropcopy_tui.domain.work import step
from dropcopy_tui.store.tables import AuthenticatorRow, KeyPairRow, OutboxRow, ParcelRow, SessionRow
from dropcopy_tui.store.vault import Vault


@dataclass(frozen=True, slots=True)
class _Kind:
    """Sealed values of a table: the statement gives each with its place; `named` says which it is."""

    rows: Select[*tuple[Any, ...]]
    place: Callable[..., tuple[str, ...]]
    named: Callable[..., str]


_KINDS = (
    _Kind(
        select(
            col(KeyPairRow.sealed_secret), col(KeyPairRow.id), col(SessionRow.session_id), col(KeyPairRow.access_key_id)
        )
        .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
        .where(col(KeyPairRow.sealed_secret).is_not(None)),
        lambda pk, session, key: ("key_pair", str(pk), session, key),
        lambda pk, session, key: f"key pair {key} of {session}",
    ),
    _Kind(
        select(col(AuthenticatorRow.sealed_seed), col(AuthenticatorRow.person_id)),
        lambda pk: ("authenticator", str(pk)),
        lambda pk: f"authenticator app of person {pk}",
    ),
    _Kind(
        select(col(OutboxRow.sealed_body), col(OutboxRow.id)).where(col(OutboxRow.sealed_body).is_not(None)),
        lambda pk: ("outbox", str(pk)),
        lambda pk: f"message {pk}",
    ),
    _Kind(
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


def _opens(vault: Vault, sealed: bytes, place: tuple[str, ...]) -> bool:
    try:
        vault.open(sealed, *place)
    except WrongMasterKey:
        return False
    return True
