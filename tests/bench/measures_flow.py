"""Files of a million SenderComps: in, changed, and out again; seconds and the most memory of the whole process."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from itertools import islice
from pathlib import Path

from tests.bench.fill import _names
from tests.bench.measures import Samples
from tests.bench.place import (
    AUDITOR,
    EDITED,
    ENTITY,
    KEY_SESSIONS,
    MESSAGES,
    MILLION,
    MOST_SESSIONS,
    OPERATIONS,
    PEOPLE,
    PERSON,
    REQUESTER,
    REQUESTS,
    Place,
    dropcopy,
)

_EXPORTED = 200_000
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_LISTS = (
    f"""{_NUMBERS} INSERT INTO audit_event (at, person, origin, action, entity, subject, before, after, digest)
    SELECT '2026-03-04 15:00:00.000000', '{PERSON}', 'bench', 'group:changed', '{ENTITY}', 'G' || i % 1000, '{{}}',
    '{{"sources": 12, "name": "x' || i || '"}}', '' FROM n""",
    f"""{_NUMBERS} INSERT INTO notice (person_id, text, at) SELECT 1, 'Request ' || i || ' was completed',
    '2026-03-04 15:00:00.000000' FROM n""",
)
_HEADER = "entity,market,session_id,gfid,fti,gateway,status\n"


def files(place: Place, samples: Samples, _ours_first: bool, rows: int = MILLION) -> None:
    """Import, update and export, once: each takes as long as many other rounds."""
    if "import million" in samples.taken:
        return
    folder = place.folder / "files"
    folder.mkdir(mode=0o700)
    try:
        store = ["--store", str(folder / "store.db")]
        _ran(place, [*store, "init", "--sandbox"])
        entities = folder / "entities.csv"
        entities.write_text("entity,name,clearing_firm\nBENCHFLOW,Bench,no\n")
        _ran(place, [*store, "import", "entities", str(entities)])
        for name, status, more in (
            ("import", "active", ()),
            ("update", "inactive", ("--update", "--yes")),
        ):
            file = _file(folder / f"{name}.csv", rows, status)
            seconds, memory, _ = _ran(place, [*store, "import", "sendercomps", str(file), *more])
            samples.add(f"{name} million", seconds)
            samples.add(f"{name} memory", memory)
        out = folder / "sources.csv"
        asked = ["--store", str(place.requests), "--as", REQUESTER, "groups", "sources", EDITED, "--out", str(out)]
        seconds, memory, _ = _ran(place, asked)
        with out.open("rb") as file_out:
            count = sum(1 for _ in file_out) - 1
        samples.add("export million", seconds * MILLION / max(1, count))
        samples.add("export memory", memory)
        _lists(place, samples, folder)
    finally:
        shutil.rmtree(folder)


def _lists(place: Place, samples: Samples, folder: Path) -> None:
    """Other lists, of which fewer rows are exported: processor seconds of a million, or of as many as there can be."""
    shutil.copytree(place.big.parent, folder / "lists")
    store = folder / "lists" / "store.db"
    with closing(sqlite3.connect(store)) as connection, connection:
        for statement in _LISTS:
            connection.execute(statement, {"last": _EXPORTED})
    stores = {
        "audit": (store, AUDITOR, _EXPORTED, MILLION),
        "notices": (store, PERSON, _EXPORTED, MILLION),
        "requests": (place.requests, REQUESTER, REQUESTS, MILLION),
        "people": (place.sessions, OPERATIONS, PEOPLE, MILLION),
        "outbox": (place.sessions, OPERATIONS, MESSAGES, MILLION),
        "sessions": (place.sessions, PERSON, KEY_SESSIONS, MOST_SESSIONS),
        "keys": (place.sessions, PERSON, KEY_SESSIONS * 3 // 2, 2 * MOST_SESSIONS),
    }
    for name, (path, person, rows, most) in stores.items():
        asked = ["--store", str(path), "--as", person, name, "report" if name == "keys" else "list"]
        # What starting takes is not the list's.
        _, _, started = _ran(place, [*asked, "--limit", "1"])
        _, memory, seconds = _ran(place, [*asked, "--out", str(folder / f"{name}.csv")])
        samples.add(f"export {name} most", max(0.0, seconds - started) * most / rows)
        samples.add(f"export {name} memory", memory)


def _file(path: Path, rows: int, status: str) -> Path:
    with path.open("w") as file:
        file.write(_HEADER)
        lines = (f"BENCHFLOW,brokertec_us,{name},{gfid},P,msgw,{status}\n" for name, gfid in _names(rows))
        file.writelines(islice(lines, rows))
    return path


def _ran(place: Place, asked: list[str]) -> tuple[float, float, float]:
    """Seconds, the most resident memory in MB, and seconds of processor, of a command that must succeed."""
    ran = place.ran(*dropcopy(), *asked, stdout=subprocess.DEVNULL)
    return ran.seconds, ran.memory, ran.processor
