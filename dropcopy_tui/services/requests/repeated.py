"""A submit that is repeated because its answer was lost gives the first answer again.

Whoever submits names the act by an id of their own. The request keeps it, with a digest of what the act said.
"""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.services.requests.views import request_view
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import RequestView
from dropcopy_tui.store.tables import RequestRow

_GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_OP = "submit"


def answered(uow: UnitOfWork, op_id: str, *said: object) -> tuple[RequestView, ...]:
    """The requests that the person has submitted by this act already; () the first time, and without an id.

    What is submitted in this transaction from here on keeps the id. Raises InvalidValue: the id was given to another
    act, or is not one.
    """
    if not op_id:
        return ()
    if not _GIVEN.fullmatch(op_id):
        raise InvalidValue("An op id has 1 to 64 of A-Z, a-z, 0-9, dot, underscore, colon and hyphen.", "op_id")
    return _answered(uow, op_id, said)


def answered_draft(uow: UnitOfWork, draft_id: int, version: int | None, op_id: str) -> tuple[RequestView, ...]:
    """The same of a draft, whose number and version name the act where the person gives it no name."""
    if op_id:
        return answered(uow, op_id, "draft", draft_id)
    # With a space in it, which no given id has.
    return _answered(uow, f"draft {draft_id} {version}", ("draft", draft_id))


def _answered(uow: UnitOfWork, op_id: str, said: tuple[object, ...]) -> tuple[RequestView, ...]:
    digest = hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()
    mine = col(RequestRow.submitted_by) == uow.actor.person_id, col(RequestRow.op_id) == op_id
    rows = uow.tx.execute(select(RequestRow).where(*mine).order_by(col(RequestRow.id))).scalars().all()
    if any(row.op_digest != digest for row in rows):
        raise InvalidValue(
            f"The op id {op_id} was given to another act, which submitted {rows[0].reference}. Use another one. "
            "Nothing was changed.",
            "op_id",
        )
    uow.tx.info[_OP] = (op_id, digest)
    return tuple(request_view(uow, row) for row in rows)


def act_of(uow: UnitOfWork) -> tuple[str | None, str | None]:
    """The id and the digest of the act by which something is submitted now."""
    found: tuple[str | None, str | None] = uow.tx.info.get(_OP, (None, None))
    return found
