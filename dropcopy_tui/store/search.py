"""Searching SenderCompIDs while a person types, through an index of all pieces of three characters.

A SenderCompID is a Session ID, a GFID and an FTI in one word, so that searching it searches all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, text
from sqlmodel import Session

from dropcopy_tui.store.counts import count_new
from dropcopy_tui.store.dialect import holds, is_postgres
from dropcopy_tui.store.outline import EVERYTHING, Span, beginning_with

# With more matches than that, a page is found faster by walking the list in its order: every other row is a match.
_FEW = 1_000
_PIECE = 3
_MATCHES = text(
    # CROSS JOIN keeps the order of the tables: the planner takes a million rows for a dozen.
    "SELECT s.sender_comp_id FROM sender_comp_search CROSS JOIN sender_comp AS s ON s.id = sender_comp_search.rowid "
    "WHERE sender_comp_search MATCH :pieces UNION ALL "
    # What the index does not have yet is read row by row.
    "SELECT sender_comp_id FROM sender_comp "
    "WHERE id > (SELECT up_to FROM sender_comp_mark) AND instr(sender_comp_id, :word) LIMIT :most"
)
# PostgreSQL keeps its own index of pieces with every change, and reads it for this.
_MATCHES_ON_POSTGRES = text("SELECT sender_comp_id FROM sender_comp WHERE sender_comp_id LIKE :like LIMIT :most")
_NEW = text(
    "INSERT INTO sender_comp_search (rowid, sender_comp_id) "
    "SELECT id, sender_comp_id FROM sender_comp WHERE id > (SELECT up_to FROM sender_comp_mark)"
)
_MARK = text("INSERT INTO sender_comp_mark (up_to) SELECT coalesce(max(id), 0) FROM sender_comp")


def index_new(session: Session) -> None:
    """Take what came since the last time into the index and the kept counts; whoever adds many SenderComps calls it.

    No trigger does it: the store runs with `trusted_schema=OFF`, under which none may write to a virtual table.
    """
    count_new(session)
    if is_postgres(session):
        # The index is there already; what the planner knows of the table is from before.
        session.execute(text("ANALYZE sender_comp"))
    else:
        session.execute(_NEW)
    session.execute(text("DELETE FROM sender_comp_mark"))
    session.execute(_MARK)


@dataclass(frozen=True)
class Found:
    """What is known of the rows that match: `few`, by name; or that the `column` of all of them lies in the span."""

    conditions: Sequence[ColumnElement[bool]] = ()
    few: bool = False
    span: Span = EVERYTHING
    column: Any = None


class SenderCompSearch:
    """The search of a list of SenderComps, which are stored in capitals.

    A word is looked for anywhere in the SenderCompID; a shorter one than three characters where it begins, or where
    its Globex Firm does.
    """

    def __init__(self, column: Any, gfid: Any, firms: Callable[[Session], Iterable[str]]) -> None:
        """`firms` are the Globex Firms of the list, and of no less."""
        self.column = column
        self._gfid = gfid
        self._firms = firms

    def holds(self, word: str) -> ColumnElement[bool]:
        """Whether the SenderCompID contains the word."""
        word = word.upper()
        return holds(self.column, word) if len(word) >= _PIECE else or_(_in(self.column, word), _in(self._gfid, word))

    def find(self, session: Session, match: str) -> Found:
        """What is known of the rows that contain every word."""
        words = [word.upper() for word in match.split()]
        if not all(word.isascii() and word.isalnum() for word in words):
            return Found([false()], few=True)
        names = self.few(session, words)
        if names is not None:
            return Found([self.column.in_(names)], few=True)
        span = self._begins(session, [word for word in words if len(word) < _PIECE])
        if span is EVERYTHING:
            return Found()
        return Found([self.column >= span.low, self.column < span.high], span=span, column=self.column)

    def few(self, session: Session, words: Sequence[str]) -> list[str] | None:
        """The SenderCompIDs of all firms that contain every word, if they are few; None where they may be many."""
        longest = max(words, key=len, default="")
        if len(longest) < _PIECE:
            return None
        found = _matches(session, longest)
        if len(found) > _FEW:
            return None
        # The pieces of a word may be there in another order; the shorter words are looked for in the rows.
        long = [word for word in words if len(word) >= _PIECE]
        return [name for name in found if all(word in name for word in long)]

    def _begins(self, session: Session, words: Sequence[str]) -> Span:
        """With what all SenderCompIDs begin that match: where no Globex Firm begins with a word, they do."""
        if not words:
            return EVERYTHING
        firms = list(self._firms(session))
        spans = [beginning_with(word) for word in words if not any(firm.startswith(word) for firm in firms)]
        if not spans:
            return EVERYTHING
        return Span(max(str(span.low) for span in spans), min(str(span.high) for span in spans))


def _matches(session: Session, word: str) -> Sequence[str]:
    if is_postgres(session):
        return session.execute(_MATCHES_ON_POSTGRES, {"like": f"%{word}%", "most": _FEW + 1}).scalars().all()
    pieces = {word[start : start + _PIECE] for start in range(len(word) - _PIECE + 1)}
    wanted = " AND ".join(f'"{piece}"' for piece in sorted(pieces))
    return session.execute(_MATCHES, {"pieces": wanted, "word": word, "most": _FEW + 1}).scalars().all()


def _in(column: Any, word: str) -> ColumnElement[bool]:
    span = beginning_with(word)
    return and_(column >= span.low, column < span.high)
