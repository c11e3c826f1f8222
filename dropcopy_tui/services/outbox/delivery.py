"""Sending: email of the outbox goes to the mail server, each message once (rule Q6; architecture, decision 6).

A message is leased in one short transaction, sent outside of any, and marked in another: a sender that is killed
loses its lease after a minute, and someone else sends the message again under the same Message-ID.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import col

from dropcopy_tui.domain.errors import (
    InvalidValue,
    MailHeld,
    MasterKeyMissing,
    NotFound,
    TryLater,
    Undeliverable,
    WrongMasterKey,
)
from dropcopy_tui.domain.mail import Letter, MailServer, MessageState, next_try
from dropcopy_tui.domain.people import MAY_OPERATE, Actor, Role
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.messages import unsealed
from dropcopy_tui.services.outbox.leases import Lease, due, still_leased
from dropcopy_tui.services.outbox.outbox import EMAIL, held_words
from dropcopy_tui.services.rights import DESK, holders
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import NoticeRow, OutboxRow, SettingRow

LEASE = timedelta(seconds=60)
# Less than the lease by what a slow letter takes (senders.email.LONGEST): one is begun only with so much left.
_ENOUGH = timedelta(seconds=50)
_HANDFUL = 5
_A_RUN = 1_000
DEAD_LETTER = "Some messages could not be delivered. See the outbox for the reasons."


@dataclass(frozen=True, slots=True)
class MailRun:
    """What one run of sending did. `trouble` is why it stopped before everything that was due had its turn."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class _LeasedLetter(Lease):
    """An email that this sender has. `fault`: why it cannot be opened."""

    letter: Letter | None
    fault: str = ""


class Mailing(Service):
    """Sends what is due, and puts dead letters back."""

    def send_due(self, actor: Actor, limit: int = _A_RUN) -> MailRun:
        """Send the email that is due, at most so many messages.

        Raises:
            NotEntitled: this needs operations.
            MailHeld: this is a sandbox, or no mail server is configured: everything stays where it is.
            MailUnusable: the mail configuration cannot be used as it is: nothing was tried.
        """
        from dropcopy_tui.senders.email import check

        with self._writing(actor) as uow:
            uow.require(MAY_OPERATE)
            server = self._server(uow)
            # Before anything is leased: a configuration that cannot work would use up the tries of every message.
            check(server)
            _queue_held(uow)
        count: Counter[str] = Counter()
        trouble = ""
        while not trouble and (left := limit - count.total()) > 0:
            leased = self._lease(min(left, _HANDFUL))
            if not leased:
                break
            trouble = self._send(actor, server, leased, count)
        return MailRun(count["sent"], count["later"], count["failed"], trouble)

    def retry(self, actor: Actor, ids: Iterable[int]) -> int:
        """Put dead letters back into the queue, all of them or none; how many.

        Raises:
            NotEntitled: this needs operations.
            MailHeld: a sandbox never sends.
            NotFound, InvalidValue: one does not exist, or has not failed.
        """
        wanted = sorted(set(ids))
        with self._writing(actor) as uow:
            uow.require(MAY_OPERATE)
            if uow.resources.sandbox:
                raise MailHeld(held_words(uow))
            rows = [_dead_letter(uow, number) for number in wanted]
            for row in rows:
                before = {"attempts": row.attempts, "error": row.error}
                row.state, row.attempts, row.error = uow.resources.email_state, 0, ""
                row.next_at = row.leased_until = None
                uow.record("mail:put_back", str(row.id), before=before)
        return len(rows)

    def _server(self, uow: UnitOfWork) -> MailServer:
        server = uow.resources.mail
        if server is None or uow.resources.sandbox:
            raise MailHeld(held_words(uow))
        return server

    def _lease(self, number: int) -> list[_LeasedLetter]:
        """Lease messages that are due and that no other sender has."""
        with self._writing(DESK) as uow:
            now = uow.now
            rows = uow.tx.execute(due(EMAIL, now).limit(number)).scalars().all()
            for row in rows:
                row.leased_until = now + LEASE
            return [self._leased(uow, row, now) for row in rows]

    def _leased(self, uow: UnitOfWork, row: OutboxRow, now: datetime) -> _LeasedLetter:
        store_id = uow.tx.get_one(SettingRow, "store_id").value
        until = now + LEASE
        try:
            body = row.body if row.sealed_body is None else unsealed(uow.resources, row.id, row.sealed_body)
        except (MasterKeyMissing, WrongMasterKey) as error:
            return _LeasedLetter(key_of(row.id), until, None, error.message)
        # The same each time, so that a receiver can drop a doubled one.
        message_id = f"<outbox-{row.id}.{store_id}@dropcopy-tui>"
        letter = Letter(message_id, row.recipient, row.subject, now, body, secret=row.sealed_body is not None)
        return _LeasedLetter(key_of(row.id), until, letter)

    def _send(self, actor: Actor, server: MailServer, leased: list[_LeasedLetter], count: Counter[str]) -> str:
        """Send a handful, counting what became of each; the trouble that stops the run, or ""."""
        for number, message in enumerate(leased):
            if message.until - self._now() < _ENOUGH:
                self._release(leased[number:])
                break
            outcome, trouble = self._deliver(actor, server, message)
            count[outcome] += 1
            if trouble:
                self._release(leased[number + 1 :])
                return trouble
        return ""

    def _deliver(self, actor: Actor, server: MailServer, message: _LeasedLetter) -> tuple[str, str]:
        """Send one message; what became of it, and the trouble that would stop every other one too."""
        from dropcopy_tui.senders.email import send

        try:
            if message.letter is None:
                raise TryLater(message.fault)
            send(server, message.letter)
        except TryLater as trouble:
            outcome = self._put_off(actor, message, trouble.message)
            return outcome, trouble.message if trouble.server else ""
        except Undeliverable as refusal:
            return self._give_up(actor, message, refusal.message), ""
        self._mark_sent(actor, message)
        return "sent", ""

    def _mark_sent(self, actor: Actor, message: _LeasedLetter) -> None:
        """Mark a message as sent. The server took it, so this holds even if the lease has passed to another sender."""
        with self._writing(actor) as uow:
            row = uow.tx.get_one(OutboxRow, message.id)
            if row.state == MessageState.SENT.value:
                return
            row.state, row.sent_at = MessageState.SENT.value, uow.now
            row.attempts, row.error = row.attempts + 1, ""
            row.next_at = row.leased_until = None
            uow.record("mail:sent", str(row.id), after={"to": row.recipient, "attempts": row.attempts})

    def _put_off(self, actor: Actor, message: _LeasedLetter, reason: str) -> str:
        """Try it again after a pause that grows; after the last attempt it is a dead letter."""
        with self._writing(actor) as uow:
            row = still_leased(uow, message)
            if row is None:
                return "later"
            row.attempts += 1
            row.next_at, row.error, row.leased_until = next_try(row.attempts, uow.now), reason, None
            if row.next_at is not None:
                return "later"
            self._bury(uow, row)
            return "failed"

    def _give_up(self, actor: Actor, message: _LeasedLetter, reason: str) -> str:
        """The server will never accept it, so it fails without further attempts."""
        with self._writing(actor) as uow:
            row = still_leased(uow, message)
            if row is None:
                return "later"
            row.attempts, row.error = row.attempts + 1, reason
            row.next_at = row.leased_until = None
            self._bury(uow, row)
            return "failed"

    def _bury(self, uow: UnitOfWork, row: OutboxRow) -> None:
        row.state = MessageState.FAILED.value
        uow.record(
            "mail:failed", str(row.id), after={"to": row.recipient, "attempts": row.attempts, "error": row.error}
        )
        for person_id in _operators_to_tell(uow):
            uow.tx.add(NoticeRow(person_id=person_id, text=DEAD_LETTER, at=uow.now))

    def _release(self, messages: Iterable[_LeasedLetter]) -> None:
        """Give leases back that were not used."""
        with self._writing(DESK) as uow:
            for message in messages:
                row = still_leased(uow, message)
                if row is not None:
                    row.leased_until = None


def _queue_held(uow: UnitOfWork) -> None:
    """Email of a time without a mail server is due now."""
    held = update(OutboxRow).where(col(OutboxRow.state) == MessageState.HELD.value, EMAIL)
    uow.tx.execute(held.values(state=MessageState.QUEUED.value))


def _dead_letter(uow: UnitOfWork, number: int) -> OutboxRow:
    row = uow.tx.get(OutboxRow, number)
    if row is None:
        raise NotFound(f"Message {number} does not exist. Nothing was changed.")
    if row.channel != "email":
        raise InvalidValue(f"Message {number} contained a code and cannot be sent again. Request a new code.")
    if row.state != MessageState.FAILED.value:
        raise InvalidValue(
            f"Message {number} is {row.state}: only failed messages can be retried. Nothing was changed."
        )
    return row


def _operators_to_tell(uow: UnitOfWork) -> list[int]:
    """Everyone with operations who does not have this notice unread already."""
    # One unread notice is enough: a mail server that is down fails hundreds of messages.
    told = select(col(NoticeRow.person_id)).where(col(NoticeRow.text) == DEAD_LETTER, col(NoticeRow.read_at).is_(None))
    able = {person for person, _ in holders(uow.tx, (Role.OPERATIONS,))}
    return sorted(able - set(uow.tx.execute(told).scalars()))
