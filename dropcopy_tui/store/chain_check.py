"""The audit trail looked through from its first event to its end: what was altered, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from dropcopy_tui.domain.anchors import TrailAnchor
from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.errors import TrailBroken, WrongMasterKey
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.store.chain import (
    FIRST_DIGEST,
    Head,
    early_digest,
    following,
    is_sealed,
    read_head,
    root_of,
    sealed_digest,
)
from dropcopy_tui.store.states import States, merge, read_states, unlike
from dropcopy_tui.store.tables import AuditRow
from dropcopy_tui.store.trust_tables import AuditChainRow
from dropcopy_tui.store.vault import Vault

_COLUMNS = ("id", "at", "person", "origin", "action", "entity", "subject", "before", "after", "digest", "states")
# So many events are in memory: the trail grows indefinitely.
_CHUNK = 1_000
_RESTORED = "store:restored"
# So many rows that are not as the trail knows them are named.
_NAMED = 10
_NO_END = "The seal at the end of the trail was altered or removed."


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Whether the audit trail is as it was written.

    Attributes:
        events: how many were looked at.
        first_bad: the first event that is not as it was written; of a tail that is missing, the first missing one.
        why: what is wrong, as a sentence.
        sealed_from: the first event that no one can have written without the master key; None where none is sealed.
        anchored: the last event of an anchor that the trail was compared with; None without anchors.
        rows: rows that grant power and are not as the trail left them, as words.
    """

    valid: bool
    events: int
    first_bad: int | None
    why: str = ""
    sealed_from: int | None = None
    anchored: int | None = None
    rows: tuple[str, ...] = ()


def check_chain(session: Session, vault: Vault, anchors: Iterable[TrailAnchor] = ()) -> ChainCheck:
    """Look through the whole trail, and compare it with anchors. Raises MasterKeyMissing where it is sealed."""
    return _TrailWalk(session, vault, anchors).result()


class _TrailWalk:
    """One look at every event, in order; `_head` is the end of the trail up to the event that was looked at last."""

    def __init__(self, session: Session, vault: Vault, anchors: Iterable[TrailAnchor]) -> None:
        self._session, self._vault = session, vault
        self._chains = list(session.execute(select(AuditChainRow).order_by(col(AuditChainRow.number))).scalars())
        self._sealed_from = self._chains[0].first_event if self._chains else None
        self._head = Head(0, 0, 0, FIRST_DIGEST, b"")
        # By the number of events: two hosts may have anchored the same moment.
        self._anchors = sorted((anchor for anchor in anchors if anchor.events), key=lambda anchor: anchor.events)
        self._anchored: TrailAnchor | None = None
        self._restored = 0
        self._states: States = {}

    def result(self) -> ChainCheck:
        """What came of it."""
        for row in self._rows():
            why = self._fault(row) or self._unlike_anchor(row)
            if row.states:
                merge(self._states, read_states(row.states))
            if why:
                events = self._head.events + (self._head.last_event != row.id)
                return ChainCheck(False, events, row.id, why, self._sealed_from, self._anchored_event())
        return self._at_the_end()

    def _rows(self) -> Iterator[Any]:
        rows = select(*(col(getattr(AuditRow, name)) for name in _COLUMNS)).order_by(col(AuditRow.id))
        return iter(self._session.execute(rows.execution_options(yield_per=_CHUNK)))

    def _fault(self, row: Any) -> str:
        """What is wrong with the next event; "" where it is the one that was written there."""
        if why := self._enter(row.id):
            return why
        head = self._head
        if not head.chain:
            if early_digest(row, head.digest) != row.digest:
                return f"Event {row.id} was altered, or an event before it was removed."
            self._head = Head(0, head.events + 1, row.id, row.digest, b"")
            return ""
        if row.id != head.last_event + 1:
            missing = row.id - head.last_event - 1
            return f"{plural(missing, 'event')} {'is' if missing == 1 else 'are'} missing before event {row.id}."
        if sealed_digest(row, head) != row.digest:
            return f"Event {row.id} was altered, inserted or exchanged."
        self._head = following(head, row.id, row.digest)
        return ""

    def _unlike_anchor(self, row: Any) -> str:
        """What is wrong where an event is whole, and is not the one that an anchor knows."""
        if row.action == _RESTORED:
            self._restored = row.id
        while self._anchors and self._anchors[0].events == self._head.events:
            anchor = self._anchors.pop(0)
            if (anchor.last_event, anchor.digest) != (self._head.last_event, self._head.digest):
                return f"Event {row.id} is not the one that was anchored on {_said(anchor)}. {self._rolled_back()}"
            self._anchored, self._restored = anchor, 0
        return ""

    def _rolled_back(self) -> str:
        since = f" after event {self._anchored.last_event}" if self._anchored else ""
        by = f"; event {self._restored} says that a backup was restored" if self._restored else ""
        return f"The store was rolled back or written again{since}{by}."

    def _anchored_event(self) -> int | None:
        return self._anchored.last_event if self._anchored else None

    def _enter(self, event: int) -> str:
        """Begin the stretch whose first event is next, if one is; what is wrong with its beginning."""
        head = self._head
        while self._chains and self._chains[0].events_before == head.events:
            chain = self._chains.pop(0)
            if chain.number != head.chain + 1 or chain.previous != head.digest:
                return f"An event before event {event} was altered: those before it are not the ones that were sealed."
            try:
                head = Head(chain.number, head.events, head.last_event, head.digest, root_of(chain, self._vault))
            except WrongMasterKey:
                return f"The seal of the events from {event} on was altered."
        self._head = head
        return ""

    def _at_the_end(self) -> ChainCheck:
        if why := self._enter(self._head.last_event + 1):
            return self._bad(None, why)
        seen = self._head
        try:
            kept = read_head(self._session, self._vault) if self._is_sealed() else None
        except TrailBroken:
            return self._bad(None, _NO_END)
        if kept is None and self._sealed_from is None:
            return ChainCheck(True, seen.events, None)
        if kept is None:
            return self._bad(None, _NO_END)
        if kept.events > seen.events:
            missing = plural(kept.events - seen.events, "event")
            return self._bad(
                seen.last_event + 1, f"The end of the trail is missing: {missing}, up to event {kept.last_event}."
            )
        if kept != seen:
            return self._bad(None, "The seal at the end is older than the last events: it was exchanged.")
        if self._anchors:
            return self._bad(seen.last_event + 1, self._beyond())
        rows = self._unlike_rows(kept)
        why = f"Rows that grant power are not as the desk left them: {named(rows)}." if rows else ""
        return ChainCheck(not rows, seen.events, None, why, self._sealed_from, self._anchored_event(), rows)

    def _unlike_rows(self, kept: Head) -> tuple[str, ...]:
        """The rows that are not as the trail left them; none where it says nothing of rows yet."""
        if kept.states is None:
            return ()
        merge(self._states, read_states(kept.states))
        return tuple(unlike(self._session, self._states))

    def _beyond(self) -> str:
        last = self._anchors[-1]
        return (
            f"On {_said(last)} the trail went up to event {last.last_event}, and it ends with event "
            f"{self._head.last_event}. {self._rolled_back()}"
        )

    def _is_sealed(self) -> bool:
        if self._sealed_from is not None or self._vault.is_open:
            return self._sealed_from is not None or is_sealed(self._session, self._vault)
        return False

    def _bad(self, event: int | None, why: str) -> ChainCheck:
        return ChainCheck(False, self._head.events, event, why, self._sealed_from, self._anchored_event())


def named(rows: Sequence[str]) -> str:
    """The first of them by name, and how many more there are."""
    more = (f"and {len(rows) - _NAMED:,} more",) if len(rows) > _NAMED else ()
    return "; ".join((*rows[:_NAMED], *more))


def _said(anchor: TrailAnchor) -> str:
    return moment_words(anchor.at)
