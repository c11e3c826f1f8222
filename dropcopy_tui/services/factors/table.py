"""The table of second factors, and what is said about them (rule P2).

A new factor is a row here and a class of its own, its strategy. This module imports no database library, so that the
command line can list the factors in its help; a strategy is imported when someone uses it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.people import Entitlement

_ROOM = "dropcopy_tui.services.factors"
_NO_DROPS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Factor:
    """A way to confirm one's identity. `digits` are the fewest and the most that its codes have."""

    name: str
    label: str
    digits: tuple[int, int]
    strategy: str

    @property
    def digits_words(self) -> str:
        """How long a code is: `6 digits`."""
        least, most = self.digits
        return f"{least} digits" if least == most else f"{least} to {most} digits"

    def check_code(self, code: str) -> None:
        """Refuse what cannot be a code before it costs a try. Raises InvalidValue."""
        least, most = self.digits
        if not (code.isascii() and code.isdigit() and least <= len(code) <= most):
            raise InvalidValue(f"The code must have {self.digits_words}.", "code")


# Duo's own passcodes: six digits from the app or by SMS, up to nine for a bypass code.
_TABLE = (
    Factor("sms", "SMS code", (6, 6), f"{_ROOM}.sms_code:SmsCode"),
    Factor("totp", "Authenticator app", (6, 6), f"{_ROOM}.authenticator:AuthenticatorApp"),
    Factor("ease", "Contact EASE", (8, 8), f"{_ROOM}.ease_code:EaseCode"),
    Factor("duo", "Duo Security", (6, 9), f"{_ROOM}.duo:DuoSecurity"),
    Factor("recovery", "Recovery code", (12, 12), f"{_ROOM}.recovery:RecoveryCode"),
)
# By name, in the order of the dialog.
FACTORS: dict[str, Factor] = {factor.name: factor for factor in _TABLE}


class Purpose(StrEnum):
    """What a challenge is for: it opens nothing else."""

    KEYS = "keys"
    ENROL = "enrol"
    REMOVE = "remove"
    ROLES = "roles"
    ACCESS = "access"
    RECOVERY = "recovery"
    RESUME = "resume"

    @property
    def words(self) -> str:
        """What the code is for, as it is told to people."""
        return _PURPOSES[self]


_PURPOSES = {
    Purpose.KEYS: "key pairs",
    Purpose.ENROL: "enrolling an authenticator app",
    Purpose.REMOVE: "removing an authenticator app",
    Purpose.ROLES: "granting roles",
    Purpose.ACCESS: "SSH keys",
    Purpose.RECOVERY: "making recovery codes",
    Purpose.RESUME: "resuming a locked seat",
}
# EASE issues codes for these. An app that its owner cannot prove themselves with is removed by two agents.
ISSUED = (Purpose.KEYS, Purpose.ENROL, Purpose.ROLES, Purpose.ACCESS)


def key_scope(act: str, sessions: Sequence[int], drops: Mapping[int, str] = _NO_DROPS) -> str:
    """What a code for key pairs is asked for: the act, its sessions, and the pairs that are deleted for it."""
    said = json.dumps([act, sorted(set(sessions)), sorted(drops.items())])
    return hashlib.sha256(said.encode()).hexdigest()


def deletion_scope(keys: Sequence[str]) -> str:
    """What a code for deleting key pairs is asked for: exactly these."""
    return hashlib.sha256(json.dumps(["delete", sorted(set(keys))]).encode()).hexdigest()


def grant_scope(user_id: str, roles: Iterable[Entitlement], email: str = "") -> str:
    """What a code for granting roles is asked for: whom, which ones, and the mailbox of a person who is invited."""
    whom, mailbox = user_id.strip().lower(), email.strip().lower()
    said = json.dumps(["grant", whom, sorted({each.code for each in roles}), mailbox])
    return hashlib.sha256(said.encode()).hexdigest()


def access_scope(act: str, user_id: str, fingerprint: str) -> str:
    """What a code for an SSH key is asked for: `add` or `revoke`, whose key, and which one."""
    said = json.dumps([act, user_id.strip().lower(), fingerprint])
    return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class FactorChoice:
    """A factor as the dialog lists it: why it cannot be used, or where its code comes from (`hint`)."""

    factor: Factor
    available: bool
    hint: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A second factor that was started.

    `source` says where the code comes from, `sandbox_message` is what the sandbox's phone shows. `to_send`: a message
    is on its way to the provider. `push`: the person can be asked on their phone instead. `starts_later`: the life of
    the code begins when someone else issues it.
    """

    id: str
    factor: Factor
    sent_to: str
    expires_at: datetime
    codes_left_today: int
    source: str = ""
    sandbox_message: str = ""
    to_send: bool = False
    push: bool = False
    starts_later: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge and the code that answers it."""

    challenge: str
    code: str

    def __repr__(self) -> str:
        return f"Proof({self.challenge})"
