"""What a gateway says to a logon: one judge for the store, for a key file, for a screen and for a rehearsal.

A logon is refused, with every reason that is known; or accepted although something is worth a look; or accepted.
What is not known of a key's session (a key file knows none of it) is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dropcopy_tui.domain.keypairs import KeyPair, KeyState, state_of
from dropcopy_tui.domain.logon import LogonMessage, verify
from dropcopy_tui.domain.logon_mistakes import Candidate, SignedLine, diagnose, lines_of
from dropcopy_tui.domain.logon_rules import CGW_TARGET, SEGMENT, clock_note, plainly_right, problems, stale
from dropcopy_tui.domain.markets import MARKETS, Gateway, Market
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus

PRODUCTION = "PRODUCTION"
# All that a client is told of a logon whose key or signature does not hold, as by the real gateway.
REFUSED = "Logon failed: the access key or the signature is not valid."
_UNKNOWN = "The access key id (tag 355) is unknown."
_KINDS = {
    SessionKind.DROP_COPY: "a drop copy session",
    SessionKind.ORDER_ENTRY: "an order entry session",
    SessionKind.MARKET_DATA: "a market data session",
}


class Level(StrEnum):
    """The three answers."""

    REFUSED = "refused"
    NOTED = "accepted_with_notes"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known of the session that a key belongs to.

    Attributes:
        kind, status: of the session.
        market: of the session.
        gateway: the kind of gateway it connects to.
        firms: the GFIDs that its entity has in this market; empty where none is known.
    """

    kind: SessionKind
    status: SessionStatus
    market: Market
    gateway: Gateway
    firms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key pair that the judge knows.

    Attributes:
        pair: its public side.
        secret: the 32 bytes; None once it was destroyed.
        session: what is known of its session; None where only a key file is there.
        environment: that the pair is for, "" where it is not known.
    """

    pair: KeyPair
    secret: bytes | None = field(repr=False)
    session: SessionFacts | None = None
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a logon would be accepted, and why not: no secret is in it.

    Attributes:
        level: refused, accepted with notes, or accepted.
        explanations: why it is refused; empty for one that is accepted.
        notes: what is worth a look, whether it is refused or not.
        lines: the signed string, value by value, as we expect it and as the mistake signed it.
        said: what the client is told of a refusal, as little as by the real gateway.
    """

    level: Level
    access_key_id: str | None
    session_id: str | None
    key_state: KeyState | None
    explanations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[SignedLine, ...] = ()
    said: str = ""

    @property
    def valid(self) -> bool:
        """Whether the gateway would accept the logon."""
        return self.level is not Level.REFUSED


def holds(message: LogonMessage, key: KnownKey | None, now: datetime) -> bool:
    """Whether the gateway accepts the logon with the key that it names: the verdict without its words."""
    return (
        key is not None
        and key.secret is not None
        and state_of(key.pair, now).living
        and message.session_id in (None, key.pair.session_id)
        and verify(message, key.secret)
        and (plainly_right(message) or not problems(message))
        and not stale(message, now)
        and (key.session is None or not any(_session_refusals(message, key.pair.session_id, key.session)))
    )


def judge(
    message: LogonMessage,
    keys: Sequence[KnownKey],
    now: datetime,
    *,
    unknown: str = _UNKNOWN,
    also: Sequence[str] = (),
) -> Verdict:
    """What the gateway says to the logon.

    Args:
        message: the logon.
        keys: the key that it names, and others that may have signed it, to explain a wrong signature.
        now: aware.
        unknown: what to say where the key that it names is none of them.
        also: other reasons to refuse it, which only the caller knows.
    """
    named = next((key for key in keys if key.pair.access_key_id == message.access_key_id), None)
    notes = tuple(_notes(message, named, now))
    if not also and holds(message, named, now):
        level = Level.NOTED if notes else Level.ACCEPTED
        return _verdict(message, named, now, level, notes=notes, lines=lines_of(message))
    candidates = [_candidate(key, key.secret) for key in keys if key.secret is not None]
    found = diagnose(message, candidates, now, _gone(named, unknown))
    reasons = tuple(dict.fromkeys((*also, *_refusals(message, named, now), *found.words)))
    said = next(iter(problems(message)), REFUSED)
    return _verdict(message, named, now, Level.REFUSED, reasons, notes, found.lines, said)


def _verdict(
    message: LogonMessage,
    named: KnownKey | None,
    now: datetime,
    level: Level,
    explanations: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    lines: tuple[SignedLine, ...] = (),
    said: str = "",
) -> Verdict:
    if named is None:
        sent = message.access_key_id
        return Verdict(level, sent and shorten(sent), None, None, explanations, notes, lines, said)
    pair = named.pair
    return Verdict(level, pair.access_key_id, pair.session_id, state_of(pair, now), explanations, notes, lines, said)


def _candidate(key: KnownKey, secret: bytes) -> Candidate:
    pair = key.pair
    return Candidate(
        pair.access_key_id, pair.session_id, secret, pair.expires_at, pair.created_at, pair.deleted_at is None
    )


def _gone(named: KnownKey | None, unknown: str) -> str:
    """Why the named key has no secret to verify with: it is unknown, or its secret was destroyed."""
    if named is None:
        return unknown
    return f"The key pair named in the logon, {named.pair.access_key_id}, was deleted and its secret destroyed."


# -- what the session refuses


def _refusals(message: LogonMessage, named: KnownKey | None, now: datetime) -> Iterator[str]:
    """Why the logon is refused, its key's life and its signature apart."""
    yield from problems(message)
    late = stale(message, now)
    if late:
        yield late
    if named is not None and named.session is not None:
        yield from _session_refusals(message, named.pair.session_id, named.session)


def _session_refusals(message: LogonMessage, session_id: str, session: SessionFacts) -> Iterator[str]:
    if session.status is SessionStatus.RELEASED:
        yield f"Session {session_id} was released when its group was deleted. It cannot log on."
    if session.status is SessionStatus.RETIRED:
        yield f"Session {session_id} is permanently retired. It cannot log on."
    if message.is_fix and session.kind is not SessionKind.DROP_COPY:
        yield f"The key pair belongs to {_KINDS[session.kind]}, {session_id}. It cannot open a drop copy session."
    firm = firm_of(message)
    if session.firms and firm and firm not in session.firms:
        yield (
            f"{firm} is not a firm of session {session_id}. The firms of its entity in {session.market.name}: "
            f"{_listed(session.firms)}."
        )
    if message.is_fix:
        yield from _segment_refusals(message.raw["57"], session)


def firm_of(message: LogonMessage) -> str:
    """The Globex Firm ID that the logon names, "" where it names none."""
    if not message.is_fix:
        return message.raw["Firm"]
    sender = message.sender_comp_id or ""
    return sender[3:-1] if message.session_id else ""


def market_of(message: LogonMessage) -> Market | None:
    """The market whose segment the logon names in tag 57, where it is of one alone."""
    if not message.is_fix:
        return None
    sent = message.raw["57"]
    found = [
        market
        for market in MARKETS.values()
        if sent in market.all_segments or (sent == CGW_TARGET and Gateway.CGW in market.gateways)
    ]
    return found[0] if len(found) == 1 else None


def _segment_refusals(sent: str, session: SessionFacts) -> Iterator[str]:
    """Tag 57 of another kind of gateway, or of another market."""
    if session.gateway is Gateway.CGW:
        if sent != CGW_TARGET:
            yield f"Tag 57 (TargetSubID) is {shorten(sent)}: a CGW session sends {CGW_TARGET}."
        return
    market = session.market
    if not SEGMENT.fullmatch(sent):
        yield (
            f"Tag 57 (TargetSubID) is {shorten(sent)}: an MSGW session sends the two digits of a market segment"
            f"{_known_segments(market)}."
        )
    elif market.segments and sent not in market.all_segments:
        yield f"Tag 57 (TargetSubID) is {sent}, which is not a segment of {market.name}{_known_segments(market)}."


def _known_segments(market: Market) -> str:
    return f" ({_listed(market.segments)}; in test {_listed(market.test_segments)})" if market.segments else ""


# -- what is worth a look


def _notes(message: LogonMessage, named: KnownKey | None, now: datetime) -> Iterator[str]:
    late = clock_note(message, now)
    if late:
        yield late
    if named is None:
        return
    if state_of(named.pair, now) is KeyState.PENDING_EXPIRATION:
        yield f"Key pair {named.pair.access_key_id} is expiring: generate a new one before it does."
    session = named.session
    if session is None:
        return
    if not message.is_fix and session.kind is not SessionKind.ORDER_ENTRY:
        yield (
            f"{message.kind.capitalize()} opens an order entry session; {named.pair.session_id} is "
            f"{_KINDS[session.kind]}."
        )
    if message.is_fix:
        yield from _segment_notes(message.raw["57"], session.market, named.environment)


def _segment_notes(sent: str, market: Market, environment: str) -> Iterator[str]:
    if sent in market.test_segments and environment == PRODUCTION:
        yield f"Tag 57 (TargetSubID) is {sent}, a test segment; this store is for {environment}."
    if not market.segments and sent not in market.test_segments:
        others = [other.name for other in MARKETS.values() if other is not market and sent in other.all_segments]
        if others:
            yield f"Tag 57 (TargetSubID) is {sent}, a segment of {others[0]}; the session is of {market.name}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
