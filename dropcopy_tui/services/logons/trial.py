"""One logon signed and judged with a key pair of the store: its secrets open, and a gateway would take them."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.domain.logon import complete, parse_message
from dropcopy_tui.domain.logon_rules import CGW_TARGET
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.logons.key_ring import KeyRing
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sessions.key_rows import pair_of
from dropcopy_tui.services.unit_of_work import reading
from dropcopy_tui.store.tables import KeyPairRow, SessionRow

# So many pairs are looked at.
_SOME = 20
_LOGON = (
    "35=A|34=1|49={session}00000N|50=DRILL|52={at:%Y%m%d-%H:%M:%S}.000|56=CME|57={target}|108=60|142=US|369=0|"
    "1603=DROPCOPY|1604=1|1605=DROPCOPY|"
)


def try_logon(resources: Resources) -> str:
    """The target session of an active key pair, with which a logon was signed and verified; "" where none is active.

    Raises StoreUnusable: the logon does not verify, or (WrongMasterKey) the secret does not open.
    """
    with reading(resources, DESK) as uow:
        active = (
            select(KeyPairRow, SessionRow)
            .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
            .where(col(KeyPairRow.slot).is_not(None), col(KeyPairRow.expires_at) > uow.now)
            .where(col(SessionRow.status) == SessionStatus.ACTIVE.value)
            .where(col(SessionRow.kind) == SessionKind.DROP_COPY.value)
            .order_by(col(KeyPairRow.id).desc())
            .limit(_SOME)
        )
        # A clock that went back makes no pair active again.
        rows = [row for row in uow.tx.execute(active).all() if not pair_of(row[0], row[1].session_id).replaced][:1]
        if not rows:
            return ""
        pair, session = rows[0]
        ring = KeyRing(resources.vault, resources.environment)
        ring.hold(rows)
        place = ("key_pair", str(pair.id), session.session_id, pair.access_key_id)
        secret = resources.vault.open(pair.sealed_secret or b"", *place)
        segments = market_named(session.market).all_segments
        target = segments[0] if session.gateway == Gateway.MSGW.value and segments else CGW_TARGET
        asked = parse_message(_LOGON.format(session=session.session_id, target=target, at=uow.now))
        signed = parse_message(complete(asked, pair.access_key_id, secret))
        if not ring.accepts(signed, uow.now):
            raise StoreUnusable(f"A logon of session {session.session_id} does not verify with its key pair.")
        return str(session.session_id)
