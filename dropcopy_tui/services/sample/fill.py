"""Sample data for a sandbox: firms, people and sessions that look real and are not, in every state."""

from __future__ import annotations

from sqlmodel import Session, select

from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.services.base import Means
from dropcopy_tui.services.sample.groups import add_groups, add_other_sessions, add_target_keys
from dropcopy_tui.services.sample.master_data import lay
from dropcopy_tui.services.sample.requests import add_open_draft, add_requests
from dropcopy_tui.store.tables import EntityRow, PersonRow


def fill(means: Means) -> None:
    """Fill an empty sandbox store, in one transaction. The same day gives the same data.

    Raises:
        StoreUnusable: the store is no sandbox, or not empty.
    """
    with means.store.write() as session:
        _check(session, means)
        ground = lay(session, means)
        groups = add_groups(ground)
        keys = add_target_keys(ground)
        add_other_sessions(ground)
        add_requests(ground, groups, keys)
        add_open_draft(ground)
        ground.audit()


def _check(session: Session, means: Means) -> None:
    if not means.sandbox:
        raise StoreUnusable("Sample data goes into a sandbox store only. Nothing was changed.")
    if session.exec(select(EntityRow)).first() or session.exec(select(PersonRow)).first():
        raise StoreUnusable("The store is not empty: sample data was not added. Nothing was changed.")
