"""Recovery codes: ten, shown once, each of which replaces a second factor that was lost, once (rule P2).

They confirm what the lost factor would have: key pairs, SSH keys, the removal of a lost authenticator app. Making them
takes another second factor, and they can be used only later, as a new app: a stolen way in gains nothing with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.strategy import CodeFactor, Offer, Sent
from dropcopy_tui.services.factors.table import FACTORS, Proof, Purpose
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, person_row
from dropcopy_tui.store.access_tables import RecoveryCodeRow
from dropcopy_tui.store.proofs import remove_rows
from dropcopy_tui.store.tables import ChallengeRow, PersonRow

HOW_MANY = 10
_GROUP = 4


class RecoveryCode(CodeFactor):
    """A code of the person's list; nothing is sent."""

    def offer(self, uow: UnitOfWork, person: PersonRow) -> Offer:
        """How many are left, and from when they can be used. A person without any is not shown the factor."""
        left, usable_at = _left(uow, key_of(person.id))
        if usable_at is None:
            return Offer("", "you have no recovery codes", hidden=True)
        if uow.now < usable_at:
            return Offer("", f"your codes were made recently and can be used from {moment_words(usable_at)}")
        return Offer(f"{plural(left, 'code')} left of your list")

    def start(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> Sent:
        """The person has the codes: nothing is sent."""
        return Sent()

    def source(self, sent_to: str, push: bool) -> str:
        """The list."""
        return "One of your recovery codes: 12 digits, used once"

    def holds(self, uow: UnitOfWork, row: ChallengeRow, code: str) -> bool:
        """Whether this is an unused code of the person's. It is used up, and they are told, for it may not be them."""
        mine = (col(RecoveryCodeRow.person_id) == row.person_id, col(RecoveryCodeRow.used_at).is_(None))
        named = col(RecoveryCodeRow.code_mac) == _mac(uow, row.person_id, code)
        usable = col(RecoveryCodeRow.usable_at) <= uow.now
        found = uow.tx.execute(select(RecoveryCodeRow).where(*mine, named, usable).limit(1)).scalar_one_or_none()
        if found is None:
            return False
        found.used_at = uow.now
        uow.tx.add(found)
        uow.tx.flush()
        person = uow.tx.get_one(PersonRow, row.person_id)
        left, _ = _left(uow, row.person_id)
        uow.record("recovery:used", person.user_id, after={"left": left})
        uow.tell(person, "A recovery code was used", _letter(uow, f"{plural(left, 'code')} left."))
        return True


@dataclass(frozen=True, slots=True)
class RecoveryState:
    """How many recovery codes are left. `made_at` is None for a person who never made any."""

    left: int
    made_at: datetime | None = None
    usable_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewCodes:
    """The codes, which are shown once, and from when they can be used."""

    codes: tuple[str, ...]
    usable_at: datetime

    def __repr__(self) -> str:
        return "NewCodes(...)"


class RecoveryCodes(Service):
    """The recovery codes of the person who acts."""

    def show(self, actor: Actor) -> RecoveryState:
        """How many are left, and since when."""
        with self._reading(actor) as uow:
            left, _ = _left(uow, actor.person_id)
            of_person = col(RecoveryCodeRow.person_id) == actor.person_id
            newest = (func.max(RecoveryCodeRow.made_at), func.max(RecoveryCodeRow.usable_at))
            made_at, usable_at = uow.tx.execute(select(*newest).where(of_person)).one()
            return RecoveryState(left, made_at, usable_at)

    def make(self, actor: Actor, proof: Proof) -> NewCodes:
        """Ten new codes; those before open nothing from now on. The person is told, for it may not be them.

        Raises SecondFactorFailed: the proof, which is for making them, does not hold; MasterKeyMissing.
        """
        with self._writing(actor) as uow:
            person = person_row(uow)
            proven = spend(uow, proof, Purpose.RECOVERY)
            gone = remove_rows(uow.tx, "recovery_code", col(RecoveryCodeRow.person_id) == person.id)
            # As a new authenticator app.
            wait = uow.resources.factor_wait
            digits = FACTORS["recovery"].digits[0]
            codes = tuple(uow.resources.entropy.code(digits) for _ in range(HOW_MANY))
            for code in codes:
                mac = _mac(uow, actor.person_id, code)
                uow.tx.add(
                    RecoveryCodeRow(person_id=actor.person_id, code_mac=mac, made_at=uow.now, usable_at=uow.now + wait)
                )
            after = {"codes": HOW_MANY, "replaced": gone, "proven_by": proven.factor}
            uow.record("recovery:made", person.user_id, after=after)
            uow.tell(person, "Recovery codes were made for you", _letter(uow, "Earlier ones are invalid."))
            return NewCodes(codes, uow.now + wait)


def grouped(code: str) -> str:
    """A code as people read it: `1234 5678 9012`."""
    return " ".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def _left(uow: UnitOfWork, person_id: int) -> tuple[int, datetime | None]:
    """How many are unused, and from when they can be used; None for none."""
    unused = (col(RecoveryCodeRow.person_id) == person_id, col(RecoveryCodeRow.used_at).is_(None))
    counted = select(func.count(), func.max(RecoveryCodeRow.usable_at)).where(*unused)
    left, usable_at = uow.tx.execute(counted).one()
    return int(left), usable_at


def _letter(uow: UnitOfWork, what: str) -> str:
    where = uow.actor.origin or "an unknown place"
    return f"By {uow.actor.user_id} from {where}. {what} If this was not you, call EASE immediately."


def _mac(uow: UnitOfWork, person_id: int, code: str) -> bytes:
    return uow.resources.vault.mac(code, "recovery", str(person_id))
