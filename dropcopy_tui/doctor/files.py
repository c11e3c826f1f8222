"""Files: who can read, replace and lose them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dropcopy_tui.doctor.check import OTHERS_READ, OTHERS_WRITE, Patient, Room, Trouble
from dropcopy_tui.domain.errors import StoreTooNew, StoreUnusable
from dropcopy_tui.store.location import check_backup, needs_migration, network_kind
from dropcopy_tui.store.unclean import ended_unclean
from dropcopy_tui.store.vault import MASTER_KEY_BYTES, Vault

FILES = Room()
_OLD_KEY_FILE = timedelta(days=30)
_RECENT = timedelta(days=7)
_INCIDENT = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) incident ", re.M)
_HOLDER = re.compile(r"(\d{1,10}) ")


@FILES.check("config.invalid", "dropcopy refuses to start with it.")
def _config(at: Patient) -> Iterator[Trouble]:
    if at.refusal and not _loose_config(at):
        yield Trouble(at.refusal, f"dropcopy config validate {at.file}")


@FILES.check("config.writable", "Whoever can change it decides who receives codes, and which store is opened.")
def _config_writable(at: Patient) -> Iterator[Trouble]:
    if at.file.exists() and at.file.stat().st_mode & OTHERS_WRITE:
        yield Trouble(f"Other accounts can write to {at.file}.", f"chmod go-w {at.file}")


@FILES.check("config.owner", "Whoever owns it can change it.")
def _config_owner(at: Patient) -> Iterator[Trouble]:
    if at.file.exists() and at.file.stat().st_uid not in (0, os.geteuid()):
        yield Trouble(f"{at.file} is owned by another account.", f"chown {os.geteuid()} {at.file}")


@FILES.check("config.folder", "Whoever can write to the folder can replace the file.")
def _config_folder(at: Patient) -> Iterator[Trouble]:
    folder = at.file.parent
    if at.file.exists() and _others_write(folder):
        yield Trouble(f"Other accounts can replace {at.file}.", f"chmod go-w {folder}")


@FILES.check("config.foreign", "A rule that protects others must be the site's, not one person's.")
def _config_foreign(at: Patient) -> Iterator[Trouble]:
    if at.config and at.config.foreign and at.facts.get("sandbox") != "yes":
        yield Trouble(at.config.foreign, f"Move these settings, or remove them from {at.file}.")


def _loose_config(at: Patient) -> bool:
    return any(True for look in (_config_writable, _config_owner, _config_folder) for _ in look(at))


@FILES.check("store.missing", "Nothing can be done without one.")
def _store_missing(at: Patient) -> Iterator[Trouble]:
    if isinstance(at.place, Path) and not os.path.lexists(at.place):
        yield Trouble(f"No store exists at {at.place}.", "dropcopy init --admin USER, or: dropcopy restore FILE")


@FILES.check("store.mode", "They read every name, address and role in it.")
def _store_mode(at: Patient) -> Iterator[Trouble]:
    if at.store_file and at.store_file.stat().st_mode & OTHERS_READ:
        yield Trouble(f"Other accounts can read {at.store_file}.", f"chmod 600 {at.store_file}")


@FILES.check("store.owner", "dropcopy refuses a store of another account.")
def _store_owner(at: Patient) -> Iterator[Trouble]:
    if at.store_file and at.store_file.stat().st_uid != os.geteuid():
        yield Trouble(
            f"{at.store_file} is owned by another account.", f"Run as that account, or: chown {at.store_file}"
        )


@FILES.check("store.link", "Whoever uses the other name queues at another gate, and both write at the same time.")
def _store_link(at: Patient) -> Iterator[Trouble]:
    if at.store_file and at.store_file.is_symlink():
        target = os.path.realpath(at.store_file)
        yield Trouble(f"{at.store_file} is a symbolic link.", f"Use --store {target}, or set it in {at.file}.")


@FILES.check("store.folder", "They can exchange the store for another one.")
def _store_folder(at: Patient) -> Iterator[Trouble]:
    if at.beside and at.beside.parent.is_dir() and _others_write(at.beside.parent):
        folder = at.beside.parent
        yield Trouble(f"Other accounts can write to the folder {folder}.", f"chmod 700 {folder}")


@FILES.check("store.network", "File locks do not hold there: two writers can damage the store.")
def _store_network(at: Patient) -> Iterator[Trouble]:
    if at.store_file and (kind := network_kind(at.store_file.parent)):
        yield Trouble(f"{at.store_file} is on a network file system ({kind}).", "Move it to a local disk.")


@FILES.check("store.other", "It is not a store, or what is left of one.")
def _store_other(at: Patient) -> Iterator[Trouble]:
    with suppress(StoreTooNew, OSError):
        try:
            if at.store_file:
                check_backup(at.store_file)
        except StoreUnusable as error:
            if not isinstance(error, StoreTooNew):
                yield Trouble(error.message, "dropcopy restore FILE, or use another --store")


@FILES.check("store.newer", "This version cannot read its tables.")
def _store_newer(at: Patient) -> Iterator[Trouble]:
    with suppress(StoreUnusable, OSError):
        try:
            if at.store_file:
                check_backup(at.store_file)
        except StoreTooNew as error:
            yield Trouble(error.message, "Update dropcopy on this host.")


@FILES.check("store.older", "The next start migrates it, and earlier versions cannot open it afterwards.")
def _store_older(at: Patient) -> Iterator[Trouble]:
    with suppress(StoreUnusable, OSError):
        if at.store_file:
            check_backup(at.store_file)
            if needs_migration(at.store_file):
                yield Trouble(
                    f"{at.store_file} has the tables of an earlier version.",
                    f"Copy {at.store_file} to a safe place, then: dropcopy status",
                )


@FILES.check("store.interrupted", "A disk that lost power may have lost more than the last change.")
def _store_interrupted(at: Patient) -> Iterator[Trouble]:
    if at.store_file and at.resources and ended_unclean(at.store_file):
        yield Trouble(f"{at.store_file} was left in the middle of a change.", "dropcopy status, which looks through it")


@FILES.check("gate.unusable", "No one can write to the store.")
def _gate(at: Patient) -> Iterator[Trouble]:
    gate = _gate_of(at)
    if gate and os.path.lexists(gate):
        facts = gate.lstat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            yield Trouble(f"{gate} is not a regular file of this account.", f"rm {gate}")


@FILES.check("gate.stopped", "Everyone else waits for it.")
def _gate_stopped(at: Patient) -> Iterator[Trouble]:
    gate = _gate_of(at)
    if gate and gate.is_file() and not gate.is_symlink():
        from dropcopy_tui.domain.errors import StoreBusy
        from dropcopy_tui.store.gate import Gate

        assert at.store_file is not None
        try:
            with Gate(at.store_file).through("doctor", 0):
                return
        except (StoreBusy, StoreUnusable):
            holder = _HOLDER.match(gate.read_text(errors="replace"))
        if holder and _state_of(holder[1]) == "T":
            yield Trouble(f"Process {holder[1]} is stopped while it writes.", f"kill -CONT {holder[1]}")


def _state_of(process: str) -> str:
    with suppress(OSError, IndexError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def _gate_of(at: Patient) -> Path | None:
    return at.store_file.with_name(at.store_file.name + ".gate") if at.store_file else None


@FILES.check("key.missing", "No secret can be read or created.")
def _key_missing(at: Patient) -> Iterator[Trouble]:
    if at.resources and at.config and not at.key:
        path = at.config.paths.master_key
        yield Trouble(
            f"The master key {path} does not exist.", f"Put your copy of it there: install -m 600 COPY {path}"
        )


@FILES.check("key.mode", "They open every secret of the store.")
def _key_mode(at: Patient) -> Iterator[Trouble]:
    if at.key and not at.key.is_symlink() and at.key.stat().st_mode & OTHERS_READ:
        yield Trouble(f"Other accounts can read {at.key}.", f"chmod 600 {at.key}")


@FILES.check("key.owner", "dropcopy refuses a key that another account can change.")
def _key_owner(at: Patient) -> Iterator[Trouble]:
    if at.key and not at.key.is_symlink() and at.key.stat().st_uid != os.geteuid():
        yield Trouble(f"{at.key} is owned by another account.", f"chown {os.geteuid()} {at.key}")


@FILES.check("key.link", "What is at its end can be exchanged without a trace here.")
def _key_link(at: Patient) -> Iterator[Trouble]:
    if at.key and at.key.is_symlink():
        yield Trouble(
            f"{at.key} is a symbolic link.", f"Put the file itself there: cp --remove-destination COPY {at.key}"
        )


@FILES.check("key.length", "It is a part of a key, or something else.")
def _key_length(at: Patient) -> Iterator[Trouble]:
    if at.master is not None and len(at.master) != MASTER_KEY_BYTES:
        yield Trouble(f"{at.key} does not have {MASTER_KEY_BYTES} bytes.", f"install -m 600 COPY {at.key}")


@FILES.check("key.other", "It opens no secret of this store.")
def _key_other(at: Patient) -> Iterator[Trouble]:
    if at.master is None or len(at.master) != MASTER_KEY_BYTES or "vault_check" not in at.facts:
        return
    if not Vault(at.master, at.facts["store_id"]).recognizes(at.facts["vault_check"]):
        yield Trouble(f"{at.key} is the master key of another store.", f"install -m 600 COPY {at.key}")


@FILES.check("key.folder", "They can exchange the key for another one.")
def _key_folder(at: Patient) -> Iterator[Trouble]:
    if at.key and at.beside and at.key.parent != at.beside.parent and _others_write(at.key.parent):
        yield Trouble(f"Other accounts can write to the folder {at.key.parent}.", f"chmod 700 {at.key.parent}")


@FILES.check("downloads.mode", "They see which key files are there, and may put others there.")
def _downloads(at: Patient) -> Iterator[Trouble]:
    folder = at.config.paths.downloads if at.config else None
    if folder and folder.is_dir() and folder.stat().st_mode & OTHERS_READ:
        yield Trouble(f"Other accounts can open the folder {folder}.", f"chmod 700 {folder}")


@FILES.check("downloads.files", "They log on with the keys in them.")
def _downloaded(at: Patient) -> Iterator[Trouble]:
    loose = [path for path in _key_files(at) if path.stat().st_mode & OTHERS_READ]
    if loose:
        yield Trouble(f"Other accounts can read {len(loose)} key files such as {loose[0]}.", f"chmod 600 {loose[0]}")


@FILES.check("downloads.old", "A key file belongs with the client, not on the desk's host.")
def _left(at: Patient) -> Iterator[Trouble]:
    since = (at.now - _OLD_KEY_FILE).timestamp()
    old = [path for path in _key_files(at) if path.stat().st_mtime < since]
    if old:
        yield Trouble(f"{len(old)} key files are older than 30 days, such as {old[0]}.", f"rm {old[0]}")


def _key_files(at: Patient) -> list[Path]:
    folder = at.config.paths.downloads if at.config else None
    if not folder or not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.is_symlink())


@FILES.check("log.mode", "Traces say how this desk is used.")
def _log(at: Patient) -> Iterator[Trouble]:
    log = at.config.paths.incident_log if at.config else None
    if log and log.is_file() and log.stat().st_mode & OTHERS_READ:
        yield Trouble(f"Other accounts can read {log}.", f"chmod 600 {log}")


@FILES.check("log.recent", "Something unexpected happened, and may happen again.")
def _incidents(at: Patient) -> Iterator[Trouble]:
    log = at.config.paths.incident_log if at.config else None
    if log and log.is_file():
        times = _INCIDENT.findall(log.read_text(errors="replace"))
        recent = [each for each in times if datetime.fromisoformat(each).astimezone(UTC) > at.now - _RECENT]
        if recent:
            yield Trouble(f"{log} has {len(recent)} incidents of the last seven days.", f"Read it: less {log}")


@FILES.check("files.left", "They hold parts of a store, and may hold its master key.")
def _unfinished(at: Patient) -> Iterator[Trouble]:
    folder = at.beside.parent if at.beside else None
    if folder and folder.is_dir():
        old = (at.now - timedelta(hours=1)).timestamp()
        left = [path for path in sorted(folder.glob(".making-*")) if path.stat().st_mtime < old]
        if left:
            yield Trouble(f"A process that was killed left {left[0]}.", "dropcopy status, which removes it")


def _others_write(folder: Path) -> bool:
    mode = folder.stat().st_mode
    return bool(mode & OTHERS_WRITE) and not mode & stat.S_ISVTX
