"""The inbox and the outbox: what is new, what it is about, what could not be sent."""

from __future__ import annotations

import os
import pwd
import re
import sqlite3
from pathlib import Path

import pytest

from dropcopy_tui.config import Config
from dropcopy_tui.domain.mail import MailServer, Security
from dropcopy_tui.new_store import administrator, make_store
from screens.app import DropCopyApp
from tests.screens.conftest import Place, SeededEntropy, config_in
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import act_as, command

Size = tuple[int, int]
OLD = "2026-11-20 10:00:00.000000"


def add_notices(place: Place, user: str, *texts: str, request: str | None = None) -> None:
    """Notices for the person, the last one the newest, instead of what was there."""
    ask(place, "DELETE FROM notice")
    for number, words in enumerate(texts):
        ask(
            place,
            "INSERT INTO notice (person_id, text, request_id, at) SELECT person.id, ?,"
            " (SELECT id FROM request WHERE reference = ?), ? FROM person WHERE user_id = ?",
            words,
            request,
            OLD.replace("10:00", f"10:{number:02}"),
            user,
        )


def ask(place: Place, question: str, *values: object) -> list[tuple[object, ...]]:
    with sqlite3.connect(place.store) as connection:
        rows = connection.execute(question, values).fetchall()
    connection.close()
    return rows


def unread(place: Place) -> list[object]:
    return [row[0] for row in ask(place, "SELECT text FROM notice WHERE read_at IS NULL ORDER BY id")]


async def test_the_line_of_place_counts_what_is_unread(place: Place, size: Size) -> None:
    add_notices(place, "acme-operator", "One", "Two")
    async with seated(place.app(), size) as seat:
        seat.sees("^ Request Center .*acme-operator  2 notices  SANDBOX")
        await command(seat, "Notices")
        assert seat.on == "NoticesScreen"
        seat.sees("Request Center > Notices .*2 notices  SANDBOX", "new .*Two", "new .*One", "1 of 2 notices")
        assert footer_fits(seat)
        await seat.press("down", "m")
        seat.sees("1 notice marked as read", "acme-operator  1 notice  SANDBOX")
        assert unread(place) == ["Two"]
        await seat.press("home", "m")
        seat.sees_not(r"\d notice +SANDBOX", " new ")
        await seat.press("m")
        seat.sees("Already marked as read")


async def test_anothers_notices_are_not_counted(place: Place) -> None:
    add_notices(place, "acme-operator", "One")
    async with seated(place.app()) as seat:
        seat.sees("acme-operator  1 notice")
        await act_as(seat, "tiny-operator")
        seat.sees("tiny-operator  SANDBOX")
        await command(seat, "Notices")
        seat.sees("No notices yet")
        await seat.press("m")
        seat.sees("There are no notices to mark")


async def test_enter_opens_the_request_it_is_about(place: Place, size: Size) -> None:
    ((reference,),) = ask(
        place,
        "SELECT reference FROM request JOIN person ON person.id = submitted_by"
        " WHERE user_id = 'acme-operator' ORDER BY request.id DESC LIMIT 1",
    )
    add_notices(place, "acme-operator", "It was completed", request=str(reference))
    async with seated(place.app(), size) as seat:
        await command(seat, "Notices")
        await seat.press("enter")
        assert seat.on == "RequestScreen"
        seat.sees(f"My Requests > {reference}", "Timeline")
        assert unread(place) == []
        await seat.press("escape")
        assert seat.on == "NoticesScreen"
        seat.sees_not(" new ", r"1 notice ")
        seat.sees("It was completed")


async def test_a_notice_without_a_request_opens_whole(place: Place, size: Size) -> None:
    words = "Some messages could not be delivered" + "and this is why, at some length " * 6 + "the end"
    add_notices(place, "acme-operator", words)
    async with seated(place.app(), size) as seat:
        await command(seat, "Notices")
        await seat.press("enter")
        assert seat.on == "NoticeModal"
        seat.says("and this is why, at some length the end")
        await seat.press("enter")
        assert seat.on == "NoticesScreen"
        assert unread(place) == []


async def test_all_that_match_are_marked_and_no_other(place: Place) -> None:
    add_notices(place, "acme-operator", "red one", "blue", "red two")
    async with seated(place.app()) as seat:
        await command(seat, "Notices")
        await seat.press("slash")
        await seat.type("red")
        await seat.until_seen("1 of 2 notices")
        await seat.press("tab", "asterisk", "m")
        seat.sees("2 notices marked as read")
        assert unread(place) == ["blue"]
        await seat.press("escape")
        await seat.until_seen("of 3 notices")
        first = re.search(r"^> +(\w*) .*$", seat.text(), re.M)
        assert first
        assert "blue" in first[0]


async def test_notices_from_anywhere_are_text(place: Place) -> None:
    add_notices(place, "acme-operator", "[/foo] \x1b]0;x\x07 [@click=app.quit]here[/]")
    async with seated(place.app()) as seat:
        await command(seat, "Notices")
        seat.sees(r"\[/foo\]", r"\[@click=app.quit\]here")
        await seat.press("enter")
        seat.says("[@click=app.quit]here[/]")
        assert "\x1b" not in seat.text()


# -- the outbox of a real desk


@pytest.fixture
def real(tmp_path: Path) -> Place:
    """A store that is no sandbox; this account is its administrator. One message failed, one waits."""
    place = Place(tmp_path)
    fill = administrator("chief", "chief@desk.example", pwd.getpwuid(os.getuid()).pw_name, None)
    make_store(config_in(tmp_path), sandbox=False, fill=fill, clock=place.clock, entropy=SeededEntropy())
    states = (("failed", 8, "The mail server rejected the recipient (550 No such mailbox)."), ("queued", 0, ""))
    for number, (state, attempts, error) in enumerate(states):
        ask(
            place,
            "INSERT INTO outbox (channel, recipient, subject, body, state, created_at, attempts, error)"
            " VALUES ('email', ?, ?, 'Dear Ann,\n\nit is done.', ?, ?, ?, ?)",
            f"ann{number}@firm.example",
            f"Request {number}",
            state,
            OLD,
            attempts,
            error,
        )
    return place


def desk(real: Place, mail: MailServer | None) -> DropCopyApp:
    return DropCopyApp(Config(real.config.paths, real.settings, mail), clock=real.clock, entropy=SeededEntropy())


SERVER = MailServer("127.0.0.1", 25, Security.NONE, "desk@desk.example")


async def outbox(seat: Seat) -> None:
    await command(seat, "Outbox")
    assert seat.on == "OutboxScreen"


async def test_operations_see_why_a_message_failed_and_try_it_again(real: Place, size: Size) -> None:
    async with seated(desk(real, SERVER), size) as seat:
        await outbox(seat)
        seat.sees("Request Center > Outbox", "! 1 message failed", "failed 8", "queued", "t Retry")
        assert footer_fits(seat)
        await seat.press("t")
        seat.sees("Error: Message 2 is queued")
        await seat.press("down", "enter")
        seat.says("Failed after 8 attempts. The mail server rejected the recipient (550 No such mailbox).")
        seat.sees("Dear Ann,", "it is done.")
        await seat.press("enter", "t")
        seat.sees("Message 1 to ann0@firm.example is queued", "2 queued; `dropcopy tick` sends them")
        seat.sees_not("failed")
    assert ask(real, "SELECT state, attempts, error FROM outbox WHERE id = 1") == [("queued", 0, "")]


async def test_without_a_server_the_outbox_says_what_is_held(real: Place, size: Size) -> None:
    ask(real, "UPDATE outbox SET state = 'held'")
    async with seated(desk(real, None), size) as seat:
        await outbox(seat)
        seat.says("Mail is not configured: 2 messages are held. Set [mail] in the configuration file.")


async def test_without_operations_the_outbox_is_refused(real: Place) -> None:
    ask(real, "DELETE FROM entitlement WHERE role = 'operations'")
    async with seated(desk(real, SERVER)) as seat:
        await outbox(seat)
        seat.sees("Error: chief does not have the required role")
        seat.sees_not("ann0")


async def test_a_sandbox_offers_no_second_try(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await command(seat, "Phone and mailbox")
        seat.sees("A sandbox never sends")
        seat.sees_not("Try again")
