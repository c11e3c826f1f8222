"""Outside parties that carry second factors: who takes text messages, and Duo Security (rule P2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.mail import is_loopback

# What a template may name; {secret} in headers only: bodies and addresses end up in logs.
PLACEHOLDERS = ("to", "text", "sender")
_NAMED = re.compile(r"\{([a-z]+)\}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
# Headers that the desk writes itself.
_OWN_HEADERS = frozenset({"host", "content-length", "content-type", "connection", "transfer-encoding"})


class BodyKind(StrEnum):
    """How the body of a request is written."""

    FORM = "form"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class SmsProvider:
    """Who takes the desk's text messages over HTTP.

    Attributes:
        url: where a message goes; https, but for a server on this machine.
        body: the fields of the body, their values being templates with {to}, {text} and {sender}.
        kind: how the body is written.
        method: POST or PUT.
        headers: more headers; {secret} is replaced by the secret.
        user: who the desk is in basic authentication, the secret being the password; "" leaves it out.
        secret_file: holds the secret; 0600 and the account's own.
        sender: the number or name that messages come from, for {sender}.
        statuses: the HTTP status codes that say that a message was taken.
        receipt: the field of the JSON answer that names the message; "" does without one.
        digits_only: whether {to} is + and digits only, as the E.164 form of a number is.
        ca_file: certificates to trust instead of the system's.
        timeout: how long one message may take, in seconds.
    """

    url: str
    body: Mapping[str, str]
    kind: BodyKind = BodyKind.FORM
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    user: str = ""
    secret_file: Path | None = None
    sender: str = ""
    statuses: tuple[int, ...] = (200, 201, 202)
    receipt: str = ""
    digits_only: bool = True
    ca_file: Path | None = None
    timeout: float = 10.0

    def __post_init__(self) -> None:
        """Raises InvalidValue for what would send a code in clear, to nowhere, or without the code."""
        _check_url(self.url)
        for name, template in self.body.items():
            if unknown := set(_NAMED.findall(template)) - set(PLACEHOLDERS):
                raise InvalidValue(f"body.{name} names {{{min(unknown)}}}; known are {{to}}, {{text}}, {{sender}}")
        named = {name for template in self.body.values() for name in _NAMED.findall(template)}
        if missing := {"to", "text"} - named:
            raise InvalidValue(f"the body has no {{{'} and no {'.join(sorted(missing))}}}")
        if "sender" in named and not self.sender:
            raise InvalidValue("the body names {sender}, and there is no sender")
        _check_headers(self.headers)
        wanted = bool(self.user) or any("{secret}" in value for value in self.headers.values())
        if wanted is not bool(self.secret_file):
            raise InvalidValue("secret_file goes with a user, or with {secret} in a header: set both or none")

    @property
    def host(self) -> str:
        """The name of the server, for messages."""
        return urlsplit(self.url).hostname or ""


def twilio(account: str, sender: str, secret_file: Path, url: str = "") -> SmsProvider:
    """The Messages API of Twilio: a form with From, To and Body; 201 and a `sid` say that it was taken."""
    if not re.fullmatch(r"[A-Za-z0-9]{1,64}", account):
        raise InvalidValue("account must be the account SID: letters and digits only")
    return SmsProvider(
        url=url or f"https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json",
        body=MappingProxyType({"From": "{sender}", "To": "{to}", "Body": "{text}"}),
        user=account, secret_file=secret_file, sender=sender, statuses=(201,), receipt="sid",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DuoService:
    """An application of the Auth API at Duo Security.

    Attributes:
        host: the API hostname.
        integration_key: the application's name.
        secret_file: holds its secret key; 0600 and the account's own.
        port: where the host listens.
        ca_file: certificates to trust instead of those that Duo pins.
        timeout: how long to wait for one answer, in seconds.
    """

    host: str
    integration_key: str
    secret_file: Path
    port: int = 443
    ca_file: Path | None = None
    timeout: float = 10.0


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidValue("url must begin with https:// and name a server")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise InvalidValue("url must be https: codes travel in clear otherwise (http is for this machine only)")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidValue("url must hold no user, no password and no fragment")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise InvalidValue(f"headers has {name[:64]!r}, which is no header that can be set")
        if not value.isascii() or not value.isprintable():
            raise InvalidValue(f"headers.{name} must be printable ASCII")
        if set(_NAMED.findall(value)) - {"secret"}:
            raise InvalidValue(f"headers.{name} may name {{secret}} only")
