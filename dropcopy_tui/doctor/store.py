"""What the store says of itself: its condition, its trail, its chores, its key pairs, its backups."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from dropcopy_tui.doctor.check import OTHERS_WRITE, Patient, Room, Trouble, named
from dropcopy_tui.domain.anchors import SYSLOG
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.inspection.inspection import inspect_store
from dropcopy_tui.store.chain_check import check_chain

STORE = Room()
_TOLERATED = timedelta(minutes=2)
_LATE = timedelta(minutes=30)
_DELAYED = timedelta(hours=1)
_BACKUP_DAYS = 7
_SOON_DAYS = 7
_REMINDED_DAYS = 28


@STORE.check("store.damaged", "Its answers may be wrong.")
def _damaged(at: Patient) -> Iterator[Trouble]:
    if at.unread:
        yield Trouble(at.unread, "dropcopy restore --drill FILE")
    elif at.resources is not None:
        for each in inspect_store(at.resources.store, None):
            if not each.is_sound:
                yield Trouble(
                    f"{each.words} ({each.name})", "dropcopy store check, then: dropcopy restore --drill FILE"
                )
                return


@STORE.check("store.sealed", "These secrets are lost, or were exchanged.")
def _sealed(at: Patient) -> Iterator[Trouble]:
    if at.resources is not None and at.resources.vault.is_open:
        from dropcopy_tui.services.inspection.sealed import closed_values

        with at.resources.store.read() as session:
            found = list(closed_values(session, at.resources.vault))
        if found:
            yield Trouble(f"The master key does not open {named(found)}.", "dropcopy store check")


@STORE.check("rows.altered", "Someone tried to gain a right with another program; what was changed is not used.")
def _rows(at: Patient) -> Iterator[Trouble]:
    if at.resources is not None and at.resources.vault.is_open and at.resources.vault.says_sealed(_check_value(at)):
        from dropcopy_tui.store.proofs import altered_rows
        from dropcopy_tui.store.row_proofs import Prover

        with at.resources.store.read() as session:
            found = list(altered_rows(session, Prover(at.resources.vault)))
        if found:
            yield Trouble(f"Changed from outside the desk: {named(found)}.", "dropcopy store check, then: incidents.md")


@STORE.check("store.settings", "A store that people rely on would let anyone act as anyone.")
def _settings(at: Patient) -> Iterator[Trouble]:
    if at.resources is not None and at.resources.vault.is_open and not at.resources.vault.believes(at.facts):
        what = "What the store says of itself (sandbox, environment) was changed from outside the desk."
        yield Trouble(what, "dropcopy restore FILE --replace STORE")


def _check_value(at: Patient) -> str:
    return at.facts.get("vault_check", "")


@STORE.check("audit.altered", "Someone changed what happened, or the store is damaged.")
def _audit(at: Patient) -> Iterator[Trouble]:
    if at.resources is not None and at.resources.vault.is_open:
        # Rows whose own proof fails are another finding.
        with at.resources.store.read() as session:
            found = check_chain(session, at.resources.vault)
        if not found.valid:
            yield Trouble(found.why, "See incidents.md: keep the store as evidence.")


@STORE.check("audit.anchor", "A store that is rolled back would not be noticed.")
def _anchor(at: Patient) -> Iterator[Trouble]:
    where = at.config.settings.audit_anchor if at.config else ""
    if not where or where == SYSLOG or not at.is_real:
        return
    file = Path(where)
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        yield Trouble(f"The anchor file {file} cannot be written.", "Correct audit_anchor, or the folder's owner.")
    elif file.exists() and file.stat().st_mode & OTHERS_WRITE:
        yield Trouble(f"Other accounts can write to the anchor file {file}.", f"chmod 600 {file}")


@STORE.check("clock.behind", "Codes and locks would gain validity, and events would be out of order.")
def _clock(at: Patient) -> Iterator[Trouble]:
    last = "SELECT 1 FROM audit_event WHERE id = (SELECT max(id) FROM audit_event) AND at > :limit"
    if at.ask(last, limit=at.now + _TOLERATED):
        yield Trouble("This host's clock is behind the last event of the store.", "timedatectl set-ntp true")


@STORE.check("clock.went_back", "Someone may have tried to give codes and keys back their validity.")
def _went_back(at: Patient) -> Iterator[Trouble]:
    asked = "SELECT 1 FROM audit_event WHERE action = 'clock:went_back' AND at > :limit"
    if at.is_real and at.ask(asked, limit=at.now - timedelta(days=_SOON_DAYS)):
        yield Trouble("The clock of a host went back within the last week.", "timedatectl set-ntp true")


@STORE.check("tick.late", "Requests are not set up, messages not sent, expiring key pairs not announced.")
def _tick(at: Patient) -> Iterator[Trouble]:
    if not at.is_real or at.config is None:
        return
    limit = at.now - _LATE
    waiting = "SELECT 1 FROM outbox WHERE state = 'queued' AND attempts = 0 AND created_at < :limit"
    ready = (
        "SELECT 1 FROM request r WHERE r.status = 'in_progress' AND r.submitted_at < :limit AND NOT EXISTS "
        "(SELECT 1 FROM approval a WHERE a.request_id = r.id AND (a.given_at IS NULL OR a.given_at > :limit))"
    )
    if at.ask(waiting, limit=limit) or (not at.config.settings.batches and at.ask(ready, limit=limit)):
        yield Trouble("Scheduled jobs have not run for 30 minutes.", "dropcopy tick, from a timer or crontab")


@STORE.check("outbox.failed", "Those people were not told.")
def _failed(at: Patient) -> Iterator[Trouble]:
    found = at.one("SELECT count(*) FROM outbox WHERE state = 'failed'") if at.is_real else 0
    if found:
        yield Trouble(f"{plural(found, 'message')} failed.", "dropcopy outbox list, then: dropcopy outbox retry ID")


@STORE.check("outbox.held", "They wait for someone who releases them.")
def _held(at: Patient) -> Iterator[Trouble]:
    if at.is_real and at.config and at.config.mail:
        found = at.one("SELECT count(*) FROM outbox WHERE state = 'held' AND channel = 'email'")
        if found:
            yield Trouble(
                f"{plural(found, 'email is', 'emails are')} held although email is configured.", "dropcopy outbox send"
            )


@STORE.check("outbox.delayed", "The server refuses them, or cannot be reached.")
def _delayed(at: Patient) -> Iterator[Trouble]:
    asked = "SELECT count(*) FROM outbox WHERE state = 'queued' AND attempts > 0 AND created_at < :limit"
    found = at.one(asked, limit=at.now - _DELAYED) if at.is_real else 0
    if found:
        yield Trouble(f"{plural(found, 'message')} waited for more than an hour.", "dropcopy outbox send")


_SESSIONS = "FROM session s JOIN entity n ON n.id = s.entity_id JOIN key_pair k ON k.session_pk = s.id "


@STORE.check("keys.expired", "The session cannot log on.")
def _expired(at: Patient) -> Iterator[Trouble]:
    asked = (
        f"SELECT DISTINCT s.session_id {_SESSIONS} WHERE s.status = 'active' AND NOT EXISTS (SELECT 1 FROM key_pair l "
        "WHERE l.session_pk = s.id AND l.slot IS NOT NULL AND l.expires_at > :now) ORDER BY s.session_id"
    )
    found = at.ask(asked, now=at.now) if at.is_real else ()
    if found:
        yield Trouble(f"All key pairs of {named(found)} have expired.", f"dropcopy keys generate {found[0][0]}")


@STORE.check("keys.expiring", "The session's feed stops then.")
def _expiring(at: Patient) -> Iterator[Trouble]:
    asked = (
        f"SELECT s.session_id {_SESSIONS} WHERE s.status = 'active' AND k.slot IS NOT NULL "
        "GROUP BY s.session_id, s.market "
        "HAVING max(k.expires_at) > :now AND max(k.expires_at) < :soon ORDER BY s.session_id"
    )
    found = at.ask(asked, now=at.now, soon=at.now + timedelta(days=_SOON_DAYS)) if at.is_real else ()
    if found:
        what = f"The last key pair of {named(found)} expires within {_SOON_DAYS} days."
        yield Trouble(what, f"dropcopy keys generate {found[0][0]}")


@STORE.check("keys.unheard", "No one is reminded before the feed stops.")
def _unheard(at: Patient) -> Iterator[Trouble]:
    asked = (
        f"SELECT DISTINCT n.code {_SESSIONS} WHERE s.status = 'active' AND k.slot IS NOT NULL AND k.expires_at > :now "
        "AND k.expires_at < :soon AND NOT EXISTS (SELECT 1 FROM entitlement e JOIN person p ON p.id = e.person_id "
        "WHERE e.entity_id = n.id AND e.role = 'administrative_manager' AND NOT p.disabled) ORDER BY n.code"
    )
    found = at.ask(asked, now=at.now, soon=at.now + timedelta(days=_REMINDED_DAYS)) if at.is_real else ()
    if found:
        what = f"Key pairs of {named(found)} expire, and it has no administrative manager."
        yield Trouble(what, f"dropcopy people entitle USER administrative_manager@{found[0][0]}")


@STORE.check("backup.none", "What is lost is lost.")
def _no_backup(at: Patient) -> Iterator[Trouble]:
    if _is_file(at) and not _last_backup(at) and at.ask("SELECT 1 FROM audit_event WHERE at < :limit", limit=_old(at)):
        yield Trouble("The store was never backed up.", "dropcopy backup FILE")


@STORE.check("backup.old", "Everything since then would be lost.")
def _old_backup(at: Patient) -> Iterator[Trouble]:
    last = _last_backup(at)
    if (
        _is_file(at)
        and last
        and at.ask("SELECT 1 FROM audit_event WHERE id = :id AND at < :limit", id=last, limit=_old(at))
    ):
        yield Trouble(f"The last backup is older than {_BACKUP_DAYS} days.", "dropcopy backup FILE, from a crontab")


@STORE.check("backup.beside_key", "Whoever takes the folder has every secret, and one disk takes both.")
def _beside_key(at: Patient) -> Iterator[Trouble]:
    asked = "SELECT after FROM audit_event WHERE action = 'store:backed_up' ORDER BY id DESC LIMIT 1"
    said = at.one(asked) if _is_file(at) and at.config else None
    facts = json.loads(said) if isinstance(said, str) else said or {}
    folder = facts.get("folder")
    if folder and at.config and Path(folder).resolve() == at.config.paths.master_key.parent.resolve():
        yield Trouble(f"The last backup is in {folder}, beside the master key.", "Move the backups to another disk.")


def _is_file(at: Patient) -> bool:
    return at.is_real and at.store_file is not None


def _last_backup(at: Patient) -> int:
    asked = "SELECT coalesce(max(id), 0) FROM audit_event WHERE action IN ('store:backed_up', 'store:restored')"
    return int(at.one(asked) or 0)


def _old(at: Patient) -> object:
    return at.now - timedelta(days=_BACKUP_DAYS)
