"""Two hundred secrets in six encodings: none of them is anywhere but in the key files."""

from __future__ import annotations

import base64
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote_from_bytes

from dropcopy_tui import incidents
from dropcopy_tui.clock import Entropy
from dropcopy_tui.config import load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Proof
from tests.cli.conftest import Cli
from tests.services.factories import add_session
from tests.trust.places import sandbox_in
from tests.trust.rows import Control, Row, Share, Tally

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "hex": lambda secret: secret.hex().encode(),
    "base64": lambda secret: base64.b64encode(secret).rstrip(b"="),
    "base64 of URLs": lambda secret: base64.urlsafe_b64encode(secret).rstrip(b"="),
    "base32": lambda secret: base64.b32encode(secret).rstrip(b"="),
    "percent": lambda secret: quote_from_bytes(secret).encode(),
}
_ASKED = (
    ("acme-operator", "status"), ("acme-operator", "groups", "list"), ("acme-operator", "sessions", "list"),
    ("acme-operator", "keys", "report"), ("acme-operator", "requests", "list"), ("acme-operator", "notices", "list"),
    ("operations", "outbox", "list"), ("operations", "people", "list"), ("auditor", "audit", "list"),
    ("auditor", "audit", "verify"), ("operations", "store", "check"), ("acme-operator", "config", "show"),
)  # fmt: skip
# Three of these make a Session ID.
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SESSIONS = 36


class Canaries(Entropy):
    """Remembers every secret that it makes."""

    def __init__(self) -> None:
        self.secrets: list[bytes] = []

    def secret(self) -> bytes:
        made = super().secret()
        self.secrets.append(made)
        return made


def attempt(share: Share, *, told: bool = False) -> Tally:
    """Make the secrets, then look at everything that the desk has written and said; with `told` in key files, too."""
    tally = Tally()
    with _at_home(share.folder):
        store = sandbox_in(share.folder)
        canaries = _make(store, share)
        sinks = dict(_said(store, share.folder))
        for file in share.folder.rglob("*"):
            if file.is_file() and (told or not file.name.startswith("keys-")):
                sinks[file.name] = file.read_bytes()
        sinks["the store without free pages"] = "\n".join(sqlite3.connect(store).iterdump()).encode()
    for secret in canaries[: share.trials]:
        tally.tried("; ".join(_places(secret, sinks)))
    tally.figures["places"] = len(sinks)
    return tally


def _places(secret: bytes, sinks: dict[str, bytes]) -> Iterator[str]:
    for name, encode in ENCODINGS.items():
        for sink, content in sinks.items():
            if encode(secret) in content:
                yield f"a secret, {name}, is in {sink}"


def _make(store: Path, share: Share) -> list[bytes]:
    """Key pairs with their files, some of which are deleted, and an operation that fails with secrets at hand."""
    canaries = Canaries()
    desk = open_desk(load(store=str(store), environ={}), entropy=canaries)
    actor = desk.identity.act_as("acme-operator", "test")
    names = count()
    while len(canaries.secrets) < share.trials:
        number = next(names)
        sessions = [_session(desk.resources, number, place) for place in range(_SESSIONS)]
        desk.keypairs.generate(
            actor, sessions, _proof(desk.resources, desk, actor), out=share.folder / f"keys-{number}.txt"
        )
    _fail(desk, actor, sessions, share.folder)
    desk.close()
    return canaries.secrets


def _session(resources: Resources, number: int, place: int) -> int:
    return add_session(resources, "ACME", f"Y{_LETTERS[number]}{_LETTERS[place]}")


def _proof(resources: Resources, desk: object, actor: object) -> Proof:
    from dropcopy_tui.services.factors.factors import Factors

    challenge = Factors(resources).start(actor, "sms")  # type: ignore[arg-type]
    return Proof(challenge.id, challenge.sandbox_message.split("code is ")[1][:6])


def _fail(desk: object, actor: object, sessions: list[int], folder: Path) -> None:
    """A download that ends in an error nobody foresaw, whose trace is logged with the secrets in its frames."""
    from dropcopy_tui.services.keys import key_file

    def broken(_self: object) -> None:
        raise RuntimeError(f"broken {folder}")

    with patch.object(key_file._Held, "publish", broken):
        try:
            proof = _proof(desk.resources, desk, actor)  # type: ignore[attr-defined]
            desk.keypairs.download(actor, sessions, proof, folder / "keys-failed.txt")  # type: ignore[attr-defined]
        except RuntimeError as error:
            incidents.write_incident(folder / "incidents.log", "0", error)


def _said(store: Path, folder: Path) -> Iterator[tuple[str, bytes]]:
    for user, *words in _ASKED:
        for form in ([], ["--json"], ["--csv"]):
            ran = Cli(folder).on(store, user)(*words, *form)
            yield f"{' '.join(words + form)}", (ran.out + ran.err).encode()
    for name, words in {"backup": ["backup", str(folder / "backup.db")], "doctor": ["doctor", "--json"]}.items():
        ran = Cli(folder).on(store, "operations")(*words)
        yield name, (ran.out + ran.err).encode()


@contextmanager
def _at_home(folder: Path) -> Iterator[None]:
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    with patch.dict(os.environ, {name: str(folder) for name in names}):
        yield


def with_key_files(share: Share) -> Tally:
    """The same, where the key files are looked at as well: there the secrets are."""
    return attempt(share, told=True)


CANARIES = Row(
    "canary-secrets",
    "a key pair's secret is in none of six encodings (as it is, hex, base64, base64 of URLs, base32, percent) in the "
    "store, its backup, a log, the trace of a crash, or anything that a command prints",
    200,
    50,
    attempt,
    Control("key files are looked at as well", 50, with_key_files),
    alone=True,
)
