"""Every named misconfiguration, made exactly so: the doctor names it, and nothing else; on a clean desk, nothing."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from dropcopy_tui.doctor.check import agree, named
from dropcopy_tui.doctor.examination import CHECKS
from dropcopy_tui.doctor.host import POSTGRES
from tests.doctor.conftest import CONFIG, Site

pytestmark = pytest.mark.sqlite_only("its files are misconfigured; what a server has of its own is in tests/postgres")
PAIR = "UPDATE key_pair SET expires_at = :at"


def _write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(text)
    path.chmod(mode)
    return path


def _config(more: str) -> Callable[[Site], None]:
    return lambda at: at.config.write_text(more) and None


def _sql(text: str) -> Callable[[Site], None]:
    return lambda at: at.sql(text)


def _header(offset: int, number: int) -> Callable[[Site], None]:
    def change(at: Site) -> None:
        with at.store.open("r+b") as file:
            file.seek(offset)
            file.write(number.to_bytes(4, "big"))

    return change


def _expires(at: Site, **time: float) -> None:
    at.sql(PAIR, at=at.text_of(at.clock.now() + timedelta(**time)))


def _expired(at: Site) -> None:
    _expires(at, days=1)
    at.after(days=2)


def _unheard(at: Site) -> None:
    # Whoever approves is not whoever is reminded of another entity's key pairs.
    at.sql("UPDATE entity SET approvals = 'never'")
    at.sql("DELETE FROM entitlement WHERE role = 'administrative_manager'")
    _expires(at, days=20)


def _link_store(at: Site) -> None:
    real = at.store.with_name("real.db")
    at.store.rename(real)
    at.store.symlink_to(real)


def _link_key(at: Site) -> None:
    real = at.home / "real.key"
    at.key.rename(real)
    at.key.symlink_to(real)


def _key_folder(at: Site) -> None:
    folder = at.home / "keys"
    folder.mkdir()
    shutil.move(at.key, folder / "master.key")
    _write(at.config, f'master_key = "{folder / "master.key"}"\n{CONFIG}')
    folder.chmod(0o777)


def _interrupted(at: Site) -> None:
    program = (
        "import os, signal, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size=1'); c.execute('PRAGMA journal_mode=TRUNCATE'); c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('CREATE TABLE x AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
        "SELECT i, hex(randomblob(50)) FROM n')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(at.store)], check=False)
    # A clean-up of the journal by whoever reads first leaves the note.
    _write(at.store.with_name(at.store.name + ".unclean"), "")


def _stopped(at: Site) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom dropcopy_tui.store.gate import Gate\n"
        "with Gate(Path(sys.argv[1])).through('stuck'):\n    print('here', flush=True)\n    time.sleep(60)\n"
    )
    environ = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(at.store)], env=environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    STOPPED.append(process)
    # On a busy machine, the signal has its effect a moment later.
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)


STOPPED: list[subprocess.Popen[str]] = []


def _damage(at: Site) -> None:
    at.sql("UPDATE drop_copy_group SET sources = 1")
    at.sql(
        "INSERT INTO sender_comp_count (entity_id, market, kind, part, members) VALUES (1, 'globex', 'gfid', 'X', 3)"
    )


def _event(action: str, folder: str = "") -> str:
    return (
        "INSERT INTO outbox (channel, recipient, subject, body, state, created_at, attempts) "
        f"VALUES ('email', 'x@firm.example', 's', 'b', '{action}', '2020-01-01 00:00:00.000000', {folder or 0})"
    )


def _recorded(at: Site, action: str, **after: str) -> None:
    from dropcopy_tui.services.rights import DESK
    from dropcopy_tui.services.unit_of_work import writing

    desk = at.desk()
    with writing(desk.resources, DESK) as uow:
        uow.record(action, "x", after=after)
    desk.close()


def _no_backup(at: Site) -> None:
    _recorded(at, "store:made")
    at.after(days=8)


def _old_backup(at: Site) -> None:
    _recorded(at, "store:backed_up", folder="/backup")
    at.after(days=8)


def _clock(at: Site) -> None:
    _recorded(at, "store:made")
    at.after(hours=-1)


def _altered(at: Site) -> None:
    for _ in range(2):
        _recorded(at, "store:made")
    at.sql("UPDATE audit_event SET subject = 'y' WHERE id = 1")


def _old_download(at: Site) -> None:
    file = _write(at.downloads / "T4C.txt", "key")
    at.after(days=40)
    os.utime(file, (at.clock.now().timestamp() - 31 * 86_400,) * 2)
    at.after(days=-40)
    os.utime(file, (at.clock.now().timestamp() - 31 * 86_400,) * 2)


def _left_over(at: Site) -> None:
    folder = at.store.parent / ".making-abc"
    folder.mkdir(mode=0o700)
    os.utime(folder, (at.clock.now().timestamp() - 7_200,) * 2)


def _invited(at: Site) -> None:
    at.sql("UPDATE person SET password_hash = NULL WHERE user_id = 'auditor'")
    long_ago, ended = (at.text_of(at.clock.now() - timedelta(days=days)) for days in (9, 6))
    at.sql(
        "INSERT INTO invitation (person_id, code_mac, tries, created_at, created_by, expires_at, after_event) "
        "SELECT id, x'00', 0, :since, 1, :until, 0 FROM person WHERE user_id = 'auditor'",
        since=long_ago, until=ended,
    )  # fmt: skip


def _certificate(at: Site, days: int) -> Path:
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding

    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    until = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(until - timedelta(days=400)).not_valid_after(until).sign(key, None)
    )  # fmt: skip
    return _write(at.home / "authority.pem", made.public_bytes(Encoding.PEM).decode())


def _authority(table: str, more: str) -> Callable[[Site], None]:
    def change(at: Site) -> None:
        file = _certificate(at, 3)
        if f"[{table}]" in CONFIG:
            at.config.write_text(CONFIG.replace(f"[{table}]", f'[{table}]\nca_file = "{file}"'))
        else:
            secret = _write(at.home / "duo.secret", "secret")
            at.config.write_text(f'{CONFIG}\n[{table}]\nca_file = "{file}"\nsecret_file = "{secret}"\n{more}')

    return change


DUO = 'host = "api-0.duosecurity.com"\nintegration_key = "DIX"\n'
LOOSE = {
    "mail.password": ("[mail]", '[mail]\nuser = "u"\npassword_file = "{}"'),
    "sms.secret": ("[sms]", '[sms]\nuser = "u"\nsecret_file = "{}"'),
}


def _loose(name: str) -> Callable[[Site], None]:
    def change(at: Site) -> None:
        secret = _write(at.home / "loose.secret", "secret", 0o644)
        if name in LOOSE:
            old, new = LOOSE[name]
            at.config.write_text(CONFIG.replace(old, new.format(secret)))
        else:
            at.config.write_text(f'{CONFIG}\n[duo]\nsecret_file = "{secret}"\n{DUO}')

    return change


def _program(at: Site) -> None:
    folder = at.home / "program"
    folder.mkdir()
    _write(folder / "desk.py", "", 0o666)
    at.on(program=folder)


def _world_temp(at: Site) -> None:
    folder = at.home / "temp"
    folder.mkdir()
    folder.chmod(0o777)
    at.on(temp=folder)


def _core(at: Site) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (1, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    at.on(core_limit=type(at.host).here().core_limit)


def _umask(at: Site) -> None:
    os.umask(0)
    at.on(umask=type(at.host).here().umask)
    os.umask(0o077)


def _role(user: str, role: str, entity: str = "NULL") -> str:
    place = "(SELECT id FROM entity)" if entity != "NULL" else "NULL"
    columns = f"INSERT INTO entitlement (person_id, role, entity_id) SELECT id, '{role}', {place}"
    return f"{columns} FROM person WHERE user_id = '{user}'"


def _without(role: str, user: str = "") -> Callable[[Site], None]:
    who = f" AND person_id = (SELECT id FROM person WHERE user_id = '{user}')" if user else ""
    return _sql(f"DELETE FROM entitlement WHERE role = '{role}'{who}")


def _gate_link(at: Site) -> None:
    gate = at.store.with_name("dropcopy.db.gate")
    gate.unlink(missing_ok=True)
    gate.symlink_to("/dev/null")


def _no_operations(at: Site) -> None:
    at.sql("UPDATE person SET disabled = true WHERE user_id IN ('ops1', 'ops2')")


MADE: dict[str, Callable[[Site], None]] = {
    "config.invalid": _config('fe = "1"\n'),
    "config.writable": lambda at: at.config.chmod(0o622),
    "config.owner": lambda at: os.chown(at.config, 12_345, -1),
    "config.folder": lambda at: at.config.parent.chmod(0o777),
    "store.missing": lambda at: at.store.unlink(),
    "store.mode": lambda at: at.store.chmod(0o644),
    "store.owner": lambda at: os.chown(at.store, 12_345, -1),
    "store.link": _link_store,
    "store.folder": lambda at: at.store.parent.chmod(0o777),
    "store.other": lambda at: at.store.write_bytes(b"x" * 200) and None,
    "store.newer": _header(60, 99),
    "store.older": _header(60, 5),
    "store.interrupted": _interrupted,
    "gate.unusable": _gate_link,
    "gate.stopped": _stopped,
    "key.missing": lambda at: at.key.unlink(),
    "key.mode": lambda at: at.key.chmod(0o640),
    "key.owner": lambda at: os.chown(at.key, 12_345, -1),
    "key.link": _link_key,
    "key.length": lambda at: at.key.write_bytes(b"k" * 31) and None,
    "key.other": lambda at: at.key.write_bytes(b"k" * 32) and None,
    "key.folder": _key_folder,
    "downloads.mode": lambda at: at.downloads.chmod(0o755),
    "downloads.files": lambda at: _write(at.downloads / "T4C.txt", "key", 0o644) and None,
    "downloads.old": _old_download,
    "log.mode": lambda at: _write(at.log, "2020-01-01T00:00:00Z incident x\n", 0o644) and None,
    "log.recent": lambda at: _write(at.log, f"{at.clock.now():%Y-%m-%dT%H:%M:%SZ} incident x\n") and None,
    "files.left": _left_over,
    "host.python": lambda at: at.on(python=(3, 9)),
    "host.temp": _world_temp,
    "host.encoding": lambda at: at.on(encoding="iso-8859-1"),
    "host.umask": _umask,
    "host.core_dumps": _core,
    "host.environment": lambda at: at.environ.update(PYTHONPATH="/tmp"),
    "host.program": _program,
    "host.time_zones": lambda at: at.on(zones=f"{at.clock.now().year - 3}.1"),
    "store.damaged": _damage,
    "store.sealed": _sql("UPDATE key_pair SET access_key_id = 'BBBBBBBBBBBBBBBBBBBB'"),
    "audit.altered": _altered,
    "rows.altered": lambda at: at.tamper("UPDATE person SET email = 'mallory@firm.example' WHERE user_id = 'auditor'"),
    "clock.went_back": lambda at: _recorded(at, "clock:went_back"),
    "audit.anchor": _config('audit_anchor = "/nowhere/anchors"\n' + CONFIG),
    "store.settings": lambda at: at.tamper("UPDATE setting SET value = 'CERT' WHERE key = 'environment'"),
    "clock.behind": _clock,
    "tick.late": _sql(_event("queued")),
    "outbox.failed": _sql(_event("failed")),
    "outbox.held": _sql(_event("held")),
    "outbox.delayed": _sql(_event("queued", "2")),
    "keys.expired": _expired,
    "keys.expiring": lambda at: _expires(at, days=3),
    "keys.unheard": _unheard,
    "backup.none": _no_backup,
    "backup.old": _old_backup,
    "backup.beside_key": lambda at: _recorded(at, "store:backed_up", folder=str(at.key.parent)),
    "people.operations": _no_operations,
    "people.one_operations": _without("operations", "ops2"),
    "people.auditor": _without("auditor"),
    "people.ease_agents": _without("ease_agent", "agent2"),
    "people.ease_and_keys": _sql(_role("requester", "ease_agent")),
    "people.user_administrator": _without("user_administrator"),
    "people.approver": _without("administrative_manager"),
    "people.sole_approver": _sql(_role("approver", "full_access", "ACME")),
    "people.second_factor": _sql("UPDATE person SET mobile = NULL"),
    "people.factor_off": _sql("INSERT INTO factor_state SELECT id, 'sms', 50, '2026-01-01 00:00:00.000000' "
                              "FROM person WHERE user_id = 'requester'"),
    "people.locked": _sql("UPDATE person SET locked_until = '2999-01-01 00:00:00.000000' WHERE user_id = 'admin'"),
    "people.no_way_in": _sql("UPDATE person SET password_hash = NULL WHERE user_id = 'auditor'"),
    "people.invitation": _invited,
    "people.email": _sql("UPDATE person SET email = 'auditor@localhost' WHERE user_id = 'auditor'"),
    "mail.missing": _config(CONFIG[CONFIG.index("[sms]") :]),
    "mail.password": _loose("mail.password"),
    "mail.authority": _authority("mail", ""),
    "sms.secret": _loose("sms.secret"),
    "sms.authority": _authority("sms", ""),
    "duo.secret": _loose("duo.secret"),
    "duo.authority": _authority("duo", DUO),
}  # fmt: skip
# Proven below, by other means than a change to the clean desk.
ELSEWHERE = {"config.foreign", "store.network", "host.disk", *(check.id for check in POSTGRES.checks)}
AS_ROOT = {"config.owner", "store.owner", "key.owner"}


def test_a_clean_desk_has_nothing(site: Site) -> None:
    assert site.findings(network=False) == []


def test_every_check_is_made_here_and_there_are_enough() -> None:
    names = [check.id for check in CHECKS]
    assert len(names) == len(set(names)) >= 40
    assert set(names) == MADE.keys() | ELSEWHERE


@pytest.mark.parametrize("name", sorted(MADE))
def test_each_misconfiguration_is_named_alone(site: Site, name: str) -> None:
    if name in AS_ROOT and os.geteuid():
        pytest.skip("only root gives files away")
    MADE[name](site)
    try:
        found = site.findings()
    finally:
        while STOPPED:
            process = STOPPED.pop()
            process.kill()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()
    assert {each.id for each in found} == {name}
    assert all(each.what and each.why and each.cure for each in found)


def test_rules_of_another_file_are_named(site: Site) -> None:
    other = _write(site.home / "own.toml", f"code_tries = 1\n{CONFIG}")
    assert site.ids(config=str(other)) == {"config.foreign"}


def test_a_network_file_system_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # The kernel's table says so; nothing here can mount one.
    monkeypatch.setattr("dropcopy_tui.store.location._file_system", lambda _: "nfs4")
    assert site.ids() == {"store.network"}


def test_a_full_disk_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(site.home)._replace(free=1_000_000)
    monkeypatch.setattr("dropcopy_tui.doctor.host.shutil.disk_usage", lambda _: usage)
    assert site.ids() == {"host.disk"}


def test_a_sandbox_needs_no_people(site: Site) -> None:
    site.sql("UPDATE setting SET value = 'yes' WHERE key = 'sandbox'")
    site.sql("DELETE FROM entitlement")
    assert site.ids() == set()


def test_a_store_that_cannot_be_opened_for_a_damaged_page_is_named_wherever_the_page_is(site: Site) -> None:
    whole = site.store.read_bytes()
    with closing(sqlite3.connect(site.store)) as store:
        roots = [row[0] for row in store.execute("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0")]
        [size] = store.execute("PRAGMA page_size").fetchone()
        settings = store.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'setting'").fetchall()
    for root in {*(page for (page,) in settings), *roots[::7]}:
        site.store.write_bytes(
            whole[: (root - 1) * size] + bytes(range(1, 256)) * 16 + b"." * 16 + whole[root * size :]
        )
        assert site.ids() & {"store.damaged", "doctor.unfinished", "store.other"}, f"page {root} is not named"


def test_looking_changes_nothing(site: Site) -> None:
    _damage(site)
    before = site.store.read_bytes()
    assert site.ids()
    assert site.store.read_bytes() == before
    assert sqlite3.connect(site.store).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_server_that_cannot_be_reached_is_named_with_network_only(site: Site) -> None:
    site.config.write_text(CONFIG.replace('security = "none"', 'port = 9\nsecurity = "tls"'))
    assert site.ids() == set()
    assert site.ids(network=True) == {"mail.server"}


def test_one_is_named_and_several_are() -> None:
    assert (named(["alice"]), agree(["alice"], "has", "have")) == ("alice", "has")
    assert (named(["alice", "bob"]), agree(["alice", "bob"], "has", "have")) == ("alice, bob", "have")
