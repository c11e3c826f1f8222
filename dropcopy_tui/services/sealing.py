"""A store of an earlier version is sealed: from then on, what it says needs the master key."""

from __future__ import annotations

from dropcopy_tui.domain.work import step
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.chain import begin, is_sealed
from dropcopy_tui.store.chain_check import check_chain
from dropcopy_tui.store.proofs import prove_all
from dropcopy_tui.store.row_proofs import Prover


def seal_store(resources: Resources) -> bool:
    """Seal the trail from its next event on and prove rows that grant power; whether it was done here.

    Without a master key, nothing is done.

    The event that says so is the first sealed one. It says what was found of those before it, and how
    many rows were taken as they are: both could be changed until now.
    """
    vault = resources.vault
    if not vault.is_open:
        return False
    with resources.store.read() as session:
        if is_sealed(session, vault):
            return False
    with writing(resources, DESK) as uow:
        if is_sealed(uow.tx, vault):  # another process was quicker
            return False
        step("Sealing the audit trail")
        found = check_chain(uow.tx, vault)
        begin(uow.tx, vault, uow.now)
        step("Proving rows that grant power")
        rows = prove_all(uow.tx, Prover(vault))
        before = {"events": found.events, "intact": found.valid, "rows": rows}
        if not found.valid:
            before["first_bad"] = found.first_bad or 0
        uow.record("audit:sealed", "audit trail", after=before)
    return True
