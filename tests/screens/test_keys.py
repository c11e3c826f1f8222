"""A group's page, and key pairs: whole jobs that work, and jobs that are left half way and change nothing."""

from __future__ import annotations

import re
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from textual.widgets import OptionList

from screens.widgets.inputs import DeskInput
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import Seat, seated
from tests.screens.test_home import command, open_line
from tests.stores import as_the_desk

Size = tuple[int, int]


async def open_group(seat: Seat, name: str, tab: str = "2") -> None:
    """From Home to a tab of a group."""
    await open_line(seat, "menu", "Drop Copy Groups")
    for _ in range(20):
        if re.search(rf"^> ?{name} ", seat.text(), re.M):
            break
        await seat.press("down")
    await seat.press("enter", tab)
    assert seat.on == "GroupScreen"


async def choose(seat: Seat, text: str) -> None:
    """A line of the open modal."""
    options = seat.find(OptionList)
    for _ in range(options.option_count):
        if text in str(options.get_option_at_index(options.highlighted or 0).prompt):
            break
        await seat.press("down")
    await seat.press("enter")


def code_on(seat: Seat) -> str:
    return seat.sees(r"code is (\d{6})")[1]


def kept(place: Place) -> list[Any]:
    """What of the store a job on key pairs may change; the trail and spent codes aside."""
    with sqlite3.connect(place.store) as connection:
        rows = [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("key_pair", "request", "session", "notice")
        ]
    connection.close()
    return rows


def files(place: Place) -> list[Path]:
    folder = place.config.paths.downloads
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_the_four_tabs(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-RATES-RISK", "1")
        seat.sees(r"\[1 Details\]", "ACME SECURITIES LLC", "Ladder One 4.2", "Heartbeat")
        await seat.press("2")
        seat.sees(r"\[2 Target Sessions\]", "> T4C +MSGW")
        await seat.press("3")
        seat.sees(r"\[3 Source SenderComps\]", "1 of 695 SenderComps", "ACM01 ")
        await seat.press("4")
        seat.sees(r"\[4 By GFID\]", r"> ACM01 +695")
        await seat.press("tab")
        seat.sees(r"\[1 Details\]")
        await seat.press("left")
        seat.sees(r"\[4 By GFID\]")
        await seat.press("escape")
        assert seat.on == "GroupsScreen"


async def test_s_shows_the_public_key_ids_and_hides_them(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-REPO-CLEARING")
        with sqlite3.connect(place.store) as connection:
            pairs = connection.execute(
                "SELECT access_key_id FROM key_pair k JOIN session s ON s.id = k.session_pk WHERE s.session_id = 'T5A'"
            ).fetchall()
        connection.close()
        shown = [key_id for (key_id,) in pairs]
        assert len(shown) == 2
        seat.sees_not(*shown)
        await seat.press("s")
        seat.sees(*shown)
        await seat.press("s")
        seat.sees_not(*shown)


async def test_a_pair_is_generated_after_a_wrong_and_a_right_code(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-BACKUP")
        seat.sees("> T7K .*none")
        await seat.press("k")
        seat.sees("Manage Keys for Selected Sessions", "1 session: T7K", "Delete Key: the selected")
        await choose(seat, "Generate Key")
        seat.says("T7K gets its first key pair. The new one is valid until 23 Nov 2027")
        await seat.press("enter")
        seat.sees("Select a second factor. 10 codes left", "Authenticator app: no app is enrolled")
        await choose(seat, "SMS code")
        code = code_on(seat)
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        await seat.type(wrong)
        await seat.press("enter")
        seat.sees("The code is wrong: 2 attempts left")
        assert not files(place)
        await seat.type(code)
        await seat.press("enter")
        seat.sees("Key pairs generated", r"T7K +[A-Za-z0-9]{20} +23 Nov 2027 17:30 ET")
        (file,) = files(place)
        # The path may be broken anywhere: how long it is depends on the folder of the test.
        assert file.name in re.sub(r"[\s│]", "", seat.text())
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret = file.read_text().split("\n")[2][52:103].rstrip()
        await seat.press("escape")
        seat.sees("completed: 1 key pair generated", "> T7K .*active")
        assert secret not in seat.text()
    assert len(secret) == 43


async def test_three_wrong_codes_end_it(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_group(seat, "US-BACKUP")
        before = kept(place)
        await seat.press("k", "enter", "enter", "enter")
        wrong = f"{(int(code_on(seat)) + 1) % 1_000_000:06d}"
        for _ in range(3):
            await seat.type(wrong)
            await seat.press("enter")
        # Another factor can be chosen; who does not want one reads what happened on the page, too.
        assert seat.on == "ChooseModal"
        seat.says("The code is wrong: request a new one.")
        await seat.press("escape")
        assert seat.on == "GroupScreen"
        seat.says("The code is wrong: request a new one.")
        assert kept(place) == before
        assert not files(place)


async def test_the_details_manage_the_keys_of_every_target_session(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_group(seat, "US-REPO-CLEARING", "1")
        await seat.press("k")
        seat.sees("Manage Keys for Selected Sessions", "1 session: T5A")


async def test_a_third_pair_asks_which_one_goes(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-REPO-CLEARING")
        await seat.press("k")
        await choose(seat, "Generate Key")
        seat.says("two active key pairs, the maximum. Select which to delete immediately.")
        options = seat.find(OptionList)
        assert "older" in str(options.get_option_at_index(options.highlighted or 0).prompt)
        older = options.get_option_at_index(0).id
        await seat.press("enter")
        seat.sees("T5A gets a third key pair")
        await seat.press("enter", "enter")
        await seat.type(code_on(seat))
        await seat.press("enter")
        seat.sees("Key pairs generated")
        seat.says(f"Key pair {older} was deleted: any file containing it no longer works.")
        seat.says("The other key pair expires 21 Dec 2026 17:30 ET: switch the client to the new one before then.")
    with sqlite3.connect(place.store) as connection:
        gone = connection.execute("SELECT access_key_id FROM key_pair WHERE deleted_at IS NOT NULL").fetchall()
        living = connection.execute(
            "SELECT COUNT(*) FROM key_pair k JOIN session s ON s.id = k.session_pk "
            "WHERE s.session_id = 'T5A' AND k.deleted_at IS NULL"
        ).fetchone()
    connection.close()
    assert (older,) in gone
    assert living == (2,)


async def test_download_writes_the_living_pairs_again(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-REPO-CLEARING")
        before = kept(place)
        await seat.press("k")
        await choose(seat, "Download Key")
        seat.sees("2 active key pairs")
        await seat.press("enter", "enter")
        await seat.type(code_on(seat))
        await seat.press("enter")
        seat.sees("Key pairs downloaded")
        (file,) = files(place)
        assert file.read_text().count("T5A") == 2
        assert kept(place)[0] == before[0]
        # The same again does not write over it.
        await seat.press("escape", "k")
        await choose(seat, "Download Key")
        assert seat.find(DeskInput).value.endswith("-2.txt")


@pytest.mark.parametrize("depth", range(1, 5))
async def test_escape_at_any_point_changes_nothing(depth: int, place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_group(seat, "US-BACKUP")
        before = kept(place)
        await seat.press("k", *["enter"] * (depth - 1))
        assert seat.on == ("ChooseModal", "FileModal", "ChooseModal", "CodeModal")[depth - 1]
        await seat.press("escape")
        assert seat.on == "GroupScreen"
        assert kept(place) == before
        assert not files(place)


async def test_a_file_that_exists_and_a_folder_that_is_not_there(place: Place, size: Size) -> None:
    taken = place.folder / "taken.txt"
    taken.write_text("mine")
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-BACKUP")
        await seat.press("k", "enter")
        field = seat.find(DeskInput)
        for path, problem in (
            (taken, "already exists. Nothing was changed. Use another name."),
            (place.folder / "nowhere" / "keys.txt", "does not exist. Create it, or use another one."),
            (place.folder / ("x" * 300), "File name too long"),
            # Its permissions let an administrator write, the kernel does not.
            (Path("/proc/keys.txt"), "No file can be written in /proc"),
            ("", "Enter the path of a file."),
        ):
            field.value = str(path)
            await seat.press("enter")
            assert seat.on == "FileModal"
            seat.says(problem)
        field.value = str(place.folder / "good.txt")
        await seat.press("enter", "enter")
        await seat.type(code_on(seat))
        # Somebody takes the name while the code is typed.
        (place.folder / "good.txt").write_text("theirs")
        await seat.press("enter")
        assert seat.on != "ResultModal"
    assert taken.read_text() == "mine"
    assert (place.folder / "good.txt").read_text() == "theirs"


async def test_enter_continues_from_the_text_too(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_group(seat, "US-BACKUP")
        await seat.press("k", "enter", "tab")
        assert seat.on == "FileModal"
        assert not isinstance(seat.app.focused, DeskInput)
        await seat.press("enter")
        seat.sees("Confirm your identity")


async def test_whoever_may_not_manage_keys_is_refused(place: Place) -> None:
    async with seated(place.app("acme-viewer")) as seat:
        await open_group(seat, "US-BACKUP")
        before = kept(place)
        await seat.press("k", "enter", "enter", "enter")
        if seat.on == "CodeModal":
            await seat.type(code_on(seat))
            await seat.press("enter")
        assert seat.on == "GroupScreen"
        seat.sees("Error: ")
        assert kept(place) == before


# -- factors


async def test_an_authenticator_app_is_enrolled_and_then_a_factor(place: Place) -> None:
    async with seated(place.app()) as seat:
        await command(seat, "Authenticator")
        seat.sees("Confirm your identity", "Select a second factor")
        await choose(seat, "SMS code")
        seat.sees("Required to enrol an authenticator app.")
        await seat.type(code_on(seat))
        await seat.press("enter")
        assert seat.on == "EnrolModal"
        seed = re.sub(
            r"[^A-Z2-7]", "", "".join(re.findall(r"\b(?:[A-Z2-7]{4} )*[A-Z2-7]{4}\b(?=[ │]*$)", seat.text(), re.M))
        )
        assert len(seed) == 32, seat.text()
        await seat.type("000000")
        await seat.press("enter")
        seat.sees("The code is wrong")
        app = pyotp.TOTP(seed)
        await seat.type(app.at(place.clock.now()))
        await seat.press("enter")
        seat.says("The authenticator app is enrolled")
        place.clock.advance(timedelta(seconds=30))
        await open_group(seat, "US-BACKUP")
        await seat.press("k", "enter", "enter")
        await choose(seat, "Authenticator app")
        seat.sees("Code shown by your authenticator app")
        await seat.type(app.at(place.clock.now()))
        await seat.press("enter")
        seat.sees("Key pairs generated")


async def test_no_codes_are_left_today(place: Place, size: Size) -> None:
    with sqlite3.connect(place.store) as connection:
        now = f"{place.clock.now():%Y-%m-%d %H:%M:%S}.000000"
        (person,) = connection.execute("SELECT id FROM person WHERE user_id = ?", (OPERATOR,)).fetchone()
        connection.executemany(
            "INSERT INTO challenge (id, person_id, factor, purpose, tries, created_at, expires_at) "
            "VALUES (?, ?, 'sms', 'keys', 0, ?, ?)",
            [(f"used{number}", person, now, now) for number in range(10)],
        )
    connection.close()
    as_the_desk(place.store)
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-BACKUP")
        await seat.press("k", "enter", "enter")
        seat.sees("0 codes left today", "SMS code: no codes left today")
        await seat.press("escape")
        assert seat.on == "GroupScreen"
