"""Where a store is: a file on this machine, or a database on a PostgreSQL server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from dropcopy_tui.domain.errors import ConfigInvalid

_SCHEMES = ("postgresql+psycopg", "postgresql", "postgres")
# What a URL may say of the connection beside its place, by libpq's names. None of them is or contains a secret.
_OPTIONS = (
    "channel_binding", "connect_timeout", "gssencmode", "host", "krbsrvname", "passfile", "port", "sslcert", "sslcrl",
    "sslkey", "sslmode", "sslrootcert", "target_session_attrs",
)  # fmt: skip
_NO_PASSWORDS = (
    "The URL of a store must not contain a password: other accounts of this machine can read it. "
    "Remove it from the URL, and name a file that contains it in the setting store_password_file, or add "
    "passfile=FILE to the URL. Nothing was changed."
)
_WRITE = "Write postgresql+psycopg://USER@HOST/DATABASE."
PORT = "5432"


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """A database on a PostgreSQL server. `host` is a name, several separated by commas, or the folder of a socket.

    `options` are parameters of libpq. `beside` stands for the store where something is kept on this machine: the
    master key and the notes on key files in the making are beside it, and no file is there itself. The password is in
    `password_file`, in libpq's passfile, or not needed.
    """

    user: str
    host: str
    port: str
    database: str
    beside: Path
    options: tuple[tuple[str, str], ...] = ()
    password_file: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether the server is reached by a socket of this machine, where nothing is encrypted."""
        return self.host.startswith(("/", "@"))

    @property
    def server(self) -> str:
        """The server in words."""
        return f"{self.host} port {self.port}"

    def in_database(self, name: str) -> ServerPlace:
        """Another database on the same server."""
        return ServerPlace(self.user, self.host, self.port, name, self.beside, self.options, self.password_file)

    def __str__(self) -> str:
        """The URL, as --store takes it."""
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        options = dict(self.options)
        where = f"{user}{self.host}:{self.port}"
        if self.is_local or "," in self.host:
            options = {"host": self.host, "port": self.port} | options
            where = user
        asked = f"?{urlencode(options, safe='/,')}" if options else ""
        return f"postgresql+psycopg://{where}/{quote(self.database, safe='')}{asked}"


# A file is SQLite's.
Place = Path | ServerPlace


def is_server(named: str) -> bool:
    """Whether this names a database on a server, and not a file."""
    return named.partition("://")[0].lower() in _SCHEMES and "://" in named


def server_place(named: str, data: Path, password_file: Path | None = None) -> ServerPlace:
    """The place that a URL names. `data` is this account's folder, in which it has one of its own.

    Raises ConfigInvalid: for a password in the URL, an unknown parameter, or no database.
    """
    try:
        url = urlsplit(named)
        asked = dict(parse_qsl(url.query, keep_blank_values=True))
        in_url = url.hostname, url.port
    except ValueError:
        # Not what it says: the text of the error, and of the URL, may contain a password.
        raise ConfigInvalid(f"The URL of the store is not valid. {_WRITE}") from None
    if url.password is not None or "password" in asked:
        raise ConfigInvalid(_NO_PASSWORDS)
    for name in sorted(asked.keys() - set(_OPTIONS)):
        near = get_close_matches(name, _OPTIONS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigInvalid(f"Unknown parameter {name!r} in the URL of the store.{hint} Known: {', '.join(_OPTIONS)}.")
    database = unquote(url.path.removeprefix("/"))
    if not database or "/" in database:
        raise ConfigInvalid(f"The URL of the store names no database. {_WRITE}")
    host = asked.pop("host", "") or unquote(in_url[0] or "") or "localhost"
    port = asked.pop("port", "") or str(in_url[1] or PORT)
    if not re.fullmatch(r"\d{1,5}(,\d{1,5})*", port):
        raise ConfigInvalid(f"The URL of the store has the port {port!r}. Write a number, such as {PORT}.")
    folder = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{host}_{port}_{database}").strip("_.")
    return ServerPlace(
        user=unquote(url.username or ""),
        host=host,
        port=port,
        database=database,
        beside=data / "servers" / folder / "store",
        options=tuple(sorted(asked.items())),
        password_file=password_file,
    )


def beside(place: Place) -> Path:
    """What is kept on this machine is beside this path: a store's own file, or what stands for it."""
    return place.beside if isinstance(place, ServerPlace) else place
