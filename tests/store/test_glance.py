"""The first screen, read with the driver alone, agrees with the services for everybody of the sample data."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.home import HomeView, home
from dropcopy_tui.services.outbox.notices import Notices
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.sample.facts import PEOPLE
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.services.sessions.sessions import Sessions
from tests.services.factories import add_person, change, make_resources, one, open_resources
from tests.stores import copy_store

ALL = PageRequest(limit=1_000)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    """The sample data, with somebody who has no role at all."""
    resources = make_resources(tmp_path_factory.mktemp("glance") / "store.db")
    fill(resources)
    add_person(resources, "nobody")
    return resources


@pytest.fixture
def resources(whole: Resources, tmp_path: Path) -> Resources:
    return open_resources(copy_store(whole.store.place, tmp_path / "store.db"))


def look(resources: Resources, user_id: str = "", os_account: str = "") -> HomeView:
    return home(
        resources.store.place, resources.settings, resources.clock.now(), user_id=user_id, os_account=os_account
    )


def actor_of(resources: Resources, user_id: str) -> Actor:
    return Actor(one(resources, "SELECT id FROM person WHERE user_id = :it", it=user_id), user_id, "")


@pytest.mark.parametrize("user_id", [*(person.user_id for person in PEOPLE), "nobody"])
def test_it_counts_what_the_services_list(whole: Resources, user_id: str) -> None:
    seen, actor = look(whole, user_id), actor_of(whole, user_id)
    assert seen.actor is not None
    assert seen.actor.person_id == actor.person_id
    groups, sessions = Groups(whole), Sessions(whole)
    assert seen.groups[Menu.BROKERTEC] == groups.page(actor, ALL, menu=Menu.BROKERTEC).total
    assert seen.groups[Menu.GLOBEX] == groups.page(actor, ALL, menu=Menu.GLOBEX).total
    assert seen.order_entry == sessions.page(actor, ALL, kind=SessionKind.ORDER_ENTRY).total
    assert seen.market_data == sessions.page(actor, ALL, kind=SessionKind.MARKET_DATA).total
    assert seen.requests == Requests(whole).page(actor, ALL).total
    assert seen.notices == sum(not notice.read for notice in Notices(whole).page(actor, ALL).rows)
    mine = Drafts(whole).mine(actor)
    assert [(draft.id, draft.name, draft.step) for draft in seen.drafts] == [(d.id, d.name, d.step) for d in mine]


@pytest.mark.parametrize("user_id", ["acme-operator", "multi-operator", "auditor", "ease-agent", "nobody"])
def test_it_warns_of_the_sessions_whose_last_pair_is_pending(whole: Resources, user_id: str) -> None:
    found = Sessions(whole).page(actor_of(whole, user_id), ALL).rows
    last = {view.session_id: max(view.living, key=lambda key: key.expires_at) for view in found if view.living}
    ending = sorted(
        (key.expires_at, name, key) for name, key in last.items() if key.state is KeyState.PENDING_EXPIRATION
    )
    seen = look(whole, user_id)
    assert [(each.session_id, each.when, each.how_far) for each in seen.expiring] == [
        (name, key.when, key.left) for _, name, key in ending
    ]
    after_the_months = [key for key in last.values() if key.expires_at >= datetime(2027, 5, 1, 4, tzinfo=UTC)]
    assert sum(month.keys for month in seen.months) == len(last) - len(after_the_months)
    first_year = [(2026, month) for month in range(3, 13)]
    assert [(month.year, month.month) for month in seen.months] == first_year + [(2027, m) for m in range(1, 5)]


@pytest.mark.parametrize(
    ("user_id", "number"),
    [("clearing-approver", 2), ("placehld-approver", 1), ("acme-approver", 0), ("multi-operator", 0), ("gam-desk", 0)],
)
def test_it_counts_what_waits_for_an_approver(whole: Resources, user_id: str, number: int) -> None:
    assert look(whole, user_id).to_review == number


def test_nobody_reviews_their_own_request(resources: Resources) -> None:
    change(resources, "UPDATE request SET submitted_by = (SELECT id FROM person WHERE user_id = 'clearing-approver')")
    assert look(resources, "clearing-approver").to_review == 0


def test_it_knows_a_person_by_their_account(resources: Resources) -> None:
    change(resources, "UPDATE person SET os_account = 'op1' WHERE user_id = 'acme-operator'")
    assert look(resources, os_account="op1") == look(resources, "acme-operator")


@pytest.mark.parametrize(
    "who", [{"user_id": "not-there"}, {"os_account": "not-there"}, {"os_account": ""}, {}], ids=str
)
def test_somebody_unknown_sees_nothing(whole: Resources, who: dict[str, str]) -> None:
    seen = look(whole, **who)
    counts = (seen.groups[Menu.BROKERTEC], seen.groups[Menu.GLOBEX], seen.order_entry, seen.market_data, seen.requests)
    assert (seen.actor, counts, seen.drafts, seen.expiring) == (None, (0,) * 5, (), ())


def test_somebody_disabled_sees_nothing(resources: Resources) -> None:
    change(resources, "UPDATE person SET disabled = true WHERE user_id = 'acme-operator'")
    seen = look(resources, "acme-operator")
    assert (seen.actor, seen.groups[Menu.BROKERTEC], seen.requests, seen.drafts) == (None, 0, 0, ())


@pytest.mark.parametrize("role", Role)
def test_every_role_sees_as_much_as_it_does_in_the_services(resources: Resources, role: Role) -> None:
    actor = add_person(resources, "someone", role, entity=None if role.desk_wide else "EXRATES")
    groups = Groups(resources)
    seen = look(resources, "someone")
    assert seen.groups[Menu.BROKERTEC] + seen.groups[Menu.GLOBEX] == groups.page(actor, ALL).total
    assert seen.order_entry == Sessions(resources).page(actor, ALL, kind=SessionKind.ORDER_ENTRY).total


def test_a_deleted_group_is_not_counted(resources: Resources) -> None:
    before = look(resources, "acme-operator").groups[Menu.BROKERTEC]
    change(resources, "UPDATE drop_copy_group SET deleted_at = created_at WHERE name = 'US-ACTIVES'")
    assert look(resources, "acme-operator").groups[Menu.BROKERTEC] == before - 1


@pytest.mark.sqlite_only("a damaged file")
def test_a_store_that_is_damaged_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 5_000)
    with pytest.raises(StoreUnusable):
        look(open_resources(path), "acme-operator")


def test_a_replaced_pair_does_not_live_again_where_the_clock_went_back(resources: Resources) -> None:
    """As in the services: what expired and lost its place to another pair stays expired."""
    (session_pk,) = {each.session_pk for each in look(resources, "acme-operator").expiring if each.session_id == "T6B"}
    change(resources, "UPDATE key_pair SET slot = NULL WHERE session_pk = :it", it=session_pk)
    assert "T6B" not in [each.session_id for each in look(resources, "acme-operator").expiring]
