"""Text messages: delivers one message to a provider over HTTP (rule P2).

Every failure is raised as TryLater or Undeliverable, in words that contain no secret and no code: a provider's
response may repeat the request, so that only its status is shown.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from dropcopy_tui.domain.errors import SmsUnusable, TryLater, Undeliverable
from dropcopy_tui.domain.providers import BodyKind, SmsProvider
from dropcopy_tui.senders.secret_file import read_secret

_ANSWER_LENGTH = 65_536
# With these statuses, the provider will never accept the message; after any other, a retry may succeed.
_NEVER = frozenset({400, 410, 413, 422})
# Fields of a response that report a rejected message, whatever the status is.
_ERRORS = ("error", "errors", "error_code", "error_message")
_BAD_STATES = frozenset({"failed", "undelivered", "rejected", "error", "canceled"})


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text to one phone."""

    to: str
    text: str = field(repr=False)


def check(provider: SmsProvider) -> None:
    """Check that the files of the configuration are usable. Raises SmsUnusable; nothing is sent."""
    _secret(provider)
    _context(provider)


def send(provider: SmsProvider, message: TextMessage) -> str:
    """Deliver one message; when this returns, the provider has accepted it. Returns its receipt, or "" for none.

    Raises:
        TryLater: the provider cannot be reached or verified, or does not accept messages now.
        Undeliverable: the provider will never accept this message.
    """
    with _trouble(provider):
        secret, context = _secret(provider), _context(provider)
        body = _body(provider, message)
        status, answer = _exchange(provider, body, secret, context)
    return _receipt(provider, status, answer)


def _exchange(provider: SmsProvider, body: bytes, secret: str, context: ssl.SSLContext | None) -> tuple[int, bytes]:
    """Send one request and read its response. Redirections are not followed: they would send the code elsewhere."""
    parts = urlsplit(provider.url)
    line = _connection(provider, context)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    too_late = threading.Event()
    late = threading.Timer(provider.timeout, _hang_up, [line, too_late])
    late.daemon = True
    late.start()
    try:
        line.request(provider.method, path, body, _headers(provider, secret))
        answer = line.getresponse()
        return answer.status, answer.read(_ANSWER_LENGTH)
    finally:
        # The timer limits the whole exchange: a provider that sends one byte per second never exceeds the time-out of
        # the socket.
        if too_late.is_set():
            raise TryLater(f"The SMS provider {provider.host} did not answer in time.", server=True)
        late.cancel()
        line.close()


def _connection(provider: SmsProvider, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    parts = urlsplit(provider.url)
    host = parts.hostname or ""
    if context is not None:
        return http.client.HTTPSConnection(host, parts.port, timeout=provider.timeout, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=provider.timeout)


def _hang_up(line: http.client.HTTPConnection, too_late: threading.Event) -> None:
    """Interrupt the connection. The event is set first, because the waiting thread may wake before this one ends."""
    too_late.set()
    with suppress(OSError, AttributeError):
        line.sock.shutdown(socket.SHUT_RDWR)


def _body(provider: SmsProvider, message: TextMessage) -> bytes:
    to = message.to
    if provider.digits_only:
        to = "".join(letter for letter in to if letter.isdigit() or letter == "+")
    values = {"to": to, "text": message.text, "sender": provider.sender}
    filled = {name: _filled(template, values) for name, template in provider.body.items()}
    try:
        return (json.dumps(filled) if provider.kind is BodyKind.JSON else urlencode(filled)).encode()
    except UnicodeEncodeError:
        raise Undeliverable("The text message cannot be encoded: it contains half of a character.") from None


def _filled(template: str, values: dict[str, str]) -> str:
    """Fill the template in one pass, so that a value that looks like a placeholder is not replaced again."""
    text = []
    for number, part in enumerate(template.split("{")):
        name, end, rest = part.partition("}")
        known = number and end and name in values
        text.append(values[name] + rest if known else ("{" if number else "") + part)
    return "".join(text)


def _headers(provider: SmsProvider, secret: str) -> dict[str, str]:
    form = provider.kind is BodyKind.FORM
    headers = {
        "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        "Accept": "application/json",
        "User-Agent": "dropcopy-tui",
        **{name: value.replace("{secret}", secret) for name, value in provider.headers.items()},
    }
    if provider.user:
        pair = base64.b64encode(f"{provider.user}:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return headers


def _receipt(provider: SmsProvider, status: int, answer: bytes) -> str:
    """The provider's id of the message. Raises TryLater, Undeliverable."""
    who = f"The SMS provider {provider.host}"
    if status in _NEVER:
        raise Undeliverable(f"{who} rejected the message or the number ({status}).")
    if status in (401, 403):
        raise TryLater(f"{who} rejected the user name or secret ({status}).", server=True)
    if status not in provider.statuses:
        raise TryLater(f"{who} does not accept messages now ({status}).", server=True)
    said = _json(answer)
    fields = said if isinstance(said, dict) else {}
    if any(fields.get(name) for name in _ERRORS) or str(fields.get("status", "")).lower() in _BAD_STATES:
        raise TryLater(f"{who} answered {status} but reported an error.", server=True)
    if not provider.receipt:
        return ""
    receipt = fields.get(provider.receipt)
    if not receipt or not isinstance(receipt, str | int):
        raise TryLater(f"{who} answered {status} without a receipt ({provider.receipt}).", server=True)
    return str(receipt)[:64]


def _json(answer: bytes) -> object:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return None


@contextmanager
def _trouble(provider: SmsProvider) -> Iterator[None]:
    who = f"The SMS provider {provider.host}"
    try:
        yield
    except SmsUnusable as error:
        raise TryLater(error.message, server=True) from None
    except ssl.SSLCertVerificationError as error:
        raise TryLater(
            f"{who} has a certificate that cannot be verified ({error.verify_message}).", server=True
        ) from None
    except TimeoutError:
        raise TryLater(f"{who} did not answer in time.", server=True) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TryLater(f"{who} cannot be reached ({_why(error)}).", server=True) from None


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "unknown host name"
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS failed"
    if isinstance(error, http.client.HTTPException):
        return "its reply is not HTTP"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _secret(provider: SmsProvider) -> str:
    """The provider's secret, or "" for none. Raises SmsUnusable."""
    return read_secret(provider.secret_file, "SMS secret", SmsUnusable) if provider.secret_file is not None else ""


def _context(provider: SmsProvider) -> ssl.SSLContext | None:
    """A context that always verifies certificates and host names; None for plain HTTP, which stays on this machine."""
    if urlsplit(provider.url).scheme == "http":
        return None
    try:
        return ssl.create_default_context(cafile=provider.ca_file)
    except (OSError, ValueError):
        raise SmsUnusable(f"The ca_file {provider.ca_file} cannot be read. Nothing was sent.") from None
