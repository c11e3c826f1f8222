"""Whether a person's factor is on: wrong codes in a row switch it off until EASE helps (rule P2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.domain.people import MAY_EASE
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.factors.strategy import strategy_of
from dropcopy_tui.services.factors.table import FACTORS
from dropcopy_tui.services.rights import holders
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import ChallengeRow, FactorStateRow, PersonRow


def off_factors(uow: UnitOfWork, person_id: int) -> Mapping[str, str]:
    """The factors of the person that are off, each with the reason."""
    rows = select(FactorStateRow).where(
        col(FactorStateRow.person_id) == person_id, col(FactorStateRow.off_since).is_not(None)
    )
    return {row.factor: _reason(row.wrong_in_row) for row in uow.tx.execute(rows).scalars()}


def refuse_off(uow: UnitOfWork, row: ChallengeRow) -> None:
    """Raises SecondFactorFailed: the challenge's factor is off, even for the right code."""
    reason = off_factors(uow, row.person_id).get(row.factor)
    if reason:
        raise SecondFactorFailed(f"{FACTORS[row.factor].label} is {reason}. Nothing was changed.")


def count_wrong(uow: UnitOfWork, row: ChallengeRow) -> bool:
    """Count a wrong code; whether the factor is off now. Both sides are told then.

    A code of EASE is not counted: an agent decides about each of them.
    """
    if strategy_of(row.factor).standing is not None:
        return False
    state = uow.tx.get(FactorStateRow, (row.person_id, row.factor))
    if state is None:
        state = FactorStateRow(person_id=row.person_id, factor=row.factor)
    state.wrong_in_row += 1
    uow.tx.add(state)
    if state.off_since is not None or state.wrong_in_row < uow.settings.wrong_codes_in_row:
        return False
    state.off_since = uow.now
    _tell_off(uow, state)
    return True


def count_right(uow: UnitOfWork, row: ChallengeRow) -> None:
    """A right code ends the row; one of EASE, whose agent verified the person, switches every factor on again."""
    if strategy_of(row.factor).standing is not None:
        switch_on(uow, row.person_id, FACTORS)
    else:
        switch_on(uow, row.person_id, (row.factor,))


def switch_on(uow: UnitOfWork, person_id: int, factors: Iterable[str]) -> None:
    """Forget the wrong codes of these factors; those that were off are on again."""
    for factor in factors:
        state = uow.tx.get(FactorStateRow, (person_id, factor))
        if state is None:
            continue
        if state.off_since is not None:
            uow.record("factor:on", uow.tx.get_one(PersonRow, person_id).user_id, after={"factor": factor})
        uow.tx.delete(state)


def _tell_off(uow: UnitOfWork, state: FactorStateRow) -> None:
    person = uow.tx.get_one(PersonRow, state.person_id)
    label, reason = FACTORS[state.factor].label, _reason(state.wrong_in_row).partition(":")[0]
    uow.record("factor:off", person.user_id, after={"factor": state.factor, "wrong_in_row": state.wrong_in_row})
    uow.tell(
        person,
        f"{label} was {reason}",
        f"It cannot be used for {person.user_id} until you have entered a code from EASE. "
        "If the wrong codes were not yours, call EASE immediately and change your password.",
    )
    for agent in _agents(uow):
        uow.tell(
            agent,
            f"{label} of {person.user_id} was {reason}",
            f"Wrong codes were entered as {person.user_id}, last from {uow.actor.origin}. "
            f"Verify the person before you issue a code.",
        )


def _agents(uow: UnitOfWork) -> list[PersonRow]:
    agents = {person for person, _ in holders(uow.tx, MAY_EASE)}
    rows = select(PersonRow).where(col(PersonRow.id).in_(agents)).order_by(col(PersonRow.id))
    return list(uow.tx.execute(rows).scalars())


def _reason(wrong: int) -> str:
    return f"switched off after {plural(wrong, 'wrong code')} in a row: call EASE"
