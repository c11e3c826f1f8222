"""Sessions as lines of the one table: a line a session, and one more for its second living pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.services.views import KeyView, SessionView
from screens.widgets.columns import Column
from screens.widgets.record_table import RecordTable
from screens.wording import TONES, key_words

_HIDDEN = "····· (s to show)"


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


COLUMNS: tuple[Column[SessionLine], ...] = (
    Column("Session", lambda line: line.session, 7),
    Column("Gateway", lambda line: line.gateway, 7),
    Column("Segments", lambda line: line.segments, 9, optional=1),
    Column("Status", lambda line: line.status, 8, optional=2),
    Column("Public key id", lambda line: line.key_id, 20),
    Column("State", lambda line: line.state, 11, tone=lambda line: line.tone),
    Column("Expires", lambda line: line.expires, tone=lambda line: line.tone),
)
_SESSION: Column[SessionLine] = Column("Session", lambda line: line.session, 7)
_STATUS: Column[SessionLine] = Column(
    "Status", lambda line: line.status, 8, tone=lambda line: "" if line.status == "active" else "muted"
)
_WHERE: tuple[Column[SessionLine], ...] = (
    Column("Gateway", lambda line: line.gateway, 7, optional=2),
    Column("Segments", lambda line: line.segments, 9, optional=3),
)
_KEY: tuple[Column[SessionLine], ...] = (
    Column("Public key id", lambda line: line.key_id, 20),
    Column("State", lambda line: line.state, 10, tone=lambda line: line.tone),
    Column("Expires", lambda line: line.expires, 17, tone=lambda line: line.tone),
)
# Lists of any length, a line a session: drop copy sessions have the group they belong or belonged to.
PAGED_COLUMNS: tuple[Column[SessionLine], ...] = (
    _SESSION,
    Column("Group", lambda line: line.group),
    *_WHERE,
    _STATUS,
    *_KEY,
)
MARKET_COLUMNS: tuple[Column[SessionLine], ...] = (
    _SESSION,
    Column("Market", lambda line: line.market, least=14),
    *_WHERE,
    replace(_STATUS, optional=1),
    *_KEY,
)


class SessionTable(RecordTable[SessionLine]):
    """Sessions: here `k` is for keys and `s` shows the public key ids, as the screen's verbs say."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,k", "screen.keys", "Keys", key_display="k", id="keypairs.manage",
                tooltip="Generate or download key pairs of the selected sessions."),
        Binding("s", "screen.show", "Show key ids", id="keypairs.show", tooltip="Show or hide the public key ids."),
    ]  # fmt: skip


def session_lines(sessions: Sequence[SessionView], shows_key_ids: bool) -> list[SessionLine]:
    """The lines of some sessions. A session without a living pair shows its last one."""
    lines = []
    for view in sessions:
        pairs: Sequence[KeyView | None] = view.living or view.keys[-1:] or (None,)
        for number, pair in enumerate(pairs):
            lines.append(_line(view, pair, number, shows_key_ids))
    return lines


def session_line(view: SessionView, shows_key_ids: bool) -> SessionLine:
    """A session in one line: its pair that lives longest, and how long the older one still does."""
    pair = max(view.living, key=lambda key: key.expires_at, default=view.keys[-1] if view.keys else None)
    line = _line(view, pair, 0, shows_key_ids)
    older = min(view.living, key=lambda key: key.expires_at, default=pair)
    state = line.state if older is None or older is pair else f"1 ends {_soon(older)}"
    no_pair = "none" if view.status != "active" and pair is None else line.key_id
    return replace(line, key=str(view.pk), group=view.group, market=view.market_name, state=state, key_id=no_pair)


def _line(view: SessionView, pair: KeyView | None, number: int, shows_key_ids: bool) -> SessionLine:
    first = number == 0
    return SessionLine(
        key=f"{view.pk}/{number}",
        session=view.session_id if first else "",
        gateway=view.gateway.upper() if first else "",
        segments=" ".join(view.segments) if first else "",
        status=view.status if first else "2nd pair",
        key_id="none: k makes one" if pair is None else pair.access_key_id if shows_key_ids else _HIDDEN,
        state=_state(pair),
        expires="" if pair is None else _expiry(pair),
        tone="muted" if pair is None else TONES[pair.state],
    )


def _expiry(pair: KeyView) -> str:
    """The day, and how far off it is: `15 Dec 2026 23 d`."""
    day = " ".join(pair.when.split()[:3])
    return f"{day} {_left(pair)}" if pair.state.living else day


def _left(pair: KeyView) -> str:
    """How far off its end is: `23 d`."""
    return pair.left.removeprefix("in ").replace(" days", " d").replace(" day", " d")


def _soon(pair: KeyView) -> str:
    """The same in a few cells: `23d`, `5h`."""
    count, _, unit = pair.left.removeprefix("in ").partition(" ")
    return f"{count}{unit[:1]}"


def _state(pair: KeyView | None) -> str:
    if pair is None:
        return ""
    return "expiring" if pair.state is KeyState.PENDING_EXPIRATION else key_words(pair)


def shown_keys(lines: Sequence[SessionLine], ask: PageRequest) -> Page[SessionLine]:
    """A page of lines that are known already: a group has a handful of target sessions."""
    words = ask.match.lower().split()
    rows = [line for line in lines if all(word in f"{line.session} {line.state}".lower() for word in words)]
    if ask.anchor in (Anchor.AFTER, Anchor.BEFORE):
        return Page((), (), len(rows))
    start = ask.at if ask.anchor is Anchor.AT else 0
    chosen = tuple(rows[start : start + ask.limit])
    return Page(chosen, tuple((line.key, line.key) for line in chosen), len(rows))
