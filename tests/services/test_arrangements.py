"""How people have arranged their lists: everyone's own, whatever is in it."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.arrangements import MOST_LISTS, USUAL, Arrangement
from dropcopy_tui.domain.errors import InvalidValue, LimitReached
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.people.arrangements import Arrangements
from dropcopy_tui.services.people.identity import Identity
from tests.services.factories import change, one

NARROW = Arrangement(on=("Group", "Keys"), off=("Market",), order="name", descending=True)


def test_it_is_found_again_and_by_nobody_else(sample: Resources) -> None:
    service, identity = Arrangements(sample), Identity(sample)
    operator, auditor = (identity.act_as(name, "test") for name in ("acme-operator", "auditor"))
    assert service.mine(operator) == {}
    service.keep(operator, "Groups/groups", Arrangement(order="name"))
    service.keep(operator, "Groups/groups", NARROW)
    service.keep(operator, "Audit/events", Arrangement(off=("Origin",)))
    assert service.mine(operator) == {"Groups/groups": NARROW, "Audit/events": Arrangement(off=("Origin",))}
    assert service.mine(auditor) == {}


def test_the_usual_one_is_kept_by_forgetting(sample: Resources) -> None:
    service, operator = Arrangements(sample), Identity(sample).act_as("acme-operator", "test")
    service.keep(operator, "Groups/groups", NARROW)
    service.keep(operator, "Groups/groups", USUAL)
    service.keep(operator, "Groups/groups", USUAL)
    assert service.mine(operator) == {}
    assert one(sample, "SELECT count(*) FROM list_arrangement") == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"on":1,"off":[],"order":"","descending":false}', "null", "{"])
def test_what_cannot_be_read_is_as_usual(text: str, sample: Resources) -> None:
    service, operator = Arrangements(sample), Identity(sample).act_as("acme-operator", "test")
    service.keep(operator, "Groups/groups", NARROW)
    change(sample, "UPDATE list_arrangement SET arranged = :it", it=text)
    assert service.mine(operator) == {"Groups/groups": USUAL}


@pytest.mark.parametrize(
    "arrangement",
    [
        Arrangement(on=tuple(f"Column {number}" for number in range(31))),
        Arrangement(off=("x" * 61,)),
        Arrangement(order="na\x1bme"),
    ],
)
def test_what_no_list_has_is_refused(arrangement: Arrangement, sample: Resources) -> None:
    operator = Identity(sample).act_as("acme-operator", "test")
    with pytest.raises(InvalidValue, match="at most 30 columns"):
        Arrangements(sample).keep(operator, "Groups/groups", arrangement)


def test_there_is_an_end_to_it(sample: Resources) -> None:
    service, operator = Arrangements(sample), Identity(sample).act_as("acme-operator", "test")
    for number in range(MOST_LISTS):
        service.keep(operator, f"List/{number}", NARROW)
    service.keep(operator, "List/0", Arrangement(order="name"))
    with pytest.raises(LimitReached, match="at most 100 lists"):
        service.keep(operator, "List/more", NARROW)


@pytest.mark.parametrize(
    ("arrangement", "shown"),
    [
        (USUAL, ["a", "b", "c", "d"]),
        (Arrangement(off=("b",)), ["a", "c", "d"]),
        (Arrangement(off=("a",)), ["a", "b", "c", "d"]),
        (Arrangement(on=("d", "b"), off=("c",)), ["a", "d", "b"]),
        (Arrangement(on=("d", "a", "d", "gone"), off=()), ["a", "b", "c", "d"]),
        (Arrangement(on=("d", "b")), ["a", "d", "b", "c"]),
    ],
)
def test_columns_are_arranged(arrangement: Arrangement, shown: list[str]) -> None:
    """The first is always there; one that is in neither, as a later version may have, is at its usual place."""
    assert arrangement.arranged(["a", "b", "c", "d"]) == shown
