"""Damaged store files: every answer is right, or refused, or `store check` names the damage."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

from dropcopy_tui.services.inspection import inspection
from dropcopy_tui.services.inspection.inspection import Examined
from dropcopy_tui.store.tables import METADATA
from tests.cli.conftest import Cli
from tests.trust.places import sandbox_in
from tests.trust.rows import Control, Row, Share, Tally

PAGE = 4_096
# What people ask: whatever the store says of itself, of groups, sessions, keys, people, requests and events.
ASKED = (
    ("operations", "status"), ("acme-operator", "groups", "list"), ("acme-operator", "sessions", "list"),
    ("acme-operator", "requests", "list"), ("acme-operator", "keys", "report"),
    ("acme-operator", "sendercomps", "list"), ("operations", "people", "list"), ("operations", "outbox", "list"),
    # Whoever asks is an event of today.
    ("auditor", "audit", "list", "--until", "2026-11-24"),
)  # fmt: skip
Damage = Callable[[bytearray, Random, bytes], str]


def flip(content: bytearray, chance: Random, _earlier: bytes) -> str:
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    return f"a bit of byte {at}"


def overwrite(content: bytearray, chance: Random, _earlier: bytes) -> str:
    length = chance.randint(2, 512)
    at = chance.randrange(len(content) - length)
    content[at : at + length] = chance.randbytes(length)
    return f"{length} bytes at {at}"


def zero(content: bytearray, chance: Random, _earlier: bytes) -> str:
    page = _page(content, chance)
    content[page : page + PAGE] = bytes(PAGE)
    return f"an empty page at {page}"


def elsewhere(content: bytearray, chance: Random, _earlier: bytes) -> str:
    page, other = _page(content, chance), _page(content, chance)
    content[page : page + PAGE] = content[other : other + PAGE]
    return f"the page at {other} written to {page} as well"


def exchange(content: bytearray, chance: Random, _earlier: bytes) -> str:
    page, other = _page(content, chance), _page(content, chance)
    one, two = bytes(content[page : page + PAGE]), bytes(content[other : other + PAGE])
    content[page : page + PAGE], content[other : other + PAGE] = two, one
    return f"the pages at {page} and {other} exchanged"


def lost_write(content: bytearray, chance: Random, earlier: bytes) -> str:
    pages = [at for at in range(0, len(earlier), PAGE) if content[at : at + PAGE] != earlier[at : at + PAGE]]
    page = chance.choice(pages)
    content[page : page + PAGE] = earlier[page : page + PAGE]
    return f"the page at {page} as it was earlier"


def cut(content: bytearray, chance: Random, _earlier: bytes) -> str:
    length = chance.randrange(len(content))
    del content[length:]
    return f"cut after {length}"


def header(content: bytearray, chance: Random, _earlier: bytes) -> str:
    at = chance.randrange(100)
    content[at] = chance.randrange(256)
    return f"byte {at} of the header"


def _page(content: bytearray, chance: Random) -> int:
    return chance.randrange(len(content) // PAGE) * PAGE


DAMAGES: tuple[Damage, ...] = (flip, overwrite, zero, elsewhere, exchange, lost_write, cut, header)


@dataclass(frozen=True)
class Desk:
    """A sandbox, as it is now and as it was earlier, and what it answers undamaged."""

    folder: Path
    whole: bytes
    earlier: bytes
    key: bytes
    answers: list[tuple[int, str]]

    @property
    def store(self) -> Path:
        return self.folder / "dropcopy.db"

    def put(self, content: bytes) -> None:
        """This store, and nothing beside it but its key."""
        for file in self.folder.iterdir():
            if file.is_file():
                file.unlink()
        for path, kept in ((self.store, content), (self.store.with_suffix(".key"), self.key)):
            path.write_bytes(kept)
            path.chmod(0o600)

    def cli(self, user: str = "") -> Cli:
        return Cli(self.folder).on(self.store, user or None)

    def asked(self) -> list[tuple[int, str]]:
        """What it answers."""
        return [self._answer(user, words) for user, *words in ASKED]

    def _answer(self, user: str, words: Sequence[str]) -> tuple[int, str]:
        ran = self.cli(user)(*words, "--json")
        return ran.code, ran.out


def make_desk(folder: Path) -> Desk:
    """A sandbox that was worked with."""
    store = sandbox_in(folder)
    key, earlier = store.with_suffix(".key").read_bytes(), store.read_bytes()
    desk = Desk(folder, b"", earlier, key, [])
    ran = desk.cli("acme-operator")("groups", "edit", "US-BACKUP", "--name", "US-SPARE")
    assert ran.code == 0, ran
    whole = store.read_bytes()
    desk = Desk(folder, whole, earlier, key, [])
    answers = desk.asked()
    assert [code for code, _ in answers] == [0] * len(ASKED), answers
    desk.put(whole)
    return Desk(folder, whole, earlier, key, desk.asked())


def attempt(share: Share) -> Tally:
    """Each kind of damage in turn, at a place of its own."""
    tally, chance = Tally(), Random(share.seed)
    with _at_home(share.folder):
        desk = make_desk(share.folder)
        for number in range(share.trials):
            content = bytearray(desk.whole)
            what = DAMAGES[number % len(DAMAGES)](content, chance, desk.earlier)
            desk.put(bytes(content))
            tally.tried(_judged(desk, what, tally))
    return tally


def _judged(desk: Desk, what: str, tally: Tally) -> str:
    check = desk.cli()("store", "check", "--json")
    if "incident" in check.err:
        return f"{what}: store check ended with {check.err}"
    if check.code != 0:
        _count(tally, "named by store check")
        return ""
    wrong = [
        (words, code, out)
        for (_, *words), before, (code, out) in zip(ASKED, desk.answers, desk.asked(), strict=True)
        if (code, out) != before
    ]
    if not wrong:
        _count(tally, "without effect")
        return ""
    if all(code for _, code, _ in wrong) and not any("incident" in out for _, _, out in wrong):
        _count(tally, "refused")
        return ""
    return f"{what}: not named, and {' '.join(wrong[0][0])} answers otherwise: {changed(desk)}"


def changed(desk: Desk) -> str:
    """The tables whose rows the damage changed."""
    with closing(sqlite3.connect(desk.store)) as damaged:
        whole = sqlite3.connect(":memory:")
        whole.deserialize(desk.whole)
        with closing(whole):
            asked = {table: f"SELECT * FROM {table}" for table in METADATA.tables if not table.startswith("audit_")}
            return ", ".join(
                table
                for table, sql in asked.items()
                if damaged.execute(sql).fetchall() != whole.execute(sql).fetchall()
            )


def _count(tally: Tally, name: str) -> None:
    tally.figures[name] = tally.figures.get(name, 0) + 1


@contextmanager
def _at_home(folder: Path) -> Iterator[None]:
    """What a command looks up in its environment is of this folder."""
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    with patch.dict(os.environ, {name: str(folder) for name in names}):
        yield


def unchecked(share: Share) -> Tally:
    """The same, where `store check` finds nothing."""

    def sound(_store: object, name: str, _words: str, _find: object) -> Examined:
        return Examined(name)

    with patch.object(inspection, "_examined", sound):
        return attempt(share)


DAMAGED = Row(
    "damaged-files",
    "of a store in whose file bits, bytes, pages or the end are damaged, every answer is right or refused, or `store "
    "check` names the damage",
    1_000,
    24,
    attempt,
    Control("`store check` finds nothing", 64, unchecked),
)
