"""A backup restored: as a rehearsal in a folder of its own, or in the place of the store, all or nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.config import Config
from dropcopy_tui.domain.errors import FileRefused, InvalidValue, MasterKeyMissing, StoreUnusable
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.domain.work import step
from dropcopy_tui.services.backups import Trail, digest_of_file, examine
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.logons.trial import try_logon
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sealing import seal_store
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.bulk import require_space
from dropcopy_tui.store.engine import Store, migrate
from dropcopy_tui.store.engine_sqlite import set_journal_mode
from dropcopy_tui.store.gate import Gate
from dropcopy_tui.store.location import check_backup, check_place, needs_migration, store_facts
from dropcopy_tui.store.vault import vault_of
from dropcopy_tui.workshop import clear_unfinished, workshop

_CHUNK = 1 << 20
RESTORED = "store:restored"


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was restored, or could be.

    Attributes:
        place: where it is now; None for a rehearsal.
        kept: where the store is that it replaced.
        trail: the audit trail, as the backup has it.
        logon: the session whose logon verified; "" where no key pair is active.
        faults: what is wrong with it.
        seconds: how long it took.
    """

    place: Path | None
    kept: Path | None
    trail: Trail
    logon: str
    faults: tuple[str, ...]
    seconds: float


def rehearse(config: Config, backup: Path, clock: Clock | None = None) -> Restored:
    """Restore the backup into a folder of its own, prove it there, and remove it.

    Raises FileRefused, StoreUnusable, WrongMasterKey, MasterKeyMissing, Interrupted.
    """
    since = time.monotonic()
    with _prepared(config, backup) as made:
        found = _proven(config, made, clock or Clock())
    return Restored(None, None, *found, time.monotonic() - since)


def restore(config: Config, backup: Path, replace: str | None, origin: str, clock: Clock | None = None) -> Restored:
    """Put the backup in the store's place, once it is proven; `replace` is the name of the store that it replaces.

    The replaced store is kept beside it. Whoever has that open is refused from then on. The backup stays as it is.

    Raises:
        InvalidValue: there is a store, and `replace` is not its name.
        FileRefused, StoreUnusable, WrongMasterKey, MasterKeyMissing, Interrupted: nothing was changed.
    """
    since, clock = time.monotonic(), clock or Clock()
    place = _file_of(config)
    # A name that was typed wrong is said first: whoever reads what replacing takes would try it.
    _checked(backup)
    _require_named(place, replace)
    digest = digest_of_file(backup)
    with _prepared(config, backup) as made:
        found = _proven(config, made, clock)
        if found[2]:
            raise StoreUnusable(f"The backup has faults: {found[2][0]} Nothing was changed. Use another backup.")
        _record(config, made, backup, digest, origin, clock)
        set_journal_mode(made)
        kept = None
        if replace is None:
            _put_new(made, place)
        else:
            kept = _put(made, place, clock.now())
    return Restored(place, kept, *found, time.monotonic() - since)


def _file_of(config: Config) -> Path:
    place = config.paths.store
    if isinstance(place, ServerPlace):
        raise StoreUnusable(
            f"The store is on the server {place.server}. Copy the backup into an empty database there: "
            "dropcopy copy-store FILE URL. Nothing was changed."
        )
    return place


def _require_named(place: Path, replace: str | None) -> None:
    if not os.path.lexists(place):
        if replace is not None:
            raise InvalidValue(f"No store exists at {place}. Nothing was changed. Omit --replace.", "replace")
        return
    if place.is_symlink() or not place.is_file():
        raise StoreUnusable(f"{place} is not a regular file. Nothing was changed. Use another --store.")
    if replace is None:
        raise InvalidValue(
            f"A store already exists at {place}. Nothing was changed. To replace it, add: --replace {place.name}",
            "replace",
        )
    if replace != place.name:
        raise InvalidValue(f"The store's name is {place.name}, not {replace}. Nothing was changed.", "replace")


def _checked(backup: Path) -> Path:
    try:
        check_backup(backup)
    except OSError as error:
        raise FileRefused(f"The backup {backup} cannot be read: {error.strerror}. Nothing was changed.") from None
    return backup


@contextmanager
def _prepared(config: Config, backup: Path) -> Iterator[Path]:
    """A copy of the backup in a folder beside the store, with this version's tables; it goes when the block ends."""
    _checked(backup)
    place, key = _file_of(config), config.paths.master_key
    if not key.exists():
        raise MasterKeyMissing(
            f"The master key file is missing at {key}: without it no secret of the backup can be read. "
            "Put your copy of the key there first. Nothing was changed."
        )
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_place(place)
        clear_unfinished(place.parent)
        require_space(place, 2 * backup.stat().st_size, "Restoring the backup")
        with workshop(place, key) as folder:
            made = folder / "store.db"
            _copy(backup, made)
            yield made
    except OSError as error:
        raise StoreUnusable(f"The backup cannot be restored in {place.parent}: {error.strerror}.") from None


def _copy(backup: Path, made: Path) -> None:
    work, done = step("Copying the backup", backup.stat().st_size), 0
    handle = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file, backup.open("rb") as source:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            work.tell(done)
        file.flush()
        os.fsync(file.fileno())


def _proven(config: Config, made: Path, clock: Clock) -> tuple[Trail, str, tuple[str, ...]]:
    """Its audit trail, whose logon verified, and every fault of the copy, opened with the master key."""
    trail = _trail(made)
    if needs_migration(made):
        migrate(made)
    resources = _resources(config, made, clock)
    try:
        faults, _ = examine(resources)
        return trail, try_logon(resources), faults
    finally:
        resources.store.close()


def _resources(config: Config, made: Path, clock: Clock) -> Resources:
    facts = store_facts(made)
    vault = vault_of(config.paths.master_key, facts)
    sandbox = facts["sandbox"] == "yes"
    resources = Resources(Store(made), vault, clock, Entropy(), config.settings, sandbox, facts["environment"])
    seal_store(resources)
    return resources


def _trail(made: Path) -> Trail:
    """The audit trail before a store of an earlier version is migrated: that is an event more."""
    try:
        with closing(sqlite3.connect(made)) as connection:
            events = connection.execute("SELECT count(*) FROM audit_event").fetchone()[0]
            rows = connection.execute("SELECT id, at FROM audit_event ORDER BY id DESC LIMIT 1")
            number, at = rows.fetchone() or (0, None)
        return Trail(events, number, datetime.fromisoformat(f"{at}+00:00") if at else None)
    except (sqlite3.Error, ValueError) as error:
        raise StoreUnusable(
            f"The backup's audit trail cannot be read: {error}. Nothing was changed. Use another backup."
        ) from None


def _record(config: Config, made: Path, backup: Path, digest: str, origin: str, clock: Clock) -> None:
    """The restored store begins with the event that it was restored."""
    resources = _resources(config, made, clock)
    try:
        with writing(resources, DESK) as uow:
            actor = type(DESK)(DESK.person_id, DESK.user_id, DESK.name, origin)
            uow.by(actor).record(RESTORED, backup.name, after={"sha256": digest})
    finally:
        resources.store.close()
    made.with_name(made.name + ".gate").unlink(missing_ok=True)


def _put_new(made: Path, place: Path) -> None:
    try:
        os.link(made, place)
    except FileExistsError:
        raise StoreUnusable(f"{place} was created by another process meanwhile. Nothing was changed.") from None
    except OSError:
        # Without hard links: the name is taken exclusively by an empty file, which the rename then replaces.
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.replace(made, place)
    _sync(place.parent)


def _put(made: Path, place: Path, now: datetime) -> Path:
    """Exchange the store in one step, while no writer is inside its gate; where the old one is kept."""
    kept = place.with_name(f"{place.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    if os.path.lexists(kept):
        raise StoreUnusable(f"{kept} already exists. Nothing was changed. Try again in a second.")
    with Gate(place).through("restore"):
        _finish(place)
        try:
            os.link(place, kept)
        except OSError:
            shutil.copy2(place, kept)
        _sync(place.parent)
        os.replace(made, place)
        _sync(place.parent)
    return kept


def _finish(place: Path) -> None:
    """Let SQLite finish what a killed writer left, so that the kept file is whole without a journal beside it."""
    with contextlib.suppress(sqlite3.DatabaseError), closing(sqlite3.connect(place, timeout=5)) as connection:
        connection.execute("SELECT count(*) FROM setting").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    for end in ("-journal", "-wal", "-shm", ".unclean"):
        # A journal that stays would be taken for the new store's.
        left = place.with_name(place.name + end)
        if end != "-shm" and left.exists() and left.stat().st_size and end != ".unclean":
            os.replace(left, place.with_name(f"{place.name}.replaced{end}"))
        else:
            left.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
