"""Twelve terminals, four depths of colour, four sizes, two sets of glyphs; then through a real tmux and a real screen.

Every cell of the matrix is a process on a pseudo-terminal with that TERM, taken through the four sizes, with some
screens and dialogs in each. What is read is what the terminal shows, by an emulator that erases as the terminal does.
`make matrix` does all of it; the tests themselves a sample in which every terminal and every depth is.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pyte
import pytest

from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal, clean_environment
from tests.e2e.test_main_job import at_home
from tests.e2e.test_shadow_terminal import HOME, MIRROR, Mirror, made
from tests.e2e.test_terminal_contract import COLOUR, CSI, assert_restored
from tests.terminal_cells import painted, seen

FIXTURES = (made,)
ALL = bool(os.environ.get("DROPCOPY_MATRIX"))
SIZES = ((80, 24), (60, 18), (120, 40), (200, 60))
DEPTHS = ("truecolor", "256", "16", "mono")
GLYPHS = ("unicode", "ascii")
SCREENS = 3 if ALL else 1
SEED = os.environ.get("DROPCOPY_MATRIX_SEED", "13")


class Kind(NamedTuple):
    """A terminal: the colours that its name promises, whether it erases in the present colour, and what F1 sends."""

    depth: str
    erases_colour: bool
    f1: bytes
    answers: bool


TERMINALS = {
    "xterm-256color": Kind("256", True, b"\x1bOP", True),
    "xterm": Kind("16", True, b"\x1bOP", True),
    "linux": Kind("16", True, b"\x1b[[A", False),
    "screen": Kind("16", False, b"\x1bOP", False),
    "screen-256color": Kind("256", False, b"\x1bOP", False),
    "tmux-256color": Kind("256", False, b"\x1bOP", True),
    "vt100": Kind("mono", False, b"\x1bOP", False),
    "putty": Kind("16", True, b"\x1b[11~", False),
    "rxvt-unicode-256color": Kind("256", True, b"\x1b[11~", False),
    "alacritty": Kind("256", True, b"\x1bOP", True),
    "foot": Kind("256", True, b"\x1bOP", True),
    "xterm-kitty": Kind("256", True, b"\x1bOP", True),
}
TRUECOLOR = re.compile(rb"\x1b\[[0-9;]*[34]8;2;")
MANY = re.compile(rb"\x1b\[[0-9;]*[34]8;[25];")
_ASKED: dict[str, dict[str, str]] = {
    "truecolor": {"COLORTERM": "truecolor"},
    "256": {},
    "16": {"MIRROR_THEME": "16"},
    "mono": {"NO_COLOR": "1"},
}
# What a sequence would leave behind on a terminal that does not know it.
STRAY = re.compile(r"\[[?<>=][0-9;]*[a-zA-Z$]|\[[0-9]+;[0-9;]*[mHK]|\x1b|\]52;|\d+;\d+;\d+m")


class PlainErasing(pyte.Screen):
    """A screen that erases to the terminal's own background, as those without `bce` do."""

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        with self._plain():
            super().erase_in_line(how, private)

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        with self._plain():
            super().erase_in_display(how, *args, **kwargs)

    @contextmanager
    def _plain(self) -> Iterator[None]:
        attrs, self.cursor.attrs = self.cursor.attrs, self.default_char
        try:
            yield
        finally:
            self.cursor.attrs = attrs


def environment(term: str, depth: str, glyphs: str) -> dict[str, str]:
    """The variables of a terminal, and the options of a person who wants fewer colours than it has."""
    env = {"TERM": term} | _ASKED[depth]
    env |= {"LANG": "C", "LC_ALL": "C"} if glyphs == "ascii" else {"MIRROR_GLYPHS": "unicode"}
    return env


def check_bytes(raw: bytes, term: str, depth: str, glyphs: str) -> None:
    """No more colours than there are, no character above 126 with ASCII glyphs, no sequence but the known ones."""
    # The theme of sixteen colours is drawn with what the terminal has, and looks the same.
    shown = depth if depth in ("truecolor", "mono") else TERMINALS[term].depth
    assert shown == "truecolor" or not TRUECOLOR.search(raw)
    assert shown in ("truecolor", "256") or not MANY.search(raw)
    assert (shown == "mono") is (not COLOUR.search(raw))
    if glyphs == "ascii":
        assert max(raw) <= 126
    rest = CSI.sub(b"", raw).replace(b"\x1b(B", b"")
    assert b"\x1b" not in rest, rest[rest.index(b"\x1b") :][:40]


def settled(desk: Mirror) -> None:
    """Wait until what the screen shows has been read."""
    end = time.monotonic() + 20
    while not desk.order("calm"):
        assert time.monotonic() < end, f"it is never read\n{desk.terminal.text()}"


def check_footer(desk: Mirror, when: str) -> None:
    for line in desk.order("needs").splitlines():
        needs, has = map(int, line.split())
        assert needs <= has, f"{when}: the last line is cut\n{desk.terminal.text()}"


def check_text(desk: Mirror, when: str, glyphs: str) -> None:
    text = desk.terminal.text()
    assert not STRAY.search(text), f"{when}: a sequence is seen\n{text}"
    if glyphs == "ascii":
        assert max(text) <= "~", f"{when}: {max(text)!r} is seen\n{text}"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of the sandbox with sample data."""
    return Path(shutil.copytree(made, tmp_path / "desk"))


def cells() -> list[tuple[str, str, str]]:
    """All, or a sample: every terminal once, every depth with either set of glyphs at least once."""
    every = list(product(TERMINALS, DEPTHS, GLYPHS))
    if ALL:
        return every
    both = list(product(DEPTHS, GLYPHS))
    return [(term, *both[number % len(both)]) for number, term in enumerate(TERMINALS)]


@pytest.mark.parametrize(("term", "depth", "glyphs"), cells())
def test_a_cell_of_the_matrix(term: str, depth: str, glyphs: str, folder: Path) -> None:
    kind, chance = TERMINALS[term], random.Random(f"{SEED} {term} {depth} {glyphs}")
    first = chance.randrange(len(SIZES))
    sizes = SIZES[first:] + SIZES[:first]
    screen = pyte.Screen if kind.erases_colour else PlainErasing
    env = at_home(folder) | environment(term, depth, glyphs)
    with Terminal([*MIRROR, str(folder)], *sizes[0], env=env, screen=screen, answers=kind.answers) as terminal:
        terminal.wait_for(HOME, timeout=60)
        desk = Mirror(terminal, folder)
        names = desk.order("names").split("\n")
        for size in sizes:
            if size != (terminal.cols, terminal.rows):
                terminal.resize(*size)
            for name in ("", *chance.sample(names, SCREENS)):
                desk.order(f"show {name}" if name else "home")
                when = f"{name or 'Home'} at {size}"
                settled(desk)
                desk.check(when)
                check_text(desk, when, glyphs)
                check_footer(desk, when)
        desk.order("home")
        os.write(terminal.fd, kind.f1)
        terminal.wait_for("Help: Home")
        desk.check("help")
        check_bytes(terminal.raw, term, depth, glyphs)
        terminal.press("escape", "ctrl+q")
        assert terminal.wait_exit(30) == 0
        assert_restored(terminal)


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_do_it_is_told_what_can(term: str, folder: Path) -> None:
    env = at_home(folder) | {"TERM": term}
    with Terminal([*DROPCOPY, "demo"], env=env) as terminal:
        assert terminal.wait_exit(30) == 2
        assert "does not support cursor positioning" in terminal.text().replace("\n", "")
        assert "dropcopy groups list" in terminal.text().replace("\n", "")
        assert b"\x1b" not in terminal.raw


# -- through multiplexers


THROUGH = {
    "tmux": ["tmux", "-u", "-L", "{name}", "-f", "{folder}/tmux.conf", "new-session", "{run}"],
    "screen": ["screen", "-U", "-c", "{folder}/screenrc", "-S", "{name}", "-T", "{inner}", "sh", "-c", "{run}"],
}
INNER = {"tmux": ("tmux-256color", "screen"), "screen": ("screen-256color", "screen")}


def multiplexed() -> list[tuple[str, str, str, str]]:
    every = [
        (name, inner, depth, glyphs)
        for name in THROUGH
        for inner, depth, glyphs in product(INNER[name], DEPTHS, GLYPHS)
    ]
    return every if ALL else [every[0], every[-9], every[10], every[-2]]


@pytest.mark.parametrize(("through", "inner", "depth", "glyphs"), multiplexed())
def test_through_a_multiplexer(through: str, inner: str, depth: str, glyphs: str, folder: Path, tmp_path: Path) -> None:
    """The picture behind a real multiplexer is the application's, at every size."""
    if shutil.which(through) is None:
        pytest.skip(f"{through} is not installed")
    chance = random.Random(f"{SEED} {through} {inner} {depth} {glyphs}")
    env = at_home(folder) | environment("xterm-256color", depth, glyphs) | {"TMUX_TMPDIR": str(tmp_path)}
    (folder / "tmux.conf").write_text(
        f"set -g status off\nset -g default-terminal {inner}\nset -s escape-time 20\n"
        # The emulator of the tests does not know how to scroll by several lines.
        "set -ga terminal-overrides ',*:Tc:indn@:rin@'\n"
    )
    (folder / "screenrc").write_text("startup_message off\nvbell off\ndefutf8 on\ndeflogin off\n")
    inside = {name: text for name, text in environment(inner, depth, glyphs).items() if name != "TERM"}
    settings = " ".join(f"{name}={text}" for name, text in inside.items())
    run = f"exec env {settings} {' '.join(MIRROR)} {folder}"
    name = f"m{os.getpid()}"
    argv = [part.format(name=name, folder=folder, run=run, inner=inner) for part in THROUGH[through]]
    with ended(through, name, env), Terminal(argv, env=env) as terminal:
        terminal.wait_for(HOME, timeout=60)
        desk = Behind(terminal, folder)
        names = desk.order("names").split("\n")
        for size in SIZES if ALL else SIZES[:2]:
            if size != (terminal.cols, terminal.rows):
                terminal.resize(*size)
            for shown in ("", *chance.sample(names, SCREENS)):
                desk.order(f"show {shown}" if shown else "home")
                when = f"{shown or 'Home'} at {size}"
                settled(desk)
                desk.check(when)
                check_text(desk, when, glyphs)
                check_footer(desk, when)
        if depth == "mono":
            assert not COLOUR.search(terminal.raw)
        terminal.press("ctrl+q")
        terminal.wait_exit(30)


@contextmanager
def ended(through: str, name: str, env: dict[str, str]) -> Iterator[None]:
    """Whatever becomes of the test, the multiplexer's own process ends."""
    try:
        yield
    finally:
        end = ["tmux", "-L", name, "kill-server"] if through == "tmux" else ["screen", "-S", name, "-X", "quit"]
        subprocess.run(end, env=clean_environment(env), capture_output=True, check=False)


class Behind(Mirror):
    """The application behind a multiplexer, which draws in its own way: characters, reverse and bold are compared."""

    def order(self, text: str) -> str:
        """The signal is for the process behind it."""
        self.pid = int((self.folder / "pid").read_text())
        return super().order(text)

    def check(self, when: str) -> None:
        """Wait until what is seen is what the application draws."""
        end = time.monotonic() + 15
        while True:
            self.terminal.wait_quiet(0.15)
            wanted = plain(painted(self.order("tell"), self.terminal.cols, self.terminal.rows))
            shown = plain(self.terminal.screen)
            if shown == wanted:
                return
            different = [number for number, pair in enumerate(zip(shown, wanted, strict=True)) if pair[0] != pair[1]]
            lines = "\n".join(f"{n}: {shown[n]!r}\n   {wanted[n]!r}" for n in different[:3])
            assert time.monotonic() < end, f"{when}: lines {different} differ\n{lines}\n{self.terminal.text()}"


def plain(screen: Any) -> list[list[tuple[str, bool]]]:
    """Characters, and whether they are drawn in reverse."""
    return [[(cell.character, cell.attributes[-2]) for cell in line] for line in seen(screen)]
