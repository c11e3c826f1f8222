"""Challenges: what every second factor is made of (rule P2). Started, answered by one process, spent once.

The limits hold over all factors together: codes and wrong tries of a day are counted over every challenge a
person was given, whoever issued it, and a challenge of one purpose opens no other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import col, func, select

from dropcopy_tui.domain.errors import CodesUsedUp, SecondFactorFailed
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.strategy import Strategy, strategies, strategy_of
from dropcopy_tui.services.factors.table import Factor, Proof, Purpose
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import ChallengeRow, PersonRow

_DAY = timedelta(days=1)
# A clock may be set back by so much and no more.
_SLACK = timedelta(minutes=1)


def codes_left(uow: UnitOfWork, person_id: int) -> int:
    """How many codes the person may still be given within 24 hours; none after as many wrong tries."""
    used, wrong = uow.tx.exec(
        select(func.count(), func.coalesce(func.sum(col(ChallengeRow.tries)), 0)).where(
            ChallengeRow.person_id == person_id, col(ChallengeRow.created_at) > uow.now - _DAY
        )
    ).one()
    most = uow.settings.codes_a_day
    return 0 if wrong >= most else max(0, most - int(used))


def new_challenge(
    uow: UnitOfWork, person: PersonRow, factor: Factor, purpose: Purpose, life: timedelta
) -> ChallengeRow:
    """A challenge without a code, as the first write of the transaction."""
    now = uow.now
    row = ChallengeRow(
        id=uow.resources.entropy.token(),
        person_id=key_of(person.id),
        factor=factor.name,
        purpose=purpose.value,
        created_at=now,
        expires_at=now + life,
    )
    uow.tx.add(row)
    uow.tx.flush()
    return row


def own_challenge(uow: UnitOfWork, challenge: str) -> ChallengeRow:
    """A challenge of the person who acts. Raises SecondFactorFailed."""
    row = uow.tx.get(ChallengeRow, challenge) if challenge.isprintable() else None
    if row is None or row.person_id != uow.actor.person_id:
        raise SecondFactorFailed("This second factor was started for a different action. Request a new code.")
    return row


def refuse_spent(uow: UnitOfWork, row: ChallengeRow) -> None:
    """Go on only while the challenge can be answered. Raises SecondFactorFailed, CodesUsedUp."""
    complaint = _complaint(row, uow.now, uow.settings.code_tries)
    if complaint:
        raise SecondFactorFailed(complaint)
    refuse_guessing(uow, row.person_id)


def refuse_guessing(uow: UnitOfWork, person_id: int) -> None:
    """Wrong tries count over all codes and factors of a day, however often a code is issued anew.

    Raises CodesUsedUp.
    """
    since = uow.now - _DAY
    wrong = uow.tx.exec(
        select(func.coalesce(func.sum(col(ChallengeRow.tries)), 0)).where(
            ChallengeRow.person_id == person_id, col(ChallengeRow.created_at) > since
        )
    ).one()
    if wrong >= uow.settings.codes_a_day:
        raise CodesUsedUp(
            f"Too many wrong codes: {wrong} within 24 hours, over all factors. Try again tomorrow. Nothing was changed."
        )


def wrong_try(uow: UnitOfWork, row: ChallengeRow) -> SecondFactorFailed:
    """The event of a wrong try that was counted, and what to raise for it."""
    uow.record("challenge:wrong_code", row.id, after={"tries": row.tries})
    left = uow.settings.code_tries - row.tries
    what = f"{left} {'try' if left == 1 else 'tries'} left" if left else "ask for a new one"
    return SecondFactorFailed(f"The code is wrong: {what}. Nothing was changed.", retry=left > 0)


def spend(uow: UnitOfWork, proof: Proof, purpose: Purpose) -> ChallengeRow:
    """Use up a second factor inside the caller's transaction; the challenge that was answered.

    It must be the first write of that transaction: a wrong try is remembered with it.
    Raises SecondFactorFailed saying what is wrong and what to do.
    """
    row = _answered(uow, proof, purpose)
    if row.purpose != purpose.value:
        raise SecondFactorFailed("This second factor was started for a different action. Request a new code.")
    refuse_spent(uow, row)
    if not _code_holds(uow, row, proof.code):
        row.tries += 1
        raise wrong_try(uow, row)
    row.used_at = uow.now
    uow.record("challenge:passed", row.id, after={"factor": row.factor})
    return row


def _answered(uow: UnitOfWork, proof: Proof, purpose: Purpose) -> ChallengeRow:
    strategy = standing_of(proof.challenge)
    if strategy is None:
        return own_challenge(uow, proof.challenge)
    # The newest one: issuing it voided those before.
    rows = select(ChallengeRow).where(
        ChallengeRow.person_id == uow.actor.person_id,
        ChallengeRow.factor == strategy.factor.name,
        ChallengeRow.purpose == purpose.value,
    )
    newest = rows.order_by(col(ChallengeRow.created_at).desc(), col(ChallengeRow.expires_at).desc()).limit(1)
    row = uow.tx.exec(newest).first()
    if row is None:
        raise SecondFactorFailed("EASE has issued no code for you. Call EASE first. Nothing was changed.", retry=True)
    return row


def standing_of(challenge: str) -> Strategy | None:
    """The factor whose challenges others start, if this is the fixed id of one."""
    for strategy in strategies():
        if strategy.standing is not None and strategy.standing.id == challenge:
            return strategy
    return None


def _complaint(row: ChallengeRow, now: datetime, tries: int) -> str:
    if row.used_at is not None:
        return "This code was used already: it works once. Ask for a new one. Nothing was changed."
    if row.tries >= tries:
        return "This code was tried too often. Ask for a new one. Nothing was changed."
    if now >= row.expires_at or now < row.created_at - _SLACK:
        return "This code has expired. Ask for a new one. Nothing was changed."
    return ""


def _code_holds(uow: UnitOfWork, row: ChallengeRow, code: str) -> bool:
    return strategy_of(row.factor).holds(uow, row, code.strip().replace(" ", ""))
