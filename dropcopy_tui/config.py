"""Settings and paths: the configuration file, the environment, the platform's own folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from dropcopy_tui.domain.errors import ConfigInvalid, DeskError
from dropcopy_tui.domain.filters import parse_filters
from dropcopy_tui.domain.mail import MailServer, Security
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.settings import Settings

APPLICATION = "dropcopy-tui"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things lie."""

    store: Path
    master_key: Path
    config: Path
    incident_log: Path
    downloads: Path


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is known before a store is opened."""

    paths: Paths
    settings: Settings
    mail: MailServer | None = None


def load(
    *,
    store: str | None = None,
    config: str | None = None,
    sandbox: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Paths and settings. `store` wins over DROPCOPY_STORE, which wins over the file, then the default.

    `sandbox` takes the demo's own store where none is named. Raises ConfigInvalid naming the key.
    """
    import platformdirs

    path = Path(config) if config else platformdirs.user_config_path(APPLICATION) / "config.toml"
    table = _table(path, must_exist=config is not None)
    data = platformdirs.user_data_path(APPLICATION)
    named = store or environ.get("DROPCOPY_STORE") or table.pop("store", None)
    table.pop("store", None)
    default = data / "sandbox" / "dropcopy.db" if sandbox else data / "dropcopy.db"
    place = _store_path(str(named)) if named else default
    own_key = table.pop("master_key", None)
    downloads = table.pop("download_folder", None)
    mail = table.pop("mail", None)
    paths = Paths(
        store=place,
        master_key=Path(str(own_key)).expanduser() if own_key and not sandbox else place.with_suffix(".key"),
        config=path,
        incident_log=platformdirs.user_log_path(APPLICATION) / "incidents.log",
        downloads=Path(str(downloads)).expanduser() if downloads else Path.home() / "dropcopy-keys",
    )
    return Config(paths, _settings(table, path), None if mail is None else _mail(mail, path))


def _store_path(named: str) -> Path:
    if "://" in named:
        kind, _, rest = named.partition("://")
        if kind != "sqlite":
            raise ConfigInvalid(f"Stores of kind {kind!r} are not built yet. Name a SQLite file.")
        named = rest[1:] if rest.startswith("/") else rest
    return Path(named).expanduser().absolute()


def _table(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        if must_exist:
            raise ConfigInvalid(f"There is no configuration file {path}.") from None
        return {}
    except OSError as error:
        raise ConfigInvalid(f"{path} cannot be read: {error.strerror}.") from None
    # Most people have no such file, and wait for the first screen.
    import tomllib

    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"The configuration file {path} cannot be read: {error}") from None


def _mail(table: Any, path: Path) -> MailServer:
    """The table [mail]: host and sender, and what differs from the defaults. Raises ConfigInvalid."""
    if not isinstance(table, dict):
        raise ConfigInvalid(f"{path}: mail must be a table: [mail] on a line of its own, then host and sender.")
    unknown = sorted(set(table) - set(_MAIL_READERS))
    if unknown:
        raise ConfigInvalid(f"{path}: unknown setting {unknown[0]!r} in [mail]. Known: {', '.join(_MAIL_READERS)}.")
    missing = [name for name in ("host", "sender") if name not in table]
    if missing:
        raise ConfigInvalid(f"{path}: [mail] has no {' and no '.join(missing)}. Without [mail], email is held.")
    read: dict[str, Any] = {"security": Security.STARTTLS}
    for name, value in table.items():
        try:
            read[name] = _MAIL_READERS[name](value)
        except (DeskError, ValueError, TypeError) as error:
            raise ConfigInvalid(f"{path}: the setting {name!r} in [mail] cannot be used: {error}") from None
    read.setdefault("port", read["security"].usual_port)
    try:
        return MailServer(**read)
    except DeskError as error:
        raise ConfigInvalid(f"{path}: [mail] cannot be used: {error}.") from None


def _settings(table: dict[str, Any], path: Path) -> Settings:
    unknown = sorted(set(table) - set(_READERS))
    if unknown:
        raise ConfigInvalid(f"{path}: unknown setting {unknown[0]!r}. Known: {', '.join(sorted(_READERS))}.")
    changed: dict[str, Any] = {}
    for name, value in table.items():
        try:
            changed[name] = _READERS[name](value)
        except (DeskError, ValueError, TypeError, AttributeError) as error:
            raise ConfigInvalid(f"{path}: the setting {name!r} cannot be used: {error}") from None
    return replace(Settings(), **{_FIELD.get(name, name): value for name, value in changed.items()})


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"it must be a whole number from {low} to {high}")
        return value

    return read


def _minutes(value: Any) -> timedelta:
    return timedelta(minutes=_whole(1, 1_440)(value))


def _hours(value: Any) -> timedelta:
    return timedelta(hours=_whole(1, 720)(value))


def _days_long(low: int) -> Callable[[Any], timedelta]:
    return lambda value: timedelta(days=_whole(low, 3_650)(value))


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 255 or not value.isprintable() or " " in value:
        raise ValueError("it must be text of 1 to 255 printable characters without a space")
    return value


def _address(value: Any) -> str:
    name, at, host = _word(value).partition("@")
    if not (name and at and host) or not value.isascii() or "@" in host:
        raise ValueError("it must be an email address such as desk@firm.example")
    return str(value)


def _file(value: Any) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("it must be the path of a file")
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError("it must be a path from the root or from ~")
    return path


def _security(value: Any) -> Security:
    if value not in tuple(Security):
        raise ValueError(f"it must be one of {', '.join(Security)}")
    return Security(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 60 or not value.isprintable():
        raise ValueError("it must be text of 1 to 60 printable characters")
    return value.strip()


def _days(value: Any) -> frozenset[date]:
    if not isinstance(value, list) or not all(type(day) is date for day in value):
        raise ValueError("it must be a list of dates such as [2026-12-24]")
    return frozenset(value)


def _zone(value: Any) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise ValueError("it must be a time zone such as America/Chicago") from None


def _times(value: Any) -> dict[str, time]:
    if not isinstance(value, dict) or not all(isinstance(close, time) for close in value.values()):
        raise ValueError("it must be a table such as { brokertec_us = 17:30:00 }")
    return {market_named(name).code: close for name, close in value.items()}


def _environment(value: Any) -> str:
    if value not in ("PRODUCTION", "NEWRELEASE", "CERT"):
        raise ValueError("it must be PRODUCTION, NEWRELEASE or CERT")
    return str(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "fee": _text,
    "group_name_length": _whole(1, 30),
    "mandatory_filters": parse_filters,
    "code_life_minutes": _minutes,
    "code_tries": _whole(1, 3),
    "codes_a_day": _whole(1, 100),
    "sign_in_tries": _whole(1, 20),
    "lock_minutes": _minutes,
    "invitation_hours": _hours,
    "closes": _times,
    "batches": _times,
    "batch_zone": _zone,
    "closed_days": _days,
    "open_days": _days,
    "challenge_life_days": _days_long(2),
    "notice_life_days": _days_long(1),
    "environment": _environment,
}
_MAIL_READERS: dict[str, Callable[[Any], Any]] = {
    "host": _word,
    "port": _whole(1, 65_535),
    "security": _security,
    "user": _word,
    "password_file": _file,
    "ca_file": _file,
    "sender": _address,
}
_FIELD = {
    "code_life_minutes": "code_life",
    "lock_minutes": "lock_time",
    "invitation_hours": "invitation_life",
    "challenge_life_days": "challenge_life",
    "notice_life_days": "notice_life",
}
assert {_FIELD.get(name, name) for name in _READERS} == {field.name for field in fields(Settings)}
