"""Which walkthroughs a person has practised to the end: marked in the list, and kept with their other choices."""

from __future__ import annotations

from pathlib import Path

from screens.dress import whose
from screens.terminal.choices import remember, remembered

_PRACTISED = "practised"


def practised(choices: Path | None) -> frozenset[str]:
    """The names of those that were practised to the end."""
    return frozenset(remembered(choices, whose(), _PRACTISED).split())


def note_practised(choices: Path | None, name: str) -> None:
    """One more was practised to the end."""
    remember(choices, whose(), _PRACTISED, " ".join(sorted(practised(choices) | {name})))
