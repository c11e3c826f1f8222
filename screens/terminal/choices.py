"""What a person has chosen on the screen and finds again the next time: a small file in the account's own state folder.

Losing it costs a choice, so that an error in reading or writing it is none of the person's.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

_LARGEST = 100_000


def remembered(path: Path | None, who: str, what: str) -> str:
    """What `who` has chosen; "" for nothing."""
    found = _read(path).get(who, {})
    return found.get(what, "") if isinstance(found, dict) and isinstance(found.get(what, ""), str) else ""


def remember(path: Path | None, who: str, what: str, choice: str) -> None:
    """Keep a choice; "" forgets it. Another process that does the same at this moment may win."""
    if path is None:
        return
    every = _read(path)
    own = every.get(who)
    mine = {key: value for key, value in own.items() if key != what} if isinstance(own, dict) else {}
    every[who] = mine | ({what: choice} if choice else {})
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(every, file, sort_keys=True)
        beside.replace(path)


def _read(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
