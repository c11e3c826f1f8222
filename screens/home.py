"""Home: what there is at the left, what needs someone at the right. What an operator looks at in the morning."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dropcopy_tui.domain.dates import month_name
from dropcopy_tui.domain.plurals import plural
from screens.frame import DeskScreen
from screens.jobs import job, off_thread
from screens.navigation import OpenCalendar, OpenDrafts, OpenRequests, OpenSession, OpenWizard, Route
from screens.routes import DESTINATIONS, Destination
from screens.terminal.values import clip, value

if TYPE_CHECKING:
    from dropcopy_tui.services.home import HomeView, Month

_LISTED = 3
_BAR = 6


class RouteOption(Option):
    """A line that leads somewhere."""

    def __init__(self, prompt: Content, route: Route) -> None:
        super().__init__(prompt)
        self.route = route


class HomeScreen(DeskScreen[None]):
    """The first screen."""

    CSS_PATH = "../styles/home.tcss"
    AUTO_FOCUS = "#menu"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stay", show=False, id="home.stay"),
        Binding("n", "new_group", "New group", id="groups.create", tooltip="Request a new drop copy group."),
        Binding("k", "keys", "Keys", id="keypairs.manage",
                tooltip="Manage key pairs of the session under the cursor, or of all expiring sessions."),
        Binding("c", "calendar", "Calendar", id="home.calendar", tooltip="Open the key calendar."),
        Binding("left", "go('#menu')", show=False, id="home.left", tooltip="Go to the menu."),
        Binding("right", "go('#attention')", show=False, id="home.right", tooltip="Go to Needs attention."),
        Binding("ctrl+p", "app.command_palette", "Commands", id="app.commands", tooltip="Find any command by name."),
        Binding("ctrl+r", "reload", "Refresh", show=False, id="home.reload", tooltip="Refresh the Home screen."),
        Binding("q", "app.quit_desk", "Quit", id="app.quit", tooltip="Quit."),
    ]  # fmt: skip

    def body(self) -> ComposeResult:
        """The menu, and what needs attention; both can be walked by keys."""
        with Horizontal(id="columns"):
            yield OptionList(*_menu(None), id="menu", compact=True, markup=False)
            with Vertical(id="right"):
                yield Static("Needs attention", classes="heading", markup=False)
                yield OptionList(id="attention", compact=True, markup=False)
                yield Static("", id="months", markup=False)

    def place(self) -> tuple[str, ...]:
        """The top."""
        return ("Request Center",)

    def on_mount(self) -> None:
        """Show what is known already."""
        self.show_place()
        view = self.desk_app.home_view
        if view is not None:
            self.show(view)

    def on_screen_resume(self) -> None:
        """Other screens may have changed what is here."""
        super().on_screen_resume()
        if self.desk_app.home_view is not None:
            self.action_reload()

    def show(self, view: HomeView) -> None:
        """Fill both sides. While the application ends, they are gone before the screen is."""
        if not self.query("#menu"):
            return
        _refill(self.query_one("#menu", OptionList), _menu(view))
        _refill(self.query_one("#attention", OptionList), _attention(view))
        self.query_one("#months", Static).update(_months(view.months))
        self.show_place()

    @on(OptionList.OptionSelected)
    def _opened(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if isinstance(event.option, RouteOption):
            self._go_to(event.option.route)

    @job()
    async def _go_to(self, route: Route) -> None:
        """Open what a line stands for; the first time, the store may still be opening."""
        self.quiet()
        await self.desk()
        if self.desk_app.signed_in:
            await self.go(route)

    def action_go(self, target: str) -> None:
        """Put the keys on one side."""
        side = self.query_one(target, OptionList)
        if side.option_count:
            side.focus()
            if side.highlighted is None:
                side.action_first()

    def action_stay(self) -> None:
        """Home is where Escape ends."""
        self.quiet()

    @job()
    async def action_new_group(self) -> None:
        """The market, the fee, the wizard."""
        # Late for the sake of start-up: what it needs is not needed to paint.
        from screens.groups.new_group import new_group

        await new_group(self)

    @job()
    async def action_keys(self) -> None:
        """Manage Keys, from where one sees that it has to be done."""
        self.quiet()
        desk = await self.desk()
        pks = self._needing_keys() if self.desk_app.signed_in else frozenset()
        if not pks:
            self.say("No key pair expires within four weeks. Press Right, then Down, to select a session.", "note")
            return
        # Late for the sake of start-up: what it needs is not needed to paint.
        from dropcopy_tui.domain.pages import Selection
        from screens.keys.manage import manage_keys

        if await manage_keys(self, await off_thread(desk.sessions.picked, self.actor, Selection(pks))):
            self.action_reload()

    def _needing_keys(self) -> frozenset[int]:
        """The session under the cursor; where there is none, all whose last pair expires within four weeks."""
        side, view = self.query_one("#attention", OptionList), self.desk_app.home_view
        option = side.highlighted_option
        if side.has_focus and isinstance(option, RouteOption) and isinstance(option.route, OpenSession):
            return frozenset({option.route.session_pk})
        return frozenset(key.session_pk for key in view.expiring) if view is not None else frozenset()

    def action_calendar(self) -> None:
        """The key calendar."""
        self._go_to(OpenCalendar())

    @job(exclusive=True, group="home")
    async def action_reload(self) -> None:
        """Refresh."""
        await self.desk_app.refresh_home()


def _refill(options: OptionList, lines: list[Option]) -> None:
    """New lines, with the cursor where it was: on nothing if that is gone, so that Enter opens no neighbour."""
    at, began = options.highlighted_option, options.option_count == 0
    options.clear_options()
    options.add_options(lines)
    if began:
        options.action_first()
    else:
        options.highlighted = next((number for number, line in enumerate(lines) if _leads_like(line, at)), None)
        if options.highlighted is None and not options.has_focus:
            options.action_first()


def _leads_like(line: Option, other: Option | None) -> bool:
    """Whether both lines lead to the same place: routes are tuples, and those of two kinds may look alike."""
    if not isinstance(line, RouteOption) or not isinstance(other, RouteOption):
        return False
    here, there = line.route, other.route
    return type(here) is type(there) and (here == there or not isinstance(here, tuple))


def _menu(view: HomeView | None) -> list[Option]:
    """The menus of the Request Center with how much is in each; before the first look, what everyone has."""
    roles, sandbox = (view.roles, view.sandbox) if view is not None else ((), False)
    shown = (place for place in DESTINATIONS if place.heading and place.is_offered(roles, sandbox))
    lines: list[Option] = []
    for heading, places in groupby(shown, key=lambda place: place.heading):
        lines.append(_heading(heading))
        lines += [_entry(place, view) for place in places]
    return lines


def _heading(text: str) -> Option:
    return Option(Content.styled(text, "bold $foreground"), disabled=True)


def _entry(place: Destination, view: HomeView | None) -> Option:
    count = f"{place.size(view):,}" if place.size is not None and view is not None else ""
    return RouteOption(value(f"  {place.entry:<21}{count:>4}"), place.route)


def _attention(view: HomeView) -> list[Option]:
    """What needs attention; each line can be resolved with one key."""
    lines: list[Option] = []
    for stopped in view.stopped[: _room(view.stopped, 1)]:
        text = f"! {stopped.session_id} feed stopped {stopped.since}"
        lines.append(_session_line(text, stopped.session_pk, "bold $error"))
    lines += _more(view.stopped, 1, "stopped")
    if view.expiring:
        what = plural(len(view.expiring), "key pair expires", "key pairs expire")
        lines.append(Option(value(f"! {what} within four weeks", "bold $warning"), disabled=True))
        for key in view.expiring[: _room(view.expiring, _LISTED)]:
            text = f"  {key.session_id}  {key.when}  {key.how_far}"
            lines.append(_session_line(text, key.session_pk))
        lines += _more(view.expiring, _LISTED, "expire")
    if view.to_review:
        waiting = plural(view.to_review, "request awaits", "requests await")
        lines.append(RouteOption(value(f"? {waiting} your approval", "bold $warning"), OpenRequests("todo")))
    for draft in view.drafts[:_LISTED]:
        name = clip(draft.name or "unnamed", 12)
        market = draft.market_name.removeprefix("BrokerTec ")
        lines.append(RouteOption(value(f"+ draft {name} ({market}), step {draft.step}"), OpenWizard(draft.id)))
    if view.drafts:
        lines.append(RouteOption(value(f"  all drafts ({len(view.drafts)}): resume or discard"), OpenDrafts()))
    for new in view.without[: _room(view.without, 1)]:
        lines.append(_session_line(f"+ {new.session_id} has no key pair yet", new.session_pk))
    lines += _more(view.without, 1, "have no key pair")
    if not view.entities:
        lines.append(Option(value(view.no_entity, "$text-muted"), disabled=True))
    elif not lines:
        lines.append(
            Option(value("Nothing needs attention: no key pair expires within four weeks.", "$success"), disabled=True)
        )
    return lines


def _room(items: Sequence[object], most: int) -> int:
    """How many of them have a line; the last one of all needs no line that says it is there."""
    return most + 1 if len(items) == most + 1 else most


def _more(items: Sequence[object], most: int, what: str) -> list[Option]:
    """How many more there are; the key calendar has all of them."""
    left = len(items) - _room(items, most)
    words = f"    and {left:,} more {what}"
    return [RouteOption(value(words, "$text-muted"), OpenCalendar())] if left > 0 else []


def _session_line(text: str, session_pk: int, style: str = "") -> Option:
    """A line that opens its session."""
    return RouteOption(value(text, style), OpenSession(session_pk))


def _months(months: tuple[Month, ...]) -> Content:
    """Key pairs that end, by month: two columns of bars, each bar with its number."""
    most = max((month.keys for month in months), default=0)
    if not most:
        return Content("")
    lines = [Content.assemble(Content.styled("Expiring key pairs by month", "bold"), "  c calendar")]
    half = len(months) // 2
    for row in range(half):
        cells = [_bar(months[row + column * half], most) for column in range(2)]
        lines.append(Content("  ").join(cells))
    return Content("\n").join(lines)


def _bar(month: Month, most: int) -> Content:
    length = round(_BAR * month.keys / most) if month.keys else 0
    bar = "▇" * max(length, 1 if month.keys else 0)
    label = f" {month_name(month.month)} {month.year % 100:02d} {bar:<{_BAR}} {month.keys or '':>4}"
    return Content.styled(label, "" if month.keys else "$text-disabled")
