"""Seats: where people are signed in to the application, how long a seat may be idle, and how one ends.

A seat begins when someone opens the application. It is locked when no key is pressed for a while, resumed by its
person, and ends when they leave, or when someone or something else ends it. A single command is not a seat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.settings import Settings

REASON_LENGTH = 100
# How often an open application says in the store that it runs, and when a key was last pressed in it.
SEEN_EVERY = timedelta(minutes=5)
# A seat on a host that cannot be asked counts as gone when it has missed two of these, and some patience more.
_MISSED = 2 * SEEN_EVERY + timedelta(minutes=2)
# Wrong answers at one lock, before the seat ends.
MOST_TRIES = 5
# Before a seat has lasted as long as it may, its person is told.
LAST_CALL = timedelta(minutes=10)

_LOCK, _SIGN_OUT, _LIFE, _MOST = timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=12), 3


class SeatWay(StrEnum):
    """How the person of a seat signed in."""

    PASSWORD = "password"  # noqa: S105 - a word
    ACCOUNT = "account"
    SSH_KEY = "ssh_key"
    SANDBOX = "sandbox"

    @property
    def words(self) -> str:
        """The way in words."""
        return "SSH key" if self is SeatWay.SSH_KEY else self.value


class SeatState(StrEnum):
    """Whether the person works there, has to prove themselves first, or is gone."""

    OPEN = "open"
    LOCKED = "locked"
    LOST = "lost"
    ENDED = "ended"


class Ending(StrEnum):
    """How a seat ended."""

    LEFT = "left"
    IDLE = "idle"
    OLD = "old"
    LOST = "lost"
    UNPROVEN = "unproven"
    ENDED = "ended"
    ELSEWHERE = "elsewhere"
    DISABLED = "disabled"
    ROLES = "roles"
    KEY = "key"
    PASSWORD = "password"  # noqa: S105 - a word


@dataclass(frozen=True, slots=True)
class SeatRules:
    """When a seat is locked and ended, and how many a person may have at a time.

    `lock` and `sign_out` are times without a key press, `life` is the longest that a seat lasts.
    """

    lock: timedelta = _LOCK
    sign_out: timedelta = _SIGN_OUT
    life: timedelta = _LIFE
    most: int = _MOST


def rules_of(settings: Settings, *, sandbox: bool) -> SeatRules | None:
    """The rules of a desk. None in a sandbox whose configuration sets none of them: it is for trying things."""
    given = (settings.seat_lock, settings.seat_sign_out, settings.seat_life, settings.seats)
    if sandbox and all(value is None for value in given):
        return None
    return SeatRules(
        settings.seat_lock or _LOCK, settings.seat_sign_out or _SIGN_OUT, settings.seat_life or _LIFE,
        settings.seats or _MOST,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SeatPlace:
    """Where a seat is.

    `machine` names the running system and its set of processes, so that `pid` and `started` mean one process there;
    `address` is the SSH client's, `fingerprint` its key's; "" on the host's own terminal.
    """

    host: str
    account: str
    tty: str = ""
    address: str = ""
    fingerprint: str = ""
    machine: str = ""
    pid: int = 0
    started: int = 0


@dataclass(frozen=True, slots=True)
class SeatTimes:
    """When a seat was opened, last seen, last used and locked."""

    opened_at: datetime
    seen_at: datetime
    acted_at: datetime
    locked_at: datetime | None = None


def over(times: SeatTimes, rules: SeatRules, now: datetime, *, gone: bool | None) -> Ending | None:
    """How a seat has ended that did not say so itself; None while it may be in use.

    Args:
        times: those of the seat.
        rules: those of the desk.
        now: the present moment.
        gone: whether its process has ended; None where that cannot be found out, as on another host.
    """
    if gone:
        return Ending.LOST
    if gone is None and now - times.seen_at > _MISSED:
        return Ending.LOST
    # What its own application has noticed in time, unless it was stopped. The last key press is stored now and then.
    if now - times.acted_at > rules.sign_out + _MISSED:
        return Ending.IDLE
    return Ending.OLD if now - times.opened_at > rules.life + _MISSED else None


def ends_by(times: SeatTimes, rules: SeatRules) -> datetime:
    """When the seat ends at the latest."""
    return min(times.acted_at + rules.sign_out, times.opened_at + rules.life) + _MISSED


def idle_words(since: datetime, now: datetime) -> str:
    """How long ago the last key press was: `4 min`, `1 h 05 min`."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def length_words(time: timedelta) -> str:
    """A limit as people read it: `15 minutes`, `12 hours`."""
    minutes = round(time.total_seconds() / 60)
    return plural(minutes // 60, "hour") if minutes >= 60 and minutes % 60 == 0 else plural(minutes, "minute")


def ending_words(how: Ending, by: str, own: str, reason: str) -> str:
    """Why a seat ended, as a sentence for its person.

    Args:
        how: how it ended.
        by: the user id of whoever ended it, "" for the desk itself.
        own: the user id of its person.
        reason: what whoever ended it had to say, or the limit that was reached; "" for nothing.
    """
    said = f": {reason.rstrip('.')}." if reason else "."
    return {
        Ending.LEFT: "You have left this seat.",
        Ending.IDLE: f"You were signed out after {reason or 'a long time'} without a key press.",
        Ending.OLD: f"You were signed out: a seat lasts {reason or 'a day'} at most.",
        Ending.LOST: "This seat was no longer running.",
        Ending.UNPROVEN: "You were signed out after too many wrong answers at the lock.",
        Ending.ENDED: f"{by} ended your seat{said}",
        Ending.ELSEWHERE: "You ended this seat from elsewhere.",
        Ending.DISABLED: f"{by} disabled your account.",
        Ending.ROLES: f"{by} revoked your last role.",
        Ending.KEY: "You revoked the SSH key of this seat." if by == own else f"{by} revoked your SSH key.",
        Ending.PASSWORD: "Your password was changed, which ends your other seats.",
    }[how]
