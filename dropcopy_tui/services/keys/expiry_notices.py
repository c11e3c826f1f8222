"""Notices of pending expiration (rule K7): to the administrative managers of the entity, once a threshold.

A run writes one notice and one email a person, listing every key pair it is about. What a key pair was told for is
a row of its own, written in the same transaction: however many processes run, each threshold is told once. After
a pause only the nearest threshold is told: no one needs to hear of 28 days when 5 are left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from dropcopy_tui.domain.keypairs import days_left, left_words, market_date
from dropcopy_tui.domain.market_close import MarketHours
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.people import MAY_OPERATE, MAY_RECEIVE_EXPIRY, Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.rights import holders
from dropcopy_tui.services.sessions.key_rows import key_rows, market_hours
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import EntityRow, ExpiryNoticeRow, KeyPairRow, PersonRow, SessionRow

# An email of more lines than this is read by no one, and refused by some mail servers.
MOST_LINES = 1_000
_CHUNK = 5_000
_REPORT = "dropcopy keys report"


@dataclass(frozen=True, slots=True)
class ExpiryRun:
    """What one run sent. `unheard` counts key pairs of entities without an administrative manager."""

    keys: int = 0
    people: int = 0
    unheard: int = 0


class _Due(NamedTuple):
    """A key pair that is due for a notice, and its threshold. A tuple, because there may be 100,000 of them."""

    key_pair_id: int
    session_pk: int
    threshold: int
    left: int
    expires_at: datetime
    session_id: str
    market: str


class ExpiryNotices(Service):
    """Tells of key pairs that end soon."""

    def send(self, actor: Actor) -> ExpiryRun:
        """Send every notice that is due and has not been sent.

        Raises NotEntitled: this needs operations.
        """
        with self._reading(actor) as uow:
            uow.require(MAY_OPERATE)
            # A round that has nothing to tell keeps no one from writing.
            if next(self._due(uow), None) is None:
                return ExpiryRun()
        with self._writing(actor) as uow:
            return self._tell(uow)

    def _tell(self, uow: UnitOfWork) -> ExpiryRun:
        found: dict[int, list[_Due]] = defaultdict(list)
        for entity_id, due in self._due(uow):
            found[entity_id].append(due)
        managers = _managers(uow, found)
        heard = {entity_id: keys for entity_id, keys in found.items() if managers[entity_id]}
        if not heard:
            return ExpiryRun(unheard=sum(map(len, found.values())))
        codes = _codes(uow, heard)
        self._mark(uow, heard)
        told = self._write_people(uow, heard, managers, codes)
        for entity_id, keys in heard.items():
            self._record(uow, codes[entity_id], keys, len(managers[entity_id]))
        number = sum(map(len, heard.values()))
        return ExpiryRun(number, told, sum(map(len, found.values())) - number)

    def _due(self, uow: UnitOfWork) -> Iterator[tuple[int, _Due]]:
        """The living pairs of active sessions whose nearest threshold has no notice yet, each with its entity."""
        days = sorted(uow.settings.expiry_notice_days)
        if not days:
            return
        now = uow.now
        hours = {code: market_hours(code, uow.settings) for code in MARKETS}
        # Closes are shared by very many pairs.
        far: dict[tuple[str, datetime], int] = {}
        for row in uow.tx.execute(_ending(now, days[-1])).yield_per(1_000):
            pk, session_pk, expires_at, session_id, market, entity_id, told = row
            left = far.get((market, expires_at))
            if left is None:
                left = far[market, expires_at] = days_left(hours[market], expires_at, now)
            threshold = next((day for day in days if left <= day), None)
            if threshold is not None and (told is None or told > threshold):
                yield entity_id, _Due(pk, session_pk, threshold, left, expires_at, session_id, market)

    def _mark(self, uow: UnitOfWork, found: Mapping[int, Sequence[_Due]]) -> None:
        """Record the notices. The primary key guarantees that each threshold is announced only once."""
        now = uow.now
        rows = (
            {"key_pair_id": due.key_pair_id, "days": due.threshold, "at": now}
            for keys in found.values()
            for due in keys
        )
        while chunk := list(islice(rows, _CHUNK)):
            uow.tx.connection().execute(insert(ExpiryNoticeRow), chunk)

    def _write_people(
        self,
        uow: UnitOfWork,
        found: Mapping[int, Sequence[_Due]],
        managers: Mapping[int, Sequence[int]],
        codes: Mapping[int, str],
    ) -> int:
        """One notice and one email a person; how many people."""
        places: dict[int, list[int]] = defaultdict(list)
        for entity_id in found:
            for person_id in managers[entity_id]:
                places[person_id].append(entity_id)
        letters: dict[tuple[int, ...], tuple[str, str]] = {}
        for person_id, entities in places.items():
            mine = tuple(sorted(entities, key=lambda entity_id: codes[entity_id]))
            if mine not in letters:
                letters[mine] = self._letter(uow, {codes[entity_id]: found[entity_id] for entity_id in mine})
            uow.tell(uow.tx.get_one(PersonRow, person_id), *letters[mine])
        return len(places)

    def _letter(self, uow: UnitOfWork, found: Mapping[str, Sequence[_Due]]) -> tuple[str, str]:
        """Subject and body for a manager of these entities, the key pair that expires soonest first."""
        number = sum(map(len, found.values()))
        every = ((due, code) for code, mine in found.items() for due in mine)
        keys = nsmallest(MOST_LINES, every, key=_soonest)
        hours = {code: market_hours(code, uow.settings) for code in MARKETS}
        pairs = key_rows(uow, list({due.session_pk for due, _ in keys}))
        first = keys[0][0]
        what = f"{plural(number, 'key pair')} will expire"
        lines = [
            f"{what}. The feed of a session without an active key pair stops. Generate a new key pair before then.",
            "",
        ]
        lines += [_line(due, code, pairs[due.session_pk], hours[due.market]) for due, code in keys]
        if number > MOST_LINES:
            lines.append(f"... and {number - MOST_LINES:,} more: run `{_REPORT}` for the full list.")
        return f"{what}: {first.session_id} {left_words(first.left)}", "\n".join(lines)

    def _record(self, uow: UnitOfWork, code: str, keys: Sequence[_Due], people: int) -> None:
        counted: dict[str, int] = defaultdict(int)
        for due in keys:
            counted[str(due.threshold)] += 1
        uow.record(
            "keypair:expiry_told",
            plural(len(keys), "key pair"),
            entity=code,
            after={"by_days": dict(counted), "people": people},
        )


def _ending(now: datetime, days: int) -> Any:
    """Active key pairs that expire within this many days in any market: by the index on the expiry."""
    key: Any = aliased(KeyPairRow)
    told = (
        select(func.min(col(ExpiryNoticeRow.days)))
        .where(col(ExpiryNoticeRow.key_pair_id) == key.id)
        .correlate(key)
        .scalar_subquery()
    )
    return (
        select(
            key.id,
            key.session_pk,
            key.expires_at,
            col(SessionRow.session_id),
            col(SessionRow.market),
            col(SessionRow.entity_id),
            told,
        )
        .join(SessionRow, col(SessionRow.id) == key.session_pk)
        # A day more: a market's day begins before or after that of UTC.
        .where(key.expires_at > now, key.expires_at <= now + timedelta(days=days + 2))
        .where(key.slot.is_not(None), col(SessionRow.status) == SessionStatus.ACTIVE.value)
    )


def _managers(uow: UnitOfWork, entities: Mapping[int, object]) -> dict[int, list[int]]:
    """Who is notified at each entity: its administrative managers whose accounts are enabled."""
    found: dict[int, list[int]] = defaultdict(list)
    for person_id, entity_id in holders(uow.tx, MAY_RECEIVE_EXPIRY):
        if entity_id is not None and entity_id in entities:
            found[entity_id].append(person_id)
    return found


def _codes(uow: UnitOfWork, entities: Mapping[int, object]) -> dict[int, str]:
    return {entity_id: uow.tx.get_one(EntityRow, entity_id).code for entity_id in entities}


def _soonest(found: tuple[_Due, str]) -> tuple[datetime, str, str]:
    due, code = found
    return due.expires_at, code, due.session_id


def _line(due: _Due, code: str, pairs: Sequence[KeyPairRow], hours: MarketHours) -> str:
    """A line of the email; `pairs` are all of the session, the living ones having a slot."""
    own = next(pair for pair in pairs if pair.id == due.key_pair_id)
    others = [pair.expires_at for pair in pairs if pair.slot is not None and pair is not own]
    other = f"; the session's other key pair expires {market_date(hours, max(others))}" if others else ""
    ends = f"{market_date(hours, due.expires_at)}, {left_words(due.left)}"
    return f"{code}  {due.session_id}  {own.access_key_id}  {ends}{other}"
