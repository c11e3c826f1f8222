"""Duo Security: its Auth API through Duo's own client (rule P2). Every failure is raised as FactorUnavailable."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from dropcopy_tui.domain.errors import FactorUnavailable
from dropcopy_tui.domain.providers import DuoService
from dropcopy_tui.senders.secret_file import read_secret

_WORDS_LENGTH = 120


@dataclass(frozen=True, slots=True)
class DuoAnswer:
    """Duo's answer to an attempt. `words` is Duo's own message, in one short line."""

    allowed: bool
    waiting: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A person's status at Duo: whether a factor is usable (or why not), and whether a device accepts pushes."""

    usable: bool
    push: bool
    words: str = ""


def preauth(service: DuoService, user: str) -> Known:
    """Whether Duo would ask this person for a factor. Raises FactorUnavailable."""
    with _trouble(service), _client(service) as client:
        answer = _fields(client.preauth(username=user))
    result = answer.get("result")
    if result == "auth":
        devices = answer.get("devices")
        able = [device for device in devices if isinstance(device, dict)] if isinstance(devices, list) else []
        return Known(True, any("push" in (device.get("capabilities") or ()) for device in able))
    if result == "allow":
        # A person whom Duo lets pass without a factor has confirmed nothing.
        return Known(False, False, "this person bypasses Duo, which confirms no identity")
    if result == "enroll":
        return Known(False, False, "this person is not enrolled with Duo")
    return Known(False, False, _line(answer.get("status_msg")) or "Duo denies access to this person")


def push(service: DuoService, user: str, what: str) -> str:
    """Send a push to the person's phone and return its transaction id. Raises FactorUnavailable."""
    with _trouble(service), _client(service) as client:
        asked = {"username": user, "device": "auto", "async_txn": True, "type": what}
        answer = _fields(client.auth("push", **asked))
    transaction = answer.get("txid")
    if not isinstance(transaction, str) or not 0 < len(transaction) <= 255:
        raise _unusable("it accepted the push but returned no transaction id")
    return transaction


def status(service: DuoService, transaction: str, patience: float) -> DuoAnswer:
    """The status of a push; the call waits until Duo reports a change. Raises FactorUnavailable."""
    try:
        with _trouble(service), _client(service, patience) as client:
            answer = _fields(client.auth_status(transaction))
    except _Slow:
        return DuoAnswer(False, waiting=True)
    return DuoAnswer(answer.get("success") is True, answer.get("waiting") is True, _line(answer.get("status_msg")))


def passcode(service: DuoService, user: str, code: str) -> DuoAnswer:
    """Whether Duo accepts the passcode; it does so only once. Raises FactorUnavailable."""
    with _trouble(service), _client(service) as client:
        answer = _fields(client.auth("passcode", username=user, passcode=code))
    return DuoAnswer(answer.get("result") == "allow", words=_line(answer.get("status_msg")))


class _Slow(FactorUnavailable):
    """Duo did not answer in time."""


@contextmanager
def _client(service: DuoService, timeout: float | None = None) -> Iterator[Any]:
    """Duo's client. It closes its connection after an answer only: on a refusal or a time-out this does."""
    import duo_client

    secret = read_secret(service.secret_file, "Duo secret key", FactorUnavailable)
    client = duo_client.Auth(
        ikey=service.integration_key,
        skey=secret,
        host=service.host,
        port=service.port,
        timeout=timeout or service.timeout,
        **({"ca_certs": str(service.ca_file)} if service.ca_file is not None else {}),
    )
    # Otherwise the client sleeps for up to a minute after a rate limit, and that sleep cannot be cancelled.
    client._MAX_BACKOFF_WAIT_SECS = 0
    connect, opened = client._connect, ExitStack()

    def connect_and_remember() -> Any:
        connection = connect()
        opened.callback(connection.close)
        return connection

    client._connect = connect_and_remember
    with opened:
        yield client


@contextmanager
def _trouble(service: DuoService) -> Iterator[None]:
    try:
        yield
    except FactorUnavailable:
        raise
    except TimeoutError:
        raise _Slow(_words(f"{service.host} did not answer in time")) from None
    except ssl.SSLError as error:
        raise _unusable(
            f"the certificate of {service.host} cannot be verified ({error.reason or 'TLS failed'})"
        ) from None
    except http.client.HTTPException:
        # duo_client also raises this for a certificate that does not match the host name.
        raise _unusable(f"the certificate of {service.host} does not match, or its reply is not HTTP") from None
    except OSError as error:
        raise _unusable(f"{service.host} cannot be reached ({error.strerror or type(error).__name__})") from None
    except RuntimeError as error:  # duo_client: the response is an error or not JSON
        status = getattr(error, "status", 200)
        why = "rejected the integration key or secret key" if status == 401 else f"sent an unusable response ({status})"
        raise _unusable(f"{service.host} {why}") from None
    except (ValueError, KeyError, TypeError, AttributeError):  # duo_client, on JSON of another shape
        raise _unusable(f"{service.host} sent an unusable response") from None


def _fields(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise _unusable("it sent an unusable response")
    return answer


def _unusable(why: str) -> FactorUnavailable:
    return FactorUnavailable(_words(why))


def _words(why: str) -> str:
    return f"Duo Security is unavailable: {why}. Select another factor. Nothing was changed."


def _line(text: Any) -> str:
    if not isinstance(text, str):
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_WORDS_LENGTH]
