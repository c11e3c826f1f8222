"""A FIX client of the tests' own, made with simplefix: it signs its logons as CME's specification says, or wrongly."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from simplefix import FixMessage, FixParser

SIGNED = (34, 49, 50, 52, 57, 108, 142, 369, 1603, 1604, 1605)
PATIENCE = 10.0
SENDER = "ABCAB123N"


@dataclass(frozen=True)
class Key:
    """What a client reads from its key file."""

    id: str
    secret: str


def logon(key: Key, now: datetime, number: int = 1, **how: Any) -> FixMessage:
    """A logon. `how` makes mistakes: ending, joiner, undecoded, without, padded, signed={tag: value}, sent={...}."""
    values = {
        34: str(number), 49: SENDER, 50: "MSG", 52: f"{now:%Y%m%d-%H:%M:%S}.000", 57: "40", 108: "30", 142: "US,NY",
        369: "0", 1603: "LADDER", 1604: "4.2", 1605: "OWN",
    }  # fmt: skip
    values |= how.get("values", {})
    signed = {**values, **how.get("signed", {})}
    text = how.get("joiner", "\n").join(signed[tag] for tag in SIGNED if tag != how.get("without"))
    text += how.get("ending", "")
    raw = key.secret.encode() if how.get("undecoded") else base64.urlsafe_b64decode(key.secret + "=")
    signature = base64.urlsafe_b64encode(hmac.new(raw, text.encode(), hashlib.sha256).digest()).decode()
    signature = signature if how.get("padded") else signature.rstrip("=")
    tail = {354: str(len(key.id)), 355: key.id, 1400: "CME-1-SHA-256", 1401: str(len(signature)), 1402: signature}
    return message("A", {**values, 56: "CME", **tail, **how.get("sent", {})})


def message(kind: str, values: dict[int, Any]) -> FixMessage:
    built = FixMessage()
    built.append_pair(8, "FIX.4.2")
    built.append_pair(35, kind)
    for tag, value in values.items():
        built.append_pair(tag, value)
    return built


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._parser = FixParser()
        self.number = 1

    @classmethod
    async def connect(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, what: FixMessage | bytes) -> None:
        self._writer.write(what if isinstance(what, bytes) else what.encode())
        await self._writer.drain()

    async def say(self, kind: str, **values: Any) -> None:
        """A message of the session with the next number; `t112="X"` is a tag."""
        self.number += 1
        body = {int(name[1:]): value for name, value in values.items()}
        await self.send(message(kind, {34: self.number, 49: SENDER, 56: "CME"} | body))

    async def read(self) -> dict[int, str]:
        """The next message, by tag; nothing at the end of the connection."""
        while (found := self._parser.get_message()) is None:
            data = await asyncio.wait_for(self._reader.read(65_536), PATIENCE)
            if not data:
                return {}
            self._parser.append_buffer(data)
        pairs = found.pairs
        built = FixMessage()
        for tag, value in pairs[:-1]:
            if int(tag) != 9:
                built.append_pair(tag, value)
        assert built.encode().endswith(b"10=" + pairs[-1][1] + b"\x01"), "wrong CheckSum"
        return {int(tag): value.decode() for tag, value in pairs}

    async def log_on(self, key: Key, now: datetime, **how: Any) -> list[dict[int, str]]:
        """Log on; the answers up to the Test Request or the Logout."""
        await self.send(logon(key, now, self.number, **how))
        answers = [await self.read()]
        while answers[-1] and answers[-1][35] not in ("1", "5"):
            answers.append(await self.read())
        return answers

    async def log_out(self) -> None:
        await self.say("5")
        assert (await self.read())[35] == "5"
        assert await self.read() == {}
        await self.close()

    async def close(self) -> None:
        self._writer.close()
