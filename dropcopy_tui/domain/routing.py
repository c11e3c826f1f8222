"""What a message is, and which filters it falls under (domain section 6): a table of data, not branches.

A trade that is cancelled and a trade that is busted look alike on the wire: 35=8 with 39=H, where 20=1 says
"cancel" and 19 names the execution that is taken back (CME: Execution Report - Trade Cancel, which speaks of "the
trade being busted"). Nothing in the message tells them apart, so it falls under both filters, and a group with
either receives it.
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

# Who sends what is copied: tag 49 of a message to a client.
EXCHANGE = "CME"
_EXECUTION = "8"


# Kinds are the rows of the tables below and nothing else: each is itself alone.
@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of message. `reason` says why it falls under no filter, where it does not."""

    code: str
    words: str
    filters: tuple[Filter, ...] = ()
    reason: str = ""


def _kind(code: str, words: str, *filters: Filter) -> Kind:
    return Kind(code, words, in_order(filters))


def _never(code: str, words: str) -> Kind:
    return Kind(code, words, reason=f"{words}: no filter lets it through, it is never copied.")


_ACK, _CCM = Filter.ACKNOWLEDGEMENT, Filter.EXECUTION_CREATE_CANCEL_MODIFY
# By tag 35, and for execution reports by tag 39.
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
        ("3", ""): _kind("session_reject", "Session level reject", Filter.REJECT),
        ("0", ""): _kind("heartbeat", "Heartbeat", Filter.HEARTBEAT),
    }
)
# Known kinds that no filter lets through, so that a log can be read in words.
NEVER_COPIED: Mapping[tuple[str, str], Kind] = MappingProxyType(
    {
        ("b", ""): _never("mass_quote_ack", "Mass quote acknowledgement"),
        ("8", "8"): _never("order_rejected", "Order rejected"),
        ("8", "G"): _never("trade_corrected", "Trade corrected"),
        ("9", ""): _never("cancel_reject", "Cancel or modify rejected"),
        ("j", ""): _never("business_reject", "Business level reject"),
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
UNTYPED = Kind("untyped", "Message without a type", reason="It has no tag 35: what it is cannot be told.")
BROKEN_COPY = Kind("broken_copy", "Copy without its original", reason="Its tag 213 holds no message to route by.")
OTHER_EXECUTION = Kind(
    "other_execution", "Other execution report", reason="No filter lets an execution report with this tag 39 through."
)
OTHER = Kind("other", "Other message", reason="No filter lets a message of this type (tag 35) through.")
# Kinds that a log may have, by code.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.code: kind
        for kind in (*COPIED.values(), *NEVER_COPIED.values(), UNTYPED, BROKEN_COPY, OTHER_EXECUTION, OTHER)
    }
)
_BY_TAGS = {**COPIED, **NEVER_COPIED}


class Reading(NamedTuple):
    """What a message of a log is.

    Attributes:
        kind: what kind it is; of a copy, its original's.
        source: the SenderComp it was sent to (tag 56), or that sent it; "" without one.
        from_exchange: whether CME sent it: nothing else is copied.
        sender: who sent it (tag 49).
    """

    kind: Kind
    source: str
    from_exchange: bool
    sender: str

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The filters it falls under: none of them where it was sent to CME."""
        return self.kind.filters if self.from_exchange else ()

    @property
    def reason(self) -> str:
        """Why it falls under no filter; "" where it falls under one."""
        if self.from_exchange or self.kind is BROKEN_COPY:
            return self.kind.reason
        sender = shorten(self.sender) if self.sender else "nobody (tag 49 is missing)"
        return f"Sent by {sender}, not by {EXCHANGE}: only what {EXCHANGE} sends to a client is copied."


def kind_of(header: Header) -> Kind:
    """The kind of a message that is no copy."""
    if not header.msg_type:
        return UNTYPED
    if header.msg_type == _EXECUTION:
        return _BY_TAGS.get((_EXECUTION, header.status), OTHER_EXECUTION)
    return _BY_TAGS.get((header.msg_type, ""), OTHER)


def read(message: LogMessage) -> Reading:
    """What a message of a log is. A copy (35=n) is routed by the original that it carries in tag 213."""
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
