"""A person at a terminal who acts at random, by keys alone, on what another person changes at the same time."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from tests.e2e.pty import Terminal

HOME = "Needs attention"
# What a crash or a refusal without an author looks like.
CRASHED = re.compile(r"Something went wrong|Traceback|incident [0-9a-f]{4}", re.I)
GONE = re.compile(r"(no longer exists|was changed in the meantime|was deleted|has already been|is still open)")
# The result of one's own act: the pair that a new one took the place of.
OWN_RESULT = re.compile(r"Key pair \S+ was deleted: any file")
AUTHOR = re.compile(r"acme-[a-z]+|DC-\d{4}-\d+|[Yy]our own|another window|\bdesk\b")
REFERENCE = re.compile(r"DC-\d{4}-\d{6}\b")
# Keys that mean something somewhere, none of which leaves the application or acts for somebody else.
NOISE = [*"jk123nesxyvbo?/ *+u", "\r", "\t", "\x1b", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x7f"]
# Seconds within which Home is reached from anywhere, on a machine that is busy.
_PATIENCE = 90.0
LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ"


class Person(threading.Thread):
    """Acts until the end, looks at the screen after every key, and keeps what was wrong."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], name: str, seed: str, seconds: float) -> None:
        super().__init__(name=name)
        self._argv, self._env, self._seconds = argv, env, seconds
        self._dice = random.Random(f"{seed} {name}")
        self._terminal: Terminal | None = None
        self.wrong: list[str] = []
        self.acts: dict[str, int] = {}
        self.refusals: set[str] = set()
        self.references: set[str] = set()
        self.exit_code: int | None = None

    @property
    def terminal(self) -> Terminal:
        """The application, which runs as long as the thread acts."""
        assert self._terminal is not None
        return self._terminal

    def run(self) -> None:
        """Come, act, leave."""
        try:
            with Terminal(self._argv, env=self._env) as self._terminal:
                self.terminal.wait_for(HOME, timeout=60)
                end = time.monotonic() + self._seconds
                while time.monotonic() < end and not self.wrong:
                    act = self._dice.choice(ACTS)
                    name = act.__name__
                    self.acts[name] = self.acts.get(name, 0) + 1
                    act(self)
                    self.go_home()
                self.terminal.press("ctrl+q")
                self.exit_code = self.terminal.wait_exit(30)
        except Exception as error:
            screen = self._terminal.text() if self._terminal else ""
            self.wrong.append(f"{type(error).__name__}: {error}\n{screen}")

    # -- looking

    def look(self) -> str:
        """The screen now; what must not be on it is kept."""
        text = self.terminal.text()
        if CRASHED.search(text):
            self.wrong.append(f"crashed:\n{text}")
        self.references.update(REFERENCE.findall(text))
        said = " ".join(text.split())
        for found in GONE.finditer(said):
            around = said[max(0, found.start() - 160) : found.end() + 160]
            self.refusals.add(found[1])
            if not AUTHOR.search(around) and not OWN_RESULT.search(around):
                self.wrong.append(f"does not say by whom: {around}\n{text}")
        return text

    def sees(self, pattern: str, seconds: float = 2.0) -> re.Match[str] | None:
        """Wait for it; None where it does not come, as the other person may have changed everything."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.look(), re.M)
            if found or time.monotonic() > end or self.wrong:
                return found
            self.terminal.bytes_in(0.03)

    def waits_for_change(self, before: str, seconds: float = 5.0) -> None:
        """Wait until the screen is another one, but not for ever."""
        end = time.monotonic() + seconds
        while self.look() == before and time.monotonic() < end:
            self.terminal.bytes_in(0.05)

    def keys(self, *keys: str) -> None:
        """Press keys as a person does, looking between them."""
        for key in keys:
            self.terminal.press(key)
            self.terminal.bytes_in(self._dice.choice((0.02, 0.05, 0.15)))
            self.look()

    def type(self, text: str) -> None:
        """Type text into what has the focus."""
        self.terminal.type(text)
        self.terminal.bytes_in(0.05)

    def go_home(self) -> None:
        """Escape until Home is there; work that is left behind stays a draft."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            before = self.look()
            if self.wrong or re.search(HOME, before):
                return
            self.keys("enter" if re.search(r"Leave the|Leave now|Keep the draft", before) else "escape")
            # A machine that is busy answers late: keys that run ahead of the screen would answer what is not there yet.
            self.waits_for_change(before)
        self.wrong.append(f"some screen cannot be left:\n{self.look()}")

    def go(self, place: str, title: str) -> bool:
        """By the palette."""
        self.keys("ctrl+p")
        self.type(place)
        self.terminal.wait_quiet(0.2)
        self.keys("enter")
        return self.sees(title) is not None

    # -- acting

    def a_row(self) -> None:
        """Some row of the list."""
        self.keys(*["down"] * self._dice.randint(0, 6))

    def groups(self) -> bool:
        """The list of groups, on some row."""
        if not self.go("Drop Copy Groups", r"Front end"):
            return False
        self.a_row()
        return True

    def word(self, length: int = 4) -> str:
        """A name that nobody else chooses."""
        return "".join(self._dice.choices(LETTERS, k=length))

    def deletes_a_group(self) -> None:
        """With the word that is asked for, or with another one."""
        if not self.groups():
            return
        self.keys("d")
        if found := self.sees(r'Type "([^"]+)" to'):
            self.type(found[1] if self._dice.random() < 0.8 else self.word())
            self.keys("enter")
            self.sees("submitted|completed|Error|does not match|awaiting", 1.5)

    def edits_a_group(self) -> None:
        """A longer name, to the last step, and submitted or left behind."""
        if not self.groups():
            return
        self.keys("e", "enter")
        self.type(self.word(2))
        if self._dice.random() < 0.7:
            self.keys("ctrl+t", "6")
            if self.sees("Submit this request", 1.0):
                self.keys("enter")
                self.sees("submitted|completed|Error|awaiting", 1.5)

    def asks_for_a_group(self) -> None:
        """The wizard, whole."""
        self.keys("n", "enter", "enter")
        self.type(self.word(8))
        for step in ("enter", "enter", "end", "space", "enter", "*", "+", "enter"):
            self.keys(step)
        if self.sees("Submit this request", 1.0) and self._dice.random() < 0.8:
            self.keys("enter")
            self.sees("submitted|completed|Error|awaiting", 1.5)

    def resumes_or_discards_a_draft(self) -> None:
        """From the list of drafts."""
        if not self.go("Drafts", r"Drafts"):
            return
        self.a_row()
        if self._dice.random() < 0.4:
            self.keys("d")
            if self.sees("Discard draft", 1.0):
                self.keys("enter")
        else:
            self.keys("enter", "ctrl+t", "6")
            if self.sees("Submit this request", 1.0):
                self.keys("enter")
                self.sees("submitted|completed|Error|awaiting", 1.5)

    def decides(self) -> None:
        """Approve or deny what the other person asks for."""
        if not self.go("To Do", r"To Do"):
            return
        self.a_row()
        if self._dice.random() < 0.7:
            self.keys("a")
            if self.sees(r"Approve DC-", 1.0):
                self.keys("enter")
        else:
            self.keys("d")
            if self.sees(r"Deny DC-", 1.0):
                self.type("not now")
                self.keys("enter")
        self.sees("Done|Error|approved|denied", 1.0)

    def cancels(self) -> None:
        """One of their own requests."""
        if not self.go("My Requests", r"My Requests"):
            return
        self.a_row()
        self.keys("c")
        if self.sees(r"Cancel DC-", 1.0):
            self.keys("enter")
            self.sees("Done|Error|cancelled", 1.0)

    def manages_keys(self) -> None:
        """Generate a key pair with a code of the sandbox's phone, or delete one."""
        if not self.groups():
            return
        self.keys("enter", "2", "k")
        if not self.sees("Manage Keys for Selected", 1.0):
            return
        if self._dice.random() < 0.5:
            self.keys("end", "enter")
            if self.sees("to delete", 1.0):
                self.keys("enter")
            if found := self.sees(r'Type "([^"]+)" to', 1.0):
                self.type(found[1])
                self.keys("enter")
                self.sees("deleted|Error", 1.5)
            return
        self.keys("enter")
        for _ in range(4):
            if found := self.sees(r"code is (\d{6})", 0.7):
                self.type(found[1])
                self.keys("enter")
                self.sees("generated|Error", 2.0)
                return
            self.keys("enter")

    def presses_anything(self) -> None:
        """A burst of keys, somewhere."""
        places = ("Drop Copy Groups", "My Requests", "To Do", "Key calendar", "Coverage", "Notices", "Order Entry")
        self.go(self._dice.choice(places), r"Request Center")
        for _ in range(self._dice.randint(1, 6)):
            self.type("".join(self._dice.choices(NOISE, k=self._dice.randint(1, 8))))
            self.look()


ACTS: tuple[Callable[[Person], None], ...] = (
    Person.deletes_a_group,
    Person.edits_a_group,
    Person.edits_a_group,
    Person.asks_for_a_group,
    Person.resumes_or_discards_a_draft,
    Person.decides,
    Person.decides,
    Person.cancels,
    Person.manages_keys,
    Person.presses_anything,
)
