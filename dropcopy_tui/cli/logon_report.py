"""What `dropcopy logon verify` prints: a verdict on a logon, or on each of several in a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from dropcopy_tui.cli.output import fields
from dropcopy_tui.cli.shapes import line_shape
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.logon import LogonMessage, canonical, parse_message
from dropcopy_tui.domain.logon_mistakes import SignedLine
from dropcopy_tui.domain.logon_text import LoggedLogon
from dropcopy_tui.domain.logon_verdict import Level, Verdict

_ANSWERS = {
    Level.REFUSED: "would be refused",
    Level.NOTED: "would be accepted; see the notes",
    Level.ACCEPTED: "would be accepted",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A logon that was judged; `refusal` is why it could not be read or judged, in a log of several."""

    line: int
    message: LogonMessage | None
    verdict: Verdict
    refusal: InvalidValue | None = None

    @classmethod
    def of(cls, logon: LoggedLogon, judge: Callable[[LogonMessage], Verdict]) -> Self:
        """Read it and judge it."""
        message = None
        try:
            message = parse_message(logon.text)
            return cls(logon.line, message, judge(message))
        except InvalidValue as refusal:
            named = message.access_key_id if message is not None else None
            verdict = Verdict(Level.REFUSED, named, None, None, (refusal.message,))
            return cls(logon.line, message, verdict, refusal)


def report(judged: Sequence[Judged]) -> tuple[dict[str, Any], list[str]]:
    """The document and the lines for people. Raises InvalidValue where the only logon could not be judged.

    The document's own fields are those of the first logon that is refused, else of the last one.
    """
    if len(judged) == 1 and judged[0].refusal is not None:
        raise judged[0].refusal
    told = next((one for one in judged if not one.verdict.valid), judged[-1])
    document = {**_shape(told), "logons": [{"line": one.line or None, **_shape(one)} for one in judged]}
    lines: list[str] = []
    for one in judged:
        if len(judged) > 1:
            lines += ["", f"Logon on line {one.line:,}"] if lines else [f"Logon on line {one.line:,}"]
        lines += _lines(one.verdict)
    return document, lines


def _shape(judged: Judged) -> dict[str, Any]:
    verdict, message = judged.verdict, judged.message
    return {
        "valid": verdict.valid,
        "verdict": verdict.level.value,
        "access_key_id": verdict.access_key_id,
        "session_id": verdict.session_id,
        "key_state": verdict.key_state.value if verdict.key_state else None,
        "explanations": list(verdict.explanations),
        "notes": list(verdict.notes),
        "canonical": canonical(message) if message is not None else None,
        "compared": [line_shape(line) for line in verdict.lines],
    }


def _lines(verdict: Verdict) -> list[str]:
    pairs: list[tuple[str, object]] = [
        ("valid", "yes" if verdict.valid else "no"),
        ("verdict", _ANSWERS[verdict.level]),
        ("access key id", verdict.access_key_id or "-"),
        ("session", verdict.session_id or "-"),
        ("key state", verdict.key_state.words if verdict.key_state else "-"),
    ]
    if verdict.explanations:
        pairs.append(("explanations", verdict.explanations))
    if verdict.notes:
        pairs.append(("notes", verdict.notes))
    if any(line.differs for line in verdict.lines):
        pairs.append(("signed instead", [_compared(line) for line in verdict.lines]))
    return fields(pairs)


def _compared(line: SignedLine) -> str:
    """One value: as expected, and where it differs, as it was signed."""
    if not line.differs:
        return f"  {line.tag:<21} {line.expected}"
    return f"! {line.tag:<21} {line.expected}  signed: {line.signed or '(left out)'}"
