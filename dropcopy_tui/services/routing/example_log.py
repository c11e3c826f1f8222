"""A sample FIX log of a sandbox: every kind of message, of real SenderComps of its groups, the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.fix_log import COPY
from dropcopy_tui.domain.routing import EXCHANGE
from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import GroupRow, GroupSourceRow, SenderCompRow, SessionRow

_GROUPS, _SOURCES, _LEFT_OUT = 8, 2, 3
_DAY = "20260302"
# SenderComps of the Session ID 000 are in no sandbox.
_UNKNOWN = "000ZZZ99P"
_EXECUTIONS: tuple[tuple[tuple[int, str], ...], ...] = (
    ((39, "0"), (20, "0"), (150, "0")),
    ((39, "5"), (20, "0"), (150, "5")),
    ((39, "1"), (20, "0"), (150, "1"), (31, "99.515625"), (32, "5")),
    ((39, "2"), (20, "0"), (150, "2"), (31, "99.515625"), (32, "20")),
    ((39, "H"), (20, "1"), (150, "H"), (19, "EX100003"), (31, "99.515625"), (32, "20")),
    ((39, "4"), (20, "0"), (150, "4")),
    ((39, "C"), (20, "0"), (150, "C")),
    ((39, "8"), (20, "0"), (150, "8"), (58, "Price out of range")),
)
_OTHERS: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = (
    ("BZ", ((1369, "7001"), (1373, "3"), (533, "12"))),
    ("3", ((45, "17"), (371, "44"), (58, "Required tag missing"))),
    ("0", ()),
    ("b", ((117, "Q1"), (297, "0"))),
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A source and the SenderCompID of the target session that receives its copies."""

    source: str
    target: str


class _Pen:
    """Writes messages, one after the other, a tenth of a second apart."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def write(self, msg_type: str, sender: str, target: str, body: Sequence[tuple[int, str]]) -> bytes:
        """A whole message with its length and checksum."""
        return self._encoded(msg_type, sender, target, body, b"")

    def copy(self, pair: _Pair, original: bytes) -> bytes:
        """The business copy of a message (35=n): 212 counts the tags around it too."""
        return self._encoded(COPY, EXCHANGE, pair.target, ((347, "UTF-8"),), b"<RTRF>" + original + b"</RTRF>")

    def _encoded(self, msg_type: str, sender: str, target: str, body: Sequence[tuple[int, str]], data: bytes) -> bytes:
        from simplefix import FixMessage

        number = next(self._numbers)
        message = FixMessage()
        message.append_pair(8, "FIX.4.2")
        message.append_pair(35, msg_type)
        header = ((34, number), (49, sender), (50, "G"), (56, target), (57, "DESK"))
        for tag, value in (*header, (52, f"{_DAY}-{_time(number)}"), *body):
            message.append_pair(tag, value)
        if data:
            message.append_data(212, 213, data)
        encoded: bytes = message.encode()
        return encoded


def _time(number: int) -> str:
    return f"14:{30 + number // 600 % 30:02d}:{number // 10 % 60:02d}.{number % 10}00"


def example_log(uow: UnitOfWork, places: frozenset[int]) -> Iterator[bytes]:
    """The log's lines, with `|` between the fields. Raises InvalidValue outside a sandbox."""
    if not uow.resources.sandbox:
        raise InvalidValue("Only a sandbox has an example log. Use one of your own logs.")
    pairs, left_out = _pairs(uow, places), _left_out(uow, places)
    return _lines(pairs, left_out)


def _lines(pairs: Sequence[_Pair], left_out: Sequence[str]) -> Iterator[bytes]:
    pen, orders = _Pen(), count(1)
    yield b"# sample FIX log of a sandbox: nobody sent this\n"
    for pair in pairs:
        sent = pen.write("D", pair.source, EXCHANGE, ((11, f"ORD{next(orders):05d}"), (55, "ZN"), (54, "1")))
        yield _line(sent)
        yield from _executions(pen, pair, orders)
        for msg_type, body in _OTHERS:
            yield _line(pen.write(msg_type, EXCHANGE, pair.source, body))
    yield b"--- log rotated ---\n"
    for source in (*left_out, _UNKNOWN):
        for tags in _EXECUTIONS[:4]:
            yield _line(pen.write("8", EXCHANGE, source, _execution(tags, next(orders))))
    if pairs:
        whole = pen.write("8", EXCHANGE, pairs[0].source, _execution(_EXECUTIONS[3], next(orders)))
        yield _line(whole[:-4] + b"999\x01")


def _executions(pen: _Pen, pair: _Pair, orders: Iterator[int]) -> Iterator[bytes]:
    for place, tags in enumerate(_EXECUTIONS):
        report = pen.write("8", EXCHANGE, pair.source, _execution(tags, next(orders)))
        yield _line(report)
        if pair.target and place in (0, 3):
            yield _line(pen.copy(pair, report))


def _execution(tags: Sequence[tuple[int, str]], order: int) -> tuple[tuple[int, str], ...]:
    instrument = ((37, f"7{order:09d}"), (17, f"EX{100_000 + order}"), (11, f"ORD{order:05d}"), (55, "ZN"), (54, "1"))
    return (*instrument, (38, "25"), (44, "99.515625"), *tags)


def _line(message: bytes) -> bytes:
    return b"2026-03-02 14:30 CME > " + message.replace(b"\x01", b"|") + b"\n"


def _pairs(uow: UnitOfWork, places: frozenset[int]) -> list[_Pair]:
    """A few sources of the first groups, with the target session of their group."""
    groups = select(col(GroupRow.id)).where(col(GroupRow.entity_id).in_(places), col(GroupRow.deleted_at).is_(None))
    found = []
    for group_id in uow.tx.execute(groups.order_by(col(GroupRow.id)).limit(_GROUPS)).scalars().all():
        targets = select(col(SessionRow.session_id)).where(col(SessionRow.group_id) == group_id)
        target = uow.tx.execute(targets.order_by(col(SessionRow.session_id)).limit(1)).scalar()
        sources = (
            select(col(GroupSourceRow.sender_comp_id), col(GroupSourceRow.gfid))
            .where(col(GroupSourceRow.group_id) == group_id)
            .order_by(col(GroupSourceRow.sender_comp_id))
        )
        for name, gfid in uow.tx.execute(sources.limit(_SOURCES)):
            found.append(_Pair(name, f"{target}{gfid}N" if target else ""))
    return found


def _left_out(uow: UnitOfWork, places: frozenset[int]) -> list[str]:
    """A few active SenderComps that no group has."""
    copied = select(GroupSourceRow).where(col(GroupSourceRow.sender_comp_pk) == col(SenderCompRow.id))
    names = select(col(SenderCompRow.sender_comp_id)).where(
        col(SenderCompRow.entity_id).in_(places),
        col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value,
        ~copied.exists(),
    )
    return list(uow.tx.execute(names.order_by(col(SenderCompRow.sender_comp_id)).limit(_LEFT_OUT)).scalars())
