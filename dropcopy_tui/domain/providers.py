"""External providers of second factors: SMS over HTTP, and Duo Security (rule P2)."""

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

# The placeholders of a template. {secret} is allowed in headers only, because bodies and addresses end up in logs.
PLACEHOLDERS = ("to", "text", "sender")
_NAMED = re.compile(r"\{([a-z]+)\}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
# Headers that the sender sets itself.
_OWN_HEADERS = frozenset({"host", "content-length", "content-type", "connection", "transfer-encoding"})


class BodyKind(StrEnum):
    """How the body of a request is written."""

    FORM = "form"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class SmsProvider:
    """A provider that sends text messages over HTTP.

    Attributes:
        url: where a message is sent; https, except for a server on this machine.
        body: the fields of the body; their values are templates with {to}, {text} and {sender}.
        kind: the encoding of the body.
        method: POST or PUT.
        headers: additional headers; {secret} is replaced by the secret.
        user: user name for basic authentication, with the secret as the password; "" for none.
        secret_file: contains the secret; mode 0600, owned by this account.
        sender: the number or name that messages are sent from, for {sender}.
        statuses: the HTTP status codes that confirm that a message was accepted.
        receipt: the field of the JSON response that identifies the message; "" for none.
        digits_only: whether {to} is reduced to + and digits, as in the E.164 form of a number.
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
        """Raises InvalidValue if a code would be sent unencrypted or without a recipient, or not be sent at all."""
        _check_url(self.url)
        for name, template in self.body.items():
            if unknown := set(_NAMED.findall(template)) - set(PLACEHOLDERS):
                raise InvalidValue(f"body.{name} has {{{min(unknown)}}}; use {{to}}, {{text}} or {{sender}}")
        named = {name for template in self.body.values() for name in _NAMED.findall(template)}
        if missing := {"to", "text"} - named:
            raise InvalidValue(f"the body lacks {{{'} and {'.join(sorted(missing))}}}")
        if "sender" in named and not self.sender:
            raise InvalidValue("the body has {sender}, but sender is not set")
        _check_headers(self.headers)
        wanted = bool(self.user) or any("{secret}" in value for value in self.headers.values())
        if wanted is not bool(self.secret_file):
            raise InvalidValue("secret_file requires user, or {secret} in a header: set both or neither")

    @property
    def host(self) -> str:
        """The host name of the provider, for messages."""
        return urlsplit(self.url).hostname or ""


def twilio(account: str, sender: str, secret_file: Path, url: str = "") -> SmsProvider:
    """The Messages API of Twilio: a form with From, To and Body; 201 and a `sid` confirm a message."""
    if not re.fullmatch(r"[A-Za-z0-9]{1,64}", account):
        raise InvalidValue("account must be the account SID: letters and digits only")
    return SmsProvider(
        url=url or f"https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json",
        body=MappingProxyType({"From": "{sender}", "To": "{to}", "Body": "{text}"}),
        user=account,
        secret_file=secret_file,
        sender=sender,
        statuses=(201,),
        receipt="sid",
    )


@dataclass(frozen=True, slots=True)
class DuoService:
    """An application of the Auth API at Duo Security.

    Attributes:
        host: the API hostname.
        integration_key: the id of the application at Duo.
        secret_file: contains its secret key; mode 0600, owned by this account.
        port: the port that the host listens on.
        ca_file: certificates to trust instead of those that Duo's client pins.
        timeout: how long to wait for one response, in seconds.
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
        raise InvalidValue(
            "url must begin with https://, because codes must be encrypted (http is for this machine only)"
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidValue("url must not contain a user, a password or a fragment")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise InvalidValue(f"{name[:64]!r} in headers is not a header that can be set")
        if not value.isascii() or not value.isprintable():
            raise InvalidValue(f"headers.{name} must be printable ASCII")
        if set(_NAMED.findall(value)) - {"secret"}:
            raise InvalidValue(f"headers.{name} may contain {{secret}} but no other placeholder")
