"""Settings for choices that the sources leave open (domain section 9), each with its default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from types import MappingProxyType

from dropcopy_tui.domain.filters import MANDATORY, Filter
from dropcopy_tui.domain.names import GROUP_NAME_LENGTH


def _none() -> Mapping[str, time]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the configuration file.

    Attributes:
        fee: the fee of another group, as text with its currency; None shows "ask GAM" (rule G1).
        group_name_length: the most characters of a group name (rule G3).
        mandatory_filters: filters that every group has (rule G4).
        code_life: how long a verification code is valid (rule P2).
        code_tries: the attempts allowed per code (rule P2).
        codes_a_day: the most codes that a person gets in 24 hours (rule P2).
        sign_in_tries: the wrong passwords in a row that lock an account (rule P1).
        lock_time: how long an account stays locked (rule P1).
        invitation_life: how long an invitation code is valid.
        factor_wait: how long a new second factor confirms nothing unless an EASE agent vouched for it (rule P2);
            None is 24 hours, and no time at all in a sandbox.
        wrong_codes_in_row: the wrong codes in a row that switch a factor off until EASE helps (rule P2).
        approver_wait: how long nobody approves requests of those who invited or entitled them (rule Q3).
        key_deletion_factor: whether deleting an active key pair takes a second factor (rule P2).
        role_grant_factor: whether granting a role takes a second factor (rule P2).
        closes: market closes that differ from the default, by market (rule K2).
        closed_days: days on which markets are closed in addition to the calendar's holidays.
        open_days: days on which markets are open although the calendar has a holiday.
        batches: the time of the daily batch, by market; other markets are provisioned continuously (rule Q5).
        batch_zone: the time zone of those times.
        challenge_life: how long an expired second factor is kept (rule P2).
        notice_life: how long a notice is kept after it was read (rule Q6).
        ease_contact: how to reach EASE for a code, as shown in the dialog (rule P2); None shows no contact.
        expiry_notice_days: how many days before a key pair expires its administrators are notified (rule K7).
        seat_lock: how long a seat is idle before it is locked; None is 15 minutes, and never in a sandbox.
        seat_sign_out: how long it is idle before it ends; None is 30 minutes, and never in a sandbox.
        seat_life: the longest that a seat lasts; None is 12 hours, and without end in a sandbox.
        seats: the most seats that a person has at a time; None is three, and any number in a sandbox.
        clipboard: whether the screen may send text to the terminal's clipboard: "allow" or "deny".
        environment: the environment in key files; None uses the store's.
        audit_anchor: where anchors of the audit trail are written: a file, or "syslog"; "" for nowhere (rule P4).
    """

    fee: str | None = None
    group_name_length: int = GROUP_NAME_LENGTH
    mandatory_filters: frozenset[Filter] = MANDATORY
    code_life: timedelta = timedelta(minutes=5)
    code_tries: int = 3
    codes_a_day: int = 10
    sign_in_tries: int = 5
    lock_time: timedelta = timedelta(hours=3)
    invitation_life: timedelta = timedelta(hours=72)
    factor_wait: timedelta | None = None
    wrong_codes_in_row: int = 50
    approver_wait: timedelta = timedelta(days=30)
    key_deletion_factor: bool = False
    role_grant_factor: bool = False
    closes: Mapping[str, time] = field(default_factory=_none)
    closed_days: frozenset[date] = frozenset()
    open_days: frozenset[date] = frozenset()
    batches: Mapping[str, time] = field(default_factory=_none)
    batch_zone: str = "America/Chicago"
    challenge_life: timedelta = timedelta(days=30)
    notice_life: timedelta = timedelta(days=180)
    ease_contact: str | None = None
    expiry_notice_days: tuple[int, ...] = (28, 14, 7, 1)
    seat_lock: timedelta | None = None
    seat_sign_out: timedelta | None = None
    seat_life: timedelta | None = None
    seats: int | None = None
    clipboard: str = "allow"
    environment: str | None = None
    audit_anchor: str = ""
