"""What operations sees on opening the application: that someone wrote to the store with another program."""

from __future__ import annotations

from itertools import islice

from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.unit_of_work import Service
from dropcopy_tui.store.proofs import altered_rows, prover_in

# Who may sign in, and with what rights: few rows, looked through while the person looks at Home.
_TABLES = ("person", "entitlement", "entity", "ssh_key", "authenticator", "recovery_code", "invitation", "factor_reset")
_MOST = 100


class Trust(Service):
    """Whether rows that grant power are as the desk wrote them."""

    def warning(self, actor: Actor) -> str:
        """What was changed from outside the desk, as a sentence; "" for nothing. Raises NotEntitled."""
        with self._reading(actor) as uow:
            uow.require(MAY_OPERATE)
            prover = prover_in(uow.tx)
            found = list(islice(altered_rows(uow.tx, prover, _TABLES), _MOST)) if prover is not None else []
        if not found:
            return ""
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        was = plural(len(found), "row was", "rows were")
        return (
            f"{was} changed from outside the desk: {found[0]}{more}. What was changed is not used. "
            "See: dropcopy store check"
        )
