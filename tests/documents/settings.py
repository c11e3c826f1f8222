"""The settings of the configuration file, from the models that read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from dropcopy_tui.config.tables import SETTINGS_BY_KEY, DuoTable, MailTable, SettingsTable, SmsTable, Table, TwilioTable
from dropcopy_tui.config.values import Length
from dropcopy_tui.domain.mail import MailServer
from dropcopy_tui.domain.providers import DuoService, SmsProvider
from dropcopy_tui.domain.settings import Settings
from tests.documents.regions import table

# The tables by the words of a region, each with the class whose defaults hold where a file says nothing.
TABLES: Mapping[str, tuple[type[Table], type[Any]]] = {
    "settings": (SettingsTable, Settings),
    "mail": (MailTable, MailServer),
    "twilio": (TwilioTable, SmsProvider),
    "sms": (SmsTable, SmsProvider),
    "duo": (DuoTable, DuoService),
}


def settings_region(name: str, *keys: str) -> str:
    """The settings of a table, those that are named or all of them. Raises KeyError for an unknown one."""
    model, target = TABLES[name]
    chosen = keys or tuple(model.model_fields)
    return table(
        ("setting", "default", "value", "meaning"), [_row(key, model.model_fields[key], target) for key in chosen]
    )


def _row(key: str, field: FieldInfo, target: type[Any]) -> tuple[str, str, str, str]:
    assert field.title, f"{key} has no meaning: add one in dropcopy_tui/config/tables.py"
    return f"`{key}`", _default(key, field, target), _value(field), field.title


def _value(field: FieldInfo) -> str:
    """What a value must be."""
    lengths = [each.func.says for each in field.metadata if isinstance(getattr(each, "func", None), Length)]
    said = field.description or next(iter(lengths))
    return said.removeprefix("one of ")


def _default(key: str, field: FieldInfo, target: type[Any]) -> str:
    if field.is_required():
        return "required"
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    if extra["unset"]:
        return str(extra["unset"])
    name = SETTINGS_BY_KEY.get(key, key)
    found = next(each for each in fields(target) if each.name == name)
    value = found.default if found.default is not MISSING else found.default_factory()  # type: ignore[misc]
    return "none" if value in (None, "", Path()) else f"`{toml(value, key)}`"


def toml(value: Any, key: str = "") -> str:
    """A value as the file would have it; a length of time in the unit at the end of its key."""
    if isinstance(value, timedelta):
        return str(int(value / timedelta(**{key.rpartition("_")[2]: 1})))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Enum | str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        pairs = [f"{name} = {toml(each)}" for name, each in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, Iterable):
        members = sorted(value) if isinstance(value, frozenset) else value
        return f"[{', '.join(map(toml, members))}]"
    return str(value)
