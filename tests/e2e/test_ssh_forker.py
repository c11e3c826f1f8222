"""Seats that start from the forker, behind a real sshd: the same answers, and nothing of one seat in another."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import sysconfig
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dropcopy_tui.domain.ssh_keys import fingerprint_of
from dropcopy_tui.gate import environment, home_of_account
from dropcopy_tui.handover import SOCKET, asked, is_private, is_ready
from dropcopy_tui.store.location import store_facts
from dropcopy_tui.store.vault import Vault
from tests.e2e.pty import ROOT, Terminal, clean_environment
from tests.e2e.ssh_server import WHY_NOT, ssh_desk
from tests.e2e.test_main_job import dropcopy
from tests.e2e.test_ssh_desk import People

pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("sshd")]
NAME = "acme-operator"
# For what is waited for; a machine that does much else takes its time.
_PATIENCE = 120.0


class Forker:
    """A running forker."""

    def __init__(self, folder: Path, clock: Path | None = None) -> None:
        """Start it; with a file that puts the clock of its seats forward, if one is given."""
        self.folder = folder
        command = [sys.executable, "-I", "-m", "dropcopy_tui", "ssh", "forker", "--folder", str(folder)]
        env = clean_environment({"SECRET": "of whoever starts it"})
        if clock is not None:
            # With the environment of a seat: otherwise it would start again, as the product's own program.
            command = [sys.executable, "-I", str(ROOT / "tests/e2e/clocked_forker.py"), str(folder), str(clock)]
            env = environment({}, home_of_account())
        self.process = subprocess.Popen(command, env=env)
        self.until(lambda: is_ready(str(folder), os.getuid()))
        self.until(lambda: not self.seats())

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def seats(self) -> list[int]:
        """The seats that have started from it and have not ended."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def until(self, true: object) -> None:
        """Wait until something is true, while the forker runs."""
        assert callable(true)
        end = time.monotonic() + _PATIENCE
        while not true():
            assert time.monotonic() < end, "it never came true"
            with suppress(subprocess.TimeoutExpired):
                assert self.process.wait(0.05) is None, "the forker has ended"

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(folder: Path, clock: Path | None = None) -> Iterator[Forker]:
    forker = Forker(folder, clock)
    try:
        yield forker
    finally:
        forker.kill()


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("forker")
    folder.chmod(0o700)
    home, listens = folder / "home", folder / "run"
    home.mkdir()
    listens.mkdir(mode=0o700)
    assert dropcopy(home, "demo", "--headless").returncode == 0
    store = next(home.rglob("dropcopy.db"))
    with ssh_desk(folder / "sshd", store, "--forker", str(listens)) as desk:
        yield People(desk, home, (NAME,))


@pytest.fixture
def forker(people: People) -> Iterator[Forker]:
    with running(people.desk.folder.parent / "run") as started:
        yield started


@contextmanager
def seated(people: People, forker: Forker) -> Iterator[tuple[Terminal, int]]:
    """The application over SSH, and the process that it is."""
    before = set(forker.seats())
    with people.desk.sit_down(people.keys[NAME]) as terminal:
        terminal.wait_for("Expiring key pairs", _PATIENCE)
        terminal.wait_quiet(1, _PATIENCE)
        (seat,) = set(forker.seats()) - before
        yield terminal, seat


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    return not Path(f"/proc/{pid}").exists()


def gate_of(forker: Forker, seat: int) -> int:
    """The gate that waits for a seat: the one process of ours that has its terminal and no session there."""
    terminal = os.readlink(f"/proc/{seat}/fd/0")
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (
                b"dropcopy_tui.gate" in (folder / "cmdline").read_bytes()
                and os.readlink(folder / "fd" / "0") == terminal
            ):
                return int(folder.name)
    raise AssertionError("no gate waits for it")


def test_it_answers_as_a_process_of_the_gates_own_does(people: People, tmp_path: Path) -> None:
    asked = (
        ["groups", "list", "--json"],
        ["groups", "show", "none"],
        ["sh"],
        ["ssh", "seat"],
        ["paths"],
        ["route", "-"],
    )
    log = people.host(NAME, "route", "--example").stdout.encode()

    def answers() -> list[tuple[int, bytes, bytes]]:
        done = [people.run(NAME, *words, stdin=log) for words in asked]
        return [(each.returncode, each.stdout, each.stderr) for each in done]

    alone = answers()
    with running(people.desk.folder.parent / "run") as forker:
        assert not forker.seats()
        assert answers() == alone
    assert [code for code, _, _ in alone] == [0, 1, 2, 2, 2, 0]
    assert people.events("person:signed_in")[-1][1].startswith("cli ssh=127.0.0.1 key=SHA256:")


def test_a_seat_has_its_terminal_and_ends_with_it(people: People, forker: Forker) -> None:
    with seated(people, forker) as (terminal, seat):
        terminal.resize(100, 40)
        # The footer is on the last line again.
        terminal.wait_for(r"\A(.*\n){39}.*\S", _PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
        forker.until(lambda: gone(seat))
    with seated(people, forker) as (terminal, seat):
        # A connection that is lost, as by ~. or a laptop that is closed for good.
        terminal.signal(signal.SIGKILL)
        terminal.hang_up()
        forker.until(lambda: gone(seat))
    assert not forker.seats()


def test_signals_and_ends_pass_between_gate_and_seat(people: People, forker: Forker) -> None:
    for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        with seated(people, forker) as (terminal, seat):
            os.kill(gate_of(forker, seat), number)
            assert terminal.wait_exit(_PATIENCE) == code
            forker.until(lambda seat=seat: gone(seat))
    with seated(people, forker) as (terminal, seat):
        os.kill(seat, signal.SIGKILL)
        # What ssh says of every command that a signal ended.
        assert terminal.wait_exit(_PATIENCE) == 255
    with seated(people, forker) as (terminal, seat):
        os.kill(gate_of(forker, seat), signal.SIGKILL)
        forker.until(lambda: gone(seat))


def test_seats_outlive_the_forker_and_connections_need_none(people: People, forker: Forker) -> None:
    with seated(people, forker) as (terminal, seat):
        forker.kill()
        assert people.run(NAME, "status").returncode == 0
        terminal.press("?")
        terminal.wait_for("Keys on this screen", _PATIENCE)
        terminal.press("escape", "ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
        # It has said its exit code, and is about to end.
        end = time.monotonic() + _PATIENCE
        while not gone(seat):
            assert time.monotonic() < end


def test_one_that_does_not_answer_is_done_without(people: People, forker: Forker) -> None:
    forker.process.send_signal(signal.SIGSTOP)
    assert people.run(NAME, "status").returncode == 0
    forker.process.send_signal(signal.SIGCONT)
    # Who was not waited for leaves nothing behind.
    forker.until(lambda: not forker.seats())


def test_after_an_upgrade_it_makes_room_for_the_next_one(people: People, forker: Forker) -> None:
    with seated(people, forker) as (terminal, _):
        # What pip does to this folder, whatever it installs.
        os.utime(sysconfig.get_path("purelib"))
        assert people.run(NAME, "status").returncode == 0
        assert forker.process.wait(_PATIENCE) == 0
        with running(forker.folder) as next_one, seated(people, next_one) as (newer, _):
            newer.press("ctrl+q")
            assert newer.wait_exit(_PATIENCE) == 0
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0


def test_it_tells_sshd_whose_key_it_is(people: People, forker: Forker) -> None:
    folder, options = str(forker.folder), ("--store", str(people.store))
    kind, blob, _ = people.keys[NAME].with_suffix(".pub").read_text().split(maxsplit=2)
    question = (fingerprint_of(b64decode(blob)), kind, blob)
    line = f"restrict,pty {kind} {blob}\n"
    assert asked(folder, options, question) == line
    for fingerprint in ("SHA256:" + "a" * 43, "../x"):
        assert asked(folder, options, (fingerprint, kind, blob)) == ""

    def program(store: Path) -> tuple[int, str, str]:
        words = ["--forker", folder, "--store", str(store), *question]
        command = [sys.executable, "-I", "-m", "dropcopy_tui.key_answer", *words]
        done = subprocess.run(command, env=clean_environment({}), capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    # What it cannot answer, the program asks by itself, and says what was wrong: sshd has that in its log.
    for wrong in (("--store", "/none/store.db"), ("--store",), ("--config", "/none")):
        assert asked(folder, wrong, question) is None
    code, out, error = program(Path("/none/store.db"))
    assert (code, out) == (2, "")
    assert error.startswith("dropcopy: No store exists")
    assert program(people.store) == (0, line, "")
    forker.until(lambda: not forker.seats())
    forker.kill()
    assert asked(folder, options, question) is None
    assert program(people.store) == (0, line, "")


def test_twenty_people_connect_at_once(people: People, forker: Forker) -> None:
    command = people.desk.command(people.keys[NAME], "groups", "list", "--json")
    all_of_them = [
        subprocess.Popen(command, env=clean_environment({}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        for _ in range(20)
    ]
    answers = {(each.communicate(timeout=10 * _PATIENCE)[0], each.returncode) for each in all_of_them}
    assert [code for _, code in answers] == [0]
    forker.until(lambda: not forker.seats())


def test_no_other_account_reaches_it(forker: Forker) -> None:
    other = pwd.getpwnam("nobody").pw_uid
    listens = forker.folder / SOCKET
    # Every folder on the way can be passed, and everybody may write to the socket: what is left is that the forker
    # looks at who connects. No folder is made writable: sshd trusts no program below one, and lets nobody in meanwhile.
    knock = f"""
import os, socket
os.setgroups([])
os.setgid({other})
os.setuid({other})
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(60)
try:
    s.connect({str(listens)!r})
    s.send(b"x")
    print(s.recv(10))
except OSError as error:
    print(type(error).__name__)
"""

    def answer() -> str:
        return subprocess.run([sys.executable, "-c", knock], capture_output=True, text=True, check=True).stdout.strip()

    assert answer() == "PermissionError"
    shut = [folder for folder in listens.parents if not folder.stat().st_mode & 0o001]
    opened = [(path, path.stat().st_mode) for path in (listens, *shut)]
    try:
        for path, mode in opened:
            path.chmod(mode | (0o006 if path == listens else 0o001))
        assert answer() in ("b''", "BrokenPipeError", "ConnectionResetError")
        assert not forker.seats()
        # Nor does a gate trust a folder that others can look into.
        assert not is_private(str(forker.folder), os.getuid())
        assert not is_ready(str(forker.folder), os.getuid())
    finally:
        for path, mode in opened:
            path.chmod(mode)


def test_nothing_of_a_seat_is_in_the_forker_or_in_another_seat(people: People, forker: Forker) -> None:
    secret = Vault(people.store.with_suffix(".key").read_bytes(), store_facts(people.store)["store_id"])._seal_key
    assert secret is not None
    with seated(people, forker) as (_, one), seated(people, forker) as (_, two):
        assert len(list(Path(f"/proc/{forker.pid}/task").iterdir())) == 1
        for pid in (forker.pid, one, two):
            opened = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
            assert (pid == forker.pid) is not any(str(people.store) in each for each in opened), opened
        ends = {os.readlink(fd) for fd in Path(f"/proc/{one}/fd").iterdir()}
        others = {os.readlink(fd) for fd in Path(f"/proc/{two}/fd").iterdir()}
        shared = {each for each in ends & others if each.startswith(("socket", "pipe", "/dev/pts"))}
        assert not shared
        environment = Path(f"/proc/{forker.pid}/environ").read_bytes()
        assert b"SECRET" not in environment
        # The seat has it, so that looking for it is known to find it.
        assert holds(one, secret)
        assert not holds(forker.pid, secret)


def holds(pid: int, secret: bytes) -> bool:
    """Whether a process has these bytes in its memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            area, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            begin, end = (int(part, 16) for part in area.split("-"))
            with suppress(OSError):
                memory.seek(begin)
                if secret in memory.read(end - begin):
                    return True
    return False
