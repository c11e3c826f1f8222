"""A store of an earlier version is sealed: from then on, what it says needs the master key."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import RowAltered, TrailBroken
from dropcopy_tui.domain.requests import RequestStatus, needs_of
from dropcopy_tui.domain.work import step
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.source_sets import draft_digest, of_group, set_digest
from dropcopy_tui.services.unit_of_work import UnitOfWork, writing
from dropcopy_tui.store.chain import begin, is_sealed, read_head, write_head
from dropcopy_tui.store.chain_check import check_chain
from dropcopy_tui.store.engine import PROVER
from dropcopy_tui.store.proofs import prove_all, prove_table
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.states import note_anew
from dropcopy_tui.store.tables import ApprovalRow, DraftRow, GroupRow, RequestRow
from dropcopy_tui.store.vault import Vault

# The tables that had no proofs when the states of rows were not kept yet.
_LATER = ("session", "drop_copy_group", "group_filter")


def seal_store(resources: Resources) -> bool:
    """Seal what an earlier version left unsealed: the trail from its next event on, and rows; whether it was done here.

    Without a master key, nothing is done.
    """
    vault = resources.vault
    if not vault.is_open:
        return False
    with resources.store.read() as session:
        sealed = is_sealed(session, vault)
        if sealed and _keeps_states(session, vault):
            return False
    with writing(resources, DESK) as uow:
        if not is_sealed(uow.tx, vault):
            _seal(uow)
        elif not _keeps_states(uow.tx, vault):
            _keep_states(uow)
        else:  # another process was quicker
            return False
    return True


def _keeps_states(session: Session, vault: Vault) -> bool:
    """Whether the trail says how each row was left. An end that was altered is for `audit verify` to name."""
    try:
        head = read_head(session, vault)
    except TrailBroken:
        return True
    return head is None or head.states is not None


def _seal(uow: UnitOfWork) -> None:
    """The event that says so is the first sealed one.

    It says what was found of those before it, and how many rows were taken as they are: both could be changed until
    now.
    """
    step("Sealing the audit trail")
    found = check_chain(uow.tx, uow.resources.vault)
    begin(uow.tx, uow.resources.vault, uow.now)
    _digest_content(uow, prove=False)
    step("Proving rows that grant power")
    rows = prove_all(uow.tx, Prover(uow.resources.vault))
    before = {"events": found.events, "intact": found.valid, "rows": rows}
    if not found.valid:
        before["first_bad"] = found.first_bad or 0
    uow.record("audit:sealed", "audit trail", after=before)


def _keep_states(uow: UnitOfWork) -> None:
    """Prove the rows that had no proofs until now, and let the trail say how each row is.

    Rows that had proofs keep them: one that was altered stays so, and is named.
    """
    step("Proving rows that grant power")
    prover = Prover(uow.resources.vault)
    rows = sum(prove_table(uow.tx, prover, name) for name in _LATER)
    _digest_content(uow, prove=True)
    head = read_head(uow.tx, uow.resources.vault)
    if head is not None:
        write_head(uow.tx, uow.resources.vault, replace(head, states=""))
    note_anew(uow.tx)
    uow.record("audit:rows_stated", "audit trail", after={"rows": rows})


def _digest_content(uow: UnitOfWork, *, prove: bool) -> None:
    """What groups copy and open requests ask for, as it is."""
    if not prove:
        uow.tx.info.pop(PROVER, None)
    for group in uow.tx.execute(select(GroupRow).where(col(GroupRow.deleted_at).is_(None))).scalars():
        group.set_digest = set_digest(uow.tx, of_group(key_of(group.id)))
    numbers = select(col(RequestRow.id)).where(col(RequestRow.status) == RequestStatus.IN_PROGRESS.value)
    for number in uow.tx.execute(numbers).scalars().all():
        try:
            _digest_request(uow, uow.tx.get_one(RequestRow, number))
        except RowAltered:  # it is refused as before
            continue
    uow.tx.flush()


def _digest_request(uow: UnitOfWork, row: RequestRow) -> None:
    asked = select(ApprovalRow).where(col(ApprovalRow.request_id) == row.id)
    row.needs = needs_of(it.entity_id for it in uow.tx.execute(asked).scalars())
    if row.draft_id is not None:
        row.draft_digest = draft_digest(uow.tx, uow.tx.get_one(DraftRow, row.draft_id))
