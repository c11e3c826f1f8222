"""Logs that are compressed, in UTF-16, or in a form that is refused with what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.services.routing.log_forms import CAPTURE, DAMAGED, EARLY, LogText
from dropcopy_tui.services.routing.routing import Routing
from tests.services.conftest import World
from tests.unit.test_fix_log import copy_of, execution

LOG = b"".join(execution(f"AA{letter}AB123P", "2") + b"\n" for letter in "ABC") + copy_of(execution()) + b"\n"
NAMES = ("utf-16", "utf-16-le", "utf-16-be")


def text_of(raw: bytes, size: int = 100_000) -> tuple[bytes, str]:
    text = LogText(raw[at : at + size] for at in range(0, len(raw), size))
    return b"".join(text), text.note


@pytest.mark.parametrize("size", [1, 2, 5, 17, 100_000])
def test_a_form_is_read_however_it_arrives(size: int) -> None:
    packed = gzip.compress(LOG[:100]) + gzip.compress(LOG[100:]) + b"\0" * 20
    for raw in (
        LOG,
        packed,
        *(LOG.decode().encode(name) for name in NAMES),
        gzip.compress(LOG.decode().encode("utf-16")),
    ):
        assert text_of(raw, size) == (LOG, "")
    assert text_of(b"", size) == (b"", "")


@pytest.mark.parametrize("size", [1, 40, 100_000])
def test_gzip_data_that_is_damaged_or_not_complete_is_read_as_far_as_it_goes(size: int) -> None:
    log = b"".join(execution(f"AA{number % 7}AB123P", "2", number) for number in range(2_000))
    packed = gzip.compress(log)
    text, note = text_of(packed[:-20], size)
    assert (log.startswith(text), len(text) > 10_000, note) == (True, True, EARLY)
    damaged = bytearray(packed)
    damaged[len(packed) // 2 : len(packed) // 2 + 200] = b"\xff" * 200
    text, note = text_of(bytes(damaged), size)
    assert note in (DAMAGED, EARLY)
    assert text


def test_little_gzip_data_that_unpacks_to_much_is_passed_on_in_pieces() -> None:
    packed = gzip.compress(b"0" * 50_000_000)
    assert max(len(chunk) for chunk in LogText([packed])) <= 262_144


@pytest.mark.parametrize(
    ("magic", "command"),
    [(b"PK\x03\x04", "unzip -p"), (b"\xfd7zXZ\x00", "xz -dc"), (b"BZh9", "bzip2 -dc"), (b"\x28\xb5\x2f\xfd", "zstd")],
)
def test_other_forms_are_refused_with_what_to_do(magic: bytes, command: str) -> None:
    with pytest.raises(FileRefused, match=command):
        LogText([magic + b"rest of it, long enough"])


def test_a_network_capture_is_said_to_be_one() -> None:
    assert text_of(b"\xd4\xc3\xb2\xa1" + LOG)[1] == CAPTURE


@pytest.mark.parametrize("form", ["plain", "gzip", "utf-16"])
def test_a_screen_reads_every_form_and_shows_its_messages(world: World, tmp_path: Path, form: str) -> None:
    raw = {"plain": LOG, "gzip": gzip.compress(LOG), "utf-16": LOG.decode().encode("utf-16")}[form]
    path = tmp_path / "fix.log"
    path.write_bytes(raw)
    routing = Routing(world.resources)
    reviewed = routing.review(world.viewer, path)
    assert (reviewed.report.messages, reviewed.report.flagged, reviewed.report.garbage) == (4, 0, 0)
    assert ("56 TargetCompID", "AACAB123P") in routing.message(world.viewer, reviewed, 2).fields
    reviewed.close()
    assert path.read_bytes() == raw
    assert routing.route(world.viewer, [raw]).report().messages == 4


def test_a_near_miss_is_told_with_its_line(world: World) -> None:
    report = Routing(world.resources).route(world.viewer, [b"# log\n38 3D 46 49 58 2E 34 2E 32 01 39 3D\n"]).report()
    assert report.misses == (
        "Line 2 is part of a hex dump. Convert it to the bytes themselves (xxd -r, tcpdump -w), then route those.",
    )
