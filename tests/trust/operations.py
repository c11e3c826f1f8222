"""Eleven operations whose outcome is known beforehand: what is killed, starved and cut off from its disk."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.domain.pages import Selection
from dropcopy_tui.domain.people import Role
from dropcopy_tui.new_file import clear_interrupted
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Proof, Purpose
from dropcopy_tui.services.groups.drafts import DraftFields, Drafts, Filter
from dropcopy_tui.services.groups.groups import GroupEdit, Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.imports.imports import Imports
from dropcopy_tui.services.imports.kinds import ImportKind
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.tick import Chores
from dropcopy_tui.services.views import DraftView
from tests.services.asking import approvals_always, ask_for, made, manager_of, show
from tests.services.conftest import World
from tests.services.factories import CODE, WRONG_CODE, add_person, add_session, change, proof_of
from tests.services.processes import spend_code

# What a process does with the store that was prepared for it.
Act = Callable[[World], object]
# Prepares the store; what follows is the operation.
Operation = Callable[[World], Act]
_COMPS = "entity,market,session_id,gfid,fti,gateway\n"
_NEW_COMPS = 40


def _draft(world: World) -> DraftView:
    drafts = Drafts(world.resources)
    draft = drafts.start(world.operator, "brokertec_us", "ACME")
    fields = DraftFields("ACME", "RATES", world.front_end, (Filter.TRADE_FILL_NOTICE,), 6)
    saved = drafts.save(world.operator, draft.id, draft.version, fields)
    return drafts.add(world.operator, saved.id, Selection(everything=True))


def save_a_draft(world: World) -> Act:
    draft = _draft(world)
    return lambda at: Drafts(at.resources).save(at.operator, draft.id, draft.version, DraftFields("ACME", "OTHER"))


def ask_for_a_group(world: World) -> Act:
    draft = _draft(world)
    return lambda at: Drafts(at.resources).submit(at.operator, draft.id, draft.version)


def set_up_a_group(world: World) -> Act:
    ask_for(world)
    return lambda at: Provisioning(at.resources).process_as_desk()


def change_a_group(world: World) -> Act:
    made(world)
    return lambda at: Groups(at.resources).edit(at.operator, "RATES", GroupEdit(name="SPARE"))


def approve_a_group(world: World) -> Act:
    manager = manager_of(world, "ACME")
    approvals_always(world.resources)
    request = show(world, ask_for(world))
    version = Requests(world.resources).show(manager, request.id).version
    return lambda at: Requests(at.resources).approve(manager, request.id, version)


def make_key_pairs(world: World) -> Act:
    sessions = [add_session(world.resources, "ACME", name) for name in ("K01", "K02")]
    proof = proof_of(world.resources, world.operator, CODE)
    return lambda at: KeyPairs(at.resources).generate(at.operator, sessions, proof, out=key_file(at))


def key_file(at: World) -> Path:
    """Where the operation above puts its keys."""
    return at.resources.store.beside.parent / "keys.txt"


def enter_a_wrong_code(world: World) -> Act:
    challenge = proof_of(world.resources, world.operator, purpose=Purpose.KEYS).challenge

    def act(at: World) -> None:
        with suppress(SecondFactorFailed):  # it is refused, and remembered
            spend_code(at.operator, Proof(challenge, WRONG_CODE), at.resources)

    return act


def ask_for_a_code(_world: World) -> Act:
    return lambda at: Factors(at.resources).start(at.operator, "sms")


def disable_a_person(world: World) -> Act:
    add_person(world.resources, "leaver", Role.READ_ONLY, entity="ACME")
    return lambda at: People(at.resources).disable(at.operations, "leaver")


def import_sender_comps(_world: World) -> Act:
    lines = [f"ACME,brokertec_us,Z{number:02},NEW99,P,msgw" for number in range(_NEW_COMPS)]
    file = (_COMPS + "\n".join(lines) + "\n").encode()
    return lambda at: Imports(at.resources).update_csv(at.operations, ImportKind.SENDERCOMPS, io.BytesIO(file))


def run_the_scheduled_jobs(world: World) -> Act:
    """A group to set up, and a challenge of last month to clear away."""
    proof_of(world.resources, world.operator)
    old = "'2026-01-01 00:00:00.000000'"
    change(world.resources, f"UPDATE challenge SET created_at = {old}, expires_at = {old}")
    ask_for(world)
    return lambda at: Chores(at.resources, Provisioning(at.resources), Mailing(at.resources)).tick(at.operations)


OPERATIONS: dict[str, Operation] = {
    each.__name__: each
    for each in (
        save_a_draft, ask_for_a_group, set_up_a_group, change_a_group, approve_a_group, make_key_pairs,
        ask_for_a_code, enter_a_wrong_code, disable_a_person, import_sender_comps, run_the_scheduled_jobs,
    )
}  # fmt: skip


def key_file_fault(store: Path, recorded: bool) -> str:
    """What is wrong with the key file beside a store in which its pairs are recorded, or are not; "" if nothing is."""
    own = (store.name, "anchors")
    left = [file for file in store.parent.iterdir() if not file.name.startswith(own)]
    if not recorded and any(file.read_bytes().strip(b"\0") for file in left):
        return f"a secret is in {[file.name for file in left]} without its record"
    clear_interrupted(store)
    left = [file.name for file in store.parent.iterdir() if not file.name.startswith(own)]
    return f"{left} are left" if set(left) - {"keys.txt"} else ""
