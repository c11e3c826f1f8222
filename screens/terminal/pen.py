"""How a cell is drawn: colours and attributes, and the shortest sequence from one way of drawing to another."""

from __future__ import annotations

from functools import lru_cache

# Codes of SGR (ECMA-48, 8.3.117): what turns each attribute off again.
_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "8": "28", "9": "29", "53": "55"}
# What is seen where there is no character. Bold, dim and italic are not.
_SEEN_ON_BLANKS = frozenset({"4", "5", "6", "7", "9", "21", "51", "52", "53"})
_FOREGROUND, _BACKGROUND = {"38", "39"}, {"48", "49"}


class Pen:
    """Attributes and colours as SGR codes. There is one object for each: `is` compares them."""

    __slots__ = ("attributes", "background", "blank", "foreground")

    def __init__(self, attributes: frozenset[str], foreground: str, background: str) -> None:
        self.attributes = attributes
        self.foreground = foreground
        self.background = background
        seen = attributes & _SEEN_ON_BLANKS
        # What a blank in this pen looks like: two of them that look the same are the same.
        self.blank = self if seen or not (foreground or attributes) else pen(frozenset(), "", background)

    @property
    def codes(self) -> list[str]:
        """The codes that lead here from nothing."""
        return [*sorted(self.attributes), *filter(None, (self.foreground, self.background))]


@lru_cache(None)
def pen(attributes: frozenset[str], foreground: str, background: str) -> Pen:
    """The pen with these attributes and colours; a colour is "" where it is the terminal's own."""
    return Pen(attributes, foreground, background)


PLAIN = pen(frozenset(), "", "")


@lru_cache(None)
def pen_of(codes: str) -> Pen:
    """The pen of a sequence's codes, such as `1;38;5;208;44`."""
    attributes, foreground, background = set(), "", ""
    rest = iter(codes.split(";") if codes else ())
    for code in rest:
        taken = [code]
        if code in ("38", "48"):
            # 5 and a number, or 2 and three of them.
            taken.append(next(rest))
            taken += [next(rest) for _ in range(1 if taken[1] == "5" else 3)]
        if code in _FOREGROUND or (len(code) == 2 and code[0] in "39"):
            foreground = "" if code == "39" else ";".join(taken)
        elif code in _BACKGROUND or (len(code) > 1 and code[:-1] in ("4", "10")):
            background = "" if code == "49" else ";".join(taken)
        else:
            attributes.add(code)
    return pen(frozenset(attributes), foreground, background)


@lru_cache(1024)
def for_blank(now: Pen, blank: Pen) -> Pen:
    """The pen that draws a blank: as it is now, but for what is seen of it."""
    if blank.attributes:
        return blank
    return pen(now.attributes - _SEEN_ON_BLANKS, now.foreground, blank.background)


@lru_cache(1024)
def change(old: Pen, new: Pen) -> str:
    """The shortest sequence that turns one pen into another."""
    if old is new:
        return ""
    afresh = ["0", *new.codes] if new is not PLAIN else [""]
    gone = old.attributes - new.attributes
    if not gone <= _OFF.keys():
        return _sequence(afresh)
    ended = {_OFF[code] for code in gone}
    # 22 ends bold and dim alike.
    kept = {code for code in old.attributes & new.attributes if _OFF.get(code) not in ended}
    codes = [*sorted(ended), *sorted(new.attributes - kept)]
    if old.foreground != new.foreground:
        codes.append(new.foreground or "39")
    if old.background != new.background:
        codes.append(new.background or "49")
    return min(_sequence(codes), _sequence(afresh), key=len)


def _sequence(codes: list[str]) -> str:
    return f"\x1b[{';'.join(codes)}m"
