"""Duo Security as a second factor (rule P2): a push that is waited for, or a passcode.

Duo is asked outside of any transaction. What it allows becomes a code of ours, bound to the challenge, which the
verb that wanted the factor spends like any other: so a push that is answered too late opens nothing.
"""

from __future__ import annotations

from dropcopy_tui.domain.errors import FactorUnavailable, SecondFactorFailed
from dropcopy_tui.domain.mail import is_loopback
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.providers import DuoService
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.challenges import own_challenge, refuse_spent, wrong_try
from dropcopy_tui.services.factors.strategy import NOT_HERE, CodeFactor, Offer, Sent, give_code, unavailable
from dropcopy_tui.services.factors.table import FACTORS, Proof
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import ChallengeRow, PersonRow

# How long Duo may keep one question after a push open; whoever cancels waits no longer than that.
POLL_PATIENCE = 5.0
_TICKET_DIGITS = 32
_ASKED = "asked"
_WHAT = "Key pairs"


class Duo(Service):
    """Pushes and passcodes of challenges that `Factors.start` made."""

    def reaches(self, actor: Actor) -> bool:
        """Whether a push reaches the person. Raises FactorUnavailable: Duo is down, or would not ask this person."""
        from dropcopy_tui.senders.duo import preauth

        known = preauth(self._service(), actor.user_id)
        if not known.usable:
            raise FactorUnavailable(unavailable(FACTORS["duo"].label, known.words))
        return known.push

    def push(self, actor: Actor, challenge: str) -> None:
        """Ask on the person's phone, once a challenge: a phone that rings again and again is answered by mistake.

        Raises SecondFactorFailed, FactorUnavailable.
        """
        from dropcopy_tui.senders.duo import push

        service = self._service()
        with self._writing(actor) as uow:
            row = self._open(uow, challenge)
            if row.remote_id:
                raise SecondFactorFailed("A push has already been sent. Answer it, or start again.")
            row.remote_id = _ASKED
            uow.record("challenge:pushed", row.id)
        transaction = ""
        try:
            transaction = push(service, actor.user_id, _WHAT)
        finally:
            with self._writing(actor) as uow:
                own_challenge(uow, challenge).remote_id = transaction

    def poll(self, actor: Actor, challenge: str) -> Proof | None:
        """The proof once the push was approved, None while it waits.

        Raises SecondFactorFailed: it was denied, or the challenge is over, whatever Duo says by now.
        """
        from dropcopy_tui.senders.duo import status

        with self._reading(actor) as uow:
            transaction = self._open(uow, challenge).remote_id
        if not transaction or transaction == _ASKED:
            raise SecondFactorFailed("No push has been sent. Send one first.")
        verdict = status(self._service(), transaction, POLL_PATIENCE)
        if verdict.waiting:
            return None
        if verdict.allowed:
            return self._approved(actor, challenge)
        with self._writing(actor) as uow:
            # Not `_open`: a denial is told as one, though the challenge may have expired meanwhile.
            row = own_challenge(uow, challenge)
            if row.used_at is None and not row.ended:
                row.ended, row.expires_at = "denied", min(row.expires_at, uow.now)
            uow.record("challenge:denied", row.id, after={"factor": row.factor})
        said = f" ({verdict.words.rstrip('.')})" if verdict.words else ""
        raise SecondFactorFailed(f"Duo Security did not confirm your identity{said}. Nothing was changed.")

    def passcode(self, actor: Actor, challenge: str, code: str) -> Proof:
        """The proof for a passcode that Duo takes; another one is a wrong attempt.

        The attempt is counted before Duo is asked, so that concurrent attempts cannot exceed the limit.
        Raises InvalidValue, SecondFactorFailed, FactorUnavailable: then no attempt is used up.
        """
        from dropcopy_tui.senders.duo import passcode

        code = code.strip().replace(" ", "")
        FACTORS["duo"].check_code(code)
        service = self._service()
        with self._writing(actor) as uow:
            self._open(uow, challenge).tries += 1
        try:
            allowed = passcode(service, actor.user_id, code).allowed
        except FactorUnavailable:
            self._take_back(actor, challenge)
            raise
        if not allowed:
            with self._writing(actor) as uow:
                raise wrong_try(uow, own_challenge(uow, challenge))
        self._take_back(actor, challenge)
        return self._approved(actor, challenge)

    def _service(self) -> DuoService:
        service, reason = self._resources.duo, why_not(self._resources)
        if service is None or reason:
            raise FactorUnavailable(unavailable(FACTORS["duo"].label, reason))
        return service

    def _open(self, uow: UnitOfWork, challenge: str) -> ChallengeRow:
        """The person's challenge, while it can be answered. Raises SecondFactorFailed."""
        row = own_challenge(uow, challenge)
        if row.factor != "duo":
            raise SecondFactorFailed("This second factor was started for a different action. Request a new code.")
        refuse_spent(uow, row)
        return row

    def _approved(self, actor: Actor, challenge: str) -> Proof:
        """A code of ours for what Duo allowed, if the challenge is still open. Raises SecondFactorFailed."""
        with self._writing(actor) as uow:
            row = self._open(uow, challenge)
            uow.record("challenge:approved", row.id, after={"factor": row.factor})
            return Proof(row.id, give_code(uow.resources, row, _TICKET_DIGITS))

    def _take_back(self, actor: Actor, challenge: str) -> None:
        """The try was none: Duo took the passcode, or could not be asked."""
        with self._writing(actor) as uow:
            row = own_challenge(uow, challenge)
            row.tries = max(0, row.tries - 1)


class DuoSecurity(CodeFactor):
    """The factor: a push, or a passcode that Duo checks."""

    def offer(self, uow: UnitOfWork, person: PersonRow) -> Offer:
        """Whether Duo is configured; whether it knows the person is asked when a challenge starts."""
        return Offer("push or passcode", why_not(uow.resources))

    def prepare(self, resources: Resources, actor: Actor) -> bool:
        """Whether a push reaches the person."""
        return Duo(resources).reaches(actor)

    def start(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> Sent:
        """Duo asks or checks: no code of ours is made before it allows one."""
        return Sent()

    def source(self, sent_to: str, push: bool) -> str:
        """A push where Duo has a phone for it."""
        return "Press Enter to send a push to your phone, or enter a passcode." if push else "Duo passcode"

    def prove(self, resources: Resources, actor: Actor, challenge: str, code: str) -> Proof:
        """Duo checks the passcode; what it allows becomes a code of ours."""
        return Duo(resources).passcode(actor, challenge, code)

    def push(self, resources: Resources, actor: Actor, challenge: str) -> None:
        """Ask on the person's phone."""
        Duo(resources).push(actor, challenge)

    def poll(self, resources: Resources, actor: Actor, challenge: str) -> Proof | None:
        """The answer of the phone."""
        return Duo(resources).poll(actor, challenge)


def why_not(resources: Resources) -> str:
    """Why Duo cannot be used here; "" where it can."""
    if resources.duo is None:
        return NOT_HERE
    if resources.sandbox and not is_loopback(resources.duo.host):
        return "not available in a sandbox"
    return ""
