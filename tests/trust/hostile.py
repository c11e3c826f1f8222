"""Hostile strings in every field of a store, and through every function by which stored text is shown."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from unittest.mock import patch

from rich.segment import Segment
from textual.color import BLACK

from dropcopy_tui import incidents
from dropcopy_tui.cli import main, output
from dropcopy_tui.csv_cells import csv_cell, csv_lines, csv_text
from dropcopy_tui.domain.errors import Undeliverable
from dropcopy_tui.domain.mail import Letter
from dropcopy_tui.senders.letter import letter_bytes
from screens.app import DropCopyApp
from screens.terminal import line_filter
from screens.terminal.line_filter import VisibleFilter
from screens.terminal.values import clip, value, wrapped
from tests.screens.conftest import NOW, SeededEntropy, config_in
from tests.screens.hostile import spoil
from tests.screens.seat import Seat, seated
from tests.services.factories import FrozenClock
from tests.trust.places import sandbox_in
from tests.trust.rows import Control, Row, Share, Tally

# What acts on a terminal, on markup, on a spreadsheet, in a header, in SQL, in a format, in a path.
FRAGMENTS = (
    "\x1b[2J", "\x1b[31m", "\x1b]52;c;aGk=\x07", "\x1b]0;title\x1b\\", "\x1bP1$r\x1b\\", "\x1b[6n", "\x1b[?1049h",
    "\x9b31m", "\x90q\x9c", "\x85", "\x00", "\x07", "\x08", "\x7f", "\r", "\n", "\r\n", "\t", "\x0b", "\x0c",
    "\u202e", "\u2066", "\u200b", "\u200d", "\u2028", "\u2029", "\ufeff", "\u00ad", "\U000e0041", "\u115f", "\ufe0f",
    "\u0301" * 9, "[/]", "[/x]", "[b]", "[@click=app.quit]y[/]", "[link=file:///etc/passwd]", "$text", "{0}",
    "{0.__class__}", "%s%n", "=cmd|'/c calc'!A1", "+1+1", "-2", "@SUM(A1)", "＝1", "'", '"', "';--", "\\", "`id`",
    "$(id)", "../../x", "<script>", "\r\nBcc: x@y.zz", "\r\n\r\nbody", "=?utf-8?b?DQpCY2M6eEB5Lnp6?=", "a,b\nc", "NULL",
    "🏳️‍🌈", "世界", "ﷺ", "x" * 300,
)  # fmt: skip
HIDING = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u115f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
]  # fmt: skip
_LISTS = (
    ("acme-operator", "groups", "list"), ("acme-operator", "requests", "list"), ("acme-operator", "notices", "list"),
    ("acme-operator", "sessions", "list"), ("acme-operator", "keys", "report"), ("acme-operator", "front-ends", "list"),
    ("operations", "people", "list"), ("operations", "outbox", "list"), ("auditor", "audit", "list"),
)  # fmt: skip
# Through Home, the groups, one of them with its tabs, help and the palette.
_KEYS = "enter enter 1 2 s 3 4 question_mark escape escape escape ctrl+p escape"
# So many strings fill the fields of a sandbox.
_BATCH = 250


def hostile_strings(number: int, chance: Random) -> list[str]:
    """Different ones, of one to five fragments with plain text around them."""
    found: dict[str, None] = dict.fromkeys(FRAGMENTS[:number])
    while len(found) < number:
        found["".join(chance.choice((*FRAGMENTS, "ab ")) for _ in range(chance.randint(1, 5)))] = None
    return list(found)


# -- functions by which text is shown


def on_a_screen(text: str) -> str:
    """As a value of a list, clipped, wrapped, and at the last gate before the terminal."""
    shown = [value(text).plain, clip(text, 20), *wrapped(text, 20)]
    for glyphs in ("unicode", "ascii"):
        shown += [each.text for each in VisibleFilter(glyphs).apply([Segment(text)], BLACK)]  # type: ignore[arg-type]
    return _hidden("".join(shown))


def in_a_table(text: str) -> str:
    """As a cell and a field of the command line."""
    return _hidden("".join([*output.table(("A",), [(text,)], ""), *output.fields([("A", text)])]))


def in_a_spreadsheet(text: str) -> str:
    """As a cell, whichever of the three writes it."""
    for document in (
        csv_text(["A"], [[text]]),
        csv_lines([["A", text]]),
        f'A\n"{csv_cell(text).replace(chr(34), chr(34) * 2)}"\n',
    ):
        cells = list(csv.reader(io.StringIO(document)))
        if len(cells) != 2 and text:
            return f"{len(cells)} rows"
        cell = cells[-1][0] if cells[-1] else ""
        if FORMULA.match(cell) or _hidden(cell):
            return f"the cell {cell[:40]!r}"
    return ""


def in_a_letter(text: str) -> str:
    """As the subject, the body and the address of an email."""
    for given in ({"subject": text}, {"body": text}, {"to": text}):
        usual = {
            "message_id": "<outbox-1.s@dropcopy-tui>",
            "to": "ann@firm.example",
            "subject": "S",
            "body": "B\n",
        } | given
        letter = Letter(
            usual["message_id"], usual["to"], usual["subject"], datetime(2026, 3, 4, tzinfo=UTC), usual["body"]
        )
        try:
            raw = letter_bytes("desk@desk.example", letter)
        except Undeliverable:
            continue
        head = re.sub(r"\r\n(?=[ \t])", "", raw.partition(b"\r\n\r\n")[0].decode("ascii")).split("\r\n")
        if [line.partition(": ")[0] for line in head] != HEADERS or _hidden("".join(head)):
            return f"the headers {head}"
    return ""


def in_the_log(text: str, folder: Path) -> str:
    """In the message of an error that ends the program."""
    log = folder / "incidents.log"
    try:
        raise RuntimeError(text)
    except RuntimeError as error:
        incidents.write_incident(log, "0", error)
    written = log.read_text()
    log.unlink()
    return _hidden(written)


def _hidden(shown: str) -> str:
    found = HIDING.search(shown)
    return f"{found[0]!r} is shown" if found else ""


# -- a store whose every field is hostile


class _Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def on_the_command_line(store: Path) -> Iterator[str]:
    """What is wrong with each list, on a terminal, in its three forms."""
    for user, *words in _LISTS:
        for form in ([], ["--json"], ["--csv"]):
            code, shown = _ran(["--store", str(store), "--as", user, *words, *form])
            fault = _hidden(shown) or (f"exit code {code}: {shown[-200:]}" if code else "")
            yield f"{' '.join(words + form)}: {fault}" if fault else ""


def _ran(args: Sequence[str]) -> tuple[int, str]:
    kept, shown = (sys.stdout, sys.stderr), _Terminal()
    sys.stdout = sys.stderr = io.TextIOWrapper(shown, encoding="utf-8", write_through=True)
    try:
        return main(list(args)), shown.getvalue().decode()
    finally:
        sys.stdout, sys.stderr = kept


async def on_the_screens(folder: Path) -> str:
    """What is wrong with the first of the screens on which something is."""
    app = DropCopyApp(config_in(folder), None, "acme-operator", clock=FrozenClock(NOW), entropy=SeededEntropy())
    async with seated(app, (120, 40)) as seat:
        for key in ("", *_KEYS.split()):
            await seat.press(*[key] * bool(key))
            if fault := _hidden(_on(seat)):
                return f"{seat.on}: {fault}"
    return ""


def _on(seat: Seat) -> str:
    return "".join(line.translate({0x0A: None}) for line in seat.text().split("\n"))


def attempt(share: Share) -> Tally:
    """Each string is one trial, in a field of the store and through every function."""
    tally = Tally()
    texts = hostile_strings(share.trials * share.of, Random(20_260_304))[share.number :: share.of][: share.trials]
    functions: tuple[Callable[[str], str], ...] = (
        on_a_screen, in_a_table, in_a_spreadsheet, in_a_letter, lambda text: in_the_log(text, share.folder),
    )  # fmt: skip
    with _at_home(share.folder):
        first = sandbox_in(_folder(share.folder, "first"))
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            faults = _in_a_store(first, batch, _folder(share.folder, f"batch{start}"))
            for number, text in enumerate(batch):
                fault = next((fault for show in functions if (fault := _tried(show, text))), "")
                tally.tried(fault or (faults[number] if number < len(faults) else ""))
    return tally


def _tried(show: Callable[[str], str], text: str) -> str:
    try:
        fault = show(text)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
    return f"{getattr(show, '__name__', '')} {text[:60]!r}: {fault}" if fault else ""


def _in_a_store(first: Path, batch: Sequence[str], folder: Path) -> list[str]:
    for ending in (".db", ".key"):
        shutil.copy2(first.with_suffix(ending), folder / f"dropcopy{ending}")
    spoil(folder / "dropcopy.db", batch, sorted({user for user, *_ in _LISTS}))
    faults = [fault for fault in on_the_command_line(folder / "dropcopy.db") if fault]
    try:
        faults += filter(None, [asyncio.run(on_the_screens(folder))])
    except Exception as error:
        faults.append(f"a screen ended with {type(error).__name__}: {error}"[:300])
    shutil.rmtree(folder, ignore_errors=True)
    return faults


def _folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(mode=0o700)
    return made


@contextmanager
def _at_home(folder: Path) -> Iterator[None]:
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    quick = {"REPEATS_WITHIN": 0.0, "REPEATS_AFTER": 0.0, "TYPED_BY_NOBODY": 0.0}

    async def nothing(*_: object) -> None:
        pass

    with ExitStack() as patches:
        patches.enter_context(patch.dict(os.environ, {name: str(folder) for name in names}))
        patches.enter_context(patch("gc.freeze"))
        patches.enter_context(patch.object(DropCopyApp, "_prepare", nothing))
        patches.enter_context(patch.multiple("screens.terminal.meant_keys", **quick))
        yield


def unfiltered(share: Share) -> Tally:
    """The same, where every character counts as visible."""
    with patch.object(output, "visible", str), patch.object(line_filter, "HIDING", re.compile("(?!)")):
        return attempt(share)


HOSTILE = Row(
    "hostile-strings",
    "a string that would act on a terminal, on markup, in a spreadsheet or in a mail header is shown as text: in every "
    "field of a store, on the screens and by commands, and by each function that shows stored text or writes the log",
    5_000,
    60,
    attempt,
    Control("nothing is made visible on the command line", 60, unfiltered),
)
