"""`tick`, `outbox` and `notices` on the command line, with real processes and a real mail server."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from dropcopy_tui.config import load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.tables import PersonRow
from tests.cli.conftest import Cli
from tests.services.smtp import SENDER, Mailbox, free_port, serving

Later = Callable[[timedelta], None]


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def desk(real: Cli, port: int, tmp_path: Path) -> Cli:
    """A real store whose mail server would be at the port; this account is its administrator."""
    config = tmp_path / "config.toml"
    config.write_text(f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "{SENDER}"\n')
    return Cli(real.home, (*real.options, "--config", str(config)), real.environ)


def write(cli: Cli, *subjects: str) -> None:
    """An email and a notice to the administrator for each subject."""
    opened = open_desk(load(store=cli.options[1], config=cli.options[3] if "--config" in cli.options else None))
    with writing(opened.resources, DESK) as uow:
        person = uow.tx.get_one(PersonRow, 1)
        for subject in subjects:
            uow.tell(person, subject, f"Body of {subject}.\n")
    opened.close()


@contextmanager
def up(box: Mailbox, port: int) -> Iterator[None]:
    with serving(box, port):
        yield


def subjects(box: Mailbox) -> list[str]:
    return [str(letter["Subject"]) for letter in box.letters]


def states(cli: Cli) -> Counter[str]:
    return Counter(message["state"] for message in cli.json("outbox", "list"))


def part(document: dict[str, list[dict[str, object]]], name: str) -> dict[str, object]:
    return next(found for found in document["parts"] if found["name"] == name)


def test_ten_ticks_at_once_send_each_message_once(desk: Cli, box: Mailbox, port: int) -> None:
    names = [f"Message {number}" for number in range(30)]
    write(desk, *names)
    with up(box, port):
        ticks = [
            subprocess.Popen(desk.command("tick"), env=desk.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(10)
        ]
        for tick in ticks:
            out, err = tick.communicate(timeout=120)
            assert tick.returncode == 0, (out, err)
    assert sorted(subjects(box)) == sorted(names)
    assert len(set(box.ids)) == 30
    assert states(desk) == {"sent": 30}


def test_kill_9_between_sending_and_marking(desk: Cli, box: Mailbox, port: int, later: Later) -> None:
    write(desk, "A", "B", "C")
    started = threading.Event()
    victims: list[subprocess.Popen[bytes]] = []

    def shoot(_: object) -> None:
        if len(box.letters) == 2:
            started.wait(30)
            victims[0].kill()
            victims[0].wait(30)

    box.taken = shoot
    with up(box, port):
        victims.append(subprocess.Popen(desk.command("tick"), env=desk.environ, stdout=subprocess.DEVNULL))
        started.set()
        assert victims[0].wait(60) == -9
        assert states(desk) == {"sent": 1, "queued": 2}
        box.taken = lambda _: None
        # The dead sender's lease still holds: nobody else may take its messages.
        assert part(desk.json("tick"), "outbox")["counts"] == {"sent": 0, "later": 0, "failed": 0}
        later(timedelta(seconds=61))
        assert part(desk.json("tick"), "outbox")["counts"] == {"sent": 2, "later": 0, "failed": 0}
    assert subjects(box) == ["A", "B", "B", "C"]
    assert box.ids[1] == box.ids[2]
    assert len(set(box.ids)) == 3
    assert states(desk) == {"sent": 3}
    assert desk.json("audit", "verify")["valid"]


def test_a_server_that_is_down_is_one_line_and_exit_1(desk: Cli, box: Mailbox, port: int, later: Later) -> None:
    write(desk, "A")
    ran = desk("tick")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert f"dropcopy: outbox failed: The mail server 127.0.0.1:{port} cannot be reached" in ran.err
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["set-up", "done"],
        ["expiry", "done"],
        ["outbox", "failed"],
        ["clean-up", "done"],
    ]
    (message,) = desk.json("outbox", "list")
    assert (message["state"], message["attempts"]) == ("queued", 1)
    assert "cannot be reached" in message["error"]
    assert message["next_at"]
    assert "next attempt" in desk("outbox", "list").out
    later(timedelta(minutes=2))
    with up(box, port):
        assert desk.json("outbox", "send") == {"sent": 1, "later": 0, "failed": 0, "trouble": ""}
    assert subjects(box) == ["A"]
    assert desk.json("outbox", "list")[0]["sent_at"]


def test_without_a_server_tick_says_how_many_are_held(real: Cli) -> None:
    write(real, "A", "B")
    ran = real("tick")
    assert (ran.code, ran.err) == (0, "")
    assert "Mail is not configured: 2 messages are held." in ran.out
    document = real.json("tick")
    assert document["ok"]
    assert "2 messages are held" in str(part(document, "outbox")["note"])
    refused = real("outbox", "send", "--json")
    assert (refused.code, refused.error) == (1, "mail_held")
    assert "2 messages are held" in real("outbox", "list").err


def test_held_messages_go_out_when_the_server_is_configured(desk: Cli, box: Mailbox, port: int) -> None:
    write(Cli(desk.home, desk.options[:2], desk.environ), "A")
    assert states(desk) == {"held": 1}
    with up(box, port):
        assert desk("tick").code == 0
    assert subjects(box) == ["A"]


def test_a_sandbox_never_sends(cli: Cli, sandbox: Path, box: Mailbox, port: int, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "{SENDER}"\n')
    options = ("--store", str(sandbox), "--as", "operations", "--config", str(config))
    operations = Cli(cli.home, options, cli.environ)
    with up(box, port):
        ran = operations("tick")
        assert ran.code == 0, ran
        assert "A sandbox never sends" in ran.out
        refused = operations("outbox", "send")
    assert refused.code == 1
    assert "A sandbox never sends" in refused.err
    assert box.letters == []
    assert set(states(operations)) == {"held"}


def test_retry_puts_dead_letters_back(desk: Cli, box: Mailbox, port: int) -> None:
    write(desk, "A")
    box.recipient = lambda _: "550 No such mailbox"
    with up(box, port):
        assert part(desk.json("tick"), "outbox")["counts"] == {"sent": 0, "later": 0, "failed": 1}
        (message,) = desk.json("outbox", "list", "--match", "failed")
        assert "550 No such mailbox" in message["error"]
        assert any("could not be delivered" in notice["text"] for notice in desk.json("notices", "list"))
        assert desk("outbox", "retry", 99).code == 1
        assert desk.json("outbox", "retry", message["id"]) == {"put_back": 1}
        box.recipient = lambda _: "250 OK"
        assert desk("outbox", "send").out == "sent 1  later 0  failed 0\n"
    assert subjects(box) == ["A"]


def test_tick_and_sending_need_operations(cli: Cli, sandbox: Path) -> None:
    viewer = cli.on(sandbox, "acme-viewer")
    for verb in (("tick",), ("outbox", "send"), ("outbox", "retry", "1")):
        assert viewer(*verb).code == 3


def test_notices_are_listed_and_read(desk: Cli) -> None:
    write(desk, "A", "B", "C")
    found = desk.json("notices", "list")
    assert [(notice["text"], notice["read"], notice["request"]) for notice in found] == [
        (name, False, None) for name in "CBA"
    ]
    assert desk.json("notices", "read", found[0]["id"]) == {"read": 1}
    assert [notice["text"] for notice in desk.json("notices", "list", "--unread")] == ["B", "A"]
    assert desk("notices", "read", "--all").out == "2 notices marked as read.\n"
    assert desk.json("notices", "list", "--unread") == []
    assert [line.split()[3] for line in desk("notices", "list").out.splitlines()[1:]] == ["read"] * 3
    assert desk("notices", "read").code == 2
    assert desk("notices", "read", "--all", found[0]["id"]).code == 2


def test_clean_up_takes_what_is_old_and_leaves_the_rest(real: Cli, later: Later) -> None:
    write(real, "old", "kept")
    old = real.json("notices", "list")[1]["id"]
    assert real.json("notices", "read", old) == {"read": 1}
    later(timedelta(days=179))
    assert part(real.json("tick"), "clean-up")["counts"] == {"challenges": 0, "notices": 0, "parcels": 0, "seats": 0}
    later(timedelta(days=181))
    assert part(real.json("tick"), "clean-up")["counts"] == {"challenges": 0, "notices": 1, "parcels": 0, "seats": 0}
    assert [notice["text"] for notice in real.json("notices", "list")] == ["kept"]
