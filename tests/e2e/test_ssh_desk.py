"""The desk over a real sshd: two people with keys of their own, the whole main job, and everything that is refused."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.ssh_server import WHY_NOT, SshDesk, ssh_desk
from tests.e2e.test_main_job import dropcopy, make_group, read_key_file, signed_logon

pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("sshd")]


class People:
    """A sandbox behind sshd, and people of one firm, each with a key."""

    def __init__(self, desk: SshDesk, home: Path, names: Sequence[str] = ("acme-operator", "multi-operator")) -> None:
        self.desk, self.home, self.store = desk, home, desk.store
        self.keys = {name: desk.key(name) for name in names}
        for name, key in self.keys.items():
            self.add(name, key)

    def host(self, name: str, *args: str) -> subprocess.CompletedProcess[str]:
        """A verb on the host itself, before anybody has a key."""
        return dropcopy(self.home, "--store", str(self.store), "--as", name, *args)

    def code(self) -> str:
        """The newest code on the sandbox's phones."""
        found = json.loads(self.host("operations", "outbox", "list", "--limit", "1", "--json").stdout)
        return str(re.search(r"code is (\d{6})", found[0]["body"])[1])  # type: ignore[index]

    def add(self, name: str, key: Path) -> None:
        asked = self.host(name, "ssh", "keys", "challenge", "--factor", "sms", "--add", f"{key}.pub", "--json")
        challenge = json.loads(asked.stdout)["challenge"]
        args = (f"{key}.pub", "--challenge", challenge, "--code", self.code())
        added = self.host(name, "ssh", "keys", "add", *args)
        assert added.returncode == 0, added.stderr

    def run(self, name: str, *words: str, **how: object) -> subprocess.CompletedProcess[bytes]:
        return self.desk.run(self.keys[name], *words, **how)  # type: ignore[arg-type]

    def events(self, action: str) -> list[tuple[str, str, str]]:
        sql = "SELECT person, origin, after FROM audit_event WHERE action = ? ORDER BY id"
        return sqlite3.connect(self.store).execute(sql, (action,)).fetchall()


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("ssh")
    folder.chmod(0o700)
    home = folder / "home"
    home.mkdir()
    assert dropcopy(home, "demo", "--headless").returncode == 0
    store = next(home.rglob("dropcopy.db"))
    with ssh_desk(folder / "sshd", store) as desk:
        yield People(desk, home)


def test_a_verb_runs_with_the_rights_of_the_keys_person(people: People) -> None:
    for name in people.keys:
        assert people.run(name, "groups", "list", "--json").returncode == 0
    person, origin, after = people.events("person:signed_in")[-1]
    assert person == "multi-operator"
    fingerprint = json.loads(people.run(person, "ssh", "keys", "list", "--json").stdout)[0]["fingerprint"]
    assert origin == f"cli ssh=127.0.0.1 key={fingerprint}"
    assert json.loads(after) == {"by": "ssh key", "fingerprint": fingerprint}


def test_two_people_sit_at_the_desk_at_once_and_a_key_file_is_delivered_once(people: People, tmp_path: Path) -> None:
    with (
        people.desk.sit_down(people.keys["acme-operator"]) as mine,
        people.desk.sit_down(people.keys["multi-operator"]) as other,
    ):
        mine.wait_for(r"acme-operator", 60)
        other.wait_for(r"multi-operator", 60)
        session = make_group(mine, "OVER-SSH")
        mine.press("k")
        mine.wait_for("Manage Keys for Selected Sessions", 30)
        mine.press("enter")
        mine.wait_for("ticket", 30)
        mine.press("enter")
        mine.wait_for("Confirm your identity", 30)
        # A key that follows the one before sooner than a person types counts as held.
        mine.wait_quiet()
        mine.press("enter")
        code = mine.wait_for(r"code is (\d{6})", 30)[1]
        mine.type(code)
        mine.press("enter")
        shown = mine.wait_for(r"umask 077; ssh desk get ([A-Z2-7-]{19}) > ([\w.-]+)\)", 60)
        ticket, name = shown[1], shown[2]
        # Nobody else, and nobody who shows it on a screen.
        stolen = people.run("multi-operator", "get", ticket)
        assert (stolen.returncode, stolen.stdout) == (1, b"")
        assert b"No file waits for you" in stolen.stderr
        got = people.run("acme-operator", "get", ticket)
        assert got.returncode == 0, got.stderr
        again = people.run("acme-operator", "get", ticket)
        assert (again.returncode, again.stdout) == (1, b"")
        file = tmp_path / name
        file.write_bytes(got.stdout)
        key = read_key_file(file)[0]
        assert key["Session ID"] == session
        logon = signed_logon(key, "ACM01").encode()
        verified = people.run("acme-operator", "logon", "verify", "--message", "-", "--json", stdin=logon)
        assert json.loads(verified.stdout)["valid"], verified
        mine.press("escape", "ctrl+q")
        other.press("ctrl+q")
        assert (mine.wait_exit(30), other.wait_exit(30)) == (0, 0)
    secret = key["Secret Key"].encode()
    for path in people.store.parent.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


def test_nothing_but_the_desk_is_to_be_had(people: People, tmp_path: Path) -> None:
    key = people.keys["acme-operator"]
    for words in (["sh"], ["/bin/sh", "-c", "id"], ["scp", "-f", "/etc/passwd"], ["rsync", "--server", ".", "."]):
        done = people.desk.run(key, *words)
        assert done.returncode == 2, done
        assert b"No such command" in done.stderr
        assert b"uid=" not in done.stdout
        assert done.stdout == b""
    # A subsystem is a command to sshd: the gate runs for it as well.
    sftp = people.desk.run(key, "sftp", options=("-s",))
    assert sftp.returncode != 0
    assert sftp.stdout == b""
    assert (
        people.desk.run(key, options=("-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22")).returncode != 0
    )
    local = people.desk.run(key, options=("-W", "127.0.0.1:22"))
    assert b"prohibited" in local.stderr or local.returncode != 0
    bare = people.desk.run(key)
    assert bare.returncode == 2
    assert b"not a terminal" in bare.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--as", "operations", "groups", "list"),
        ("groups", "list", "--store", "/tmp/other.db"),
        ("--config", "/etc/passwd", "groups", "list"),
        ("route", "/etc/passwd"),
        ("import", "entities", "/etc/passwd"),
        ("demo",),
        ("init",),
        ("paths",),
        ("logon", "listen", "--port", "1"),
        ("ssh", "gate"),
        ("ssh", "seat"),
        ("ssh", "config"),
    ],
    ids=" ".join,
)
def test_no_file_of_the_host_and_nobody_else_can_be_named(people: People, words: tuple[str, ...]) -> None:
    done = people.run("acme-operator", *words)
    assert done.returncode in (1, 2), done
    assert b"over SSH" in done.stderr
    assert done.stdout == b""


def test_a_file_goes_in_by_standard_input_or_put(people: People) -> None:
    log = people.host("acme-operator", "route", "--example").stdout.encode()
    routed = people.run("acme-operator", "route", "-", stdin=log)
    assert b"messages" in routed.stdout, routed.stderr
    kept = people.run("acme-operator", "put", "orders.log", stdin=log)
    assert kept.returncode == 0, kept.stderr
    for name in ("../x", "/etc/x", "a b", ".x"):
        refused = people.run("acme-operator", "put", f"'{name}'", stdin=b"x")
        assert (refused.returncode, refused.stdout) == (1, b""), name


def test_variables_of_the_client_do_not_reach_the_desk(people: People) -> None:
    hostile = {
        "PYTHONPATH": "/tmp", "PYTHONSTARTUP": "/tmp/x.py", "PYTHONINSPECT": "1", "PYTHONBREAKPOINT": "os.system",
        "TEXTUAL": "debug", "TEXTUAL_PRESS": "ctrl+q", "TEXTUAL_SCREENSHOT": "1", "DROPCOPY_STORE": "/tmp/other.db",
        "SSL_CERT_FILE": "/tmp/ca", "SSLKEYLOGFILE": "/tmp/keys", "XDG_CONFIG_HOME": "/tmp", "XDG_DATA_HOME": "/tmp",
        "HOME": "/tmp", "BASH_ENV": "/tmp/x.sh", "ENV": "/tmp/x.sh", "PATH": "/tmp", "TZ": "../../etc/passwd",
        "LC_ALL": "../../x", "COLUMNS": "99999", "LINES": "99999", "SSH_USER_AUTH": "/tmp/forged",
        "SSH_CONNECTION": "6.6.6.6 1 6.6.6.6 2", **{f"LD_{name}": "/tmp/x.so" for name in ("AUDIT", "DEBUG")},
    }  # fmt: skip
    send = ("-o", f"SendEnv={' '.join(hostile)}")
    done = people.run("acme-operator", "groups", "list", "--json", options=send, env=hostile)
    assert done.returncode == 0, done.stderr
    assert people.events("person:signed_in")[-1][1].startswith("cli ssh=127.0.0.1 key=SHA256:")


def test_a_revoked_key_gets_in_no_more_and_the_other_does(people: People) -> None:
    key = people.desk.key("second")
    people.add("multi-operator", key)
    assert people.desk.run(key, "status").returncode == 0
    seat = people.desk.sit_down(key)
    seat.wait_for("multi-operator", 60)
    asked = people.host(
        "multi-operator", "ssh", "keys", "challenge", "--factor", "sms", "--revoke", "second on a laptop", "--json"
    )
    challenge = json.loads(asked.stdout)["challenge"]
    done = people.host(
        "multi-operator",
        "ssh",
        "keys",
        "revoke",
        "second on a laptop",
        "--challenge",
        challenge,
        "--code",
        people.code(),
        "--yes",
    )
    assert done.returncode == 0, done.stderr
    refused = people.desk.run(key, "status")
    assert refused.returncode == 255
    assert b"Permission denied" in refused.stderr
    assert seat.wait_exit(40) == 3
    assert "Your SSH key was revoked" in seat.text()
    assert people.run("multi-operator", "status").returncode == 0
    stranger = people.desk.key("stranger")
    assert people.desk.run(stranger, "status").returncode == 255


def test_the_doctor_finds_nothing_wrong_but_the_account(people: People) -> None:
    told = people.host("acme-operator", "ssh", "doctor", "--account", "root", "--json")
    found = {each["check"]: each["cure"] for each in json.loads(told.stdout)}
    # It looks at the machine's own sshd, which is not the one of this test.
    assert "account root" in found
    assert found["account root"].startswith("It is root")
