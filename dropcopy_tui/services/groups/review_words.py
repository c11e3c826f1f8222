"""A review in words, one fact a row: the same on the last step of the wizard and in a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dropcopy_tui.domain.plurals import plural, some
from dropcopy_tui.services.views import Changes, Review

Row = tuple[str, str]
_FIELDS = {"name": "Name", "front_end": "Front end"}
_FIRMS = 6


def review_rows(review: Review) -> list[Row]:
    """Names and values. Of an edit only the differences; a row without a name continues the one above it."""
    rows = list(_new(review) if review.changes is None else _differences(review, review.changes))
    rows += _targets(review)
    rows.append(("Approval", approval_words(review)))
    rows.append(("Effective", review.effective))
    return rows + ([("Fee", review.fee)] if review.fee else [])


def approval_words(review: Review) -> str:
    """Who must approve it."""
    firms = ", ".join(review.approval_of)
    return f"by an administrative manager of {firms}" if firms else "not required"


def _new(review: Review) -> Iterator[Row]:
    draft = review.draft
    firms = some([f"{firm.gfid} {firm.count:,}" for firm in review.firms], _FIRMS)
    yield "Entity", f"{draft.entity}  {draft.entity_name}".rstrip()
    yield "Market", draft.market_name
    yield "Name", draft.name
    yield "Front end", draft.front_end.title if draft.front_end else "none"
    yield "Copies", ", ".join(kind.words for kind in review.filters)
    yield "Sources", f"{plural(draft.sources, 'SenderComp')}: {firms}" if draft.sources else "none"


def _differences(review: Review, changes: Changes) -> Iterator[Row]:
    for change in changes.fields:
        if change.field in _FIELDS:
            yield _FIELDS[change.field], f"{change.before or 'none'} -> {change.after or 'none'}"
    signs = [f"+ {kind.words}" for kind in changes.filters_added]
    signs += [f"- {kind.words}" for kind in changes.filters_removed]
    yield from _listed("Filters", signs)
    if changes.added or changes.removed:
        yield from _listed("SenderComps", _source_lines(review.draft.sources, changes))
    if not changes:
        yield "Changes", "none yet"


def _source_lines(after: int, changes: Changes) -> list[str]:
    before = after - changes.added + changes.removed
    lines = [f"{before:,} -> {after:,}: {changes.added:,} added, {changes.removed:,} removed"]
    for sign, names in (("+", changes.added_names), ("-", changes.removed_names)):
        if names:
            lines.append(f"{sign} {', '.join(names)}")
    return lines


def _targets(review: Review) -> Iterator[Row]:
    """The target sessions that set-up will allocate: a client cannot log on before each has a key pair."""
    if not review.new_targets:
        if review.changes is None:
            yield "Targets", "no target session"
        return
    kinds = ", ".join(gateway.upper() for gateway in review.new_targets)
    number = len(review.new_targets)
    needs = "it needs a key pair" if number == 1 else "each needs a key pair"
    sessions = (
        plural(number, "target session") if review.changes is None else f"+ {plural(number, 'new target session')}"
    )
    yield "Targets", f"{sessions} ({kinds}); {needs}"


def _listed(name: str, lines: Sequence[str]) -> Iterator[Row]:
    for number, line in enumerate(lines):
        yield "" if number else name, line
