"""What is found out about a terminal before Textual is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from screens.terminal.guard import clamp, colour_tier, erases_colour, prepare, refuse_reason


@pytest.mark.parametrize(
    ("environ", "tier"),
    [
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, "truecolor"),
        ({"TERM": "xterm-kitty"}, "256"),
        ({"TERM": "xterm"}, "16"),
        ({"TERM": "screen"}, "16"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "vt220"}, "mono"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "COLORTERM": "truecolor"}, "mono"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
    ],
)
def test_colours(environ: dict[str, str], tier: str) -> None:
    assert colour_tier(environ) == tier


@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "linux", "rxvt-unicode-256color", "xterm-kitty"])
def test_these_erase_to_the_present_background(term: str) -> None:
    assert erases_colour({"TERM": term})


@pytest.mark.parametrize(
    "environ", [{"TERM": "screen-256color"}, {"TERM": "tmux"}, {"TERM": "vt220"}, {}, {"TERM": "xterm", "STY": "1.x"}]
)
def test_these_may_erase_to_their_own(environ: dict[str, str]) -> None:
    assert not erases_colour(environ)


@pytest.mark.parametrize(
    ("environ", "glyphs"),
    [
        ({"LANG": "en_US.UTF-8"}, "unicode"),
        ({"LANG": "C.utf8"}, "unicode"),
        ({"LANG": "de_DE.UTF-8@euro"}, "unicode"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, "ascii"),
        ({"LC_CTYPE": "en_US.ISO-8859-1"}, "ascii"),
        ({}, "ascii"),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, "ascii"),
    ],
)
def test_glyphs(environ: dict[str, str], glyphs: str) -> None:
    assert prepare({"TERM": "xterm", **environ}).glyphs == glyphs


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
def test_no_mouse_over_ssh(name: str) -> None:
    assert prepare({}).mouse
    assert not prepare({name: "x"}).mouse


def test_dangerous_variables_go() -> None:
    environ = {
        "TEXTUAL_LOG": "x",
        "TEXTUAL": "debug",
        "TEXTUAL_DRIVER": "a:B",
        "PYTHONINSPECT": "1",
        "HOME": "/",
    }
    prepare(environ)
    assert environ == {"HOME": "/"}


def test_sizes_are_clamped() -> None:
    assert clamp(65535, 65535) == (500, 200)
    assert clamp(80, 24) == (80, 24)


def test_without_streams() -> None:
    reason = refuse_reason(None, None, {"TERM": "xterm"}, (80, 24))
    assert reason
    assert "\n" not in reason
    assert "ssh -t" not in reason
    over_ssh = {"TERM": "xterm", "SSH_CONNECTION": "192.0.2.7 1 192.0.2.1 22"}
    assert "ssh -t" in str(refuse_reason(None, None, over_ssh, (80, 24)))


def test_the_guard_does_not_import_textual() -> None:
    code = "import sys, screens.terminal.guard; sys.exit('textual' in sys.modules or 'rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
