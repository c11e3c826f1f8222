"""Markets as data: every difference between markets is a value in this table, never a branch in the code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten


class Gateway(StrEnum):
    """The kind of gateway a session connects to."""

    CGW = "cgw"
    MSGW = "msgw"


class Menu(StrEnum):
    """The request menu a market belongs to."""

    BROKERTEC = "brokertec"
    GLOBEX = "globex"

    @property
    def label(self) -> str:
        """The menu as the Request Center calls it."""
        return {"brokertec": "BrokerTec", "globex": "Globex"}[self]


@dataclass(frozen=True, slots=True)
class Market:
    """One market. `limits` are the most SenderComps that a target session may copy, by gateway (rule G5)."""

    code: str
    name: str
    menu: Menu
    zone: str
    close: time
    calendar: str
    gateways: tuple[Gateway, ...]
    limits: tuple[tuple[Gateway, int], ...] = ()
    segments: tuple[str, ...] = ()
    test_segments: tuple[str, ...] = ()

    @property
    def all_segments(self) -> tuple[str, ...]:
        """The market segments of production and of test."""
        return self.segments + self.test_segments

    def limit(self, gateway: Gateway) -> int | None:
        """The most SenderComps that a target session of this gateway may copy, or None without a limit."""
        return dict(self.limits).get(gateway)


# Market closes are local choices where the sources are silent (rule K2); the configuration may change them.
# Segments: BrokerTec U.S. 40 Treasury Actives, 42 Repo, 48 Chicago, in test 97 and 98; of BrokerTec EU those of test
# are known, 95 and 96 (CME wiki: BrokerTec market segments).
_TABLE = (
    Market(
        code="brokertec_us",
        name="BrokerTec U.S.",
        menu=Menu.BROKERTEC,
        zone="America/New_York",
        close=time(17, 30),
        calendar="SIFMA",
        gateways=(Gateway.MSGW,),
        segments=("40", "42", "48"),
        test_segments=("97", "98"),
    ),
    Market(
        code="brokertec_eu",
        name="BrokerTec EU",
        menu=Menu.BROKERTEC,
        zone="Europe/London",
        close=time(18, 30),
        calendar="UK",
        gateways=(Gateway.MSGW,),
        test_segments=("95", "96"),
    ),
    Market(
        code="globex",
        name="Globex",
        menu=Menu.GLOBEX,
        zone="America/Chicago",
        close=time(16, 0),
        calendar="CME",
        gateways=(Gateway.CGW, Gateway.MSGW),
        limits=((Gateway.CGW, 1_000), (Gateway.MSGW, 5_000)),
    ),
)
# By code, in menu order. A new market is one more row of the table above: nothing else names a market.
MARKETS: dict[str, Market] = {market.code: market for market in _TABLE}


def market_named(code: str) -> Market:
    """The market with this code. Raises InvalidValue if there is none."""
    try:
        return MARKETS[code]
    except KeyError:
        known = ", ".join(MARKETS)
        raise InvalidValue(f"Unknown market {shorten(code)!r}. Use one of: {known}.", "market") from None


def markets_of(menu: Menu) -> tuple[Market, ...]:
    """The markets of one request menu, in menu order."""
    return tuple(market for market in MARKETS.values() if market.menu is menu)
