"""One letter and a real server: what arrives, and what each trouble is called."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import DeskError, MailUnusable, TryLater, Undeliverable
from dropcopy_tui.domain.mail import Letter, MailServer, Security
from dropcopy_tui.senders import email as sender
from dropcopy_tui.senders.email import check, send
from tests.services.smtp import (
    PASSWORD,
    SENDER,
    USER,
    Mailbox,
    deaf,
    free_port,
    make_identity,
    password_file,
    plain,
    serving,
    signs_in,
)

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
SECRET = "ABCD-2345"


def letter(**more: object) -> Letter:
    usual = {"message_id": "<outbox-1.s@dropcopy-tui>", "to": "ann@firm.example", "subject": "Request DC-1", "at": NOW}
    return Letter(**(usual | {"body": "Status: In Progress\n"} | more))  # type: ignore[arg-type]


def refusal(server: MailServer, sent: Letter | None = None) -> DeskError:
    with pytest.raises((TryLater, Undeliverable)) as caught:
        send(server, sent or letter())
    return caught.value


def test_a_letter_arrives_as_it_was_written() -> None:
    box = Mailbox()
    body = "Zoë's request – 100 % done.\n.\nA line with one dot stands above.\n" + "long " * 400 + "\n"
    with serving(box) as server:
        send(server, letter(subject="Ünï — " + "x" * 200, body=body))
    (got,) = box.letters
    assert (got["To"], got["From"], got["Message-ID"]) == ("ann@firm.example", SENDER, "<outbox-1.s@dropcopy-tui>")
    assert got["Subject"] == "Ünï — " + "x" * 200
    assert got["Date"].datetime == NOW
    assert got["Auto-Submitted"] == "auto-generated"
    assert got.get_content().replace("\r\n", "\n") == body
    assert box.raw[0].isascii()


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "Hello\r\nBcc: all@firm.example"},
        {"subject": "Hello\nX: y"},
        {"subject": "Hello\rX"},
        {"subject": "a\x00b"},
        {"subject": "a\x85b"},
        {"subject": "a\u2028b"},
        {"subject": "a\ud800b"},
        {"to": "ann@firm.example\r\nRCPT TO:<eve@x.example>"},
        {"to": "ann@firm.example, eve@x.example"},
        {"to": "ann@firm.example> <eve@x.example"},
        {"to": "Ann <ann@firm.example>"},
        {"to": "ann"},
        {"to": ""},
        {"to": "änn@firm.example"},
        {"message_id": "<a@b>\r\nX: y"},
        {"body": "a\ud800b"},
    ],
)
def test_what_could_carry_other_headers_is_never_written(bad: dict[str, str]) -> None:
    box = Mailbox()
    with serving(box) as server:
        assert isinstance(refusal(server, letter(**bad)), Undeliverable)
    assert box.letters == []


def test_a_sender_of_several_lines_is_refused_too() -> None:
    box = Mailbox()
    with serving(box) as server:
        assert isinstance(refusal(replace(server, sender="desk@d.example\r\nX: y")), Undeliverable)
    assert box.letters == []


def test_nobody_listens() -> None:
    error = refusal(plain(free_port()))
    assert isinstance(error, TryLater)
    assert error.server
    assert "cannot be reached (Connection refused)" in error.message


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with deaf() as server:
        error = refusal(server)
    assert isinstance(error, TryLater)
    assert error.server
    assert "no reply in time" in error.message


def test_a_server_that_never_ends_with_a_letter() -> None:
    with serving(Mailbox(hangs=True)) as server:
        error = refusal(server)
    assert isinstance(error, TryLater)
    assert not error.server
    assert "no reply in time" in error.message


def test_many_slow_answers_are_too_slow_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "LONGEST", 0.0)
    with serving(Mailbox()) as server:
        error = refusal(server)
    assert isinstance(error, TryLater)
    assert "too slow" in error.message


def test_a_server_that_hangs_up_after_the_letter() -> None:
    box = Mailbox(drops=True)
    with serving(box) as server:
        error = refusal(server)
    assert isinstance(error, TryLater)
    assert not error.server
    assert "it closed the connection" in error.message or "reset" in error.message


def test_answers_of_a_server() -> None:
    box = Mailbox()
    with serving(box) as server:
        for answer, kind in (("451 Busy\x1b[2J", TryLater), ("550 No such mailbox", Undeliverable)):
            box.recipient, box.letter = (lambda _, said=answer: said), (lambda _: "250 OK")
            error = refusal(server)
            assert type(error) is kind
            assert answer[:3] in error.message
            assert error.message.isprintable()
            box.recipient, box.letter = (lambda _: "250 OK"), (lambda _, said=answer: said)
            assert type(refusal(server)) is kind


def test_an_answer_that_repeats_the_letter_is_not_kept_when_it_carries_a_code() -> None:
    box = Mailbox(letter=lambda _: f"550 spam: {SECRET}")
    with serving(box) as server:
        error = refusal(server, letter(body=f"Your code is {SECRET}.\n", secret=True))
        assert SECRET not in error.message
        assert "550" in error.message
        assert SECRET in refusal(server, letter(body=SECRET)).message
    assert SECRET not in repr(letter(body=SECRET))


# -- the protected line


def test_starttls_and_signing_in(tmp_path: Path) -> None:
    box, identity = Mailbox(), make_identity(tmp_path)
    how = {"tls_context": identity.context, "require_starttls": True, "auth_required": True, "authenticator": signs_in}
    with serving(box, **how) as server:
        safe = replace(server, security=Security.STARTTLS, ca_file=identity.certificate)
        known = replace(safe, user=USER, password_file=password_file(tmp_path))
        send(known, letter())
        error = refusal(replace(known, password_file=password_file(tmp_path, "wrong one")))
        assert isinstance(error, TryLater)
        assert error.server
        assert "rejected the user name or password (535)" in error.message
        assert "wrong one" not in error.message
        assert USER not in error.message
        assert isinstance(refusal(safe), TryLater)
    assert len(box.letters) == 1


def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    box, identity, port = Mailbox(), make_identity(tmp_path), free_port()
    with serving(box, port, ssl_context=identity.context, authenticator=signs_in) as server:
        send(replace(server, security=Security.TLS, ca_file=identity.certificate), letter())
    assert len(box.letters) == 1


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_that_proves_nothing_is_refused(tmp_path: Path, security: Security) -> None:
    box, identity = Mailbox(), make_identity(tmp_path)
    other = make_identity(tmp_path, "other.example")
    how = "tls_context" if security is Security.STARTTLS else "ssl_context"
    with serving(box, **{how: identity.context}) as server:
        unknown = refusal(replace(server, security=security))
        assert "cannot be verified" in unknown.message
    with serving(box, **{how: other.context}) as server:
        stolen = refusal(replace(server, security=security, ca_file=other.certificate))
        assert "cannot be verified" in stolen.message
    assert isinstance(unknown, TryLater)
    assert unknown.server
    assert box.letters == []


def test_a_server_without_starttls_gets_no_letter_in_clear(tmp_path: Path) -> None:
    box = Mailbox()
    with serving(box) as server:
        error = refusal(replace(server, security=Security.STARTTLS))
    assert "does not support STARTTLS" in error.message
    assert box.letters == []


def test_the_password_file_must_be_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = replace(plain(25), user=USER, password_file=password_file(tmp_path))
    check(known)
    for mode in (0o640, 0o604, 0o660):
        password_file(tmp_path, mode=mode)
        with pytest.raises(MailUnusable, match="chmod 600"):
            check(known)
    password_file(tmp_path)
    with monkeypatch.context() as other:
        other.setattr(os, "geteuid", lambda: os.getuid() + 1)
        with pytest.raises(MailUnusable, match="another account"):
            check(known)
    for wrong in ("", "two\nlines", "pässword", "x" * 2_000):
        password_file(tmp_path, wrong)
        with pytest.raises(MailUnusable) as caught:
            check(known)
        assert wrong[:3] not in caught.value.message or not wrong
    for place in (tmp_path / "none", tmp_path):
        with pytest.raises(MailUnusable):
            check(replace(known, password_file=place))
    with pytest.raises(MailUnusable, match="ca_file"):
        check(replace(plain(25), ca_file=tmp_path / "none.pem"))


def test_the_password_is_in_no_message_and_no_repr(tmp_path: Path) -> None:
    known = replace(plain(free_port()), user=USER, password_file=password_file(tmp_path))
    assert PASSWORD not in repr(known) + refusal(known).message
