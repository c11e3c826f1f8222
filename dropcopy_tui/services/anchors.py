"""Anchors: how far the audit trail has come is written outside the store, to a file or the system log."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from dropcopy_tui.domain.anchors import SYSLOG, AnchorFile, TrailAnchor, last_of, read_anchors
from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.domain.people import MAY_AUDIT, MAY_OPERATE, Actor
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.chain import read_head

# The end of a file in which its last line is.
_TAIL = 4_096
_WHOLE = 1 << 30


class Anchors(Service):
    """Writes anchors, and reads them again."""

    def write(self, actor: Actor) -> int | None:
        """Write where the trail is now to what `audit_anchor` names; how many events it has, None if it has not moved.

        Raises:
            NotEntitled: this needs operations.
            FileRefused: the file cannot be written, or is not of this account alone.
        """
        with self._reading(actor) as uow:
            uow.require(MAY_OPERATE)
            anchor = _present(uow)
        if anchor is None:
            return None
        where = self._settings.audit_anchor
        if where == SYSLOG:
            _to_syslog(anchor)
            return anchor.events
        return anchor.events if _to_file(Path(where), anchor) else None

    def read(self, actor: Actor, path: Path) -> AnchorFile:
        """The anchors of this store in a file. Raises NotEntitled, FileRefused; InvalidValue: it has none."""
        with self._reading(actor) as uow:
            uow.require(MAY_AUDIT)
            store = uow.resources.vault.store_id
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                return read_anchors(file, store)
        except OSError as error:
            raise FileRefused(f"The anchors {path} cannot be read: {error.strerror}. Nothing was verified.") from None


def _present(uow: UnitOfWork) -> TrailAnchor | None:
    head = read_head(uow.tx, uow.resources.vault)
    if head is None:
        return None
    return TrailAnchor(uow.now, uow.resources.vault.store_id, 0, head.events, head.last_event, head.digest)


def _to_syslog(anchor: TrailAnchor) -> None:
    # Late: only where the site asks for it.
    import syslog

    syslog.openlog("dropcopy", facility=syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_NOTICE, anchor.line())


def _to_file(path: Path, anchor: TrailAnchor) -> bool:
    """Append a line, unless the last one says the same; several hosts may append to one file, one after the other."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileRefused(f"The anchor file {path} cannot be written: {error.strerror}. Nothing was changed.") from None
    try:
        _require_own(path, os.fstat(handle))
        fcntl.flock(handle, fcntl.LOCK_EX)
        text = _tail(handle, _TAIL)
        last = last_of(text, anchor.store) or last_of(_tail(handle, _WHOLE), anchor.store)
        if last is not None and (last[0].events, last[0].digest) == (anchor.events, anchor.digest):
            return False
        number, check = (last[0].number + 1, last[1]) if last is not None else (1, "")
        numbered = TrailAnchor(anchor.at, anchor.store, number, anchor.events, anchor.last_event, anchor.digest)
        # A line that a killed writer left half is ended first.
        start = "" if not text or text.endswith("\n") else "\n"
        os.write(handle, f"{start}{numbered.line(check)}\n".encode())
        os.fsync(handle)
        return True
    except OSError as error:
        raise FileRefused(f"The anchor file {path} cannot be written: {error.strerror}.") from None
    finally:
        os.close(handle)


def _require_own(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise FileRefused(f"The anchor file {path} is not a regular file. Nothing was changed.")
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise FileRefused(f"Other accounts can write to the anchor file. Run: chmod 600 {path}")


def _tail(handle: int, most: int) -> str:
    size = os.fstat(handle).st_size
    return os.pread(handle, most, max(0, size - most)).decode(errors="replace")
