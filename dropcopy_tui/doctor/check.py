"""What a check is, and what it looks at."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, text

from dropcopy_tui.config import Config
from dropcopy_tui.domain.places import Place, beside
from dropcopy_tui.services.base import Resources
from dropcopy_tui.store.tables import METADATA

_MOMENT = METADATA.tables["audit_event"].c["at"].type
OTHERS_WRITE = 0o022
OTHERS_READ = 0o077


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a check found, and what cures it: a command where there is one."""

    what: str
    cure: str


@dataclass(frozen=True, slots=True)
class Misconfiguration:
    """A misconfiguration: its name, what is wrong, why it matters, and its cure."""

    id: str
    what: str
    why: str
    cure: str


@dataclass(frozen=True, slots=True)
class Host:
    """What is asked of this machine and this process."""

    python: tuple[int, int]
    encoding: str
    umask: int
    core_limit: int
    temp: Path
    program: Path
    zones: str

    @classmethod
    def here(cls) -> Host:
        """The host that this process runs on."""
        from importlib.metadata import version

        return cls(
            python=sys.version_info[:2],
            encoding=sys.getfilesystemencoding(),
            umask=_umask(),
            core_limit=resource.getrlimit(resource.RLIMIT_CORE)[0],
            temp=Path(tempfile.gettempdir()),
            program=Path(__file__).parents[1],
            zones=version("tzdata"),
        )


def _umask() -> int:
    before = os.umask(0o077)
    os.umask(before)
    return before


@dataclass(frozen=True, slots=True)
class Patient:
    """The desk that is examined. Without a usable configuration or store, what is asked of them is left out.

    Attributes:
        config: the configuration; None where it is not valid, which `refusal` explains.
        file: the configuration file.
        resources: the open store; None where it cannot be opened.
        unread: why a file that is a store by its beginning could not be read; "" where it could.
        master: the bytes of the master key, whoever else may read it; None where there is none.
    """

    host: Host
    environ: Mapping[str, str]
    now: datetime
    file: Path
    config: Config | None = None
    refusal: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    resources: Resources | None = None
    unread: str = ""
    master: bytes | None = None

    @property
    def place(self) -> Place | None:
        """Where the store is."""
        return self.config.paths.store if self.config else None

    @property
    def store_file(self) -> Path | None:
        """The store's file, if it is in one that exists."""
        return self.place if isinstance(self.place, Path) and os.path.lexists(self.place) else None

    @property
    def beside(self) -> Path | None:
        """What is beside the store on this machine is beside this path."""
        return beside(self.place) if self.place else None

    @property
    def key(self) -> Path | None:
        """The master key's file, if it exists."""
        path = self.config.paths.master_key if self.config else None
        return path if path is not None and os.path.lexists(path) else None

    @property
    def is_real(self) -> bool:
        """Whether the store is one that people rely on, and no sandbox."""
        return self.resources is not None and not self.resources.sandbox

    def ask(self, sql: str, **values: Any) -> Sequence[Any]:
        """The rows of a statement; none without a store."""
        if self.resources is None:
            return ()
        with self.resources.store.read() as session:
            moments = {name: value for name, value in values.items() if isinstance(value, datetime)}
            typed = [bindparam(name, type_=_MOMENT) for name in moments]
            return session.execute(text(sql).bindparams(*typed), values).all()

    def one(self, sql: str, **values: Any) -> Any:
        """The first value of a statement; None without a store."""
        rows = self.ask(sql, **values)
        return rows[0][0] if rows else None


Look = Callable[[Patient], Iterator[Trouble]]


@dataclass(frozen=True, slots=True)
class NamedCheck:
    """A named check."""

    id: str
    why: str
    look: Look


class Room:
    """The checks of one subject, in order."""

    def __init__(self) -> None:
        self.checks: list[NamedCheck] = []

    def check(self, name: str, why: str) -> Callable[[Look], Look]:
        """Add a check: its name, and why it matters."""

        def added(look: Look) -> Look:
            self.checks.append(NamedCheck(name, why, look))
            return look

        return added


def named(found: Sequence[Any], most: int = 3) -> str:
    """The first of these by name, and how many more there are."""
    names = [str(each[0]) if isinstance(each, tuple) or hasattr(each, "_fields") else str(each) for each in found]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def agree(found: Sequence[Any], one: str, many: str) -> str:
    """The verb behind what `named` names: `alice is`, `alice, bob are`."""
    return one if len(found) == 1 else many
