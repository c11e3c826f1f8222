"""Text messages: one message, handed to a provider over HTTP (rule P2).

What goes wrong comes out as TryLater or Undeliverable, in words that carry no secret and no code: a provider's
answer may repeat what it was sent, so nothing but its status is told.
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
# The provider will never take this message, whoever sends it; everything else may be better later.
_NEVER = frozenset({400, 410, 413, 422})
# Fields of an answer that say that a message was not taken, whatever the status says.
_ERRORS = ("error", "errors", "error_code", "error_message")
_BAD_STATES = frozenset({"failed", "undelivered", "rejected", "error", "canceled"})


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text to one phone."""

    to: str
    text: str = field(repr=False)


def check(provider: SmsProvider) -> None:
    """See whether the files of the configuration can be used. Raises SmsUnusable; nothing is sent."""
    _secret(provider)
    _context(provider)


def send(provider: SmsProvider, message: TextMessage) -> str:
    """Hand one message over; when this returns, the provider has taken it. Its name for it, "" without one.

    Raises:
        TryLater: the provider cannot be reached, does not prove who it is, or does not take messages now.
        Undeliverable: the provider will never take this message.
    """
    with _trouble(provider):
        secret, context = _secret(provider), _context(provider)
        status, answer = _exchange(provider, message, secret, context)
    return _receipt(provider, status, answer)


def _exchange(
    provider: SmsProvider, message: TextMessage, secret: str, context: ssl.SSLContext | None
) -> tuple[int, bytes]:
    """One request and its answer; redirections are not followed, since they would carry the code elsewhere."""
    parts = urlsplit(provider.url)
    line = _connection(provider, context)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    too_late = threading.Event()
    late = threading.Timer(provider.timeout, _hang_up, [line, too_late])
    late.daemon = True
    late.start()
    try:
        line.request(provider.method, path, _body(provider, message), _headers(provider, secret))
        answer = line.getresponse()
        return answer.status, answer.read(_ANSWER_LENGTH)
    finally:
        # A provider that drips a byte a second never lets a socket's own time-out run out.
        if too_late.is_set():
            raise TryLater(f"The SMS provider {provider.host} was too slow.", server=True)
        late.cancel()
        line.close()


def _connection(provider: SmsProvider, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    parts = urlsplit(provider.url)
    host = parts.hostname or ""
    if context is not None:
        return http.client.HTTPSConnection(host, parts.port, timeout=provider.timeout, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=provider.timeout)


def _hang_up(line: http.client.HTTPConnection, too_late: threading.Event) -> None:
    """End whatever the connection waits for; it is told before, since it may wake before this thread is through."""
    too_late.set()
    with suppress(OSError, AttributeError):
        line.sock.shutdown(socket.SHUT_RDWR)


def _body(provider: SmsProvider, message: TextMessage) -> bytes:
    to = message.to
    if provider.digits_only:
        to = "".join(letter for letter in to if letter.isdigit() or letter == "+")
    values = {"to": to, "text": message.text, "sender": provider.sender}
    filled = {name: _filled(template, values) for name, template in provider.body.items()}
    return (json.dumps(filled) if provider.kind is BodyKind.JSON else urlencode(filled)).encode()


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with its values, each once: a value that looks like a placeholder stays as it is."""
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
    """What the provider calls the message. Raises TryLater, Undeliverable."""
    who = f"The SMS provider {provider.host}"
    if status in _NEVER:
        raise Undeliverable(f"{who} refuses the message or the number ({status}).")
    if status in (401, 403):
        raise TryLater(f"{who} does not accept user and secret ({status}).", server=True)
    if status not in provider.statuses:
        raise TryLater(f"{who} does not take messages now ({status}).", server=True)
    said = _json(answer)
    fields = said if isinstance(said, dict) else {}
    if any(fields.get(name) for name in _ERRORS) or str(fields.get("status", "")).lower() in _BAD_STATES:
        raise TryLater(f"{who} answers {status} with an error in it.", server=True)
    if not provider.receipt:
        return ""
    receipt = fields.get(provider.receipt)
    if not receipt or not isinstance(receipt, str | int):
        raise TryLater(f"{who} answers {status} without a receipt ({provider.receipt}).", server=True)
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
        raise TryLater(f"{who} does not prove who it is ({error.verify_message}).", server=True) from None
    except TimeoutError:
        raise TryLater(f"{who} was too slow.", server=True) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TryLater(f"{who} cannot be reached ({_why(error)}).", server=True) from None


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS failed"
    if isinstance(error, http.client.HTTPException):
        return "it does not speak HTTP"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _secret(provider: SmsProvider) -> str:
    """The provider's secret, or "" for none. Raises SmsUnusable."""
    return read_secret(provider.secret_file, "SMS secret", SmsUnusable) if provider.secret_file is not None else ""


def _context(provider: SmsProvider) -> ssl.SSLContext | None:
    """Certificates and names are checked, always. None for plain HTTP, which stays on this machine."""
    if urlsplit(provider.url).scheme == "http":
        return None
    try:
        return ssl.create_default_context(cafile=provider.ca_file)
    except (OSError, ValueError):
        raise SmsUnusable(f"The ca_file {provider.ca_file} cannot be read. Nothing was sent.") from None
