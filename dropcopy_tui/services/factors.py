"""Second factors (rule P2): started as a challenge, spent once, by one process, for one purpose."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, func, select

from dropcopy_tui.domain.errors import CodesUsedUp, FactorUnavailable, InvalidValue, SecondFactorFailed
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Means, Service, key_of
from dropcopy_tui.services.identity import person_row
from dropcopy_tui.services.trail import record, text_message
from dropcopy_tui.store.tables import AuthenticatorRow, ChallengeRow, PersonRow

CODE_DIGITS = 6
TOTP_STEP = 30
_DAY = timedelta(days=1)
_LATER = "not built yet: it comes with a later version"


class Factor(StrEnum):
    """A way to confirm one's identity."""

    SMS = "sms"
    TOTP = "totp"
    EASE = "ease"
    DUO = "duo"

    @property
    def words(self) -> str:
        """The factor as the dialog words it."""
        return {
            "sms": "SMS code",
            "totp": "Authenticator app",
            "ease": "Contact EASE",
            "duo": "Duo Security",
        }[self]


class Purpose(StrEnum):
    """What a challenge is for: it opens nothing else."""

    KEYS = "keys"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class FactorChoice:
    """A factor as the dialog lists it: why it cannot be used, or where its code comes from (`hint`)."""

    factor: Factor
    available: bool
    hint: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A second factor that was started. `sandbox_message` is what the sandbox's phone shows."""

    id: str
    factor: Factor
    sent_to: str
    expires_at: datetime
    codes_left_today: int
    sandbox_message: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge and the code that answers it."""

    challenge: str
    code: str

    def __repr__(self) -> str:
        return f"Proof({self.challenge})"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An authenticator app to be: the address to scan and the seed to type."""

    uri: str
    seed: str

    def __repr__(self) -> str:
        return "Enrolment(...)"


class Factors(Service):
    """The second factors of a person."""

    def choices(self, actor: Actor) -> tuple[FactorChoice, ...]:
        """Every factor, and why one cannot be used."""
        with self._store.read() as session:
            person = person_row(session, actor)
            return (
                self._sms_choice(person),
                _totp_choice(session, person),
                FactorChoice(Factor.EASE, False, "an agent issues a code", _LATER),
                FactorChoice(Factor.DUO, False, "push or passcode", _LATER),
            )

    def codes_left(self, actor: Actor) -> int:
        """How many codes the person can still ask for within 24 hours."""
        with self._store.read() as session:
            return self._codes_left(session, actor)

    def start(self, actor: Actor, factor: Factor, purpose: Purpose = Purpose.KEYS) -> Challenge:
        """Start a challenge; an SMS code goes to the outbox.

        Raises:
            FactorUnavailable: with the reason.
            CodesUsedUp: no codes are left for today.
        """
        choice = next(choice for choice in self.choices(actor) if choice.factor is factor)
        if not choice.available:
            raise FactorUnavailable(f"{factor.words} cannot be used: {choice.reason}. Choose another factor.")
        with self._store.write() as session:
            person = person_row(session, actor)
            left = self._codes_left(session, actor)
            if left <= 0:
                raise CodesUsedUp("No codes are left for today: at most ten in 24 hours. Try again tomorrow.")
            row, message = self._new_challenge(session, person, factor, purpose)
            record(session, self._means, actor, "challenge:started", row.id, after={"factor": factor.value})
            return Challenge(row.id, factor, choice.hint, row.expires_at, left - 1, message)

    def enrol(self, actor: Actor) -> Enrolment:
        """Make a seed for an authenticator app; it counts once `confirm` was given a code.

        Raises FactorUnavailable when an app is enrolled already.
        """
        import pyotp

        seed = pyotp.random_base32()
        with self._store.write() as session:
            person = person_row(session, actor)
            row = session.get(AuthenticatorRow, actor.person_id)
            if row is not None and row.confirmed_at is not None:
                raise FactorUnavailable("An authenticator app is enrolled already. EASE can reset it.")
            sealed = self._vault.seal(seed.encode(), "authenticator", str(person.id))
            session.add(_with_seed(row, key_of(person.id), sealed))
            record(session, self._means, actor, "factor:enrolling", person.user_id, after={"factor": "totp"})
        issuer = "dropcopy sandbox" if self._means.sandbox else "dropcopy"
        return Enrolment(pyotp.TOTP(seed, name=actor.user_id, issuer=issuer).provisioning_uri(), seed)

    def confirm(self, actor: Actor, code: str) -> None:
        """Finish the enrolment with the app's first code. Raises SecondFactorFailed, CodesUsedUp."""
        with self._store.write() as session:
            if self._codes_left(session, actor) <= 0:
                raise CodesUsedUp("No tries are left for today: at most ten in 24 hours. Try again tomorrow.")
            person = person_row(session, actor)
            row = session.get(AuthenticatorRow, actor.person_id)
            if row is None or row.confirmed_at is not None:
                raise FactorUnavailable("There is no authenticator app to confirm. Start the enrolment again.")
            challenge, _ = self._new_challenge(session, person, Factor.TOTP, Purpose.ENROL)
            spend(session, self._means, actor, Proof(challenge.id, code), Purpose.ENROL)
            row.confirmed_at = self._now()
            record(session, self._means, actor, "factor:enrolled", person.user_id, after={"factor": "totp"})

    def _sms_choice(self, person: PersonRow) -> FactorChoice:
        if not person.mobile:
            return FactorChoice(Factor.SMS, False, "", "no mobile phone is registered")
        hint = f"···· {person.mobile.replace(' ', '')[-4:]}"
        if not self._means.sandbox:
            return FactorChoice(Factor.SMS, False, hint, "no SMS provider can be set up in this version")
        return FactorChoice(Factor.SMS, True, hint)

    def _codes_left(self, session: Session, actor: Actor) -> int:
        since = self._now() - _DAY
        used = session.exec(
            select(func.count())
            .select_from(ChallengeRow)
            .where(ChallengeRow.person_id == actor.person_id, col(ChallengeRow.created_at) > since)
        ).one()
        return max(0, self._settings.codes_a_day - used)

    def _new_challenge(
        self, session: Session, person: PersonRow, factor: Factor, purpose: Purpose
    ) -> tuple[ChallengeRow, str]:
        now = self._now()
        row = ChallengeRow(
            id=self._means.entropy.token(),
            person_id=key_of(person.id),
            factor=factor.value,
            purpose=purpose.value,
            created_at=now,
            expires_at=now + self._settings.code_life,
        )
        message = self._send_code(session, person, row) if factor is Factor.SMS else ""
        session.add(row)
        session.flush()
        return row, message

    def _send_code(self, session: Session, person: PersonRow, row: ChallengeRow) -> str:
        code = self._means.entropy.code(CODE_DIGITS)
        row.code_mac = self._vault.mac(code, "challenge", row.id)
        minutes = round(self._settings.code_life.total_seconds() / 60)
        body = f"Your code is {code}, valid for {minutes} minutes (drop copy desk). Nobody will ask you for it."
        text_message(session, self._means, person, body)
        return body if self._means.sandbox else ""


def spend(session: Session, means: Means, actor: Actor, proof: Proof, purpose: Purpose) -> None:
    """Use up a second factor inside the caller's transaction.

    It must be the first write of that transaction: a wrong try is remembered with it.
    Raises SecondFactorFailed saying what is wrong and what to do.
    """
    row = session.get(ChallengeRow, proof.challenge)
    if row is None or row.person_id != actor.person_id or row.purpose != purpose.value:
        raise SecondFactorFailed("This second factor belongs to something else. Ask for a new code.")
    complaint = _complaint(row, means.clock.now(), means.settings.code_tries)
    if complaint:
        raise SecondFactorFailed(complaint)
    if not _code_holds(session, means, row, proof.code):
        row.tries += 1
        record(session, means, actor, "challenge:wrong_code", row.id, after={"tries": row.tries})
        left = means.settings.code_tries - row.tries
        what = f"{left} {'try' if left == 1 else 'tries'} left" if left else "ask for a new one"
        raise SecondFactorFailed(f"The code is wrong: {what}. Nothing was changed.", retry=left > 0)
    row.used_at = means.clock.now()
    record(session, means, actor, "challenge:passed", row.id, after={"factor": row.factor})


def _complaint(row: ChallengeRow, now: datetime, tries: int) -> str:
    if row.used_at is not None:
        return "This code was used already: it works once. Ask for a new one. Nothing was changed."
    if row.tries >= tries:
        return "This code was tried too often. Ask for a new one. Nothing was changed."
    if now >= row.expires_at or now < row.created_at - timedelta(minutes=1):
        return "This code has expired. Ask for a new one. Nothing was changed."
    return ""


def _code_holds(session: Session, means: Means, row: ChallengeRow, code: str) -> bool:
    code = code.strip().replace(" ", "")
    if row.factor == Factor.SMS:
        return hmac.compare_digest(means.vault.mac(code, "challenge", row.id), row.code_mac or b"")
    return _totp_holds(session, means, row.person_id, code)


def _totp_holds(session: Session, means: Means, person_id: int, code: str) -> bool:
    """Whether the app shows this code now, or did one step ago, at a step that was never accepted before."""
    import pyotp

    app = session.get(AuthenticatorRow, person_id)
    if app is None:
        return False
    seed = means.vault.open(app.sealed_seed, "authenticator", str(person_id)).decode()
    present = int(means.clock.now().timestamp()) // TOTP_STEP
    for step in (present, present - 1, present + 1):
        shown = pyotp.TOTP(seed).at(step * TOTP_STEP)
        if step > app.last_step and hmac.compare_digest(shown.encode(), code.encode("utf-8", "surrogatepass")):
            app.last_step = step
            return True
    return False


def _totp_choice(session: Session, person: PersonRow) -> FactorChoice:
    row = session.get(AuthenticatorRow, key_of(person.id))
    if row is None or row.confirmed_at is None:
        return FactorChoice(Factor.TOTP, False, "", "no app is enrolled; the command palette can enrol one")
    return FactorChoice(Factor.TOTP, True, "the code your app shows")


def _with_seed(row: AuthenticatorRow | None, person_id: int, sealed: bytes) -> AuthenticatorRow:
    if row is None:
        return AuthenticatorRow(person_id=person_id, sealed_seed=sealed)
    row.sealed_seed = sealed
    return row


def invalid_code(code: str) -> None:
    """Refuse what cannot be a code before it costs a try. Raises InvalidValue."""
    if not (code.isascii() and code.isdigit() and len(code) == CODE_DIGITS):
        raise InvalidValue(f"A code has {CODE_DIGITS} digits.", "code")
