"""What each group would receive of a FIX log (domain section 6)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.fix_log import FixLog, LogMessage
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.routing import Reading, read
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.own_drafts import own_draft
from dropcopy_tui.services.routing.example_log import example_log
from dropcopy_tui.services.routing.log_forms import LogText
from dropcopy_tui.services.routing.log_index import Entry, LogIndex, Watch, open_log, read_index
from dropcopy_tui.services.routing.router import (
    DRAFT_ID,
    Receiver,
    Router,
    has_sources,
    receiver_named,
    receiver_of,
    receivers_of,
    with_draft,
)
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork

# Messages that are routed together: their sources are looked up in one question.
_BATCH = 1_000
# Decisions that are held; a log of a million sources costs no more.
_MOST_HELD = 20_000
_NAMES_KEPT = 100


@dataclass(frozen=True, slots=True)
class RoutedMessage:
    """A message of a log: what it is, which groups receive a copy, and why none does.

    Attributes:
        number: its place among the messages, from 0.
        why_not: for the group at hand, or for all of them; "" where it is copied.
    """

    number: int
    line: int
    reading: Reading
    groups: tuple[Receiver, ...]
    why_not: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """A group, how many messages each of its target sessions receives, and under which of its filters."""

    group: Receiver
    copies: int
    by_filter: dict[Filter, int]


@dataclass(frozen=True, slots=True)
class Report:
    """A log as a whole.

    Attributes:
        unrouted: messages that no group receives.
        by_filter: messages that fall under each filter, whoever has it.
        flagged: messages whose BodyLength, CheckSum or copy is wrong.
        unknown: messages of SenderComps that the person's entities do not have; the first such names.
        garbage: pieces of the log that are not messages; the first lines with one.
        own_lines: lines that the log's writer wrote for itself: session events and the like.
        misses: why pieces that look like FIX are not messages, and what is wrong with the file, each as a sentence.
    """

    messages: int
    unrouted: int
    groups: tuple[GroupTotal, ...]
    by_filter: dict[Filter, int]
    flagged: int
    unknown: int
    unknown_sources: tuple[str, ...]
    garbage: int
    garbage_lines: tuple[int, ...]
    own_lines: int = 0
    misses: tuple[str, ...] = ()


class Route:
    """A log on its way through the router: the messages one by one, then the report."""

    def __init__(self, text: LogText, chunks: Iterable[bytes], router: Router, about: Receiver | None = None) -> None:
        self._text, self._log, self._router, self._about = text, FixLog(chunks), router, about
        self._tally: Counter[Reading] = Counter()
        self._messages = self._unrouted = self._flagged = self._unknown = 0
        self._by_filter: Counter[Filter] = Counter()
        self._copies: Counter[int] = Counter()
        self._group_filters: dict[int, Counter[Filter]] = defaultdict(Counter)
        self._names: dict[str, None] = {}

    def __iter__(self) -> Iterator[RoutedMessage]:
        """The messages that have not been read yet, each with the groups that receive it."""
        decided: dict[Reading, tuple[tuple[Receiver, ...], str]] = {}
        for number, message, what in self.readings():
            found = decided.get(what)
            if found is None:
                if len(decided) > _MOST_HELD:
                    decided.clear()
                found = decided[what] = (self._router.groups(what), self._router.why_not(what, self._about))
            yield RoutedMessage(number, message.line, what, *found, message.problems)

    def readings(self) -> Iterator[tuple[int, LogMessage, Reading]]:
        """The same messages without their receivers: number, message, kind. Sources are looked up in batches."""
        messages = iter(self._log)
        while batch := [(message, read(message)) for message in islice(messages, _BATCH)]:
            self._router.learn(what for _, what in batch)
            self._tally.update(what for _, what in batch)
            self._flagged += sum(1 for message, _ in batch if message.problems)
            first, self._messages = self._messages, self._messages + len(batch)
            for number, (message, what) in enumerate(batch, first):
                yield number, message, what
            self._sum_up()

    def _sum_up(self) -> None:
        for what, count in self._tally.items():
            self._by_filter.update(dict.fromkeys(what.filters, count))
            groups = self._router.groups(what)
            for group in groups:
                self._copies[group.id] += count
                self._group_filters[group.id].update(dict.fromkeys(group.filters.intersection(what.filters), count))
            if not groups:
                self._unrouted += count
            if what.source and not self._router.source(what.source).markets:
                self._unknown += count
                if len(self._names) < _NAMES_KEPT:
                    self._names[what.source] = None
        self._tally.clear()

    def report(self) -> Report:
        """What was read, and what is left of it as well."""
        for _ in self.readings():
            pass
        garbage = self._log.garbage
        return Report(
            messages=self._messages,
            unrouted=self._unrouted,
            groups=tuple(self._total(receiver) for receiver in self._router.receivers.values()),
            by_filter=_ordered(self._by_filter),
            flagged=self._flagged,
            unknown=self._unknown,
            unknown_sources=tuple(self._names),
            garbage=garbage.pieces,
            garbage_lines=tuple(garbage.lines),
            own_lines=self._log.own_lines,
            misses=self._misses(),
        )

    def _misses(self) -> tuple[str, ...]:
        said = [f"Line {line:,} {reason}" for reason, line in self._log.garbage.misses.items()]
        return tuple([self._text.note, *said] if self._text.note else said)

    def _total(self, receiver: Receiver) -> GroupTotal:
        return GroupTotal(receiver, self._copies[receiver.id], _ordered(self._group_filters[receiver.id]))


def _ordered(counts: Counter[Filter]) -> dict[Filter, int]:
    return {kind: counts[kind] for kind in in_order(counts)}


@dataclass(frozen=True, slots=True)
class LogReview:
    """A log that a screen shows: its messages by number, and its report. `about` is the group it was opened from."""

    index: LogIndex
    report: Report
    about: Receiver | None
    _router: Router = field(repr=False)

    def close(self) -> None:
        """Give the files back."""
        self.index.close()


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """One message in full: its fields, and for every group that has its source whether it receives a copy."""

    routed: RoutedMessage
    fields: tuple[tuple[str, str], ...]
    original: tuple[tuple[str, str], ...]
    others: tuple[tuple[Receiver, str], ...]


class Routing(Service):
    """What the groups that a person may see receive of a log."""

    def route(
        self, actor: Actor, chunks: Iterable[bytes], entity: str = "", group: str = "", draft: int | None = None
    ) -> Route:
        """A log through the groups of the person, of one entity, through one group (by name or id), or a draft.

        A draft without sources is taken to have every source: they are chosen in its next step.

        Raises:
            NotFound: the entity, the group or the draft does not exist, or may not be seen.
            InvalidValue: several entities have a group of this name.
            FileRefused: the log is packed in a form that is not read.
        """
        router = self._router(actor, entity, group) if draft is None else self._draft_router(actor, draft)
        about = next(iter(router.receivers.values())) if group or draft is not None else None
        text = LogText(chunks)
        return Route(text, text, router, about)

    def review(
        self,
        actor: Actor,
        log: Path | bytes,
        group_id: int | None = None,
        filters: frozenset[Filter] | None = None,
        watch: Watch | None = None,
    ) -> LogReview:
        """Read a log for a screen. Nothing of it is held in memory but what is on the screen.

        Args:
            actor: who asks.
            log: a file, or what was pasted.
            group_id: the group at hand, if any.
            filters: the filters of a draft: of an edit of the group at hand, or of a new group.
            watch: called with the bytes read so far and in total; returns whether to continue.

        Raises:
            NotFound: the group does not exist, or may not be seen.
            FileRefused: the file cannot be read.
        """
        router = self._router(actor, filters=filters, about=group_id)
        about = router.receivers.get(group_id if group_id is not None else DRAFT_ID)
        with open_log(log) as source:
            route = Route(source.text, source.chunks(), router, about)
            entries = (_entry(router, about, *found) for found in route.readings())
            index = read_index(source, entries, lambda: route._log.taken, watch)
        try:
            return LogReview(index, route.report(), about, router)
        except BaseException:
            index.close()
            raise

    def messages(self, actor: Actor, reviewed: LogReview, only: str, ask: PageRequest) -> Page[RoutedMessage]:
        """A page of a log's messages; `only` is "" or a name of `log_index`.

        Raises NotFound when the person may no longer see what it is about.
        """
        self._still_seen(actor, reviewed)
        page = reviewed.index.page(only, ask)
        return Page(_routed(reviewed, page.rows), page.cursors, page.total)

    def message(self, actor: Actor, reviewed: LogReview, number: int) -> MessageDetail:
        """One message, whole. Raises NotFound, FileRefused."""
        from dropcopy_tui.services.routing.message_fields import fields_of

        self._still_seen(actor, reviewed)
        entry = reviewed.index.entry(number)
        raw = reviewed.index.raw(entry)
        again = next(iter(FixLog((raw,))), None)
        routed = _routed(reviewed, (entry,))[0]
        problems = again.problems if again else ("The log has changed since it was read.",)
        fields, original = fields_of(raw)
        source = reviewed._router.source(routed.reading.source)
        having = [reviewed._router.receivers[pk] for pk in source.groups]
        others = tuple((group, reviewed._router.why_not(routed.reading, group)) for group in having)
        whole = RoutedMessage(number, entry.line, routed.reading, routed.groups, routed.why_not, problems)
        return MessageDetail(whole, fields, original, others)

    def example(self, actor: Actor, entity: str = "") -> Iterator[bytes]:
        """The lines of a sample log with SenderComps that the person may see; it is the same every time.

        Raises:
            InvalidValue: the store is not a sandbox.
            NotFound: the entity may not be seen.
        """
        with self._reading(actor) as uow:
            places = self._places(uow, entity)
            return example_log(uow, places)

    # -- what a router is built from

    def _places(self, uow: UnitOfWork, entity: str) -> frozenset[int]:
        if not entity:
            return frozenset(uow.visible_ids())
        place = uow.entity(entity)
        return frozenset({key_of(place.id)})

    def _router(
        self,
        actor: Actor,
        entity: str = "",
        group: str = "",
        filters: frozenset[Filter] | None = None,
        about: int | None = None,
    ) -> Router:
        with self._reading(actor) as uow:
            places = self._places(uow, entity)
            receivers = receivers_of(uow, places)
        if group:
            receivers = [receiver_named(receivers, group)]
        if about is not None and all(receiver.id != about for receiver in receivers):
            raise NotFound(f"Group {about} does not exist, or you have no access to it.")
        if filters is not None:
            receivers = with_draft(receivers, filters, about)
        return Router(self._resources, actor, places, receivers)

    def _draft_router(self, actor: Actor, draft_id: int) -> Router:
        with self._reading(actor) as uow:
            draft = own_draft(uow, draft_id)
            places = frozenset(uow.visible_ids())
            receiver = receiver_of(uow, draft, receivers_of(uow, places))
            held = has_sources(uow, draft)
        return Router(self._resources, actor, places, [receiver], draft_id if held else None)

    def _still_seen(self, actor: Actor, reviewed: LogReview) -> None:
        with self._reading(actor) as uow:
            if not reviewed._router._entities <= frozenset(uow.visible_ids()):
                raise NotFound("Your access has changed since this log was read. Open it again.")


def _entry(router: Router, about: Receiver | None, number: int, message: LogMessage, what: Reading) -> Entry:
    groups = router.groups(what)
    return Entry(
        number,
        message.offset,
        message.size,
        message.line,
        what.kind.code,
        what.source,
        what.from_exchange,
        flagged=bool(message.problems),
        routed=bool(groups),
        received=about in groups,
    )


def _routed(reviewed: LogReview, entries: Sequence[Entry]) -> tuple[RoutedMessage, ...]:
    router = reviewed._router
    readings = [entry.reading() for entry in entries]
    router.learn(readings)
    flag = ("flagged",)
    return tuple(
        RoutedMessage(
            entry.number,
            entry.line,
            what,
            router.groups(what),
            router.why_not(what, reviewed.about),
            flag if entry.flagged else (),
        )
        for entry, what in zip(entries, readings, strict=True)
    )
