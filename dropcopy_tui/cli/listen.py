"""The work of `dropcopy logon listen`: a rehearsal from the first line to the signal that ends it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from dropcopy_tui.cli.output import say, write
from dropcopy_tui.domain.errors import PortClosed
from dropcopy_tui.gateway.listener import HOST, Listener
from dropcopy_tui.gateway.port import INVALID_SECONDS, MOST_INVALID, GatewayEvent, Rules

if TYPE_CHECKING:
    from dropcopy_tui.cli.call import Call
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CLOSED = f"{MOST_INVALID} invalid logons within {INVALID_SECONDS:g} seconds closed the port, as on the real gateway."


def rehearse(call: Call, desk: Desk, actor: Actor, port: int, session_id: str, market: str) -> int:
    """Hold a rehearsal until a signal ends it; the exit code is the signal's.

    Raises:
        PortUnusable: the port cannot be opened.
        PortClosed: five invalid logons, and no terminal at which the port could be opened again.
        NotEntitled, NotFound, InvalidValue: as `Rehearsals.start`.
    """
    rehearsal = desk.rehearsals.start(actor, session_id, market)
    rules = Rules(
        judge=partial(desk.rehearsals.judge, actor, rehearsal),
        note=partial(desk.rehearsals.note, actor, rehearsal),
        tell=partial(_tell, call.as_json),
        now=desk.clock.now,
    )
    return asyncio.run(_hold(call, rules, port, session_id))


async def _hold(call: Call, rules: Rules, port: int, session_id: str) -> int:
    ended = _signalled()
    listener = Listener(rules)
    try:
        while True:
            port = await listener.open(port)
            _announce(port, session_id)
            code = await _until(ended, listener.closed())
            if code is not None:
                return code
            await listener.stop()
            code = await _asked_again(call, ended)
            if code is not None:
                return code
    finally:
        await listener.stop()


async def _until(ended: asyncio.Future[int], other: object) -> int | None:
    """The exit code of a signal, or None when the other came first. Raises what the other raises."""
    waiting = asyncio.ensure_future(other)  # type: ignore[call-overload]  # an awaitable of whatever
    await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        waiting.cancel()
        return ended.result()
    waiting.result()
    return None


async def _asked_again(call: Call, ended: asyncio.Future[int]) -> int | None:
    """Wait for Enter at a terminal to open the port again. Raises PortClosed without a terminal."""
    from dropcopy_tui.cli.sign_in import may_ask

    if not may_ask(call):
        raise PortClosed(f"{_CLOSED} Run the command again to open it.")
    say(f"{_CLOSED} Press Enter to open it again, Ctrl-C to quit.")
    loop = asyncio.get_running_loop()
    entered = loop.create_future()
    loop.add_reader(sys.stdin.fileno(), _entered, entered)
    try:
        return await _until(ended, entered)
    finally:
        loop.remove_reader(sys.stdin.fileno())


def _entered(future: asyncio.Future[None]) -> None:
    line = sys.stdin.readline()
    if future.done():
        return
    if line:
        future.set_result(None)
    else:
        future.set_exception(PortClosed(f"{_CLOSED} Run the command again to open it."))


def _signalled() -> asyncio.Future[int]:
    """Done with the exit code when a signal comes. A signal that is ignored (nohup) stays ignored."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(128 + number)

    # Only the main thread can be told of signals.
    with suppress(ValueError, RuntimeError):
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, end, number)
    return ended


def _announce(port: int, session_id: str) -> None:
    """Where it listens: a line of JSON, so that a script finds the port it was given."""
    write(json.dumps({"event": "listening", "host": HOST, "port": port, "session_id": session_id or None}) + "\n")
    whose = f"session {session_id}" if session_id else "all sessions whose keys you manage"
    say(f"Listening on {HOST}:{port} for {whose}. Press Ctrl-C to stop.")


def _tell(as_json: bool, told: GatewayEvent) -> None:
    if as_json:
        write(json.dumps({"event": told.event, "words": told.words, **told.facts}) + "\n")
    say(told.words)
