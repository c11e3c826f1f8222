"""A request: its story, what was asked, and why it ended as it did."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.services.views import RequestView
from screens.frame import DeskScreen, job, off_thread
from screens.terminal.values import facts, value
from screens.wording import REQUEST_TONES, utc

_LABEL = 24
_ASKED = {
    "name": "Group",
    "market": "Market",
    "front_end": "Front end system",
    "filters": "Communication types",
    "sources": "Source SenderComps",
    "sessions": "Sessions",
    "keys": "Public key ids",
}


class RequestScreen(DeskScreen[None]):
    """One request."""

    CSS_PATH = "../styles/requests.tcss"

    def __init__(self, reference: str) -> None:
        super().__init__()
        self._reference = reference

    def body(self) -> ComposeResult:
        """One page of text."""
        with VerticalScroll(id="story"):
            yield Static("", id="facts", markup=False)

    def place(self) -> tuple[str, ...]:
        """The reference at the end."""
        return ("Request Center", "My Requests", self._reference)

    def on_mount(self) -> None:
        """Arrows scroll; read the request."""
        self.query_one("#story").focus()
        self._load()

    @job(exclusive=True, group="request")
    async def _load(self) -> None:
        desk = await self.desk()
        view = await off_thread(desk.requests.show, self.actor, self._reference)
        self._new_group = view.group_id
        self.query_one("#facts", Static).update(_page(view, self.size.width - 6))

    def requests_ended(self, requests: Any) -> None:
        """It may be this one."""
        super().requests_ended(requests)
        self._load()


def _page(view: RequestView, width: int) -> Content:
    """Status first, then the time line, then what was asked."""
    tone = REQUEST_TONES[view.status]
    status = [
        ("Request", f"{view.id}  {view.type.words.lower()} {view.subject}", ""),
        ("Registered Entity", view.entity, ""),
        ("Status", view.status.words, "$text-muted" if tone == "muted" else f"${tone}"),
        ("Stage", view.stage, ""),
        *(("Reason", reason, "$error") for reason in view.reasons),
    ]
    story = [(utc(moment.at), moment.text, "") for moment in view.story]
    asked = [(_ASKED.get(key, key), _asked(key, said), "") for key, said in view.asked.items()]
    parts = [facts(status, _LABEL, width)]
    for title, rows in (("What happened", story), ("What was asked", asked)):
        parts += [Content(""), value(title, "bold"), facts(rows, _LABEL, width)]
    return Content("\n").join(parts)


def _asked(key: str, said: object) -> str:
    if key == "market":
        return market_named(str(said)).name
    if key == "filters" and isinstance(said, list):
        return ", ".join(Filter(name).words for name in said)
    if isinstance(said, list):
        return ", ".join(map(str, said))
    return f"{said:,}" if isinstance(said, int) else str(said)
