"""What an EASE agent does for a person who calls: verify, issue a code, reset a factor (rule P2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from dropcopy_tui.domain.errors import InvalidValue

# How the person's side names the code that an agent read out: the agent's row has an id of its own.
EASE_CHALLENGE = "ease"
EASE_DIGITS = 8
EASE_LIFE = timedelta(minutes=10)
# How many checks an agent has to tick before a code is issued (a local choice).
LEAST_CHECKS = 2
# How long a second agent has to confirm the reset of a factor.
RESET_LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Check:
    """Something a caller can be verified by. `nothing` says why not, where the desk knows no answer to it."""

    key: str
    words: str
    nothing: str


CHECKS = (
    Check("callback", "Called back at the registered number", "no mobile phone is registered"),
    Check("email", "Named their email address", "no email address is registered"),
    Check("request", "Named the id of their last request", "they never made a request"),
    Check("entitled", "Named the day of their last entitlement", "none is in the audit trail"),
    Check("entity", "Named an entity and a role they hold there", "they hold no role"),
)


def check_verified(verified: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """The ticked checks in the order of the table. `known` are those that the desk has an answer to.

    Raises InvalidValue: too few, or one that does not exist or cannot be ticked for this person.
    """
    names = {check.key: check for check in CHECKS}
    for key in verified:
        if key not in names:
            raise InvalidValue(f"There is no check {key[:24]!r}. Known: {', '.join(names)}. No code was issued.")
        if key not in known:
            raise InvalidValue(f"{names[key].words}: {names[key].nothing}. No code was issued.")
    ticked = tuple(key for key in names if key in verified)
    if len(ticked) < LEAST_CHECKS:
        raise InvalidValue(f"At least {LEAST_CHECKS} checks have to be ticked. Verify the caller; no code was issued.")
    return ticked
