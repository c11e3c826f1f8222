"""The chain of the audit trail: every event is sealed by a key of its own, which is destroyed with the next event.

The root of the keys comes from the master key and the store's id. Each key gives the next one, and none gives the one
before it; the store has the next event's key only, sealed under the master key in the one row of `audit_head`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import TrailBroken, WrongMasterKey
from dropcopy_tui.store.states import pending_in, taken_from
from dropcopy_tui.store.tables import AuditRow, SettingRow
from dropcopy_tui.store.trust_tables import AuditChainRow, AuditHeadRow
from dropcopy_tui.store.vault import CHECK_KEY, FACTS_PROOF, Vault

FIRST_DIGEST = "0" * 64
_NEXT = b"dropcopy/audit/next\x01"
_SAID = ("person", "origin", "action", "entity", "subject", "before", "after")
_HEAD = select(
    col(AuditHeadRow.chain), col(AuditHeadRow.events), col(AuditHeadRow.last_event), col(AuditHeadRow.digest),
    col(AuditHeadRow.sealed_key), col(AuditHeadRow.states),
).where(col(AuditHeadRow.id) == 1)  # fmt: skip
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the trail: the number of events, the last one (0 for none), its digest, and the key of the next.

    `states` are those of rows that were written since the last event, as JSON; None before states were kept.
    """

    chain: int
    events: int
    last_event: int
    digest: str
    key: bytes = field(repr=False)
    states: str | None = field(default="", compare=False)

    @property
    def place(self) -> tuple[str, ...]:
        """What the sealed key is bound to."""
        place = ("audit_head", str(self.chain), str(self.events), str(self.last_event), self.digest)
        # An end that keeps states is not turned into one from before: it has another place.
        return place if self.states is None else (*place, self.states)


def early_digest(event: Any, previous: str) -> str:
    """The digest of an event from before the trail was sealed: SHA-256 over the one before and all the event says."""
    return hashlib.sha256(_json([previous, *_said(event)])).hexdigest()


def sealed_digest(event: Any, head: Head) -> str:
    """The digest of the event that follows a head: HMAC-SHA-256 over its place in the trail and all that it says."""
    place = [head.chain, head.events + 1, event.id, head.digest]
    # Events from before states were kept say nothing of them.
    states = [event.states] if event.states is not None else []
    return hmac.digest(head.key, _json([*place, *_said(event), *states]), "sha256").hex()


def key_after(key: bytes) -> bytes:
    """The key of the next event (HKDF-Expand): it does not give back the one that it comes from."""
    return hmac.digest(key, _NEXT, "sha256")


def following(head: Head, event_id: int, digest: str) -> Head:
    """The head once an event was added."""
    # What was written since the last event is in this one now.
    states = None if head.states is None else ""
    return Head(head.chain, head.events + 1, event_id, digest, key_after(head.key), states)


def append(session: Session, vault: Vault, facts: Facts) -> tuple[int, str]:
    """Write an audit event in a writer's transaction; its id and digest. `facts` are its columns but those two.

    Raises:
        MasterKeyMissing: it cannot be sealed.
        TrailBroken: the end of the trail is not as the last writer left it.
    """
    head = read_head(session, vault) or begin(session, vault, facts["at"])
    # Numbers without gaps: that one is missing shows. All writers are in one queue, so that no one else takes it.
    # Never null, as it is in an event from before states were kept.
    states = taken_from(session, head.states) or ""
    event = SimpleNamespace(id=head.last_event + 1, states=states, **facts)
    digest = sealed_digest(event, head)
    try:
        session.execute(insert(AuditRow), [{"id": event.id, "digest": digest, "states": states, **facts}])
    except IntegrityError:
        raise _broken() from None
    write_head(session, vault, following(head, head.last_event + 1, digest))
    return head.last_event + 1, digest


def keep_states(session: Session, vault: Vault) -> None:
    """Keep the states of rows that were written after the last event of a transaction, before it is committed."""
    head = read_head(session, vault) if pending_in(session) else None
    if head is not None and head.states is not None:
        write_head(session, vault, replace(head, states=taken_from(session, head.states) or ""))


def read_head(session: Session, vault: Vault) -> Head | None:
    """The end of the trail; None where nothing was sealed yet. Raises TrailBroken, MasterKeyMissing."""
    row = session.execute(_HEAD).first()
    if row is None:
        if is_sealed(session, vault):
            raise _broken()
        return None
    chain, events, last, digest, sealed, states = row
    head = Head(chain, events, last, digest, b"", states)
    try:
        return replace(head, key=vault.open(sealed, *head.place))
    except WrongMasterKey:
        if _check_value(session):
            require_same_key(session, vault)
        raise _broken() from None


def write_head(session: Session, vault: Vault, head: Head) -> None:
    """Replace the end of the trail."""
    values = {
        "chain": head.chain, "events": head.events, "last_event": head.last_event, "digest": head.digest,
        "sealed_key": vault.seal(head.key, *head.place), "states": head.states,
    }  # fmt: skip
    session.execute(update(AuditHeadRow).where(col(AuditHeadRow.id) == 1).values(**values))


def begin(session: Session, vault: Vault, now: datetime) -> Head:
    """Seal the trail from its next event on; events that are there stay as they are, and can no longer be exchanged.

    The first sealed event is chained to the last of them.
    """
    last, events = session.execute(select(func.coalesce(func.max(col(AuditRow.id)), 0), func.count())
                                   .select_from(AuditRow)).one()  # fmt: skip
    previous = session.execute(select(col(AuditRow.digest)).where(col(AuditRow.id) == last)).scalar() or FIRST_DIGEST
    head = Head(1, events, last, previous, vault.chain_root(1))
    chain = AuditChainRow(number=1, first_event=last + 1, events_before=events, previous=previous, began_at=now)
    session.add(chain)
    session.flush()
    session.execute(insert(AuditHeadRow).values(id=1, chain=1, events=0, last_event=0, digest="", sealed_key=b""))
    write_head(session, vault, head)
    say_sealed(session, vault)
    return head


def continue_under(session: Session, old: Vault, new: Vault, now: datetime) -> None:
    """Begin a stretch of the trail whose keys come from another master key, in the caller's transaction.

    The roots of those before it are kept under the new key: they are verified as before. Raises TrailBroken.
    """
    head = read_head(session, old)
    if head is None:
        raise _broken()
    for chain in session.execute(select(AuditChainRow)).scalars():
        chain.sealed_root = new.seal(root_of(chain, old), "audit_chain", str(chain.number))
    number = head.chain + 1
    session.add(AuditChainRow(number=number, first_event=head.last_event + 1, events_before=head.events,
                              previous=head.digest, began_at=now))  # fmt: skip
    session.flush()
    write_head(session, new, Head(number, head.events, head.last_event, head.digest, new.chain_root(number)))
    say_sealed(session, new)


def root_of(chain: AuditChainRow, vault: Vault) -> bytes:
    """The root of the keys of a stretch of the trail. Raises WrongMasterKey, MasterKeyMissing."""
    if chain.sealed_root is None:
        return vault.chain_root(chain.number)
    return vault.open(chain.sealed_root, "audit_chain", str(chain.number))


def require_same_key(session: Session, vault: Vault) -> None:
    """Refuse to continue with a master key that the store no longer knows. Raises WrongMasterKey."""
    if not vault.recognizes(_check_value(session)):
        raise WrongMasterKey(
            "The master key was replaced while dropcopy was open. Nothing was changed. Start dropcopy again."
        )


def is_sealed(session: Session, vault: Vault) -> bool:
    """Whether the store says that its trail is sealed, in a way that no one can take back without the master key."""
    return vault.says_sealed(_check_value(session))


def _check_value(session: Session) -> str:
    return session.execute(select(col(SettingRow.value)).where(col(SettingRow.key) == CHECK_KEY)).scalar() or ""


def say_sealed(session: Session, vault: Vault) -> None:
    """Let the store recognize this master key, and prove what it says of itself."""
    rows = session.execute(select(col(SettingRow.key), col(SettingRow.value))).all()
    facts = {row.key: row.value for row in rows}
    for key, value in ((CHECK_KEY, vault.check_value()), (FACTS_PROOF, vault.facts_proof(facts))):
        session.merge(SettingRow(key=key, value=value))
    session.flush()


def _broken() -> TrailBroken:
    return TrailBroken(
        "The end of the audit trail does not match its seal: the store was altered from outside, or put together from "
        "two copies. Nothing was changed. Keep the store as evidence and restore a backup: see incidents.md."
    )


def _said(event: Any) -> list[object]:
    return [event.at.isoformat(timespec="microseconds"), *(getattr(event, name) for name in _SAID)]


def _json(said: list[object]) -> bytes:
    # Sorted keys and fixed separators: the same event gives the same bytes on every machine, and in every release.
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
