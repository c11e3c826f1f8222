"""A market that does not exist is a row of data: a group is made in it, and its key pairs end at its own close."""

from __future__ import annotations

from datetime import time

import pytest

from dropcopy_tui.domain.markets import MARKETS, Gateway, Market, Menu
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.home import home
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.sessions.sessions import Sessions
from tests.services.conftest import World
from tests.services.factories import add_sender_comps, new_group, proof_of

MOON = Market("moon", "BrokerTec Moon", Menu.BROKERTEC, "Asia/Tokyo", time(15, 0), "CME", (Gateway.MSGW,))


@pytest.fixture(autouse=True)
def moon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MARKETS, "moon", MOON)


def test_a_group_of_it_is_set_up_and_its_session_gets_a_key_pair(world: World) -> None:
    add_sender_comps(world.resources, "ACME", 5, market="moon")
    request = Groups(world.resources).create(world.operator, new_group("MOON-RATES", market="moon"))
    (ended,) = Provisioning(world.resources).process_as_desk().ended
    assert (ended.id, ended.status) == (request.id, RequestStatus.COMPLETED)
    (line,) = Groups(world.resources).page(world.operator, PageRequest(), menu=Menu.BROKERTEC).rows
    assert (line.name, line.market_name, line.sources, line.targets) == ("MOON-RATES", "BrokerTec Moon", 5, 1)
    (session,) = Sessions(world.resources).page(world.operator, PageRequest()).rows
    made = KeyPairs(world.resources).generate(world.operator, [session.pk], proof_of(world.resources, world.operator))
    ends = made.keys[0].expires_at
    assert f"{ends:%H:%M}" == "06:00", "15:00 in Tokyo, as UTC"
    now = world.resources.clock.now()
    seen = home(world.resources.store.path, Settings(), now, user_id="operator")
    assert (seen.groups[Menu.BROKERTEC], seen.groups[Menu.GLOBEX]) == (1, 0)
