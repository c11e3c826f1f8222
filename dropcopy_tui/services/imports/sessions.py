"""Imports of sessions: those of order entry and market data, which setup does not allocate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import insert, select

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus, check_session_id
from dropcopy_tui.services.imports.csv_lines import Columns
from dropcopy_tui.services.imports.kinds import FileEntry, FileOfEntities, NamedCells, gateway_of
from dropcopy_tui.store.proofs import prove_inserted
from dropcopy_tui.store.tables import METADATA

_SESSION = METADATA.tables["session"]


class SessionFile(FileOfEntities):
    """Order entry and market data sessions. Drop copy sessions are allocated by setup, never imported."""

    columns = Columns(("entity", "market", "session_id", "kind", "gateway"))

    def entry(self, line: int, cells: NamedCells) -> FileEntry:
        market = market_named(shorten(cells["market"]))
        values = {
            "entity_id": self.entity(cells["entity"]),
            "market": market.code,
            "session_id": check_session_id(cells["session_id"]),
            "kind": _session_kind(cells["kind"]),
            "gateway": gateway_of(market, cells["gateway"]),
            "status": SessionStatus.ACTIVE.value,
            "created_at": self._now,
        }
        return FileEntry(line, values, (f"Session {values['session_id']} of {market.code}",))

    def held(self, entries: Sequence[FileEntry]) -> dict[str, int]:
        market, session_id = _SESSION.c.market, _SESSION.c.session_id
        found = self._connection.execute(
            select(session_id, market)
            .where(market.in_({entry.values["market"] for entry in entries}))
            .where(session_id.in_({entry.values["session_id"] for entry in entries}))
        )
        return self._lines_of(f"Session {name} of {code}" for name, code in found)

    def insert(self, entries: Sequence[FileEntry]) -> None:
        self._connection.execute(insert(_SESSION), [entry.values for entry in entries])
        by_market: dict[str, list[str]] = defaultdict(list)
        for entry in entries:
            by_market[entry.values["market"]].append(entry.values["session_id"])
        for market, names in by_market.items():
            prove_inserted(self.tx, _SESSION, "session_id", names, _SESSION.c.market == market)


def _session_kind(text: str) -> str:
    if text == SessionKind.DROP_COPY:
        raise InvalidValue("Drop copy sessions cannot be imported: they are allocated when a group is set up.")
    if text not in (SessionKind.ORDER_ENTRY, SessionKind.MARKET_DATA):
        raise InvalidValue(f"Kind {shorten(text)!r} must be {SessionKind.ORDER_ENTRY} or {SessionKind.MARKET_DATA}.")
    return text
