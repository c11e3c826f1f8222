"""One message field by field, for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from dropcopy_tui.domain.fix_extent import frame_at, separator_of
from dropcopy_tui.domain.fix_fields import CLOSE_MARK, INNER, OPEN_MARK, SOH, START, XML_DATA, fields

Fields = tuple[tuple[str, str], ...]
_LONGEST = 400
# Of a monster, the beginning is shown.
_LONGEST_MESSAGE = 32_768
_MOST = 500
# Names of the tags that CME's execution reports and drop copies carry (FIX 4.2 and CME wiki).
NAMES: Mapping[int, str] = MappingProxyType(
    {
        1: "Account",
        6: "AvgPx",
        8: "BeginString",
        9: "BodyLength",
        10: "CheckSum",
        11: "ClOrdID",
        14: "CumQty",
        17: "ExecID",
        19: "ExecRefID",
        20: "ExecTransType",
        31: "LastPx",
        32: "LastQty",
        34: "MsgSeqNum",
        35: "MsgType",
        37: "OrderID",
        38: "OrderQty",
        39: "OrdStatus",
        40: "OrdType",
        41: "OrigClOrdID",
        44: "Price",
        45: "RefSeqNum",
        48: "SecurityID",
        49: "SenderCompID",
        50: "SenderSubID",
        52: "SendingTime",
        54: "Side",
        55: "Symbol",
        56: "TargetCompID",
        57: "TargetSubID",
        58: "Text",
        59: "TimeInForce",
        60: "TransactTime",
        75: "TradeDate",
        98: "EncryptMethod",
        102: "CxlRejReason",
        103: "OrdRejReason",
        107: "SecurityDesc",
        108: "HeartBtInt",
        112: "TestReqID",
        142: "SenderLocationID",
        143: "TargetLocationID",
        150: "ExecType",
        151: "LeavesQty",
        167: "SecurityType",
        212: "XmlDataLen",
        213: "XmlData",
        347: "MessageEncoding",
        369: "LastMsgSeqNumProcessed",
        371: "RefTagID",
        372: "RefMsgType",
        373: "SessionRejectReason",
        442: "MultiLegReportingType",
        527: "SecondaryExecID",
        533: "TotalAffectedOrders",
        1369: "MassActionReportID",
        1373: "MassActionType",
    }
)


def fields_of(text: bytes) -> tuple[Fields, Fields]:
    """The fields of a message as a log has it, tag with name and value; and those of the original of a copy."""
    pairs = _pairs(_with_soh(text[:_LONGEST_MESSAGE]))
    inner = next((value for tag, value in pairs if tag == int(XML_DATA) and INNER.match(value)), b"")
    marked = OPEN_MARK.match(inner)
    original = _pairs(CLOSE_MARK.split(inner[marked.end() if marked else 0 :])[0]) if inner else []
    shown = [(tag, b"(the message below)" if inner and value is inner else value) for tag, value in pairs]
    return _shown(shown), _shown(original)


def _with_soh(text: bytes) -> bytes:
    """The message with SOH between its fields, whatever it came with."""
    start = START.match(text)
    if start is None:
        return text
    frame = frame_at(text, start, ended=True)
    return frame.raw if frame.size == len(text) else text.replace(separator_of(start), SOH)


def _pairs(raw: bytes) -> list[tuple[int, bytes]]:
    return list(islice(fields(raw), _MOST))


def _shown(pairs: list[tuple[int, bytes]]) -> Fields:
    return tuple((f"{tag} {NAMES.get(tag, '')}".rstrip(), _value(value)) for tag, value in pairs)


def _value(value: bytes) -> str:
    more = f" ... ({len(value):,} bytes)" if len(value) > _LONGEST else ""
    return value[:_LONGEST].decode("utf-8", "replace") + more
