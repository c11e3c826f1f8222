"""A group beside its list: what it copies, from whom, to which sessions, and who changed it last."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from dropcopy_tui.services.views import FirmCount, GroupView, SessionView
from screens.keys.detail import pair_rows
from screens.terminal.values import facts, value
from screens.wording import utc

# Globex Firms that are named; of the others there is only the number.
FIRMS = 8
_LABEL = 12


def group_detail(view: GroupView, firms: Sequence[FirmCount], firms_in_all: int, width: int) -> Content:
    """The group in `width` cells. `firms` are the first of so many in all."""
    line = view.line
    changed = view.changed
    last = f"{utc(changed[0])} by {changed[1]} ({changed[2]})" if changed else ""
    parts = [
        value(line.name, "bold"),
        facts(
            [
                ("Market", line.market_name, ""),
                ("Front end", view.front_end.title, ""),
                ("Created", f"{utc(view.created_at)} by {view.created_by}", ""),
                *((("Changed", last, ""),) if last else ()),
            ],
            _LABEL,
            width,
        ),
        Content(""),
        value("Filters: messages copied", "bold"),
        *(value(f"  {kind.words}") for kind in view.filters),
        Content(""),
        value(f"SenderComps: {line.sources:,}", "bold"),
        facts(_firm_rows(firms, firms_in_all), _LABEL, width),
        Content(""),
        value("Target sessions", "bold"),
        *(_session(session, width) for session in view.sessions),
        *(() if view.sessions else (value("  none", "$text-muted"),)),
    ]
    return Content("\n").join(parts)


def _firm_rows(firms: Sequence[FirmCount], in_all: int) -> list[tuple[str, str, str]]:
    rows = [(f"  {firm.gfid}", f"{firm.count:>9,}", "") for firm in firms]
    left = in_all - len(firms)
    return [*rows, (f"  {left:,} more", "", "")] if left > 0 else rows


def _session(view: SessionView, width: int) -> Content:
    where = " ".join([view.gateway.upper(), *view.segments])
    return Content("\n").join([value(f"  {view.session_id}  {where}"), facts(pair_rows(view), 6, width)])
