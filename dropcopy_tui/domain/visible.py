"""Decides which characters may reach a terminal, and what is shown instead of the others.

Uses the standard library only, so that the command line does not have to import Textual.
"""

from __future__ import annotations

import codecs
import re

# Cc and DEL; soft hyphen; Arabic letter mark; Hangul fillers; Mongolian separators; zero-width
# and bidi marks; line and paragraph separators; embeddings, isolates and invisible operators;
# BOM; interlinear and noncharacter specials; lone surrogates; musical, shorthand and tag formats.
_HIDING = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    r"\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
HIDING = re.compile(f"[{_HIDING}]")
NOT_ASCII = re.compile(r"[^\x20-\x7e]")

_ASCII_GROUPS = {
    "-": "─━┄┅┈┉╌╍═╴╶╸╺‐‑‒–—―−▁▂▔▀▄⎯",
    "|": "│┃┆┇┊┋╎╏║╵╷╹╻▏▎▍▌▐▕▊▋▉",
    "+": "┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯╰▖▗▘▙▚▛▜▝▞▟✚",
    "#": "█■▆▇▅▃▓▒◼",
    ".": "…·∙⋅░",
    "*": "•●◆★☆✱⁎◉",
    "o": "○◦◯",
    ">": "→▶►▸›»⟶⏵▷",
    "<": "←◀◄◂‹«⟵⏴◁",
    "^": "↑▲▴△⏶⭘",
    "v": "↓▼▾▽⏷✓✔",
    "x": "×✗✘✕✖",
    "'": "‘’‚′`´",
    '"': "“”„″",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2800",
}
ASCII = {glyph: plain for plain, glyphs in _ASCII_GROUPS.items() for glyph in glyphs}


def glyph_of(character: str) -> str:
    """The replacement for a character that must not be sent: Unicode has control pictures for C0 and DEL."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"


def ascii_of(character: str) -> str:
    """The closest printable ASCII character for any character, or `?`."""
    return ASCII.get(character, "?")


def plain_marks(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: what an encoding does not have, in plain characters.

    The picture of a control character becomes one mark: as an escape (\\u241b) it would be the escape of an escape.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    marks = []
    for character in error.object[error.start : error.end]:
        if "\u2400" <= character <= "\u2421" or character == "\ufffd":
            marks.append("?")
        else:
            marks.append(ASCII.get(character) or character.encode("ascii", "backslashreplace").decode())
    return "".join(marks), error.end


PLAIN_MARKS = "plain_marks"
codecs.register_error(PLAIN_MARKS, plain_marks)


def visible(text: str) -> str:
    """Replace every character that could hide or reorder text, or control the terminal, with a visible glyph."""
    return HIDING.sub(lambda found: glyph_of(found.group()), text) if HIDING.search(text) else text
