"""The socket of a logon rehearsal: connections on the loopback, each with its side of a FIX session."""

from __future__ import annotations

import asyncio
import errno
from contextlib import suppress

from dropcopy_tui.domain.errors import PortUnusable
from dropcopy_tui.gateway.port import Door, GatewayEvent, Rules
from dropcopy_tui.gateway.session import GatewaySession

HOST = "127.0.0.1"
MOST_CONNECTIONS = 512
_CHUNK = 65_536
# A client that does not read what it is sent, or does not hang up after a Logout, is not waited for longer.
_PATIENCE = 5.0
# An engine answers a Logout and then hangs up; a port that does so first loses what the engine reads last.
_LINGER = 2.0


class _Gone(Exception):
    """The client disconnected or stopped reading; distinct from an operator who does not read."""


class Listener:
    """A port of this machine alone. After five invalid logons within 60 seconds it closes itself."""

    def __init__(self, rules: Rules, most: int = MOST_CONNECTIONS) -> None:
        """`most` connections are served at a time; who comes then is told off, and so is the operator."""
        self._rules, self._most = rules, most
        self._door = Door()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._sessions: dict[asyncio.StreamWriter, GatewaySession] = {}
        # One message at a time: the sequence numbers are shared.
        self._turn = asyncio.Lock()
        self._closed = asyncio.Event()
        self._trouble: BaseException | None = None

    async def open(self, port: int) -> int:
        """Listen, on a free port for 0; the port. Raises PortUnusable."""
        self._door.reopen()
        self._closed.clear()
        try:
            self._server = await asyncio.start_server(
                self._connected, HOST, port, limit=_CHUNK, backlog=MOST_CONNECTIONS
            )
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "another program is listening on it" if taken else getattr(error, "strerror", None) or str(error)
            raise PortUnusable(f"Port {port} cannot be opened: {why}. Use another port, or 0 for a free one.") from None
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    async def closed(self) -> None:
        """Until five invalid logons closed the port. Raises what ended a connection unforeseen."""
        await self._closed.wait()
        if self._trouble is not None:
            raise self._trouble

    async def stop(self) -> None:
        """Close the port: whoever is logged on is told."""
        if self._server is not None:
            self._server.close()
            self._server = None
        async with self._turn:
            for writer, session in list(self._sessions.items()):
                writer.write(session.end())
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._door.closed or len(self._connections) >= self._most:
            if not self._door.closed:
                self._turned_away()
            writer.transport.abort()
            return
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    def _turned_away(self) -> None:
        words = f"A connection was dropped: {self._most:,} connections are open, the maximum."
        try:
            self._rules.tell(GatewayEvent("dropped", words))
        except Exception as trouble:  # noqa: BLE001 - the operator went away: `closed` raises it
            self._trouble = trouble
            self._closed.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = self._sessions[writer] = GatewaySession(self._rules, self._door, _steady())
        try:
            try:
                await self._talk(session, reader, writer)
            except _Gone:
                self._rules.tell(GatewayEvent("dropped", "A client disconnected or stopped reading."))
        except Exception as trouble:  # noqa: BLE001 - a refusal or a mistake of ours: `closed` raises it
            self._trouble = trouble
            self._closed.set()
        finally:
            session.gone()
            self._sessions.pop(writer, None)
            await _hang_up(writer)
            if self._door.closed:
                self._closed.set()

    async def _talk(self, session: GatewaySession, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not session.over:
            data = await _read(reader, session.due() - _steady())
            async with self._turn:
                # In a thread: a logon asks the store, and a wrong one is explained for half a second.
                answer = await asyncio.to_thread(_answer, session, data, _steady())
            if answer:
                await _send(writer, answer)
            if data == b"":
                return
            if self._door.closed:
                break
        if session.said_logout:
            # From now on the SenderCompID may log on again, whenever the client hangs up.
            session.gone()
            await _gone_by_itself(reader)


def _answer(session: GatewaySession, data: bytes | None, at: float) -> bytes:
    received = session.receive(data, at) if data else b""
    return received + session.tick(at)


async def _read(reader: asyncio.StreamReader, patience: float) -> bytes | None:
    """What came, b"" at the end of the connection, or None when it is time for something."""
    try:
        return await asyncio.wait_for(reader.read(_CHUNK), max(0.0, patience))
    except TimeoutError:
        return None
    except OSError:
        raise _Gone from None


async def _gone_by_itself(reader: asyncio.StreamReader) -> None:
    """Until the client hangs up, but not indefinitely."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_LINGER):
            while await reader.read(_CHUNK):
                pass


async def _send(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)
    try:
        await asyncio.wait_for(writer.drain(), _PATIENCE)
    except (OSError, TimeoutError):
        raise _Gone from None


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, TimeoutError, asyncio.CancelledError):
        writer.close()
        await asyncio.wait_for(writer.wait_closed(), _PATIENCE)
    writer.transport.abort()


def _steady() -> float:
    """Seconds on the loop's clock, which does not jump when the time of day is set."""
    return asyncio.get_running_loop().time()
