"""A network between a store and its server that loses what a test tells it to lose."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from pathlib import Path

from dropcopy_tui.domain.places import ServerPlace

# Not the one of READ COMMITTED.
_COMMIT = b"COMMIT\0"


class Network(Enum):
    """What becomes of bytes."""

    GOOD = "all arrive"
    SILENT = "none arrives, and no connection ends"
    BUSY = "all arrive, except those of new connections"
    NO_REPLY = "a COMMIT arrives, its reply does not, and the connection ends"
    NO_COMMIT = "a COMMIT does not arrive, and the connection ends"
    DEAF = "a COMMIT arrives, its reply does not, and nothing arrives from then on"


def tls_in_front(place: ServerPlace, certificate: Path, key: Path) -> socket.socket:
    """Have TLS spoken for a server whose build cannot: its listener, which is closed to end it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    def serve(client: socket.socket) -> None:
        with suppress(OSError):
            client.recv(8)  # the request for TLS, before anything else is said
            client.sendall(b"S")
            inside = context.wrap_socket(client, server_side=True)
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{place.host}/.s.PGSQL.{place.port}")
            threading.Thread(target=carry, args=(server, inside), daemon=True).start()
            carry(inside, server)

    def listen() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    return listener


class Proxy:
    """Listens on a port of this machine, and carries bytes to the socket of the server."""

    def __init__(self, place: ServerPlace) -> None:
        self.how = Network.GOOD
        # What the server says, and what arrives instead: as many bytes.
        self.instead: tuple[bytes, bytes] = (b"", b"")
        self.accepted = 0
        self._waiting: list[socket.socket] = []
        self._place = place
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def place(self) -> ServerPlace:
        """The store, behind this network."""
        return replace(self._place, host="127.0.0.1", port=self.port, options=(("sslmode", "disable"),))

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.accepted += 1
                if self.how is Network.BUSY:
                    self._waiting.append(client)
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._place.host}/.s.PGSQL.{self._place.port}")
                threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self.how is Network.SILENT:
                    continue
                if asks and _COMMIT in data and self.how not in (Network.GOOD, Network.BUSY):
                    self._commit(source, target, data)
                    continue
                if not asks and self.instead[0]:
                    data = data.replace(*self.instead)
                target.sendall(data)
        if self.how is not Network.SILENT:
            for each in (source, target):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _commit(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        how = self.how
        if how is Network.DEAF:
            self.how = Network.SILENT
            server.sendall(data)
            return
        self.how = Network.GOOD
        client.shutdown(socket.SHUT_RDWR)
        if how is Network.NO_REPLY:
            server.sendall(data)
        else:
            server.shutdown(socket.SHUT_RDWR)
