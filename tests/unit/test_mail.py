"""The table [mail] of the configuration, and when a letter is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dropcopy_tui.config import Config, load
from dropcopy_tui.domain.errors import ConfigInvalid
from dropcopy_tui.domain.mail import MOST_ATTEMPTS, MailServer, Security, is_loopback, next_try

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
_LEAST = 'host = "mail.firm.example"\nsender = "desk@firm.example"\n'


def configured(tmp_path: Path, lines: str, head: str = "[mail]\n") -> Config:
    path = tmp_path / "config.toml"
    path.write_text(head + lines)
    return load(config=str(path), environ={})


def test_without_the_table_there_is_no_server(tmp_path: Path) -> None:
    assert configured(tmp_path, "", head="").mail is None


def test_host_and_sender_are_enough(tmp_path: Path) -> None:
    expected = MailServer("mail.firm.example", 587, Security.STARTTLS, "desk@firm.example")
    assert configured(tmp_path, _LEAST).mail == expected


def test_everything_can_be_said(tmp_path: Path) -> None:
    lines = _LEAST + (
        'security = "tls"\nport = 2465\nuser = "desk"\npassword_file = "/etc/desk/mail"\nca_file = "/etc/desk/ca.pem"\n'
    )
    assert configured(tmp_path, lines).mail == MailServer(
        "mail.firm.example",
        2465,
        Security.TLS,
        "desk@firm.example",
        "desk",
        Path("/etc/desk/mail"),
        Path("/etc/desk/ca.pem"),
    )


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465)], ids=["starttls", "tls"])
def test_the_usual_port_goes_with_the_security(tmp_path: Path, security: str, port: int) -> None:
    mail = configured(tmp_path, f'{_LEAST}security = "{security}"\n').mail
    assert mail is not None
    assert mail.port == port


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "missing: host, sender"),
        ('host = "mail.firm.example"\n', "missing: sender"),
        ('sender = "desk@firm.example"\n', "missing: host"),
        (_LEAST + 'pasword_file = "/x"\n', "unknown setting 'pasword_file' in \\[mail\\]"),
        (_LEAST + 'password = "pony"\n', "unknown setting 'password'"),
        (_LEAST + 'user = "desk"\n', "user and password_file require each other"),
        (_LEAST + 'password_file = "/etc/desk/mail"\n', "user and password_file require each other"),
        (_LEAST + 'security = "none"\n', "on this machine only"),
        (_LEAST + 'security = "ssl"\n', "'security' .* starttls, tls, none"),
        (_LEAST + "port = 0\n", "'port'"),
        (_LEAST + "port = true\n", "'port'"),
        (_LEAST + 'port = "25"\n', "'port'"),
        (_LEAST + 'user = "desk"\npassword_file = "relative"\n', "an absolute path"),
        ('host = "a b"\nsender = "desk@firm.example"\n', "'host'"),
        ('host = "mail"\nsender = "desk"\n', "'sender'"),
        ('host = "mail"\nsender = "desk@a@b"\n', "'sender'"),
        ('host = "mail"\nsender = "a@b\\r\\nBcc: c@d"\n', "'sender'"),
    ],
)
def test_half_a_configuration_is_one_line(tmp_path: Path, lines: str, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words) as caught:
        configured(tmp_path, lines)
    assert "\n" not in caught.value.message
    assert "pony" not in caught.value.message


def test_mail_must_be_a_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="must be a table"):
        configured(tmp_path, "", head='mail = "mail.firm.example"\n')


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"])
def test_mail_without_tls_stays_on_the_machine(tmp_path: Path, host: str) -> None:
    mail = configured(tmp_path, f'host = "{host}"\nsender = "desk@firm.example"\nsecurity = "none"\n').mail
    assert mail is not None
    assert mail.port == 25


@pytest.mark.parametrize("host", ["localhost.firm.example", "127.0.0.1.firm.example", "10.0.0.1", "0.0.0.0", "::"])
def test_other_hosts_are_elsewhere(host: str) -> None:
    assert not is_loopback(host)


def test_how_long_things_are_kept(tmp_path: Path) -> None:
    settings = configured(tmp_path, "", head="challenge_life_days = 7\nnotice_life_days = 30\n").settings
    assert (settings.challenge_life, settings.notice_life) == (timedelta(days=7), timedelta(days=30))
    # Codes are counted over a day: what counts must still be there.
    with pytest.raises(ConfigInvalid, match="challenge_life_days"):
        configured(tmp_path, "", head="challenge_life_days = 1\n")


def test_pauses_grow_and_end() -> None:
    minutes = [
        round((at - NOW).total_seconds() / 60) for number in range(1, MOST_ATTEMPTS) if (at := next_try(number, NOW))
    ]
    assert minutes == [1, 5, 15, 60, 240, 240, 240]
    assert next_try(MOST_ATTEMPTS, NOW) is None
