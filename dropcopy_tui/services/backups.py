"""Backups: a copy of the store while it is in use, proven whole before it gets its name."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from dropcopy_tui.domain.errors import FileRefused, StoreUnusable, TrailBroken
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.domain.work import step
from dropcopy_tui.new_file import NewFile
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.inspection.inspection import inspect_store
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import Service
from dropcopy_tui.services.unit_of_work import reading as reading_of
from dropcopy_tui.store.backup import copy_file, copy_server
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.tables import AuditRow

_CHUNK = 1 << 20
BACKED_UP = "store:backed_up"


class Trail(NamedTuple):
    """The audit trail of a copy: how many events it has, the number of the last one (0: none), and when that was."""

    events: int
    last_event: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup with its audit trail: `digest` is the file's SHA-256, `faults` are the store's."""

    path: Path
    size: int
    trail: Trail
    digest: str
    faults: tuple[str, ...] = ()


class Backups(Service):
    """Copies of the store."""

    def create(self, actor: Actor, path: Path, *, with_faults: bool = False) -> Backup:
        """Back the store up into a new file (mode 0600), without its master key.

        The copy is of one moment. It is checked as `store check` does, on the copy, and the record of
        it is in the store before the file has its name. `with_faults` keeps a copy that has faults, and names them.

        Raises:
            NotEntitled: this needs operations.
            FileRefused: the name is taken, the disk is full, or the file cannot be written.
            StoreUnusable: the copy has faults.
        """
        with self._reading(actor) as uow:
            uow.require(MAY_OPERATE)
        new = NewFile(path, self._resources.store.beside, "backup")
        try:
            self._copy(actor, new)
            faults, trail = self._proven(new.part)
            if faults and not with_faults:
                raise StoreUnusable(
                    f"The store has faults: {faults[0]} No backup was created. See: dropcopy store check"
                )
            backup = Backup(path, new.part.stat().st_size, trail, digest_of_file(new.part), faults)
            _sync(new.part)
            try:
                self._record(actor, backup)
            except TrailBroken:
                if not with_faults:
                    raise
                # Evidence is kept although nothing can be recorded in this store.
            new.publish()
            return backup
        except FileExistsError:
            raise FileRefused(f"{path} was created by another program meanwhile. Use another name.") from None
        except OSError as error:
            raise FileRefused(f"{path} cannot be written ({error.strerror}). No backup was created.") from None
        finally:
            new.close()

    def _copy(self, actor: Actor, new: NewFile) -> None:
        store = self._resources.store
        if isinstance(store.place, ServerPlace):
            new.part.unlink()  # a new store makes its file itself, under this name
            copy_server(store, new.part)
        else:
            copy_file(store.place, new.part, actor.user_id)

    def _proven(self, copy: Path) -> tuple[tuple[str, ...], Trail]:
        """The faults of the copy, and its audit trail."""
        store = Store(copy)
        try:
            return examine(replace(self._resources, store=store))
        finally:
            store.close()

    def _record(self, actor: Actor, backup: Backup) -> None:
        """What leaves the store leaves it after the record that it does (as for key files)."""
        with self._writing(actor) as uow:
            uow.require(MAY_OPERATE)
            facts = {"size": backup.size, "last_event": backup.trail.last_event, "sha256": backup.digest}
            uow.record(BACKED_UP, backup.path.name, after={**facts, "folder": str(backup.path.absolute().parent)})


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def examine(resources: Resources) -> tuple[tuple[str, ...], Trail]:
    """Every fault of a store with its audit trail, and how far that goes."""
    faults = [
        f"{each.name}: {each.words}" for each in inspect_store(resources.store, resources.vault) if not each.is_sound
    ]
    with reading_of(resources, DESK) as uow:
        events = uow.tx.execute(select(func.count()).select_from(AuditRow)).scalar_one()
        rows = select(col(AuditRow.id), col(AuditRow.at)).order_by(col(AuditRow.id).desc()).limit(1)
        last = uow.tx.execute(rows).first()
        return tuple(faults), Trail(events, last[0] or 0, last[1]) if last else Trail(events, 0, None)


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file's content, in hex, as `sha256sum` prints it."""
    digest, size = hashlib.sha256(), path.stat().st_size
    work, done = step("Computing the digest", size), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            work.tell(done)
    return digest.hexdigest()
