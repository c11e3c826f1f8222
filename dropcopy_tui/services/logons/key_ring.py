"""Key pairs with their secrets open, in memory, for one call or for as long as a rehearsal runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, Select, select
from sqlmodel import col, or_

from dropcopy_tui.domain.keypairs import KeyPair
from dropcopy_tui.domain.logon import LogonMessage
from dropcopy_tui.domain.logon_verdict import KnownKey, SessionFacts, Verdict, firm_of, holds, judge
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.people import MAY_USE_KEYS
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sessions.key_rows import pair_of
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import KeyPairRow, SenderCompRow, SessionRow
from dropcopy_tui.store.vault import Vault

_UNKNOWN = "The access key id (tag 355) does not belong to a key pair that you manage."
# Firms of an entity that a refusal names.
_MOST_FIRMS = 6


@dataclass(frozen=True, slots=True)
class _RingKey:
    """A key pair of the store; `sealed` is None once its secret was destroyed."""

    id: int
    pair: KeyPair
    session: SessionFacts
    sealed: bytes | None = field(repr=False)


class KeyRing:
    """Judges logons by the key pairs it holds. Secrets are opened when they are first needed."""

    def __init__(self, vault: Vault, environment: str = "") -> None:
        self._vault, self._environment = vault, environment
        self._held: dict[str, _RingKey] = {}
        # By pair and what is sealed: a pair whose secret was destroyed or sealed again is opened again.
        self._open: dict[tuple[int, bytes], bytes] = {}
        self._known_keys: dict[str, KnownKey] = {}

    def __repr__(self) -> str:
        return f"KeyRing({len(self._held)} key pairs)"

    def hold(self, rows: Sequence[Row[KeyPairRow, SessionRow]], firms: Sequence[str] = ()) -> None:
        """Hold these pairs (rows of `rows_of`) and no others; secrets of pairs that are gone are forgotten.

        `firms` are those of the entity whose key the logon names (`firms_for`).
        """
        self._held, self._known_keys = {}, {}
        self.hold_too(rows, firms)
        kept = {(held.id, held.sealed) for held in self._held.values()}
        self._open = {place: secret for place, secret in self._open.items() if place in kept}

    def hold_too(self, rows: Sequence[Row[KeyPairRow, SessionRow]], firms: Sequence[str] = ()) -> None:
        """Hold these pairs as well."""
        for pair, owner in rows:
            public = pair_of(pair, owner.session_id)
            held = _RingKey(key_of(pair.id), public, _facts(owner, firms), pair.sealed_secret)
            self._held.setdefault(pair.access_key_id, held)

    def accepts(self, message: LogonMessage, now: datetime) -> bool:
        """Whether a gateway would accept the logon. Raises MasterKeyMissing."""
        named = self._held.get(message.access_key_id or "")
        return named is not None and holds(message, self._known(named), now)

    def verdict(self, message: LogonMessage, now: datetime, also: Sequence[str] = ()) -> Verdict:
        """The same with its reasons, for which every pair that is held is tried. Raises MasterKeyMissing."""
        named = self._held.get(message.access_key_id or "")
        right = not also and self.accepts(message, now)
        tried = [named] if right and named is not None else list(self._held.values())
        return judge(message, [self._known(held) for held in tried], now, unknown=_UNKNOWN, also=also)

    def _known(self, held: _RingKey) -> KnownKey:
        name = held.pair.access_key_id
        known = self._known_keys.get(name)
        if known is None:
            secret = self._secret(held, held.sealed) if held.sealed is not None else None
            known = self._known_keys[name] = KnownKey(held.pair, secret, held.session, self._environment)
        return known

    def _secret(self, held: _RingKey, sealed: bytes) -> bytes:
        secret = self._open.get((held.id, sealed))
        if secret is None:
            place = ("key_pair", str(held.id), held.pair.session_id, held.pair.access_key_id)
            secret = self._open[held.id, sealed] = self._vault.open(sealed, *place)
        return secret


def _facts(owner: SessionRow, firms: Sequence[str]) -> SessionFacts:
    return SessionFacts(
        kind=SessionKind(owner.kind),
        status=SessionStatus(owner.status),
        market=market_named(owner.market),
        gateway=Gateway(owner.gateway),
        firms=tuple(firms),
    )


def firms_for(uow: UnitOfWork, rows: Sequence[Row[KeyPairRow, SessionRow]], message: LogonMessage) -> tuple[str, ...]:
    """The GFIDs that the entity has in the market of the key that the logon names; () where none is known.

    The logon's own firm alone where it is one of them: the others are not looked for.
    """
    owner = next((owner for pair, owner in rows if pair.access_key_id == message.access_key_id), None)
    if owner is None:
        return ()
    own = (
        select(col(SenderCompRow.gfid))
        .where(col(SenderCompRow.entity_id) == owner.entity_id, col(SenderCompRow.market) == owner.market)
        .distinct()
    )
    sent = firm_of(message)
    if uow.tx.execute(own.where(col(SenderCompRow.gfid) == sent).limit(1)).first() is not None:
        return (sent,)
    found = uow.tx.execute(own.order_by(col(SenderCompRow.gfid)).limit(_MOST_FIRMS)).scalars()
    return tuple(str(gfid) for gfid in found)


def managed_ids(uow: UnitOfWork) -> list[int]:
    """The primary keys of the entities whose key pairs the person manages. Raises NotEntitled: there is none."""
    found = sorted(uow.entities_with(MAY_USE_KEYS))
    if not found:
        # Without an entity this raises for everyone, and its words name the role.
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
