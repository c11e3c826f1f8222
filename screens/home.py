"""Home: what there is at the left, what needs somebody at the right. What an operator looks at in the morning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dropcopy_tui.domain.dates import month_name
from dropcopy_tui.domain.people import MAY_AUDIT, MAY_EASE
from screens.frame import DeskScreen, job, off_thread
from screens.terminal.values import clip, value

if TYPE_CHECKING:
    from dropcopy_tui.services.home import HomeView, Month

_LISTED = 3
_BAR = 6


class HomeScreen(DeskScreen[None]):
    """The first screen."""

    CSS_PATH = "../styles/home.tcss"
    AUTO_FOCUS = "#menu"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stay", show=False, id="home.stay"),
        Binding("n", "new_group", "New group", id="groups.create", tooltip="Ask for a new drop copy group."),
        Binding("k", "keys", "Keys", id="home.keys",
                tooltip="Key pairs of the session under the cursor; of all that expire soon from anywhere else."),
        Binding("c", "calendar", "Calendar", id="home.calendar", tooltip="Which session's key pairs live when."),
        Binding("left", "go('#menu')", show=False, id="home.left", tooltip="To the menu."),
        Binding("right", "go('#attention')", show=False, id="home.right", tooltip="To what needs attention."),
        Binding("ctrl+p", "app.command_palette", "Commands", id="home.commands", tooltip="Every command by name."),
        Binding("ctrl+r", "reload", "Reload", show=False, id="home.reload", tooltip="Read everything again."),
        Binding("q", "app.quit_desk", "Quit", id="home.quit", tooltip="Leave the application."),
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
        """Fill both sides."""
        _refill(self.query_one("#menu", OptionList), _menu(view))
        _refill(self.query_one("#attention", OptionList), _attention(view))
        self.query_one("#months", Static).update(_months(view.months))
        self.show_place()

    @on(OptionList.OptionSelected)
    def _opened(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id:
            self._go_to(event.option_id)

    @job()
    async def _go_to(self, target: str) -> None:
        """Open what a line stands for; the first time, the store may still be opening."""
        self.quiet()
        await self.desk()
        if self.desk_app.signed_in:
            # Imported late: what it needs is not needed to paint.
            from screens.routes import open_place

            await open_place(self, target)

    def action_go(self, target: str) -> None:
        """Put the keys on one side."""
        side = self.query_one(target, OptionList)
        if side.option_count:
            side.focus()

    def action_stay(self) -> None:
        """Home is where Escape ends."""
        self.quiet()

    @job()
    async def action_new_group(self) -> None:
        """The market, the fee, the wizard."""
        from screens.groups.new_group import new_group

        await new_group(self)

    @job()
    async def action_keys(self) -> None:
        """Manage Keys, from where one sees that it has to be done."""
        self.quiet()
        desk = await self.desk()
        pks = self._needing_keys() if self.desk_app.signed_in else frozenset()
        if not pks:
            self.say("No key pair expires within four weeks. Right and Down go to a session.", "note")
            return
        from dropcopy_tui.domain.pages import Selection
        from screens.keys.manage import manage_keys

        if await manage_keys(self, await off_thread(desk.sessions.picked, self.actor, Selection(pks))):
            self.action_reload()

    def _needing_keys(self) -> frozenset[int]:
        """The session under the cursor; where there is none, all whose last pair expires within four weeks."""
        side, view = self.query_one("#attention", OptionList), self.desk_app.home_view
        kind, _, detail = (side.highlighted_option.id or "").partition("-") if side.highlighted_option else ("", "", "")
        if side.has_focus and kind == "session":
            return frozenset({int(detail)})
        return frozenset(key.session_pk for key in view.expiring) if view is not None else frozenset()

    def action_calendar(self) -> None:
        """The key calendar."""
        self._go_to("calendar")

    @job(exclusive=True, group="home")
    async def action_reload(self) -> None:
        """Read everything again."""
        await self.desk_app.refresh_home()


def _refill(options: OptionList, lines: list[Option]) -> None:
    """New lines, with the cursor where it was."""
    at = options.highlighted
    options.clear_options()
    options.add_options(lines)
    if options.option_count:
        options.highlighted = min(at if at is not None else 0, options.option_count - 1)
        if options.highlighted is not None and options.get_option_at_index(options.highlighted).disabled:
            options.action_first()


def _menu(view: HomeView | None) -> list[Option]:
    """The menus of the Request Center with how much is in each."""
    brokertec, globex, order_entry, market_data, requests, to_do = _counts(view)
    lines = [
        _heading("BrokerTec Requests"),
        _entry("Drop Copy Groups", brokertec, "groups-brokertec"),
        _entry("Order Entry Sessions", order_entry, "sessions-order_entry"),
        _entry("Market Data Sessions", market_data, "sessions-market_data"),
        _heading("Globex Requests"),
        _entry("Drop Copy Groups", globex, "groups-globex"),
        _heading("My Requests"),
        _entry("Request Status", requests, "requests"),
        _entry("To Do", to_do, "requests-todo"),
        _entry("Notices", view.notices if view is not None else None, "notices"),
    ]
    if view is not None and not view.roles.isdisjoint(MAY_AUDIT | MAY_EASE):
        lines.append(_heading("Desk"))
        lines += [_entry("Audit trail", None, "audit")] if not view.roles.isdisjoint(MAY_AUDIT) else []
        lines += [_entry("EASE desk", None, "ease")] if not view.roles.isdisjoint(MAY_EASE) else []
    if view is not None and view.sandbox:
        lines += [_heading("Sandbox"), _entry("Phone and mailbox", None, "outbox")]
    return lines


def _counts(view: HomeView | None) -> tuple[int | None, ...]:
    """How much is in each menu, in menu order; unknown before the first look."""
    if view is None:
        return (None,) * 6
    requests = (view.requests, view.to_review)
    return (view.brokertec_groups, view.globex_groups, view.order_entry, view.market_data, *requests)


def _heading(text: str) -> Option:
    return Option(Content.styled(text, "bold $foreground"), disabled=True)


def _entry(text: str, count: int | None, target: str) -> Option:
    shown = f"{count:,}" if count is not None else ""
    return Option(value(f"  {text:<21}{shown:>4}"), id=target)


def _attention(view: HomeView) -> list[Option]:
    """What needs somebody, each line with its cure one key away."""
    lines: list[Option] = []
    for stopped in view.stopped[: _room(view.stopped, 1)]:
        text = f"! {stopped.session_id} stopped: key expired {stopped.since}"
        lines.append(_session_line(text, stopped.session_pk, "bold $error"))
    lines += _more(view.stopped, 1, "stopped")
    if view.expiring:
        what = "1 key pair expires" if len(view.expiring) == 1 else f"{len(view.expiring)} key pairs expire"
        lines.append(Option(value(f"! {what} within four weeks", "bold $warning"), disabled=True))
        for key in view.expiring[: _room(view.expiring, _LISTED)]:
            text = f"  {key.session_id}  {key.when}  {key.how_far}"
            lines.append(_session_line(text, key.session_pk))
        lines += _more(view.expiring, _LISTED, "expire")
    if view.to_review:
        waiting = "1 request waits" if view.to_review == 1 else f"{view.to_review:,} requests wait"
        lines.append(Option(value(f"? {waiting} for your approval", "bold $warning"), id="requests-todo"))
    for draft in view.drafts[:_LISTED]:
        name = clip(draft.name or "no name yet", 12)
        market = draft.market_name.removeprefix("BrokerTec ")
        lines.append(Option(value(f"+ draft {name} ({market}), step {draft.step}"), id=f"draft-{draft.id}"))
    if view.drafts:
        lines.append(Option(value(f"  all drafts ({len(view.drafts)}): resume or discard"), id="drafts"))
    for new in view.without[: _room(view.without, 1)]:
        lines.append(_session_line(f"+ {new.session_id} has no key pair yet", new.session_pk))
    lines += _more(view.without, 1, "have no key pair")
    if not view.entities:
        lines.append(Option(value("Nothing: you are entitled at no entity.", "$text-muted"), disabled=True))
    elif not lines:
        lines.append(Option(value("Nothing. All key pairs live beyond four weeks.", "$success"), disabled=True))
    return lines


def _room(items: Sequence[object], most: int) -> int:
    """How many of them have a line; the last one of all needs no line that says it is there."""
    return most + 1 if len(items) == most + 1 else most


def _more(items: Sequence[object], most: int, what: str) -> list[Option]:
    """How many more there are; the key calendar has all of them."""
    left = len(items) - _room(items, most)
    words = f"    and {left:,} more {what}"
    return [Option(value(words, "$text-muted"), id=f"calendar-{what.split()[0]}")] if left > 0 else []


def _session_line(text: str, session_pk: int, style: str = "") -> Option:
    """A line that opens its session."""
    return Option(value(text, style), id=f"session-{session_pk}")


def _months(months: tuple[Month, ...]) -> Content:
    """Key pairs that end, by month: two columns of bars, each bar with its number."""
    most = max((month.keys for month in months), default=0)
    if not most:
        return Content("")
    lines = [Content.assemble(Content.styled("Key pairs expiring, by month", "bold"), "  c calendar")]
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
