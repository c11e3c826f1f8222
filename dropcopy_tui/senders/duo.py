"""Duo Security: its Auth API, through its own client (rule P2). What goes wrong is one error: FactorUnavailable."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dropcopy_tui.domain.errors import FactorUnavailable
from dropcopy_tui.domain.providers import DuoService
from dropcopy_tui.senders.secret_file import read_secret

_WORDS_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Duo says to an attempt. `words` are Duo's own, in one short line."""

    allowed: bool
    waiting: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A person at Duo: whether they can be asked for a factor (else why not), and whether a push reaches them."""

    usable: bool
    push: bool
    words: str = ""


def preauth(service: DuoService, user: str) -> Known:
    """Whether Duo would ask this person for a factor. Raises FactorUnavailable."""
    with _trouble(service):
        answer = _fields(_client(service).preauth(username=user))
    result = answer.get("result")
    if result == "auth":
        devices = answer.get("devices")
        able = [device for device in devices if isinstance(device, dict)] if isinstance(devices, list) else []
        return Known(True, any("push" in (device.get("capabilities") or ()) for device in able))
    if result == "allow":
        # A person who is let through without a factor has confirmed nothing.
        return Known(False, False, "Duo asks this person for nothing (bypass), which confirms no identity")
    if result == "enroll":
        return Known(False, False, "this person is not enrolled at Duo")
    return Known(False, False, _line(answer.get("status_msg")) or "Duo refuses this person")


def push(service: DuoService, user: str, what: str) -> str:
    """Ask on the person's phone; the transaction to ask about. Raises FactorUnavailable."""
    with _trouble(service):
        asked = {"username": user, "device": "auto", "async_txn": True, "type": what}
        answer = _fields(_client(service).auth("push", **asked))
    transaction = answer.get("txid")
    if not isinstance(transaction, str) or not 0 < len(transaction) <= 255:
        raise _unusable("it took the push and named no transaction")
    return transaction


def status(service: DuoService, transaction: str, patience: float) -> Verdict:
    """How a push stands; Duo answers when it changes, and until then it waits. Raises FactorUnavailable."""
    try:
        with _trouble(service):
            answer = _fields(_client(service, patience).auth_status(transaction))
    except _Slow:
        return Verdict(False, waiting=True)
    return Verdict(answer.get("success") is True, answer.get("waiting") is True, _line(answer.get("status_msg")))


def passcode(service: DuoService, user: str, code: str) -> Verdict:
    """Whether Duo takes the passcode, which it does once. Raises FactorUnavailable."""
    with _trouble(service):
        answer = _fields(_client(service).auth("passcode", username=user, passcode=code))
    return Verdict(answer.get("result") == "allow", words=_line(answer.get("status_msg")))


class _Slow(FactorUnavailable):
    """No answer in time."""


def _client(service: DuoService, timeout: float | None = None) -> Any:
    import duo_client

    secret = read_secret(service.secret_file, "Duo secret key", FactorUnavailable)
    client = duo_client.Auth(
        ikey=service.integration_key, skey=secret, host=service.host, port=service.port,
        timeout=timeout or service.timeout,
        **({"ca_certs": str(service.ca_file)} if service.ca_file is not None else {}),
    )  # fmt: skip
    # Else the client sleeps for up to a minute when Duo is asked too often, and nobody can cancel that.
    client._MAX_BACKOFF_WAIT_SECS = 0
    return client


@contextmanager
def _trouble(service: DuoService) -> Iterator[None]:
    try:
        yield
    except FactorUnavailable:
        raise
    except TimeoutError:
        raise _Slow(_words(f"{service.host} did not answer in time")) from None
    except ssl.SSLError as error:
        raise _unusable(f"{service.host} does not prove who it is ({error.reason or 'TLS failed'})") from None
    except http.client.HTTPException:
        # duo_client raises one for a certificate that is made out to another name.
        raise _unusable(f"{service.host} does not prove who it is, or does not speak HTTP") from None
    except OSError as error:
        raise _unusable(f"{service.host} cannot be reached ({error.strerror or type(error).__name__})") from None
    except RuntimeError as error:  # duo_client: an answer that is no success, or no JSON
        status = getattr(error, "status", 200)
        why = "does not accept the keys of this desk" if status == 401 else f"gave no usable answer ({status})"
        raise _unusable(f"{service.host} {why}") from None
    except (ValueError, KeyError, TypeError, AttributeError):  # duo_client, on JSON of another shape
        raise _unusable(f"{service.host} gave no usable answer") from None


def _fields(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise _unusable("it gave no usable answer")
    return answer


def _unusable(why: str) -> FactorUnavailable:
    return FactorUnavailable(_words(why))


def _words(why: str) -> str:
    return f"Duo Security cannot be used now: {why}. Choose another factor. Nothing was changed."


def _line(text: Any) -> str:
    if not isinstance(text, str):
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_WORDS_LENGTH]
