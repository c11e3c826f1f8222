"""Every list as a file: --json, --csv and --out, row by row, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from dropcopy_tui.domain.visible import visible
from tests.cli.conftest import Cli
from tests.stores import as_the_desk

LISTS = (
    ("groups", "list"),
    ("groups", "sources", "US-RATES-RISK"),
    ("groups", "firms", "US-RATES-RISK"),
    ("sessions", "list"),
    ("requests", "list", "--all"),
    ("notices", "list"),
    ("front-ends", "list", "--entity", "ACME"),
    ("outbox", "list"),
    ("keys", "report"),
)


@pytest.mark.parametrize("asked", LISTS, ids=" ".join)
def test_every_list_is_written_as_json_and_csv(operator: Cli, tmp_path: Path, asked: tuple[str, ...]) -> None:
    found = operator.json(*asked)
    assert found
    for ending in ("json", "csv"):
        ran = operator(*asked, "--out", tmp_path / f"list.{ending}")
        assert (ran.code, ran.out) == (0, "")
        assert f"{len(found):,} row" in ran.err
        assert "written to" in ran.err
    assert json.loads((tmp_path / "list.json").read_text()) == found
    header, *rows = csv.reader(io.StringIO((tmp_path / "list.csv").read_text()))
    assert set(header) == set(found[0])
    assert len(rows) == len(found)
    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == 0o600
    printed = operator(*asked, "--csv")
    assert printed.out == (tmp_path / "list.csv").read_text()


HOSTILE = ("=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", 'a,b;"c"', " =x", "\u202eevil", "a|b", "ünïcode ＝1")


def test_requests_are_exported_as_they_are_shown(operator: Cli, sandbox: Path, tmp_path: Path) -> None:
    """What a list is written from leaves out what is only shown: each value is that of the request itself."""
    with sqlite3.connect(sandbox) as store:
        for number, text in enumerate(HOSTILE):
            store.execute(
                "UPDATE request SET subject = ?, reasons = ? WHERE id = (SELECT id FROM request ORDER BY id LIMIT 1 "
                "OFFSET ?)",
                (text, json.dumps([text, "second; reason"] * (number % 2)), number),
            )
    as_the_desk(sandbox)
    every = operator.json("requests", "list", "--all")
    shown = [operator.json("requests", "show", row["id"]) for row in every]
    assert every == [{name: whole[name] for name in row} for row, whole in zip(every, shown, strict=True)]
    assert set(HOSTILE) <= {row["subject"] for row in every}
    assert len({row["status"] for row in every}) >= 3
    assert any(row["waiting_for"] for row in every)
    ran = operator("requests", "list", "--all", "--out", tmp_path / "list.csv")
    assert ran.code == 0
    cells = list(csv.DictReader(io.StringIO((tmp_path / "list.csv").read_text())))
    assert cells == [{name: cell_of(value) for name, value in row.items()} for row in every]


def cell_of(value: object) -> str:
    """A value of JSON as a cell, said again without haste."""
    if isinstance(value, list):
        value = "; ".join(value)
    if not isinstance(value, str):
        return "" if value is None else str(value)
    shown = visible(value)
    return f"'{shown}" if value.lstrip()[:1] in set("=+-@＝＋－＠") - {""} else shown


def test_an_empty_list_is_a_list(operator: Cli) -> None:
    assert operator("groups", "list", "--match", "no such group", "--json").out == "[]\n"
    assert operator("groups", "list", "--match", "no such group", "--csv").out == ""


def test_a_file_is_never_written_over(operator: Cli, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("mine")
    ran = operator("groups", "list", "--out", path)
    assert ran.code == 1
    assert "already exists. Nothing was changed." in ran.err
    assert path.read_text() == "mine"
    assert operator("groups", "list", "--csv", "--json").code == 2


def test_a_long_list_is_a_page_at_a_time(operator: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = operator.json("groups", "sources", "US-RATES-RISK")
    monkeypatch.setattr("dropcopy_tui.cli.listing._PAGE", 7)
    assert operator.json("groups", "sources", "US-RATES-RISK") == whole
    assert operator.json("groups", "sources", "US-RATES-RISK", "--limit", "10") == whole[:10]


def test_an_interrupted_export_leaves_no_file(operator: Cli, sandbox: Path, tmp_path: Path) -> None:
    with sqlite3.connect(sandbox) as store:
        store.execute(
            "INSERT INTO notice (person_id, text, at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 150000) SELECT person.id, 'notice ' || i, '2026-11-23 16:45:00.000000' FROM n, person "
            "WHERE user_id = 'acme-operator'"
        )
    path = tmp_path / "out" / "notices.csv"
    path.parent.mkdir()
    process = subprocess.Popen(
        operator.command("notices", "list", "--out", path),
        env=operator.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not written(process, path.parent) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert err.decode() == f"dropcopy: Interrupted. {path} was not created.\n"
    assert list(path.parent.iterdir()) == []


def written(process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Whether the process has written to a file of the folder that has no name yet."""
    for handle in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            if str(handle.readlink()).startswith(f"{folder}/") and handle.stat().st_size > 0:
                return True
        except OSError:
            continue
    return False
