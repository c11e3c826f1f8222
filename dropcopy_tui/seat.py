"""The seat of a person who sits at the desk over SSH: whose key it was, and what this process may not do for it.

A process that the gate has started serves one person on a host that is not theirs: it names no file there, and
acts as no other person. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

from dropcopy_tui.domain.errors import FileRefused


@dataclass(frozen=True, slots=True)
class Seat:
    """The fingerprint of the key that sshd accepted, and the address that it came from ("" if sshd did not say)."""

    fingerprint: str
    address: str


_taken: list[Seat] = []


def take(seat: Seat) -> None:
    """This process serves that seat, from now until it ends."""
    if _taken:
        raise RuntimeError("a process has one seat")
    _taken.append(seat)


def here() -> Seat | None:
    """The seat of this process; None for a process on its own host."""
    return _taken[0] if _taken else None


def refuse_path(name: str) -> None:
    """Refuse a file of the host by its name. Raises FileRefused."""
    if _taken:
        raise FileRefused(
            f"{name!r} would be a file of the desk's host, which cannot be named over SSH. Use - instead, and send or "
            "receive the file through SSH, such as: ssh desk route - < orders.log. Nothing was changed."
        )
