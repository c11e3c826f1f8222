"""What carries messages and codes out: mail, SMS and Duo."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from dropcopy_tui.doctor.check import Patient, Room, Trouble
from dropcopy_tui.domain.dates import date_words
from dropcopy_tui.domain.errors import DeskError, MailUnusable, SmsUnusable
from dropcopy_tui.domain.mail import MailServer, Security
from dropcopy_tui.senders.secret_file import read_secret

SENDERS = Room()
NETWORK = Room()
_SOON = timedelta(days=30)
_SECONDS = 5


@SENDERS.check("mail.missing", "Invitations, notices and warnings are held and reach no one.")
def _mail(at: Patient) -> Iterator[Trouble]:
    if at.is_real and at.config and at.config.mail is None:
        yield Trouble("No mail server is configured.", f"Add [mail] to {at.file}: see docs/howto/mail.md")


@SENDERS.check("mail.password", "No email is sent.")
def _mail_secret(at: Patient) -> Iterator[Trouble]:
    mail = at.config.mail if at.config else None
    yield from _secret(mail.password_file if mail else None, MailUnusable)


@SENDERS.check("mail.authority", "The server's certificate cannot be verified, and no email is sent.")
def _mail_authority(at: Patient) -> Iterator[Trouble]:
    yield from _authority(at, at.config.mail.ca_file if at.config and at.config.mail else None)


@SENDERS.check("sms.secret", "No code is sent by SMS.")
def _sms_secret(at: Patient) -> Iterator[Trouble]:
    yield from _secret(at.config.sms.secret_file if at.config and at.config.sms else None, SmsUnusable)


@SENDERS.check("sms.authority", "The provider's certificate cannot be verified, and no code is sent.")
def _sms_authority(at: Patient) -> Iterator[Trouble]:
    yield from _authority(at, at.config.sms.ca_file if at.config and at.config.sms else None)


@SENDERS.check("duo.secret", "Duo cannot be used.")
def _duo_secret(at: Patient) -> Iterator[Trouble]:
    yield from _secret(at.config.duo.secret_file if at.config and at.config.duo else None, SmsUnusable)


@SENDERS.check("duo.authority", "Duo's certificate cannot be verified.")
def _duo_authority(at: Patient) -> Iterator[Trouble]:
    yield from _authority(at, at.config.duo.ca_file if at.config and at.config.duo else None)


def _secret(path: Path | None, refusal: type[DeskError]) -> Iterator[Trouble]:
    if path is None:
        return
    try:
        read_secret(path, "secret file", refusal)
    except DeskError as error:
        yield Trouble(error.message.removesuffix(" Nothing was sent."), f"chmod 600 {path}, with one line in it")


def _authority(at: Patient, path: Path | None) -> Iterator[Trouble]:
    if path is None:
        return
    from cryptography.x509 import load_pem_x509_certificates

    cure = f"Put the authority's current certificate into {path}."
    try:
        found = load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        yield Trouble(f"{path} is not a file of certificates ({type(error).__name__}).", cure)
        return
    ends = min(each.not_valid_after_utc for each in found)
    if ends < at.now + _SOON:
        yield Trouble(f"A certificate in {path} expires on {date_words(ends.date())}.", cure)


@NETWORK.check("mail.server", "No email is sent, or none from then on.")
def _mail_server(at: Patient) -> Iterator[Trouble]:
    mail = at.config.mail if at.config else None
    if mail and mail.security is not Security.NONE:
        yield from _certificate(at, f"{mail.host} port {mail.port}", lambda: _mail_ends(mail))


@NETWORK.check("sms.server", "No code is sent by SMS, or none from then on.")
def _sms_server(at: Patient) -> Iterator[Trouble]:
    sms = at.config.sms if at.config else None
    if sms and sms.url.startswith("https:"):
        port = urlsplit(sms.url).port or 443
        yield from _certificate(at, sms.host, lambda: _ends(sms.host, port, sms.ca_file))


@NETWORK.check("duo.server", "Duo cannot be used, or not from then on.")
def _duo_server(at: Patient) -> Iterator[Trouble]:
    duo = at.config.duo if at.config else None
    if duo:
        yield from _certificate(at, duo.host, lambda: _ends(duo.host, duo.port, duo.ca_file))


def _certificate(at: Patient, server: str, ends: object) -> Iterator[Trouble]:
    assert callable(ends)
    try:
        moment: datetime = ends()
    except (OSError, ssl.SSLError, smtplib.SMTPException) as error:
        yield Trouble(
            f"{server} cannot be reached safely ({error}).", "Check the server, its certificate and the network."
        )
        return
    if moment < at.now + _SOON:
        yield Trouble(
            f"The certificate of {server} expires on {date_words(moment.date())}.", "Ask its operator to renew it."
        )


def _mail_ends(mail: MailServer) -> datetime:
    if mail.security is Security.TLS:
        return _ends(mail.host, mail.port, mail.ca_file)
    with smtplib.SMTP(mail.host, mail.port, timeout=_SECONDS) as client:
        client.starttls(context=ssl.create_default_context(cafile=mail.ca_file))
        assert isinstance(client.sock, ssl.SSLSocket)
        return _end_of(client.sock)


def _ends(host: str, port: int, authority: Path | None) -> datetime:
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection((host, port), _SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as it,
    ):
        return _end_of(it)


def _end_of(socket_: ssl.SSLSocket) -> datetime:
    facts = socket_.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(facts["notAfter"])), UTC)
