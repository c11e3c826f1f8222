"""Email: one letter, handed to a mail server over SMTP (rule Q6).

What goes wrong comes out as TryLater or Undeliverable, in words that carry no password and no secret body.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage

from dropcopy_tui.domain.errors import MailUnusable, TryLater, Undeliverable
from dropcopy_tui.domain.mail import Letter, MailServer, Security
from dropcopy_tui.senders.secret_file import read_secret

# A server may take its time for each answer, but a letter must be done before its lease ends.
LONGEST = 45.0
_REPLY_LENGTH = 200
# Whatever the server can take: a body that is not ASCII travels encoded.
_POLICY = policy.SMTP.clone(cte_type="7bit")


def check(server: MailServer) -> None:
    """See whether the files of the configuration can be used. Raises MailUnusable; nothing is sent."""
    _password(server)
    _context(server)


def send(server: MailServer, letter: Letter) -> None:
    """Hand one letter over; when this returns, the server has taken it.

    Raises:
        TryLater: the server cannot be reached, does not prove who it is, or does not take letters now.
        Undeliverable: the server will never take this letter, or it must not be written: a header with
            control characters could carry headers of somebody else's.
    """
    message = composed(server, letter)
    until = time.monotonic() + LONGEST
    with _trouble_of_server(server):
        line = _Line(server, until)
    try:
        with _trouble_of_server(server):
            line.open()
        with _trouble_of_letter(server):
            line.hand_over(server.sender, message["To"].addresses[0].addr_spec, message.as_bytes(), letter.secret)
    finally:
        line.leave()


def composed(server: MailServer, letter: Letter) -> EmailMessage:
    """The letter as it travels. Raises Undeliverable."""
    for value in (server.sender, letter.to, letter.subject, letter.message_id):
        if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
            raise Undeliverable("A header of this letter holds control characters: it was not sent.")
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = _address(server.sender)
        message["To"] = _address(letter.to)
        message["Subject"] = letter.subject
        message["Date"] = letter.at
        message["Message-ID"] = letter.message_id
        # Nobody's holiday answers a machine (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        message.as_bytes()
    except (UnicodeError, ValueError) as error:
        raise Undeliverable(f"This letter cannot be written as an email ({type(error).__name__}).") from None
    return message


def _address(text: str) -> Address:
    """Raises Undeliverable for what is no address, or one that needs SMTPUTF8, which few servers speak."""
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        address = Address()
    if not address.username or not address.domain or not text.isascii():
        raise Undeliverable("The address cannot be used for email. Correct it, then try the message again.")
    return address


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
        """Say hello, protect the line, sign in."""
        self._step(self._smtp.ehlo_or_helo_if_needed)
        if self._server.security is Security.STARTTLS:
            self._step(lambda: self._smtp.starttls(context=self._context))
            self._step(self._smtp.ehlo_or_helo_if_needed)
        if self._server.user:
            self._step(lambda: self._smtp.login(self._server.user, _password(self._server)))

    def hand_over(self, sender: str, to: str, data: bytes, secret: bool) -> None:
        """The letter itself. Raises TryLater and Undeliverable as the server answers."""
        code, reply = self._step(lambda: self._smtp.mail(sender))
        if code != 250:
            raise TryLater(f"The mail server does not take mail from {sender}{_said(code, reply)}.", server=True)
        code, reply = self._step(lambda: self._smtp.rcpt(to))
        if code not in (250, 251):
            raise _refused("the recipient", code, reply)
        code, reply = self._step(lambda: self._smtp.data(data))
        if code != 250:
            raise _refused("the letter", code, b"" if secret else reply)

    def leave(self) -> None:
        """Hang up politely; what was taken stays taken, whatever the server says now."""
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
    """What goes wrong before there is a letter on the line: no other letter would fare better."""
    where = f"The mail server {server.host}:{server.port}"
    try:
        yield
    except MailUnusable as error:
        raise TryLater(error.message, server=True) from None
    except TryLater as error:
        raise TryLater(error.message, server=True) from None
    except ssl.SSLCertVerificationError as error:
        raise TryLater(f"{where} does not prove who it is ({error.verify_message}).", server=True) from None
    except smtplib.SMTPAuthenticationError as error:
        # The reply may repeat what was sent.
        raise TryLater(f"{where} does not accept user and password ({error.smtp_code}).", server=True) from None
    except smtplib.SMTPNotSupportedError:
        offer = "signing in" if server.security is not Security.STARTTLS else "STARTTLS, or no way of signing in"
        raise TryLater(f"{where} does not offer {offer}.", server=True) from None
    except smtplib.SMTPResponseException as error:
        said = _said(error.smtp_code, error.smtp_error)
        raise TryLater(f"{where} does not take mail now{said}.", server=True) from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise TryLater(f"{where} cannot be reached ({_why(error)}).", server=True) from None


@contextmanager
def _trouble_of_letter(server: MailServer) -> Iterator[None]:
    """The line broke while a letter was on it: perhaps the letter is why, so others get their turn."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _refused("the letter", error.smtp_code, b"") from None
    except (OSError, smtplib.SMTPException) as error:
        where = f"{server.host}:{server.port}"
        raise TryLater(f"The mail server {where} broke off before it took the letter ({_why(error)}).") from None


def _refused(what: str, code: int, reply: bytes) -> TryLater | Undeliverable:
    if 500 <= code <= 599:
        return Undeliverable(f"The mail server refuses {what}{_said(code, reply)}.")
    return TryLater(f"The mail server does not take {what} now{_said(code, reply)}.")


def _said(code: int, reply: bytes | str) -> str:
    """The server's answer in one short line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return f" ({code} {line[:_REPLY_LENGTH]}".rstrip() + ")"


def _why(error: Exception) -> str:
    # smtplib says of a time-out that the connection was closed; what it was is its context.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it hung up"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS failed"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _context(server: MailServer) -> ssl.SSLContext:
    """Certificates and names are checked, always."""
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else "no certificate"
        raise MailUnusable(f"The ca_file {server.ca_file} cannot be read ({why}). Nothing was sent.") from None


def _password(server: MailServer) -> str:
    """The user's password, or "" for none. Raises MailUnusable: a file that others may read is no secret."""
    path = server.password_file
    return "" if path is None else read_secret(path, "mail password", MailUnusable)


def _own_name() -> str:
    """How the machine names itself to the server, without waiting for a name service."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() and name.isprintable() else "[127.0.0.1]"
