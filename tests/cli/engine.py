"""A FIX engine (QuickFIX) as a client of a rehearsal, in a process of its own.

Reads one JSON object of options, then words on standard input: `stop`, `logout`, `logon`, `skip N` (its own next
number jumps), `forget` (the next number it expects is 1). Prints what happens, one JSON object a line.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import time
from typing import Any

import quickfix as fix

SIGNED = (34, 49, 50, 52, 57, 108, 142, 369, 1603, 1604, 1605)
IN_HEADER = (34, 49, 50, 52, 57, 142, 369)
SETTINGS = """
[DEFAULT]
ConnectionType=initiator
ReconnectInterval=1
StartTime=00:00:00
EndTime=00:00:00
UseDataDictionary=N
HeartBtInt={heartbeat}
LogonTimeout=10
LogoutTimeout=5
SocketConnectHost=127.0.0.1
SocketConnectPort={port}
FileStorePath={store}
ResetOnLogon={reset}
{more}
[SESSION]
BeginString=FIX.4.2
SenderCompID={sender}
TargetCompID=CME
"""


def emit(event: str, **facts: Any) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


class Client(fix.Application):
    """Signs its logons as the specification says, but for the first `wrong` ones."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        self.key_id, self.secret = options["key_id"], options["secret"]
        self.wrong = options.get("wrong", 0)
        self.session: Any = None

    def onCreate(self, session: Any) -> None:
        self.session = session

    def onLogon(self, _session: Any) -> None:
        emit("logon")

    def onLogout(self, _session: Any) -> None:
        emit("logout")

    def toAdmin(self, message: Any, _session: Any) -> None:
        head = message.getHeader()
        kind = head.getField(35)
        if kind == "A":
            self._sign(message, head)
        emit("sent", kind=kind, number=int(head.getField(34)), reset=message.isSetField(141))

    def fromAdmin(self, message: Any, _session: Any) -> None:
        head = message.getHeader()
        text = {tag: message.getField(tag) for tag in (58, 789, 7, 36, 141) if message.isSetField(tag)}
        emit("came", kind=head.getField(35), number=int(head.getField(34)), **{f"t{tag}": v for tag, v in text.items()})

    def toApp(self, _message: Any, _session: Any) -> None:
        pass

    def fromApp(self, _message: Any, _session: Any) -> None:
        pass

    def _sign(self, message: Any, head: Any) -> None:
        message.removeField(98)
        for tag, value in ((50, "DESK"), (57, "40"), (142, "US,NY"), (369, "0")):
            head.setField(fix.StringField(tag, value))
        for tag, value in ((1603, "LADDER"), (1604, "4.2"), (1605, "OWN")):
            message.setField(fix.StringField(tag, value))
        values = [(head if tag in IN_HEADER else message).getField(tag) for tag in SIGNED]
        self.wrong -= 1
        key = self.secret.encode() if self.wrong >= 0 else base64.urlsafe_b64decode(self.secret + "=")
        made = hmac.new(key, "\n".join(values).encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(made).decode().rstrip("=")
        tail = ((354, "20"), (355, self.key_id), (1400, "CME-1-SHA-256"), (1401, "43"), (1402, signature))
        for tag, value in tail:
            message.setField(fix.StringField(tag, value))


def main() -> None:
    options = json.loads(sys.stdin.readline())
    text = SETTINGS.format(
        heartbeat=options.get("heartbeat", 30), port=options["port"], store=options["store"],
        reset="Y" if options.get("reset") else "N", more=options.get("more", ""), sender=options["sender"],
    )  # fmt: skip
    path = f"{options['store']}/client.cfg"
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    settings = fix.SessionSettings(path)
    client = Client(options)
    stores = fix.FileStoreFactory(settings)
    initiator = fix.SocketInitiator(client, stores, settings)
    initiator.start()
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        # The word often answers what a callback has just printed. While that callback ends, the engine's thread holds
        # its lock and waits for Python's, and a call from here would do the reverse, for ever.
        time.sleep(0.2)
        session = fix.Session.lookupSession(client.session)
        if word == "stop":
            break
        if word == "logout":
            session.logout()
        elif word == "logon":
            session.logon()
        elif word == "skip":
            session.setNextSenderMsgSeqNum(session.getExpectedSenderNum() + int(rest))
        elif word == "forget":
            session.setNextTargetMsgSeqNum(1)
        emit("did", word=word)
    initiator.stop()
    emit("stopped")


if __name__ == "__main__":
    main()
