"""What is measured: each function is one round, in which ours and what it is compared with take turns."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time

from dropcopy_tui.domain.logon import complete, parse_message
from dropcopy_tui.services.logons.key_ring import KeyRing
from dropcopy_tui.store.tables import KeyPairRow, SessionRow
from dropcopy_tui.store.vault import Vault
from tests.bench.place import DRAFT, FIRST, ROUTE_MESSAGES, ROWS, Place, dropcopy
from tests.bench.program import Program

IDLE_SECONDS = 10.0
# A burst is over when nothing came for so long; a frame of ours is never that late after another.
QUIET = 0.12
_WALK = ("down",) * 50 + ("pagedown",) * 20 + ("end", "home")
_FILLED = "Expiring key pairs"
_LOGONS = 5_000
_LOGON = (
    "8=FIX.4.2|35=A|34=1|49=T4CACM01N|50=MSG|52=20261123-16:45:00.000|56=CME|57=40|108=30|142=US,NY|369=0|"
    "1603=LADDER|1604=4.2|1605=OWN|"
)


@dataclass(slots=True)
class Samples:
    """Every figure by its name, one of each a round."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """Keep a figure."""
        self.taken.setdefault(name, []).append(value)

    def median(self, name: str) -> float:
        """The middle one."""
        return statistics.median(self.taken[name])

    def ratio(self, name: str, beside: str) -> float:
        """The middle one of the ratios of each round: what disturbs a round disturbs both of its sides."""
        return statistics.median(a / b for a, b in zip(self.taken[name], self.taken[beside], strict=True))


Round = Callable[[Place, Samples, bool], None]


def start(place: Place, samples: Samples, ours_first: bool) -> None:
    """First paint of `dropcopy demo` and of the hello-world, and how much later Home is filled."""

    def ours() -> None:
        with place.demo() as program:
            painted = program.first_paint()
            filled = program.shows(_FILLED)
            samples.add("first paint", 1000 * (painted - program.started))
            samples.add("home filled", 1000 * (filled - painted))

    def hello() -> None:
        with place.app("hello") as program:
            samples.add("hello first paint", 1000 * (program.first_paint() - program.started))

    _take_turns(ours, hello, ours_first)


def version(place: Place, samples: Samples, ours_first: bool) -> None:
    """`dropcopy --version`, beside an interpreter that does nothing."""

    def timed(name: str, *argv: str) -> None:
        with place.start(*argv) as program:
            samples.add(name, 1000 * (program.wait_exit() - program.started))

    _take_turns(
        lambda: timed("version", *dropcopy(), "--version"),
        lambda: timed("python", sys.executable, "-c", "pass"),
        ours_first,
    )


def table(place: Place, samples: Samples, ours_first: bool) -> None:
    """Our table and the minimal one: opening, and the answers to the keys."""

    def walk(app: str) -> None:
        with place.app(app) as program:
            program.shows("press o")
            program.settle(0.4)
            for name in ("open", "open again"):
                sent = program.press("o")
                samples.add(f"{app} {name}", 1000 * (program.shows(FIRST) - sent))
                program.settle(0.4)
                if name == "open":
                    program.press("c")
                    program.settle(0.4)
            before = program.processor_ms()
            answers = sorted(1000 * program.answer_to(key, QUIET) for key in _WALK)
            samples.add(f"{app} processor", (program.processor_ms() - before) / len(_WALK))
            samples.add(f"{app} key", statistics.quantiles(answers, n=20)[-1])

    _take_turns(lambda: walk("records"), lambda: walk("lines"), ours_first)


def wizard(place: Place, samples: Samples, ours_first: bool) -> None:
    """The application on the step of the SenderComps: its memory, and adding all that match."""

    def ours() -> None:
        store = place.folder / "copy" / "store.db"
        shutil.copytree(place.big.parent, store.parent)
        try:
            with place.desk(store) as program:
                open_list(program)
                samples.add("list memory", program.resident_mb())
                program.press("*")
                program.settle(QUIET)
                sent = program.press("+")
                samples.add("add all", program.shows(f"Added {ROWS:,}") - sent)
                program.settle(0.5)
                samples.add("memory after adding", program.resident_mb())
        finally:
            shutil.rmtree(store.parent)

    def hello() -> None:
        with place.app("libraries") as program:
            program.first_paint()
            program.settle(0.5)
            samples.add("libraries memory", program.resident_mb())

    _take_turns(ours, hello, ours_first)
    samples.add("more memory", samples.taken["list memory"][-1] - samples.taken["libraries memory"][-1])


def open_list(program: Program) -> None:
    """From Home to the list of the draft that waits in the big store."""
    program.shows(DRAFT)
    program.settle(0.3)
    program.press("right")
    program.settle(QUIET)
    program.press("enter")
    program.shows(FIRST)
    program.settle(1.0)


def route(place: Place, samples: Samples, _ours_first: bool) -> None:
    """`dropcopy route` on a small and a large log: what each message more costs, in time and in memory."""
    (few, few_seconds, few_mb), (many, many_seconds, many_mb) = (_routed(place, lines) for lines in ROUTE_MESSAGES)
    samples.add("route rate", (many - few) / (many_seconds - few_seconds))
    samples.add("route growth", many_mb - few_mb)


def _routed(place: Place, messages: int) -> tuple[int, float, float]:
    """How many messages a log had, how long it took, and the most memory of the process in MB."""
    answer = place.folder / "routed.json"
    with place.fix_log(messages).open("rb") as log, answer.open("wb") as out:
        ran = place.ran(*dropcopy(), *place.on_demo(), "route", "-", "--json", stdin=log, stdout=out)
    return json.loads(answer.read_text())["messages"], ran.seconds, ran.memory


def logons(_place: Place, samples: Samples, _ours_first: bool) -> None:
    """Signed logons, as they come from the wire, read and judged by the two pairs of a session: how many a second.

    A second of the processor: one process, whatever else the machine does.
    """
    now, secret, key = datetime(2026, 11, 23, 16, 45, tzinfo=UTC), b"\x01" * 32, "A" * 20
    vault = Vault(b"\x02" * 32, "bench")
    owner = SessionRow(entity_id=1, market="brokertec_us", session_id="T4C", kind="drop_copy", gateway="msgw",
                       created_at=now)  # fmt: skip
    ring = KeyRing(vault)
    ring.hold([(_pair(vault, number, name, secret, now), owner) for number, name in enumerate((key, "B" * 20))])
    signed = complete(parse_message(_LOGON), key, secret).replace("|", "\x01")
    began = process_time()
    for _ in range(_LOGONS):
        assert ring.accepts(parse_message(signed), now)
    samples.add("logon rate", _LOGONS / (process_time() - began))


def _pair(vault: Vault, number: int, key: str, secret: bytes, now: datetime) -> KeyPairRow:
    sealed = vault.seal(secret, "key_pair", str(number), "T4C", key)
    return KeyPairRow(id=number, session_pk=1, access_key_id=key, sealed_secret=sealed, slot=1 + number,
                      created_at=now, expires_at=now + timedelta(days=300), created_by=1)  # fmt: skip


def idle(place: Place, samples: Samples) -> None:
    """What screens write while nobody touches anything: Home, the list of 100,000, the hello-world."""
    with ExitStack() as stack:
        screens = {"home": place.demo(), "list": place.desk(place.big), "hello": place.app("hello")}
        for program in screens.values():
            stack.enter_context(program)
        screens["home"].shows(_FILLED)
        open_list(screens["list"])
        for program in screens.values():
            program.settle(1.5)
        samples.add("seat memory", screens["home"].own_mb())
        before = {name: program.written for name, program in screens.items()}
        end = perf_counter() + IDLE_SECONDS
        while perf_counter() < end:
            for program in screens.values():
                program.pump(0.05)
        for name, program in screens.items():
            samples.add(f"{name} idle bytes", program.written - before[name])


def _take_turns(ours: Callable[[], None], other: Callable[[], None], ours_first: bool) -> None:
    for measured in (ours, other) if ours_first else (other, ours):
        measured()
