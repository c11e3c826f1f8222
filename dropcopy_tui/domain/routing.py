"""The kinds of messages and the filters that they match (domain section 6), as a table of data instead of branches.

A cancelled trade and a busted trade look alike on the wire: 35=8 with 39=H, where 20=1 means "cancel" and 19
identifies the cancelled execution (CME: Execution Report - Trade Cancel, which speaks of "the trade being busted").
Nothing in the message distinguishes them, so that it matches both filters, and a group with either receives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.fix_log import COPY, Header, LogMessage
from dropcopy_tui.domain.names import shorten

# Tag 49 of a message from the exchange to a client: only these messages are copied.
EXCHANGE = "CME"
_EXECUTION = "8"


# Kinds are compared by identity (eq=False), because every kind is one row of the tables below.
@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of message. `reason` says why it matches no filter, if it matches none."""

    code: str
    words: str
    filters: tuple[Filter, ...] = ()
    reason: str = ""


def _kind(code: str, words: str, *filters: Filter) -> Kind:
    return Kind(code, words, in_order(filters))


def _never(code: str, words: str) -> Kind:
    return Kind(code, words, reason=f"{words}: never copied, because no filter matches it.")


_ACK, _CCM = Filter.ACKNOWLEDGEMENT, Filter.EXECUTION_CREATE_CANCEL_MODIFY
# By tag 35, and for execution reports also by tag 39.
COPIED: Mapping[tuple[str, str], Kind] = MappingProxyType(
    {
        ("8", "0"): _kind("new_order_acknowledged", "New order acknowledged", Filter.EXECUTION_ORDER_ENTRY, _CCM, _ACK),
        ("8", "4"): _kind("order_cancelled", "Order cancelled", _CCM, _ACK),
        ("8", "5"): _kind("order_modified", "Order modified", _CCM, _ACK),
        ("8", "C"): _kind("order_eliminated", "Order eliminated (expired)", Filter.EXECUTION_ELIMINATION),
        ("8", "1"): _kind("partial_fill", "Partial fill", Filter.TRADE_FILL_NOTICE),
        ("8", "2"): _kind("complete_fill", "Complete fill", Filter.TRADE_FILL_NOTICE),
        ("8", "H"): _kind("trade_cancelled", "Trade cancelled or busted", Filter.TRADE_CANCEL, Filter.TRADE_BUST),
        ("BZ", ""): _kind("mass_action", "Mass action report", Filter.ORDER_MASS_ACTION),
        ("3", ""): _kind("session_reject", "Session-level reject", Filter.REJECT),
        ("0", ""): _kind("heartbeat", "Heartbeat", Filter.HEARTBEAT),
    }
)
# Known kinds that no filter matches, so that they still have a name when a log is shown.
NEVER_COPIED: Mapping[tuple[str, str], Kind] = MappingProxyType(
    {
        ("b", ""): _never("mass_quote_ack", "Mass quote acknowledgement"),
        ("8", "8"): _never("order_rejected", "Order rejected"),
        ("8", "G"): _never("trade_corrected", "Trade corrected"),
        ("9", ""): _never("cancel_reject", "Cancel or modify rejected"),
        ("j", ""): _never("business_reject", "Business-level reject"),
        ("A", ""): _never("logon", "Logon"),
        ("5", ""): _never("logout", "Logout"),
        ("1", ""): _never("test_request", "Test request"),
        ("2", ""): _never("resend_request", "Resend request"),
        ("4", ""): _never("sequence_reset", "Sequence reset"),
        ("D", ""): _never("order_sent", "New order"),
        ("F", ""): _never("cancel_sent", "Cancel request"),
        ("G", ""): _never("modify_sent", "Modify request"),
        ("CA", ""): _never("mass_action_sent", "Mass action request"),
        ("i", ""): _never("mass_quote_sent", "Mass quote"),
    }
)
UNTYPED = Kind("untyped", "Message without a type", reason="Its type is unknown, because tag 35 is missing.")
BROKEN_COPY = Kind(
    "broken_copy", "Copy without its original", reason="Its tag 213 does not contain the original message."
)
OTHER_EXECUTION = Kind(
    "other_execution", "Other execution report", reason="No filter matches execution reports with this tag 39."
)
OTHER = Kind("other", "Other message", reason="No filter matches messages of this type (tag 35).")
# All kinds of messages in a log, by code.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.code: kind
        for kind in (*COPIED.values(), *NEVER_COPIED.values(), UNTYPED, BROKEN_COPY, OTHER_EXECUTION, OTHER)
    }
)
_BY_TAGS = {**COPIED, **NEVER_COPIED}


class Reading(NamedTuple):
    """The interpretation of a message in a log.

    Attributes:
        kind: its kind; for a copy, the kind of the original.
        source: the SenderComp that received it (tag 56) or sent it; "" without one.
        from_exchange: whether CME sent it; nothing else is copied.
        sender: the sender (tag 49).
    """

    kind: Kind
    source: str
    from_exchange: bool
    sender: str

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The filters that it matches; none if it was sent to CME."""
        return self.kind.filters if self.from_exchange else ()

    @property
    def reason(self) -> str:
        """Why it matches no filter, or "" if it matches one."""
        if self.from_exchange or self.kind is BROKEN_COPY:
            return self.kind.reason
        sender = (
            f"It was sent by {shorten(self.sender)}" if self.sender else "Its sender is unknown (tag 49 is missing)"
        )
        return f"{sender}. Only messages from {EXCHANGE} to a client are copied."


def kind_of(header: Header) -> Kind:
    """The kind of a message that is not a copy."""
    if not header.msg_type:
        return UNTYPED
    if header.msg_type == _EXECUTION:
        return _BY_TAGS.get((_EXECUTION, header.status), OTHER_EXECUTION)
    return _BY_TAGS.get((header.msg_type, ""), OTHER)


def read(message: LogMessage) -> Reading:
    """Interpret a message of a log. A copy (35=n) is routed by the original in its tag 213."""
    return _reading(message.header, message.original)


@lru_cache(maxsize=4_096)
def _reading(header: Header, original: Header | None) -> Reading:
    if header.msg_type == COPY and original is None:
        return Reading(BROKEN_COPY, "", header.sender == EXCHANGE, header.sender)
    header = original or header
    from_exchange = header.sender == EXCHANGE
    return Reading(kind_of(header), header.target if from_exchange else header.sender, from_exchange, header.sender)


def explain_filters(chosen: Iterable[Filter]) -> list[tuple[str, bool]]:
    """Every kind of message in words, and whether a group with these filters copies it."""
    wanted = frozenset(chosen)
    kinds = [*COPIED.values(), NEVER_COPIED["b", ""]]
    return [(kind.words, not wanted.isdisjoint(kind.filters)) for kind in kinds]
