"""Files of a million SenderComps: in, changed, and out again; seconds and the most memory of the whole process."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import islice
from pathlib import Path
from time import perf_counter

from tests.bench.fill import _names
from tests.bench.measures import Samples
from tests.bench.place import EDITED, MILLION, REQUESTER, ROOT, Place, dropcopy

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
            seconds, memory = _ran(place, [*store, "import", "sendercomps", str(file), *more])
            samples.add(f"{name} million", seconds)
            samples.add(f"{name} memory", memory)
        out = folder / "sources.csv"
        asked = ["--store", str(place.requests), "--as", REQUESTER, "groups", "sources", EDITED, "--out", str(out)]
        seconds, memory = _ran(place, asked)
        with out.open("rb") as file_out:
            count = sum(1 for _ in file_out) - 1
        samples.add("export million", seconds * MILLION / max(1, count))
        samples.add("export memory", memory)
    finally:
        shutil.rmtree(folder)


def _file(path: Path, rows: int, status: str) -> Path:
    with path.open("w") as file:
        file.write(_HEADER)
        lines = (f"BENCHFLOW,brokertec_us,{name},{gfid},P,msgw,{status}\n" for name, gfid in _names(rows))
        file.writelines(islice(lines, rows))
    return path


def _ran(place: Place, asked: list[str]) -> tuple[float, float]:
    """Seconds, and the most resident memory in MB, of a command that must succeed."""
    began = perf_counter()
    child = subprocess.Popen(
        [*dropcopy(), *asked], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=place.environment(), cwd=ROOT
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, asked
    return perf_counter() - began, usage.ru_maxrss / 1024
