"""Second factors (rule P2): which there are, and how each is started and cancelled.

What they have in common is in `challenges`, Duo in `duo`, the agents' side of EASE in `ease`.
"""

from __future__ import annotations

from dataclasses import dataclass

from dropcopy_tui.domain.ease import EASE_CHALLENGE, EASE_LIFE
from dropcopy_tui.domain.errors import CodesUsedUp, FactorUnavailable
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.factors.challenges import (
    CODE_DIGITS,
    DUO_DIGITS,
    Challenge,
    Factor,
    FactorChoice,
    Proof,
    Purpose,
    codes_left,
    digits_of,
    digits_words,
    give_code,
    invalid_code,
    new_challenge,
    own_challenge,
    spend,
)
from dropcopy_tui.services.factors.duo import Duo
from dropcopy_tui.services.factors.sms import texts_leave
from dropcopy_tui.services.messages import text_message
from dropcopy_tui.services.people.identity import person_row
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import AuthenticatorRow, ChallengeRow, PersonRow

__all__ = [
    "CODE_DIGITS",
    "DUO_DIGITS",
    "Challenge",
    "Enrolment",
    "Factor",
    "FactorChoice",
    "Factors",
    "Proof",
    "Purpose",
    "digits_of",
    "digits_words",
    "invalid_code",
    "spend",
]
_WHOM_TO_CALL = "Call EASE, at the number your firm has for it"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An authenticator app to be: the address to scan and the seed to type."""

    uri: str
    seed: str

    def __repr__(self) -> str:
        return "Enrolment(...)"


class Factors(Service):
    """The second factors of a person."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._duo = Duo(resources)

    def choices(self, actor: Actor) -> tuple[FactorChoice, ...]:
        """Every factor, and why one cannot be used."""
        with self._reading(actor) as uow:
            person = person_row(uow)
            return (
                self._sms_choice(person),
                _totp_choice(uow, person),
                FactorChoice(Factor.EASE, True, "an agent verifies you and issues a code"),
                self._duo.choice(),
            )

    def codes_left(self, actor: Actor) -> int:
        """How many codes the person can still ask for within 24 hours."""
        with self._reading(actor) as uow:
            return codes_left(uow, actor.person_id)

    def start(self, actor: Actor, factor: Factor, purpose: Purpose = Purpose.KEYS) -> Challenge:
        """Start a challenge; an SMS code goes to the outbox, and Texting.send hands it over.

        EASE starts nothing here: an agent issues the code, and the challenge says whom to call.

        Raises:
            FactorUnavailable: with the reason.
            CodesUsedUp: no codes are left for today.
        """
        choice = next(choice for choice in self.choices(actor) if choice.factor is factor)
        if not choice.available:
            raise FactorUnavailable(f"{factor.words} cannot be used: {choice.reason}. Choose another factor.")
        if factor is Factor.EASE:
            return self._call_ease(actor)
        push = self._duo.reaches(actor) if factor is Factor.DUO else False
        with self._writing(actor) as uow:
            person = person_row(uow)
            left = codes_left(uow, actor.person_id)
            if left <= 0:
                raise CodesUsedUp("No codes are left for today: at most ten in 24 hours. Try again tomorrow.")
            row = new_challenge(uow, person, factor, purpose, uow.settings.code_life)
            message = self._send_code(uow, person, row) if factor is Factor.SMS else ""
            uow.record("challenge:started", row.id, after={"factor": factor.value})
            sent = factor is Factor.SMS and texts_leave(uow.resources)
            return Challenge(row.id, factor, choice.hint, row.expires_at, left - 1, message, sent, push)

    def cancel(self, actor: Actor, challenge: str) -> None:
        """End a challenge that was not answered: what arrives for it afterwards opens nothing.

        A code that EASE issued stays open: the person may still be on the phone. Raises SecondFactorFailed.
        """
        if challenge == EASE_CHALLENGE:
            return
        with self._writing(actor) as uow:
            row = own_challenge(uow, challenge)
            if row.used_at is None and row.expires_at > uow.now:
                row.expires_at = uow.now
                uow.record("challenge:cancelled", row.id, after={"factor": row.factor})

    def factor_of(self, actor: Actor, challenge: str) -> Factor:
        """Which factor a challenge of the person's is. Raises SecondFactorFailed: it is none of theirs."""
        if challenge == EASE_CHALLENGE:
            return Factor.EASE
        with self._reading(actor) as uow:
            return Factor(own_challenge(uow, challenge).factor)

    def enrol(self, actor: Actor) -> Enrolment:
        """Make a seed for an authenticator app; it counts once `confirm` was given a code.

        Raises FactorUnavailable when an app is enrolled already.
        """
        import pyotp

        seed = pyotp.random_base32()
        with self._writing(actor) as uow:
            person = person_row(uow)
            row = uow.tx.get(AuthenticatorRow, actor.person_id)
            if row is not None and row.confirmed_at is not None:
                raise FactorUnavailable("An authenticator app is enrolled already. EASE can reset it.")
            sealed = self._resources.vault.seal(seed.encode(), "authenticator", str(person.id))
            uow.tx.add(_with_seed(row, key_of(person.id), sealed))
            uow.record("factor:enrolling", person.user_id, after={"factor": "totp"})
        issuer = "dropcopy sandbox" if self._resources.sandbox else "dropcopy"
        return Enrolment(pyotp.TOTP(seed, name=actor.user_id, issuer=issuer).provisioning_uri(), seed)

    def confirm(self, actor: Actor, code: str) -> None:
        """Finish the enrolment with the app's first code. Raises SecondFactorFailed, CodesUsedUp."""
        with self._writing(actor) as uow:
            if codes_left(uow, actor.person_id) <= 0:
                raise CodesUsedUp("No tries are left for today: at most ten in 24 hours. Try again tomorrow.")
            person = person_row(uow)
            row = uow.tx.get(AuthenticatorRow, actor.person_id)
            if row is None or row.confirmed_at is not None:
                raise FactorUnavailable("No authenticator app is awaiting confirmation. Start the enrolment again.")
            challenge = new_challenge(uow, person, Factor.TOTP, Purpose.ENROL, uow.settings.code_life)
            spend(uow, Proof(challenge.id, code), Purpose.ENROL)
            row.confirmed_at = uow.now
            uow.record("factor:enrolled", person.user_id, after={"factor": "totp"})

    def _sms_choice(self, person: PersonRow) -> FactorChoice:
        if not person.mobile:
            return FactorChoice(Factor.SMS, False, "", "no mobile phone is registered")
        hint = f"···· {person.mobile.replace(' ', '')[-4:]}"
        if not self._resources.sandbox and self._resources.sms is None:
            return FactorChoice(Factor.SMS, False, hint, "no SMS provider is configured ([sms])")
        return FactorChoice(Factor.SMS, True, hint)

    def _call_ease(self, actor: Actor) -> Challenge:
        with self._reading(actor) as uow:
            left = codes_left(uow, actor.person_id)
        whom = self._settings.ease_contact or _WHOM_TO_CALL
        return Challenge(EASE_CHALLENGE, Factor.EASE, whom, self._now() + EASE_LIFE, left)

    def _send_code(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> str:
        code = give_code(uow.resources, row)
        minutes = round(uow.settings.code_life.total_seconds() / 60)
        body = f"Your code is {code}, valid for {minutes} minutes (drop copy desk). Nobody will ask you for it."
        # The message is of no use once its challenge is over: the sender looks it up by this.
        row.remote_id = str(text_message(uow, person, body))
        return body if uow.resources.sandbox else ""


def _totp_choice(uow: UnitOfWork, person: PersonRow) -> FactorChoice:
    row = uow.tx.get(AuthenticatorRow, key_of(person.id))
    if row is None or row.confirmed_at is None:
        return FactorChoice(Factor.TOTP, False, "", "no app is enrolled; the command palette can enrol one")
    return FactorChoice(Factor.TOTP, True, "the code your app shows")


def _with_seed(row: AuthenticatorRow | None, person_id: int, sealed: bytes) -> AuthenticatorRow:
    if row is None:
        return AuthenticatorRow(person_id=person_id, sealed_seed=sealed)
    row.sealed_seed = sealed
    return row
