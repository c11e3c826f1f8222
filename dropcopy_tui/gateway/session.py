"""The gateway's side of one FIX session, for a rehearsal: bytes in, bytes out, no socket and no clock of its own.

It does what the Drop Copy gateway does with a logon (domain sections 6 and 8) and keeps a session alive; there is
nothing to copy, so it sends no business messages. Messages are parsed and built with simplefix.
"""

from __future__ import annotations

from typing import Any

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.fix_frames import Frames
from dropcopy_tui.domain.logon import LogonMessage, parse_message, problems
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.gateway.port import Door, GatewayEvent, Numbers, Rules
from dropcopy_tui.services.logons.key_ring import Verdict
from dropcopy_tui.services.logons.rehearsals import Outcome

EXCHANGE = "CME"
# How long a client may be connected without a logon.
LOGON_SECONDS = 10.0
# All that a client is told of a logon whose key or signature does not hold, as by the real gateway.
REFUSED = "Logon failed: the access key or the signature is not valid."
# A partner who is silent for so much longer than its heartbeat is asked whether it is there.
_SILENCE = 1.2
_LONGEST_ECHO = 64


class GatewaySession:
    """One connection. `at` is a steady clock in seconds, which does not jump with the time of day."""

    def __init__(self, rules: Rules, door: Door, at: float) -> None:
        self.over = False
        self._rules, self._door = rules, door
        self._frames = Frames()
        self._sender = self._target_sub = ""
        self._numbers: Numbers | None = None
        self._heartbeat = 0
        self._opened = self._heard = self._sent = at
        self._asked = ""
        self._asked_at = 0.0
        self._asks = 0
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
        fields = _fields(raw)
        if fields is None:
            self._garbled("A message was not read: one of its tags is no number")
            return b""
        kind = _text(fields.get(35, b""))
        if self._numbers is None:
            return self._first(kind, fields, raw, at)
        return self._in_order(self._numbers, kind, fields, at)

    # -- the logon

    def _first(self, kind: str, fields: dict[int, bytes], raw: bytes, at: float) -> bytes:
        if kind != "A":
            self._tell("dropped", f"The first message is no logon but 35={shorten(kind)}: the connection was dropped.")
            self.over = True
            return b""
        self._sender, self._target_sub = _comp(fields.get(49, b"")), _comp(fields.get(57, b""))
        try:
            message = parse_message(raw.decode("latin-1"))
        except InvalidValue as refusal:
            return self._refuse(None, Outcome(False, None, None, (refusal.message,)), refusal.message, at)
        return self._judged(message, self._rules.judge(message), at)

    def _judged(self, message: LogonMessage, verdict: Verdict, at: float) -> bytes:
        outcome = Outcome(verdict.valid, verdict.session_id, verdict.access_key_id, verdict.explanations)
        if not verdict.valid:
            said = next(iter(problems(message)), REFUSED)
            return self._refuse(verdict, outcome, said, at)
        numbers = self._door.numbers.setdefault(self._sender, Numbers())
        wrong = _number_problem(message.raw["34"], numbers)
        if wrong:
            return self._refuse(verdict, Outcome(False, *_who(verdict), (wrong,)), wrong, at)
        self._rules.note(outcome)
        return self._accept(message, verdict, numbers, at)

    def _refuse(self, verdict: Verdict | None, outcome: Outcome, said: str, at: float) -> bytes:
        """A Logout that says little; what explains it goes to the operator alone."""
        self._rules.note(outcome)
        self._tell(
            "logon",
            " ".join((f"Logon refused{self._named(outcome)}.", *outcome.reasons)),
            **_logon_facts(verdict, outcome),
            sent=said,
        )
        self._door.count_invalid(at)
        self.over = True
        # No session was opened: its number is the client's first to see, and none is used up.
        return self._message("5", 1, (58, said))

    def _named(self, outcome: Outcome) -> str:
        return f": {self._sender or 'no SenderCompID'}" + (
            f", key {outcome.access_key_id}" if outcome.access_key_id else ""
        )

    def _accept(self, message: LogonMessage, verdict: Verdict, numbers: Numbers, at: float) -> bytes:
        self._numbers, self._heartbeat = numbers, int(message.raw["108"])
        numbers.connected = True
        outcome = Outcome(True, *_who(verdict))
        state = f" ({verdict.key_state.words})" if verdict.key_state else ""
        notes = _notes(message, verdict)
        self._tell(
            "logon",
            " ".join((f"Logon accepted{self._named(outcome)}{state}.", *notes)),
            **_logon_facts(verdict, outcome),
            notes=list(notes),
        )
        answer = self._send("A", (108, self._heartbeat))
        number = int(message.raw["34"])
        answer += self._gap(numbers, number) if number > numbers.inward else b""
        numbers.inward += number == numbers.inward
        return answer + self._ask(at)

    # -- the session

    def _in_order(self, numbers: Numbers, kind: str, fields: dict[int, bytes], at: float) -> bytes:
        """The message by its number: too low ends the session, too high asks for what is missing."""
        number, reset = _whole(fields.get(34)), kind == "4" and fields.get(123) != b"Y"
        if _comp(fields.get(49, b"")) != self._sender:
            return self._log_out("SenderCompID (49) is not that of the logon.")
        if number is None:
            return self._log_out("MsgSeqNum (34) is missing or no number.")
        if number < numbers.inward and not reset:
            if fields.get(43) == b"Y":
                return b""
            return self._log_out(f"MsgSeqNum too low, expecting {numbers.inward} but received {number}.")
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
        self._tell("gap", f"{self._sender}: number {numbers.inward} was expected, {number} came: asked to resend.")
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
            self._tell("reject", f"{self._sender} rejected message {_shown(fields.get(45))}: {_shown(fields.get(58))}.")
            return b""
        if kind == "4":
            return self._skip(numbers, fields, number)
        if kind == "5":
            self._tell("logout", f"{self._sender} logged out.")
            self.over = True
            return self._send("5", (58, "Logout confirmed."))
        if kind == "A":
            return self._log_out("A logon while logged on.")
        self._tell("reject", f"{self._sender} sent 35={shorten(kind)}, which a drop copy session does not take.")
        return self._send(
            "3", (45, number), (372, shorten(kind) or "?"), (373, 11), (58, "This message type is not taken here.")
        )

    def _answered(self, asked: bytes, at: float) -> None:
        if self._asked and asked == self._asked.encode():
            words = f"{self._sender} answered the Test Request after {at - self._asked_at:.1f} s."
            self._asked = ""
            self._tell("heartbeat", words)

    def _resend(self, numbers: Numbers, fields: dict[int, bytes], number: int) -> bytes:
        """Nothing that was sent is sent again: session messages are skipped over (FIX 4.2, gap fill)."""
        first, last = _whole(fields.get(7)), _whole(fields.get(16))
        if first is None or last is None or not 1 <= first < numbers.outward or (last and last < first):
            return self._send("3", (45, number), (372, "2"), (373, 5), (58, "The range 7 to 16 was never sent."))
        following = min(last + 1, numbers.outward) if last else numbers.outward
        return self._message("4", first, (43, "Y"), (123, "Y"), (36, following))

    def _skip(self, numbers: Numbers, fields: dict[int, bytes], number: int) -> bytes:
        """The client's SequenceReset: only forward."""
        following = _whole(fields.get(36))
        if following is None or following < numbers.inward:
            return self._send("3", (45, number), (372, "4"), (373, 5), (58, "NewSeqNo (36) must not be lower."))
        numbers.inward = following
        return b""

    def _log_out(self, why: str) -> bytes:
        self._tell("logout", f"{self._sender} was logged out: {why}")
        self.over = True
        return self._send("5", (58, why))

    # -- what time brings

    def tick(self, at: float) -> bytes:
        """What is to be sent because of the time."""
        if self.over:
            return b""
        if self._numbers is None:
            if at - self._opened >= LOGON_SECONDS:
                self._tell("dropped", f"No logon came within {LOGON_SECONDS:g} seconds: the connection was dropped.")
                self.over = True
            return b""
        if self._asked and at - self._asked_at >= self._heartbeat:
            return self._out(self._log_out("No Heartbeat came in answer to the Test Request."), at)
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
        self._asked, self._asked_at = f"REHEARSAL{self._asks}", at
        return self._send("1", (112, self._asked))

    def _send(self, kind: str, *body: tuple[int, Any]) -> bytes:
        assert self._numbers is not None
        number = self._numbers.outward
        self._numbers.outward += 1
        return self._message(kind, number, *body)

    def _message(self, kind: str, number: int, *body: tuple[int, Any]) -> bytes:
        from simplefix import FixMessage

        message = FixMessage()
        now = self._rules.now()
        head = (
            (8, "FIX.4.2"),
            (35, kind),
            (34, number),
            (49, EXCHANGE),
            (50, self._target_sub or "G"),
            (52, f"{now:%Y%m%d-%H:%M:%S}.{now.microsecond // 1000:03d}"),
            (56, self._sender or "UNKNOWN"),
        )
        for tag, value in (*head, *body):
            message.append_pair(tag, value if isinstance(value, bytes) else str(value).encode("ascii", "replace"))
        encoded: bytes = message.encode()
        return encoded

    def _out(self, data: bytes, at: float) -> bytes:
        if data:
            self._sent = at
        return data

    def _tell(self, event: str, words: str, **facts: Any) -> None:
        self._rules.tell(GatewayEvent(event, words, {"sender_comp_id": self._sender or None, **facts}))


def _fields(raw: bytes) -> dict[int, bytes] | None:
    """The first value of each tag, or None where a tag is no number."""
    from simplefix import FixParser
    from simplefix.errors import ParsingError

    parser = FixParser(allow_empty_values=True)
    # 354 and 1401 count what follows them in a logon; a wrong count must not swallow the rest of the message.
    parser.raw_len_tags, parser.raw_data_tags = [], []
    parser.append_buffer(raw)
    try:
        message = parser.get_message()
    except (ParsingError, ValueError):
        return None
    pairs = [] if message is None else message.pairs
    return {int(tag): value for tag, value in reversed(pairs)}


def _number_problem(text: str, numbers: Numbers) -> str:
    """Why a logon's MsgSeqNum does not do, or nothing. Too high is no problem: what is missing is asked for."""
    number = _whole(text.encode())
    if number is None or number == 0:
        return "MsgSeqNum (34) is no number."
    if numbers.connected:
        return "This SenderCompID is logged on already."
    if number < numbers.inward:
        return f"MsgSeqNum too low, expecting {numbers.inward} but received {number}."
    return ""


def _notes(message: LogonMessage, verdict: Verdict) -> tuple[str, ...]:
    """What a gateway may mind although the key and the signature hold."""
    found = []
    if message.raw.get("56") != EXCHANGE:
        found.append(f"Note: tag 56 (TargetCompID) should be {EXCHANGE}.")
    segments = market_named(verdict.market).segments if verdict.market else ()
    sent = shorten(message.raw["57"])
    if verdict.gateway == Gateway.CGW.value and sent != "G":
        found.append(f"Note: tag 57 is {sent}; a CGW session sends G.")
    if verdict.gateway == Gateway.MSGW.value and segments and sent not in segments:
        found.append(f"Note: tag 57 is {sent}; an MSGW session of this market sends {' or '.join(segments)}.")
    return tuple(found)


def _who(verdict: Verdict) -> tuple[str | None, str | None]:
    return verdict.session_id, verdict.access_key_id


def _logon_facts(verdict: Verdict | None, outcome: Outcome) -> dict[str, Any]:
    return {
        "accepted": outcome.accepted,
        "session_id": outcome.session_id,
        "access_key_id": outcome.access_key_id,
        "key_state": verdict.key_state.value if verdict and verdict.key_state else None,
        "explanations": list(outcome.reasons),
    }


def _whole(text: bytes | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) <= 9 else None


def _comp(text: bytes) -> str:
    """A name that may be sent back: what is none is left out."""
    name = _text(text)
    return name if len(name) <= 9 and name.isalnum() else ""


def _text(value: bytes) -> str:
    return value.decode("ascii", "backslashreplace")


def _shown(value: bytes | None) -> str:
    return shorten(_text(value or b"")) or "-"
