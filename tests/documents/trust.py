"""The table of the programme: what was promised, how often it was tried, and what came of it (`make trust`)."""

from __future__ import annotations

from typing import Any

from tests.documents.regions import table
from tests.trust.results import results
from tests.trust.rows import Row
from tests.trust.table import ROWS

_NEVER = "not run yet"


def trust_region(which: str = "") -> str:
    """Every row of the programme with its committed result; `sum` is one sentence."""
    lines = {line["test"]: line for line in results()}
    rows = [(row, lines.get(row.name)) for row in ROWS.values()]
    if which == "sum":
        return _sentence(list(lines.values()))
    header = ("test", "what is promised", "trials", "failures", "without what it fails", "took", "on")
    return table(header, [(row.name, row.promise, *_sums(row, line), _control(row, line), *_cost(line))
                          for row, line in rows])  # fmt: skip


def _sentence(lines: list[dict[str, Any]]) -> str:
    trials, failures = (sum(line[name] for line in lines) for name in ("trials", "failures"))
    return (
        f"`make trust` tries {len(lines)} promises of security and safety: {trials:,} trials the last time, of which "
        f"{failures:,} failed. Each has a control that must fail; the table is in [SECURITY.md](SECURITY.md)."
    )


def _sums(row: Row, line: dict[str, Any] | None) -> tuple[str, str]:
    if line is None:
        return f"{_NEVER} (of {row.target:,})", ""
    done = f"{line['trials']:,}" if line["trials"] >= row.target else f"{line['trials']:,} of {row.target:,}"
    skipped = "".join(f"; {number:,} not made: {why}" for why, number in line["skipped"].items())
    figures = "".join(f"; {name} {value:,g}" for name, value in line["figures"].items())
    return f"{done}{skipped}{figures}", str(line["failures"])


def _control(row: Row, line: dict[str, Any] | None) -> str:
    if line is None:
        return row.control.without
    control = line["control"]
    return f"{control['without']}: {control['failures']} of {control['trials']} fail"


def _cost(line: dict[str, Any] | None) -> tuple[str, str]:
    return (f"{line['seconds']:,.0f} s", line["date"]) if line else ("", "")
