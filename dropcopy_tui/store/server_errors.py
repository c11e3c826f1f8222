"""What an error of PostgreSQL means to a person: by its SQLSTATE; by libpq's words where there is no connection yet."""

from __future__ import annotations

import re

from dropcopy_tui.domain.errors import DeskError, StoreBusy, StoreMissing, StoreUnusable
from dropcopy_tui.domain.places import ServerPlace

_UNCHANGED = "Nothing was changed."
# SQLSTATE (or its class, the first two characters) -> what to say. `{place}` is the server's place.
_BUSY = {
    "53100": "The disk of {server} is full. Nothing was changed. Ask its administrator to free some space.",
    "53": "{server} has no connections or memory left. Nothing was changed. Try again later.",
    "40": "The store is busy. Nothing was changed. Try again.",
    "55P03": "The store is busy. Nothing was changed. Try again.",
    "57014": "{server} ended the operation because it took too long or was cancelled. Nothing was changed. Try again.",
    "57P03": "{server} is starting or stopping. Nothing was changed. Try again in a moment.",
    "57": "{server} ended the connection. Nothing was changed. Try again.",
    "25P03": "{server} ended the connection because it was idle for too long. Nothing was changed. Try again.",
    "25": "{server} is read-only: the store can be read, not changed. Nothing was changed. Use its primary server.",
    "08": "The connection to {server} was lost. Nothing was changed. Try again.",
    "58": "{server} failed to read or write a file. Nothing was changed. Ask its administrator.",
}
_UNUSABLE = {
    "42501": "Role {user} may not do this in the database {database}: {said}. Use the store's own role, or let the "
    "database's owner grant {user} its rights.",
    "28": "{server} does not accept role {user} ({said}). Check the role, its password and pg_hba.conf.",
    "3D": "The database {database} does not exist on {server}. Check the name, or create a store in it: dropcopy init",
}
# What libpq says while it connects, when no SQLSTATE is known to it. The server's own words are in English unless its
# administrator chose otherwise; then the last line is said, with those words.
_CONNECTING: tuple[tuple[str, type[DeskError], str], ...] = (
    (r"no password supplied|fe_sendauth",
     StoreUnusable, "{server} asks for a password of role {user}. Name a file that contains it: store_password_file in "
     "the configuration, or passfile=FILE in the URL."),
    (r"password authentication failed",
     StoreUnusable, "{server} refuses the password of role {user}. Check the role and the file that contains it."),
    (r'role "[^"]*" does not exist', StoreUnusable, "Role {user} does not exist on {server}. Check the URL."),
    (r'database "[^"]*" does not exist',
     StoreMissing, "The database {database} does not exist on {server}. Check the name, or create the store: "
     "dropcopy init"),
    (r"no pg_hba\.conf entry|authentication failed",
     StoreUnusable, "{server} does not let role {user} in from here. Check the role, the database and pg_hba.conf."),
    (r"permission denied for database", StoreUnusable, "Role {user} may not use the database {database} on {server}."),
    (r"root certificate file",
     StoreUnusable, "The certificate of {server} cannot be verified: there is no file {file} with the authority's "
     "certificate. Put it there, or name another file with sslrootcert=FILE in the URL."),
    (r"certificate verify failed|certificate authentication|server certificate for .* does not match|certificate",
     StoreUnusable, "The certificate of {server} is not accepted ({said}). Check the host name, and sslrootcert=FILE "
     "in the URL."),
    (r"does not support SSL",
     StoreUnusable, "{server} does not encrypt connections. Ask its administrator to switch TLS on."),
    (r"failed to resolve host|could not translate host name|Name or service not known",
     StoreUnusable, "The host {host} is not known. Check the URL."),
    (r"Connection refused",
     StoreBusy, "No PostgreSQL server answers at {place}. Nothing was changed. Check host and port, and whether it "
     "runs."),
    (r"No such file or directory|is the server running locally",
     StoreBusy, "No PostgreSQL server has a socket in {host} for port {port}. Check the URL, and whether it runs."),
    (r"timeout expired|timed out|[Cc]onnectionTimeout",
     StoreBusy, "{server} does not answer. Nothing was changed. Check host and port, the network, and that it runs."),
    (r"closed the connection unexpectedly",
     StoreBusy, "The connection to {server} was lost. Nothing was changed. Try again."),
    (r"starting up|shutting down|in recovery mode|not yet accepting",
     StoreBusy, "{server} is starting or stopping. Nothing was changed. Try again in a moment."),
    (r"too many clients|remaining connection slots|too many connections",
     StoreBusy, "{server} has no connections left. Nothing was changed. Try again later."),
    (r"session is read-only|read-only",
     StoreBusy, "{server} is read-only: the store can be read, not changed. Nothing was changed."),
)  # fmt: skip


def refusal_of(error: BaseException, place: ServerPlace) -> DeskError:
    """The desk's error for one of psycopg: StoreBusy where trying again may help, else StoreUnusable."""
    state = getattr(error, "sqlstate", None) or ""
    said = first_line(error)
    facts = {
        "server": f"The server {place.server}",
        "user": place.user or "(this account)",
        "database": place.database,
        "host": place.host,
        "port": place.port,
        "said": said,
        "place": place.server,
        "file": found[1] if (found := re.search(r'root certificate file "([^"]*)"', str(error))) else "",
    }
    if state:
        for length in (5, 2):
            if state[:length] in _BUSY:
                return StoreBusy(_capital(_BUSY[state[:length]].format(**facts)))
            if state[:length] in _UNUSABLE:
                return StoreUnusable(_capital(_UNUSABLE[state[:length]].format(**facts)))
        return StoreUnusable(f"The store cannot be used ({said}; SQLSTATE {state}). {_UNCHANGED}")
    for words, kind, line in _CONNECTING:
        if re.search(words, str(error)):
            return kind(_capital(line.format(**facts)))
    return StoreBusy(f"The connection to the server {place.server} failed ({said}). {_UNCHANGED} Try again.")


def _capital(line: str) -> str:
    """A sentence that continues with "The server ..." says "the server ..."."""
    return re.sub(r"(?<=[^.] )The server ", "the server ", line)


def first_line(error: BaseException) -> str:
    """What the server or libpq said, in one line and without the address that stands before it."""
    lines = str(error).strip().splitlines()
    line = lines[0] if lines else type(error).__name__
    line = re.sub(r"^.*(?:connection to server|connection failed).*?failed: ", "", line)
    return re.sub(r"^(FATAL|ERROR): +", "", line).strip().rstrip(".")
