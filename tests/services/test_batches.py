"""The daily batch: which one takes a request, and what its stage says until then (rule Q5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.config import load
from dropcopy_tui.domain.errors import ConfigInvalid
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import SetUpRun
from dropcopy_tui.services.requests.batches import due_at, due_words
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.views import RequestView
from tests.services.asking import approvals_always, ask_for, bodies_to, edit, manager_of, process, show
from tests.services.conftest import World
from tests.services.factories import FrozenClock, approve, new_group, one

FOUR = {"brokertec_us": time(16, 0)}
SECOND = timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def batched(world: World, now: str = "2026-03-04 15:00", **settings: Any) -> World:
    """The world with a batch at 16:00 Chicago for BrokerTec U.S., at this time in UTC."""
    changed = Settings(**({"batches": FOUR} | settings))
    return replace(world, resources=replace(world.resources, settings=changed, clock=FrozenClock(utc(now))))


def go_to(world: World, when: datetime) -> None:
    assert isinstance(world.resources.clock, FrozenClock)
    world.resources.clock.advance(when - world.resources.clock.now())


def status(world: World, request: RequestView) -> RequestStatus:
    return show(world, request).status


# -- when


@pytest.mark.parametrize(
    ("ready", "due"),
    [
        ("2026-03-04 15:00", "2026-03-04 22:00"),
        ("2026-03-04 21:59:59", "2026-03-04 22:00"),
        ("2026-03-04 22:00", "2026-03-05 22:00"),
        ("2026-03-04 22:00:01", "2026-03-05 22:00"),
        ("2026-03-06 22:00", "2026-03-09 21:00"),
        ("2026-03-07 12:00", "2026-03-09 21:00"),
        ("2026-03-08 23:00", "2026-03-09 21:00"),
        ("2026-10-30 21:00", "2026-11-02 22:00"),
        ("2026-11-01 06:30", "2026-11-02 22:00"),
        ("2026-11-25 22:00", "2026-11-27 22:00"),
        ("2026-12-24 22:00", "2026-12-28 22:00"),
        ("2026-03-05 05:30", "2026-03-05 22:00"),
    ],
    ids=[
        "today", "a second before", "on the stroke", "a second after", "Friday evening, over the change of clocks",
        "Saturday", "Sunday", "over the change back", "in the doubled hour", "over Thanksgiving", "over Christmas",
        "before midnight in Chicago",
    ],
)  # fmt: skip
def test_the_batch_that_takes_it_is_the_first_one_after_it_was_ready(ready: str, due: str) -> None:
    assert due_at("brokertec_us", Settings(batches=FOUR), utc(ready)) == utc(due)


def test_a_market_without_a_batch_is_set_up_at_once() -> None:
    assert due_at("globex", Settings(batches=FOUR), utc("2026-03-04 15:00")) is None
    assert due_at("brokertec_us", Settings(), utc("2026-03-04 15:00")) is None


def test_days_are_the_markets_and_the_time_is_the_batches() -> None:
    """A British bank holiday stops the batch of BrokerTec EU, not the one of BrokerTec U.S."""
    both = Settings(batches={"brokertec_us": time(16), "brokertec_eu": time(16)})
    ready = utc("2026-08-31 08:00")
    assert due_at("brokertec_eu", both, ready) == utc("2026-09-01 21:00")
    assert due_at("brokertec_us", both, ready) == utc("2026-08-31 21:00")


def test_the_sites_own_days_and_zone_count() -> None:
    ready = utc("2026-03-04 15:00")
    closed = Settings(batches=FOUR, closed_days=frozenset({date(2026, 3, 4)}))
    assert due_at("brokertec_us", closed, ready) == utc("2026-03-05 22:00")
    opened = Settings(batches=FOUR, open_days=frozenset({date(2026, 3, 7)}))
    assert due_at("brokertec_us", opened, utc("2026-03-06 23:00")) == utc("2026-03-07 22:00")
    tokyo = Settings(batches=FOUR, batch_zone="Asia/Tokyo")
    assert due_at("brokertec_us", tokyo, ready) == utc("2026-03-05 07:00")


def test_a_time_that_the_change_of_clocks_leaves_out_or_doubles_comes_once() -> None:
    early = Settings(batches={"brokertec_us": time(2, 30)}, open_days=frozenset({date(2026, 3, 8)}))
    assert due_at("brokertec_us", early, utc("2026-03-08 06:00")) == utc("2026-03-08 08:30")
    double = Settings(batches={"brokertec_us": time(1, 30)}, open_days=frozenset({date(2026, 11, 1)}))
    first = utc("2026-11-01 06:30")
    assert due_at("brokertec_us", double, utc("2026-11-01 05:00")) == first
    assert due_at("brokertec_us", double, first) == utc("2026-11-02 07:30")


# -- in words


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-03-04 15:00", "16:00 CT today"),
        ("2026-03-04 06:00", "16:00 CT today"),
        ("2026-03-04 05:59", "4 Mar 2026 16:00 CT"),
        ("2026-03-03 15:00", "4 Mar 2026 16:00 CT"),
    ],
)
def test_today_is_today_in_the_batches_zone(now: str, words: str) -> None:
    assert due_words("brokertec_us", Settings(batches=FOUR), utc("2026-03-04 22:00"), utc(now)) == words


# -- set up


def test_it_waits_for_the_second(world: World) -> None:
    world = batched(world)
    request = ask_for(world)
    assert (request.stage, request.due) == ("queued until 16:00 CT today", utc("2026-03-04 22:00"))
    assert process(world.resources) == SetUpRun((), 0, 1)
    go_to(world, utc("2026-03-04 22:00") - SECOND)
    assert process(world.resources) == SetUpRun((), 0, 1)
    go_to(world, utc("2026-03-04 22:00"))
    (done,) = process(world.resources).ended
    assert (done.id, done.status, done.due) == (request.id, RequestStatus.COMPLETED, None)


def test_what_comes_on_the_stroke_waits_for_tomorrow(world: World) -> None:
    world = batched(world, "2026-03-04 22:00")
    request = ask_for(world)
    assert request.stage == "queued until 5 Mar 2026 16:00 CT"
    assert process(world.resources).queued == 1
    go_to(world, utc("2026-03-05 14:00"))
    assert show(world, request).stage == "queued until 16:00 CT today"
    go_to(world, utc("2026-03-06 09:00"))
    assert status(world, request) is RequestStatus.IN_PROGRESS
    process(world.resources)
    assert status(world, request) is RequestStatus.COMPLETED


def test_an_approval_after_todays_batch_waits_for_the_next_one(world: World) -> None:
    world = batched(world)
    manager = manager_of(world, "ACME")
    approvals_always(world.resources)
    early, late = ask_for(world, "EARLY"), ask_for(world, "LATE")
    assert (early.stage, early.due) == ("awaiting approval by ACME", None)
    go_to(world, utc("2026-03-04 21:59"))
    assert approve(world.resources, early, manager).stage == "queued until 16:00 CT today"
    go_to(world, utc("2026-03-04 22:00"))
    assert approve(world.resources, late, manager).stage == "queued until 5 Mar 2026 16:00 CT"
    done = process(world.resources)
    assert ([view.id for view in done.ended], done.queued) == ([early.id], 1)
    go_to(world, utc("2026-03-05 22:00"))
    assert [view.id for view in process(world.resources).ended] == [late.id]


def test_edits_and_deletions_wait_for_the_batch_too(world: World) -> None:
    world = batched(world)
    ask_for(world)
    go_to(world, utc("2026-03-04 22:00"))
    process(world.resources)
    assert edit(world, name="Bonds").stage == "queued until 5 Mar 2026 16:00 CT"
    go_to(world, utc("2026-03-05 22:00"))
    process(world.resources)
    (gone,) = Groups(world.resources).delete(world.operator, ["Bonds"])
    assert gone.stage == "queued until 6 Mar 2026 16:00 CT"
    assert process(world.resources).queued == 1


def test_what_waits_for_its_batch_can_be_cancelled(world: World) -> None:
    world = batched(world)
    request = ask_for(world)
    Requests(world.resources).cancel(world.operator, request.id)
    go_to(world, utc("2026-03-05 22:00"))
    assert process(world.resources) == SetUpRun((), 0, 0)
    assert one(world.resources, "SELECT count(*) FROM drop_copy_group") == 0


def test_another_market_does_not_wait(world: World) -> None:
    world = batched(world, batches={"globex": time(16)})
    request = ask_for(world)
    assert (request.stage, request.due) == ("queued", None)
    assert [view.status for view in process(world.resources).ended] == [RequestStatus.COMPLETED]


def test_a_name_taken_meanwhile_is_told_when_the_batch_comes(world: World) -> None:
    world = batched(world)
    first = ask_for(world)
    second = Groups(world.resources).create(world.operator, new_group("rates"))
    go_to(world, utc("2026-03-04 22:00"))
    process(world.resources)
    assert (status(world, first), status(world, second)) == (RequestStatus.COMPLETED, RequestStatus.FAILED)
    assert "already has a group named rates" in bodies_to(world.resources, world.operator)[-1]


# -- configuration


def config(folder: Path, text: str) -> Settings:
    path = folder / "config.toml"
    path.write_text(text)
    return load(store=str(folder / "store.db"), config=str(path)).settings


def test_batches_are_set_in_the_configuration(tmp_path: Path) -> None:
    found = config(tmp_path, 'batch_zone = "Europe/London"\n[batches]\nbrokertec_us = 16:00:00\nglobex = 09:30:00\n')
    assert dict(found.batches) == {"brokertec_us": time(16), "globex": time(9, 30)}
    assert found.batch_zone == "Europe/London"
    assert (dict(Settings().batches), Settings().batch_zone) == ({}, "America/Chicago")


@pytest.mark.parametrize(
    "text",
    [
        "[batches]\nnasdaq = 16:00:00\n",
        '[batches]\nbrokertec_us = "25:00"\n',
        "[batches]\nbrokertec_us = 16\n",
        "batches = 16:00:00\n",
        'batch_zone = "Chicago"\n',
        "batch_zone = 5\n",
    ],
)
def test_a_batch_that_cannot_be_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigInvalid):
        config(tmp_path, text)
