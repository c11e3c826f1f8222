"""What the forker keeps in pages that its children share: tried in a process of its own, as it cannot be undone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.e2e.pty import ROOT

_ABLE = sys.version_info >= (3, 12)
_MEGABYTES = 30
_CHILD = """
import gc, json, os, sys
from dropcopy_tui.collector import rarely_collected
from dropcopy_tui.shared_pages import keep_shared

class Kept:
    pass

def written():
    with open("/proc/self/smaps_rollup") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:")) / 1000

kept = [(Kept(), str(number) * 5, float(number)) for number in range(SIZE)]
pages = written()
done = keep_shared() if KEEP else gc.freeze()
ends = os.pipe()
if os.fork() == 0:
    for one in kept:
        for part in one:
            other = part
    seen = written()
    with rarely_collected():
        pass
    gc.collect()
    os.write(ends[1], json.dumps({"done": done, "made": pages, "written": seen, "collected": written()}).encode())
    os._exit(0)
os.wait()
print(os.read(ends[0], 10000).decode())
"""


def child(*, keep: bool) -> dict[str, float]:
    """What a child writes that looks at everything the parent had, in MB."""
    script = _CHILD.replace("SIZE", "100_000").replace("KEEP", str(keep))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_a_child_that_looks_at_everything_writes_to_nothing_that_is_kept() -> None:
    found = child(keep=True)
    assert found["made"] > _MEGABYTES
    assert found["done"] is _ABLE
    if _ABLE:
        assert found["written"] < _MEGABYTES / 6
    assert found["collected"] < found["written"] + _MEGABYTES / 6


def test_without_it_the_child_writes_to_all_of_it() -> None:
    assert child(keep=False)["written"] > _MEGABYTES / 2


@pytest.mark.skipif(not _ABLE, reason="before Python 3.12 no object is immortal")
def test_what_is_kept_works_as_before() -> None:
    script = """
import gc, sys
from dropcopy_tui.shared_pages import keep_shared
text, numbers, names = "a text" * 3, [1, 2, 3], {"one": 1}
class Counted:
    def __init__(self): self.number = 0
counted = Counted()
assert keep_shared()
assert sys.getrefcount(text) == sys.getrefcount(Counted) == sys.getrefcount(numbers) >= 3 << 30
assert gc.get_freeze_count() > 0
numbers.append(4); names["two"] = sys.intern(text); counted.number += 1; Counted.added = 5
assert (numbers, names["two"] + "b", counted.number, counted.added) == ([1, 2, 3, 4], text + "b", 1, 5)
assert sys.getrefcount([]) < 10
text += "more"
del numbers, names, counted, Counted
gc.collect()
print(text)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip().endswith("a textmore")
