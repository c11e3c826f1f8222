"""What an EASE agent does for a caller: verify, issue a code, reset a factor (rule P2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from dropcopy_tui.domain.errors import InvalidValue

# The challenge id under which a person enters a code that an agent read out; the agent's record has its own id.
EASE_CHALLENGE = "ease"
EASE_LIFE = timedelta(minutes=10)
# The checks that an agent must select before a code is issued (a local choice).
LEAST_CHECKS = 2
# The time in which a second agent must confirm the reset of a factor.
RESET_LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Check:
    """A check that verifies a caller. `nothing` says why it is unavailable when the desk has no answer to it."""

    key: str
    words: str
    nothing: str


CHECKS = (
    Check("callback", "Called back at the registered number", "no mobile phone is registered"),
    Check("email", "Stated their email address", "no email address is registered"),
    Check("request", "Stated the id of their last request", "they have never submitted a request"),
    Check("entitled", "Stated the date of their last entitlement", "the audit trail has none"),
    Check("entity", "Stated an entity and their role there", "they have no role at an entity"),
)


def check_verified(verified: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """The selected checks in the order of the table. `known` are the checks that the desk has an answer to.

    Raises InvalidValue if there are too few, or one does not exist or is unavailable for this person.
    """
    names = {check.key: check for check in CHECKS}
    for key in verified:
        if key not in names:
            raise InvalidValue(f"{key[:24]!r} is not a valid check. Use: {', '.join(names)}. No code was issued.")
        if key not in known:
            raise InvalidValue(f"{names[key].words}: {names[key].nothing}. No code was issued.")
    ticked = tuple(key for key in names if key in verified)
    if len(ticked) < LEAST_CHECKS:
        raise InvalidValue(f"Select at least {LEAST_CHECKS} checks that the caller passed. No code was issued.")
    return ticked
