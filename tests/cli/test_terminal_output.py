"""Every verb that prints stored text: no control character of it reaches a terminal, found by the tree of commands."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import click
import pytest

from dropcopy_tui.cli import main
from dropcopy_tui.domain.visible import HIDING
from tests.cli.conftest import Cli
from tests.cli.test_mistyped import COMMANDS
from tests.screens.hostile import ODD, OPERATOR, spoil
from tests.stores import as_the_desk

# What a verb needs to show something; `{...}` is a value of the hostile store.
_READS: dict[str, tuple[str, ...]] = {
    "status": (),
    "groups list": (),
    "groups show": ("{group}",),
    "groups firms": ("{group}",),
    "groups sources": ("{group}",),
    "drafts list": (),
    "drafts show": ("{draft}",),
    "sendercomps list": ("--entity", "{entity}"),
    "sessions list": (),
    "sessions show": ("{session}",),
    "keys list": (),
    "keys report": (),
    "requests list": (),
    "requests show": ("{request}",),
    "requests sources": ("{request}",),
    "seats list": ("--everyone",),
    "ssh keys list": (),
    "people list": (),
    "people show": ("{person}",),
    "front-ends list": ("--entity", "{entity}"),
    "ease find": (),
    "ease show": ("{person}",),
    "ease resets": (),
    "outbox list": (),
    "notices list": (),
    "who-gets": ("{source}",),
    "audit list": (),
}
# These refuse the hostile values, or say what they did with them.
_CHANGES: dict[str, tuple[str, ...]] = {
    "groups clone": ("{group}", "--name", "COPY"),
    "groups create": ("--market", "brokertec_us", "--name", ODD, "--front-end", ODD, "--filter", "heartbeat"),
    "groups delete": ("{group}", "--yes"),
    "groups edit": ("{group}", "--name", ODD),
    "drafts discard": ("{draft}",),
    "drafts submit": ("{draft}",),
    "sessions retire": ("{session}", "--yes"),
    "keys delete": ("{session}", "--all", "--yes"),
    "keys download": ("{session}", "--challenge", ODD, "--code", "123456", "--out", "/nowhere/x"),
    "keys generate": ("{session}", "--challenge", ODD, "--code", "123456", "--yes"),
    "keys challenge": ("--factor", "sms"),
    "authenticator show": (),
    "authenticator challenge": ("--factor", "sms"),
    "authenticator confirm": ("--code", "123456"),
    "authenticator enrol": ("--challenge", ODD, "--code", "123456"),
    "authenticator remove": ("--challenge", ODD, "--code", "123456"),
    "authenticator recovery-codes": ("--challenge", ODD, "--code", "123456"),
    "seats end": ("1", "--reason", ODD, "--yes"),
    "requests again": ("{request}",),
    "requests approve": ("{request}",),
    "requests cancel": ("{request}",),
    "requests deny": ("{request}", "--reason", ODD),
    "process": (),
    "tick": (),
    "people challenge": ("{person}", "--factor", "sms", "--role", "auditor"),
    "people disable": ("{person}",),
    "people enable": ("{person}",),
    "people entitle": ("{person}", "auditor"),
    "people invite": ("new-person", "--name", ODD, "--email", "x@firm.example", "--role", "auditor"),
    "people invite-again": ("{person}",),
    "people remove": ("{person}", "auditor"),
    "people unlock": ("{person}",),
    "front-ends map": ("{front_end}", "--entity", "{entity}"),
    "front-ends unmap": ("{front_end}", "--entity", "{entity}"),
    "ease confirm": ("1",),
    "ease issue": ("{person}", "--verified", "callback", "--verified", "email"),
    "ease reset": ("{person}",),
    "ease unlock": ("{person}",),
    "outbox retry": ("1",),
    "outbox send": (),
    "notices read": ("1",),
    "audit verify": (),
    "import": ("entities", "{csv}"),
    "route": ("{csv}",),
    "logon verify": ("--message", "{csv}"),
    "logon sign": ("--key-file", "{csv}", "--message", "{csv}"),
}
# These show nothing that is stored as text: paths, fixed text, files, fingerprints, or a listening port.
_NOTHING = {
    "demo", "init", "paths", "backup", "restore", "rekey", "store check", "doctor", "config show",
    "config validate", "password", "completion", "logon listen", "people accept", "get", "put", "ssh config",
    "ssh doctor", "ssh authorized-keys", "ssh gate", "ssh seat", "ssh forker", "ssh keys challenge", "ssh keys add",
    "ssh keys revoke", "copy-store",
    "walkthrough list", "walkthrough play", "walkthrough step", "walkthrough practice",
    "walkthrough export",
}  # fmt: skip


class Terminal(TextIOWrapper):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


Run = Callable[..., tuple[int, str]]


def test_every_verb_has_its_line() -> None:
    leaves = {" ".join(words) for words, command in COMMANDS.items() if not isinstance(command, click.Group)}
    assert leaves == _READS.keys() | _CHANGES.keys() | _NOTHING


@pytest.fixture(scope="session")
def spoilt(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sandbox full of control characters, in which one person may do everything."""
    store = tmp_path_factory.mktemp("spoilt") / "spoilt.db"
    for ending in (".db", ".key"):
        shutil.copy2(sample_store.with_suffix(ending), store.with_suffix(ending))
    spoil(store)
    with sqlite3.connect(store) as connection:
        who = "(SELECT id FROM person WHERE user_id = ?)"
        for role in ("operations", "auditor", "ease_agent", "gam"):
            connection.execute(f"INSERT INTO entitlement (person_id, role) VALUES ({who}, ?)", (OPERATOR, role))
        for role in ("user_administrator", "read_only", "administrative_manager"):
            connection.execute(
                f"INSERT OR IGNORE INTO entitlement (person_id, role, entity_id) SELECT {who}, ?, id FROM entity",
                (OPERATOR, role),
            )
        connection.execute("UPDATE audit_event SET subject = ?", (ODD,))
        connection.execute(
            "INSERT INTO ssh_key (person_id, fingerprint, kind, blob, label, added_by, added_at) "
            "SELECT id, 'SHA256:x', 'ssh-ed25519', 'AAAA', ?, id, '2026-03-04 15:00:00.000000' "
            "FROM person WHERE user_id = ?",
            (ODD, OPERATOR),
        )
        connection.execute(
            "INSERT INTO seat (person_id, way, host, account, tty, address, machine, pid, started, opened_at, seen_at, "
            "acted_at, tries) SELECT id, 'account', ?1, ?1, ?1, ?1, '', 1, 1, '2026-03-04 15:00:00.000000', "
            "'2026-03-04 15:00:00.000000', '2026-03-04 15:00:00.000000', 0 FROM person WHERE user_id = ?2",
            (ODD, OPERATOR),
        )
        # Handles that the verbs below find things by; the names beside them stay hostile.
        connection.execute("UPDATE entity SET code = 'E' || id")
        connection.execute("UPDATE person SET user_id = 'person-2' WHERE id = 2")
        connection.execute(
            "UPDATE sender_comp SET gfid = ?1, sender_comp_id = session_id || ?1 || fti WHERE gfid = 'ACE02'",
            (ODD.replace("\x00", ""),),
        )
        firm = "(SELECT gfid FROM sender_comp WHERE id = sender_comp_pk)"
        connection.execute(f"UPDATE group_source SET gfid = {firm}")
        connection.execute("DELETE FROM group_count WHERE kind = 'gfid'")
        counted = "SELECT group_id, 'gfid', gfid, count(*) FROM group_source GROUP BY group_id, gfid"
        connection.execute(f"INSERT INTO group_count (group_id, kind, part, members) {counted}")
        connection.execute(
            "INSERT INTO factor_reset (person_id, factor, asked_by, asked_at, expires_at) "
            "SELECT 2, 'totp', 3, '2026-01-01 00:00:00.000000', '2999-01-01 00:00:00.000000'"
        )
    connection.close()
    as_the_desk(store)
    return store


@pytest.fixture
def run(cli: Cli, spoilt: Path, tmp_path: Path) -> Iterator[Run]:
    store = tmp_path / "spoilt.db"
    for ending in (".db", ".key"):
        shutil.copy2(spoilt.with_suffix(ending), store.with_suffix(ending))
    values = _values(store)
    file = tmp_path / "hostile.csv"
    file.write_text(f"entity,name,clearing_firm\nX{ODD},{ODD},no\n8=FIX.4.2|35=A|49={ODD}|10=1|\n")
    values["csv"] = str(file)

    def call(verb: str, args: tuple[str, ...]) -> tuple[int, str]:
        given = [values.get(arg[1:-1], arg) if arg[:1] == "{" else arg for arg in args]
        streams = sys.stdin, sys.stdout, sys.stderr
        raw = BytesIO()
        sys.stdin = TextIOWrapper(BytesIO())
        sys.stdout = sys.stderr = Terminal(raw, encoding="utf-8", write_through=True)
        try:
            code = main(["--store", str(store), "--as", OPERATOR, "--no-input", *verb.split(), *given])
            return code, raw.getvalue().decode()
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams

    return call


def _values(store: Path) -> dict[str, str]:
    queries = {
        "group": "SELECT g.id FROM drop_copy_group g JOIN group_source ON group_id = g.id JOIN sender_comp c "
        "ON c.id = sender_comp_pk WHERE deleted_at IS NULL AND g.entity_id = 1 AND instr(c.gfid, char(27))",
        "draft": "SELECT id FROM draft WHERE submitted_at IS NULL",
        "entity": "SELECT code FROM entity WHERE id = 1",
        "session": "SELECT session_id FROM session WHERE session_id LIKE char(27) || '%' ORDER BY group_id IS NULL",
        "request": "SELECT reference FROM request WHERE entity_id = 1 ORDER BY id",
        "person": "SELECT user_id FROM person WHERE id = 2",
        "source": "SELECT sender_comp_id FROM sender_comp WHERE gfid = 'ACM02' AND id IN "
        "(SELECT sender_comp_pk FROM group_source)",
        "front_end": "SELECT name FROM front_end WHERE id = 1",
    }
    with sqlite3.connect(store) as connection:
        found = {name: connection.execute(f"{query} LIMIT 1").fetchone() for name, query in queries.items()}
    connection.close()
    return {name: str(row[0]) if row else "1" for name, row in found.items()}


def controls(shown: str) -> list[str]:
    return HIDING.findall(shown.replace("\n", ""))


@pytest.mark.parametrize("verb", [*_READS, *_CHANGES])
def test_no_control_character_reaches_the_terminal(verb: str, run: Run) -> None:
    code, shown = run(verb, _READS.get(verb) or _CHANGES.get(verb, ()))
    assert shown.strip()
    assert "incident" not in shown
    assert not controls(shown), (verb, code, shown[:400])
    if verb in _READS:
        assert code == 0, shown


@pytest.mark.parametrize("verb", _READS)
def test_it_would_without_the_guard(verb: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is hostile where the verb reads: whoever takes the guard out sees the test above fail."""
    for place in ("cli.output", "csv_cells"):
        monkeypatch.setattr(f"dropcopy_tui.{place}.visible", str)
    assert controls(run(verb, _READS[verb])[1])
