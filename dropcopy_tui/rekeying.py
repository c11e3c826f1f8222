"""A new master key: everything that the old one sealed is sealed again in one transaction, and then the file exchanged.

At every instant the old or the new key opens the store, and both files are there: the new one is `FILE.new` until the
store was committed under it, and whoever opens the store afterwards finishes the exchange (`store.vault.vault_of`).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import col

from dropcopy_tui.config import Config
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.errors import DeskError, InvalidValue, MasterKeyMissing, StoreUnusable, WrongMasterKey
from dropcopy_tui.domain.work import current, step
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.inspection.sealed import reseal
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import UnitOfWork, writing
from dropcopy_tui.store.access_tables import RecoveryCodeRow
from dropcopy_tui.store.chain import continue_under, require_same_key
from dropcopy_tui.store.chain_check import check_chain
from dropcopy_tui.store.location import store_facts
from dropcopy_tui.store.proofs import altered_rows, prove_all
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import ChallengeRow, InvitationRow, ParcelRow, PersonRow
from dropcopy_tui.store.vault import Vault, beside_key, fingerprint_of, make_master_key, put_new_key, read_master_key

REKEYED = "store:rekeyed"
_NEWS = "Your recovery codes ended"
_NEWS_BODY = (
    "The master key of the desk was replaced, and recovery codes ended with the old one. Make new ones with: "
    "dropcopy authenticator recovery-codes"
)


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """A master key that was replaced.

    Attributes:
        old, new: the fingerprints of the keys.
        kept: where the old key is: backups that were made with it need it.
        sealed: how many values were sealed again, by table.
        rows: how many rows were proven again.
        invitations: the user ids of people whose invitation ended, to be invited again.
        recovery: how many people have to make new recovery codes; they were notified.
        seconds: how long it took.
    """

    old: str
    new: str
    kept: Path
    sealed: dict[str, int]
    rows: int
    invitations: tuple[str, ...]
    recovery: int
    seconds: float


def present_fingerprint(config: Config) -> str:
    """The fingerprint of the master key in use. Raises MasterKeyMissing, WrongMasterKey and other store errors."""
    open_desk(config).close()  # it is the store's, and an exchange that was interrupted is finished
    return fingerprint_of(_read(config.paths.master_key))


def rekey(config: Config, fingerprint: str, origin: str) -> Rekeyed:
    """Replace the master key of the store by a new random one.

    Args:
        fingerprint: that of the present key, as the person typed it.
        origin: where it is done from, for the audit trail.

    Raises:
        InvalidValue: it is not the fingerprint of the present key.
        StoreUnusable: something in the store does not open or was changed from outside; nothing was changed.
        StoreBusy, MasterKeyMissing, WrongMasterKey, Interrupted: nothing was changed.
    """
    since, path = time.monotonic(), config.paths.master_key
    with _alone(path):
        desk = open_desk(config)
        try:
            old = _read(path)
            if fingerprint.strip().lower() != fingerprint_of(old):
                raise InvalidValue(
                    f"The fingerprint of the master key is not {fingerprint}. Nothing was changed. Compare it "
                    f"with the first 16 digits of: sha256sum {path}",
                    "fingerprint",
                )
            beside_key(path).unlink(missing_ok=True)  # of a run that was killed before the store knew it
            new = make_master_key(beside_key(path))
            _sync(path.parent)
            done = _sealed_again(desk.resources, path, old, new, origin)
        finally:
            desk.close()
        kept = path.with_name(f"{path.name}.replaced-{desk.clock.now():%Y%m%dT%H%M%SZ}")
        put_new_key(path, kept)
    return replace(done, kept=kept, seconds=time.monotonic() - since)


def _sealed_again(resources: Resources, path: Path, old: bytes, new: bytes, origin: str) -> Rekeyed:
    vault = Vault(new, resources.vault.store_id, path)
    try:
        with writing(resources, DESK) as uow:
            done = _change(uow, vault, fingerprint_of(old), fingerprint_of(new), origin)
    except BaseException:
        _settle(resources, vault, path)
        raise
    return done


def _change(uow: UnitOfWork, new: Vault, old_name: str, new_name: str, origin: str) -> Rekeyed:
    """Everything in one transaction."""
    old, tx = uow.resources.vault, uow.tx
    require_same_key(tx, old)  # another host may have been quicker
    _require_whole(uow)
    invited, recovery = _end_codes(uow)
    try:
        sealed = reseal(tx, old, new)
    except WrongMasterKey:
        raise StoreUnusable(
            "A sealed value does not open with the present master key. Nothing was changed. See: dropcopy store check"
        ) from None
    tx.flush()
    continue_under(tx, old, new, uow.now)
    step("Proving rows that grant power")
    rows = prove_all(tx, Prover(new))
    facts = {"old": old_name, "new": new_name, "sealed": sum(sealed.values()), "rows": rows, "invitations": invited}
    actor = replace(DESK, origin=origin)
    # From here on in the name of the new key: the event is the first that it seals.
    replace(uow, actor=actor, resources=_with(uow.resources, new)).record(REKEYED, "master key", after=facts)
    if (work := current()) is not None:
        work.finish()
    return Rekeyed(old_name, new_name, Path(), sealed, rows, tuple(invited), recovery, 0.0)


def _with(resources: Resources, vault: Vault) -> Resources:
    return replace(resources, vault=vault)


def _require_whole(uow: UnitOfWork) -> None:
    """What was changed from outside would be believed from then on. Raises StoreUnusable."""
    step("Checking rows that grant power")
    vault = uow.resources.vault
    # Rows that were removed, or put back as they were earlier, as well: the trail states all of them again afterwards.
    trail = check_chain(uow.tx, vault)
    found = list(islice(chain(altered_rows(uow.tx, Prover(vault)), trail.rows), 3))
    if not trail.valid and not found:
        raise StoreUnusable(f"{trail.why} Nothing was changed. Restore a backup that is whole first.")
    if found:
        raise StoreUnusable(
            f"Changed from outside the desk: {', '.join(found)}. Nothing was changed. See: dropcopy store check"
        )


def _end_codes(uow: UnitOfWork) -> tuple[list[str], int]:
    """End what only a digest under the old key is kept of: codes, tickets, invitations, recovery codes."""
    tx = uow.tx
    open_ones = col(InvitationRow.used_at).is_(None), col(InvitationRow.expires_at) > uow.now
    named = select(col(PersonRow.user_id)).join(InvitationRow, col(InvitationRow.person_id) == col(PersonRow.id))
    invited = sorted(set(tx.execute(named.where(*open_ones)).scalars()))
    for invitation in tx.execute(select(InvitationRow).where(*open_ones)).scalars():
        invitation.expires_at = uow.now
    holders = set(tx.execute(select(col(RecoveryCodeRow.person_id))).scalars())
    people = tx.execute(select(PersonRow).where(col(PersonRow.id).in_(holders))).scalars().all()
    for person in people:
        uow.tell(person, _NEWS, _NEWS_BODY)
    tx.flush()
    ended: tuple[Any, ...] = (
        delete(RecoveryCodeRow),
        delete(ChallengeRow).where(col(ChallengeRow.used_at).is_(None)),
        delete(ParcelRow).where(col(ParcelRow.direction) == "out"),
    )
    for statement in ended:
        tx.execute(statement)
    return invited, len(people)


def _settle(resources: Resources, new: Vault, path: Path) -> None:
    """Remove the new key after a failure, unless the store was sealed under it, or cannot be asked."""
    try:
        known = store_facts(resources.store.place)
        if resources.vault.recognizes(known["vault_check"]) and not new.recognizes(known["vault_check"]):
            beside_key(path).unlink(missing_ok=True)
    except (DeskError, OSError):
        return  # both keys stay: whoever opens the store next finds out


def _read(path: Path) -> bytes:
    master = read_master_key(path)
    if master is None:
        raise MasterKeyMissing(f"The master key file is missing at {path}. Restore it. Nothing was changed.")
    return master


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process of this host at a time. Raises StoreUnusable."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StoreUnusable(f"The folder of the master key cannot be opened: {error.strerror}.") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreUnusable("The master key is being replaced by another process. Nothing was changed.") from None
    finally:
        os.close(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
