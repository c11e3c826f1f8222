"""A real SMTP server on the loopback, in a thread, and the ways in which it can misbehave."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from dropcopy_tui.domain.mail import MailServer, Security

HOST = "127.0.0.1"
SENDER = "desk@desk.example"
USER, PASSWORD = "desk", "correct pony 7"
# Nothing on the loopback takes so long, but for what never answers.
PATIENCE = 0.5


@dataclass
class Mailbox:
    """What the server took, and what it does with the next letter.

    `recipient` and `letter` answer for an address and for a letter; `taken` is told of each before the answer.
    """

    recipient: Callable[[str], str] = lambda address: "250 OK"
    letter: Callable[[str], str] = lambda address: "250 OK"
    taken: Callable[[Any], None] = lambda peer: None
    hangs: bool = False
    drops: bool = False
    letters: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.hangs:
            await asyncio.Event().wait()
        answer = self.letter(envelope.rcpt_tos[0])
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.letters.append(email.message_from_bytes(envelope.content, policy=policy.default))
            self.taken(session.peer)
        if self.drops:
            server.transport.abort()
        return answer

    @property
    def ids(self) -> list[str]:
        return [str(letter["Message-ID"]) for letter in self.letters]

    @property
    def to(self) -> list[str]:
        return [str(letter["To"]) for letter in self.letters]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(mailbox: Mailbox, port: int = 0, **how: Any) -> Iterator[MailServer]:
    """The server, while the block runs; how the desk would be configured for it, without TLS."""
    server = Controller(mailbox, hostname=HOST, port=port or free_port(), **how)
    server.start()
    try:
        yield plain(server.port)
    finally:
        server.stop()


@contextmanager
def deaf() -> Iterator[MailServer]:
    """A server that takes connections and never says a word."""
    with socket.create_server((HOST, 0)) as listener:
        yield plain(listener.getsockname()[1])


def plain(port: int) -> MailServer:
    return MailServer(HOST, port, Security.NONE, SENDER, timeout=PATIENCE)


def signs_in(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Accepts USER with PASSWORD."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=right)


@dataclass(frozen=True)
class Identity:
    """A certificate of the server's own making, and its key."""

    certificate: Path
    key: Path

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_identity(folder: Path, name: str = HOST) -> Identity:
    """A certificate made out to the name, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made_out_to: x509.GeneralName = x509.DNSName(name)
    if name == HOST:
        made_out_to = x509.IPAddress(ipaddress.ip_address(name))
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([made_out_to]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Identity(folder / f"{name}.pem", folder / f"{name}.key")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made


def password_file(folder: Path, password: str = PASSWORD, mode: int = 0o600) -> Path:
    path = folder / "mail-password"
    path.write_text(password + "\n")
    path.chmod(mode)
    return path
