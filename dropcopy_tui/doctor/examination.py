"""The whole examination: what can be opened is opened, and every check is asked; nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import platformdirs
from sqlalchemy.exc import SQLAlchemyError

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.config import APPLICATION, Config, load
from dropcopy_tui.doctor.check import Host, Misconfiguration, NamedCheck, Patient
from dropcopy_tui.doctor.files import FILES
from dropcopy_tui.doctor.host import HOST, POSTGRES
from dropcopy_tui.doctor.people import PEOPLE
from dropcopy_tui.doctor.senders import NETWORK, SENDERS
from dropcopy_tui.doctor.store import STORE
from dropcopy_tui.domain.errors import ConfigInvalid, DeskError, Interrupted
from dropcopy_tui.domain.places import Place, ServerPlace
from dropcopy_tui.domain.work import step
from dropcopy_tui.services.base import Resources
from dropcopy_tui.ssh_server import examine as examine_sshd
from dropcopy_tui.store.damage import UNREADABLE
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.location import check_backup, needs_migration, store_facts
from dropcopy_tui.store.vault import MASTER_KEY_BYTES, Vault

CHECKS: tuple[NamedCheck, ...] = (
    *FILES.checks, *HOST.checks, *STORE.checks, *PEOPLE.checks, *SENDERS.checks, *POSTGRES.checks,
)  # fmt: skip
WITH_NETWORK: tuple[NamedCheck, ...] = tuple(NETWORK.checks)
_SSH = "The way in over SSH is open to others, or closed to everyone."


def examine(
    *,
    store: str | None = None,
    config: str | None = None,
    network: bool = False,
    ssh: str = "",
    host: Host | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Misconfiguration]:
    """Every misconfiguration that is found.

    Args:
        store, config: as the shared options name them.
        network: also connect to the servers that messages are sent to.
        ssh: the account of an SSH desk, whose sshd is examined as well.
        host, clock, environ: of this machine.
    """
    at = _patient(store, config, host or Host.here(), clock or Clock(), environ)
    work, checks = step("Examining the desk"), (*CHECKS, *(WITH_NETWORK if network else ()))
    unfinished, damaged = "", False
    try:
        for number, check in enumerate(checks):
            work.expect(f"Examining {check.id}", len(checks))
            work.tell(number)
            try:
                for trouble in check.look(at):
                    damaged = damaged or check.id == "store.damaged"
                    yield Misconfiguration(check.id, trouble.what, check.why, trouble.cure)
            except Interrupted:
                raise
            except (DeskError, SQLAlchemyError, OSError, *UNREADABLE) as error:
                unfinished = unfinished or f"{check.id} could not be finished ({type(error).__name__})."
        if unfinished and not damaged:  # a damaged store fails many checks, and one has said so
            yield Misconfiguration(
                "doctor.unfinished", unfinished, "What it looks for may be there.", "dropcopy store check"
            )
        if ssh and at.place:
            yield from _of_sshd(ssh, at.place)
    finally:
        if at.resources is not None:
            at.resources.store.close()


def _of_sshd(account: str, place: Place) -> Iterator[Misconfiguration]:
    for each in examine_sshd(account, place):
        if each.cure:
            yield Misconfiguration(
                f"ssh.{each.check.partition(' ')[0]}", f"sshd: {each.check} is not as it must be.", _SSH, each.cure
            )


def _patient(store: str | None, config: str | None, host: Host, clock: Clock, environ: Mapping[str, str]) -> Patient:
    file = Path(config) if config else platformdirs.user_config_path(APPLICATION) / "config.toml"
    at = Patient(host, environ, clock.now(), file)
    try:
        found = load(store=store, config=config, environ=environ)
    except ConfigInvalid as error:
        return replace(at, refusal=error.message)
    except OSError as error:
        return replace(at, refusal=f"{file} cannot be read: {error.strerror}.")
    at = replace(at, config=found, master=_master(found.paths.master_key))
    return _opened(at, found, clock)


def _opened(at: Patient, config: Config, clock: Clock) -> Patient:
    """The same with its store open, where it can be opened as it is."""
    place = config.paths.store
    seems_whole = False
    try:
        if not isinstance(place, ServerPlace):
            check_backup(place)
            seems_whole = True
        facts = store_facts(place)
        if needs_migration(place):
            return replace(at, facts=facts)
    except (DeskError, OSError) as error:
        return replace(at, facts={"refusal": str(error)}, unread=str(error) if seems_whole else "")
    usable = at.master if at.master is not None and len(at.master) == MASTER_KEY_BYTES else None
    vault = Vault(usable, facts["store_id"])
    if usable is not None and not vault.recognizes(facts["vault_check"]):
        vault = Vault(None, facts["store_id"])
    sandbox = facts["sandbox"] == "yes"
    opened = Store(place)
    resources = Resources(opened, vault, clock, Entropy(), config.settings, sandbox, facts["environment"], config.mail)
    return replace(at, facts=facts, resources=resources)


def _master(path: Path) -> bytes | None:
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.read(handle, MASTER_KEY_BYTES + 1)
        finally:
            os.close(handle)
    return None
