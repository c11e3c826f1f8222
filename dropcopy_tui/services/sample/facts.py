"""What the sample data says: firms, people, front ends, SenderComps, groups, keys. Every name is made up."""

from __future__ import annotations

from dataclasses import dataclass

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.requests import RequestStatus

SEED = 20_240_229
CLEARING_FIRM = "SAMPLECLR"
# All that the clearing firm guarantees is under this GFID of Globex, so that BrokerTec groups need no approval.
GUARANTEED_GFID = "CLR"
# First letters of Session IDs: targets, market data. SenderComps have the others.
TARGET_LETTER = "T"
MARKET_DATA_LETTER = "M"
# Every so many SenderComps, one is inactive.
INACTIVE_EVERY = 120
ORDER_ENTRY_SESSIONS = {"brokertec_us": 30, "brokertec_eu": 6, "globex": 4}
MARKET_DATA_SESSIONS = {"brokertec_us": ("MU1", "MU2", "MU3"), "brokertec_eu": ("ME1", "ME2"), "globex": ("MG1",)}
# Which of those sessions, by number, has a pair that ends soon, and in how many days.
ENDING_SESSION, ENDING_IN = 9, 12
MAIN_ENTITY = "ACME"
MAIN_PERSON = "acme-operator"


@dataclass(frozen=True, slots=True)
class FirmFact:
    """An entity. `front_ends` is the slice of the list of front ends that it may use."""

    code: str
    name: str
    front_ends: slice
    clearing_firm: bool = False
    always_approves: bool = False


FIRMS = (
    FirmFact("ACME", "ACME SECURITIES LLC", slice(0, 18)),
    FirmFact("EXRATES", "EXAMPLE RATES TRADING LLC", slice(8, 24)),
    FirmFact("PLACEHLD", "PLACEHOLDER CAPITAL LTD", slice(20, 30), always_approves=True),
    FirmFact(CLEARING_FIRM, "SAMPLE CLEARING CORP", slice(0, 4), clearing_firm=True),
    FirmFact("TINYDESK", "TINY DESK LLC", slice(5, 8)),
)


@dataclass(frozen=True, slots=True)
class PersonFact:
    """A person, named by what they do. Roles are written as imports write them."""

    user_id: str
    name: str
    roles: str


PEOPLE = (
    PersonFact(MAIN_PERSON, "ACME operator", "full_access@ACME key_management@ACME"),
    PersonFact(
        "multi-operator",
        "Multi-entity operator",
        "full_access@ACME key_management@ACME full_access@EXRATES key_management@EXRATES "
        "full_access@PLACEHLD key_management@PLACEHLD",
    ),
    PersonFact("acme-viewer", "ACME viewer", "read_only@ACME"),
    PersonFact("acme-approver", "ACME approver", "administrative_manager@ACME"),
    PersonFact("acme-admin", "ACME user administrator", "user_administrator@ACME"),
    PersonFact("exrates-operator", "EXRATES operator", "full_access@EXRATES key_management@EXRATES"),
    PersonFact("exrates-viewer", "EXRATES viewer", "read_only@EXRATES"),
    PersonFact("exrates-approver", "EXRATES approver", "administrative_manager@EXRATES"),
    PersonFact("exrates-admin", "EXRATES user administrator", "user_administrator@EXRATES"),
    PersonFact("placehld-approver", "PLACEHLD approver", "administrative_manager@PLACEHLD"),
    PersonFact("tiny-operator", "TINYDESK operator", "full_access@TINYDESK key_management@TINYDESK"),
    PersonFact("clearing-approver", "Clearing firm approver", f"administrative_manager@{CLEARING_FIRM}"),
    PersonFact("ease-agent", "EASE agent", "ease_agent"),
    PersonFact("gam-desk", "GAM desk", "gam"),
    PersonFact("operations", "Operations", "operations"),
    PersonFact("auditor", "Auditor", "auditor"),
)

# Two versions of each product, with its vendor: thirty front ends.
_PRODUCTS = (
    ("Ladder One", "Sample A"),
    ("Gilt Desk", "Sample A"),
    ("Curve Board", "Sample B"),
    ("Repo Window", "Sample B"),
    ("Basis Pad", "Sample C"),
    ("Spread Bench", "Sample C"),
    ("Tick Grid", "In-house"),
    ("Order Shelf", "In-house"),
    ("Bond Counter", "Sample D"),
    ("Roll Planner", "Sample D"),
    ("Futures Bridge", "Sample E"),
    ("Strip Viewer", "Sample E"),
    ("Quote Press", "Sample F"),
    ("Auction Room", "Sample F"),
    ("Hedge Runner", "In-house"),
)
FRONT_ENDS = tuple((name, version, vendor) for name, vendor in _PRODUCTS for version in ("4.2", "5.0"))


@dataclass(frozen=True, slots=True)
class BlockFact:
    """SenderComps that differ in their Session ID and indicator only."""

    entity: str
    market: str
    gateway: str
    gfid: str
    count: int


BLOCKS = (
    BlockFact("ACME", "brokertec_us", "msgw", "ACM01", 700),
    BlockFact("ACME", "brokertec_us", "msgw", "ACM02", 600),
    BlockFact("ACME", "brokertec_us", "msgw", "ACM03", 600),
    BlockFact("ACME", "brokertec_us", "msgw", "ACR01", 500),
    BlockFact("ACME", "brokertec_us", "msgw", "ACR02", 400),
    BlockFact("ACME", "globex", "msgw", GUARANTEED_GFID, 200),
    BlockFact("ACME", "brokertec_eu", "msgw", "ACE01", 250),
    BlockFact("ACME", "brokertec_eu", "msgw", "ACE02", 150),
    BlockFact("ACME", "globex", "cgw", "8AC", 120),
    BlockFact("ACME", "globex", "msgw", "9AC", 180),
    BlockFact("EXRATES", "brokertec_us", "msgw", "EXR01", 350),
    BlockFact("EXRATES", "brokertec_us", "msgw", "EXR02", 250),
    BlockFact("EXRATES", "brokertec_eu", "msgw", "EXE01", 150),
    BlockFact("EXRATES", "globex", "msgw", "7EX", 50),
    BlockFact("PLACEHLD", "brokertec_us", "msgw", "PLH01", 200),
    BlockFact("PLACEHLD", "brokertec_eu", "msgw", "PLE01", 100),
    BlockFact(CLEARING_FIRM, "brokertec_us", "msgw", "SCL01", 80),
    BlockFact("TINYDESK", "brokertec_us", "msgw", "TNY01", 90),
    BlockFact("TINYDESK", "brokertec_eu", "msgw", "TNE01", 30),
)

TRADES = (Filter.TRADE_FILL_NOTICE, Filter.TRADE_CANCEL, Filter.TRADE_BUST)
ORDERS = (Filter.ACKNOWLEDGEMENT, Filter.EXECUTION_CREATE_CANCEL_MODIFY, Filter.EXECUTION_ELIMINATION)
EVERYTHING = tuple(Filter)


@dataclass(frozen=True, slots=True)
class GroupFact:
    """A group that was set up `age` days ago. `targets` are Session IDs, one a gateway in market order."""

    entity: str
    market: str
    name: str
    gfids: tuple[str, ...]
    targets: tuple[str, ...]
    filters: tuple[Filter, ...]
    front_end: int
    age: int
    by: str = MAIN_PERSON


GROUPS = (
    GroupFact("ACME", "brokertec_us", "US-RATES-RISK", ("ACM01",), ("T4C",), EVERYTHING, 0, 60),
    GroupFact("ACME", "brokertec_us", "US-REPO-CLEARING", ("ACR01", "ACR02"), ("T5A",), TRADES, 6, 400),
    GroupFact("ACME", "brokertec_us", "US-ACTIVES", ("ACM02",), ("T6B",), (*TRADES, *ORDERS), 1, 380),
    GroupFact("ACME", "brokertec_us", "US-BACKUP", ("ACM03",), ("T7K",), TRADES, 1, 12, "multi-operator"),
    GroupFact("ACME", "brokertec_eu", "EU-GOVIES", ("ACE01",), ("T2E",), EVERYTHING, 2, 390),
    GroupFact("ACME", "brokertec_eu", "EU-RISK", ("ACE02",), ("T3F",), TRADES, 3, 500),
    GroupFact("ACME", "globex", "GLOBEX-FUTURES", ("8AC", "9AC"), ("T8G", "T9H"), TRADES, 4, 150),
    GroupFact("ACME", "globex", "GLOBEX-RISK", ("9AC",), ("TXR",), ORDERS, 5, 45, "multi-operator"),
    GroupFact("EXRATES", "brokertec_us", "RATES-US", ("EXR01", "EXR02"), ("TE1",), TRADES, 9, 220, "exrates-operator"),
    GroupFact("EXRATES", "brokertec_eu", "RATES-EU", ("EXE01",), ("TE2",), EVERYTHING, 10, 90, "exrates-operator"),
    GroupFact("PLACEHLD", "brokertec_us", "DESK-COPY", ("PLH01",), ("TP1",), TRADES, 21, 75, "multi-operator"),
    GroupFact("TINYDESK", "brokertec_us", "SMALL-DESK", ("TNY01",), ("TN1",), TRADES, 5, 33, "tiny-operator"),
)


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A key pair of a target session: its last day, in days from today, and when it was deleted, if it was."""

    session_id: str
    ends_in: int
    deleted_ago: int | None = None


# T7K (US-BACKUP) has none; T3F (EU-RISK) has an expired one only; T5A has two that live, the older pending.
KEYS = (
    KeyFact("T4C", 325),
    KeyFact("T5A", 19),
    KeyFact("T5A", 362),
    KeyFact("T6B", 23),
    KeyFact("T2E", 26),
    KeyFact("T3F", -40),
    KeyFact("T8G", 240, deleted_ago=30),
    KeyFact("T8G", 335),
    KeyFact("T9H", 335),
    KeyFact("TXR", 330),
    KeyFact("TE1", 180),
    KeyFact("TE2", 280),
    KeyFact("TP1", 300),
    KeyFact("TN1", 340),
)


@dataclass(frozen=True, slots=True)
class AskedFact:
    """A request for a group that did not come to be (yet), made `hours` ago.

    `reasons` are those of a failure or a denial; `approver` is the entity that is asked, `decided_by` who
    denied or cancelled.
    """

    entity: str
    market: str
    name: str
    gfid: str
    front_end: int
    status: RequestStatus
    hours: int
    by: str = MAIN_PERSON
    reasons: tuple[str, ...] = ()
    approver: str = ""
    decided_by: str = ""


_FAILED, _DENIED = RequestStatus.FAILED, RequestStatus.DENIED
_CANCELLED, _WAITING = RequestStatus.CANCELLED, RequestStatus.IN_PROGRESS
_US, _GLOBEX = "brokertec_us", "globex"
_TAKEN = "The entity already has a group named {}. Use another name."
_NOT_MAPPED = "The front end system is not mapped to {}. A user administrator can map it."
_NO_RISK_LIMITS = "These sessions are not covered by our risk limits yet. Please resubmit next month."
_NOT_OURS = "The desk named in the request is no longer our client."
_NO_NEED = "DESK-COPY already has the same sources. Use that group."

ASKED = (
    AskedFact("ACME", _US, "US-ACTIVES", "ACM02", 1, _FAILED, 700, reasons=(_TAKEN.format("US-ACTIVES"),)),
    AskedFact(
        "ACME",
        _US,
        "US-REPO-CLEARING",
        "ACR01",
        25,
        _FAILED,
        400,
        "multi-operator",
        (_TAKEN.format("US-REPO-CLEARING"), _NOT_MAPPED.format("ACME")),
    ),
    AskedFact(
        "EXRATES",
        _US,
        "RATES-US-2",
        "EXR01",
        2,
        _FAILED,
        90,
        "exrates-operator",
        (_NOT_MAPPED.format("EXRATES"),),
    ),
    AskedFact(
        "ACME",
        _GLOBEX,
        "FUT-CLEARED-TEST",
        GUARANTEED_GFID,
        0,
        _DENIED,
        520,
        MAIN_PERSON,
        (_NO_RISK_LIMITS,),
        CLEARING_FIRM,
        "clearing-approver",
    ),
    AskedFact(
        "ACME",
        _GLOBEX,
        "FUT-CLEARED-AGENCY",
        GUARANTEED_GFID,
        1,
        _DENIED,
        210,
        "multi-operator",
        (_NOT_OURS,),
        CLEARING_FIRM,
        "clearing-approver",
    ),
    AskedFact(
        "PLACEHLD",
        _US,
        "DESK-COPY-2",
        "PLH01",
        21,
        _DENIED,
        130,
        "multi-operator",
        (_NO_NEED,),
        "PLACEHLD",
        "placehld-approver",
    ),
    AskedFact(
        "ACME",
        _GLOBEX,
        "FUT-CLEARED",
        GUARANTEED_GFID,
        0,
        _CANCELLED,
        300,
        MAIN_PERSON,
        (),
        CLEARING_FIRM,
        MAIN_PERSON,
    ),
    AskedFact(
        "PLACEHLD",
        _US,
        "DESK-HEDGE",
        "PLH01",
        22,
        _CANCELLED,
        60,
        "multi-operator",
        (),
        "PLACEHLD",
        "multi-operator",
    ),
    AskedFact(
        "PLACEHLD",
        _US,
        "DESK-RISK",
        "PLH01",
        22,
        _WAITING,
        50,
        "multi-operator",
        (),
        "PLACEHLD",
    ),
    AskedFact(
        "ACME",
        _GLOBEX,
        "FUT-CLEARED-BACKUP",
        GUARANTEED_GFID,
        1,
        _WAITING,
        26,
        "multi-operator",
        (),
        CLEARING_FIRM,
    ),
    AskedFact("ACME", _GLOBEX, "FUT-CLEARED-RISK", GUARANTEED_GFID, 0, _WAITING, 2, MAIN_PERSON, (), CLEARING_FIRM),
)
