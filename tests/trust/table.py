"""The rows, in the order of the table."""

from __future__ import annotations

from collections.abc import Mapping

from tests.trust.calls import BAD_DISKS, KILLED_CALLS
from tests.trust.codes import CROSSED, REPLAYS
from tests.trust.crowd import CROWD
from tests.trust.damaged import DAMAGED
from tests.trust.hostile import HOSTILE
from tests.trust.kills import KILLS
from tests.trust.payloads import PAYLOADS_ROW
from tests.trust.planted import PLANTED
from tests.trust.power import POWER
from tests.trust.rows import Row
from tests.trust.secrets_kept import CANARIES
from tests.trust.tampers import TAMPERS

ROWS: Mapping[str, Row] = {
    row.name: row
    for row in (
        KILLS, KILLED_CALLS, POWER, BAD_DISKS, CROWD, REPLAYS, CROSSED, HOSTILE, CANARIES, TAMPERS, DAMAGED,
        PAYLOADS_ROW, PLANTED,
    )
}  # fmt: skip
