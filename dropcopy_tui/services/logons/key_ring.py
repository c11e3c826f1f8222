"""Key pairs with their secrets open, in memory, for one call or for as long as a rehearsal runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, Select, select
from sqlmodel import col, or_

from dropcopy_tui.domain.keypairs import KeyPair, KeyState, state_of
from dropcopy_tui.domain.logon import LogonMessage, problems, verify
from dropcopy_tui.domain.logon_mistakes import Candidate, SignedLine, diagnose, lines_of
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import MAY_USE_KEYS
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sessions.key_rows import pair_of
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import KeyPairRow, SessionRow
from dropcopy_tui.store.vault import Vault

_UNKNOWN = "The access key id it names (tag 355) belongs to no key pair that you may manage."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a logon would be accepted, and if not, why: no secret is in it.

    `lines` is the signed string, value by value, as we expect it and as the mistake signed it.
    """

    valid: bool
    access_key_id: str | None
    session_id: str | None
    key_state: KeyState | None
    explanations: tuple[str, ...]
    lines: tuple[SignedLine, ...] = ()
    market: str = ""
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class _RingKey:
    """A key pair of the store; `sealed` is None once its secret was destroyed."""

    id: int
    pair: KeyPair
    market: str
    gateway: str
    sealed: bytes | None = field(repr=False)


class KeyRing:
    """Judges logons by the key pairs it holds. Secrets are opened when they are first needed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._held: dict[str, _RingKey] = {}
        # By pair and what is sealed: a pair whose secret was destroyed or sealed anew is opened anew.
        self._open: dict[tuple[int, bytes], bytes] = {}

    def __repr__(self) -> str:
        return f"KeyRing({len(self._held)} key pairs)"

    def hold(self, rows: Sequence[Row[KeyPairRow, SessionRow]]) -> None:
        """Hold these pairs (rows of `rows_of`) and no others; secrets of pairs that are gone are forgotten."""
        self._held = {}
        self.hold_too(rows)
        kept = {(held.id, held.sealed) for held in self._held.values()}
        self._open = {place: secret for place, secret in self._open.items() if place in kept}

    def hold_too(self, rows: Sequence[Row[KeyPairRow, SessionRow]]) -> None:
        """Hold these pairs as well."""
        for pair, owner in rows:
            public = pair_of(pair, owner.session_id)
            held = _RingKey(key_of(pair.id), public, owner.market, owner.gateway, pair.sealed_secret)
            self._held.setdefault(pair.access_key_id, held)

    def accepts(self, message: LogonMessage, now: datetime) -> bool:
        """Whether a gateway would accept the logon. Raises MasterKeyMissing."""
        named = self._held.get(message.access_key_id or "")
        if named is None or named.sealed is None or not state_of(named.pair, now).living:
            return False
        fits = message.session_id in (None, named.pair.session_id)
        return fits and verify(message, self._secret(named, named.sealed)) and not problems(message)

    def verdict(self, message: LogonMessage, now: datetime) -> Verdict:
        """The same with its reasons, for which every pair that is held is tried. Raises MasterKeyMissing."""
        named = self._held.get(message.access_key_id or "")
        if self.accepts(message, now):
            return _verdict(message, named, now, True, (), lines_of(message))
        candidates = [self._candidate(held, held.sealed) for held in self._held.values() if held.sealed is not None]
        found = diagnose(message, candidates, now, _gone(named))
        reasons = tuple(dict.fromkeys((*problems(message), *found.words)))
        return _verdict(message, named, now, False, reasons, found.lines)

    def _candidate(self, held: _RingKey, sealed: bytes) -> Candidate:
        pair = held.pair
        secret = self._secret(held, sealed)
        return Candidate(
            pair.access_key_id, pair.session_id, secret, pair.expires_at, pair.created_at, pair.deleted_at is None
        )

    def _secret(self, held: _RingKey, sealed: bytes) -> bytes:
        secret = self._open.get((held.id, sealed))
        if secret is None:
            place = ("key_pair", str(held.id), held.pair.session_id, held.pair.access_key_id)
            secret = self._open[held.id, sealed] = self._vault.open(sealed, *place)
        return secret


def _gone(named: _RingKey | None) -> str:
    """What to say of a named key that is no candidate: nobody knows it, or its secret was destroyed."""
    if named is None:
        return _UNKNOWN
    return f"The key that the logon names, {named.pair.access_key_id}, was deleted: its secret is destroyed."


def _verdict(
    message: LogonMessage,
    named: _RingKey | None,
    now: datetime,
    valid: bool,
    reasons: tuple[str, ...],
    lines: tuple[SignedLine, ...],
) -> Verdict:
    if named is None:
        return Verdict(False, message.access_key_id and shorten(message.access_key_id), None, None, reasons, lines)
    pair = named.pair
    state = state_of(pair, now)
    return Verdict(
        valid, pair.access_key_id, pair.session_id, state, reasons, lines, market=named.market, gateway=named.gateway
    )


def managed_ids(uow: UnitOfWork) -> list[int]:
    """The primary keys of the entities whose key pairs the person manages. Raises NotEntitled: there is none."""
    found = sorted(uow.entities_with(MAY_USE_KEYS))
    if not found:
        # Without an entity this raises for everybody, and its words name the role.
        uow.require(MAY_USE_KEYS)
    return found


def rows_of(entity_ids: Sequence[int]) -> Select[KeyPairRow, SessionRow]:
    """Key pairs with their sessions, of these entities."""
    return (
        select(KeyPairRow, SessionRow)
        .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
        .where(col(SessionRow.entity_id).in_(entity_ids))
    )


def own_rows(
    uow: UnitOfWork, rows: Select[KeyPairRow, SessionRow], message: LogonMessage
) -> Sequence[Row[KeyPairRow, SessionRow]]:
    """Of these, the pair that the logon names, and those of its session."""
    named = col(KeyPairRow.access_key_id) == (message.access_key_id or "")
    own = col(SessionRow.session_id) == (message.session_id or "")
    return uow.tx.execute(rows.where(or_(named, own)).order_by(col(KeyPairRow.id).desc())).all()


def other_rows(
    uow: UnitOfWork, rows: Select[KeyPairRow, SessionRow], most: int
) -> Sequence[Row[KeyPairRow, SessionRow]]:
    """Of these, the newest that still have a secret, to be tried for an explanation."""
    sealed = rows.where(col(KeyPairRow.sealed_secret).is_not(None)).order_by(col(KeyPairRow.id).desc())
    return uow.tx.execute(sealed.limit(most)).all()
