"""Logons verified with the store's key pairs, and failures explained (domain section 8)."""

from __future__ import annotations

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.logon import LogonMessage
from dropcopy_tui.domain.logon_verdict import Verdict
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.logons.key_ring import KeyRing, firms_for, managed_ids, other_rows, own_rows, rows_of
from dropcopy_tui.services.unit_of_work import Service

# Keys of other sessions that are tried for an explanation.
MOST_OTHERS = 200


class Logons(Service):
    """What a gateway would say to a logon."""

    def verify(self, actor: Actor, message: LogonMessage) -> Verdict:
        """Check a logon against the pair it names, among the sessions whose keys the person manages.

        Raises:
            NotEntitled: the person manages the keys of no session.
            InvalidValue: the logon carries no signature.
            MasterKeyMissing: secrets cannot be opened.
        """
        if message.signature is None:
            raise InvalidValue("The logon has no signature (tag 1402, or Signature), so there is nothing to verify.")
        ring, now = KeyRing(self._resources.vault, self._resources.environment), self._now()
        with self._reading(actor) as uow:
            rows = rows_of(managed_ids(uow))
            own = own_rows(uow, rows, message)
            ring.hold(own, firms_for(uow, own, message))
            if not ring.accepts(message, now):
                ring.hold_too(other_rows(uow, rows, MOST_OTHERS))
        return ring.verdict(message, now)
