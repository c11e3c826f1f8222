"""A store copied to another place, on either engine: whole or not at all, and compared with the original row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, func, select

from dropcopy_tui.config import Config
from dropcopy_tui.domain.errors import InvalidValue, MasterKeyMissing, StoreMissing, StoreUnusable
from dropcopy_tui.domain.places import Place, ServerPlace
from dropcopy_tui.domain.work import current
from dropcopy_tui.store.bulk import require_space
from dropcopy_tui.store.chain_check import check_chain
from dropcopy_tui.store.copy_target import Target, target_file, target_on_server
from dropcopy_tui.store.copying import TABLES, Digests, Rows, copy_rows, different, digests_of, rows_in
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.gate import PATIENCE
from dropcopy_tui.store.location import check_place, check_store, needs_migration, store_facts
from dropcopy_tui.store.tables import AuditRow
from dropcopy_tui.store.unclean import require_whole
from dropcopy_tui.store.vault import Vault, vault_of
from dropcopy_tui.workshop import clear_unfinished, put_in_place, workshop

# How the copy names itself to those who wait for their turn to write.
_WHO = "copy-store"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied. `before` says that an earlier run had done it, and this one has compared only."""

    tables: int
    rows: int
    events: int
    last_event: int | None
    before: bool


def copy_store(source: Config, target: Config, app_role: str | None = None) -> Copied:
    """Copy all rows of a store to a place that is empty, or does not exist.

    Nothing is written to the source, and its other writers wait meanwhile: it ends as it was copied. A run that was
    killed leaves nothing at the target, and the next one begins again; if it was killed after the target was complete,
    the next one compares both.

    Args:
        source: names the store and its master key.
        target: names where it is copied to, and where the master key is there, if it is there already.
        app_role: the role of a server that uses the store without owning it.

    Raises:
        StoreUnusable: with what to do; nothing was copied.
        WrongMasterKey, MasterKeyMissing: before anything is read.
    """
    there = target.paths.store
    if app_role and not isinstance(there, ServerPlace):
        raise InvalidValue("--app-role is for a store on a PostgreSQL server. Nothing was copied.", "app_role")
    facts, vault = _checked(source, target)
    made = _is_made(there)
    if made:
        _must_be_a_copy(there, facts)
    store = Store(source.paths.store)
    try:
        with _held(store) as rows:
            if made:
                return _compared(rows, there, vault)
            with _target(rows, target, app_role) as found:
                return _filled(rows, found, vault)
    finally:
        store.close()


def _checked(source: Config, target: Config) -> tuple[dict[str, str], Vault]:
    """The facts of the source and its vault, once its master key is known to be the right one."""
    place, key = source.paths.store, source.paths.master_key
    if is_same(place, target.paths.store):
        raise _same(place)
    check_store(place)
    require_whole(place)
    if needs_migration(place):
        raise StoreUnusable(
            f"{place} was created by an older version of dropcopy. Nothing was copied. "
            "Open it once with this version, which migrates it: dropcopy --store FROM status"
        )
    facts = store_facts(place)
    vault = vault_of(key, facts)
    if not vault.is_open:
        raise MasterKeyMissing(f"The master key file {key} is missing. Restore it. Nothing was copied.")
    vault_of(target.paths.master_key, facts)
    return facts, vault


def _same(place: Place) -> StoreUnusable:
    return StoreUnusable(f"{place} is both source and target. Nothing was copied. Name two places.")


def is_same(one: Place, other: Place) -> bool:
    """Whether both name one store."""
    if isinstance(one, Path) and isinstance(other, Path):
        return one == other or (one.exists() and other.exists() and one.samefile(other))
    if isinstance(one, ServerPlace) and isinstance(other, ServerPlace):
        return (one.host, one.port, one.database) == (other.host, other.port, other.database)
    return False


def _is_made(place: Place) -> bool:
    """Whether there is a store. Raises StoreUnusable for something else."""
    try:
        check_store(place)
    except StoreMissing:
        return False
    return True


def _must_be_a_copy(place: Place, facts: dict[str, str]) -> None:
    if needs_migration(place) or store_facts(place)["store_id"] != facts["store_id"]:
        raise StoreUnusable(
            f"There is another store at {place}. Nothing was copied. Name an empty database, or a file that does "
            "not exist."
        )


@contextmanager
def _held(store: Store) -> Iterator[Rows]:
    """The rows of the source, while every other writer of it waits."""
    with store._desk_errors(), store._side.turn(_WHO, PATIENCE) as session:
        yield Rows(session.connection(), store.place)


def _compared(source: Rows, place: Place, vault: Vault) -> Copied:
    """What an earlier run has copied, if it is still the same."""
    store = Store(place)
    try:
        with store.read() as session:
            rows = Rows(session.connection(), place)
            if source.identity() and source.identity() == rows.identity():
                raise _same(place)
            digests = digests_of(source, "Reading the source")
            if others := different(digests, digests_of(rows, "Reading the target")):
                raise StoreUnusable(
                    f"{place} has a copy of this store, and one of them was changed since ({', '.join(others)}). "
                    "Nothing was copied. Name an empty database, or a file that does not exist."
                )
            return _report(rows, digests, vault, before=True)
    finally:
        store.close()


@contextmanager
def _target(source: Rows, config: Config, app_role: str | None) -> Iterator[Target]:
    """The target in the making; it appears when the block has ended."""
    place = config.paths.store
    if isinstance(place, ServerPlace):
        # Late: a store in a file does without the driver.
        from dropcopy_tui.store.founding import founding

        with founding(place) as made:
            yield target_on_server(Rows(made.connection, place))
            if app_role:
                made.grant(app_role)
            _finish()
            made.commit()
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_place(place)
        clear_unfinished(place.parent)
        require_space(place, source.size(), "The copy")
        with workshop(place, config.paths.master_key) as folder:
            file = folder / "store.db"
            with target_file(file) as found:
                yield found
            _finish()
            put_in_place(file, place)
    except OSError as error:
        raise StoreUnusable(
            f"A store cannot be created at {place}: {error.strerror}. Nothing was copied. Use another place."
        ) from None


def _finish() -> None:
    """From here on, nothing cancels it. Raises Interrupted."""
    work = current()
    if work is not None:
        work.finish()


def _filled(source: Rows, target: Target, vault: Vault) -> Copied:
    target.hold_back()
    digests = copy_rows(source, target.rows)
    target.complete()
    if others := different(digests, digests_of(target.rows, "Comparing")):
        raise StoreUnusable(f"The copy differs from the source ({', '.join(others)}). Nothing was copied. Try again.")
    return _report(target.rows, digests, vault, before=False)


def _report(rows: Rows, digests: Digests, vault: Vault, *, before: bool) -> Copied:
    """What the copy has, once its audit trail is known to be whole."""
    # Its end leaves the transaction to whoever has opened it.
    with rows.errors(), Session(rows.connection, join_transaction_mode="rollback_only") as session:
        chain = check_chain(session, vault)
        if not chain.valid:
            raise StoreUnusable(
                f"The audit trail of the source was altered. {chain.why} Nothing was copied. "
                "Show it to your auditors: dropcopy audit verify"
            )
        last = session.exec(select(func.max(col(AuditRow.id)))).one()
    return Copied(len(TABLES), rows_in(digests), chain.events, last, before)
