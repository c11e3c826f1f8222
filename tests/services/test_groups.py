"""Groups: listed, shown and asked for, and nothing of them to those who may not see them (rules G3 to G7)."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.errors import DeskError, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.pages import Anchor, PageRequest
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.sendercomps import SenderComps
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.services.views import FirmCount
from tests.services.conftest import World
from tests.services.factories import (
    FRONT_END,
    add_front_end,
    add_person,
    add_role,
    add_sender_comps,
    change,
    contents,
    new_group,
    one,
)


@pytest.fixture
def groups(world: World) -> Groups:
    """Two groups of ACME, RATES (of two firms) and FUTURES."""
    add_sender_comps(world.resources, "ACME", 2, gfid="XY9")
    add_sender_comps(world.resources, "ACME", 1, gfid="8AC", market="globex", gateway="cgw")
    groups = Groups(world.resources)
    groups.create(world.operator, new_group("RATES"))
    groups.create(world.operator, new_group("FUTURES", market="globex"))
    Provisioning(world.resources).process_as_desk()
    return groups


def strangers_group(world: World, name: str) -> int:
    """A group of OTHER, which nobody of ACME may see; its id."""
    add_front_end(world.resources, "OTHER", "Gilt Desk")
    add_sender_comps(world.resources, "OTHER", 4, gfid="OTH")
    Groups(world.resources).create(world.stranger, new_group(name, "OTHER", front_end="Gilt Desk"))
    Provisioning(world.resources).process_as_desk()
    return int(one(world.resources, "SELECT max(id) FROM drop_copy_group"))


def test_groups_are_listed_by_name(world: World, groups: Groups) -> None:
    page = groups.page(world.viewer, PageRequest())
    assert [line.name for line in page.rows] == ["FUTURES", "RATES"]
    line = page.rows[1]
    assert (line.entity, line.market_name, line.sources, line.targets) == ("ACME", "BrokerTec U.S.", 5, 1)
    assert (line.front_end, line.keys) == ("Ladder One 4.2", "none")


@pytest.mark.parametrize(
    ("narrowed", "names"),
    [
        ({"menu": Menu.BROKERTEC}, ["RATES"]),
        ({"menu": Menu.GLOBEX}, ["FUTURES"]),
        ({"market": "globex"}, ["FUTURES"]),
        ({"market": "brokertec_eu"}, []),
        ({"entity": "ACME"}, ["FUTURES", "RATES"]),
    ],
    ids=str,
)
def test_the_list_is_narrowed(world: World, groups: Groups, narrowed: dict[str, str], names: list[str]) -> None:
    page = groups.page(world.operator, PageRequest(), **narrowed)  # type: ignore[arg-type]
    assert ([line.name for line in page.rows], page.total) == (names, len(names))


@pytest.mark.parametrize("order", ["name", "market", "front_end", "sources", "entity"])
def test_the_list_can_be_walked_in_every_order(world: World, groups: Groups, order: str) -> None:
    first = groups.page(world.operator, PageRequest(order=order, limit=1))
    second = groups.page(
        world.operator, PageRequest(order=order, limit=1, anchor=Anchor.AFTER, beside=first.cursors[0])
    )
    assert {first.rows[0].name, second.rows[0].name} == {"RATES", "FUTURES"}


def test_a_group_is_shown_by_name_and_by_id(world: World, groups: Groups) -> None:
    view = groups.show(world.viewer, "rates")
    assert (view.line.name, view.entity_name, view.created_by) == ("RATES", "ACME LLC", "operator")
    assert view.front_end.name == FRONT_END
    assert groups.show(world.viewer, str(view.line.id)) == view
    assert groups.show(world.viewer, "RATES", "ACME") == view


@pytest.mark.parametrize("name", ["NONE", "", "0", "99", "9" * 30, "٣", "²", "-1", "1.0"])
def test_what_is_no_group_is_not_found(world: World, groups: Groups, name: str) -> None:
    with pytest.raises(NotFound):
        groups.show(world.operator, name)


def test_a_name_of_two_entities_asks_which(world: World, groups: Groups) -> None:
    strangers_group(world, "RATES")
    add_role(world.resources, world.operator, Role.READ_ONLY, "OTHER")
    with pytest.raises(InvalidValue, match="Several entities"):
        groups.show(world.operator, "RATES")
    assert groups.show(world.operator, "RATES", "OTHER").line.sources == 4


def test_sources_and_firms_are_pages(world: World, groups: Groups) -> None:
    pk = groups.show(world.viewer, "RATES").line.id
    assert groups.sources(world.viewer, pk, PageRequest(limit=2)).total == 5
    assert [row.sender_comp_id for row in groups.sources(world.viewer, pk, PageRequest(), "XY9").rows] == [
        "AAAXY9P",
        "AABXY9P",
    ]
    assert groups.by_firm(world.viewer, pk, PageRequest()).rows == (FirmCount("AB123", 3), FirmCount("XY9", 2))
    most = groups.by_firm(world.viewer, pk, PageRequest(order="sources", descending=True, limit=1))
    assert (most.rows, most.total) == ((FirmCount("AB123", 3),), 2)


def test_a_stranger_sees_nothing_of_a_group(world: World, groups: Groups) -> None:
    pk = groups.show(world.viewer, "RATES").line.id
    stranger = world.stranger
    assert groups.page(stranger, PageRequest()).total == 0
    assert Sessions(world.resources).page(stranger, PageRequest()).total == 0
    for attempt in (
        lambda: groups.page(stranger, PageRequest(), entity="ACME"),
        lambda: groups.show(stranger, "RATES"),
        lambda: groups.show(stranger, str(pk)),
        lambda: groups.show(stranger, "RATES", "ACME"),
        lambda: groups.sources(stranger, pk, PageRequest()),
        lambda: groups.by_firm(stranger, pk, PageRequest()),
        lambda: SenderComps(world.resources).page(stranger, "ACME", PageRequest()),
        lambda: Sessions(world.resources).page(stranger, PageRequest(), entity="ACME"),
        lambda: Sessions(world.resources).get(stranger, 1),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_group_named_like_the_id_of_another_opens_nothing_of_that(world: World, groups: Groups) -> None:
    """Who names their own group "1" must not read the sources of group 1."""
    pk = groups.show(world.viewer, "RATES").line.id
    strangers_group(world, str(pk))
    for attempt in (groups.sources, groups.by_firm):
        with pytest.raises(NotFound):
            attempt(world.stranger, pk, PageRequest())
    assert groups.show(world.stranger, str(pk)).line.entity == "OTHER"
    assert groups.sources(world.operator, pk, PageRequest()).total == 5


def test_a_deleted_group_is_gone(world: World, groups: Groups) -> None:
    pk = groups.show(world.viewer, "RATES").line.id
    change(world.resources, "UPDATE drop_copy_group SET deleted_at = created_at WHERE id = :pk", pk=pk)
    assert groups.page(world.viewer, PageRequest()).total == 1
    for attempt in (
        lambda: groups.show(world.viewer, "RATES"),
        lambda: groups.sources(world.viewer, pk, PageRequest()),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_group_is_asked_for_in_one_step(world: World) -> None:
    view = Groups(world.resources).create(
        world.operator, new_group("ONE", sources=(*world.sources[:2], world.sources[0]))
    )
    assert (view.status, view.asked["sources"]) == (RequestStatus.IN_PROGRESS, 2)
    assert one(world.resources, "SELECT count(*) FROM draft WHERE submitted_at IS NULL") == 0


def test_more_sources_than_one_question_holds_are_all_found(world: World) -> None:
    names = add_sender_comps(world.resources, "ACME", 1_700, gfid="BIG")
    view = Groups(world.resources).create(world.operator, new_group(sources=tuple(names)))
    assert view.asked["sources"] == 1_700


def test_all_sources_can_be_those_of_some_firms(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 2, gfid="XY9")
    assert Groups(world.resources).create(world.operator, new_group("A", gfids=("XY9",))).asked["sources"] == 2
    with pytest.raises(InvalidValue, match="Globex Firm NONE"):
        Groups(world.resources).create(world.operator, new_group("B", gfids=("NONE",)))


def test_unknown_sources_are_listed_and_nothing_is_kept(world: World) -> None:
    add_sender_comps(world.resources, "OTHER", 1, gfid="OTH")
    add_sender_comps(world.resources, "ACME", 1, gfid="OLD", status="inactive")
    unknown = ("ZZZAB123P", "AAAOTHP", "AAAOLDP", "ZZ1AB123P", "ZZ2AB123P", "ZZ3AB123P", "ZZ4AB123P")
    before = contents(world.resources)
    with pytest.raises(InvalidValue) as caught:
        Groups(world.resources).create(world.operator, new_group(sources=(world.sources[0], *unknown)))
    assert all(name in caught.value.message for name in unknown[:5])
    assert "and 2 more" in caught.value.message
    assert world.sources[0] not in caught.value.message
    assert contents(world.resources) == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sources": ("aaaab123p",)}, "lower-case"),
        ({"sources": ()}, "at least one source"),
        ({"front_end": "Nothing"}, "No front end system 'Nothing' is mapped to ACME. Mapped: Ladder One 4.2"),
        ({"filters": ()}, "optional filter"),
        ({"name": ""}, "Group name is empty"),
        ({"name": "x" * 31}, "At most 30"),
        ({"name": "a\x1b[31mb"}, "not plain printable"),
        ({"market": "moon"}, "Unknown market"),
        ({"entity": "NONE"}, "does not exist, or you have no access"),
    ],
    ids=str,
)
def test_a_wrong_group_is_refused_and_nothing_is_kept(world: World, wrong: dict[str, object], said: str) -> None:
    before = contents(world.resources)
    with pytest.raises(DeskError, match=said) as caught:
        Groups(world.resources).create(world.operator, new_group(**wrong))  # type: ignore[arg-type]
    assert "draft is kept" not in caught.value.message
    assert contents(world.resources) == before


def test_a_front_end_of_two_versions_asks_which(world: World) -> None:
    add_front_end(world.resources, "ACME", FRONT_END, "5.0")
    with pytest.raises(InvalidValue, match=r"Ladder One 4\.2, Ladder One 5\.0"):
        Groups(world.resources).create(world.operator, new_group())
    assert Groups(world.resources).create(world.operator, new_group(front_end="ladder one 5.0"))


def test_who_may_not_create_groups_is_told_what_it_needs(world: World) -> None:
    nobody = add_person(world.resources, "nobody")
    for actor in (world.viewer, world.stranger, world.operations, nobody):
        with pytest.raises(NotEntitled, match="required role: full access at ACME"):
            Groups(world.resources).create(actor, new_group())
    assert one(world.resources, "SELECT count(*) FROM draft") == 0


def test_entities_are_those_that_may_be_seen(world: World) -> None:
    groups = Groups(world.resources)
    assert [entity.code for entity in groups.entities(world.viewer)] == ["ACME"]
    assert [entity.code for entity in groups.entities(world.operations)] == ["ACME", "OTHER"]
    assert groups.entities(add_person(world.resources, "nobody")) == ()
