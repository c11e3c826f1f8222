"""The gateway's side of one FIX session, for a rehearsal: bytes in, bytes out, no socket and no clock of its own.

It does what the Drop Copy gateway does with a logon (domain sections 6 and 8) and keeps a session alive; there is
nothing to copy, so it sends no business messages. Messages are parsed and built with simplefix.
"""

from __future__ import annotations

from typing import Any

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.fix_frames import Frames
from dropcopy_tui.domain.logon import LogonMessage, parse_message
from dropcopy_tui.domain.logon_rules import CGW_TARGET, EXCHANGE
from dropcopy_tui.domain.logon_verdict import Verdict
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.gateway.port import CLOSURE, Door, GatewayEvent, Numbers, Rules
from dropcopy_tui.gateway.wire import comp_of, echo_of, encode, fields_of, sending_time, shown, text_of, whole
from dropcopy_tui.services.logons.rehearsals import Outcome

# How long a client may be connected without a logon (CME wiki: drop copy session layer).
LOGON_SECONDS = 60.0
# A partner who is silent for so much longer than its heartbeat is asked whether it is there; the session ends when
# the last of so many Test Requests is not answered.
_SILENCE = 1.2
_MOST_ASKED = 2
_MOST_RESENT = 2_500
_LONGEST_ECHO = 64
_COUNTED = (
    "The client counted its refused logons. The real gateway expects 34=1 again until the first logon is accepted: "
    "have the client reset its numbers after a refusal."
)


class GatewaySession:
    """One connection. `at` is a steady clock in seconds, which does not jump with the time of day."""

    def __init__(self, rules: Rules, door: Door, at: float) -> None:
        self.over = False
        # The gateway sent a Logout that the client has not answered yet.
        self.said_logout = False
        self._rules, self._door = rules, door
        self._frames = Frames()
        self._sender = self._target_sub = self._sender_sub = self._place = ""
        self._numbers: Numbers | None = None
        self._heartbeat = 0
        self._opened = self._heard = self._sent = at
        self._asked = ""
        self._asked_at = 0.0
        self._asks = self._unanswered = 0
        self._missing_from = 0

    # -- what comes in

    def receive(self, data: bytes, at: float) -> bytes:
        """Take bytes; what is to be sent. Afterwards `over` may be true: then the connection ends."""
        answers = []
        for frame in self._frames.feed(data):
            if self.over:
                break
            if frame.problem:
                self._garbled(frame.problem)
            else:
                self._heard = at
                answers.append(self._take(frame.raw, at))
        return self._out(b"".join(answers), at)

    def _garbled(self, problem: str) -> None:
        """What is garbled is ignored, as FIX has it; before a logon it ends the connection."""
        self._tell("garbled", f"{problem}.")
        if self._numbers is None:
            self.over = True

    def _take(self, raw: bytes, at: float) -> bytes:
        fields = fields_of(raw)
        if fields is None:
            self._garbled("A message could not be read: one of its tags is not a number")
            return b""
        kind = text_of(fields.get(35, b""))
        if self._numbers is None:
            return self._first(kind, fields, raw, at)
        return self._in_order(self._numbers, kind, fields, at)

    # -- the logon

    def _first(self, kind: str, fields: dict[int, bytes], raw: bytes, at: float) -> bytes:
        if kind != "A":
            self._tell("dropped", f"The first message is 35={shorten(kind)}, not a logon. The connection was dropped.")
            self.over = True
            return b""
        self._sender, self._target_sub = comp_of(fields.get(49, b"")), comp_of(fields.get(57, b""))
        self._sender_sub, self._place = echo_of(fields.get(50)), echo_of(fields.get(142))
        number = whole(fields.get(34))
        try:
            message = parse_message(raw.decode("latin-1"))
        except InvalidValue as refusal:
            return self._refuse(None, Outcome(False, None, None, (refusal.message,)), refusal.message, number, at)
        return self._judged(message, self._rules.judge(message), number, at)

    def _judged(self, message: LogonMessage, verdict: Verdict, number: int | None, at: float) -> bytes:
        outcome = Outcome(verdict.valid, verdict.session_id, verdict.access_key_id, verdict.explanations)
        if not verdict.valid or number is None:
            return self._refuse(verdict, outcome, verdict.said, number, at)
        numbers, who = self._door.of(self._sender), (verdict.session_id, verdict.access_key_id)
        taken = self._door.taken(self._sender, verdict.session_id)
        if taken:
            return self._refuse(verdict, Outcome(False, *who, (taken,)), taken, number, at)
        reset = message.raw.get("141") == "Y" and number == 1
        if reset:
            numbers.restart()
        if not numbers.fits(number):
            wrong, expected = _wrong_number(numbers, number), numbers.inward
            return self._refuse(verdict, Outcome(False, *who, (wrong,)), wrong, number, at, (789, expected))
        self._rules.note(outcome)
        return self._accept(message, verdict, numbers, number, reset, at)

    def _refuse(
        self,
        verdict: Verdict | None,
        outcome: Outcome,
        said: str,
        number: int | None,
        at: float,
        *more: tuple[int, Any],
    ) -> bytes:
        """A Logout that says little; what explains it goes to the operator alone."""
        self._rules.note(outcome)
        self._door.count_invalid(at)
        said = CLOSURE if self._door.closed else said
        words = (f"Logon refused{self._named(outcome)}.", *outcome.reasons, *_noted(verdict))
        self._tell("logon", " ".join(words), **_logon_facts(verdict, outcome), sent=said)
        self.over = self.said_logout = True
        return self._message("5", self._door.of(self._sender).refuse(number), number or 0, (58, said), *more)

    def _named(self, outcome: Outcome) -> str:
        return f": {self._sender or 'no SenderCompID'}" + (
            f", key {outcome.access_key_id}" if outcome.access_key_id else ""
        )

    def _accept(
        self, message: LogonMessage, verdict: Verdict, numbers: Numbers, number: int, reset: bool, at: float
    ) -> bytes:
        self._numbers, self._heartbeat = numbers, int(message.raw["108"])
        first = numbers.inward == numbers.outward == 1
        notes = list(verdict.notes)
        if numbers.accept(number) and first:
            notes.append(_COUNTED)
        outcome = Outcome(True, verdict.session_id, verdict.access_key_id)
        state = f" ({verdict.key_state.words})" if verdict.key_state else ""
        words = (f"Logon accepted{self._named(outcome)}{state}.", *(f"Note: {note}" for note in notes))
        self._tell("logon", " ".join(words), **{**_logon_facts(verdict, outcome), "notes": notes})
        answer = self._send("A", (108, self._heartbeat), *(((141, "Y"),) if reset else ()))
        return answer + self._ask(at)

    # -- the session

    def _in_order(self, numbers: Numbers, kind: str, fields: dict[int, bytes], at: float) -> bytes:
        """The message by its number: too low ends the session, too high asks for what is missing."""
        number, reset = whole(fields.get(34)), kind == "4" and fields.get(123) != b"Y"
        if comp_of(fields.get(49, b"")) != self._sender:
            self._tell("ignored", f"{self._sender}: a message was ignored, its SenderCompID (49) is not the logon's.")
            return b""
        if number is None:
            return self._log_out("MsgSeqNum (34) is missing or not a number.")
        if number < numbers.inward and not reset:
            if fields.get(43) == b"Y":
                return b""
            return self._log_out(_wrong_number(numbers, number), (789, numbers.inward))
        if number > numbers.inward and not reset:
            late = self._act(numbers, kind, fields, number, at) if kind in ("0", "2", "5") else b""
            return late if self.over else late + self._gap(numbers, number)
        if not reset:
            numbers.inward += 1
        return self._act(numbers, kind, fields, number, at)

    def _gap(self, numbers: Numbers, number: int) -> bytes:
        """Ask for what is missing, once for the same gap."""
        if self._missing_from == numbers.inward:
            return b""
        self._missing_from = numbers.inward
        self._tell(
            "gap",
            f"{self._sender}: sequence number {numbers.inward} was expected but {number} received; "
            "a resend was requested.",
        )
        return self._send("2", (7, numbers.inward), (16, 0))

    def _act(self, numbers: Numbers, kind: str, fields: dict[int, bytes], number: int, at: float) -> bytes:
        if kind == "0":
            self._answered(fields.get(112, b""), at)
            return b""
        if kind == "1":
            return self._send("0", (112, fields.get(112, b"")[:_LONGEST_ECHO] or "0"))
        if kind == "2":
            return self._resend(numbers, fields, number)
        if kind == "3":
            self._tell("reject", f"{self._sender} rejected message {shown(fields.get(45))}: {shown(fields.get(58))}.")
            return b""
        if kind == "4":
            return self._skip(numbers, fields, number)
        if kind == "5":
            self._tell("logout", f"{self._sender} logged out.")
            self.over = True
            return self._send("5", (58, "Logout confirmed."))
        if kind == "A":
            return self._log_out("Already logged on.")
        self._tell("reject", f"{self._sender} sent 35={shorten(kind)}, which a drop copy session does not accept.")
        return self._send(
            "3", (45, number), (372, shorten(kind) or "?"), (373, 11), (58, "This message type is not accepted.")
        )

    def _answered(self, asked: bytes, at: float) -> None:
        if self._asked and asked == self._asked.encode():
            words = f"{self._sender} answered the Test Request after {at - self._asked_at:.1f} s."
            self._asked, self._unanswered = "", 0
            self._tell("heartbeat", words)

    def _resend(self, numbers: Numbers, fields: dict[int, bytes], number: int) -> bytes:
        """Nothing that was sent is sent again: session messages are skipped over (FIX 4.2, gap fill)."""
        first, last = whole(fields.get(7)), whole(fields.get(16))
        if first is None or last is None or not 1 <= first < numbers.outward or (last and last < first):
            return self._send("3", (45, number), (372, "2"), (373, 5), (58, "The range 7 to 16 was never sent."))
        following = min(last + 1, numbers.outward) if last else numbers.outward
        if last - first >= _MOST_RESENT:
            most = f"At most {_MOST_RESENT:,} messages are resent at a time."
            return self._send("3", (45, number), (372, "2"), (373, 5), (58, most))
        again = ((43, "Y"), (122, sending_time(self._rules.now())), (123, "Y"), (36, following))
        return self._message("4", first, numbers.inward - 1, *again)

    def _skip(self, numbers: Numbers, fields: dict[int, bytes], number: int) -> bytes:
        """The client's SequenceReset: only forward."""
        following = whole(fields.get(36))
        if following is None or following < numbers.inward:
            return self._send("3", (45, number), (372, "4"), (373, 5), (58, "NewSeqNo (36) must not be lower."))
        numbers.inward = following
        return b""

    def _log_out(self, why: str, *more: tuple[int, Any]) -> bytes:
        self._tell("logout", f"{self._sender} was logged out: {why}")
        self.over = self.said_logout = True
        return self._send("5", (58, why), *more)

    # -- what time brings

    def tick(self, at: float) -> bytes:
        """What is to be sent because of the time."""
        if self.over:
            return b""
        if self._numbers is None:
            if at - self._opened >= LOGON_SECONDS:
                self._tell(
                    "dropped", f"No logon was received within {LOGON_SECONDS:g} seconds. The connection was dropped."
                )
                self.over = True
            return b""
        if self._asked and at - self._asked_at >= self._heartbeat:
            if self._unanswered >= _MOST_ASKED:
                return self._out(self._log_out(f"{_MOST_ASKED} Test Requests were not answered."), at)
            return self._out(self._ask(at), at)
        if not self._asked and at - self._heard >= self._heartbeat * _SILENCE:
            return self._out(self._ask(at), at)
        return self._out(self._send("0"), at) if at - self._sent >= self._heartbeat else b""

    def due(self) -> float:
        """When `tick` has something to do at the latest."""
        if self._numbers is None:
            return self._opened + LOGON_SECONDS
        silent = self._asked_at + self._heartbeat if self._asked else self._heard + self._heartbeat * _SILENCE
        return min(silent, self._sent + self._heartbeat)

    def end(self) -> bytes:
        """The port closes: a Logout for whoever is logged on."""
        if self.over or self._numbers is None:
            return b""
        self.over = True
        return self._send("5", (58, "The rehearsal has ended."))

    def gone(self) -> None:
        """The connection is gone, whoever ended it: the SenderCompID may log on again."""
        if self._numbers is not None:
            self._numbers.connected = False

    # -- messages

    def _ask(self, at: float) -> bytes:
        self._asks += 1
        self._unanswered += 1
        self._asked, self._asked_at = f"REHEARSAL{self._asks}", at
        return self._send("1", (112, self._asked))

    def _send(self, kind: str, *body: tuple[int, Any]) -> bytes:
        assert self._numbers is not None
        number = self._numbers.outward
        self._numbers.outward += 1
        return self._message(kind, number, self._numbers.inward - 1, *body)

    def _message(self, kind: str, number: int, processed: int, *body: tuple[int, Any]) -> bytes:
        """A message to the client, with the header of the gateway's: 369 is the last number it processed."""
        addressed = ((57, self._sender_sub), (143, self._place))
        return encode(
            (
                (35, kind),
                (34, number),
                (49, EXCHANGE),
                (50, self._target_sub or CGW_TARGET),
                (52, sending_time(self._rules.now())),
                (56, self._sender or "UNKNOWN"),
                *((tag, value) for tag, value in addressed if value),
                (369, processed),
                *body,
            )
        )

    def _out(self, data: bytes, at: float) -> bytes:
        if data:
            self._sent = at
        return data

    def _tell(self, event: str, words: str, **facts: Any) -> None:
        self._rules.tell(GatewayEvent(event, words, {"sender_comp_id": self._sender or None, **facts}))


def _wrong_number(numbers: Numbers, number: int) -> str:
    side = "low" if number < numbers.inward else "high"
    return f"MsgSeqNum too {side}, expecting {numbers.inward} but received {number}."


def _noted(verdict: Verdict | None) -> list[str]:
    return [f"Note: {note}" for note in verdict.notes] if verdict is not None else []


def _logon_facts(verdict: Verdict | None, outcome: Outcome) -> dict[str, Any]:
    state = verdict.key_state if verdict is not None else None
    return {
        "accepted": outcome.accepted,
        "session_id": outcome.session_id,
        "access_key_id": outcome.access_key_id,
        "key_state": state.value if state is not None else None,
        "explanations": list(outcome.reasons),
        "notes": list(verdict.notes) if verdict is not None else [],
    }
