"""The columns of SenderComps and of Globex Firms, wherever a group or a request lists them."""

from __future__ import annotations

from dropcopy_tui.services.views import FirmCount, SenderCompView
from screens.widgets.columns import Column

SOURCES: tuple[Column[SenderCompView], ...] = (
    Column("SenderComp", lambda row: row.sender_comp_id, 12, order="sender_comp_id"),
    Column("Session", lambda row: row.session_id, 9, order="session_id"),
    Column("Globex Firm", lambda row: row.gfid, 12, order="gfid"),
    Column("FTI", lambda row: row.fti, 4),
    Column("Gateway", lambda row: row.gateway.upper(), 8),
    Column("Status", lambda row: row.status, tone=lambda row: "" if row.status == "active" else "error"),
)
FIRMS: tuple[Column[FirmCount], ...] = (
    Column("Globex Firm", lambda row: row.gfid, 14, order="gfid"),
    Column("Source SenderComps", lambda row: f"{row.count:,}", 20, order="sources", right=True),
)
