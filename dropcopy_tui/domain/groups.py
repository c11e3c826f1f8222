"""Drop copy groups: what a group is, and when its content may become one (rules G1 to G5, Q4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dropcopy_tui.domain.markets import Gateway, Market


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """The application that sends the orders to monitor."""

    id: int
    name: str
    version: str
    vendor: str

    @property
    def title(self) -> str:
        """Name and version, as lists show it."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class FeeNotice:
    """Rule G1: what the dialog before a new group says."""

    groups: int
    amount: str | None

    @property
    def free(self) -> bool:
        """The first group of an entity is free."""
        return self.groups == 0

    @property
    def sentence(self) -> str:
        """What another group costs, in words; no number is invented."""
        if self.free:
            return "This is the entity's first drop copy group: it is free."
        if self.amount:
            return f"Every group after the first is charged: {self.amount} for this one."
        return "Every group after the first is charged: a fee applies. Ask GAM for the amount."


@dataclass(frozen=True, slots=True)
class Load:
    """How many SenderComps a target session would copy, and how many it may (rule G5)."""

    gateway: Gateway
    sources: int
    limit: int

    @property
    def over(self) -> bool:
        """Whether they are too many."""
        return self.sources > self.limit

    @property
    def words(self) -> str:
        """Such as `CGW 998 of 1,000`."""
        return f"{self.gateway.upper()} {self.sources:,} of {self.limit:,}"


def loads_of(market: Market, sources: Mapping[Gateway, int]) -> tuple[Load, ...]:
    """The load of every target session that has a limit; none in a market without limits."""
    return tuple(Load(gateway, sources.get(gateway, 0), limit) for gateway, limit in market.limits)


def gateways_needed(market: Market, sources: Mapping[Gateway, int]) -> tuple[Gateway, ...]:
    """One target session a gateway kind that the sources use, in the market's order."""
    return tuple(gateway for gateway in market.gateways if sources.get(gateway))


def limit_problems(market: Market, sources: Mapping[Gateway, int]) -> list[str]:
    """Rule G5: every limit of a target session that these sources break, in words."""
    problems = []
    for gateway, count in sources.items():
        limit = market.limit(gateway)
        if limit is not None and count > limit:
            problems.append(
                f"A {gateway.upper()} target session of {market.name} copies at most {limit:,} "
                f"SenderComps; {count:,} are chosen."
            )
    return problems
