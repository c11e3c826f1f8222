"""The text of a log, whatever it comes in: plain, compressed with gzip, or in UTF-16.

Everything else that is a form of its own (archives, other compressions) is refused with what to do about it.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator

from dropcopy_tui.domain.errors import FileRefused

CHUNK = 262_144
# How many bytes tell the form.
_ROOM = 16
_PIECE = 4_096
_GZIP = b"\x1f\x8b\x08"
_REFUSED = {
    b"PK\x03\x04": ("a ZIP archive", "unzip -p"),
    b"\xfd7zXZ\x00": ("an xz file", "xz -dc"),
    b"BZh": ("a bzip2 file", "bzip2 -dc"),
    b"\x28\xb5\x2f\xfd": ("a Zstandard file", "zstd -dc"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "7z x -so"),
}
_CAPTURES = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a")
CAPTURE = "The file is a network capture: messages split across packets are flagged or missing. Use a FIX log instead."
DAMAGED = "The gzip data is damaged: nothing after the damage was read."
EARLY = "The gzip data ends early: the file is not complete."


class LogText:
    """The bytes of a log as text with one byte a character of ASCII. `note` says what is wrong with its form.

    Raises FileRefused when it is made, for a form that is not read.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.note = ""
        first, rest = _beginning(iter(chunks))
        # Whether it is not simply the bytes that came.
        self.converted = first.startswith(_GZIP)
        if self.converted:
            first, rest = _beginning(self._unpacked(_joined(first, rest)))
        for magic, (what, command) in _REFUSED.items():
            if first.startswith(magic):
                raise FileRefused(f"The log is {what}. Unpack it first: {command} FILE | dropcopy route -")
        if first.startswith(_CAPTURES):
            self.note = CAPTURE
        encoding = _encoding(first)
        self.converted |= bool(encoding)
        text = _joined(first, rest)
        self._chunks = _decoded(text, encoding) if encoding else text

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def _unpacked(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Every member of gzip data, a bounded piece at a time."""
        member, begun = zlib.decompressobj(wbits=31), False
        for chunk in _pieces(chunks):
            while chunk:
                if not begun:
                    # Zeros may pad the end of the last member.
                    chunk = chunk.lstrip(b"\0")
                    begun = bool(chunk)
                    if not begun:
                        break
                try:
                    text = member.decompress(chunk, CHUNK)
                except zlib.error:
                    self.note = DAMAGED
                    return
                if text:
                    yield text
                chunk = member.unconsumed_tail
                if member.eof:
                    chunk = member.unused_data
                    member, begun = zlib.decompressobj(wbits=31), False
        if begun:
            # What the last bounded piece left in it.
            while text := member.decompress(b"", CHUNK):
                yield text
            self.note = EARLY if not member.eof else self.note


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Small ones: of damaged data, all but the piece with the damage is read."""
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE):
            yield chunk[at : at + _PIECE]


def _beginning(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    first = b""
    while len(first) < _ROOM and (chunk := next(chunks, b"")):
        first += chunk
    return first, chunks


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _encoding(first: bytes) -> str:
    """The encoding of a log in UTF-16; "" for any other."""
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = first[:8:2], first[1:8:2]
    if len(odd) < 3 or not (any(even) or any(odd)):
        return ""
    if not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if not any(even) and all(odd) else ""


def _decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text.encode("utf-8", "replace")
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", "replace")
