"""The host and this installation."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator

from dropcopy_tui.doctor.check import OTHERS_WRITE, Patient, Room, Trouble
from dropcopy_tui.domain.places import ServerPlace

HOST = Room()
_SUPPORTED = ((3, 11), (3, 13))
_LEAST_FREE = 100_000_000
# These decide what Python or TLS loads or writes, whoever set them.
_UNWANTED = ("PYTHONPATH", "PYTHONINSPECT", "PYTHONSTARTUP", "PYTHONHOME", "SSLKEYLOGFILE", "LD_PRELOAD")


@HOST.check("host.python", "Other versions were never tested with it.")
def _python(at: Patient) -> Iterator[Trouble]:
    least, most = _SUPPORTED
    if not least <= at.host.python <= most:
        version = ".".join(map(str, at.host.python))
        yield Trouble(f"This is Python {version}.", f"Install dropcopy with Python {least[0]}.{least[1]} to {most[1]}.")


@HOST.check("host.disk", "A full disk refuses every change, and a migration needs room for the whole store.")
def _disk(at: Patient) -> Iterator[Trouble]:
    if at.store_file and at.store_file.exists():
        free = shutil.disk_usage(at.store_file.parent).free
        needed = max(_LEAST_FREE, 2 * at.store_file.stat().st_size)
        if free < needed:
            mb = 1_000_000
            yield Trouble(
                f"{at.store_file.parent} has {free // mb:,} MB of free space; {needed // mb:,} MB are needed.",
                f"Free some space: df -h {at.store_file.parent}",
            )


@HOST.check("host.temp", "Others can exchange files in it, or sorting has no room.")
def _temp(at: Patient) -> Iterator[Trouble]:
    folder = at.host.temp
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield Trouble(f"The temporary folder {folder} cannot be used.", "Set TMPDIR to a folder of this account.")
    elif folder.stat().st_mode & 0o002 and not folder.stat().st_mode & stat.S_ISVTX:
        yield Trouble(f"Everyone can remove files from {folder}.", f"chmod +t {folder}")


@HOST.check("host.encoding", "Names with other letters cannot be shown or typed.")
def _encoding(at: Patient) -> Iterator[Trouble]:
    if at.host.encoding.replace("-", "").lower() != "utf8":
        yield Trouble(f"The locale's encoding is {at.host.encoding}.", "export LANG=C.UTF-8")


@HOST.check("host.umask", "What is redirected to a file can be changed by others.")
def _umask(at: Patient) -> Iterator[Trouble]:
    if at.host.umask & OTHERS_WRITE != OTHERS_WRITE:
        yield Trouble(f"The umask is {at.host.umask:04o}: new files can be written by others.", "umask 077")


@HOST.check("host.core_dumps", "A crash would write the memory with its secrets to the disk.")
def _core(at: Patient) -> Iterator[Trouble]:
    if at.host.core_limit != 0:
        yield Trouble("Core dumps are enabled.", "ulimit -c 0, or LimitCORE=0 in the systemd service")


@HOST.check("host.environment", "They let code or listeners into programs; an attacker sets them first.")
def _environment(at: Patient) -> Iterator[Trouble]:
    there = [name for name in _UNWANTED if at.environ.get(name)]
    if there:
        yield Trouble(f"{', '.join(there)} is set.", f"unset {' '.join(there)}")


@HOST.check("host.program", "Whoever can change the program is every user of the desk.")
def _program(at: Patient) -> Iterator[Trouble]:
    for path in (at.host.program, *sorted(at.host.program.glob("*.py"))):
        if path.stat().st_mode & OTHERS_WRITE:
            yield Trouble(f"Other accounts can change {path}.", f"chmod -R go-w {at.host.program}")
            return


@HOST.check("host.time_zones", "Key pairs expire and batches run by local time, whose rules change.")
def _zones(at: Patient) -> Iterator[Trouble]:
    year = re.match(r"(\d{4})\.", at.host.zones)
    if year and int(year[1]) < at.now.year - 1:
        yield Trouble(f"The time zone data are of {year[1]}.", "pip install --upgrade tzdata")


POSTGRES = Room()


def _server(at: Patient) -> ServerPlace | None:
    return at.place if isinstance(at.place, ServerPlace) else None


@POSTGRES.check("postgres.unusable", "Nothing can be done without the store.")
def _unusable(at: Patient) -> Iterator[Trouble]:
    if _server(at) and at.resources is None:
        yield Trouble(at.facts.get("refusal", "The store cannot be opened."), "Do what the message says.")


@POSTGRES.check("postgres.tls", "Everything, codes included, can be read and changed on the way.")
def _tls(at: Patient) -> Iterator[Trouble]:
    place = _server(at)
    if place and not place.is_local and dict(place.options).get("sslmode", "verify-full") != "verify-full":
        yield Trouble("The server's certificate is not verified.", "Remove sslmode from the store's URL.")


@POSTGRES.check("postgres.superuser", "A superuser can rewrite the audit trail, and every other database.")
def _superuser(at: Patient) -> Iterator[Trouble]:
    if _server(at) and at.one("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        yield Trouble("The store is used by a superuser.", "dropcopy init --app-role ROLE, and use that role")


@POSTGRES.check("postgres.owner", "The owner of the tables can rewrite the audit trail.")
def _owner(at: Patient) -> Iterator[Trouble]:
    asked = (
        "SELECT has_table_privilege('audit_event', 'UPDATE') AND NOT rolsuper FROM pg_roles "
        "WHERE rolname = current_user"
    )
    if _server(at) and at.one(asked):
        yield Trouble("The store's role can change audit events.", "REVOKE UPDATE, DELETE ON audit_event FROM ROLE")


@POSTGRES.check("postgres.extension", "Searching SenderComps reads all of them.")
def _extension(at: Patient) -> Iterator[Trouble]:
    if (
        _server(at)
        and at.resources
        and not at.one("SELECT count(*) FROM pg_indexes WHERE indexname = 'sender_comp_search'")
    ):
        yield Trouble(
            "The index of pieces of SenderCompIDs (pg_trgm) is missing.",
            "CREATE EXTENSION IF NOT EXISTS pg_trgm, then CREATE INDEX sender_comp_search ON sender_comp USING gin "
            "(sender_comp_id gin_trgm_ops)",
        )


@POSTGRES.check("postgres.durable", "Changes that were confirmed are lost with the server's power.")
def _durable(at: Patient) -> Iterator[Trouble]:
    if not _server(at):
        return
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        if at.one(f"SHOW {name}") == "off":
            yield Trouble(f"The server runs with {name} = off.", f"ALTER SYSTEM SET {name} = on")
            return
