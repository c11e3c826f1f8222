"""Text that people enter: what may stand in a name, and how a refusal says so."""

from __future__ import annotations

import unicodedata

from dropcopy_tui.domain.errors import InvalidValue

# Rule G3: the length is a local choice (the configuration's `group_name_length`).
GROUP_NAME_LENGTH = 30
# Widths of FIX tags 1603, 1604 and 1605 in a logon (CME wiki: drop copy session layer logon).
FRONT_END_NAME_LENGTH = 30
FRONT_END_VERSION_LENGTH = 10
FRONT_END_VENDOR_LENGTH = 10
_SHOWN = 24
# Letters of right-to-left scripts reorder the line they stand on.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "PDF", "PDI", "FSI"})
# Letters and numbers by category that terminals draw on no cell or on two: the vowels and finals of
# conjoining Hangul, a filler, and counting rods (their width grew with Unicode 16).
_ODD_WIDTH = (range(0x1160, 0x1200), range(0xD7B0, 0xD800), range(0xFFA0, 0xFFA1), range(0x1D360, 0x1D380))


def clean_name(text: str, what: str, longest: int, field: str = "name") -> str:
    """The name without spaces around it, in Unicode NFC.

    Args:
        text: what a person entered.
        what: how the refusal calls it, such as "Group name".
        longest: the most characters it may have.
        field: the form field the refusal belongs to.

    Raises:
        InvalidValue: it is empty, too long, or has characters that do not show as one plain cell.
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not name:
        raise InvalidValue(f"{what} is empty. Enter 1 to {longest} characters.", field)
    if len(name) > longest:
        raise InvalidValue(f"{what} has {len(name):,} characters. At most {longest} are allowed.", field)
    bad = next((character for character in name if not _plain(character)), None)
    if bad is not None:
        raise InvalidValue(
            f"{what} has a character that is not plain printable text (U+{ord(bad):04X}). "
            "Use letters, digits, spaces and ordinary punctuation.",
            field,
        )
    return name


def _plain(character: str) -> bool:
    """Whether the character is printable, left to right and one cell wide."""
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
    """What must be unique: names that differ by case alone are the same name (rule G3)."""
    return unicodedata.normalize("NFKC", name).casefold()


def shorten(text: str, longest: int = _SHOWN) -> str:
    """A value short enough to be quoted in a one-line message, control characters escaped."""
    plain = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return plain if len(plain) <= longest else plain[: longest - 3] + "..."
