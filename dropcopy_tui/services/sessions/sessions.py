"""Sessions and the public side of their key pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, literal, select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue, NotFound, SessionInUse
from dropcopy_tui.domain.keypairs import state_of
from dropcopy_tui.domain.markets import Gateway, Menu, market_named, markets_of
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.pages import Page, PageRequest, Selection
from dropcopy_tui.domain.people import MAY_RETIRE, Actor
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.base import key_of, market_words
from dropcopy_tui.services.sessions.key_rows import KeyViews, destroy, keep_stops, key_rows, listed_pairs, pair_of
from dropcopy_tui.services.sessions.pending import expiring
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import PendingView, SessionView
from dropcopy_tui.store.paging import Dated, Listing, fetch, selected
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.plain_rows import PlainRows
from dropcopy_tui.store.tables import EntityRow, GroupRow, KeyPairRow, SessionRow

SESSIONS = PlainRows("session")


class Sessions(Service):
    """The sessions that a person may see; those that a deleted group released can be retired."""

    def page(
        self,
        actor: Actor,
        ask: PageRequest,
        *,
        kind: SessionKind | None = None,
        entity: str = "",
        group_id: int | None = None,
        status: SessionStatus | None = None,
    ) -> Page[SessionView]:
        """A page of sessions, of one entity, one group, or all that the person may see. Raises NotFound."""
        with self._reading(actor) as uow:
            of_group = [] if group_id is None else [col(SessionRow.group_id) == group_id]
            listed = _listing(_plain_rows().where(*of_group), parts_of(uow, kind, entity, status))
            page = fetch(uow.tx, listed, ask, lambda row: row)
            return Page(_plain_views(uow, page.rows), page.cursors, page.total)

    def picked(
        self,
        actor: Actor,
        picked: Selection,
        *,
        kind: SessionKind | None = None,
        entity: str = "",
        status: SessionStatus | None = None,
    ) -> tuple[SessionView, ...]:
        """The picked sessions of the list that `page` shows for the same choice. Raises NotFound."""
        with self._reading(actor) as uow:
            rows = selected(_listing(session_rows(), parts_of(uow, kind, entity, status)), picked)
            found = uow.tx.execute(rows.order_by(col(SessionRow.session_id), col(SessionRow.id))).all()
            return views(uow, found)

    def pending(
        self, actor: Actor, kind: SessionKind, entity: str = "", menu: Menu | None = None
    ) -> tuple[PendingView, ...]:
        """The sessions of a kind that stop within four weeks, the soonest first (rule K7). Raises NotFound."""
        with self._reading(actor) as uow:
            conditions = [part.here for part in parts_of(uow, kind, entity, None)]
            if menu is not None:
                conditions.append(col(SessionRow.market).in_([market.code for market in markets_of(menu)]))
            return expiring(uow, conditions)

    def get(self, actor: Actor, session_pk: int) -> SessionView:
        """One session. Raises NotFound."""
        with self._reading(actor) as uow:
            visible = uow.visible_ids()
            rows = session_rows(col(SessionRow.id) == session_pk, col(SessionRow.entity_id).in_(visible))
            found = uow.tx.execute(rows).all()
            if not found:
                raise NotFound("This session no longer exists, or you have no access to it.")
            return views(uow, found)[0]

    def find(self, actor: Actor, session_ids: Iterable[str], market: str = "") -> tuple[SessionView, ...]:
        """The sessions with these Session IDs, in this order.

        Raises:
            NotFound: one does not exist, or may not be seen.
            InvalidValue: a Session ID exists in several markets; say which with `market`.
        """
        with self._reading(actor) as uow:
            visible = uow.visible_ids()
            return tuple(_one(uow, session_id, market, visible) for session_id in session_ids)

    def retire(self, actor: Actor, session_pk: int) -> SessionView:
        """Take a released drop copy session out of use permanently, with its key pairs (rule G9).

        Raises:
            NotEntitled: only GAM retires sessions.
            SessionInUse: its group still lives; says which one.
            InvalidValue: it is retired already, or no drop copy session.
        """
        with self._writing(actor) as uow:
            uow.require(MAY_RETIRE)
            row = uow.tx.get(SessionRow, session_pk)
            if row is None:
                raise NotFound("This session no longer exists. Nothing was changed.")
            _check_released(uow, row)
            destroyed = _destroy_keys(uow, row)
            row.status = SessionStatus.RETIRED.value
            uow.record(
                "session:retired",
                row.session_id,
                entity=uow.tx.get_one(EntityRow, row.entity_id).code,
                before={"status": SessionStatus.RELEASED.value},
                after={"status": row.status, "keys": destroyed},
            )
            return views(uow, uow.tx.execute(session_rows(col(SessionRow.id) == row.id)).all())[0]


def parts_of(
    uow: UnitOfWork, kind: SessionKind | None, entity: str, status: SessionStatus | None
) -> tuple[OwnerPart, ...]:
    """What a list of sessions is narrowed to: what the person may see, at least. Raises NotFound."""
    return (
        OwnerPart(
            [
                (col(SessionRow.entity_id), [uow.entity(entity).id] if entity else uow.visible_ids()),
                (col(SessionRow.kind), [each.value for each in SessionKind if kind in (None, each)]),
                (col(SessionRow.status), [each.value for each in SessionStatus if status in (None, each)]),
            ]
        ),
    )


def _check_released(uow: UnitOfWork, row: SessionRow) -> None:
    """Continue only with a released drop copy session. Raises SessionInUse, InvalidValue."""
    if row.kind != SessionKind.DROP_COPY.value:
        raise InvalidValue(
            f"{row.session_id} is not a drop copy session, so it cannot be retired here. Nothing was changed."
        )
    if row.status == SessionStatus.RETIRED.value:
        raise InvalidValue(f"{row.session_id} has already been retired. Nothing was changed.")
    if row.status == SessionStatus.ACTIVE.value:
        group = uow.tx.get(GroupRow, row.group_id) if row.group_id else None
        where = (
            f"group {group.name} uses it. Delete the group first" if group else "only a released session can be retired"
        )
        raise SessionInUse(f"{row.session_id} is active: {where}. Nothing was changed.")


def _destroy_keys(uow: UnitOfWork, row: SessionRow) -> list[str]:
    """Destroy the session's living key pairs immediately; their public ids."""
    pairs = key_rows(uow, [key_of(row.id)])[key_of(row.id)]
    living = [pair for pair in pairs if state_of(pair_of(pair, row.session_id, row.market), uow.now).living]
    for pair in living:
        destroy(uow, pair)
    keep_stops(uow, [key_of(row.id)])
    return [pair.access_key_id for pair in living]


def _one(uow: UnitOfWork, session_id: str, market: str, visible: Sequence[int]) -> SessionView:
    rows = session_rows(col(SessionRow.session_id) == session_id, col(SessionRow.entity_id).in_(visible))
    if market:
        rows = rows.where(col(SessionRow.market) == market_named(market).code)
    found = uow.tx.execute(rows).all()
    if not found:
        raise NotFound(f"Session {shorten(session_id)} does not exist, or you have no access to it.")
    if len(found) > 1:
        markets = ", ".join(row[0].market for row in found)
        raise InvalidValue(f"Session {session_id} exists in several markets ({markets}). Specify --market.")
    return views(uow, found)[0]


def views(uow: UnitOfWork, rows: Sequence[Row[SessionRow, str, str]]) -> tuple[SessionView, ...]:
    """Views of rows of `session_rows`, with the key pairs of all of them read immediately."""
    return _views(uow, [(row[0], row[1], row[2]) for row in rows])


def _plain_views(uow: UnitOfWork, found: Sequence[Row[Any]]) -> tuple[SessionView, ...]:
    """The same for rows of `_plain_rows`."""
    at = len(SESSIONS.columns)
    rows = zip(SESSIONS.read(uow.tx, found), found, strict=True)
    return _views(uow, [(row, names[at], names[at + 1]) for row, names in rows])


def _views(uow: UnitOfWork, rows: Sequence[tuple[Any, str, str | None]]) -> tuple[SessionView, ...]:
    pairs = listed_pairs(uow, [row.id for row, _, _ in rows])
    keys = {market: KeyViews(uow, market) for market in {row.market for row, _, _ in rows}}
    return tuple(_view(row, entity, group, pairs[row.id], keys[row.market]) for row, entity, group in rows)


def session_rows(*conditions: ColumnElement[bool]) -> Select[SessionRow, str, str]:
    """Sessions with the code of their entity and the name of their group."""
    return (
        select(SessionRow, col(EntityRow.code), col(GroupRow.name))
        .join(EntityRow, col(EntityRow.id) == col(SessionRow.entity_id))
        .join(GroupRow, col(GroupRow.id) == col(SessionRow.group_id), isouter=True)
        .where(*conditions)
    )


def _plain_rows() -> Select[Any]:
    """The same without objects, for lists that may be long."""
    return (
        select(*SESSIONS.columns, col(EntityRow.code), col(GroupRow.name))
        .select_from(SessionRow)
        .join(EntityRow, col(EntityRow.id) == col(SessionRow.entity_id))
        .join(GroupRow, col(GroupRow.id) == col(SessionRow.group_id), isouter=True)
    )


def _listing(rows: Any, parts: Sequence[OwnerPart]) -> Listing:
    return Listing(
        rows=rows,
        parts=parts,
        # One session may have two lines, so nothing else is sorted by.
        orders={"session_id": col(SessionRow.session_id)},
        tie=col(SessionRow.id),
        searched=(
            col(SessionRow.session_id),
            market_words(col(SessionRow.market)),
            col(SessionRow.status),
            col(GroupRow.name),
            Dated(col(KeyPairRow.expires_at), _of_a_pair),
        ),
    )


def _of_a_pair(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a key pair of the session, deleted ones aside, meets the condition."""
    mine = col(KeyPairRow.session_pk) == col(SessionRow.id)
    return select(literal(1)).where(mine, col(KeyPairRow.deleted_at).is_(None), condition).exists()


def _view(row: Any, entity: str, group: str | None, pairs: Sequence[Any], keys: KeyViews) -> SessionView:
    market, gateway, session_id = market_named(row.market), Gateway(row.gateway), row.session_id
    return SessionView(
        pk=row.id,
        session_id=session_id,
        kind=SessionKind(row.kind),
        market=row.market,
        market_name=market.name,
        gateway=gateway,
        segments=market.segments if gateway is Gateway.MSGW else (),
        status=row.status,
        entity=entity,
        group=group or "",
        group_id=row.group_id,
        keys=tuple([keys.view(pair, session_id) for pair in pairs]),
    )
