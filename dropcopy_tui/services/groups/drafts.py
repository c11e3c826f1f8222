"""Drafts of the wizard: saved at every change, so that a lost connection loses nothing (rule G2)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue
from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.groups import FeeNotice, FrontEnd, Load, loads_of
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.pages import Page, PageRequest, Selection
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, Actor
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.groups import draft_checks
from dropcopy_tui.services.groups.draft_views import draft_view
from dropcopy_tui.services.groups.front_ends import front_end_view
from dropcopy_tui.services.groups.parked import drop_parked, park, unpark
from dropcopy_tui.services.groups.review import fee_of, review_of
from dropcopy_tui.services.groups.submission import submit_draft
from dropcopy_tui.services.own_drafts import own_draft
from dropcopy_tui.services.requests.repeated import answered_draft
from dropcopy_tui.services.sendercomp_lists import listing, sender_comp_view, set_listing, usable_by
from dropcopy_tui.services.source_sets import SenderCompRows, of_draft, put, take_out
from dropcopy_tui.services.spare import available, place_of, usable_firms
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import DraftView, EntityView, FirmCount, RequestView, Review, SenderCompView
from dropcopy_tui.store.paging import fetch, selecting
from dropcopy_tui.store.tables import (
    DraftRow,
    DraftSourceRow,
    EntityRow,
    FrontEndMappingRow,
    FrontEndRow,
)

LAST_STEP = 6


@dataclass(frozen=True, slots=True)
class DraftFields:
    """What a person has entered so far; sources are added and removed by their own verbs."""

    entity: str = ""
    name: str = ""
    front_end_id: int | None = None
    filters: tuple[Filter, ...] = ()
    step: int = 1

    def __post_init__(self) -> None:
        """Bring the filters in order: what is entered is compared with what is stored, which has no other order."""
        object.__setattr__(self, "filters", in_order(self.filters))


class Drafts(Service):
    """The drafts of the person who acts; no one sees another's."""

    def entities(self, actor: Actor) -> tuple[EntityView, ...]:
        """Where the person may create groups: step 1 offers these, and selects a single one by itself."""
        with self._reading(actor) as uow:
            return tuple(
                EntityView(row.code, row.name)
                for row in uow.visible_entities()
                if uow.roles_at(row.id) & MAY_CHANGE_GROUPS
            )

    def front_ends(self, actor: Actor, entity: str) -> tuple[FrontEnd, ...]:
        """The front end systems mapped to the entity (rule G8)."""
        with self._reading(actor) as uow:
            row = uow.entity(entity, MAY_CHANGE_GROUPS)
            rows = uow.tx.execute(
                select(FrontEndRow)
                .join(FrontEndMappingRow, col(FrontEndMappingRow.front_end_id) == FrontEndRow.id)
                .where(col(FrontEndMappingRow.entity_id) == row.id)
                .order_by(col(FrontEndRow.name), col(FrontEndRow.version))
            ).scalars()
            return tuple(front_end_view(front_end) for front_end in rows)

    def fee(self, actor: Actor, entity: str) -> FeeNotice:
        """Rule G1: how many groups the entity has, and what another costs."""
        with self._reading(actor) as uow:
            row = uow.entity(entity, MAY_CHANGE_GROUPS)
            return fee_of(uow, key_of(row.id))

    def mine(self, actor: Actor) -> tuple[DraftView, ...]:
        """The drafts that can be resumed, the last one first."""
        with self._reading(actor) as uow:
            rows = uow.tx.execute(
                select(DraftRow)
                .where(col(DraftRow.person_id) == actor.person_id, col(DraftRow.submitted_at).is_(None))
                .order_by(col(DraftRow.updated_at).desc(), col(DraftRow.id).desc())
            ).scalars()
            return tuple(draft_view(uow, row) for row in rows)

    def get(self, actor: Actor, draft_id: int) -> DraftView:
        """One draft. Raises NotFound."""
        with self._reading(actor) as uow:
            return draft_view(uow, own_draft(uow, draft_id))

    def start(self, actor: Actor, market: str, entity: str = "") -> DraftView:
        """Begin a draft in a market. Raises NotEntitled, InvalidValue."""
        with self._writing(actor) as uow:
            row = start_draft(uow, market, entity)
            uow.record("draft:started", f"draft {row.id}", entity=entity or None)
            return draft_view(uow, row)

    def save(self, actor: Actor, draft_id: int, version: int, fields: DraftFields) -> DraftView:
        """Keep what was entered, complete or not. What belongs to an entity waits for the person's return to it.

        Raises:
            ChangedMeanwhile: the draft was saved elsewhere since `version`.
            NotFound: it was submitted or discarded elsewhere.
        """
        with self._writing(actor) as uow:
            row = own_draft(uow, draft_id)
            if row.version != version:
                raise ChangedMeanwhile(
                    "This draft was changed in another window. Nothing was overwritten there, and nothing more is "
                    "saved here: Ctrl-R shows the draft as it is now."
                )
            before, after = _changed(uow, row, fields)
            self._put(uow, row, fields)
            row.version += 1
            row.updated_at = uow.now
            # Moving between steps is saved but not audited: nothing was entered.
            if after:
                what = f"draft {row.id}"
                uow.record("draft:saved", what, before=before, after=after)
            return draft_view(uow, row)

    def available(self, actor: Actor, draft_id: int, gfid: str, ask: PageRequest) -> Page[SenderCompView]:
        """A page of the SenderComps that can be added."""
        with self._reading(actor) as uow:
            row = _open(uow, draft_id)
            return fetch(uow.tx, available(row, gfid), ask, sender_comp_view)

    def added(self, actor: Actor, draft_id: int, gfid: str, ask: PageRequest) -> Page[SenderCompView]:
        """A page of the SenderComps that were added."""
        with self._reading(actor) as uow:
            row = _open(uow, draft_id)
            return fetch(uow.tx, set_listing(of_draft(row), gfid=gfid), ask, sender_comp_view)

    def firms(self, actor: Actor, draft_id: int) -> tuple[FirmCount, ...]:
        """The Globex Firms that step 5 can be narrowed by."""
        with self._reading(actor) as uow:
            return usable_firms(uow.tx, _open(uow, draft_id))

    def loads(self, actor: Actor, draft_id: int) -> tuple[Load, ...]:
        """How full the target sessions would be, where the market limits them (rule G5)."""
        with self._reading(actor) as uow:
            row = _open(uow, draft_id)
            market = market_named(row.market)
            # A draft without limits may hold a million: they are not counted for nothing.
            return loads_of(market, draft_checks.tally(uow, row).gateways) if market.limits else ()

    def add(self, actor: Actor, draft_id: int, picked: Selection, gfid: str = "") -> DraftView:
        """Add the picked SenderComps, or all that match: one statement, however many (decision 4)."""
        with self._writing(actor) as uow:
            row = _open(uow, draft_id)
            put(uow, of_draft(row), _picked(row, gfid, picked), place_of(row, gfid).size(uow.tx))
            return self._sources_changed(uow, row, "draft:sources_added")

    def remove(self, actor: Actor, draft_id: int, picked: Selection, gfid: str = "") -> DraftView:
        """Take the picked SenderComps out again, or all that match."""
        with self._writing(actor) as uow:
            row = _open(uow, draft_id)
            conditions = selecting(set_listing(of_draft(row)), picked)
            if gfid:
                conditions.append(col(DraftSourceRow.gfid) == gfid)
            take_out(uow, of_draft(row), *conditions)
            return self._sources_changed(uow, row, "draft:sources_removed")

    def name_problem(self, actor: Actor, draft_id: int) -> str:
        """Why the draft's name cannot be used now, or "" when it can (rule G3)."""
        with self._reading(actor) as uow:
            return " ".join(draft_checks.name_problems(uow, own_draft(uow, draft_id)))

    def review(self, actor: Actor, draft_id: int) -> Review:
        """What submitting would ask for, and every problem that stands against it."""
        with self._reading(actor) as uow:
            return review_of(uow, _open(uow, draft_id))

    def submit(self, actor: Actor, draft_id: int, version: int | None, op_id: str = "") -> RequestView:
        """Make the draft a request, all or nothing; the same act again gives the same request.

        Args:
            actor: whose draft it is.
            draft_id: the draft.
            version: the one that was shown; None submits it as it is.
            op_id: names the act; draft and version do where it is empty.

        Raises:
            InvalidValue: every problem, one a sentence.
            ChangedMeanwhile: the draft is not the one that was shown.
        """
        with self._writing(actor) as uow:
            if first := answered_draft(uow, draft_id, version, op_id):
                return first[0]
            row = own_draft(uow, draft_id)
            if version not in (None, row.version):
                raise ChangedMeanwhile("This draft was changed in another window. Review it again, then submit.")
            return submit_draft(uow, row)

    def discard(self, actor: Actor, draft_id: int, version: int | None = None) -> None:
        """Throw the draft away. Raises ChangedMeanwhile: it was saved elsewhere since `version`."""
        with self._writing(actor) as uow:
            row = own_draft(uow, draft_id)
            if version not in (None, row.version):
                raise ChangedMeanwhile("This draft was changed in another window. It was not discarded.")
            uow.record("draft:discarded", f"draft {row.id}", before={"name": row.name})
            draft_checks.empty_draft(uow, row)
            drop_parked(uow, row)
            uow.tx.delete(row)

    def _put(self, uow: UnitOfWork, row: DraftRow, fields: DraftFields) -> None:
        if fields.front_end_id is not None and uow.tx.get(FrontEndRow, fields.front_end_id) is None:
            raise InvalidValue("This front end system no longer exists. Select another one.", "front_end")
        entity = uow.entity(fields.entity, MAY_CHANGE_GROUPS) if fields.entity else None
        if row.group_id is not None and (entity.id if entity else None) != row.entity_id:
            raise InvalidValue(
                "A group's entity cannot be changed. Request a new group at the other entity instead.", "entity"
            )
        if (entity.id if entity else None) != row.entity_id:
            # Sources and front end systems belong to an entity: another one has none of them.
            park(uow, row)
            row.front_end_id = None
            row.entity_id = entity.id if entity else None
            unpark(uow, row)
        else:
            row.front_end_id = fields.front_end_id
        row.name = _bounded(fields.name)
        row.filters = [kind.value for kind in in_order(fields.filters)]
        row.step = min(max(fields.step, 1), LAST_STEP)

    def _sources_changed(self, uow: UnitOfWork, row: DraftRow, action: str) -> DraftView:
        row.version += 1
        row.updated_at = uow.now
        view = draft_view(uow, row)
        uow.record(action, f"draft {row.id}", after={"sources": view.sources})
        return view


def start_draft(uow: UnitOfWork, market: str, entity: str) -> DraftRow:
    """A new draft row inside the caller's transaction. Raises NotEntitled, InvalidValue, NotFound."""
    market_named(market)
    place = uow.entity(entity, MAY_CHANGE_GROUPS) if entity else None
    row = DraftRow(
        person_id=uow.actor.person_id,
        market=market,
        entity_id=place.id if place else None,
        updated_at=uow.now,
    )
    uow.tx.add(row)
    uow.tx.flush()
    return row


def _bounded(name: str) -> str:
    """A name as typed, but never so long that it weighs on the store; submit checks it properly."""
    if len(name) > 1_000:
        raise InvalidValue(f"Group name has {len(name):,} characters, which is too long. It was not saved.", "name")
    return name


def _changed(uow: UnitOfWork, row: DraftRow, fields: DraftFields) -> tuple[dict[str, object], dict[str, object]]:
    present = uow.tx.get(EntityRow, row.entity_id) if row.entity_id else None
    old = {
        "entity": present.code if present else "",
        "name": row.name,
        "front_end": row.front_end_id,
        "filters": row.filters,
    }
    new = {
        "entity": fields.entity,
        "name": fields.name,
        "front_end": fields.front_end_id,
        "filters": [kind.value for kind in in_order(fields.filters)],
    }
    keys = [key for key in old if old[key] != new[key]]
    return {key: old[key] for key in keys}, {key: new[key] for key in keys}


def _open(uow: UnitOfWork, draft_id: int) -> DraftRow:
    """The person's draft, as long as they may create groups at its entity. Raises NotFound, NotEntitled."""
    row = own_draft(uow, draft_id)
    if row.entity_id is not None:
        uow.require(MAY_CHANGE_GROUPS, uow.tx.get_one(EntityRow, row.entity_id))
    return row


def _picked(row: DraftRow, gfid: str, picked: Selection) -> SenderCompRows:
    """The rows of `sender_comp` that the draft may have and that are picked."""
    rows = usable_by(row, gfid)
    return rows.where(*selecting(listing(rows, place_of(row, gfid)), picked))
