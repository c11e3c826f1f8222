"""Signs and verifies logons with a downloaded key file alone; no store is needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from dropcopy_tui.cli.files import read_text
from dropcopy_tui.clock import Clock
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.key_file import KeyRow, newest, parse
from dropcopy_tui.domain.keypairs import KeyPair, KeyState, state_of
from dropcopy_tui.domain.logon import LogonMessage, decode_secret, problems, verify
from dropcopy_tui.domain.logon_mistakes import Candidate, SignedLine, diagnose, lines_of
from dropcopy_tui.domain.sessions import check_session_id


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """Whether a logon would be accepted, as far as the key file shows."""

    valid: bool
    access_key_id: str | None
    session_id: str | None
    key_state: KeyState | None
    explanations: tuple[str, ...]
    lines: tuple[SignedLine, ...] = ()


def read_key_file(name: str) -> list[KeyRow]:
    """Read the rows of a key file. Raises FileRefused, InvalidValue."""
    return parse(read_text(name, "The key file"))


def row_to_sign_with(rows: list[KeyRow], message: LogonMessage, session: str | None) -> KeyRow:
    """Select the session's key pair that the logon names, or else the one that expires last.

    The session may be omitted if the file has only one. Raises InvalidValue if the file does not have the session or
    its key pair has expired.
    """
    sessions = {row.session_id for row in rows}
    if session is not None:
        check_session_id(session)
    elif message.session_id in sessions or len(sessions) > 1:
        session = message.session_id
    today = _now().date()
    own = [row for row in rows if session in (None, row.session_id)]
    named = [row for row in own if row.access_key_id == message.access_key_id and row.expires >= today]
    return newest(named or rows, session, today)


def judge(rows: list[KeyRow], message: LogonMessage, session: str | None) -> FileVerdict:
    """Verify a logon against the key pair that it names. Raises InvalidValue if it has no signature."""
    if message.signature is None:
        raise InvalidValue("The logon has no signature (tag 1402, or Signature), so there is nothing to verify.")
    now = _now()
    pairs = [(_candidate(row, now), row) for row in rows if session in (None, row.session_id)]
    if not pairs:
        raise InvalidValue(f"The key file has no key pair for session {session}.", "session_id")
    candidates = [candidate for candidate, _ in pairs]
    named = next((key for key in candidates if key.access_key_id == message.access_key_id), None)
    if named is None:
        unknown = "The access key id in the logon (tag 355) is not in the key file."
        found = diagnose(message, candidates, now, unknown)
        return FileVerdict(False, message.access_key_id, None, None, found.words, found.lines)
    state = state_of(KeyPair(named.access_key_id, named.session_id, named.created_at, named.expires_at), now)
    structure = problems(message)
    fits = message.session_id in (None, named.session_id)
    valid = verify(message, named.secret) and fits and state.living and not structure
    if valid:
        return FileVerdict(True, named.access_key_id, named.session_id, state, (), lines_of(message))
    found = diagnose(message, candidates, now)
    reasons = tuple(dict.fromkeys((*structure, *found.words)))
    return FileVerdict(False, named.access_key_id, named.session_id, state, reasons, found.lines)


def _candidate(row: KeyRow, now: datetime) -> Candidate:
    """A key file has dates, not times: a pair is assumed valid until the end of its last day on this machine."""
    created = datetime.combine(row.created, time.min, now.tzinfo)
    ends = datetime.combine(row.expires, time.min, now.tzinfo) + timedelta(days=1)
    return Candidate(row.access_key_id, row.session_id, decode_secret(row.secret), ends, created)


def _now() -> datetime:
    return Clock().now().astimezone()
