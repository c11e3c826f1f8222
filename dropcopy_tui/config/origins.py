"""Every setting with its value and where it comes from: an option, the environment, a line of the file, the default."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import platformdirs

from dropcopy_tui.config import APPLICATION, Config, load
from dropcopy_tui.config.tables import SETTINGS_BY_KEY, SettingsTable
from dropcopy_tui.config.trust import read_own
from dropcopy_tui.domain.settings import Settings

_TABLE = re.compile(r"\s*\[([A-Za-z_]+)\]")
_KEY = re.compile(r"\s*\"?([A-Za-z_.]+)\"?\s*=")
DEFAULT = "default"
_OF_STORE = "the store"


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting: `table.name` in a table; `line` is its line in the file, 0 where it comes from elsewhere."""

    name: str
    value: str
    origin: str
    line: int = 0


def explain(
    *, store: str | None = None, config: str | None = None, environ: Mapping[str, str] = os.environ
) -> list[Origin]:
    """Paths first, then the settings of the store, then the tables. Raises ConfigInvalid."""
    found = load(store=store, config=config, environ=environ)
    lines = _lines(found.paths.config)
    where = str(found.paths.config)
    return [
        *_paths(found, lines, store, config, environ),
        *_settings(found.settings, lines, where),
        *_tables(found, lines, where),
    ]


def _lines(path: Path) -> dict[str, int]:
    """The line of each key, with its table before it."""
    try:
        text = read_own(path).decode()
    except OSError:
        return {}
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if begun := _TABLE.match(line):
            table = f"{begun[1]}."
        elif key := _KEY.match(line):
            found.setdefault(f"{table}{key[1]}", number)
    return found


def _paths(
    found: Config, lines: dict[str, int], store: str | None, config: str | None, environ: Mapping[str, str]
) -> Iterator[Origin]:
    paths = found.paths
    file = str(paths.config)
    yield Origin("config", file, "option --config" if config else DEFAULT)
    if store:
        yield Origin("store", str(paths.store), "option --store")
    elif environ.get("DROPCOPY_STORE"):
        yield Origin("store", str(paths.store), "environment DROPCOPY_STORE")
    else:
        yield _of_file("store", str(paths.store), lines, file)
    if "store_password_file" in lines:
        place = getattr(paths.store, "password_file", None)
        yield _of_file("store_password_file", str(place or ""), lines, file)
    yield _of_file("master_key", str(paths.master_key), lines, file)
    yield _of_file("download_folder", str(paths.downloads), lines, file)
    looks = found.looks
    for name, value in (("theme", looks.theme), ("glyphs", looks.glyphs), ("mouse", looks.mouse)):
        yield _of_file(name, _words(value), lines, file)
    for name, keys in looks.keys.items():
        yield Origin(f"keys.{name}", keys, file, lines.get(f"keys.{name}", 0))
    usual = platformdirs.user_log_path(APPLICATION) / "incidents.log"
    yield Origin("incident_log", str(usual), DEFAULT)


def _settings(settings: Settings, lines: dict[str, int], file: str) -> Iterator[Origin]:
    names = {key: SETTINGS_BY_KEY.get(key, key) for key in SettingsTable.model_fields}
    known = {each.name for each in fields(Settings)}
    for key, name in names.items():
        if name not in known:
            continue
        value = getattr(settings, name)
        if key == "environment" and value is None:
            yield Origin(key, "", _OF_STORE)
            continue
        yield _of_file(key, _words(value, key), lines, file)


def _tables(found: Config, lines: dict[str, int], file: str) -> Iterator[Origin]:
    for name, table in (("mail", found.mail), ("sms", found.sms), ("duo", found.duo)):
        if table is None:
            yield Origin(name, "not set", DEFAULT)
            continue
        for each in fields(table):
            value = getattr(table, each.name)
            # A header may carry a key of the provider's.
            words = ", ".join(value) if each.name == "headers" else _words(value)
            yield _of_file(f"{name}.{each.name}", words, lines, file)


def _of_file(name: str, value: str, lines: dict[str, int], file: str) -> Origin:
    line = lines.get(name, 0)
    return Origin(name, value, file if line else DEFAULT, line)


def _words(value: Any, key: str = "") -> str:
    """A value as the file would have it."""
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return str(int(value / timedelta(**{key.rpartition("_")[2]: 1})))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_words(each)}" for name, each in value.items())
    if isinstance(value, (frozenset, tuple)):
        return ", ".join(map(_words, sorted(value)))
    return str(value)
