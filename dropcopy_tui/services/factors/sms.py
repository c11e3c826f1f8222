"""Texting: one-time codes of the outbox go to the SMS provider (rule P2; architecture, decision 6).

As email does, a message is leased in one short transaction, sent outside of any, and marked in another. A code is of
no use once its challenge is over, so nothing is sent, or tried again, after that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.accounts import masked_mobile
from dropcopy_tui.domain.errors import MasterKeyMissing, TryLater, Undeliverable, WrongMasterKey
from dropcopy_tui.domain.mail import MessageState
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.domain.providers import SmsProvider
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.factors.challenges import own_challenge
from dropcopy_tui.services.messages import unsealed
from dropcopy_tui.services.outbox.leases import Lease, due, is_free, still_leased
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import ChallengeRow, OutboxRow

# Longer than a message may take, so that no one else sends it meanwhile.
LEASE_SPARE = timedelta(seconds=10)
PAUSE = timedelta(seconds=15)
_HANDFUL = 5
_OVER = "Not sent: the code was used, cancelled or had expired."
TEXT = col(OutboxRow.channel) == "sms"


@dataclass(frozen=True, slots=True)
class Texted:
    """What one run of texting did. `trouble` is why it stopped before everything that was due had its turn."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    trouble: str = ""

    def plus(self, other: Texted) -> Texted:
        """Both together."""
        return Texted(
            self.sent + other.sent, self.later + other.later, self.failed + other.failed, other.trouble or self.trouble
        )


@dataclass(frozen=True, slots=True)
class _LeasedText(Lease):
    """A text message that this sender has. `fault`: why it cannot be opened."""

    to: str
    text: str = ""
    fault: str = ""

    def __repr__(self) -> str:
        return f"_LeasedText({self.id})"


class Texting(Service):
    """Sends codes: one immediately for the person who waits for it, and all that are due in a round."""

    def send(self, actor: Actor, challenge: str) -> Texted:
        """Hand over the code of a challenge of the person's own, now.

        Nothing is raised for a provider in trouble: the code is tried again while it lives, and the answer says so.
        Raises SecondFactorFailed: the challenge is none of theirs.
        """
        with self._writing(actor) as uow:
            row = own_challenge(uow, challenge)
            message = uow.tx.get(OutboxRow, int(row.remote_id)) if row.factor == "sms" else None
            leased = self._leased(uow, [message]) if message is not None and is_free(message, uow.now) else []
        return self._send(actor, leased)

    def send_due(self, actor: Actor) -> Texted:
        """Send the codes that are due. Raises NotEntitled: this needs operations."""
        with self._writing(actor) as uow:
            uow.require(MAY_OPERATE)
        done = Texted()
        while texts_leave(self._resources) and not done.trouble:
            with self._writing(actor) as uow:
                rows = uow.tx.execute(due(TEXT, uow.now).limit(_HANDFUL)).scalars().all()
                leased = self._leased(uow, [row for row in rows if self._lives(uow, row)])
            if not rows:
                break
            done = done.plus(self._send(actor, leased))
        return done

    def _lives(self, uow: UnitOfWork, row: OutboxRow) -> bool:
        """Whether the code can still be used; else the message ends here."""
        rows = select(ChallengeRow).where(
            col(ChallengeRow.person_id) == row.person_id,
            col(ChallengeRow.factor) == "sms",
            col(ChallengeRow.remote_id) == str(row.id),
        )
        challenge = uow.tx.execute(rows).scalar_one_or_none()
        if challenge is not None and _is_open(challenge, uow.now, uow.settings.code_tries):
            return True
        self._end(uow, row, MessageState.FAILED, _OVER)
        return False

    def _leased(self, uow: UnitOfWork, rows: Sequence[OutboxRow]) -> list[_LeasedText]:
        """Take the messages: all of them can be sent one after the other before the lease ends."""
        provider = uow.resources.sms
        if provider is None:
            return []
        until = uow.now + timedelta(seconds=provider.timeout * len(rows)) + LEASE_SPARE
        for row in rows:
            row.leased_until = until
        return [self._opened(row, until) for row in rows]

    def _opened(self, row: OutboxRow, until: datetime) -> _LeasedText:
        leased = _LeasedText(key_of(row.id), until, row.recipient)
        try:
            text = unsealed(self._resources, row.id, row.sealed_body)
        except (MasterKeyMissing, WrongMasterKey) as error:
            return replace(leased, fault=error.message)
        return replace(leased, text=text)

    def _send(self, actor: Actor, leased: Sequence[_LeasedText]) -> Texted:
        count: Counter[str] = Counter()
        trouble = ""
        provider = self._resources.sms
        for message in leased if provider is not None else ():
            assert provider is not None
            if trouble:
                self._put_off(message, trouble)
                count["later"] += 1
                continue
            outcome, why, everybody = self._deliver(actor, provider, message)
            count[outcome] += 1
            trouble = why if everybody or len(leased) == 1 else ""
        return Texted(count["sent"], count["later"], count["failed"], trouble)

    def _deliver(self, actor: Actor, provider: SmsProvider, message: _LeasedText) -> tuple[str, str, bool]:
        """Send one; what became of it, why, and whether that would happen to every other one too."""
        from dropcopy_tui.senders.sms import TextMessage, send

        try:
            if message.fault:
                raise TryLater(message.fault)
            send(provider, TextMessage(message.to, message.text))
        except TryLater as trouble:
            self._put_off(message, trouble.message)
            return "later", trouble.message, trouble.server
        except Undeliverable as refusal:
            self._finish(actor, message, MessageState.FAILED, refusal.message)
            return "failed", refusal.message, False
        self._finish(actor, message, MessageState.SENT)
        return "sent", "", False

    def _put_off(self, message: _LeasedText, why: str) -> None:
        with self._writing(DESK) as uow:
            row = still_leased(uow, message)
            if row is not None:
                row.attempts, row.error = row.attempts + 1, why
                row.next_at, row.leased_until = uow.now + PAUSE, None

    def _finish(self, actor: Actor, message: _LeasedText, state: MessageState, why: str = "") -> None:
        """What the provider took is sent, whoever has the lease by now."""
        with self._writing(actor) as uow:
            row = uow.tx.get_one(OutboxRow, message.id)
            mine = row.leased_until == message.until
            if row.state == MessageState.QUEUED.value and (mine or state is MessageState.SENT):
                row.attempts += 1
                self._end(uow, row, state, why)

    def _end(self, uow: UnitOfWork, row: OutboxRow, state: MessageState, why: str = "") -> None:
        row.state, row.error, row.next_at, row.leased_until = state.value, why, None, None
        row.sent_at = uow.now if state is MessageState.SENT else None
        action = "mail:sent" if state is MessageState.SENT else "mail:failed"
        uow.record(
            action,
            str(row.id),
            after={"to": masked_mobile(row.recipient), "channel": row.channel, "attempts": row.attempts, "error": why},
        )


def texts_leave(resources: Resources) -> bool:
    """Whether text messages are sent from here."""
    return resources.text_state == MessageState.QUEUED.value


def _is_open(challenge: ChallengeRow, now: datetime, tries: int) -> bool:
    return challenge.used_at is None and not challenge.ended and challenge.tries < tries and now < challenge.expires_at
