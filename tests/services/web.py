"""Real HTTP servers on the loopback, in a thread: an SMS provider, and Duo Security with its request signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from dropcopy_tui.domain.providers import DuoService, SmsProvider, twilio
from tests.services.smtp import make_identity

HOST = "127.0.0.1"
ACCOUNT, TOKEN, FROM = "AC0000000001", "sms pony 7", "+15550100"
IKEY, SKEY = "DIXXXXXXXXXXXXXXXXXX", "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
# Nothing on the loopback takes so long, but for what never answers.
PATIENCE = 0.5


@dataclass(frozen=True)
class Asked:
    """A request as the server read it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def basic(self) -> str:
        """User and password of basic authentication."""
        return base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()


Answer = tuple[int, bytes]


@dataclass
class Web:
    """What the server was asked, and how it answers. `release` lets a server that hangs go on."""

    answer: Callable[[Asked], Answer] = lambda asked: (201, b'{"sid": "SM1", "status": "queued"}')
    hangs: bool = False
    drips: bool = False
    release: threading.Event = field(default_factory=threading.Event)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0


@contextmanager
def serving(web: Web, context: Any = None) -> Iterator[Web]:
    """The server, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        # A client that says nothing and stays would be waited for without end.
        timeout = 30

        def log_message(self, *_: Any) -> None:
            """Nothing."""

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            web.asked.append(asked)
            if web.drips:
                self._drip()
            if web.hangs:
                web.release.wait(30)
            status, body = web.answer(asked)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST
        do_PUT = do_POST

        def _drip(self) -> None:
            """A header that never ends, a byte at a time: each resets the time-out of a socket."""
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            while not web.release.wait(PATIENCE / 10):
                self.wfile.write(b"x")
                self.wfile.flush()

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        # Those that hang are let go below, and joined.
        daemon_threads = False

        def handle_error(self, *_: Any) -> None:
            """A client that hung up, which is what some tests do."""

    server = Server((HOST, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def secret_file(folder: Path, secret: str, name: str = "secret", mode: int = 0o600) -> Path:
    path = folder / name
    path.write_text(secret + "\n")
    path.chmod(mode)
    return path


def provider_on(port: int, folder: Path, **more: Any) -> SmsProvider:
    """The Twilio-shaped preset, at a server of ours."""
    from dataclasses import replace

    url = f"http://{HOST}:{port}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    made = twilio(ACCOUNT, FROM, secret_file(folder, TOKEN, "sms-token"), url)
    return replace(made, **{"timeout": PATIENCE, **more})


# -- Duo


@dataclass
class DuoWorld:
    """What Duo knows: who answers how. Requests whose signature does not hold get 401, as from Duo itself."""

    result: str = "auth"
    capabilities: tuple[str, ...] = ("auto", "push")
    passcode: str = "867530"
    answers: list[str] = field(default_factory=lambda: ["allow"])
    raw: Callable[[Asked], Answer] | None = None
    host: str = "localhost"
    users: list[str] = field(default_factory=list)
    pushes: int = 0
    refused: int = 0

    def answer(self, asked: Asked) -> Answer:
        if self.raw is not None:
            return self.raw(asked)
        if not self.holds(asked):
            self.refused += 1
            return 401, b'{"stat": "FAIL", "code": 40103, "message": "Invalid signature in request credentials"}'
        path = urlsplit(asked.path).path
        params = json.loads(asked.body) if asked.body else dict(parse_qsl(urlsplit(asked.path).query))
        return 200, json.dumps({"stat": "OK", "response": self._response(path, params)}).encode()

    def _response(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        if path.endswith("/preauth"):
            self.users.append(params["username"])
            return {"result": self.result, "devices": [{"capabilities": list(self.capabilities)}]}
        if path.endswith("/auth_status"):
            result = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            return {"result": result, "status": result, "status_msg": f"It is {result}."}
        if params["factor"] == "passcode":
            result = "allow" if params["passcode"] == self.passcode else "deny"
            return {"result": result, "status": result, "status_msg": "Incorrect passcode"}
        self.pushes += 1
        return {"txid": f"tx-{self.pushes}"}

    def holds(self, asked: Asked) -> bool:
        """Duo's documentation, signature version 5: seven lines, HMAC-SHA-512 with the secret key, in hex."""
        parts = urlsplit(asked.path)
        pairs = sorted((quote(key, safe="~"), quote(value, safe="~")) for key, value in parse_qsl(parts.query))
        lines = [
            asked.headers["date"],
            asked.method,
            self.host,
            parts.path,
            "&".join(f"{key}={value}" for key, value in pairs),
            hashlib.sha512(asked.body).hexdigest(),
            hashlib.sha512(b"").hexdigest(),
        ]
        signature = hmac.new(SKEY.encode(), "\n".join(lines).encode(), hashlib.sha512).hexdigest()
        return hmac.compare_digest(asked.basic, f"{IKEY}:{signature}")


@contextmanager
def duo_serving(folder: Path, world: DuoWorld, secret: str = SKEY, **more: Any) -> Iterator[tuple[DuoService, Web]]:
    """Duo with a certificate of its own making, and how the desk would be configured for it."""
    identity = make_identity(folder, "localhost")
    web = Web(world.answer, **more)
    with serving(web, identity.context):
        file = secret_file(folder, secret, "duo-key")
        yield DuoService("localhost", IKEY, file, web.port, identity.certificate, PATIENCE * 4), web
