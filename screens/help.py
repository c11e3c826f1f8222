"""Help: what a screen is for, what its keys do, and how else the same is done. `/` searches the help of all screens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.help_pages import GROUPS, HelpHit, HelpPage, all_pages, found, live_page
from screens.jobs import job
from screens.leaving import LeavingScreen
from screens.terminal.app import MODAL_BINDINGS
from screens.terminal.values import clip, facts, value, wrapped
from screens.widgets.inputs import DeskInput
from screens.widgets.sheet import Sheet

_READING = "/ searches all help · Arrows scroll · Esc closes"
_SEARCHING = "Down goes to what was found · Enter opens it · Esc goes back"
_KEY_CELLS = 12
_TITLE_CELLS = 20
_DIALOG = 78
_HEADINGS = {"Act": "Keys on this screen", "Select": "Keys that select", "Move": "Keys that move"}


class HelpModal(LeavingScreen[None], ModalScreen[None]):
    """The help of the screen that asked, and of every other one."""

    CSS_PATH = "../styles/modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MODAL_BINDINGS,
        Binding("escape", "back", "Close", id="help.back", tooltip="Leave the search, then help."),
        Binding("question_mark,f1,enter,q", "close", "Close", id="help.close", tooltip="Close help."),
        Binding("slash", "search", "Search", id="help.search", tooltip="Search the help of all screens."),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._page = live_page(screen)
        self._pages: Sequence[HelpPage] = ()
        self._hits: list[HelpHit] = []

    def compose(self) -> ComposeResult:
        """The page, and below a field that is not seen yet what is found with it."""
        with Vertical(classes="dialog wide tall"):
            yield Static("", classes="title", markup=False)
            yield DeskInput(placeholder="search the help of all screens", classes="search", compact=True)
            with VerticalScroll(classes="fill page"):
                yield Sheet()
            yield OptionList(classes="fill hits", compact=True, markup=False)
            yield Static("", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Arrows scroll."""
        self._show(self._page)

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)

    def action_back(self) -> None:
        """Out of the search first."""
        if self.has_class("-searching"):
            self._show(self._page)
        else:
            self.dismiss(None)

    @job()
    async def action_search(self) -> None:
        """Show the field; the help of screens that were not opened yet is read first."""
        self._pages = await all_pages()
        self.add_class("-searching")
        self.query_one(".title", Static).update("Search the help of all screens")
        self.query_one(".hint", Static).update(_SEARCHING)
        field = self.query_one(DeskInput)
        field.focus()
        self._find(field.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._hits:
            self._show(self._hits[0].page)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._show(self._hits[event.option_index].page)

    def key_down(self) -> None:
        """From the field to what was found."""
        hits = self.query_one(OptionList)
        if self.has_class("-searching") and not hits.has_focus and hits.option_count:
            hits.focus()
            hits.action_first()

    def _find(self, typed: str) -> None:
        self._hits = found(self._pages, typed)
        hits = self.query_one(OptionList)
        hits.clear_options()
        hits.add_options([_line(hit, self.size.width) for hit in self._hits])
        if typed.strip() and not self._hits:
            hits.add_option(Option(value("Nothing matches. Try a key, a verb, or a part of a name."), disabled=True))

    def _show(self, page: HelpPage) -> None:
        self._page = page
        self.remove_class("-searching")
        self.query_one(".title", Static).update(f"Help: {page.title}")
        self.query_one(".hint", Static).update(_READING)
        self.query_one(Sheet).show(lambda width: page_text(page, width))
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_home(animate=False)
        scroll.focus()


def _line(hit: HelpHit, width: int) -> Option:
    """What was found, whole: a long line continues under itself."""
    lines = wrapped(hit.line, max(20, min(width, _DIALOG) - _TITLE_CELLS - 10))
    titles = [f"{clip(hit.page.title, _TITLE_CELLS):<{_TITLE_CELLS}}", *[" " * _TITLE_CELLS] * (len(lines) - 1)]
    return Option(value_lines(f"{title}  {line}" for title, line in zip(titles, lines, strict=True)))


def value_lines(lines: Iterable[str]) -> Content:
    """Lines of stored or visible text as one content."""
    return Content("\n").join(value(line) for line in lines)


def page_text(page: HelpPage, width: int) -> Content:
    """A page as text of so many cells a line."""
    return Content("\n").join(_parts(page, width))


def _parts(page: HelpPage, width: int) -> Iterator[Content]:
    yield from (value(line) for line in wrapped(page.purpose, width))
    if page.words:
        names = ", ".join(word for word, _ in page.words)
        yield from (value(line, "$text-muted") for line in wrapped(f"Words: {names}", width, "  "))
    for group in GROUPS:
        rows = [(key.keys, key.words, "") for key in page.keys if key.group == group]
        if rows:
            yield from _section(_HEADINGS[group], facts(rows, _KEY_CELLS, width))
    if page.commands:
        yield from _section("From a script", Content("\n").join(value(command) for command in page.commands))
    name, title = page.walkthrough
    if name:
        rows = [("watch", f"dropcopy walkthrough step {name}", ""), ("do", f"dropcopy walkthrough practice {name}", "")]
        yield from _section(f"Walkthrough: {title}", facts(rows, _KEY_CELLS, width))
    if page.words:
        words = [line for word, text in page.words for line in wrapped(f"{word}: {text}", width, "  ")]
        yield from _section("Words", Content("\n").join(value(line) for line in words))


def _section(title: str, text: Content) -> Iterator[Content]:
    yield from (Content(""), value(title, "bold"), text)
