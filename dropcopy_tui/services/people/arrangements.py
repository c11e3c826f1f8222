"""How people have arranged their lists: everyone's own, found again wherever they sign in.

The audit trail has none of it: it grants nothing, and would bury what does.
"""

from __future__ import annotations

from sqlmodel import col, func, select

from dropcopy_tui.domain.arrangements import MOST_LISTS, Arrangement, as_text, check_arrangement, of_text
from dropcopy_tui.domain.errors import LimitReached
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import ListArrangementRow


class Arrangements(Service):
    """Columns and sort of each list of the person's."""

    def mine(self, actor: Actor) -> dict[str, Arrangement]:
        """By the name of the list; a list that is as usual is not among them."""
        with self._reading(actor) as uow:
            rows = uow.tx.exec(select(ListArrangementRow).where(ListArrangementRow.person_id == actor.person_id))
            return {row.list_name: of_text(row.arranged) for row in rows}

    def keep(self, actor: Actor, name: str, arrangement: Arrangement) -> None:
        """Keep an arrangement; the usual one is kept by forgetting another. Raises InvalidValue, LimitReached."""
        check_arrangement(name, arrangement)
        with self._writing(actor) as uow:
            row = uow.tx.get(ListArrangementRow, (actor.person_id, name))
            if arrangement.is_usual:
                if row is not None:
                    uow.tx.delete(row)
                return
            if row is None:
                _require_room(uow)
                row = ListArrangementRow(person_id=actor.person_id, list_name=name, arranged="")
            row.arranged = as_text(arrangement)
            uow.tx.add(row)


def _require_room(uow: UnitOfWork) -> None:
    mine = select(func.count()).where(col(ListArrangementRow.person_id) == uow.actor.person_id)
    if uow.tx.exec(mine).one() >= MOST_LISTS:
        raise LimitReached(f"The arrangement of at most {MOST_LISTS} lists is kept.")
