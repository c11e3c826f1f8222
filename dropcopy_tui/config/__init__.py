"""Settings and paths: the configuration file, the environment, the platform's own folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropcopy_tui.config.looks import Looks, take_looks
from dropcopy_tui.config.trust import PERSONAL, foreign_words, is_of_the_site, read_own
from dropcopy_tui.domain.errors import ConfigInvalid
from dropcopy_tui.domain.mail import MailServer
from dropcopy_tui.domain.places import Place, beside, is_server, server_place
from dropcopy_tui.domain.settings import Settings

if TYPE_CHECKING:
    # Known to few: the first screen does not wait for it.
    from dropcopy_tui.domain.providers import DuoService, SmsProvider

APPLICATION = "dropcopy-tui"


@dataclass(frozen=True, slots=True)
class Paths:
    """File locations; the store may be on a server. `choices` keeps what a person has chosen on the screen."""

    store: Place
    master_key: Path
    config: Path
    incident_log: Path
    downloads: Path
    choices: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is known before a store is opened.

    `foreign` says which rule of the store a file sets that is not the site's own; "" if it sets none.
    """

    paths: Paths
    settings: Settings
    mail: MailServer | None = None
    sms: SmsProvider | None = None
    duo: DuoService | None = None
    foreign: str = ""
    looks: Looks = field(default_factory=Looks)

    def require_own_rules(self, *, sandbox: bool) -> None:
        """Refuse rules that a person brought for a store that others use. Raises ConfigInvalid."""
        if self.foreign and not sandbox:
            raise ConfigInvalid(self.foreign)


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

    usual = platformdirs.user_config_path(APPLICATION) / "config.toml"
    path = Path(config) if config else usual
    table = _table(path, must_exist=config is not None)
    data = platformdirs.user_data_path(APPLICATION)
    named = store or environ.get("DROPCOPY_STORE") or table.pop("store", None)
    table.pop("store", None)
    default = data / "sandbox" / "dropcopy.db" if sandbox else data / "dropcopy.db"
    password = table.pop("store_password_file", None)
    place = _place(str(named), data, Path(str(password)).expanduser() if password else None) if named else default
    local = beside(place)
    rules = [key for key in table if key not in PERSONAL]
    foreign = "" if not rules or is_of_the_site(path, usual, local) else foreign_words(path, rules, usual, local)
    looks = take_looks(table, path)
    own_key = table.pop("master_key", None)
    downloads = table.pop("download_folder", None)
    mail, sms, duo = (table.pop(name, None) for name in ("mail", "sms", "duo"))
    paths = Paths(
        store=place,
        master_key=Path(str(own_key)).expanduser() if own_key and not sandbox else local.with_suffix(".key"),
        config=path,
        incident_log=platformdirs.user_log_path(APPLICATION) / "incidents.log",
        downloads=Path(str(downloads)).expanduser() if downloads else Path.home() / "dropcopy-keys",
        choices=platformdirs.user_state_path(APPLICATION) / "choices.json",
    )
    if not table and (mail, sms, duo) == (None, None, None):
        return Config(paths, Settings(), looks=looks)
    # Pydantic takes longer to import than the first screen to paint: only a file that sets something pays for it.
    from dropcopy_tui.config.tables import duo_of, mail_of, settings_of, sms_of

    return Config(
        paths,
        settings_of(table, path) if table else Settings(),
        None if mail is None else mail_of(mail, path),
        None if sms is None else sms_of(sms, path),
        None if duo is None else duo_of(duo, path),
        foreign,
        looks,
    )


def _place(named: str, data: Path, password_file: Path | None) -> Place:
    if is_server(named):
        return server_place(named, data, password_file)
    if "://" in named:
        kind, _, rest = named.partition("://")
        if kind != "sqlite":
            raise ConfigInvalid(
                f"Store type {kind!r} is not supported. Use a SQLite file, or postgresql+psycopg://USER@HOST/DATABASE."
            )
        named = rest[1:] if rest.startswith("/") else rest
    return Path(named).expanduser().absolute()


def _table(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        text = read_own(path)
    except FileNotFoundError:
        if must_exist:
            raise ConfigInvalid(f"The configuration file {path} does not exist.") from None
        return {}
    except OSError as error:
        raise ConfigInvalid(f"{path} cannot be read: {error.strerror}.") from None
    # Most people have no such file, and wait for the first screen.
    import tomllib

    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"The configuration file {path} cannot be read: {error}") from None
