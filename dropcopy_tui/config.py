"""Settings and paths: the configuration file, the environment, the platform's own folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, time, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dropcopy_tui.domain.errors import ConfigInvalid, DeskError
from dropcopy_tui.domain.filters import parse_filters
from dropcopy_tui.domain.mail import MailServer, Security
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.settings import Settings

if TYPE_CHECKING:
    # Known to few: the first screen does not wait for it.
    from dropcopy_tui.domain.providers import DuoService, SmsProvider

Made = TypeVar("Made")
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
    sms: SmsProvider | None = None
    duo: DuoService | None = None


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
    mail, sms, duo = (table.pop(name, None) for name in ("mail", "sms", "duo"))
    paths = Paths(
        store=place,
        master_key=Path(str(own_key)).expanduser() if own_key and not sandbox else place.with_suffix(".key"),
        config=path,
        incident_log=platformdirs.user_log_path(APPLICATION) / "incidents.log",
        downloads=Path(str(downloads)).expanduser() if downloads else Path.home() / "dropcopy-keys",
    )
    return Config(
        paths,
        _settings(table, path),
        None if mail is None else _mail(mail, path),
        None if sms is None else _sms(sms, path),
        None if duo is None else _duo(duo, path),
    )


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
    read = _read_table("mail", table, _MAIL_READERS, ("host", "sender"), path, "Without [mail], email is held.")
    read.setdefault("security", Security.STARTTLS)
    read.setdefault("port", read["security"].usual_port)
    return _made("mail", path, MailServer, read)


def _sms(table: Any, path: Path) -> SmsProvider:
    """The table [sms]: a preset's settings, or url and body and what else is needed. Raises ConfigInvalid."""
    from dropcopy_tui.domain.providers import SmsProvider, twilio

    without = "Without [sms], codes by SMS cannot be used."
    if isinstance(table, dict) and table.get("provider") == "twilio":
        needed = ("account", "secret_file", "sender")
        read = _read_table("sms", table, _TWILIO_READERS, needed, path, without)
        del read["provider"]
        own: dict[str, Any] = {name: read.pop(name) for name in ("ca_file", "timeout") if name in read}
        made = _made("sms", path, twilio, read)
        return _made("sms", path, partial(replace, made), own)
    read = _read_table("sms", table, _SMS_READERS, ("url", "body"), path, without)
    return _made("sms", path, SmsProvider, read)


def _duo(table: Any, path: Path) -> DuoService:
    """The table [duo]: host, integration_key and secret_file. Raises ConfigInvalid."""
    from dropcopy_tui.domain.providers import DuoService

    needed = ("host", "integration_key", "secret_file")
    read = _read_table("duo", table, _DUO_READERS, needed, path, "Without [duo], Duo cannot be used.")
    return _made("duo", path, DuoService, read)


def _read_table(
    name: str, table: Any, readers: Mapping[str, Callable[[Any], Any]], needed: Sequence[str], path: Path, without: str
) -> dict[str, Any]:
    """The values of a table. Raises ConfigInvalid naming the setting that cannot be used, or what is missing."""
    if not isinstance(table, dict):
        listed = f"{', '.join(needed[:-1])} and {needed[-1]}"
        raise ConfigInvalid(f"{path}: {name} must be a table: [{name}] on a line of its own, then {listed}.")
    unknown = sorted(set(table) - set(readers))
    if unknown:
        raise ConfigInvalid(f"{path}: unknown setting {unknown[0]!r} in [{name}]. Known: {', '.join(readers)}.")
    missing = [each for each in needed if each not in table]
    if missing:
        raise ConfigInvalid(f"{path}: [{name}] has no {' and no '.join(missing)}. {without}")
    read: dict[str, Any] = {}
    for each, value in table.items():
        try:
            read[each] = readers[each](value)
        except (DeskError, ValueError, TypeError) as error:
            raise ConfigInvalid(f"{path}: the setting {each!r} in [{name}] cannot be used: {error}") from None
    return read


def _made(name: str, path: Path, make: Callable[..., Made], read: dict[str, Any]) -> Made:
    try:
        return make(**read)
    except (DeskError, ValueError) as error:
        raise ConfigInvalid(f"{path}: [{name}] cannot be used: {error}.") from None


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


def _notice_days(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > 10:
        raise ValueError("it must be a list of at most ten numbers such as [28, 14, 7, 1]")
    return tuple(sorted({_whole(1, 60)(day) for day in value}, reverse=True))


def _environment(value: Any) -> str:
    if value not in ("PRODUCTION", "NEWRELEASE", "CERT"):
        raise ValueError("it must be PRODUCTION, NEWRELEASE or CERT")
    return str(value)


def _one_of(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(f"it must be {' or '.join(known)}")
        return str(value)

    return read


def _body_kind(value: Any) -> Any:
    from dropcopy_tui.domain.providers import BodyKind

    return BodyKind(_one_of(*BodyKind)(value))


def _templates(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) and len(text) < 1_000 for text in value.values()):
        raise ValueError("it must be a table of texts such as { to = '{to}', text = '{text}' }")
    return value


def _statuses(value: Any) -> tuple[int, ...]:
    read = _whole(200, 299)
    if not isinstance(value, list) or not value:
        raise ValueError("it must be a list of HTTP status codes such as [200, 201]")
    return tuple(read(status) for status in value)


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")
    return value


def _host(value: Any) -> str:
    name = _word(value)
    if not all(letter.isascii() and (letter.isalnum() or letter in ".-") for letter in name):
        raise ValueError("it must be a host name such as api-0000.duosecurity.com, without https:// and port")
    return name


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
    "expiry_notice_days": _notice_days,
    "ease_contact": _text,
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
_TWILIO_READERS: dict[str, Callable[[Any], Any]] = {
    "provider": _one_of("twilio"),
    "account": _word,
    "secret_file": _file,
    "sender": _text,
    "url": _word,
    "ca_file": _file,
    "timeout": _whole(1, 20),
}
_SMS_READERS: dict[str, Callable[[Any], Any]] = {
    "url": _word,
    "body": _templates,
    "kind": _body_kind,
    "method": _one_of("POST", "PUT"),
    "headers": _templates,
    "user": _word,
    "secret_file": _file,
    "sender": _text,
    "statuses": _statuses,
    "receipt": _word,
    "digits_only": _yes_no,
    "ca_file": _file,
    "timeout": _whole(1, 20),
}
_DUO_READERS: dict[str, Callable[[Any], Any]] = {
    "host": _host,
    "integration_key": _word,
    "secret_file": _file,
    "port": _whole(1, 65_535),
    "ca_file": _file,
    "timeout": _whole(1, 20),
}
_FIELD = {
    "code_life_minutes": "code_life",
    "lock_minutes": "lock_time",
    "invitation_hours": "invitation_life",
    "challenge_life_days": "challenge_life",
    "notice_life_days": "notice_life",
}
assert {_FIELD.get(name, name) for name in _READERS} == {field.name for field in fields(Settings)}
