"""An email as bytes: whatever the store holds, the headers, the body and the recipient are the intended ones."""

from __future__ import annotations

import base64
import quopri
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import Undeliverable
from dropcopy_tui.domain.mail import Letter
from dropcopy_tui.senders.letter import letter_bytes

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
SENDER, TO, ID = "desk@desk.example", "ann@firm.example", "<outbox-1.s@dropcopy-tui>"
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
]  # fmt: skip
# Encoded words that hide a header, a body, an escape sequence, another encoded word, and half of one.
HOSTILE = [
    "=?utf-8?b?DQpCY2M6eEB5Lnp6?=",
    "=?utf-8?q?=0d=0aBcc:_x@y.zz?=",
    "=?utf-8?q?=0d=0a=0d=0aAnother_body?=",
    "=?utf-8?q?=1b[2J?=",
    "=?utf-8?b?PT91dGYtOD9xPz0wZD0wYUJjYzpfeEB5Lnp6Pz0=?=",
    "=?iso-2022-jp?b?GyRC?=",
    "=?utf-8?q?half",
    "?=",
    "\r\nBcc: x@y.zz",
    "\r\n\r\nbody",
    "\x1b[2J",
    "\x00",
    "\ud800",
    "\u2028",
    "\u202e",
    "x" * 1_200,
    "ü" * 200,
    " ",
    "\t",
    ".\n",
    "From here\n",
    "--=_boundary--",
]
hostile = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), max_size=5).map("".join)


def letter(**more: str) -> Letter:
    usual = {"message_id": ID, "to": TO, "subject": "Request DC-1", "body": "Status\n"} | more
    return Letter(usual["message_id"], usual["to"], usual["subject"], NOW, usual["body"])


def read(raw: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """The headers and the body, by a parser of this test's own: lines, folds, and one pass over encoded words."""
    assert raw.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = re.sub(r"\r\n(?=[ \t])", "", head.decode()).split("\r\n")
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)], body


def decoded(value: str) -> str:
    if not value.startswith("=?"):
        return value
    words = value.split(" ")
    assert all(re.fullmatch(r"=\?utf-8\?b\?[A-Za-z0-9+/]+=*\?=", word) and len(word) <= 75 for word in words)
    return "".join(base64.b64decode(word[10:-2]).decode() for word in words)


def plain(encoding: str, body: bytes) -> str:
    return (quopri.decodestring(body) if encoding == "quoted-printable" else body).decode().replace("\r\n", "\n")


@given(hostile, hostile)
@example(*HOSTILE[:2])
@example("a", HOSTILE[2])
@example("", "")
@example("Ünï — " + "x" * 200, "a\r\n.\r\nb")
def test_what_is_read_back_is_what_was_meant(subject: str, body: str) -> None:
    half = "\ud800-\udfff"
    if re.search(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{half}]", subject) or re.search(f"[{half}]", body):
        with pytest.raises(Undeliverable, match=r"control characters|half of a character"):
            letter_bytes(SENDER, letter(subject=subject, body=body))
        return
    raw = letter_bytes(SENDER, letter(subject=subject, body=body))
    headers, sent = read(raw)
    values = dict(headers)
    assert [name for name, _ in headers] == HEADERS
    assert (values["From"], values["To"], values["Message-ID"]) == (SENDER, TO, ID)
    assert decoded(values["Subject"]) == subject
    meant = re.sub("\r\n|\r|\n", "\n", body)
    assert plain(values["Content-Transfer-Encoding"], sent) == (meant if meant.endswith("\n") else meant + "\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    # And as mail programs read it, among them Python's own.
    message = message_from_bytes(raw, policy=policy.compat32)
    assert message.keys() == HEADERS
    assert str(make_header(decode_header(message["Subject"]))) == subject


@given(st.one_of(hostile, hostile.map(lambda text: f"{text}@firm.example"), hostile.map(lambda text: f"a@{text}")))
@example("=?utf-8?b?DQpCY2M6eEB5Lnp6?=@firm.example")
@example('"=?utf-8?q?=0d=0a?="@firm.example')
@example("<")
@example('"')
@example("ann@")
@example("a@[")
@example("ann@firm.example (")
def test_an_address_and_an_id_are_plain_or_fail_that_letter(text: str) -> None:
    for field in ("to", "message_id"):
        try:
            headers, _ = read(letter_bytes(SENDER, letter(**{field: text})))
        except Undeliverable:
            continue
        assert [name for name, _ in headers] == HEADERS
        assert "=?" not in text
        assert dict(headers)["To" if field == "to" else "Message-ID"] == text


@pytest.mark.parametrize("text", ["<a@b", "<>", "<a b@c>", "<a@b>\r\nX: y", "", "<[@]>", "<=?utf-8?q?=0d=0a?=@x>"])
def test_a_message_id_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(Undeliverable, match="Message-ID"):
        letter_bytes(SENDER, letter(message_id=text))
