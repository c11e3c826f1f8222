"""Searching SenderCompIDs while a person types, through an index of all pieces of three characters.

A SenderCompID is a Session ID, a GFID and an FTI in one word, so that searching it searches all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, text
from sqlmodel import Session

from dropcopy_tui.store.dialect import holds, is_postgres

# With more matches than that, a page is found faster by walking the list in its order: every other row is a match.
_FEW = 1_000
_PIECE = 3
_MATCHES = text(
    # CROSS JOIN keeps the order of the tables: the planner takes a million rows for a dozen.
    "SELECT s.sender_comp_id FROM sender_comp_search CROSS JOIN sender_comp AS s ON s.id = sender_comp_search.rowid "
    "WHERE sender_comp_search MATCH :pieces UNION ALL "
    # What the index does not have yet is read row by row.
    "SELECT sender_comp_id FROM sender_comp "
    "WHERE id > (SELECT up_to FROM sender_comp_search_mark) AND instr(sender_comp_id, :word) LIMIT :most"
)
# PostgreSQL keeps its own index of pieces with every change, and reads it for this.
_MATCHES_ON_POSTGRES = text("SELECT sender_comp_id FROM sender_comp WHERE sender_comp_id LIKE :like LIMIT :most")
_NEW = text(
    "INSERT INTO sender_comp_search (rowid, sender_comp_id) "
    "SELECT id, sender_comp_id FROM sender_comp WHERE id > (SELECT up_to FROM sender_comp_search_mark)"
)
_MARK = text("UPDATE sender_comp_search_mark SET up_to = (SELECT coalesce(max(id), 0) FROM sender_comp)")


def index_new(session: Session) -> None:
    """Take the SenderComps into the index that came since the last time; whoever adds many calls it.

    No trigger does it: the store runs with `trusted_schema=OFF`, under which none may write to a virtual table.
    """
    if is_postgres(session):
        # The index is there already; what the planner knows of the table is from before.
        session.execute(text("ANALYZE sender_comp"))
        return
    session.execute(_NEW)
    session.execute(_MARK)


class SenderCompSearch:
    """A searched column of SenderCompIDs, which are stored in capitals."""

    def __init__(self, column: Any) -> None:
        self.column = column

    def holds(self, word: str) -> ColumnElement[bool]:
        """Whether the SenderCompID contains the word."""
        return holds(self.column, word.upper())

    def few(self, session: Session, match: str) -> list[str] | None:
        """The SenderCompIDs of all firms that contain every word, if they are few; None where they may be many."""
        words = [word.upper() for word in match.split()]
        longest = max(words, key=len, default="")
        if len(longest) < _PIECE:
            return None
        if not all(word.isascii() and word.isalnum() for word in words):
            return []
        found = _matches(session, longest)
        if len(found) > _FEW:
            return None
        # The pieces of a word may be there in another order.
        return [name for name in found if all(word in name for word in words)]


def _matches(session: Session, word: str) -> Sequence[str]:
    if is_postgres(session):
        return session.execute(_MATCHES_ON_POSTGRES, {"like": f"%{word}%", "most": _FEW + 1}).scalars().all()
    pieces = {word[start : start + _PIECE] for start in range(len(word) - _PIECE + 1)}
    wanted = " AND ".join(f'"{piece}"' for piece in sorted(pieces))
    return session.execute(_MATCHES, {"pieces": wanted, "word": word, "most": _FEW + 1}).scalars().all()
