"""Names that people enter: the characters they may have, and the refusals of others."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from dropcopy_tui.domain.errors import InvalidValue

# Rule G3: the length is a local choice (the configuration's `group_name_length`).
GROUP_NAME_LENGTH = 30
# The widths of FIX tags 1603, 1604 and 1605 in a logon (CME wiki: drop copy session layer logon).
FRONT_END_NAME_LENGTH = 30
FRONT_END_VERSION_LENGTH = 10
FRONT_END_VENDOR_LENGTH = 10
_SHOWN = 24
# Letters of right-to-left scripts would reorder the line that shows them.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "PDF", "PDI", "FSI"})
# Letters and numbers by category that terminals draw in no cell or in two: the vowels and finals of
# conjoining Hangul, a filler, and counting rods (which became wide with Unicode 16).
_ODD_WIDTH = (range(0x1160, 0x1200), range(0xD7B0, 0xD800), range(0xFFA0, 0xFFA1), range(0x1D360, 0x1D380))


def clean_name(text: str, what: str, longest: int, field: str = "name") -> str:
    """Return the name without surrounding spaces, in Unicode NFC.

    Args:
        text: the text that a person entered.
        what: the name of the value in a refusal, such as "Group name".
        longest: the most characters it may have.
        field: the form field that the refusal belongs to.

    Raises:
        InvalidValue: it is empty or too long, or has characters that a terminal does not draw in one plain cell.
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not name:
        raise InvalidValue(f"{what} is empty. Enter 1 to {longest} characters.", field)
    if len(name) > longest:
        raise InvalidValue(f"{what} has {len(name):,} characters. At most {longest} are allowed.", field)
    bad = next((character for character in name if not _plain(character)), None)
    if bad is not None:
        raise InvalidValue(
            f"{what} contains a character that is not plain printable text (U+{ord(bad):04X}). "
            "Use letters, digits, spaces and ordinary punctuation.",
            field,
        )
    return name


def _plain(character: str) -> bool:
    """Whether the character is printable, left-to-right and one cell wide."""
    if character.isascii():
        return character.isprintable()
    category = unicodedata.category(character)
    if category[0] in "CZM" or category in ("So", "Sk"):
        return False
    if any(ord(character) in odd for odd in _ODD_WIDTH):
        return False
    if unicodedata.bidirectional(character) in _RIGHT_TO_LEFT:
        return False
    return unicodedata.east_asian_width(character) not in ("W", "F")


def name_key(name: str) -> str:
    """The form of a name that must be unique: names that differ only in case are the same (rule G3)."""
    return unicodedata.normalize("NFKC", name).casefold()


def shorten(text: str, longest: int = _SHOWN) -> str:
    """Shorten a value so that a one-line message can quote it; control characters are escaped."""
    plain = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return plain if len(plain) <= longest else plain[: longest - 3] + "..."


def several_named(name: str, entities: Sequence[str]) -> str:
    """The refusal of a group's name that groups of several entities have."""
    return f"Several entities have a group {shorten(name)!r}: {', '.join(sorted(entities))}. Specify --entity."
