"""The tables. The domain validates values before they become rows; the constraints here are the last defence.

No row leaves the services: they return frozen dataclasses.
"""

from __future__ import annotations

import dropcopy_tui.store.access_tables  # noqa: F401 - its tables belong to METADATA
from dropcopy_tui.store.tables.groups import (
    DraftCountRow as DraftCountRow,
)
from dropcopy_tui.store.tables.groups import (
    DraftRow as DraftRow,
)
from dropcopy_tui.store.tables.groups import (
    DraftSourceRow as DraftSourceRow,
)
from dropcopy_tui.store.tables.groups import (
    GroupCountRow as GroupCountRow,
)
from dropcopy_tui.store.tables.groups import (
    GroupFilterRow as GroupFilterRow,
)
from dropcopy_tui.store.tables.groups import (
    GroupRow as GroupRow,
)
from dropcopy_tui.store.tables.groups import (
    GroupSourceRow as GroupSourceRow,
)
from dropcopy_tui.store.tables.keys import (
    ChallengeRow as ChallengeRow,
)
from dropcopy_tui.store.tables.keys import (
    ExpiryNoticeRow as ExpiryNoticeRow,
)
from dropcopy_tui.store.tables.keys import (
    FactorResetRow as FactorResetRow,
)
from dropcopy_tui.store.tables.keys import (
    KeyPairRow as KeyPairRow,
)
from dropcopy_tui.store.tables.keys import (
    SessionRow as SessionRow,
)
from dropcopy_tui.store.tables.master import (
    FrontEndMappingRow as FrontEndMappingRow,
)
from dropcopy_tui.store.tables.master import (
    FrontEndRow as FrontEndRow,
)
from dropcopy_tui.store.tables.master import (
    SenderCompCountRow as SenderCompCountRow,
)
from dropcopy_tui.store.tables.master import (
    SenderCompMarkRow as SenderCompMarkRow,
)
from dropcopy_tui.store.tables.master import (
    SenderCompRow as SenderCompRow,
)
from dropcopy_tui.store.tables.people import (
    AuthenticatorRow as AuthenticatorRow,
)
from dropcopy_tui.store.tables.people import (
    EntitlementRow as EntitlementRow,
)
from dropcopy_tui.store.tables.people import (
    EntityRow as EntityRow,
)
from dropcopy_tui.store.tables.people import (
    FactorStateRow as FactorStateRow,
)
from dropcopy_tui.store.tables.people import (
    InvitationRow as InvitationRow,
)
from dropcopy_tui.store.tables.people import (
    ListArrangementRow as ListArrangementRow,
)
from dropcopy_tui.store.tables.people import (
    ParcelRow as ParcelRow,
)
from dropcopy_tui.store.tables.people import (
    PersonRow as PersonRow,
)
from dropcopy_tui.store.tables.people import (
    SshKeyRow as SshKeyRow,
)
from dropcopy_tui.store.tables.record import (
    AuditRow as AuditRow,
)
from dropcopy_tui.store.tables.record import (
    NoticeRow as NoticeRow,
)
from dropcopy_tui.store.tables.record import (
    OutboxRow as OutboxRow,
)
from dropcopy_tui.store.tables.record import (
    SettingRow as SettingRow,
)
from dropcopy_tui.store.tables.requests import (
    ApprovalRow as ApprovalRow,
)
from dropcopy_tui.store.tables.requests import (
    DecisionRow as DecisionRow,
)
from dropcopy_tui.store.tables.requests import (
    RequestCountRow as RequestCountRow,
)
from dropcopy_tui.store.tables.requests import (
    RequestRow as RequestRow,
)
from dropcopy_tui.store.tables.requests import (
    RequestSourceRow as RequestSourceRow,
)
from dropcopy_tui.store.tables.words import (
    COUNTED_BY as COUNTED_BY,
)
from dropcopy_tui.store.tables.words import (
    IS_INACTIVE as IS_INACTIVE,
)
from dropcopy_tui.store.tables.words import (
    NEVER as NEVER,
)
from dropcopy_tui.store.tables.words import (
    OPEN_REQUEST as OPEN_REQUEST,
)
from dropcopy_tui.store.trust_tables import AuditHeadRow

# Every table, wherever it is described.
METADATA = AuditHeadRow.metadata
