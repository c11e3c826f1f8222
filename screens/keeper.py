"""The keeper of the application's seat: locks it when no key is pressed, and leaves when its time or its right is over.

Two clocks say how long that is: the desk's, which continues while a laptop or a host sleeps, and the process's own,
which nothing sets back. A key that comes too late does not make good for the time before it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from textual.screen import Screen

from dropcopy_tui.domain.errors import DeskError, NotEntitled, NotSignedIn
from dropcopy_tui.domain.seats import LAST_CALL, SEEN_EVERY, Ending, SeatPlace, SeatWay, ending_words, length_words
from dropcopy_tui.origin import seat_place
from screens.jobs import off_thread

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.domain.seats import SeatRules
    from dropcopy_tui.services.factors.table import Challenge, Proof
    from dropcopy_tui.services.people.seat_locks import LockWay

# Seconds between two looks: an end that was decided elsewhere is to be seen within five.
LOOK_EVERY = 3.0
SAVE_SECONDS = 3.0
# Seconds between two questions whether a push was approved.
_PAUSE = 0.5
_NO_WAY = "You have neither a password nor a second factor to resume with, so you were signed out instead."
_KEPT = "Your drafts are kept."


class KeptApp(Protocol):
    """What the keeper knows of the application."""

    @property
    def actor(self) -> Actor:
        """Who acts."""

    @property
    def signed_in(self) -> bool:
        """Whether anyone acts."""

    @property
    def is_covered(self) -> bool:
        """Whether the lock is there."""

    def cover(self, screen: Screen[Any]) -> None:
        """Show nothing but this."""

    def uncover(self) -> None:
        """Show everything as it was."""

    def sit_at(self, seat: int) -> None:
        """Act from this seat; from none, 0."""

    async def save_work(self) -> None:
        """Keep what was typed."""

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:
        """End."""

    def notify(self, message: str, *, timeout: float | None = None) -> None:
        """Show a notice."""


class SeatKeeper:
    """Keeps one seat; on a desk that keeps none, it does nothing."""

    def __init__(self, app: KeptApp) -> None:
        self._app = app
        self.way = SeatWay.SANDBOX
        self._desk: Desk | None = None
        self._rules: SeatRules | None = None
        self._looking = self._over = self._called = False

    @cached_property
    def place(self) -> SeatPlace:
        """Where the seat is."""
        return seat_place()

    @property
    def is_needed(self) -> bool:
        """Whether the desk keeps seats."""
        return self._rules is not None

    def begin(self, desk: Desk) -> None:
        """The desk is open, and its person may act from now on."""
        self._desk, self._rules = desk, desk.seats.rules
        self._opened = self._acted = desk.clock.now()
        self._began = self._pressed = self._told = monotonic()

    # -- keys

    def takes(self) -> bool:
        """Note that a key was pressed. False where it was pressed too late: it is for the lock, and not for before."""
        if self._desk is None or self._rules is None:
            return True
        if not self._app.signed_in:
            self._note()
            return True
        if self._app.is_covered:
            return self.idle < self._rules.sign_out
        if self.idle >= self._rules.lock:
            return False
        self._note()
        return True

    def _note(self) -> None:
        assert self._desk is not None
        self._acted, self._pressed = self._desk.clock.now(), monotonic()

    @property
    def idle(self) -> timedelta:
        """How long no key was pressed."""
        return self._since(self._acted, self._pressed)

    def _since(self, moment: datetime, ticks: float) -> timedelta:
        assert self._desk is not None
        return max(self._desk.clock.now() - moment, timedelta(seconds=monotonic() - ticks))

    # -- looking

    async def look(self) -> bool:
        """Lock, end or leave, where it is time for that; whether the application stays."""
        if self._desk is None or self._rules is None or not self._app.signed_in:
            return True
        if self._looking or self._over:
            return not self._over
        self._looking = True
        try:
            await self._look(self._desk, self._rules)
        except (NotEntitled, NotSignedIn) as ended:
            await self._leave(ended.message, ended.exit_code)
        except (DeskError, OSError):
            pass  # The store cannot be asked now; the lock does not need it, and the next look asks again.
        finally:
            self._looking = False
        return not self._over

    async def _look(self, desk: Desk, rules: SeatRules) -> None:
        age = self._since(self._opened, self._began)
        if self.idle >= rules.sign_out:
            await self._sign_out(Ending.IDLE, rules.sign_out)
        elif age >= rules.life:
            await self._sign_out(Ending.OLD, rules.life)
        elif self.idle >= rules.lock and not self._app.is_covered:
            await self._lock(desk, rules)
        else:
            if rules.life - age <= LAST_CALL and not self._called:
                self._called = True
                self._app.notify(f"This seat ends in {length_words(rules.life - age)}. {_KEPT}", timeout=30)
            await self._ask(desk)

    async def _ask(self, desk: Desk) -> None:
        """Whether the seat was ended elsewhere; now and then, say that it is in use."""
        if not self._app.actor.seat:
            # The store was busy when the person was recognised.
            opened = await off_thread(desk.seats.open, self._app.actor, self.place, self.way)
            self._app.sit_at(opened.seat)
        if monotonic() - self._told < SEEN_EVERY.total_seconds():
            await off_thread(desk.seats.look, self._app.actor)
            return
        await off_thread(desk.seats.keep, self._app.actor, self._acted)
        self._told = monotonic()

    # -- locking

    async def _lock(self, desk: Desk, rules: SeatRules) -> None:
        """First the screen is blank, then everything else: the store may take its time."""
        # Late for the sake of start-up: nothing is locked before the first paint.
        from screens.modals.lock import LockModal

        until = desk.clock.now() + rules.sign_out - self.idle
        self._app.cover(LockModal(self, self._app.actor.user_id, rules.lock, until))
        await self._save()
        if self._app.actor.seat and not self._over:
            await off_thread(desk.seats.lock, self._app.actor, self._acted)

    async def ways(self) -> tuple[LockWay, ...]:
        """With what the seat is resumed; where there is nothing to ask, the application leaves instead.

        Raises SeatEnded, StoreBusy and the like.
        """
        assert self._desk is not None
        assert self._rules is not None
        if not self._app.actor.seat:
            await self._ask(self._desk)
        found = await off_thread(self._desk.seats.ways, self._app.actor)
        if not found and not self._over:
            await self._sign_out(Ending.IDLE, self._rules.lock, _NO_WAY)
        return found

    async def send(self, way: LockWay) -> Challenge:
        """A new code, on its way to the person. Raises FactorUnavailable, CodesUsedUp."""
        # Late for the sake of start-up: nothing is locked before the first paint.
        from dropcopy_tui.services.factors.table import Purpose

        assert self._desk is not None
        challenge = await off_thread(self._desk.factors.start, self._app.actor, way.name, Purpose.RESUME)
        if challenge.to_send:
            await off_thread(self._desk.texting.send, self._app.actor, challenge.id)
        return challenge

    async def resume(self, way: LockWay, answer: str, challenge: Challenge | None) -> None:
        """Lift the lock. Raises what refuses it; SeatEnded, when the answers were wrong too often."""
        assert self._desk is not None
        desk, actor = self._desk, self._app.actor
        if way.name == SeatWay.PASSWORD:
            await off_thread(desk.identity.resume, actor, answer)
        elif challenge is None:
            await off_thread(desk.seats.resume, actor, way.name, answer)
        else:
            proof = await self._proof(desk, challenge, answer)
            await off_thread(desk.seats.resume, actor, way.name, proof.code, proof.challenge)
        self._note()
        self._app.uncover()

    async def _proof(self, desk: Desk, challenge: Challenge, answer: str) -> Proof:
        """What answers the challenge: the code, or with an empty one the approval of a push."""
        if answer or not challenge.push:
            return await off_thread(desk.factors.prove, self._app.actor, challenge.id, answer)
        await off_thread(desk.factors.push, self._app.actor, challenge.id)
        while True:
            proof = await off_thread(desk.factors.poll, self._app.actor, challenge.id)
            if proof is not None:
                return proof
            await asyncio.sleep(_PAUSE)

    # -- leaving

    async def left(self) -> None:
        """The person leaves: the seat ends with them. One that cannot say so ends with its process."""
        if self._desk is not None and not self._over and self._app.signed_in and self._app.actor.seat:
            self._over = True
            with suppress(DeskError, OSError):
                await off_thread(self._desk.seats.leave, self._app.actor)

    async def moved(self, before: Actor) -> None:
        """Another person acts from now on (in a sandbox): the seat of the one before is left."""
        if self._desk is not None and before.seat:
            with suppress(DeskError, OSError):
                await off_thread(self._desk.seats.leave, before)

    async def _sign_out(self, how: Ending, limit: timedelta, why: str = "") -> None:
        """The time is over: what was typed is kept, the seat ends, and then the application."""
        assert self._desk is not None
        self._over = True
        actor = self._app.actor
        await self._save()
        if actor.seat:
            with suppress(DeskError, OSError):
                await off_thread(self._desk.seats.leave, actor, how, limit)
        said = why or ending_words(how, actor.user_id, actor.user_id, length_words(limit))
        self._end(f"{said} {_KEPT}", NotSignedIn.exit_code)

    async def _leave(self, why: str, code: int) -> None:
        """Someone ended the seat: what was typed is kept, as of a person who sits nowhere."""
        self._over = True
        self._app.sit_at(0)
        await self._save()
        self._end(why, code)

    def _end(self, why: str, code: int) -> None:
        self._app.exit(code, return_code=code, message=f"dropcopy: {why}")

    async def _save(self) -> None:
        """Keep what was typed, if that can be done: a store that is busy holds up no lock."""
        with suppress(DeskError, OSError, TimeoutError):
            await asyncio.wait_for(self._app.save_work(), SAVE_SECONDS)
