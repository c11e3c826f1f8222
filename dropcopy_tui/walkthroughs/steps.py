"""What a walkthrough consists of. It is data: nothing here presses a key.

A key is named by the ID of its binding (`groups.create`), so that whoever chose other keys sees their own played.
Only what every list and field understands has a name of its own: enter, space, escape, tab, up, down, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# The keys of lists and fields, which cannot be chosen; every other key is a binding and has an ID.
PLAIN_KEYS = frozenset(
    {"enter", "space", "escape", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
)


@dataclass(frozen=True, slots=True)
class Text:
    """Typed into the field that has the focus, as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class PhoneCode:
    """The one-time code that the sandbox's phone shows on the screen."""


@dataclass(frozen=True, slots=True)
class Line:
    """Down to the line of a list that contains this text; nothing where it is marked already."""

    text: str


Press = str | Text | PhoneCode | Line


@dataclass(frozen=True, slots=True)
class WalkthroughStep:
    """One step.

    Attributes:
        say: what happens and why, in one or two sentences, read before the keys are pressed.
        keys: binding IDs, plain keys, text and codes, in their order.
        expect: what is on the screen afterwards; line breaks do not matter.
        shot: the name of the picture that documents show of it, "" for none.
        person: the user id of whoever sits down before the keys are pressed, "" for the one before.
    """

    say: str
    keys: tuple[Press, ...] = ()
    expect: tuple[str, ...] = ()
    shot: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """A job from its beginning to its end.

    Attributes:
        name: what the command line calls it, such as `create-group`.
        title: the job, as an instruction.
        person: the user id of whoever begins, among the people of the sample data.
        role: in what capacity, such as `operator`.
        rows: which rows of the specification it shows, by number.
        steps: in their order.
    """

    name: str
    title: str
    person: str
    role: str
    steps: tuple[WalkthroughStep, ...]
    rows: tuple[int, ...] = field(default=())


def open_by_name(words: str) -> tuple[Press, ...]:
    """Open a screen from anywhere: the palette, and a part of its name."""
    return ("app.commands", Text(words), "enter")
