"""Challenges: what every second factor is made of (rule P2). Started, answered by one process, spent once.

The limits hold over all factors together: codes and wrong attempts of a day are counted over every challenge a
person was given, whoever issued it, and a challenge of one purpose opens no other.
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, func, select

from dropcopy_tui.domain.errors import CodesUsedUp, SecondFactorFailed
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.states import count_right, count_wrong, refuse_off
from dropcopy_tui.services.factors.strategy import Strategy, strategies, strategy_of
from dropcopy_tui.services.factors.table import FACTORS, Factor, Proof, Purpose
from dropcopy_tui.services.unit_of_work import UnitOfWork, last_event, was_later
from dropcopy_tui.store.tables import ChallengeRow, PersonRow

_DAY = timedelta(days=1)
# A clock may be set back by so much and no more.
_SLACK = timedelta(minutes=1)
# Why a challenge is no longer answered, as people read it.
_ENDED = {
    "expired": "This code has expired. Request a new one. Nothing was changed.",
    "denied": "The push was denied or not answered. Start again. Nothing was changed.",
    "cancelled": "This code was cancelled. Request a new one. Nothing was changed.",
    "replaced": "EASE has issued a newer code. Enter that one. Nothing was changed.",
}


def codes_left(uow: UnitOfWork, person_id: int) -> int:
    """How many codes the person may still be given within 24 hours; none after as many wrong attempts."""
    used, wrong = _of_the_day(uow, person_id)
    most = uow.settings.codes_a_day
    return 0 if wrong >= most else max(0, most - used)


def can_be_answered(uow: UnitOfWork, person_id: int, strategy: Strategy) -> bool:
    """Whether the person holds an open code of a factor whose codes others issue."""
    if strategy.standing is None or _of_the_day(uow, person_id)[1] >= uow.settings.codes_a_day:
        return False
    rows = select(ChallengeRow).where(
        ChallengeRow.person_id == person_id,
        ChallengeRow.factor == strategy.factor.name,
        col(ChallengeRow.expires_at) > uow.now,
    )
    return any(not _complaint(uow, row) for row in uow.tx.exec(rows))


def _of_the_day(uow: UnitOfWork, person_id: int) -> tuple[int, int]:
    """How many codes the person was given within 24 hours, and how many wrong ones they entered."""
    used, wrong = uow.tx.exec(
        select(func.count(), func.coalesce(func.sum(col(ChallengeRow.tries)), 0)).where(
            ChallengeRow.person_id == person_id, col(ChallengeRow.created_at) > uow.now - _DAY
        )
    ).one()
    return int(used), int(wrong)


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
        after_event=last_event(uow),
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
    """Continue only while the challenge can be answered. Raises SecondFactorFailed, CodesUsedUp."""
    complaint = _complaint(uow, row)
    if complaint:
        if complaint == _ENDED["expired"]:
            # A clock that goes back later does not make it valid again.
            row.ended = row.ended or "expired"
        raise SecondFactorFailed(complaint)
    refuse_off(uow, row)
    refuse_guessing(uow, row.person_id)


def refuse_guessing(uow: UnitOfWork, person_id: int) -> None:
    """Wrong attempts count over all codes and factors of a day, however often a code is issued again.

    Raises CodesUsedUp.
    """
    _, wrong = _of_the_day(uow, person_id)
    if wrong >= uow.settings.codes_a_day:
        raise CodesUsedUp(
            f"Too many wrong codes: {wrong} within 24 hours across all factors. Try again tomorrow. "
            "Nothing was changed."
        )


def wrong_try(uow: UnitOfWork, row: ChallengeRow) -> SecondFactorFailed:
    """The event of a wrong attempt that was counted, and what to raise for it."""
    uow.record("challenge:wrong_code", row.id, after={"tries": row.tries})
    if count_wrong(uow, row):
        label = FACTORS[row.factor].label
        return SecondFactorFailed(
            f"The code is wrong, and {label} is now switched off. Call EASE. Nothing was changed."
        )
    left = uow.settings.code_tries - row.tries
    what = f"{plural(left, 'attempt')} left" if left else "request a new one"
    return SecondFactorFailed(f"The code is wrong: {what}. Nothing was changed.", retry=left > 0)


def spend(uow: UnitOfWork, proof: Proof, purpose: Purpose, scope: str = "") -> ChallengeRow:
    """Use up a second factor inside the caller's transaction; the challenge that was answered.

    It must be the first write of that transaction: a wrong attempt is remembered with it. `scope` is what is to be
    done, as `Factors.start` was given it; a challenge that was started without one is bound to its purpose alone.
    Raises SecondFactorFailed saying what is wrong and what to do.
    """
    row = _answered(uow, proof, purpose)
    if row.purpose != purpose.value or row.scope not in ("", scope):
        raise SecondFactorFailed("This second factor was started for a different action. Request a new code.")
    refuse_spent(uow, row)
    if not _code_holds(uow, row, proof.code):
        row.tries += 1
        raise wrong_try(uow, row)
    row.used_at = uow.now
    count_right(uow, row)
    uow.record("challenge:passed", row.id, after={"factor": row.factor})
    return row


def answer(uow: UnitOfWork, person: PersonRow, factor: str, code: str) -> bool:
    """Whether the code of a factor that has its codes at hand is right, without a challenge: none of the day is used.

    A wrong one counts among those in a row, which switch the factor off. Raises SecondFactorFailed, CodesUsedUp.
    """
    now = uow.now
    life = uow.settings.code_life
    # Never stored: what the strategy and the counts ask of a challenge is whose it is, and of which factor.
    row = ChallengeRow(
        id="", person_id=key_of(person.id), factor=factor, purpose="", created_at=now, expires_at=now + life
    )
    refuse_off(uow, row)
    refuse_guessing(uow, row.person_id)
    if _code_holds(uow, row, code):
        count_right(uow, row)
        return True
    count_wrong(uow, row)
    return False


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
        raise SecondFactorFailed(
            "EASE has not issued a code for you. Call EASE first. Nothing was changed.", retry=True
        )
    return row


def standing_of(challenge: str) -> Strategy | None:
    """The factor whose challenges others start, if this is the fixed id of one."""
    for strategy in strategies():
        if strategy.standing is not None and strategy.standing.id == challenge:
            return strategy
    return None


def _complaint(uow: UnitOfWork, row: ChallengeRow) -> str:
    """Why no code answers the challenge; "" where one may."""
    if row.used_at is not None:
        return "This code has already been used. Request a new one. Nothing was changed."
    if row.ended:
        return _ENDED[row.ended]
    if row.tries >= uow.settings.code_tries:
        return "Too many wrong attempts for this code. Request a new one. Nothing was changed."
    over = uow.now >= row.expires_at or uow.now < row.created_at - _SLACK
    if over or was_later(uow.tx, row.after_event, row.expires_at):
        return _ENDED["expired"]
    return ""


def _code_holds(uow: UnitOfWork, row: ChallengeRow, code: str) -> bool:
    return strategy_of(row.factor).holds(uow, row, code.strip().replace(" ", ""))
