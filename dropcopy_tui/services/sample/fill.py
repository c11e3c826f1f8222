"""Sample data for a sandbox: firms, people and sessions that look real and are not, in every state."""

from __future__ import annotations

from sqlmodel import select

from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sample.groups import add_groups, add_other_sessions, add_target_keys
from dropcopy_tui.services.sample.master_data import lay
from dropcopy_tui.services.sample.requests import add_open_draft, add_requests
from dropcopy_tui.services.unit_of_work import UnitOfWork, writing
from dropcopy_tui.store.tables import EntityRow, PersonRow


def fill(resources: Resources) -> None:
    """Fill an empty sandbox store, in one transaction. The same day gives the same data.

    Raises:
        StoreUnusable: the store is not a sandbox, or not empty.
    """
    with writing(resources, DESK) as uow:
        _check(uow)
        ground = lay(uow)
        groups = add_groups(ground)
        keys = add_target_keys(ground)
        add_other_sessions(ground)
        add_requests(ground, groups, keys)
        add_open_draft(ground)
        ground.audit()


def _check(uow: UnitOfWork) -> None:
    if not uow.resources.sandbox:
        raise StoreUnusable("Sample data can only be added to a sandbox. Nothing was changed.")
    if uow.tx.exec(select(EntityRow)).first() or uow.tx.exec(select(PersonRow)).first():
        raise StoreUnusable("The store is not empty: sample data was not added. Nothing was changed.")
