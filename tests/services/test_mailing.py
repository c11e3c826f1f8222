"""Sending the outbox to a real server: once, again where it must be, and never what must not be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from dropcopy_tui.domain.errors import InvalidValue, MailHeld, MailUnusable, MasterKeyMissing, NotEntitled, NotFound
from dropcopy_tui.domain.mail import MailServer
from dropcopy_tui.domain.pages import PageRequest, Selection
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.messages import sealed_mail, text_message
from dropcopy_tui.services.outbox.delivery import DEAD_LETTER, Mailing, MailRun
from dropcopy_tui.services.outbox.notices import Notices
from dropcopy_tui.services.outbox.outbox import Message, Outbox
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.tables import PersonRow, SettingRow
from dropcopy_tui.store.vault import Vault
from tests.services.conftest import World
from tests.services.factories import FrozenClock, add_person, change, new_group, one, rows
from tests.services.smtp import Mailbox, free_port, plain, serving

CODE = "KQ7M-2WXA-55TR-B3CD"


@pytest.fixture
def real(world: World) -> World:
    """The world as a store that is no sandbox, without a mail server."""
    resources = replace(world.resources, sandbox=False)
    with resources.store.write() as session:
        session.add(SettingRow(key="store_id", value="teststore"))
    return replace(world, resources=resources)


@contextmanager
def online(world: World, mailbox: Mailbox, port: int = 0) -> Iterator[World]:
    """The same with a server that is up."""
    with serving(mailbox, port) as server:
        yield configured(world, server)


def configured(world: World, server: MailServer) -> World:
    return replace(world, resources=replace(world.resources, mail=server))


def write(world: World, *subjects: str, to: Actor | None = None) -> None:
    """An email and a notice for each subject."""
    with writing(world.resources, world.operator) as uow:
        for subject in subjects:
            uow.tell(person(uow.tx, to or world.operator), subject, f"Body of {subject}.\n")


def person(session: Session, actor: Actor) -> PersonRow:
    return session.get_one(PersonRow, actor.person_id)


def send(world: World, limit: int = 1_000) -> MailRun:
    return Mailing(world.resources).send_due(world.operations, limit)


def messages(world: World) -> tuple[Message, ...]:
    """The oldest first."""
    return Outbox(world.resources).page(world.operations, PageRequest()).rows[::-1]


def later(world: World, **by: int) -> None:
    clock = world.resources.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(timedelta(**by))


def test_a_submission_and_its_end_arrive_once_each(real: World) -> None:
    from dropcopy_tui.services.groups.provisioning import Provisioning

    box = Mailbox()
    with online(real, box) as world:
        asked = Groups(world.resources).create(world.operator, new_group())
        Provisioning(world.resources).process_as_desk()
        assert {message.state for message in messages(world)} == {"queued"}
        assert send(world) == MailRun(sent=2)
        assert send(world) == MailRun()
    assert box.to == ["operator@firm.example"] * 2
    assert [asked.id in letter["Subject"] for letter in box.letters] == [True, True]
    assert len(set(box.ids)) == 2
    for message in messages(world):
        assert (message.state, message.attempts, message.error, message.next_at) == ("sent", 1, "", None)
        assert message.sent_at == world.resources.clock.now()
    events = rows(world.resources, "SELECT action, subject FROM audit_event WHERE action LIKE 'mail:%' ORDER BY id")
    assert events == [("mail:sent", str(message.id)) for message in messages(world)]


def test_sending_needs_operations(real: World) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, "A")
        for actor in (world.operator, world.viewer, world.stranger):
            with pytest.raises(NotEntitled):
                Mailing(world.resources).send_due(actor)
            with pytest.raises(NotEntitled):
                Mailing(world.resources).retry(actor, [1])
    assert box.letters == []
    assert [message.state for message in messages(world)] == ["queued"]


def test_a_sandbox_never_sends(world: World) -> None:
    box = Mailbox()
    with online(world, box) as sandbox:
        write(sandbox, "A")
        assert [message.state for message in messages(sandbox)] == ["held"]
        for verb in (lambda: send(sandbox), lambda: Mailing(sandbox.resources).retry(sandbox.operations, [1])):
            with pytest.raises(MailHeld, match="A sandbox never sends"):
                verb()
    assert box.letters == []
    assert [message.state for message in messages(sandbox)] == ["held"]


def test_held_email_is_sent_once_a_server_is_configured(real: World) -> None:
    write(real, "A", "B")
    with writing(real.resources, real.operator) as uow:
        text_message(uow, person(uow.tx, real.operator), "Your code is 1.")
    with pytest.raises(MailHeld, match="Mail is not configured: 2 messages are held"):
        send(real)
    standing = Outbox(real.resources).standing(real.operations)
    assert (standing.held, standing.queued, standing.failed) == (3, 0, 0)
    assert "2 messages are held" in standing.words
    box = Mailbox()
    with online(real, box) as world:
        assert Outbox(world.resources).standing(world.operations).words == ""
        assert send(world) == MailRun(sent=2)
    assert [letter["Subject"] for letter in box.letters] == ["A", "B"]
    assert [message.state for message in messages(world)] == ["sent", "sent", "held"]


def test_a_password_file_that_is_loose_stops_before_anything_is_tried(real: World, tmp_path: Path) -> None:
    loose = tmp_path / "password"
    loose.write_text("pony\n")
    loose.chmod(0o644)
    world = configured(real, replace(plain(free_port()), user="desk", password_file=loose))
    write(world, "A")
    with pytest.raises(MailUnusable, match="chmod 600"):
        send(world)
    assert [message.attempts for message in messages(world)] == [0]


def test_a_limit_leaves_the_rest_for_the_next_run(real: World) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, *"ABCDEFG")
        assert send(world, limit=6) == MailRun(sent=6)
        assert send(world, limit=6) == MailRun(sent=1)
    assert [letter["Subject"] for letter in box.letters] == list("ABCDEFG")


# -- trouble


def test_a_server_that_is_down_is_tried_later_with_growing_pauses(real: World) -> None:
    port = free_port()
    world = configured(real, plain(port))
    write(world, "A", "B")
    pauses = []
    for attempt in range(1, 8):
        done = send(world, limit=1)
        assert (done.sent, done.later, done.failed) == (0, 1, 0)
        assert "Connection refused" in done.trouble
        first, second = messages(world)
        assert (first.attempts, second.attempts) == (attempt, 0)
        assert "Connection refused" in first.error
        assert first.next_at is not None
        pauses.append(round((first.next_at - world.resources.clock.now()).total_seconds() / 60))
        change(world.resources, "UPDATE outbox SET next_at = '2999-01-01' WHERE id = :id", id=second.id)
        world.resources.clock.advance(first.next_at - world.resources.clock.now())  # type: ignore[attr-defined]
    assert pauses == [1, 5, 15, 60, 240, 240, 240]
    assert send(world, limit=1).failed == 1
    assert [message.state for message in messages(world)] == ["failed", "queued"]


def test_trouble_with_the_server_costs_one_message_a_try(real: World) -> None:
    world = configured(real, plain(free_port()))
    write(world, *"ABC")
    assert send(world).later == 1
    assert [message.attempts for message in messages(world)] == [1, 0, 0]
    assert rows(world.resources, "SELECT DISTINCT leased_until FROM outbox") == [(None,)]
    box = Mailbox()
    with online(real, box) as world:
        assert send(world) == MailRun(sent=2)
        later(world, minutes=1)
        assert send(world) == MailRun(sent=1)
    assert [letter["Subject"] for letter in box.letters] == ["B", "C", "A"]


def test_one_address_that_is_refused_stops_no_other(real: World) -> None:
    gone = add_person(real.resources, "gone")
    box = Mailbox(recipient=lambda to: "550 No such mailbox" if to.startswith("gone") else "250 OK")
    with online(real, box) as world:
        write(world, "A")
        write(world, "B", to=gone)
        write(world, "C")
        assert send(world) == MailRun(sent=2, failed=1)
        assert [message.state for message in messages(world)] == ["sent", "failed", "sent"]
        assert messages(world)[1].error == "The mail server rejected the recipient (550 No such mailbox)."
        later(world, days=1)
        assert send(world) == MailRun()
    assert [letter["Subject"] for letter in box.letters] == ["A", "C"]


def test_451_is_tried_again_and_arrives(real: World) -> None:
    box = Mailbox(recipient=lambda _: "451 Greylisted")
    with online(real, box) as world:
        write(world, "A", "B")
        assert send(world) == MailRun(later=2)
        assert send(world) == MailRun()
        box.recipient = lambda _: "250 OK"
        later(world, minutes=1)
        assert send(world) == MailRun(sent=2)
    assert [message.attempts for message in messages(world)] == [2, 2]
    assert len(set(box.ids)) == len(box.ids) == 2


def test_a_line_that_breaks_after_the_letter_doubles_it_under_the_same_id(real: World) -> None:
    """Nobody can know whether the server took it: at least once, and a receiver can tell."""
    box = Mailbox(drops=True)
    with online(real, box) as world:
        write(world, "A")
        assert send(world) == MailRun(later=1)
        box.drops = False
        later(world, minutes=1)
        assert send(world) == MailRun(sent=1)
    assert len(box.ids) == 2
    assert len(set(box.ids)) == 1


def test_a_subject_with_another_header_in_it_is_a_dead_letter(real: World) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, "A\r\nBcc: all@firm.example", "B")
        assert send(world) == MailRun(sent=1, failed=1)
    assert [letter["Subject"] for letter in box.letters] == ["B"]
    assert "control characters" in messages(world)[0].error


@pytest.mark.parametrize(
    ("column", "hostile"),
    [
        ("recipient", "<"),
        ("recipient", '"=?utf-8?q?=0d=0a?="@firm.example'),
        ("recipient", "=?utf-8?b?DQpCY2M6eEB5Lnp6?=@firm.example"),
        ("recipient", ""),
    ],
)
def test_a_hostile_address_fails_its_own_letter_only(real: World, column: str, hostile: str) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, "A", "B")
        change(world.resources, f"UPDATE outbox SET {column} = :hostile WHERE subject = 'A'", hostile=hostile)
        assert send(world) == MailRun(sent=1, failed=1)
    assert [letter["Subject"] for letter in box.letters] == ["B"]


@pytest.mark.parametrize("store_id", ["=?utf-8?q?=0d=0aBcc:x?=", "@", "<", ">", '"', "\n"])
def test_a_hostile_message_id_fails_the_letter_and_not_the_sender(real: World, store_id: str) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, "A")
        change(world.resources, "UPDATE setting SET value = :it WHERE key = 'store_id'", it=store_id)
        assert send(world) == MailRun(failed=1)
    assert box.letters == []
    assert "Message-ID" in messages(world)[0].error


def test_an_encoded_word_in_a_group_s_name_arrives_as_the_text_that_it_is(real: World) -> None:
    name = "=?utf-8?b?DQpCY2M6eEB5Lnp6?="
    box = Mailbox()
    with online(real, box) as world:
        Groups(world.resources).create(world.operator, new_group(name))
        assert send(world).failed == 0
    for raw in box.raw:
        head = raw.partition(b"\r\n\r\n")[0]
        assert b"Bcc" not in head
        assert head.count(b"\r\nTo:") == 1
    assert box.raw


# -- leases


def test_a_message_that_somebody_else_has_is_left_alone(real: World) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, "A", "B")
        first = messages(world)[0].id
        soon = (world.resources.clock.now() + timedelta(seconds=30)).strftime("%Y-%m-%d %H:%M:%S.%f")
        change(world.resources, "UPDATE outbox SET leased_until = :soon WHERE id = :id", soon=soon, id=first)
        assert send(world) == MailRun(sent=1)
        later(world, seconds=30)
        assert send(world) == MailRun(sent=1)
    assert [letter["Subject"] for letter in box.letters] == ["B", "A"]


def test_a_slow_letter_gives_the_others_back_before_their_lease_ends(real: World) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, *"ABC")
        leases = []

        def slow(_: object) -> None:
            later(world, seconds=40)
            leases.append(one(world.resources, "SELECT COUNT(*) FROM outbox WHERE leased_until IS NOT NULL"))

        box.taken = slow
        assert send(world) == MailRun(sent=3)
    # Each letter but the first was leased anew: it was never begun with too little time.
    assert leases == [3, 2, 1]
    assert len(box.ids) == len(set(box.ids)) == 3


def test_a_sender_that_lost_its_lease_does_not_put_off_what_another_has(real: World) -> None:
    box = Mailbox(recipient=lambda _: "451 Busy")
    with online(real, box) as world:
        write(world, "A")
        theirs = "2026-03-04 15:02:00.000000"

        def stolen(_: str) -> str:
            change(world.resources, "UPDATE outbox SET leased_until = :theirs", theirs=theirs)
            return "451 Busy"

        box.recipient = stolen
        send(world)
    assert rows(world.resources, "SELECT leased_until, attempts, next_at FROM outbox") == [(theirs, 0, None)]


# -- secrets


def test_a_sealed_body_arrives_in_clear_and_lies_nowhere(real: World) -> None:
    box = Mailbox()
    with online(real, box) as world:
        with writing(world.resources, world.operator) as uow:
            sealed_mail(uow, person(uow.tx, world.operator), "Invitation", f"Code: {CODE}\n")
        assert send(world) == MailRun(sent=1)
        assert CODE not in repr(messages(world))
    assert CODE in box.letters[0].get_content()
    folder = world.resources.store.beside.parent
    assert not [file for file in folder.iterdir() if CODE.encode() in file.read_bytes()]


def test_a_refusal_that_repeats_the_code_is_not_stored(real: World) -> None:
    box = Mailbox(letter=lambda _: f"550 spam: {CODE}")
    with online(real, box) as world:
        with writing(world.resources, world.operator) as uow:
            sealed_mail(uow, person(uow.tx, world.operator), "Invitation", f"Code: {CODE}\n")
        assert send(world) == MailRun(failed=1)
    folder = world.resources.store.beside.parent
    assert not [file for file in folder.iterdir() if CODE.encode() in file.read_bytes()]


def test_without_a_master_key_nothing_is_sent_because_nothing_can_be_recorded(real: World) -> None:
    box = Mailbox()
    with online(real, box) as world:
        write(world, "A")
        closed = replace(world, resources=replace(world.resources, vault=Vault(None, "test-store")))
        with pytest.raises(MasterKeyMissing):
            send(closed)
        assert box.letters == []
        assert send(world) == MailRun(sent=1)


# -- dead letters


@pytest.fixture
def dead(real: World) -> World:
    """Two dead letters, one after the other."""
    box = Mailbox(recipient=lambda _: "550 No")
    with online(real, box) as world:
        for subject in "AB":
            write(world, subject)
            assert send(world).failed == 1
    return world


def test_operations_are_told_of_dead_letters_once(dead: World) -> None:
    other = add_person(dead.resources, "second-shift")
    notices = Notices(dead.resources)
    texts = [notice.text for notice in notices.page(dead.operations, PageRequest()).rows]
    assert texts == [DEAD_LETTER]
    assert notices.page(other, PageRequest()).total == 0
    assert notices.page(dead.operator, PageRequest("could not be delivered")).total == 0
    notices.read_all(dead.operations)
    box = Mailbox(recipient=lambda _: "550 No")
    with online(dead, box) as world:
        write(world, "C")
        send(world)
    assert notices.page(dead.operations, PageRequest()).total == 2


def test_a_dead_letter_is_put_back_and_arrives(dead: World) -> None:
    first, second = (message.id for message in messages(dead))
    assert Mailing(dead.resources).retry(dead.operations, [first, first]) == 1
    states = [(message.state, message.attempts, message.error) for message in messages(dead)]
    assert states[0] == ("queued", 0, "")
    assert states[1][0] == "failed"
    box = Mailbox()
    with online(dead, box) as world:
        assert send(world) == MailRun(sent=1)
    assert re.fullmatch(rf"<outbox-{first}\.teststore@dropcopy-tui>", box.ids[0])
    assert rows(dead.resources, "SELECT subject FROM audit_event WHERE action = 'mail:put_back'") == [(str(first),)]
    assert second


def test_putting_back_is_all_or_nothing(dead: World) -> None:
    first, second = (message.id for message in messages(dead))
    mailing = Mailing(dead.resources)
    with pytest.raises(NotFound, match="Message 99 does not exist"):
        mailing.retry(dead.operations, [first, 99])
    mailing.retry(dead.operations, [second])
    with pytest.raises(InvalidValue, match=f"Message {second} is queued"):
        mailing.retry(dead.operations, [first, second])
    assert [message.state for message in messages(dead)] == ["failed", "queued"]


def test_without_a_server_what_is_put_back_is_held(dead: World) -> None:
    offline = replace(dead, resources=replace(dead.resources, mail=None))
    Mailing(offline.resources).retry(offline.operations, [messages(offline)[0].id])
    assert messages(offline)[0].state == "held"


# -- notices


def test_notices_are_ones_own_and_unread_ones_come_first(real: World) -> None:
    notices = Notices(real.resources)
    for subject in "ABC":
        write(real, subject)
        later(real, minutes=1)
    write(real, "theirs", to=real.stranger)
    page = notices.page(real.operator, PageRequest()).rows
    assert [notice.text for notice in page] == ["C", "B", "A"]
    assert notices.unread(real.operator) == 3
    assert notices.read(real.operator, Selection(frozenset({page[0].id, page[1].id}))) == 2
    assert [(notice.text, notice.read) for notice in notices.page(real.operator, PageRequest()).rows] == [
        ("A", False),
        ("C", True),
        ("B", True),
    ]
    theirs = notices.page(real.stranger, PageRequest()).rows[0].id
    assert notices.read(real.operator, Selection(frozenset({theirs}))) == 0
    assert notices.unread(real.stranger) == 1
    assert notices.read_all(real.operator) == 1
    assert notices.unread(real.operator) == 0


def test_all_that_match_but_some_are_read(real: World) -> None:
    notices = Notices(real.resources)
    write(real, "red one", "red two", "blue")
    kept = next(notice.id for notice in notices.page(real.operator, PageRequest()).rows if notice.text == "red two")
    assert notices.read(real.operator, Selection(frozenset({kept}), everything=True, match="red")) == 1
    unread = {notice.text for notice in notices.page(real.operator, PageRequest()).rows if not notice.read}
    assert unread == {"red two", "blue"}


def test_a_page_of_notices_goes_on_where_the_last_one_ended(real: World) -> None:
    from dropcopy_tui.domain.pages import Anchor

    notices = Notices(real.resources)
    write(real, *(f"N{number}" for number in range(10)))
    notices.read(
        real.operator, Selection(frozenset(row.id for row in notices.page(real.operator, PageRequest()).rows[::2]))
    )
    whole = [row.id for row in notices.page(real.operator, PageRequest()).rows]
    for order in ("", "state", "at", "request"):
        walked: list[int] = []
        ask = PageRequest(order=order, limit=3)
        while True:
            page = notices.page(real.operator, ask)
            walked += [row.id for row in page.rows]
            if len(page.rows) < 3:
                break
            ask = replace(ask, anchor=Anchor.AFTER, beside=page.cursors[-1])
        assert sorted(walked) == sorted(whole)
        assert order or walked == whole


def test_a_notice_names_its_request(real: World) -> None:
    asked = Groups(real.resources).create(real.operator, new_group())
    assert Notices(real.resources).page(real.operator, PageRequest(asked.id)).rows[0].request == asked.id
