"""A request in words: the requested changes, its timeline, and the effect of a decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.requests import Change, RequestStatus, RequestType
from dropcopy_tui.services.views import FieldChange, RequestView
from screens.navigation import OpenGroup
from screens.terminal.values import facts, value, wrapped
from screens.wording import REQUEST_TONES, utc

Row = tuple[str, str, str]
_LABEL, _SHORT_LABEL, _NARROW_LABEL = 24, 21, 10
_ASKED = {
    "name": "Group",
    "market": "Market",
    "front_end": "Front end system",
    "filters": "Filters",
    "sources": "Source SenderComps",
    "sessions": "Sessions",
    "keys": "Public key ids",
}
_CHANGED = {"name": "Group name", "front_end": "Front end system", "filters": "Filters"}
_RELEASED = "released, not deleted; only GAM (Global Account Management) can retire them"
# The ending of refusals; left out on a page, where nothing has been attempted yet.
_NOTHING_DONE = " Nothing was changed."
_COUNTS = {
    RequestType.CREATE_GROUP: {Change.ADDED: "sources"},
    RequestType.EDIT_GROUP: {Change.ADDED: "added", Change.REMOVED: "removed"},
    RequestType.DELETE_GROUP: {Change.REMOVED: "sources"},
}


def source_counts(view: RequestView) -> dict[Change, int]:
    """How many SenderComps the request adds and removes: only the changes that its type has."""
    return {change: _number(view.asked.get(name)) for change, name in _COUNTS.get(view.type, {}).items()}


def _number(said: object) -> int:
    return said if isinstance(said, int) else 0


def story(view: RequestView, width: int, decision: str = "") -> Content:
    """Status first, then the requested changes, then the timeline. `decision`: why the person cannot decide."""
    tone = REQUEST_TONES[view.status]
    status = [
        ("Request", f"{view.id}  {view.type.words.lower()} {view.subject}", ""),
        ("Registered Entity", view.entity, ""),
        ("Status", view.status.words, "$text-muted" if tone == "muted" else f"${tone}"),
        *((("Stage", view.stage, ""),) if view.status is RequestStatus.IN_PROGRESS else ()),
        *(("Reason", reason, "$error") for reason in view.reasons),
        *((("Approval", decision.removesuffix(_NOTHING_DONE), ""),) if decision else ()),
    ]
    happened = [(utc(moment.at), moment.text, "") for moment in view.story]
    parts = [facts(status, _LABEL, width)]
    for title, rows in (("Requested changes", list(asked_rows(view, width))), ("Timeline", happened)):
        parts += [Content(""), value(title, "bold"), facts(rows, _LABEL, width)]
    return Content("\n").join(parts)


def request_detail(view: RequestView, width: int) -> Content:
    """The request beside its list: where it stands, what it changes, and what has happened to it."""
    tone = REQUEST_TONES[view.status]
    rows = [
        ("Status", view.status.words, "$text-muted" if tone == "muted" else f"${tone}"),
        *((("Stage", view.stage, ""),) if view.status is RequestStatus.IN_PROGRESS else ()),
        ("Entity", view.entity, ""),
        *(("Reason", reason, "$error") for reason in view.reasons),
    ]
    parts = [value(view.id, "bold"), value(f"{view.type.words} {view.subject}"), facts(rows, _NARROW_LABEL, width)]
    changes = [(name, text, style) for name, text, style in asked_rows(view, width)]
    for title, told in (("Requested changes", changes), ("Timeline", [(utc(m.at), m.text, "") for m in view.story])):
        parts += [Content(""), value(title, "bold"), *(_below(*row, width) for row in told)]
    return Content("\n").join(parts)


def _below(name: str, text: str, style: str, width: int) -> Content:
    """A value below its name: there is no room beside it."""
    said = [value(f"  {part}", style) for part in wrapped(text, width - 2)] if text else []
    return Content("\n").join([*([value(name, "$text-muted")] if name else []), *said])


def asked_rows(view: RequestView, width: int) -> Iterator[Row]:
    """The requested values, one per row; for an edit only the changes."""
    if view.type is RequestType.EDIT_GROUP:
        yield from _edit_rows(view, width)
        return
    for name, said in view.asked.items():
        yield _ASKED.get(name, name), _words(name, said), ""
    if view.type is RequestType.DELETE_GROUP:
        yield "Target sessions", _RELEASED, ""


def _edit_rows(view: RequestView, width: int) -> Iterator[Row]:
    if "market" in view.asked:
        yield "Market", _words("market", view.asked["market"]), ""
    for change in view.changes:
        yield from change_rows(change, width)
    added, removed = (source_counts(view)[change] for change in (Change.ADDED, Change.REMOVED))
    after = _number(view.asked.get("sources"))
    counts = f"{added:,} added, {removed:,} removed" if added or removed else "none added or removed"
    yield "Source SenderComps", f"{after - added + removed:,} -> {after:,}: {counts}", ""


def change_rows(change: FieldChange, width: int) -> Iterator[Row]:
    """A field `before -> after`: on a line where it fits, else one under the other."""
    label = _CHANGED.get(change.field, change.field.replace("_", " ").capitalize())
    line = f"{change.before} -> {change.after}"
    if len(line) <= width - _LABEL:
        yield label, line, ""
    else:
        yield label, change.before, ""
        yield "", f"-> {change.after}", ""


def _words(name: str, said: object) -> str:
    if name == "market":
        return market_named(str(said)).name
    if name == "filters" and isinstance(said, list):
        return ", ".join(Filter(kind).words for kind in said)
    if isinstance(said, list):
        return ", ".join(map(str, said))
    return f"{said:,}" if isinstance(said, int) else str(said)


def approval_page(view: RequestView, mine: frozenset[str], then: str, width: int) -> Content:
    """The request about to be approved. `mine`: the firms they approve for; `then`: when it is set up."""
    rest = [firm for firm in view.waiting_for if firm not in mine]
    rows = [
        ("Request", f"{view.type.words.lower()} {view.subject} of {view.entity}", ""),
        ("Submitted by", f"{view.submitted_by}, {utc(view.submitted_at)}", ""),
        *asked_rows(view, width),
        ("You approve for", ", ".join(firm for firm in view.waiting_for if firm in mine), ""),
        (
            "Then",
            f"it still awaits approval by {', '.join(rest)}" if rest else then,
            "$warning" if rest else "$success",
        ),
    ]
    return facts(rows, _SHORT_LABEL, width)


def cancellation_page(view: RequestView, width: int) -> Content:
    """The request about to be cancelled."""
    rows = [
        ("Request", f"{view.type.words.lower()} {view.subject} of {view.entity}", ""),
        *asked_rows(view, width),
        ("Then", "nothing is changed; you can submit a new request", "$warning"),
    ]
    return facts(rows, _SHORT_LABEL, width)


def decided_words(view: RequestView) -> str:
    """The result of the decision that was just made."""
    if view.status is not RequestStatus.IN_PROGRESS:
        return f"{view.id} ({view.type.words.lower()} {view.subject}) was {view.status.words.lower()}."
    if view.waiting_for:
        return f"{view.id} was approved and still awaits {', '.join(view.waiting_for)}."
    return f"{view.id} was approved and is {view.stage if view.due else 'being processed'}."


def all_ended(requests: Sequence[RequestView], user_id: str) -> tuple[str, str, OpenGroup | None]:
    """The results of requests that ended together, the banner's kind, and the group that can be opened.

    They are reported together because the banner has room for one text.
    """
    groups = [group_to_open(request, user_id) for request in requests]
    told = [ended_words(request, opens=group is not None) for request, group in zip(requests, groups, strict=True)]
    kind = "failed" if any(kind == "failed" for _, kind in told) else "done"
    return " ".join(text for text, _ in told), kind, next((group for group in reversed(groups) if group), None)


def group_to_open(request: RequestView, user_id: str) -> OpenGroup | None:
    """The group of the person's own request, if it exists now; they may have no access to other people's groups."""
    gone = request.type is RequestType.DELETE_GROUP
    if gone or request.submitted_by != user_id or request.group_id is None:
        return None
    return OpenGroup(request.group_id, tab="targets")


def ended_words(request: RequestView, opens: bool = True) -> tuple[str, str]:
    """The result of a request and the banner's kind. `opens`: its group can be opened with o."""
    what = f"{request.id} ({request.type.words.lower()} {request.subject})"
    if request.status is RequestStatus.COMPLETED:
        how = " Press o to open the group." if opens else ""
        return f"{what} was completed. {came(request)}{how}", "done"
    verb = "failed" if request.status is RequestStatus.FAILED else f"was {request.status.words.lower()}"
    return f"{what} {verb}. {' '.join(request.reasons)}", "failed"


def came(request: RequestView) -> str:
    """The result of a completed request."""
    targets = ", ".join(request.targets)
    sessions, were = ("Target session", "was") if len(request.targets) == 1 else ("Target sessions", "were")
    if request.type is RequestType.EDIT_GROUP:
        return "The changes are in effect."
    if request.type is RequestType.DELETE_GROUP:
        whom = "it" if len(request.targets) == 1 else "them"
        released = f"{sessions} {targets} {were} released: ask GAM to retire {whom}."
        return released if targets else "It had no target session."
    return f"{sessions} {targets} {were} set up."
