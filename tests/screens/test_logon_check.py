"""Logon check: a logon is pasted, and the screen says whether it holds, and which mistake was made."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.logon import encode_secret
from dropcopy_tui.store.tables import KeyPairRow, SessionRow
from screens.checks.logon_check import LONGEST_PASTE, LogonCheckScreen, LogonText
from tests.screens.conftest import NOW, Place
from tests.screens.hostile import ODD
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import act_as, command
from tests.screens.test_hostile import looks_harmless
from tests.services.fix_client import Key, logon

Size = tuple[int, int]
SENDER = "T4CACM01N"
# Of a firm whose keys the operator of ACME does not manage.
FOREIGN = "TE1"


def key_of(place: Place, session_id: str) -> Key:
    """A living key of the sample data, with its secret, which the screen must never show."""
    desk = open_desk(place.config, place.clock)
    with desk.resources.store.read() as session:
        pair, owner = session.execute(
            select(KeyPairRow, SessionRow)
            .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
            .where(col(SessionRow.session_id) == session_id, col(KeyPairRow.slot).is_not(None))
            .order_by(col(KeyPairRow.id).desc())
        ).first()
        place_of = ("key_pair", str(pair.id), owner.session_id, pair.access_key_id)
        secret = encode_secret(desk.resources.vault.open(pair.sealed_secret, *place_of))
    desk.close()
    return Key(pair.access_key_id, secret)


def same_key(place: Place) -> Key:
    """The key of T4C, made the same whatever the sample data are: for pictures."""
    key = Key("K" * 20, encode_secret(b"\x02" * 32))
    desk = open_desk(place.config, place.clock)
    with desk.resources.store.write() as session:
        pair = session.exec(select(KeyPairRow).where(KeyPairRow.access_key_id == key_of(place, "T4C").id)).one()
        pair.access_key_id = key.id
        pair.sealed_secret = desk.resources.vault.seal(b"\x02" * 32, "key_pair", str(pair.id), "T4C", key.id)
        session.add(pair)
    desk.close()
    return key


def pasted(key: Key, separator: str = "|", **how: Any) -> str:
    values = {49: SENDER} | how.pop("values", {})
    raw = logon(key, NOW, values=values, **how).encode().decode()
    return raw.replace("\x01", separator)


async def open_check(seat: Seat) -> None:
    await command(seat, "Logon check")
    assert seat.on == "LogonCheckScreen"


@pytest.mark.parametrize("separator", ["|", "\x01", "^A"])
async def test_a_good_logon(place: Place, size: Size, separator: str) -> None:
    key = key_of(place, "T4C")
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.paste(pasted(key, separator))
        seat.sees(
            "Accepted: a gateway would accept this logon",
            f"Key +{key.id}, active, of session T4C",
            r"  49 SenderCompID +T4CACM01N␊",
        )
        seat.sees_not("Refused", "as signed", key.secret)
        assert footer_fits(seat)


async def test_a_mistake_is_shown_side_by_side(place: Place, size: Size) -> None:
    key = key_of(place, "T4C")
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.paste(pasted(key, without=1604, signed={108: "45"}))
        seat.sees(
            "Refused: a gateway would reject this logon", r"! Tag 1604 was left out", "! Tag 108 was sent as 30 but"
        )
        seat.find(LogonText).parent.query_one("#answer").scroll_end(animate=False)
        await seat.settle()
        seat.sees(
            r"^ ! 108 HeartBtInt +30␊ +45␊", r"^ ! 1604 Appl\S+ +4.2␊ +\(left out\)", r"^   1605 Appl\S+ +OWN +OWN"
        )
        seat.sees_not(key.secret)


async def test_what_is_worth_a_look_is_said_of_a_good_logon_too(place: Place, size: Size) -> None:
    key = key_of(place, "T4C")
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.paste(pasted(key, values={52: "20200101-00:00:00.000"}))
        seat.sees("Accepted, but check the notes: a gateway would accept this logon")
        seat.says("Tag 52 (SendingTime) is")
        seat.sees_not("Refused")


async def test_what_the_session_refuses_is_said(place: Place, size: Size) -> None:
    key = key_of(place, "T4C")
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.paste(pasted(key, values={49: "T4CXYZN", 57: "G"}))
        seat.sees("Refused: a gateway would reject this logon", "! XYZ is not a firm of session T4C")
        seat.says("Tag 57 (TargetSubID) is G: an MSGW session sends")


async def test_a_key_that_differs_leaves_the_string_right(place: Place, size: Size) -> None:
    key, other = key_of(place, "T4C"), key_of(place, "T5A")
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.paste(pasted(Key(key.id, other.secret)))
        seat.says(f"! It was signed with the key pair of another session, T5A ({other.id}).")
        seat.find(LogonText).parent.query_one("#answer").scroll_end(animate=False)
        await seat.settle()
        seat.sees("The signed string is correct; the difference is elsewhere.")
        seat.sees_not(key.secret, other.secret)


async def test_a_logon_that_a_terminal_wrapped(place: Place, size: Size) -> None:
    text = pasted(key_of(place, "T4C"))
    wrapped = "\r".join(text[at : at + 70] for at in range(0, len(text), 70))
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.paste(f"2026-11-23 16:45:00 OUT > {wrapped}\r2026-11-23 16:45:01 next line")
        seat.sees("Accepted: a gateway would accept this logon")
        # One field a line, without any separator: what FIX tools print.
        await seat.paste(text.replace("|", "\r\n"))
        seat.sees("Accepted: a gateway would accept this logon")


async def test_fields_of_a_negotiate_are_typed(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        for line in ("requestTimestamp=1000000000", "UUID=12345", "Session=T4C", "Firm=XYZAB"):
            await seat.pilot.press(*("equals_sign" if character == "=" else character for character in line))
            await seat.press("enter")
        await seat.press("ctrl+r")
        seat.sees("The logon has no signature. This is the string to sign:", r"Firm +XYZAB$", r"UUID +12345␊")
        # Changed: what was said is no longer about what stands there.
        await seat.press("x")
        seat.sees_not("no signature")
        await seat.press("ctrl+r")
        seat.says("Line 5 of the message is not name=value.")
        await seat.press("ctrl+n")
        assert seat.find(LogonText).text == ""
        seat.sees_not("Error")


async def test_establish_as_json(place: Place, size: Size) -> None:
    key = key_of(place, "T4C")
    fields = {
        "RequestTimestamp": str(int(NOW.timestamp()) * 10**9), "UUID": "7", "Session": "T4C", "Firm": "ACM01",
        "TradingSystemName": "LADDER", "TradingSystemVersion": "4.2", "TradingSystemVendor": "OWN",
        "NextSeqNo": "1", "KeepAliveInterval": "30000",
    }  # fmt: skip
    mac = hmac.new(base64.urlsafe_b64decode(key.secret + "="), "\n".join(fields.values()).encode(), hashlib.sha256)
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.paste(json.dumps({**fields, "AccessKeyID": key.id, "Signature": mac.hexdigest()}, indent=2))
        seat.sees("Accepted, but check the notes: a gateway would accept this logon", "TradingSystemName")
        seat.says("Establish opens an order entry session; T4C is a drop copy session.")


async def test_what_is_no_logon_and_what_is_too_long(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_check(seat)
        await seat.press("ctrl+r")
        seat.says("Error: The text is empty: paste or enter a logon.")
        await seat.paste("x" * (LONGEST_PASTE + 1))
        seat.says("16,385 characters were pasted: that is too long for a logon. Nothing was inserted.")
        assert seat.find(LogonText).text == ""
        await seat.paste(f"8=FIX.4.2|35=A|58={ODD}|")
        seat.says("Error: ")
        looks_harmless(seat)
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_keys_of_other_firms_are_not_known(place: Place) -> None:
    foreign = key_of(place, FOREIGN)
    async with seated(place.app()) as seat:
        await open_check(seat)
        await seat.paste(pasted(foreign, values={49: f"{FOREIGN}ACM01N"}))
        seat.sees("Refused", "not of a session that you")
        seat.says("does not belong to a key pair that you manage")
        seat.says("No known key pair produces this signature")


async def test_without_key_management_it_is_not_offered(place: Place) -> None:
    async with seated(place.app("acme-viewer")) as seat:
        await seat.press("ctrl+p")
        await seat.type("logon")
        seat.sees_not("Logon check")
        await seat.press("escape")
        await seat.app.push_screen(LogonCheckScreen())
        await seat.settle()
        await seat.paste(pasted(Key("Q" * 20, "A" * 43)))
        seat.says("Error: acme-viewer does not have the required role: key management.")


@pytest.mark.parametrize("wide", [False, True], ids=["80x24", "120x40"])
def test_picture(wide: bool, snap_compare: Callable[..., bool], place: Place) -> None:
    async def go(pilot: Any) -> None:
        seat = Seat(pilot)
        await seat.settle()
        await open_check(seat)
        await seat.paste(pasted(key, without=1604))
        await seat.settle()

    key = same_key(place)
    assert snap_compare(place.app(), terminal_size=(120, 40) if wide else (80, 24), run_before=go)


async def test_an_unfinished_logon_is_still_there_after_escape(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_check(seat)
        await seat.type("UUID=12345")
        await seat.press("escape")
        await open_check(seat)
        seat.sees("UUID=12345")
        await seat.press("ctrl+n", "escape")
        await open_check(seat)
        seat.sees_not("UUID=12345")


async def test_what_one_person_pasted_is_not_the_next_ones_to_see(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_check(seat)
        await seat.paste(pasted(key_of(place, "T4C")))
        await seat.press("escape")
        await act_as(seat, "multi-operator")
        await open_check(seat)
        assert not seat.find(LogonText).text
