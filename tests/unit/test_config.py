"""The configuration file: what a setting may be, one clear line for what cannot be used, who waits for pydantic."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from dropcopy_tui.config import Config, load
from dropcopy_tui.config.tables import SETTINGS_BY_KEY, SettingsTable
from dropcopy_tui.domain.errors import ConfigInvalid
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.settings import Settings


def configured(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load(config=str(path), environ={})


def refusal(tmp_path: Path, text: str) -> str:
    """The one line that says what cannot be used, without the path of the file before it."""
    with pytest.raises(ConfigInvalid) as caught:
        configured(tmp_path, text)
    place, _, problem = caught.value.message.partition(": ")
    assert place == str(tmp_path / "config.toml")
    assert "\n" not in problem
    return problem


def test_every_setting_has_a_key() -> None:
    assert {SETTINGS_BY_KEY.get(key, key) for key in SettingsTable.model_fields} == {
        field.name for field in fields(Settings)
    }


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert configured(tmp_path, "").settings == Settings()
    assert configured(tmp_path, 'store = "/tmp/x.db"\n').settings == Settings()


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ('fee = " USD 100 "', "fee", "USD 100"),
        ("group_name_length = 12", "group_name_length", 12),
        ('mandatory_filters = ["heartbeat"]', "mandatory_filters", frozenset({Filter("heartbeat")})),
        ("code_life_minutes = 7", "code_life", timedelta(minutes=7)),
        ("code_tries = 2", "code_tries", 2),
        ("codes_a_day = 20", "codes_a_day", 20),
        ("sign_in_tries = 4", "sign_in_tries", 4),
        ("sign_in_tries = 10", "sign_in_tries", 10),
        ("lock_minutes = 60", "lock_time", timedelta(hours=1)),
        ("invitation_hours = 24", "invitation_life", timedelta(days=1)),
        ("closes = { brokertec_us = 16:00:00 }", "closes", {"brokertec_us": time(16)}),
        ("batches = { brokertec_us = 16:00:00 }", "batches", {"brokertec_us": time(16)}),
        ('batch_zone = "Europe/London"', "batch_zone", "Europe/London"),
        ("closed_days = [2026-12-24]", "closed_days", frozenset({date(2026, 12, 24)})),
        ("open_days = [2026-12-24]", "open_days", frozenset({date(2026, 12, 24)})),
        ("challenge_life_days = 9", "challenge_life", timedelta(days=9)),
        ("notice_life_days = 9", "notice_life", timedelta(days=9)),
        ("expiry_notice_days = [1, 28, 1]", "expiry_notice_days", (28, 1)),
        ('ease_contact = "+1 202 555 0134"', "ease_contact", "+1 202 555 0134"),
        ('environment = "CERT"', "environment", "CERT"),
    ],
)
def test_a_setting_changes_itself_only(tmp_path: Path, line: str, name: str, value: object) -> None:
    found, usual = configured(tmp_path, line).settings, Settings()
    assert getattr(found, name) == value
    others = [field.name for field in fields(Settings) if field.name != name]
    assert [getattr(found, other) for other in others] == [getattr(usual, other) for other in others]


@pytest.mark.parametrize(
    ("line", "key", "wanted"),
    [
        ("fee = 100", "fee", "it must be text of 1 to 60 printable characters"),
        ('fee = "a\\u0007"', "fee", "it must be text of 1 to 60 printable characters"),
        ("group_name_length = 31", "group_name_length", "it must be a whole number from 1 to 30"),
        ("group_name_length = 1.0", "group_name_length", "it must be a whole number from 1 to 30"),
        ("code_tries = true", "code_tries", "it must be a whole number from 1 to 3"),
        ("sign_in_tries = 11", "sign_in_tries", "it must be a whole number from 1 to 10"),
        ("lock_minutes = 14", "lock_minutes", "it must be a whole number from 15 to 1440"),
        ("codes_a_day = 21", "codes_a_day", "it must be a whole number from 1 to 20"),
        ('code_life_minutes = "5"', "code_life_minutes", "it must be a whole number from 1 to 1440"),
        ('mandatory_filters = "heartbeat"', "mandatory_filters", "it must be a list of filters: heartbeat, "),
        ('mandatory_filters = ["heartbeet"]', "mandatory_filters", "Unknown filter 'heartbeet'. Use: heartbeat, "),
        ("closed_days = [2026-12-24T10:00:00]", "closed_days", "it must be a list of dates such as [2026-12-24]"),
        ("batches = { nowhere = 10:00:00 }", "batches", "nowhere"),
        ('batch_zone = "Mars/Olympus"', "batch_zone", "it must be a time zone such as America/Chicago"),
        (f'batch_zone = "{"x" * 300}"', "batch_zone", "it must be a time zone such as America/Chicago"),
        ("expiry_notice_days = [61]", "expiry_notice_days", "numbers from 1 to 60"),
        ('environment = ""', "environment", "it must be PRODUCTION, NEWRELEASE or CERT"),
    ],
)
def test_a_value_that_cannot_be_used(tmp_path: Path, line: str, key: str, wanted: str) -> None:
    problem = refusal(tmp_path, line)
    assert problem.startswith(f"the setting {key!r} is not valid: ")
    assert wanted in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("codes_per_day = 5\n", "unknown setting 'codes_per_day'. Did you mean 'codes_a_day'? Known: "),
        ('stroe = "/tmp/x.db"\n', "unknown setting 'stroe'. Did you mean 'store'? Known: "),
        ("[mial]\nhost = 'x'\n", "unknown setting 'mial'. Did you mean 'mail'? Known: "),
        (
            "[mail]\nhost = 'x'\npasword_file = '/x'\n",
            "unknown setting 'pasword_file' in [mail]. Did you mean 'password_file'? Known: host, port, ",
        ),
        ("zzzz = 1\n", "unknown setting 'zzzz'. Known: "),
    ],
)
def test_an_unknown_key_is_told_its_nearest_name(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


def test_a_value_is_never_repeated(tmp_path: Path) -> None:
    for line in ("host = 'pony pony'", "port = 'pony'", "user = ['pony']", "security = 'pony'", "ca_file = 'pony'"):
        key = line.partition(" ")[0]
        least = "".join(f"{name} = 'a@b'\n" for name in ("host", "sender") if name != key)
        assert "pony" not in refusal(tmp_path, f"[mail]\n{least}{line}\n")


_PROGRAM = """
import sys
from dropcopy_tui.config import load
load(config=sys.argv[1] or None, environ={"HOME": sys.argv[2]})
print("pydantic" in sys.modules)
"""


def loads_pydantic(tmp_path: Path, file: Path | str) -> bool:
    program = [sys.executable, "-c", _PROGRAM, str(file), str(tmp_path)]
    environ = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(program, env=environ, capture_output=True, text=True, check=True)
    return done.stdout.strip() == "True"


def test_only_a_file_that_sets_something_waits_for_pydantic(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    assert not loads_pydantic(tmp_path, "")
    file.write_text('store = "/tmp/x.db"\n')
    assert not loads_pydantic(tmp_path, file)
    file.write_text("code_tries = 2\n")
    assert loads_pydantic(tmp_path, file)
