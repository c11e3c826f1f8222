"""Frames of a session are the same however the bytes arrive, and what is refused costs the next message nothing."""

from __future__ import annotations

from random import Random

import pytest

from dropcopy_tui.domain.fix_frames import Frames, StreamFrame
from tests.unit.test_fix_log import execution, fix


def frames(data: bytes, size: int) -> list[StreamFrame]:
    reader = Frames()
    return [frame for at in range(0, len(data), size) for frame in reader.feed(data[at : at + size])]


GOOD = execution()
LONG = fix((35, "0"), (34, "7"), length=9_999)
SHORT = fix((35, "0"), (34, "7"), length=3)
PIECES = [GOOD, GOOD, LONG, SHORT, b"noise", b"\x01", b"8=FI", fix((35, "0"), checksum="000"), b"8=FIX.4.2\x0135=0\x01",
          fix((95, "10"), (96, "\x0110=000\x01x"))]  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
def test_frames_do_not_depend_on_how_the_bytes_arrive(seed: int) -> None:
    random = Random(seed)
    data = b"".join(random.choices(PIECES, k=random.randint(1, 6)))
    whole = frames(data, len(data))
    for size in (1, 2, 3, 7, 31, 64):
        assert frames(data, size) == whole


@pytest.mark.parametrize("bad", [LONG, SHORT, b"8=FIX.4.2\x0135=0\x0134=7\x0149=AAAAAAAAAAAAAAAAAAAAAA\x0110=000\x01"])
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_the_message_after_a_refused_one_is_read(bad: bytes, size: int) -> None:
    found = frames(bad + GOOD, size)
    assert [frame.raw for frame in found] == [b"", GOOD]
    assert "could not be read" in found[0].problem


def test_a_length_that_is_too_large_is_answered_when_the_checksum_comes() -> None:
    (found,) = frames(LONG, 1)
    assert found.problem == "A message could not be read: its BodyLength (9) is too large"


def test_a_length_with_leading_zeros_is_a_number() -> None:
    body = b"35=0\x0134=7\x01"
    text = b"8=FIX.4.2\x019=000000%d\x01" % len(body) + body
    raw = text + b"10=%03d\x01" % (sum(text) % 256)
    assert [frame.raw for frame in frames(raw, 3)] == [raw]
