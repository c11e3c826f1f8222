"""The tables [sms] and [duo] of the configuration: what is enough, and what is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropcopy_tui.config import Config, load
from dropcopy_tui.domain.errors import ConfigInvalid
from dropcopy_tui.domain.providers import BodyKind, DuoService

_TWILIO = 'provider = "twilio"\naccount = "AC01"\nsender = "+15550100"\nsecret_file = "/etc/desk/sms"\n'
_GENERIC = 'url = "https://sms.example/send"\nbody = { to = "{to}", text = "{text}" }\n'
_DUO = 'host = "api-1.duosecurity.com"\nintegration_key = "DI01"\nsecret_file = "/etc/desk/duo"\n'


def configured(tmp_path: Path, lines: str, head: str = "[sms]\n") -> Config:
    path = tmp_path / "config.toml"
    path.write_text(head + lines)
    return load(config=str(path), environ={})


def test_without_the_tables_there_is_neither(tmp_path: Path) -> None:
    config = configured(tmp_path, "", head="")
    assert (config.sms, config.duo) == (None, None)


def test_the_preset_needs_account_sender_and_secret(tmp_path: Path) -> None:
    sms = configured(tmp_path, _TWILIO + "timeout = 7\n").sms
    assert sms is not None
    assert sms.url == "https://api.twilio.com/2010-04-01/Accounts/AC01/Messages.json"
    assert dict(sms.body) == {"From": "{sender}", "To": "{to}", "Body": "{text}"}
    assert (sms.user, sms.statuses, sms.receipt, sms.timeout) == ("AC01", (201,), "sid", 7)
    assert sms.secret_file == Path("/etc/desk/sms")


def test_any_provider_can_be_described(tmp_path: Path) -> None:
    more = 'kind = "json"\nmethod = "PUT"\nstatuses = [202]\nreceipt = "id"\ndigits_only = false\n'
    header = 'secret_file = "/etc/desk/sms"\nheaders = { Authorization = "Bearer {secret}" }\n'
    sms = configured(tmp_path, _GENERIC + more + header).sms
    assert sms is not None
    assert (sms.kind, sms.method, sms.statuses, sms.receipt) == (BodyKind.JSON, "PUT", (202,), "id")
    assert sms.headers == {"Authorization": "Bearer {secret}"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", r"\[sms\] is missing: url, body\. Without \[sms\]"),
        ('provider = "twilio"\n', "is missing: account, secret_file, sender"),
        (_TWILIO.replace("AC01", "../x"), "account SID"),
        (_TWILIO + 'body = { a = "b" }\n', "unknown setting 'body'"),
        (_GENERIC + 'secret = "pony"\n', "unknown setting 'secret'"),
        (_GENERIC.replace("https", "http"), "must begin with https"),
        (_GENERIC.replace("https", "ftp"), "must begin with https"),
        (_GENERIC.replace("sms.example", "user:pony@sms.example"), "must not contain a user"),
        (_GENERIC.replace("{text}", "hello"), r"lacks \{text\}"),
        (_GENERIC.replace("{text}", "{text} {code}"), r"has \{code\}"),
        (_GENERIC.replace("{text}", "{text} {sender}"), "sender is not set"),
        (_GENERIC + 'headers = { Host = "other" }\n', "is not a header that can be set"),
        (_GENERIC + 'headers = { "X\\r\\nY" = "other" }\n', "is not a header that can be set"),
        (_GENERIC + 'headers = { X = "a\\r\\nY: b" }\n', "printable ASCII"),
        (_GENERIC + 'headers = { X = "{secret}" }\n', "secret_file requires user"),
        (_GENERIC + 'headers = { X = "{to}" }\n', r"may contain \{secret\} but no other"),
        (_GENERIC + 'user = "desk"\n', "secret_file requires user"),
        (_GENERIC + 'secret_file = "/etc/desk/sms"\n', "secret_file requires user"),
        (_GENERIC + "statuses = [500]\n", "'statuses'"),
        (_GENERIC + "statuses = []\n", "'statuses'"),
        (_GENERIC + 'kind = "xml"\n', "form or json"),
        (_GENERIC + 'method = "GET"\n', "POST or PUT"),
        (_GENERIC + "timeout = 0\n", "'timeout'"),
        (_GENERIC + 'digits_only = "yes"\n', "true or false"),
        ('url = "https://sms.example"\nbody = "x"\n', "'body'"),
    ],
)
def test_half_a_provider_is_one_line(tmp_path: Path, lines: str, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words) as caught:
        configured(tmp_path, lines)
    assert "\n" not in caught.value.message
    assert "pony" not in caught.value.message


def test_duo_needs_host_key_and_secret(tmp_path: Path) -> None:
    expected = DuoService("api-1.duosecurity.com", "DI01", Path("/etc/desk/duo"))
    assert configured(tmp_path, _DUO, "[duo]\n").duo == expected


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "missing: host, integration_key, secret_file"),
        (_DUO.replace("api-1", "https://api-1"), "without https"),
        (_DUO + 'secret_key = "pony"\n', "unknown setting 'secret_key'"),
        (_DUO.replace("/etc/desk/duo", "duo"), "an absolute path"),
        (_DUO + "port = 0\n", "'port'"),
    ],
)
def test_half_a_duo_is_one_line(tmp_path: Path, lines: str, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words):
        configured(tmp_path, lines, "[duo]\n")


def test_a_table_that_is_none_says_how(tmp_path: Path) -> None:
    for name in ("sms", "duo"):
        with pytest.raises(ConfigInvalid, match=f"{name} must be a table"):
            configured(tmp_path, f"{name} = 7\n", "")
