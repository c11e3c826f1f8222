"""Step 6: the whole request on one page; for an edit, what it was and what it will be (rules G2, G7, G10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dropcopy_tui.domain.requests import Change
from dropcopy_tui.services.groups.review_words import review_rows
from dropcopy_tui.services.views import Review
from screens.terminal.meant_keys import MeantKeys, now
from screens.terminal.values import facts, paragraphs, value, wrapped
from screens.wizard.steps import Step
from screens.wording import plural

# The wizard's steps that an edit can change, by the field that shows it.
_PARTS = ((2, "name", "Name"), (3, "front_end", "Front end"), (4, "filters", "Filters"), (5, "", "SenderComps"))
_LABEL = 13
_LEAST_LINES = 3
_TONES = {"+ ": "$success", "- ": "$warning"}
_MEND = "Cannot submit yet: fix the lines marked !. Ctrl-T lists the steps."
_WHY_NOT = {
    "idle": "No changes yet: press Enter on a line below to change that part.",
    "catchup": "Merge the latest changes first: press Enter on the first line below.",
}


class ReviewPage(Static):
    """The review, wrapped to the width that it has."""

    @dataclass
    class Drawn(Message):
        """It was wrapped again: it may be longer than its place now."""

    def __init__(self) -> None:
        super().__init__("", classes="review", markup=False)
        self._review: Review | None = None

    def show(self, review: Review) -> None:
        """Show this review from now on."""
        self._review = review
        self._draw()

    def on_resize(self) -> None:
        """The lines break elsewhere."""
        self._draw()

    def _draw(self) -> None:
        # Before the step is seen it has no width, and it is drawn again once it has.
        if self._review is not None and self.size.width:
            self.update(_page(self._review, self.size.width))
            self.call_after_refresh(self.post_message, self.Drawn())


class SubmitLines(OptionList):
    """The lines to press Enter on. Paging belongs to the review above, which may be longer than the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "scroll_review(1)", "Scroll", show=False, id="drafts.review_down",
                tooltip="Scroll the review down by a page."),
        Binding("pageup", "scroll_review(-1)", "Scroll up", show=False, id="drafts.review_up",
                tooltip="Scroll the review up by a page."),
    ]  # fmt: skip

    def action_scroll_review(self, pages: int) -> None:
        """Scroll the review."""
        for step in self.ancestors:
            if isinstance(step, SubmitStep):
                step.action_scroll_page(pages)


class SubmitStep(Step):
    """The last step."""

    TITLE = "Review. Nothing is created until you submit."
    _shown_at = float("inf")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "submit", "Submit", id="drafts.submit", tooltip="Submit the request."),
    ]

    @dataclass
    class Submitted(Message):
        """The person wants it."""

    @dataclass
    class StepAsked(Message):
        """The person wants to change a part."""

        number: int

    @dataclass
    class ListAsked(Message):
        """The person wants to see which SenderComps come or go."""

        change: Change

    @dataclass
    class CatchUpAsked(Message):
        """The latest changes of others should be merged."""

    def compose(self) -> ComposeResult:
        """The page, and the lines to press Enter on."""
        yield from self.heading()
        with VerticalScroll(classes="page"):
            yield ReviewPage()
        yield Static("", classes="more", markup=False)
        yield self.error_line()
        yield SubmitLines(classes="submit", compact=True, markup=False)

    def show(self, review: Review) -> None:
        """Every fact of the request; problems first."""
        self.query_one(ReviewPage).show(review)
        if review.changes is not None:
            self.query_one(".step-title", Static).update(value("Only the differences are shown."))
        options = self.query_one(SubmitLines)
        options.clear_options()
        options.add_options(_lines(review))
        options.styles.height = options.option_count
        self._share()
        # Where nothing would change yet, the cursor waits on the first part that can.
        idle = review.changes is not None and not review.changes and not review.changes.stale
        options.highlighted = 1 if idle else 0
        self.show_error("")
        self._shown_at = float("inf")
        self.call_after_refresh(self._drawn)

    def action_scroll_page(self, pages: int) -> None:
        """Scroll the review, whatever line of the list below it has the focus."""
        page = self.query_one(".page", VerticalScroll)
        page.scroll_relative(y=pages * max(1, page.size.height - 1), animate=False)
        self.call_after_refresh(self.tell_more)

    @on(ReviewPage.Drawn)
    def tell_more(self) -> None:
        """Name the keys that scroll the review, if it is longer than its place."""
        page = self.query_one(".page", VerticalScroll)
        below = page.max_scroll_y - page.scroll_offset.y
        said = f"PgUp/PgDn scroll · {plural(below, 'line')} below" if below else "PgUp/PgDn scroll · end"
        more = self.query_one(".more", Static)
        more.update(value(said if page.max_scroll_y else ""))
        more.set_class(bool(page.max_scroll_y), "-shown")

    def on_resize(self) -> None:
        """The review and the lines below it share what there is."""
        self._share()

    def _share(self) -> None:
        # The lines scroll under the cursor by themselves; the review is what has to be read.
        self.query_one(SubmitLines).styles.max_height = max(_LEAST_LINES, self.size.height // 3)

    def take_keys(self) -> None:
        """Enter submits."""
        self.query_one(SubmitLines).focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        kind, _, detail = (event.option_id or "").partition("-")
        if kind == "step":
            self.post_message(self.StepAsked(int(detail)))
        elif kind == "list":
            self.post_message(self.ListAsked(Change(detail)))
        elif kind == "catchup":
            self.post_message(self.CatchUpAsked())
        else:
            self.action_submit()

    def action_submit(self) -> None:
        """Submit, unless there are problems."""
        options = self.query_one(SubmitLines)
        first = options.get_option_at_index(0).id if options.option_count else ""
        keys: MeantKeys = self.app.meant_keys  # type: ignore[attr-defined]  # of TerminalApp
        if first != "submit":
            self.show_error(_WHY_NOT.get(first or "", _MEND))
        elif keys.is_meant(self._shown_at):
            keys.spend()
            self.post_message(self.Submitted())
        else:
            self.show_error("Press Enter again to submit.")

    def _drawn(self) -> None:
        self._shown_at = now()


def _lines(review: Review) -> list[Option]:
    """The lines to press Enter on: Submit, and for an edit its parts."""
    changes = review.changes
    if review.problems:
        first = Option(value("Cannot submit yet: fix the lines marked !", "$text-disabled"), id="mend")
    elif changes is None:
        first = Option(value("Submit this request"), id="submit")
    elif changes.stale:
        first = Option(value("Merge the latest changes"), id="catchup")
    elif not changes:
        first = Option(value("Nothing to submit yet: no changes", "$text-disabled"), id="idle")
    else:
        first = Option(value("Submit these changes", "bold"), id="submit")
    if changes is None:
        return [first]
    lines = [first, *(Option(value(f"Change: {title}"), id=f"step-{number}") for number, _, title in _PARTS)]
    for change, count in ((Change.ADDED, changes.added), (Change.REMOVED, changes.removed)):
        if count:
            lines.append(Option(value(f"Show the {count:,} {change.value}"), id=f"list-{change.value}"))
    return lines


def _page(review: Review, width: int) -> Content:
    """The problems, whose group it is, and the rows of the review; long ones are wrapped under themselves."""
    changes = review.changes
    lines = [f"! {problem}" for problem in review.problems]
    if changes is not None and changes.stale:
        lines.append(f"! {changes.stale} Your own changes are kept.")
    parts = [paragraphs("\n".join(wrapped(line, width, "  ")), "$error") for line in lines]
    if changes is not None:
        title = f"{changes.group} at {review.draft.entity}, {review.draft.market_name}"
        parts.append(paragraphs("\n".join(wrapped(title, width)), "bold"))
    rows = [(name, text, _TONES.get(text[:2], "")) for name, text in review_rows(review)]
    return Content("\n").join([*parts, facts(rows, _LABEL, width)])
