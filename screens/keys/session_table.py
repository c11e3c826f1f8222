"""Sessions as lines of the one table: one line per session, and one more for its second active key pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from dropcopy_tui.domain.keypairs import left_in_cells
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.services.views import KeyView, SessionView
from screens.widgets.columns import Column
from screens.widgets.record_table import RecordTable
from screens.wording import TONES, key_words

HIDDEN_KEY_ID = "····· (s to show)"


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One line: the session's own facts on its first."""

    key: str
    session: str
    gateway: str
    segments: str
    status: str
    key_id: str
    state: str
    expires: str
    tone: str
    group: str = ""
    market: str = ""
    # The whole values, for a file: of the session's every line, and neither hidden nor shortened.
    session_id: str = ""
    access_key_id: str = ""
    when: str = ""


def _key_id(line: SessionLine) -> str:
    """For a file: what is not shown is left out there, too."""
    return "" if line.key_id == HIDDEN_KEY_ID else line.access_key_id


COLUMNS: tuple[Column[SessionLine], ...] = (
    Column("Session", lambda line: line.session, 7, export=lambda line: line.session_id),
    Column("Gateway", lambda line: line.gateway, 7),
    Column("Segments", lambda line: line.segments, 9, optional=1),
    Column("Status", lambda line: line.status, 8, optional=2),
    Column("Public key id", lambda line: line.key_id, 20, export=_key_id),
    Column("State", lambda line: line.state, 11, tone=lambda line: line.tone),
    Column("Expires", lambda line: line.expires, tone=lambda line: line.tone, export=lambda line: line.when),
)
_SESSION: Column[SessionLine] = Column("Session", lambda line: line.session, 7)
_STATUS: Column[SessionLine] = Column(
    "Status", lambda line: line.status, 8, optional=1, tone=lambda line: "" if line.status == "active" else "muted"
)
_WHERE: tuple[Column[SessionLine], ...] = (
    Column("Gateway", lambda line: line.gateway, 7, optional=2),
    Column("Segments", lambda line: line.segments, 9, optional=3),
)
_KEY_ID: Column[SessionLine] = Column("Public key id", lambda line: line.key_id, 20, export=_key_id)
# Wide enough for two pairs: "2 pairs, older exp. 24 Dec".
_STATE: Column[SessionLine] = Column("State", lambda line: line.state, 26, tone=lambda line: line.tone, narrow=11)
_EXPIRES: Column[SessionLine] = Column(
    "Expires", lambda line: line.expires, 17, tone=lambda line: line.tone, export=lambda line: line.when
)
_GROUP: Column[SessionLine] = Column("Group", lambda line: line.group)
_MARKET: Column[SessionLine] = Column("Market", lambda line: line.market, least=14)
_SHORT_STATE: Column[SessionLine] = replace(_STATE, show=lambda line: line.state.partition(",")[0], width=10)


class SessionTable(RecordTable[SessionLine]):
    """Sessions: here `k` is for keys and `s` shows the public key ids, as the screen's verbs say."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,k", "screen.keys", "Keys", key_display="k", id="keypairs.manage",
                tooltip="Generate, download or delete key pairs of the selected sessions."),
        Binding("s", "screen.show", "Key ids", id="keypairs.show", tooltip="Show or hide the public key ids."),
    ]  # fmt: skip


def session_lines(sessions: Sequence[SessionView], shows_key_ids: bool) -> list[SessionLine]:
    """The lines of some sessions. A session without an active key pair shows its last one."""
    lines = []
    for view in sessions:
        pairs: Sequence[KeyView | None] = view.living or view.keys[-1:] or (None,)
        for number, pair in enumerate(pairs):
            lines.append(_line(view, pair, number, shows_key_ids))
    return lines


def paged_columns(*, drop_copy: bool, key_ids: bool) -> tuple[Column[SessionLine], ...]:
    """The columns of a list of any length, a line a session.

    Args:
        drop_copy: sessions that belong or belonged to a group; others have their market instead.
        key_ids: whether the public key ids are shown. They take the room of a longer state.
    """
    about = _GROUP if drop_copy else _MARKET
    status = _STATUS if drop_copy else replace(_STATUS, optional=1)
    pair = (_KEY_ID, _SHORT_STATE) if key_ids else (_STATE,)
    return (_SESSION, about, *_WHERE, status, *pair, _EXPIRES)


def session_line(view: SessionView, shows_key_ids: bool) -> SessionLine:
    """A session in one line: its pair that expires last, and when the older one does."""
    pair = max(view.living, key=lambda key: key.expires_at, default=view.keys[-1] if view.keys else None)
    line = _line(view, pair, 0, shows_key_ids)
    older = min(view.living, key=lambda key: key.expires_at, default=pair)
    state = line.state if older is None or older is pair else _older_ends(older)
    if pair is None:
        line = replace(line, key_id="")
        state = "none (k to generate)" if view.status == "active" else "none"
    return replace(line, key=str(view.pk), group=view.group, market=view.market_name, state=state)


def _line(view: SessionView, pair: KeyView | None, number: int, shows_key_ids: bool) -> SessionLine:
    first = number == 0
    return SessionLine(
        key=f"{view.pk}/{number}",
        session=view.session_id if first else "",
        gateway=view.gateway.upper() if first else "",
        segments=" ".join(view.segments) if first else "",
        status=view.status if first else "2nd key",
        key_id="none (k to generate)" if pair is None else pair.access_key_id if shows_key_ids else HIDDEN_KEY_ID,
        state=_state(pair),
        expires="" if pair is None else _expiry(pair),
        tone="muted" if pair is None else TONES[pair.state],
        session_id=view.session_id,
        access_key_id="" if pair is None else pair.access_key_id,
        when="" if pair is None else pair.when,
    )


def _expiry(pair: KeyView) -> str:
    """The day, and how far off it is: `15 Dec 2026 23 d`."""
    day = " ".join(pair.when.split()[:3])
    return f"{day} {left_in_cells(pair.days)}" if pair.state.living else day


def _older_ends(pair: KeyView) -> str:
    """`2 pairs, older exp. 24 Dec`: within four weeks (rule K3), so that the year goes without saying."""
    return f"2 pairs, older exp. {' '.join(pair.when.split()[:2])}"


def _state(pair: KeyView | None) -> str:
    if pair is None:
        return ""
    return key_words(pair)


def _shown(line: SessionLine) -> str:
    """Everything that a line shows, for a filter."""
    shown = (line.session_id, line.gateway, line.segments, line.status, line.key_id, line.state, line.expires)
    return " ".join(shown).lower()


def shown_keys(lines: Sequence[SessionLine], ask: PageRequest) -> Page[SessionLine]:
    """A page of lines that are known already: a group has a handful of target sessions."""
    words = ask.match.lower().split()
    rows = [line for line in lines if all(word in _shown(line) for word in words)]
    if ask.anchor in (Anchor.AFTER, Anchor.BEFORE):
        return Page((), (), len(rows))
    start = ask.at if ask.anchor is Anchor.AT else 0
    chosen = tuple(rows[start : start + ask.limit])
    return Page(chosen, tuple((line.key, line.key) for line in chosen), len(rows))
