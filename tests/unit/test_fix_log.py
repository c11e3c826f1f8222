"""A FIX log is read whatever it looks like: separators, prefixes, garbage, wrong lengths, any bytes at all."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from io import BytesIO

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dropcopy_tui.domain.fix_log import LONGEST, FixLog, LogMessage
from dropcopy_tui.domain.log_lines import is_own

SOH = b"\x01"
SEPARATORS = [SOH, b"|", b"^A"]
names = pytest.mark.parametrize("separator", SEPARATORS, ids=["soh", "pipe", "caret"])


def fix(*body: tuple[int, object], length: int | None = None, checksum: str = "") -> bytes:
    """A message with SOH between its fields; the length and the checksum are right unless they are given."""
    text = b"".join(b"%d=%s\x01" % (tag, str(value).encode("latin-1")) for tag, value in body)
    head = b"8=FIX.4.2\x019=%d\x01" % (len(text) if length is None else length) + text
    return head + b"10=%s\x01" % (checksum.encode() or b"%03d" % (sum(head) % 256))


def execution(source: str = "AAAAB123P", status: str = "0", number: int = 1) -> bytes:
    return fix((35, "8"), (34, number), (49, "CME"), (56, source), (55, "ZN"), (39, status))


def copy_of(original: bytes, target: str = "T4CAB123N", length: int | None = None) -> bytes:
    data = b"<RTRF>" + original + b"</RTRF>"
    size = len(data) if length is None else length
    return fix((35, "n"), (49, "CME"), (56, target), (212, size), (213, data.decode("latin-1")))


def read(log: bytes, chunk: int = 65_536) -> tuple[list[LogMessage], FixLog]:
    stream = BytesIO(log)
    reader = FixLog(iter(lambda: stream.read(chunk), b""))
    return list(reader), reader


def sources(log: bytes, chunk: int = 65_536) -> list[str]:
    return [(message.original or message.header).target for message in read(log, chunk)[0]]


@names
@pytest.mark.parametrize("chunk", [1, 7, 64, 65_536])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=["lf", "crlf", "together"])
def test_messages_are_read_however_they_stand(separator: bytes, chunk: int, end: bytes) -> None:
    wanted = [f"AA{letter}AB123P" for letter in "ABCDEFG"]
    raws = [execution(name) for name in wanted]
    raws[3] = copy_of(raws[3])
    log = end.join(raw.replace(SOH, separator) for raw in raws) + end
    found, reader = read(log, chunk)
    assert [(message.original or message.header).target for message in found] == wanted
    assert [message.problems for message in found] == [()] * 7
    assert [message.line for message in found] == ([1] * 7 if not end else list(range(1, 8)))
    assert reader.garbage.pieces == 0
    assert reader.taken == len(log)
    for message, raw in zip(found, raws, strict=True):
        assert log[message.offset :].startswith(raw.replace(SOH, separator))
        assert message.size == len(raw.replace(SOH, separator))


@names
def test_a_log_prefix_is_no_garbage(separator: bytes) -> None:
    raw = execution().replace(SOH, separator)
    found, reader = read(b"2026-11-23 16:45:00.123 INFO [CME|in] > " + raw + b"\n" + b"16:45:01 8=FIX?\n" + raw)
    assert [(message.line, message.problems) for message in found] == [(1, ()), (3, ())]
    assert (reader.garbage.pieces, reader.garbage.lines) == (1, [2])


def test_garbage_is_counted_with_its_line() -> None:
    log = b"junk\n\n" + execution() + b"tail\n  \n" + execution() + b"between" + execution() + b"\nend"
    found, reader = read(log)
    assert [message.line for message in found] == [3, 5, 5]
    assert (reader.garbage.pieces, reader.garbage.lines) == (4, [1, 3, 5, 6])


def test_a_prefix_that_is_too_long_is_garbage() -> None:
    found, reader = read(b"x" * 5_000 + execution())
    assert (len(found), reader.garbage.lines) == (1, [1])


@names
def test_wrong_lengths_and_sums_are_said_and_the_message_is_shown(separator: bytes) -> None:
    body = ((35, "8"), (49, "CME"), (56, "AAAAB123P"), (39, "0"))
    wrong = [fix(*body, length=5), fix(*body, checksum="999"), fix(*body, length=99_999), fix(*body, checksum="x")]
    for end in (b"\n", b""):
        log = end.join(raw.replace(SOH, separator) for raw in [*wrong, execution()])
        found, reader = read(log, 50)
        assert [message.header.target for message in found] == ["AAAAB123P"] * 5
        said = [" ".join(message.problems) for message in found]
        assert "BodyLength (tag 9) is 5 but its body has" in said[0]
        assert re.search(r"CheckSum \(tag 10\) is 999 but should be \d{3}", said[1])
        assert "is 99999" in said[2]
        assert "is x" in said[3]
        assert said[4] == ""
        assert reader.garbage.pieces == 0


def test_a_message_without_a_length_or_a_type_is_shown() -> None:
    raw = b"8=FIX.4.2|49=CME|56=AAAAB123P|10=000|\n"
    (message,), _ = read(raw)
    assert message.header.target == "AAAAB123P"
    assert "It has no BodyLength (tag 9)." in message.problems


@names
def test_a_cut_message_does_not_swallow_the_next(separator: bytes) -> None:
    cut = execution("CUTAB123P")[:50].replace(SOH, separator)
    whole = execution("AAAAB123P").replace(SOH, separator)
    for log in (cut + whole, cut + b"\n" + whole, whole + b"\n" + cut):
        found, _ = read(log)
        assert len(found) == 2
        problems = {message.header.target: message.problems for message in found}
        assert problems["AAAAB123P"] == ()
        assert "It is truncated" in " ".join(" ".join(said) for said in problems.values())


@names
def test_an_original_is_part_of_its_copy(separator: bytes) -> None:
    original = execution("AAAAB123P", "2")
    for raw, said in (
        (copy_of(original), ""),
        (copy_of(original, length=len(original)), "Tag 212 is"),
        (copy_of(original).replace(b"\x019=", b"\x019=1", 1), "BodyLength"),
    ):
        log = raw.replace(SOH, separator) + b"\n" + execution().replace(SOH, separator)
        found, reader = read(log, 33)
        assert len(found) == 2
        assert found[0].header.msg_type == "n"
        assert found[0].original is not None
        assert (found[0].original.target, found[0].original.status) == ("AAAAB123P", "2")
        assert said in " ".join(found[0].problems)
        assert bool(said) == bool(found[0].problems)
        assert reader.garbage.pieces == 0


def test_tag_213_without_its_marks_is_no_original() -> None:
    (message,), _ = read(fix((35, "n"), (49, "CME"), (212, "5"), (213, "hello")))
    assert message.original is None
    assert "contains no message" in message.problems[0]


def test_bytes_that_are_no_text_are_escaped_and_long_values_cut() -> None:
    (message,), _ = read(fix((35, "8"), (49, "CME"), (56, "\xff\xfe\x1b[31m"), (39, "0")))
    assert message.header.target == "\\xff\\xfe\x1b[31m"
    (long,), _ = read(fix((35, "8"), (49, "CME"), (56, "A" * 5_000), (39, "0")))
    assert len(long.header.target) < 100
    assert long.problems == ()


def test_a_line_of_megabytes_is_passed_by_in_little_memory() -> None:
    def chunks() -> Iterator[bytes]:
        yield execution("AAAAB123P") + b"\n"
        for _ in range(200):
            yield b"8" * 65_536
        yield b"\n" + execution("AABAB123P")

    reader, held = FixLog(chunks()), 0
    found = []
    for message in reader:
        found.append(message.header.target)
        held = max(held, len(reader._buffer))
    assert found == ["AAAAB123P", "AABAB123P"]
    assert reader.garbage.lines == [2]
    assert held < 3 * 65_536


def test_a_message_that_never_ends_is_given_up() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"8=FIX.4.2|9=9999999|35=8|"
        for _ in range(64):
            yield b"x" * 65_536
        yield b"\n" + execution("AABAB123P")

    reader, held = FixLog(chunks()), 0
    found = []
    for message in reader:
        found.append(message)
        held = max(held, len(reader._buffer))
    assert [message.line for message in found] == [1, 2]
    assert "It is truncated" in found[0].problems[0]
    assert held <= LONGEST + 2 * 65_536


@pytest.mark.parametrize(
    "piece",
    [
        b"8=FIX.4.2|",
        b"8=FIX.4.2|9=99999|",
        b"8=FIX.4.2|213=<RTRF>",
        b"8=FIX.4.2^A9=5^A",
        b"8=FIX.4.2\x0110=",
        b"10=000|",
    ],
    ids=repr,
)
def test_a_hostile_line_takes_no_more_time_than_its_length(piece: bytes) -> None:
    log = piece * (400_000 // len(piece))
    start = time.process_time()
    found, reader = read(log)
    assert time.process_time() - start < 8
    assert reader.taken == len(log)
    assert bool(found) == piece.startswith(b"8")


@given(st.binary(max_size=400), st.integers(1, 50))
@example(b"0000000000:00", 1)
def test_any_bytes_are_read_without_an_exception_and_all_of_them(log: bytes, chunk: int) -> None:
    found, reader = read(log, chunk)
    assert reader.taken == len(log)
    assert sum(message.size for message in found) <= len(log)
    assert all(log[message.offset : message.offset + message.size].startswith(b"8=FIX") for message in found)
    if not found:
        lines = [line for line in log.split(b"\n") if line.strip()]
        # A line that is nothing but a time is the log's own, and what follows it may be.
        garbage = len(lines) if not any(is_own(line, False) for line in lines) else reader.garbage.pieces
        assert reader.garbage.pieces == garbage < len(lines) + 1


# Garbage that looks like FIX as well.
_pieces = st.sampled_from(
    [b"8=FIX.4.2|", b"9=12|", b"35=8|", b"10=000|", b"8=FIX.4.2\x01", b"\x01", b"|", b"^A", b"213=", b"\n", b"212=9|"]
)
_garbage = st.lists(st.one_of(_pieces, st.binary(max_size=12)), max_size=12).map(b"".join)


@given(_garbage, _garbage, st.sampled_from(SEPARATORS), st.integers(1, 300))
def test_a_message_survives_any_garbage_around_it(before: bytes, after: bytes, separator: bytes, chunk: int) -> None:
    # Behind these it is the value of a field: part of the message that holds it.
    assume(not re.search(rb"(?:[0-9]=|<RTRF>|&lt;RTRF&gt;)\Z", before))
    raw = execution("AAAAB123P").replace(SOH, separator)
    log = before + raw + after
    found, reader = read(log, chunk)
    whole = [message for message in found if message.offset == len(before)]
    assert [(message.size, message.problems, message.header.target) for message in whole] == [
        (len(raw), (), "AAAAB123P")
    ]
    assert whole[0].line == before.count(b"\n") + 1
    assert reader.taken == len(log)


@given(st.lists(st.sampled_from("ABCDEFGHIJ"), max_size=30), _garbage, st.integers(1, 500))
def test_the_size_of_the_chunks_changes_nothing(letters: list[str], garbage: bytes, chunk: int) -> None:
    log = (b"\n" + garbage).join(execution(f"AA{letter}AB123P") for letter in letters)
    small, large = read(log, chunk), read(log)
    assert small[0] == large[0]
    assert small[1].garbage == large[1].garbage


@names
def test_a_copy_that_is_cut_behind_its_original_does_not_swallow_the_next(separator: bytes) -> None:
    cut = copy_of(execution("CUTAB123P")).rpartition(b"10=")[0]
    log = cut + execution("AAAAB123P") + execution("AABAB123P")
    found, _ = read(log.replace(SOH, separator), 40)
    assert [(message.original or message.header).target for message in found] == ["CUTAB123P", "AAAAB123P", "AABAB123P"]
    assert [bool(message.problems) for message in found] == [True, False, False]
