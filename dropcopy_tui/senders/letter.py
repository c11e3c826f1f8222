"""An email as bytes: its headers are written here, character by character, and stored text is never parsed.

The standard library's header classes parse what they are given: an encoded word (RFC 2047) inside a stored name is
decoded on the way, and what it hides becomes headers, a body or terminal control sequences.
"""

from __future__ import annotations

import base64
import quopri
import re
import unicodedata
from email.utils import format_datetime

from dropcopy_tui.domain.errors import Undeliverable
from dropcopy_tui.domain.mail import ADDRESS_LENGTH, Letter, is_address

# RFC 5322, 2.1.1: the longest line of data without its line end.
_LINE_LENGTH = 998
# RFC 2047, 2: an encoded word has at most 75 characters, which leaves 45 bytes for the text. RFC 5322 advises 78.
_WORD_BYTES = 45
_HEADER_LENGTH = 78
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>")
_PLAIN = re.compile(r"[!-~]+( [!-~]+)*")
_PLAIN_BODY = re.compile(r"[\t\n -~]*")
_LINE_END = re.compile(r"\r\n|\r|\n")


def letter_bytes(sender: str, letter: Letter) -> bytes:
    """The message as it is handed to the server. Raises Undeliverable for text that no header may contain."""
    encoding, body = _body(letter.body)
    headers = (
        ("From", _address(sender)),
        ("To", _address(letter.to)),
        ("Subject", _text(letter.subject)),
        ("Date", format_datetime(letter.at)),
        ("Message-ID", _message_id(letter.message_id)),
        # Suppresses out-of-office replies (RFC 3834).
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", encoding),
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode("ascii") + b"\r\n" + body


def _address(text: str) -> str:
    """The address as it was given. Raises Undeliverable if it is invalid; few servers support one beyond ASCII."""
    if not is_address(text):
        raise Undeliverable("The address is not a valid email address. Correct it, then retry the message.")
    return text


def _message_id(text: str) -> str:
    if len(text) > ADDRESS_LENGTH or not _MESSAGE_ID.fullmatch(text):
        raise Undeliverable("The email was not sent: its Message-ID is not valid.")
    return text


def _text(text: str) -> str:
    """A header's text: as it stands if nothing in it could be read as anything else, otherwise in encoded words."""
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise Undeliverable("The email was not sent: its subject contains control characters.")
    if not text:
        return ""
    if _PLAIN.fullmatch(text) and "=?" not in text and len(text) <= _HEADER_LENGTH - len("Subject: "):
        return text
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(part).decode('ascii')}?=" for part in _parts(text))


def _parts(text: str) -> list[bytes]:
    """The text in UTF-8, in parts that fit into an encoded word each; no character is divided."""
    parts = [b""]
    for character in text:
        encoded = character.encode()
        if len(parts[-1]) + len(encoded) > _WORD_BYTES:
            parts.append(b"")
        parts[-1] += encoded
    return parts


def _body(text: str) -> tuple[str, bytes]:
    """The transfer encoding and the body: 7-bit data, which every server accepts."""
    lines = _LINE_END.sub("\n", text)
    if not lines.endswith("\n"):
        lines += "\n"
    if _PLAIN_BODY.fullmatch(lines) and max(map(len, lines.split("\n"))) <= _LINE_LENGTH:
        return "7bit", lines.replace("\n", "\r\n").encode("ascii")
    try:
        encoded = quopri.encodestring(lines.encode())
    except UnicodeEncodeError:
        raise Undeliverable("The email cannot be encoded: its body contains half of a character.") from None
    return "quoted-printable", encoded.replace(b"\n", b"\r\n")
