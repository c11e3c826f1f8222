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
from dropcopy_tui.services.views import Changes, Review
from screens.terminal.meant_keys import MeantKeys, now
from screens.terminal.values import facts, paragraphs, value
from screens.wizard.steps import Step
from screens.wording import plural

# The wizard's steps that an edit can change, by the field that shows it.
_PARTS = ((2, "name", "Name"), (3, "front_end", "Front end"), (4, "filters", "Filters"), (5, "", "SenderComps"))
_LABEL = 13
_MEND = "Cannot submit yet: fix the lines marked !. Ctrl-T lists the steps."
_WHY_NOT = {
    "idle": "No changes yet: press Enter on a line below to change that part.",
    "catchup": "Merge the latest changes first: press Enter on the first line below.",
}


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
            yield Static("", classes="review", markup=False)
        yield self.error_line()
        yield OptionList(classes="submit", compact=True, markup=False)

    def show(self, review: Review) -> None:
        """Every fact of the request; problems first."""
        width = self.size.width or 52
        self.query_one(".review", Static).update(
            _new_page(review, width) if review.changes is None else _edit_page(review, review.changes, width)
        )
        if review.changes is not None:
            self.query_one(".step-title", Static).update(value("Before -> after. Nothing changes until you submit."))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(_lines(review))
        options.styles.height = options.option_count
        # Where nothing would change yet, the cursor waits on the first part that can.
        idle = review.changes is not None and not review.changes and not review.changes.stale
        options.highlighted = 1 if idle else 0
        self.show_error("")
        self._shown_at = float("inf")
        self.call_after_refresh(self._drawn)

    def take_keys(self) -> None:
        """Enter submits."""
        self.query_one(OptionList).focus()

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
        options = self.query_one(OptionList)
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


def _edit_page(review: Review, changes: Changes, width: int) -> Content:
    """What it was and what it will be; what stays is muted."""
    draft = review.draft
    changed = {change.field: change for change in changes.fields}
    present = {
        "name": draft.name,
        "front_end": draft.front_end.title if draft.front_end else "none",
        "filters": ", ".join(kind.words for kind in review.filters),
    }
    rows = []
    for _, field, title in _PARTS[:-1]:
        if field in changed:
            rows += [(title, changed[field].before, "$text-muted"), ("  ->", changed[field].after, "$warning")]
        else:
            rows.append((title, f"{present[field]}  (unchanged)", "$text-muted"))
    rows.append(
        ("SenderComps", _sources(changes, draft.sources), "$warning" if changes.added + changes.removed else "")
    )
    if review.approval_of:
        rows.append(("Approval", f"by an administrative manager of {', '.join(review.approval_of)}", ""))
    parts = [_problems(review)]
    if changes.stale:
        parts.append(paragraphs(f"! {changes.stale} Your own changes are kept.", style="$error"))
    parts += [value(f"{changes.group} at {draft.entity}, {draft.market_name}", "bold"), facts(rows, _LABEL, width)]
    return Content("\n").join(part for part in parts if part.plain)


def _sources(changes: Changes, after: int) -> str:
    if not changes.added and not changes.removed:
        return f"{after:,}  (unchanged)"
    before = after - changes.added + changes.removed
    return f"{before:,} -> {after:,}: {changes.added:,} added, {changes.removed:,} removed"


def _problems(review: Review) -> Content:
    return Content("\n").join(value(f"! {problem}", "$error") for problem in review.problems)


def _new_page(review: Review, width: int) -> Content:
    draft = review.draft
    firms = ", ".join(f"{firm.gfid} {firm.count:,}" for firm in review.firms[:6])
    more = f" and {len(review.firms) - 6} more" if len(review.firms) > 6 else ""
    targets = ", ".join(gateway.upper() for gateway in review.gateways)
    approval = ", ".join(review.approval_of)
    rows = [
        ("Entity", f"{draft.entity}  {draft.entity_name}"),
        ("Market", draft.market_name),
        ("Name", draft.name),
        ("Front end", draft.front_end.title if draft.front_end else "none"),
        ("Copies", ", ".join(kind.words for kind in review.filters)),
        ("Sources", f"{plural(draft.sources, 'SenderComp')}: {firms}{more}" if draft.sources else "none"),
        (
            "Targets",
            f"{plural(len(review.gateways), 'target session')} ({targets})" if targets else "no target session",
        ),
        ("Approval", f"by an administrative manager of {approval}" if approval else f"not required: {review.outcome}"),
        ("Fee", review.fee),
    ]
    parts = [_problems(review), facts([(name, text, "") for name, text in rows], 11, width)]
    return Content("\n").join(part for part in parts if part.plain)
