"""Email: delivers one email to a mail server over SMTP (rule Q6).

Every failure is raised as TryLater or Undeliverable, in words that contain no password and no secret body.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from dropcopy_tui.domain.errors import MailUnusable, TryLater, Undeliverable
from dropcopy_tui.domain.mail import Letter, MailServer, Security
from dropcopy_tui.senders.letter import letter_bytes
from dropcopy_tui.senders.secret_file import read_secret

# Each reply may take the configured time-out, but the whole email must be delivered before its lease ends.
LONGEST = 45.0
_REPLY_LENGTH = 200


def check(server: MailServer) -> None:
    """Check that the files of the configuration are usable. Raises MailUnusable; nothing is sent."""
    _password(server)
    _context(server)


def send(server: MailServer, letter: Letter) -> None:
    """Deliver one email; when this returns, the server has accepted it.

    Raises:
        TryLater: the server cannot be reached or verified, or does not accept email now.
        Undeliverable: the server will never accept this email, or it must not be sent, because control characters
            in a header could inject further headers.
    """
    data = letter_bytes(server.sender, letter)
    until = time.monotonic() + LONGEST
    with _trouble_of_server(server):
        line = _Line(server, until)
    try:
        with _trouble_of_server(server):
            line.open()
        with _trouble_of_letter(server):
            line.hand_over(server.sender, letter.to, data, letter.secret)
    finally:
        line.leave()


class _Line:
    """A connection to the server; every step ends before `until`."""

    def __init__(self, server: MailServer, until: float) -> None:
        self._server = server
        self._until = until
        self._context = None if server.security is Security.NONE else _context(server)
        where, limit = (server.host, server.port, _own_name()), server.timeout
        if server.security is Security.TLS:
            self._smtp: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=limit, context=self._context)
        else:
            self._smtp = smtplib.SMTP(*where, timeout=limit)

    def open(self) -> None:
        """Greet the server, secure the connection and log in."""
        self._step(self._smtp.ehlo_or_helo_if_needed)
        if self._server.security is Security.STARTTLS:
            self._step(lambda: self._smtp.starttls(context=self._context))
            self._step(self._smtp.ehlo_or_helo_if_needed)
        if self._server.user:
            self._step(lambda: self._smtp.login(self._server.user, _password(self._server)))

    def hand_over(self, sender: str, to: str, data: bytes, secret: bool) -> None:
        """Transfer the email. Raises TryLater or Undeliverable, depending on the server's reply."""
        code, reply = self._step(lambda: self._smtp.mail(sender))
        if code != 250:
            raise TryLater(f"The mail server does not accept mail from {sender}{_said(code, reply)}.", server=True)
        code, reply = self._step(lambda: self._smtp.rcpt(to))
        if code not in (250, 251):
            raise _refused("the recipient", code, reply)
        code, reply = self._step(lambda: self._smtp.data(data))
        if code != 250:
            raise _refused("the email", code, b"" if secret else reply)

    def leave(self) -> None:
        """Close the connection; an accepted email stays accepted, whatever the server replies now."""
        with suppress(OSError, smtplib.SMTPException, TryLater):
            self._step(self._smtp.quit)
        self._smtp.close()

    def _step(self, step: Callable[[], tuple[int, bytes]] | Callable[[], None]) -> tuple[int, bytes]:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TryLater("The mail server was too slow.")
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(min(self._server.timeout, left))
        return step() or (0, b"")


@contextmanager
def _trouble_of_server(server: MailServer) -> Iterator[None]:
    """Handle a failure before an email is transferred: no other email would fare better, so `server` is set."""
    where = f"The mail server {server.host}:{server.port}"
    try:
        yield
    except MailUnusable as error:
        raise TryLater(error.message, server=True) from None
    except TryLater as error:
        raise TryLater(error.message, server=True) from None
    except ssl.SSLCertVerificationError as error:
        raise TryLater(
            f"{where} has a certificate that cannot be verified ({error.verify_message}).", server=True
        ) from None
    except smtplib.SMTPAuthenticationError as error:
        # The reply may repeat the credentials, so that only its code is shown.
        raise TryLater(f"{where} rejected the user name or password ({error.smtp_code}).", server=True) from None
    except smtplib.SMTPNotSupportedError:
        offer = "a login" if server.security is not Security.STARTTLS else "STARTTLS or a login"
        raise TryLater(f"{where} does not support {offer}.", server=True) from None
    except smtplib.SMTPResponseException as error:
        said = _said(error.smtp_code, error.smtp_error)
        raise TryLater(f"{where} does not accept mail now{said}.", server=True) from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise TryLater(f"{where} cannot be reached ({_why(error)}).", server=True) from None


@contextmanager
def _trouble_of_letter(server: MailServer) -> Iterator[None]:
    """Handle a failure during the transfer: the email itself may be the cause, so others are still attempted."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _refused("the email", error.smtp_code, b"") from None
    except (OSError, smtplib.SMTPException) as error:
        where = f"{server.host}:{server.port}"
        raise TryLater(f"The mail server {where} failed before it accepted the email ({_why(error)}).") from None


def _refused(what: str, code: int, reply: bytes) -> TryLater | Undeliverable:
    if 500 <= code <= 599:
        return Undeliverable(f"The mail server rejected {what}{_said(code, reply)}.")
    return TryLater(f"The mail server does not accept {what} now{_said(code, reply)}.")


def _said(code: int, reply: bytes | str) -> str:
    """The server's reply in one short line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return f" ({code} {line[:_REPLY_LENGTH]}".rstrip() + ")"


def _why(error: Exception) -> str:
    # smtplib reports a time-out as a closed connection; the time-out is the context of that error.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no reply in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it closed the connection"
    if isinstance(error, socket.gaierror):
        return "unknown host name"
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS failed"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _context(server: MailServer) -> ssl.SSLContext:
    """A context that always verifies certificates and host names."""
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else "no certificate"
        raise MailUnusable(f"The ca_file {server.ca_file} cannot be read ({why}). Nothing was sent.") from None


def _password(server: MailServer) -> str:
    """The user's password, or "" for none. Raises MailUnusable, also if other accounts can read the file."""
    path = server.password_file
    return "" if path is None else read_secret(path, "mail password", MailUnusable)


def _own_name() -> str:
    """The name of this machine in EHLO, without waiting for a name service."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() and name.isprintable() else "[127.0.0.1]"
