"""Notices of pending expiration (rule K7): who is told, when, once, and of everything in one message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.domain.keypairs import expiry_for
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.keys.expiry_notices import MOST_LINES, ExpiryNotices, ExpiryRun
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sessions.key_rows import market_hours
from dropcopy_tui.services.tick import Chores
from tests.services.conftest import World
from tests.services.factories import FrozenClock, add_person, add_role, add_session, change, contents, one, prove, rows
from tests.services.processes import race
from tests.services.test_keypairs import later, make
from tests.stores import on_postgres

DAY = timedelta(days=1)


@pytest.fixture
def manager(world: World) -> Actor:
    """ACME's registered administrator."""
    return add_person(world.resources, "manager", Role.ADMINISTRATIVE_MANAGER, entity="ACME")


@pytest.fixture
def target(world: World) -> int:
    """A session with one pair, which ends on 4 March 2027 at 17:30 in New York."""
    pk = add_session(world.resources, "ACME", "ABC")
    make(world, pk)
    return pk


def send(resources: Resources) -> ExpiryRun:
    return ExpiryNotices(resources).send(DESK)


def at(resources: Resources, left: int) -> None:
    """Noon in New York, so many days before 4 March 2027."""
    assert isinstance(resources.clock, FrozenClock)
    resources.clock._now = datetime(2027, 3, 4, 17, tzinfo=UTC) - left * DAY


def mails(resources: Resources) -> list[tuple[str, str, str]]:
    sql = "SELECT recipient, subject, body FROM outbox WHERE subject LIKE '%will expire%' ORDER BY id"
    return rows(resources, sql)  # type: ignore[return-value]


def tick(resources: Resources) -> Any:
    done = Chores(resources, Provisioning(resources), Mailing(resources)).tick(DESK)
    return next(part for part in done.parts if part.name == "expiry").counts["keys"]


def test_each_threshold_is_told_once(world: World, manager: Actor, target: int) -> None:
    told = {}
    for left in range(40, -3, -1):
        at(world.resources, left)
        told[left] = send(world.resources).keys
        assert send(world.resources) == ExpiryRun()
    assert [left for left, count in told.items() if count] == [28, 14, 7, 1]
    assert [subject for _, subject, _ in mails(world.resources)] == [
        f"1 key pair will expire: ABC in {left} day{'s' * (left > 1)}" for left in (28, 14, 7, 1)
    ]
    assert {recipient for recipient, _, _ in mails(world.resources)} == {"manager@firm.example"}
    texts = rows(world.resources, "SELECT text FROM notice WHERE person_id = :it", it=manager.person_id)
    assert [text for (text,) in texts] == [subject for _, subject, _ in mails(world.resources)]
    assert rows(world.resources, "SELECT days FROM expiry_notice ORDER BY days") == [(1,), (7,), (14,), (28,)]


def test_the_mail_says_what_ends_when(world: World, manager: Actor, target: int) -> None:
    at(world.resources, 28)
    key = one(world.resources, "SELECT access_key_id FROM key_pair")
    assert send(world.resources) == ExpiryRun(1, 1, 0)
    assert manager
    ((_, _, body),) = mails(world.resources)
    assert body.splitlines()[-1] == f"ACME  ABC  {key}  4 Mar 2027 17:30 ET, in 28 days"
    event = one(world.resources, "SELECT after FROM audit_event WHERE action = 'keypair:expiry_told'")
    assert event == '{"by_days": {"28": 1}, "people": 1}'


@pytest.mark.parametrize(("left", "threshold"), [(20, 28), (10, 14), (5, 7), (2, 7), (1, 1), (0, 1)])
def test_after_a_pause_only_the_nearest_threshold_is_told(
    world: World, manager: Actor, target: int, left: int, threshold: int
) -> None:
    at(world.resources, left)
    assert send(world.resources).keys == 1
    assert rows(world.resources, "SELECT days FROM expiry_notice") == [(threshold,)]
    assert manager


def test_a_clock_that_goes_back_tells_nothing_again(world: World, manager: Actor, target: int) -> None:
    at(world.resources, 7)
    assert send(world.resources).keys == 1
    for left in (8, 14, 28, 7):
        at(world.resources, left)
        assert send(world.resources).keys == 0
    assert len(mails(world.resources)) == 1
    assert manager


def test_one_mail_a_person_lists_every_pair_the_soonest_first(world: World, manager: Actor, target: int) -> None:
    second = add_person(world.resources, "second", Role.ADMINISTRATIVE_MANAGER, entity="ACME")
    add_role(world.resources, second, Role.ADMINISTRATIVE_MANAGER, "OTHER")
    later(world.resources, 2 * DAY)
    make(world, add_session(world.resources, "ACME", "DEF"))
    add_role(world.resources, world.operator, Role.KEY_MANAGEMENT, "OTHER")
    make(world, add_session(world.resources, "OTHER", "XYZ"))
    at(world.resources, 7)
    assert send(world.resources) == ExpiryRun(3, 2, 0)
    (first, mine), (other, theirs) = [(who, body.splitlines()[2:]) for who, _, body in mails(world.resources)]
    assert (first, other) == ("manager@firm.example", "second@firm.example")
    assert [line.split()[:2] for line in mine] == [["ACME", "ABC"], ["ACME", "DEF"]]
    assert [line.split()[:2] for line in theirs] == [["ACME", "ABC"], ["ACME", "DEF"], ["OTHER", "XYZ"]]
    assert manager


def test_a_very_long_list_is_cut_and_says_so(world: World, manager: Actor) -> None:
    targets = [add_session(world.resources, "ACME", "AAA")]
    make(world, *targets)
    expires = one(world.resources, "SELECT expires_at FROM key_pair")
    many = MOST_LINES + 5
    with world.resources.store.write() as session:
        session.execute(
            text(
                "INSERT INTO session (entity_id, market, session_id, kind, gateway, status, created_at)"
                " VALUES (1, 'brokertec_us', :name, 'order_entry', 'msgw', 'active', '2026-01-01 00:00:00.000000')"
            ),
            [{"name": f"{number:03x}"[-3:].upper() if number < 4096 else ""} for number in range(16, 16 + many)],
        )
        session.execute(
            text(
                "INSERT INTO key_pair (session_pk, access_key_id, slot, created_at, expires_at, created_by)"
                " SELECT id, substr('00000000000000000000' || id, length('' || id) + 1), 1,"
                " '2026-01-01 00:00:00.000000', :ends, 1 FROM session WHERE id > :last"
            ),
            {"ends": datetime.fromisoformat(f"{expires}+00:00") if on_postgres() else expires, "last": targets[0]},
        )
        prove(session, world.resources)
    at(world.resources, 14)
    assert send(world.resources).keys == many + 1
    ((_, subject, body),) = mails(world.resources)
    assert subject.startswith("1,006 key pairs will expire")
    assert len(body.splitlines()) == MOST_LINES + 3
    assert body.endswith("... and 6 more: run `dropcopy keys report` for the full list.")
    assert manager


def test_a_pair_beside_another_says_so(world: World, manager: Actor, target: int) -> None:
    make(world, target)
    # Early rotation: the older one is within four weeks at once.
    assert send(world.resources).keys == 1
    ((_, _, body),) = mails(world.resources)
    assert body.endswith("1 Apr 2026 17:30 ET, in 28 days; the session's other key pair expires 4 Mar 2027 17:30 ET")
    assert manager


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE key_pair SET deleted_at = created_at, sealed_secret = NULL, slot = NULL",
        "UPDATE session SET status = 'released'",
        "UPDATE session SET status = 'retired'",
        "UPDATE key_pair SET expires_at = '2027-02-01 22:30:00.000000'",
    ],
)
def test_what_no_longer_matters_is_not_told(world: World, manager: Actor, target: int, how: str) -> None:
    change(world.resources, how)
    at(world.resources, 14)
    before = contents(world.resources)
    assert send(world.resources) == ExpiryRun()
    assert contents(world.resources) == before
    assert manager


def test_nobody_to_tell_is_said_and_told_later(world: World, target: int) -> None:
    gone = add_person(world.resources, "gone", Role.ADMINISTRATIVE_MANAGER, entity="ACME", disabled=True)
    at(world.resources, 14)
    assert send(world.resources) == ExpiryRun(unheard=1)
    part = Chores(world.resources, Provisioning(world.resources), Mailing(world.resources)).tick(DESK).parts[1]
    assert "1 at entities without an administrative manager" in part.note
    add_person(world.resources, "manager", Role.ADMINISTRATIVE_MANAGER, entity="ACME")
    assert send(world.resources) == ExpiryRun(1, 1, 0)
    assert gone


def test_the_days_are_a_setting(world: World, manager: Actor, target: int) -> None:
    def told(days: Iterable[int], left: int) -> int:
        at(world.resources, left)
        settings = replace(world.resources.settings, expiry_notice_days=tuple(days))
        return send(replace(world.resources, settings=settings)).keys

    assert told((), 1) == 0
    assert [told((40, 3), left) for left in (41, 40, 4, 3, 2)] == [0, 1, 0, 1, 0]
    assert manager


def test_it_needs_operations(world: World, manager: Actor, target: int) -> None:
    at(world.resources, 7)
    for actor in (world.operator, world.viewer, manager):
        with pytest.raises(NotEntitled):
            ExpiryNotices(world.resources).send(actor)
    assert ExpiryNotices(world.resources).send(world.operations).keys == 1


def test_the_days_are_those_of_the_market(world: World, manager: Actor) -> None:
    """At 03:00 UTC it is tomorrow in London and still today in New York."""
    for market, name in (("brokertec_us", "USA"), ("brokertec_eu", "EUR")):
        make(world, add_session(world.resources, "ACME", name, market))
    clock = world.resources.clock
    assert isinstance(clock, FrozenClock)
    assert expiry_for(market_hours("brokertec_eu", world.resources.settings), clock.now()).day == 4
    clock._now = datetime(2027, 2, 4, 3, 0, tzinfo=UTC)
    assert send(world.resources).keys == 1
    assert " EUR " in mails(world.resources)[0][2]
    clock.advance(timedelta(hours=2))
    assert send(world.resources).keys == 1
    assert " USA " in mails(world.resources)[1][2]
    assert manager


def ticking(now: datetime, resources: Resources) -> int:
    """A round of chores at a moment; how many key pairs it told of."""
    assert isinstance(resources.clock, FrozenClock)
    resources.clock._now = now
    return int(tick(resources))


def test_ten_ticks_at_once_tell_once(world: World, manager: Actor) -> None:
    make(world, *(add_session(world.resources, "ACME", f"S{number:02d}") for number in range(40)))
    at(world.resources, 14)
    job = partial(ticking, world.resources.clock.now())
    answers = race(world.resources.store.place, *[job] * 10)
    assert sorted(answers) == [0] * 9 + [40]
    assert one(world.resources, "SELECT count(*) FROM expiry_notice") == 40
    assert len(mails(world.resources)) == 1
    assert one(world.resources, "SELECT count(*) FROM notice WHERE person_id = :it", it=manager.person_id) == 1
