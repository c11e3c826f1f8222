"""Create New Group: the market, then what it costs, then the wizard (rule G1)."""

from __future__ import annotations

from typing import Any

from dropcopy_tui.domain.markets import Menu, market_named, markets_of
from screens.frame import DeskScreen
from screens.groups.fee import fee_accepted
from screens.jobs import off_thread
from screens.modals.choose import Choice, ChooseModal
from screens.navigation import OpenWizard


async def new_group(screen: DeskScreen[Any], menu: Menu = Menu.BROKERTEC, entity: str = "") -> None:
    """Ask for the market, tell the fee, start a draft and open the wizard on it."""
    screen.quiet()
    desk = await screen.desk()
    entities = await off_thread(desk.drafts.entities, screen.actor)
    if not entities:
        screen.say("Creating groups requires full access at an entity. Ask a user administrator.", "failed")
        return
    market = await _market(screen, menu)
    if market is None:
        return
    codes = [place.code for place in entities]
    chosen = entity if entity in codes else codes[0] if len(codes) == 1 else ""
    if chosen and not await _fee_accepted(screen, chosen, market):
        return
    draft = await off_thread(desk.drafts.start, screen.actor, market, chosen)
    await screen.go(OpenWizard(draft.id, fee_shown=bool(chosen), begun=True))


async def _market(screen: DeskScreen[Any], menu: Menu) -> str | None:
    """The market to choose; the only one of a menu is chosen by itself."""
    markets = markets_of(menu)
    if len(markets) == 1:
        return markets[0].code
    choices = [Choice(market.code, market.name) for market in markets]
    return await screen.app.push_screen_wait(ChooseModal("Create New Group", choices))


async def _fee_accepted(screen: DeskScreen[Any], entity: str, market: str) -> bool:
    desk = await screen.desk()
    fee = await off_thread(desk.drafts.fee, screen.actor, entity)
    return await fee_accepted(screen, entity, fee.groups, fee.sentence, market_named(market).name)
