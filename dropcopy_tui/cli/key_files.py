"""Signs and verifies logons with a downloaded key file alone; no store is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time

from dropcopy_tui.cli.files import read_text
from dropcopy_tui.clock import Clock
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.key_file import KeyRow, newest, pair_of, parse
from dropcopy_tui.domain.keypairs import state_of
from dropcopy_tui.domain.logon import LogonMessage, decode_secret
from dropcopy_tui.domain.logon_verdict import KnownKey, Verdict, judge, market_of
from dropcopy_tui.domain.market_close import MarketHours, close_of, hours_of
from dropcopy_tui.domain.markets import MARKETS, market_named
from dropcopy_tui.domain.sessions import check_session_id

_UNKNOWN = "The access key id in the logon (tag 355) is not in the key file."


class DownloadedKeys:
    """The rows of a key file, whose days are those of a market.

    The file does not name its market: it is the one that was asked for, or the one whose segment the logon names in
    tag 57, else the one that closes last.
    """

    def __init__(self, name: str, closes: Mapping[str, time], market: str = "") -> None:
        """Read it. Raises FileRefused, InvalidValue."""
        self._market = market_named(market) if market else None
        self._closes = closes
        self._rows = parse(read_text(name, "The key file"))

    def to_sign_with(self, message: LogonMessage, session: str | None) -> KeyRow:
        """The session's pair that the logon names, else the one that expires last.

        A file of one session needs no name. Raises InvalidValue: no such session, or its pair has expired.
        """
        rows, hours, now = self._rows, self._hours(message), _now()
        sessions = {row.session_id for row in rows}
        if session is not None:
            check_session_id(session)
        elif message.session_id in sessions or len(sessions) > 1:
            session = message.session_id
        own = [row for row in rows if session in (None, row.session_id)]
        named = [
            row
            for row in own
            if row.access_key_id == message.access_key_id and state_of(pair_of(row, hours), now).living
        ]
        return newest(named or rows, session, hours, now)

    def judge(self, message: LogonMessage, session: str | None) -> Verdict:
        """Check a logon against the pair of the file that it names. Raises InvalidValue without a signature."""
        check_signed(message)
        rows = [row for row in self._rows if session in (None, row.session_id)]
        if not rows:
            raise InvalidValue(f"The key file has no key pair for session {session}.", "session_id")
        return judge(message, self._keys(rows, message), _now(), unknown=_UNKNOWN)

    def _keys(self, rows: Sequence[KeyRow], message: LogonMessage) -> list[KnownKey]:
        hours = self._hours(message)
        return [KnownKey(pair_of(row, hours), decode_secret(row.secret), environment=row.environment) for row in rows]

    def _hours(self, message: LogonMessage) -> MarketHours:
        market = self._market or market_of(message)
        if market is not None:
            return hours_of(market, close=self._closes.get(market.code))
        every = [hours_of(one, close=self._closes.get(one.code)) for one in MARKETS.values()]
        return max(every, key=lambda hours: close_of(hours, _now().date()))


def check_signed(message: LogonMessage) -> None:
    """Raises InvalidValue for a logon without a signature."""
    if message.signature is None:
        raise InvalidValue("The logon has no signature (tag 1402, or Signature), so there is nothing to verify.")


def _now() -> datetime:
    return Clock().now()
