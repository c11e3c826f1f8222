"""Chores: everything that is due, for cron or a timer. Safe to run concurrently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete
from sqlmodel import col

from dropcopy_tui.domain.errors import DeskError, MailHeld
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.services.anchors import Anchors
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.clock_guard import note_steps, steps_back
from dropcopy_tui.services.factors.sms import Texting
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.keys.expiry_notices import ExpiryNotices
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.people.parcels import clear_expired
from dropcopy_tui.services.people.seat_rows import clear_lost, drop_ended
from dropcopy_tui.services.unit_of_work import Service
from dropcopy_tui.store.proofs import remove_rows
from dropcopy_tui.store.tables import ChallengeRow, NoticeRow


@dataclass(frozen=True, slots=True)
class Part:
    """What one chore did: counts by name, a note about what it left alone, and why it failed ("" if it did not)."""

    name: str
    counts: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of chores did, in the order in which they were done."""

    parts: tuple[Part, ...]

    @property
    def went_through(self) -> bool:
        """Whether no part failed."""
        return not any(part.refusal for part in self.parts)


Chore = Callable[[Actor], Part]


class Chores(Service):
    """The round of chores. A new one is one more line in the table."""

    def __init__(self, resources: Resources, provisioning: Provisioning, mailing: Mailing) -> None:
        super().__init__(resources)
        self._provisioning = provisioning
        self._mailing = mailing
        self._texting = Texting(resources)
        self._expiry_notices = ExpiryNotices(resources)
        # In this order: set-up and the notices write the messages that are sent after them.
        self._chores: dict[str, Chore] = {
            "set-up": self._set_up,
            "expiry": self._tell_expiry,
            "outbox": self._send,
            "clean-up": self._clean_up,
        }
        if self._settings.audit_anchor:
            # Last: what the others recorded is anchored as well.
            self._chores["anchor"] = self._anchor

    def tick(self, actor: Actor) -> Round:
        """Run every chore that is due; one that fails is reported and does not stop the others.

        Raises NotEntitled: this needs operations. What no one foresaw is raised after the last part.
        """
        with self._reading(actor) as uow:
            # Asked once before the round, so that a refusal is one event and not one a chore.
            uow.require(MAY_OPERATE)
        self._guard_clock(actor)
        parts, surprise = [], None
        for name, chore in self._chores.items():
            try:
                parts.append(chore(actor))
            except DeskError as error:
                parts.append(Part(name, refusal=error.message))
            except Exception as error:  # noqa: BLE001 - raised below: one broken part must not stop the others
                surprise = surprise or error
        if surprise is not None:
            raise surprise
        return Round(tuple(parts))

    def _guard_clock(self, actor: Actor) -> None:
        with self._reading(actor) as uow:
            went_back = bool(steps_back(uow))
        if went_back:
            with self._writing(actor) as uow:
                note_steps(uow)

    def _set_up(self, actor: Actor) -> Part:
        done = self._provisioning.process(actor)
        return Part("set-up", {"ended": len(done.ended), "waiting": done.waiting, "queued": done.queued})

    def _tell_expiry(self, actor: Actor) -> Part:
        told = self._expiry_notices.send(actor)
        note = (
            f"{told.unheard:,} at entities without an administrative manager: no one was notified"
            if told.unheard
            else ""
        )
        return Part("expiry", {"keys": told.keys, "people": told.people}, note=note)

    def _send(self, actor: Actor) -> Part:
        texts = self._texting.send_due(actor)
        counts = _mail_counts(texts.sent, texts.later, texts.failed)
        try:
            done = self._mailing.send_due(actor)
        except MailHeld as held:
            # That is how the desk is set, and no failure of this round.
            return Part("outbox", counts, note=held.message, refusal=texts.trouble)
        mail = _mail_counts(done.sent, done.later, done.failed)
        both = {name: counts[name] + mail[name] for name in mail}
        return Part("outbox", both, refusal=" ".join(filter(None, (texts.trouble, done.trouble))))

    def _anchor(self, actor: Actor) -> Part:
        events = Anchors(self._resources).write(actor)
        return Part("anchor", {"events": events} if events is not None else {})

    def _clean_up(self, actor: Actor) -> Part:
        now = self._now()
        old = {
            "challenges": col(ChallengeRow.expires_at) < now - self._settings.challenge_life,
            "notices": col(NoticeRow.read_at) < now - self._settings.notice_life,
        }
        counts = {}
        with self._writing(actor) as uow:
            uow.require(MAY_OPERATE)
            counts["challenges"] = remove_rows(uow.tx, "challenge", old["challenges"])
            gone: Any = uow.tx.execute(delete(NoticeRow).where(old["notices"]))
            counts["notices"] = int(gone.rowcount)
            counts["parcels"] = clear_expired(uow)
            rules = uow.resources.seat_rules
            counts["seats"] = clear_lost(uow, rules) if rules is not None else 0
            counts["seats"] += drop_ended(uow, self._settings.challenge_life)
            if any(counts.values()):
                uow.record("store:cleaned", "old rows", after=counts)
        return Part("clean-up", counts)


def _mail_counts(sent: int, later: int, failed: int) -> dict[str, int]:
    return {"sent": sent, "later": later, "failed": failed}
