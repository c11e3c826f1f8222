"""The authenticator app: time-based one-time passwords of RFC 6238, and how an app is enrolled (rule P2)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.errors import CodesUsedUp, FactorUnavailable, SecondFactorFailed
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.challenges import codes_left, new_challenge, spend
from dropcopy_tui.services.factors.states import off_factors
from dropcopy_tui.services.factors.strategy import CodeFactor, Offer, Sent, strategy_of
from dropcopy_tui.services.factors.table import FACTORS, Proof, Purpose
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, person_row
from dropcopy_tui.store.tables import AuthenticatorRow, ChallengeRow, PersonRow

# Seconds for which an app shows a code (RFC 6238, section 5.2).
TOTP_STEP = 30
_USED = (
    "This code, or a newer one, has already been used. Wait for the next code in your app: "
    "it changes every 30 seconds. Nothing was changed."
)


class AuthenticatorApp(CodeFactor):
    """A code that the person's app shows; nothing is sent."""

    def offer(self, uow: UnitOfWork, person: PersonRow) -> Offer:
        """Whether an app is enrolled."""
        row = uow.tx.get(AuthenticatorRow, key_of(person.id))
        if row is None or row.confirmed_at is None:
            return Offer("", "no app is enrolled; enrol one from the command palette")
        if row.usable_at is not None and uow.now < row.usable_at:
            return Offer("", f"the app was enrolled recently and can be used from {moment_words(row.usable_at)}")
        return Offer("the code shown by your app")

    def start(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> Sent:
        """The app makes the code: nothing is sent."""
        return Sent()

    def source(self, sent_to: str, push: bool) -> str:
        """The app."""
        return "Code shown by your authenticator app"

    def holds(self, uow: UnitOfWork, row: ChallengeRow, code: str) -> bool:
        """Whether the app shows this code now, or did one step ago, at a step that was never accepted before.

        Raises SecondFactorFailed for a step that was: it is not a guess and uses no attempt.
        """
        import pyotp  # late, for start-up speed

        app = uow.tx.get(AuthenticatorRow, row.person_id)
        if app is None:
            return False
        seed = uow.resources.vault.open(app.sealed_seed, "authenticator", str(row.person_id)).decode()
        present = int(uow.now.timestamp()) // TOTP_STEP
        for step in (present, present - 1, present + 1):
            shown = pyotp.TOTP(seed).at(step * TOTP_STEP)
            if not hmac.compare_digest(shown.encode(), code.encode("utf-8", "surrogatepass")):
                continue
            if step <= app.last_step:
                raise SecondFactorFailed(_USED, retry=True)
            app.last_step = step
            return True
        return False


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An authenticator app that is being enrolled: the address to scan and the seed to type."""

    uri: str
    seed: str

    def __repr__(self) -> str:
        return "Enrolment(...)"


@dataclass(frozen=True, slots=True)
class AppState:
    """The person's app. Without `enrolled_at` none is enrolled; `awaits_code`: an enrolment was begun.

    `reason` says why an enrolled app cannot confirm anything now.
    """

    enrolled_at: datetime | None = None
    usable_at: datetime | None = None
    awaits_code: bool = False
    reason: str = ""


class Authenticators(Service):
    """The enrolment of authenticator apps.

    A new factor takes proof by another one: with a password alone, someone else could make themselves a factor.
    """

    def show(self, actor: Actor) -> AppState:
        """Whether the person has an app, and since when."""
        with self._reading(actor) as uow:
            row = uow.tx.get(AuthenticatorRow, actor.person_id)
            if row is None or row.confirmed_at is None:
                return AppState(awaits_code=row is not None)
            waits = strategy_of("totp").offer(uow, person_row(uow)).reason
            reason = off_factors(uow, actor.person_id).get("totp", "") or waits
            return AppState(row.confirmed_at, row.usable_at, reason=reason)

    def may_enrol(self, actor: Actor) -> None:
        """Find out before a code is asked for. Raises FactorUnavailable when an app is enrolled already."""
        with self._reading(actor) as uow:
            _refuse_enrolled(uow)

    def enrol(self, actor: Actor, proof: Proof) -> Enrolment:
        """Make a seed for an app; it counts once `confirm` was given a code.

        Raises:
            SecondFactorFailed: the proof, which is for enrolling, does not hold; the try is counted.
            FactorUnavailable: an app is enrolled already.
        """
        import pyotp  # late, for start-up speed

        seed = pyotp.random_base32()
        with self._writing(actor) as uow:
            person = person_row(uow)
            row = _refuse_enrolled(uow)
            proven = spend(uow, proof, Purpose.ENROL)
            sealed = uow.resources.vault.seal(seed.encode(), "authenticator", str(person.id))
            row = _with_seed(row, key_of(person.id), sealed)
            row.proven_by, row.vouched_by = proven.factor, proven.issued_by
            uow.tx.add(row)
            uow.record("factor:enrolling", person.user_id, after={"factor": "totp", "proven_by": proven.factor})
        issuer = "dropcopy sandbox" if self._resources.sandbox else "dropcopy"
        return Enrolment(pyotp.TOTP(seed, name=actor.user_id, issuer=issuer).provisioning_uri(), seed)

    def confirm(self, actor: Actor, code: str) -> None:
        """Finish the enrolment with the app's first code; the person is told, for it may not have been them.

        Raises SecondFactorFailed, CodesUsedUp, FactorUnavailable.
        """
        with self._writing(actor) as uow:
            if codes_left(uow, actor.person_id) <= 0:
                raise CodesUsedUp("You have used all ten attempts of the last 24 hours. Try again tomorrow.")
            person = person_row(uow)
            row = uow.tx.get(AuthenticatorRow, actor.person_id)
            if row is None or row.confirmed_at is not None:
                raise FactorUnavailable("No authenticator app is awaiting confirmation. Start the enrolment again.")
            challenge = new_challenge(uow, person, FACTORS["totp"], Purpose.ENROL, uow.settings.code_life)
            spend(uow, Proof(challenge.id, code), Purpose.ENROL)
            row.confirmed_at = uow.now
            row.usable_at = uow.now + (timedelta() if row.vouched_by is not None else uow.resources.factor_wait)
            after = {"factor": "totp", "proven_by": row.proven_by, "usable_at": row.usable_at.isoformat()}
            uow.record("factor:enrolled", person.user_id, after=after)
            uow.tell(person, "An authenticator app was enrolled for you", _letter(uow, row))

    def may_remove(self, actor: Actor) -> None:
        """Find out before a code is asked for. Raises FactorUnavailable when no app is enrolled."""
        with self._reading(actor) as uow:
            _enrolled(uow)

    def remove(self, actor: Actor, proof: Proof) -> None:
        """Remove the person's own app; they are told, for it may not have been them.

        Wrong codes in a row still count: another app is not a way around EASE.

        Raises:
            SecondFactorFailed: the proof, which is for removing, does not hold; the try is counted.
            FactorUnavailable: no app is enrolled.
        """
        with self._writing(actor) as uow:
            person = person_row(uow)
            row = _enrolled(uow)
            proven = spend(uow, proof, Purpose.REMOVE)
            uow.tx.delete(row)
            uow.record("factor:removed", person.user_id, after={"factor": "totp", "proven_by": proven.factor})
            uow.tell(
                person,
                "Your authenticator app was removed",
                f"It was removed as {actor.user_id} from {actor.origin} after confirming by "
                f"{FACTORS[proven.factor].label}. It can no longer confirm key pairs. "
                "If you did not do this, call EASE immediately.",
            )


def _enrolled(uow: UnitOfWork) -> AuthenticatorRow:
    row = uow.tx.get(AuthenticatorRow, uow.actor.person_id)
    if row is None or row.confirmed_at is None:
        raise FactorUnavailable("No authenticator app is enrolled. Nothing was changed.")
    return row


def _refuse_enrolled(uow: UnitOfWork) -> AuthenticatorRow | None:
    """An enrolment that was begun, if any. Raises FactorUnavailable: an app is enrolled."""
    row = uow.tx.get(AuthenticatorRow, uow.actor.person_id)
    if row is not None and row.confirmed_at is not None:
        raise FactorUnavailable(
            "An authenticator app is already enrolled. To replace it, remove it first (dropcopy authenticator remove), "
            "or ask EASE to reset it."
        )
    return row


def _letter(uow: UnitOfWork, row: AuthenticatorRow) -> str:
    proven = f" after confirming by {FACTORS[row.proven_by].label}" if row.proven_by else ""
    waits = row.usable_at is not None and row.usable_at > uow.now
    usable = f"from {moment_words(row.usable_at)}" if waits and row.usable_at else "immediately"
    return (
        f"It was enrolled as {uow.actor.user_id} from {uow.actor.origin}{proven}. It can confirm key pairs {usable}. "
        "If you did not do this, call EASE immediately."
    )


def _with_seed(row: AuthenticatorRow | None, person_id: int, sealed: bytes) -> AuthenticatorRow:
    if row is None:
        return AuthenticatorRow(person_id=person_id, sealed_seed=sealed)
    row.sealed_seed = sealed
    return row
