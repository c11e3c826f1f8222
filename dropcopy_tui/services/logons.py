"""Logons verified with the store's key pairs, and failures explained (domain section 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.keypairs import KeyState, state_of
from dropcopy_tui.domain.logon import LogonMessage, problems, verify
from dropcopy_tui.domain.logon_mistakes import Candidate, explain
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Service
from dropcopy_tui.services.rights import visible_ids
from dropcopy_tui.services.sessions import pair_of
from dropcopy_tui.store.tables import KeyPairRow, SessionRow

# Keys of other sessions that are tried for an explanation.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a logon would be accepted, and if not, why: no secret is in it."""

    valid: bool
    access_key_id: str | None
    session_id: str | None
    key_state: KeyState | None
    explanations: tuple[str, ...]


class Logons(Service):
    """What a gateway would say to a logon."""

    def verify(self, actor: Actor, message: LogonMessage) -> Verdict:
        """Check a logon against the pair it names, among the sessions that the person may see.

        Raises:
            InvalidValue: the logon carries no signature.
            MasterKeyMissing: secrets cannot be opened.
        """
        if message.signature is None:
            raise InvalidValue("The logon carries no signature (tag 1402, or Signature): there is nothing to verify.")
        with self._store.read() as session:
            named, others = self._candidates(session, actor, message)
        now = self._now()
        if named is None:
            unknown = "The access key id it names (tag 355) belongs to no key pair that you may see."
            reasons = explain(message, others, now)
            return Verdict(False, message.access_key_id, None, None, (unknown, *reasons))
        candidate, state = named
        structure = problems(message)
        holds = verify(message, candidate.secret)
        fits = message.session_id in (None, candidate.session_id)
        accepted = holds and fits and state.living and not structure
        reasons = () if accepted else explain(message, [candidate, *others], now)
        found = tuple(dict.fromkeys((*structure, *reasons)))
        return Verdict(accepted, candidate.access_key_id, candidate.session_id, state, found)

    def _candidates(
        self, session: Session, actor: Actor, message: LogonMessage
    ) -> tuple[tuple[Candidate, KeyState] | None, list[Candidate]]:
        """The pair that the logon names, and the others that may have signed: those of its session first."""
        rows = (
            select(KeyPairRow, SessionRow)
            .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
            .where(col(SessionRow.entity_id).in_(visible_ids(session, actor)))
            .where(col(KeyPairRow.sealed_secret).is_not(None))
            .order_by((col(SessionRow.session_id) == (message.session_id or "")).desc(), col(KeyPairRow.id).desc())
        )
        named = session.execute(rows.where(col(KeyPairRow.access_key_id) == (message.access_key_id or ""))).first()
        others = session.execute(rows.limit(_MOST)).all()
        candidates = [self._opened(row) for row in others if named is None or row[0].id != named[0].id]
        if named is None:
            return None, candidates
        state = state_of(pair_of(named[0], named[1].session_id), self._now())
        return (self._opened(named), state), candidates

    def _opened(self, row: Sequence[KeyPairRow | SessionRow]) -> Candidate:
        pair, owner = row
        assert isinstance(pair, KeyPairRow)
        assert isinstance(owner, SessionRow)
        place = ("key_pair", str(pair.id), owner.session_id, pair.access_key_id)
        secret = self._vault.open(pair.sealed_secret or b"", *place)
        return Candidate(
            pair.access_key_id, owner.session_id, secret, pair.expires_at, pair.created_at, pair.deleted_at is None
        )
