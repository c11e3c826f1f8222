"""Drop copy groups: their front end, fee and session limits (rules G1 to G5, Q4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dropcopy_tui.domain.markets import Gateway, Market


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """A front end system: the application that sends the orders to be copied."""

    id: int
    name: str
    version: str
    vendor: str

    @property
    def title(self) -> str:
        """Name and version, as lists show them."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class FeeNotice:
    """Rule G1: the fee of another group, shown before a group is created."""

    groups: int
    amount: str | None

    @property
    def free(self) -> bool:
        """Whether the group is free: the first one of an entity is."""
        return self.groups == 0

    @property
    def sentence(self) -> str:
        """The cost of another group in words. An amount is shown only if the site configured one."""
        if self.free:
            return "This is the entity's first drop copy group, which is free."
        if self.amount:
            return f"A fee applies to every group after the first: {self.amount} for this one."
        return "A fee applies to every group after the first. Ask GAM for the amount."


@dataclass(frozen=True, slots=True)
class Load:
    """The SenderComps that a target session would copy, and its limit (rule G5)."""

    gateway: Gateway
    sources: int
    limit: int

    @property
    def over(self) -> bool:
        """Whether the limit is exceeded."""
        return self.sources > self.limit

    @property
    def words(self) -> str:
        """Such as `CGW 998 of 1,000`."""
        return f"{self.gateway.upper()} {self.sources:,} of {self.limit:,}"


def loads_of(market: Market, sources: Mapping[Gateway, int]) -> tuple[Load, ...]:
    """The load of every target session that has a limit; none in a market without limits."""
    return tuple(Load(gateway, sources.get(gateway, 0), limit) for gateway, limit in market.limits)


def gateways_needed(market: Market, sources: Mapping[Gateway, int]) -> tuple[Gateway, ...]:
    """The gateways that the sources use, in the market's order: the group gets one target session for each."""
    return tuple(gateway for gateway in market.gateways if sources.get(gateway))


def limit_problems(market: Market, sources: Mapping[Gateway, int]) -> list[str]:
    """Rule G5: a sentence for every target session limit that these sources exceed."""
    problems = []
    for gateway, count in sources.items():
        limit = market.limit(gateway)
        if limit is not None and count > limit:
            problems.append(
                f"A {gateway.upper()} target session of {market.name} copies at most {limit:,} "
                f"SenderComps; {count:,} are selected."
            )
    return problems
