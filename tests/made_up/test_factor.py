"""A factor that does not exist is a row and a class of this file: the dialog, the CLI and the limits take it up."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.errors import CodesUsedUp, SecondFactorFailed
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.strategy import CodeFactor, Offer, Sent, give_code
from dropcopy_tui.services.factors.table import FACTORS, Factor, Proof, Purpose
from dropcopy_tui.services.unit_of_work import UnitOfWork, writing
from dropcopy_tui.store.tables import ChallengeRow, PersonRow
from tests.cli.conftest import Cli
from tests.screens.conftest import Place
from tests.screens.seat import seated
from tests.screens.test_keys import choose, open_group
from tests.services.conftest import World


class Pigeon(CodeFactor):
    """A code that a pigeon carries. What it carried last is in `carried`."""

    carried = ""

    def offer(self, uow: UnitOfWork, person: PersonRow) -> Offer:
        return Offer("a pigeon on its way")

    def start(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> Sent:
        Pigeon.carried = give_code(uow.resources, row)
        return Sent()

    def source(self, sent_to: str, push: bool) -> str:
        return "The code on the leg of the pigeon"


@pytest.fixture(autouse=True)
def pigeon(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Factor("pigeon", "Carrier pigeon", (7, 7), f"{__name__}:Pigeon")
    monkeypatch.setitem(FACTORS, "pigeon", row)


async def test_the_dialog_offers_it_and_its_code_makes_a_key_pair(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_group(seat, "US-BACKUP")
        await seat.press("k")
        await choose(seat, "Generate Key")
        await seat.press("enter")
        seat.sees("Carrier pigeon +a pigeon on its way")
        await choose(seat, "Carrier pigeon")
        seat.sees("The code on the leg of the pigeon", "7 digits")
        await seat.type(Pigeon.carried)
        await seat.press("enter")
        seat.sees("Key pairs generated")


def test_the_command_line_offers_and_takes_it(operator: Cli) -> None:
    assert "pigeon" in operator("keys", "challenge", "--help").out
    begun = operator.json("keys", "challenge", "--factor", "pigeon")
    assert begun["factor"] == "pigeon"
    made = operator.json("keys", "generate", "T7K", "--challenge", begun["challenge"], "--code", Pigeon.carried)
    assert [key["session_id"] for key in made["keys"]] == ["T7K"]


def test_an_unknown_factor_is_still_refused(operator: Cli) -> None:
    ran = operator("keys", "challenge", "--factor", "owl")
    assert ran.code == 2
    assert "'pigeon'" in ran.err


def test_its_codes_and_wrong_tries_count_with_all_others(world: World) -> None:
    factors = Factors(world.resources)
    challenge = factors.start(world.operator, "pigeon")
    assert challenge.codes_left_today == 9
    assert factors.start(world.operator, "sms").codes_left_today == 8
    proof = Proof(challenge.id, "0" * 7 if Pigeon.carried != "0" * 7 else "1" * 7)
    for _ in range(3):
        with pytest.raises(SecondFactorFailed), writing(world.resources, world.operator) as uow:
            spend(uow, proof, Purpose.KEYS)
    for _ in range(8):
        factors.start(world.operator, "pigeon")
    with pytest.raises(CodesUsedUp):
        factors.start(world.operator, "pigeon")
