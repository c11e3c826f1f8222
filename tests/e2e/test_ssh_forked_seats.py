"""Seats that start from the forker, with limits: one is ended and no other, and the forker's death ends none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.clocked_desk import PATIENCE, ClockedDesk, clocked_desk, leaves_soon, until
from tests.e2e.ssh_server import WHY_NOT
from tests.e2e.test_ssh_forker import gate_of, gone

pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("sshd")]
ME, OTHER, OPERATIONS = "acme-operator", "multi-operator", "operations"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedDesk]:
    with clocked_desk(tmp_path_factory.mktemp("seats"), ME, OTHER, OPERATIONS) as made:
        yield made


def test_a_forked_seat_that_is_ended_ends_alone_and_the_forker_that_is_killed_ends_none(desk: ClockedDesk) -> None:
    with ExitStack() as stack:
        one, two, three = (stack.enter_context(desk.sit_down(ME)) for _ in range(3))
        other = stack.enter_context(desk.sit_down(OTHER))
        numbers, processes = [*desk.seats()], [*desk.seats().values()]
        # The row names the very process that was forked.
        assert sorted(processes) == sorted(desk.forker.seats())
        with desk.desk.sit_down(desk.keys[ME]) as fourth:
            assert fourth.wait_exit(PATIENCE) == 3
            assert "already has 3 open seats" in fourth.text().replace("\n", "")
        listed = json.loads(desk.says(OPERATIONS, "seats", "list", "--everyone", "--json"))
        assert sorted(seat["id"] for seat in listed) == numbers
        gate = gate_of(desk.forker, processes[1])

        desk.says(OPERATIONS, "seats", "end", str(numbers[1]), "--reason", "Maintenance tonight", "--yes")
        leaves_soon(two, "operations ended your seat: Maintenance tonight. Your drafts are kept.")
        until(lambda: gone(processes[1]) and gone(gate), "the seat's process and its gate have ended")
        left = [process for number, process in zip(numbers, processes, strict=True) if number != numbers[1]]
        assert sorted(desk.forker.seats()) == sorted(left)
        assert [*desk.seats().values()] == left

        desk.forker.kill()
        assert not any(map(gone, left))
        for terminal in (one, three, other):
            terminal.press("?")
            terminal.wait_for("Keys on this screen", PATIENCE)
            terminal.press("escape")
        # The next one has a process of its own, and counts like the others.
        again = stack.enter_context(desk.sit_down(ME))
        (process,) = set(desk.seats().values()) - set(left)
        assert os.getpid() != process
        assert b"dropcopy_tui" in Path(f"/proc/{process}/cmdline").read_bytes()
        desk.says(ME, "seats", "end", str(numbers[0]), "--yes")
        leaves_soon(one, "You ended this seat from elsewhere. Your drafts are kept.")
        until(lambda: gone(processes[0]), "its process has ended")
        for terminal in (three, other, again):
            terminal.press("ctrl+q")
            assert terminal.wait_exit(PATIENCE) == 0
        assert desk.seats() == {}
