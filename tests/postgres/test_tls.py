"""Over a network: the server's certificate is verified, and a password comes from a file that only its owner reads."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from dropcopy_tui.domain.errors import StoreBusy, StoreMissing, StoreUnusable
from dropcopy_tui.domain.places import ServerPlace, server_place
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.location import check_store
from dropcopy_tui.store.tables import SettingRow
from tests.postgres.proxy import tls_in_front
from tests.server import OWNER, Server

PASSWORD = "correct pony: battery"


@dataclass(frozen=True)
class Remote:
    """A server that is reached over TCP, and the file of the authority that signed its certificate."""

    server: Server
    port: str
    clear_port: str
    authority: Path

    def place(self, folder: Path, host: str = "localhost", **more: str) -> ServerPlace:
        """Its empty database, with the right password."""
        secret = folder / "secret"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD + "\n")
        asked = "&".join(f"{name}={value}" for name, value in ({"sslrootcert": str(self.authority)} | more).items())
        return server_place(f"postgresql+psycopg://remote@{host}:{self.port}/remote?{asked}", folder, secret)


def signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / f"{name}.crt", folder / f"{name}.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """The server's build has no TLS: it is spoken in front of it. Clear text is at a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    server = Server({"wal_level": "replica", "hot_standby": "on", "synchronous_commit": "on"})
    certificate, key = signed(tmp_path_factory.mktemp("authority"), "server")
    server.do(f"CREATE ROLE remote LOGIN PASSWORD '{PASSWORD}'")
    for database in ("remote", "used"):
        server.do(f"CREATE DATABASE {database} OWNER remote TEMPLATE template0")
    server.stop()
    (server.data / "pg_hba.conf").write_text(
        f"local all {OWNER} trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )
    server.port = port
    server.settings = server.settings | {"listen_addresses": "127.0.0.1", "port": port}
    server.start()
    front = tls_in_front(server.place(), certificate, key)
    found = Remote(server, str(front.getsockname()[1]), port, certificate)
    create_store(used(found, tmp_path_factory.mktemp("used")))
    yield found
    front.close()
    server.remove()


def used(remote: Remote, folder: Path, **more: str) -> ServerPlace:
    """A database with a store."""
    return remote.place(folder, **more).in_database("used")


def test_a_store_is_made_and_used_over_tls(remote: Remote, tmp_path: Path) -> None:
    place = remote.place(tmp_path)
    with pytest.raises(StoreMissing, match="is empty"):
        check_store(place)
    create_store(place)
    check_store(place)
    with Store(place).read() as session:
        driven = session.connection().connection.driver_connection
        assert driven is not None
        assert driven.pgconn.ssl_in_use


def test_a_password_file_of_libpq_does_as_well(remote: Remote, tmp_path: Path) -> None:
    passfile = tmp_path / "pgpass"
    passfile.touch(mode=0o600)
    passfile.write_text(f"localhost:{remote.port}:remote:remote:{PASSWORD.replace(':', chr(92) + ':')}\n")
    place = replace(remote.place(tmp_path, passfile=str(passfile)), password_file=None)
    with Store(place).read() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1
    passfile.chmod(0o644)
    with pytest.raises(StoreUnusable, match=r"Other accounts can read the password file\. Run: chmod 600"):
        check_store(place)


def test_a_wrong_or_missing_password_is_told_and_not_repeated(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = remote.place(tmp_path)
    assert place.password_file is not None
    place.password_file.write_text("hunter2\n")
    with pytest.raises(StoreUnusable, match="refuses the password of role remote") as refused:
        check_store(place)
    assert "hunter2" not in refused.value.message
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(StoreUnusable, match=r"asks for a password of role remote.*store_password_file"):
        check_store(replace(place, password_file=None))


@pytest.mark.parametrize("mode", ["loose", "missing", "empty", "folder"])
def test_a_password_file_is_read_only_where_it_is_private(remote: Remote, tmp_path: Path, mode: str) -> None:
    place = remote.place(tmp_path)
    file = place.password_file
    assert file is not None
    if mode == "loose":
        file.chmod(0o640)
    elif mode == "empty":
        file.write_text("\n")
    else:
        file.unlink()
        if mode == "folder":
            file.mkdir()
    words = {"loose": "Other accounts can read", "missing": "cannot be read", "empty": "one line", "folder": "regular"}
    with pytest.raises(StoreUnusable, match=words[mode]):
        check_store(place)


def test_a_certificate_of_another_authority_is_refused(remote: Remote, tmp_path: Path) -> None:
    other, _ = signed(tmp_path, "other")
    with pytest.raises(StoreUnusable, match=r"The certificate of the server .* is not accepted"):
        check_store(remote.place(tmp_path, sslrootcert=str(other)))


def test_a_certificate_of_another_host_is_refused(remote: Remote, tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=r"is not accepted .*Check the host name"):
        check_store(remote.place(tmp_path, host="127.0.0.1"))


def test_without_an_authority_nothing_is_sent(remote: Remote, tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=r"there is no file .*none\.crt with the authority's certificate\. Put it"):
        check_store(remote.place(tmp_path, sslrootcert=str(tmp_path / "none.crt")))


def clear(remote: Remote, folder: Path, **more: str) -> ServerPlace:
    """The server without TLS in front of it."""
    return replace(remote.place(folder, host="127.0.0.1", **more), port=remote.clear_port)


def test_a_server_without_tls_is_refused_unless_the_url_says_so(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")  # the environment does not weaken it
    with pytest.raises(StoreUnusable, match=r"does not encrypt connections"):
        check_store(clear(remote, tmp_path))
    with Store(clear(remote, tmp_path, sslmode="disable")).read() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_after_a_crash_of_the_server_work_goes_on(remote: Remote, tmp_path: Path) -> None:
    store = Store(used(remote, tmp_path))
    with store.write() as session:
        session.merge(SettingRow(key="number", value="1"))
    remote.server.stop(signal.SIGQUIT)
    with pytest.raises(StoreBusy, match=r"ended the connection|was lost|failed"), store.write() as session:
        session.execute(text("SELECT 1"))
    remote.server.start()
    with store.write() as session:
        assert session.get_one(SettingRow, "number").value == "1"


def test_a_replica_can_be_read(remote: Remote, tmp_path: Path) -> None:
    """The last of this module: the server stays one."""
    remote.server.stop()
    signal_file = remote.server.data / "standby.signal"
    signal_file.touch()
    os.chown(signal_file, remote.server.data.stat().st_uid, remote.server.data.stat().st_gid)
    remote.server.start()
    place = used(remote, tmp_path)
    check_store(place)
    store = Store(place)
    with store.read() as session:
        assert session.get_one(SettingRow, "schema").value
    for _ in range(2):
        with pytest.raises(StoreBusy, match="is read-only: the store can be read, not changed"), store.write():
            raise AssertionError("a replica took a writer")
    with pytest.raises(StoreBusy, match="is read-only"):
        check_store(used(remote, tmp_path, target_session_attrs="read-write"))
