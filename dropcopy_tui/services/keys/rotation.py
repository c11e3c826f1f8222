"""How a key pair is planned and made, inside the caller's transaction (rules K2 to K4, K8)."""

from __future__ import annotations

from collections.abc import Sequence

from dropcopy_tui.domain.errors import InvalidValue, SessionEnded
from dropcopy_tui.domain.keypairs import Plan, plan_generation, state_of
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sessions.key_rows import destroy, market_hours, pair_of
from dropcopy_tui.services.unit_of_work import UnitOfWork, last_event
from dropcopy_tui.store.tables import KeyPairRow, SessionRow


def plan_for(uow: UnitOfWork, row: SessionRow, pairs: Sequence[KeyPairRow], drop: str | None) -> Plan:
    """What a new pair would do to a session that has these. Raises SessionEnded, InvalidValue."""
    _check_in_use(row)
    now = uow.now
    known = [pair_of(pair, row.session_id, row.market) for pair in pairs]
    living = [pair for pair in known if state_of(pair, now).living]
    hours = market_hours(row.market, uow.settings)
    return plan_generation(row.session_id, living, hours, now, drop, had_keys=bool(pairs))


def make_pair(uow: UnitOfWork, row: SessionRow, pairs: Sequence[KeyPairRow], plan: Plan) -> KeyPairRow:
    """Carry a plan out: expiries move, the chosen pair is destroyed, the new one takes a free slot.

    Raises InvalidValue: the plan waits for a choice.
    """
    if plan.choice_needed:
        raise InvalidValue(
            f"{row.session_id} already has two active key pairs, the maximum ({', '.join(plan.choice_needed)}). "
            "Select which one to delete. Nothing was changed."
        )
    now = uow.now
    moved = {change.access_key_id: change.new for change in plan.changes}
    for pair in pairs:
        pair.expires_at = moved.get(pair.access_key_id, pair.expires_at)
        if pair.access_key_id == plan.deleted:
            destroy(uow, pair)
        elif not state_of(pair_of(pair, row.session_id, row.market), now).living:
            pair.slot = None
    # The store refuses a third living pair: the slots are free before the new one takes one.
    uow.tx.flush()
    taken = {pair.slot for pair in pairs}
    return _sealed(uow, row, plan, next(slot for slot in (1, 2) if slot not in taken))


def _sealed(uow: UnitOfWork, row: SessionRow, plan: Plan, slot: int) -> KeyPairRow:
    pair = KeyPairRow(
        session_pk=key_of(row.id),
        access_key_id=uow.resources.entropy.access_key_id(),
        slot=slot,
        created_at=uow.now,
        expires_at=plan.new_expires_at,
        created_by=uow.actor.person_id,
        after_event=last_event(uow),
    )
    uow.tx.add(pair)
    uow.tx.flush()
    # Sealed in with the secret: a secret moved to another row or session cannot be opened.
    place = ("key_pair", str(pair.id), row.session_id, pair.access_key_id)
    pair.sealed_secret = uow.resources.vault.seal(uow.resources.entropy.secret(), *place)
    return pair


def _check_in_use(row: SessionRow) -> None:
    """Continue only with a session that something uses (rule G9). Raises SessionEnded."""
    if row.status != SessionStatus.ACTIVE.value:
        why = "its group was deleted" if row.status == SessionStatus.RELEASED.value else "GAM retired it"
        raise SessionEnded(
            f"{row.session_id} is {row.status}: {why}. It cannot get a new key pair. Deselect it. Nothing was changed."
        )
