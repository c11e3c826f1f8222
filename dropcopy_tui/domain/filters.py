"""The filters of a group (rule G4): the communication types that it copies, in the order of the wizard."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten


class Filter(StrEnum):
    """One filter: a communication type. The values are the names in JSON, CSV and options."""

    HEARTBEAT = "heartbeat"
    REJECT = "reject"
    ACKNOWLEDGEMENT = "acknowledgement"
    EXECUTION_ORDER_ENTRY = "execution_order_entry"
    EXECUTION_CREATE_CANCEL_MODIFY = "execution_create_cancel_modify"
    EXECUTION_ELIMINATION = "execution_elimination"
    TRADE_FILL_NOTICE = "trade_fill_notice"
    TRADE_CANCEL = "trade_cancel"
    ORDER_MASS_ACTION = "order_mass_action"
    TRADE_BUST = "trade_bust"

    @property
    def words(self) -> str:
        """The name of the filter in the Request Center."""
        return _WORDS[self][0]

    @property
    def meaning(self) -> str:
        """The messages that the filter copies, in a few words; where only tag 39 is named, execution reports (35=8)."""
        return _WORDS[self][1]


_WORDS: dict[Filter, tuple[str, str]] = {
    Filter.HEARTBEAT: ("Heartbeat", "heartbeats (35=0)"),
    Filter.REJECT: ("Reject", "session-level rejects (35=3)"),
    Filter.ACKNOWLEDGEMENT: ("Acknowledgement messages", "all confirmations (39=0, 4, 5)"),
    Filter.EXECUTION_ORDER_ENTRY: ("Execution - Order Entry", "new order accepted (39=0)"),
    Filter.EXECUTION_CREATE_CANCEL_MODIFY: (
        "Execution - Create / Cancel / Modify",
        "new, cancelled, modified (39=0, 4, 5)",
    ),
    Filter.EXECUTION_ELIMINATION: ("Execution - Elimination", "order expired (39=C)"),
    Filter.TRADE_FILL_NOTICE: ("Trade - Fill Notice", "partial and complete fills (39=1, 2)"),
    Filter.TRADE_CANCEL: ("Trade - Trade Cancel", "trade cancelled (39=H)"),
    Filter.ORDER_MASS_ACTION: ("Order Mass Action", "mass action reports (35=BZ)"),
    Filter.TRADE_BUST: ("Trade Busts", "trade busted by the exchange (39=H)"),
}
# Which filters are mandatory is a local choice (rule G4); the configuration may change it.
MANDATORY: frozenset[Filter] = frozenset({Filter.HEARTBEAT, Filter.REJECT})
_ORDER = {kind: number for number, kind in enumerate(Filter)}


def parse_filters(names: Iterable[str]) -> frozenset[Filter]:
    """The filters with these names. Raises InvalidValue with the first unknown name."""
    chosen = set()
    for name in names:
        try:
            chosen.add(Filter(name))
        except ValueError:
            known = ", ".join(Filter)
            raise InvalidValue(f"Unknown filter {shorten(name)!r}. Use: {known}.", "filters") from None
    return frozenset(chosen)


def complete_filters(chosen: Iterable[Filter], mandatory: frozenset[Filter] = MANDATORY) -> tuple[Filter, ...]:
    """The chosen and the mandatory filters, in order. Raises InvalidValue if no optional filter is chosen."""
    optional = frozenset(chosen) - mandatory
    if not optional:
        raise InvalidValue("Select at least one optional filter: the mandatory ones copy no trades.", "filters")
    return in_order(optional | mandatory)


def in_order(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    """The filters in the order in which every screen shows them."""
    return tuple(sorted(filters, key=_ORDER.__getitem__))
