"""Anchors: lines outside the store that say how far its audit trail had come, so that a store rolled back is noticed.

    dropcopy-anchor 1 2026-11-29T20:15:00Z STORE 7 1234 1234 DIGEST CHECK

A time, the store's id, the number of the line in its file (0 in a system log), how many events there were, the last
one, its digest, and a digest over the line and the one before it in the file ("-" in a system log).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from dropcopy_tui.domain.errors import InvalidValue

SYSLOG = "syslog"
_MARK = "dropcopy-anchor 1 "
_FIELDS = 7
_NO_CHECK = "-"


@dataclass(frozen=True, slots=True)
class TrailAnchor:
    """The end of an audit trail at a moment. `number` is its line in a file, from 1 on; 0 in a system log."""

    at: datetime
    store: str
    number: int
    events: int
    last_event: int
    digest: str

    def line(self, before: str = "") -> str:
        """The line, after the check of the line before it."""
        said = (
            f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {self.store} {self.number} {self.events} {self.last_event} "
            f"{self.digest}"
        )
        return f"{_MARK}{said} {_check(said, before) if self.number else _NO_CHECK}"


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """The anchors of a store in a file, oldest first; `fault` says what is wrong with the file itself."""

    anchors: tuple[TrailAnchor, ...]
    fault: str = ""


def check_of(line: str) -> str:
    """The digest at the end of a line, which the next one is chained to."""
    return line.split()[-1]


def last_of(text: str, store: str) -> tuple[TrailAnchor, str] | None:
    """The last whole anchor of the store in a file, with its check; None where there is none."""
    for line in reversed(text.splitlines()):
        found = _read(line)
        if found is not None and found[0].store == store:
            return found
    return None


def read_anchors(lines: Iterable[str], store: str) -> AnchorFile:
    """The anchors of a store in a file or in what a system log has. Raises InvalidValue: there is none of this store.

    Other lines are passed over: a system log has many, and a writer may have been killed in the middle of one.
    """
    own: list[TrailAnchor] = []
    others, fault, check = 0, "", ""
    for line in lines:
        found = _read(line)
        if found is None:
            continue
        anchor, given = found
        if anchor.store != store:
            others += 1
            continue
        if anchor.number and not fault:
            fault = _fault_of(anchor, given, own[-1].number if own else 0, check)
        check = given
        own.append(anchor)
    if not own:
        what = "has anchors of another store only" if others else "has no anchors"
        raise InvalidValue(f"The file {what}. Nothing was verified. Name the file that `audit_anchor` names.", "anchor")
    return AnchorFile(tuple(own), fault)


def _fault_of(anchor: TrailAnchor, given: str, before: int, check: str) -> str:
    if anchor.number != before + 1:
        return f"Lines are missing before line {anchor.number} of the anchors: the file was cut."
    said = anchor.line(check)
    return "" if check_of(said) == given else f"Line {anchor.number} of the anchors was changed."


def _read(line: str) -> tuple[TrailAnchor, str] | None:
    _, mark, rest = line.partition(_MARK)
    parts = rest.split()
    if not mark or len(parts) != _FIELDS:
        return None
    at, store, number, events, last, digest, check = parts
    try:
        moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return TrailAnchor(moment, store, int(number), int(events), int(last), digest), check
    except ValueError:
        return None


def _check(said: str, before: str) -> str:
    return hashlib.sha256(f"{before} {said}".encode()).hexdigest()[:32]
