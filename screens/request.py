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
from screens.terminal.values import value
from screens.wording import REQUEST_TONES, utc

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
        self.query_one("#facts", Static).update(_page(view))

    def requests_ended(self, requests: Any) -> None:
        """It may be this one."""
        self._load()


def _page(view: RequestView) -> Content:
    """Status first, then the time line, then what was asked."""
    lines = [
        _row("Request", f"{view.id}  {view.type.words.lower()} {view.subject}"),
        _row("Registered Entity", view.entity),
        _row("Status", view.status.words, f"${REQUEST_TONES[view.status]}".replace("$muted", "$text-muted")),
        _row("Stage", view.stage),
    ]
    lines += [_row("Reason", reason, "$error") for reason in view.reasons]
    lines += [Content(""), value("What happened", "bold")]
    lines += [_row(utc(moment.at), moment.text) for moment in view.story]
    lines += [Content(""), value("What was asked", "bold")]
    lines += [_row(_ASKED.get(key, key), _asked(key, said)) for key, said in view.asked.items()]
    return Content("\n").join(lines)


def _row(name: str, text: str, style: str = "") -> Content:
    return Content.assemble(value(f"{name:<24}", "$text-muted"), value(text, style))


def _asked(key: str, said: object) -> str:
    if key == "market":
        return market_named(str(said)).name
    if key == "filters" and isinstance(said, list):
        return ", ".join(Filter(name).words for name in said)
    if isinstance(said, list):
        return ", ".join(map(str, said))
    return f"{said:,}" if isinstance(said, int) else str(said)
