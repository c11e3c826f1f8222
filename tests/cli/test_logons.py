"""Logons signed and verified with a key file alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dropcopy_tui.domain.key_file import KeyRow, render
from tests.cli.conftest import Cli

VECTOR_KEY = "oNDxM33uE81ohWuVRtWT"
VECTOR_SECRET = "2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4"
VECTOR_SIGNATURE = "oHZ2Dx1ihFAp7kHOFcJPkijm27xfApJFp-ZhsSCxr3s"
VECTOR = (
    "8=FIX.4.2|35=A|34=1|49=B08004N|50=MSG|52=20170623-14:48:42.855|56=CME|57=92|108=60|142=US,NY|369=0|"
    "1603=BRIO|1604=8.0|1605=ABC|"
)
NEGOTIATE = '{"RequestTimestamp": 1000000000, "UUID": 12345, "Session": "ABC", "Firm": "XYZAB"}'
NEGOTIATE_SIGNATURE = "4afa3b48d4472791a582b9d0933592f71011585de6161088a72854bdfc2ec9c3"
ONES = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
# The vector names no market's segment: its days are those of the market that closes last, BrokerTec U.S.
TODAY = datetime.now(ZoneInfo("America/New_York")).date()


def row(session: str = "B08", key: str = VECTOR_KEY, secret: str = VECTOR_SECRET, days: int = 300) -> KeyRow:
    return KeyRow(session, key, secret, TODAY - timedelta(days=60), TODAY + timedelta(days=days), "CERT")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return write(tmp_path, row())


def write(folder: Path, *rows: KeyRow) -> Path:
    path = folder / "keys.txt"
    path.write_text(render(rows))
    return path


def test_the_published_vector_through_a_key_file(cli: Cli, key_file: Path) -> None:
    signed = cli.json("logon", "sign", "--key-file", key_file, "--message", "-", stdin=VECTOR)
    assert signed["signature"] == VECTOR_SIGNATURE
    assert signed["access_key_id"] == VECTOR_KEY
    assert signed["canonical"].split("\n")[0:2] == ["1", "B08004N"]
    soh = cli.json("logon", "sign", "--key-file", key_file, "--message", "-", stdin=VECTOR.replace("|", "\x01"))
    assert soh["signature"] == VECTOR_SIGNATURE


def test_the_negotiate_vector(cli: Cli, tmp_path: Path) -> None:
    keys = write(tmp_path, row("ABC", "A" * 20, ONES))
    signed = cli.json("logon", "sign", "--key-file", keys, "--message", "-", stdin=NEGOTIATE)
    assert signed["signature"] == NEGOTIATE_SIGNATURE


def test_text_marks_the_line_feeds(cli: Cli, key_file: Path) -> None:
    ran = cli("logon", "sign", "--key-file", key_file, "--message", "-", stdin=VECTOR)
    assert ran.code == 0
    assert ran.out.count("␊") == 10
    assert VECTOR_SIGNATURE in ran.out
    assert VECTOR_SECRET not in ran.out + ran.err


def test_no_store_is_touched(cli: Cli, key_file: Path) -> None:
    assert cli("--store", "/nowhere/at/all", "logon", "sign", "--key-file", key_file, "--message", "-", stdin=VECTOR)
    assert not (cli.home / "data").exists()


def test_the_session_chooses_the_pair(cli: Cli, tmp_path: Path) -> None:
    newer = row(key="N" * 20, secret=ONES, days=320)
    keys = write(tmp_path, row(), newer, row("XYZ", "X" * 20, ONES))
    sign = ("logon", "sign", "--key-file", keys, "--message", "-")
    assert cli.json(*sign, stdin=VECTOR)["access_key_id"] == "N" * 20
    assert cli.json(*sign, stdin=f"{VECTOR}355={VECTOR_KEY}|")["access_key_id"] == VECTOR_KEY
    other = cli(*sign, "--session", "XYZ", "--json", stdin=VECTOR)
    assert other.json["access_key_id"] == "X" * 20
    assert "rejected" in other.err
    assert cli(*sign, "--session", "QQQ", stdin=VECTOR).code == 1


def test_an_expired_pair_signs_nothing(cli: Cli, tmp_path: Path) -> None:
    keys = write(tmp_path, row(days=-1))
    ran = cli("logon", "sign", "--key-file", keys, "--message", "-", "--json", stdin=VECTOR)
    assert (ran.code, ran.error) == (1, "invalid_value")
    assert "expired" in ran.err
    tomorrow = write(tmp_path, row(days=1))
    assert cli("logon", "sign", "--key-file", tomorrow, "--message", "-", stdin=VECTOR).code == 0


def signed_vector(signature: str = VECTOR_SIGNATURE, key: str = VECTOR_KEY) -> str:
    return f"{VECTOR}354=20|355={key}|1400=CME-1-SHA-256|1401={len(signature)}|1402={signature}|"


def test_verify_with_a_key_file(cli: Cli, tmp_path: Path, key_file: Path) -> None:
    verify = ("logon", "verify", "--key-file", key_file, "--message", "-")
    good = cli.json(*verify, stdin=signed_vector())
    assert good.pop("canonical").split("\n")[:2] == ["1", "B08004N"]
    assert [line["expected"] for line in good.pop("compared")][-2:] == ["8.0␊", "ABC"]
    assert len(good.pop("logons")) == 1
    (note,) = good.pop("notes")
    assert note.startswith("Tag 52 (SendingTime) is ")
    assert good == {
        "valid": True, "verdict": "accepted_with_notes", "access_key_id": VECTOR_KEY, "session_id": "B08",
        "key_state": "active", "explanations": [],
    }  # fmt: skip
    bad = cli.json(*verify, code=1, stdin=signed_vector(VECTOR_SIGNATURE[::-1]))
    assert (bad["valid"], bad["verdict"], bad["key_state"]) == (False, "refused", "active")
    assert bad["explanations"]
    unknown = cli.json(*verify, code=1, stdin=signed_vector(key="Q" * 20))
    assert (unknown["valid"], unknown["session_id"], unknown["key_state"]) == (False, None, None)
    unsigned = cli(*verify, "--json", stdin=VECTOR)
    assert (unsigned.code, unsigned.error) == (1, "invalid_value")
    expired = cli.json(*(*verify[:3], write(tmp_path, row(days=-1)), *verify[4:]), code=1, stdin=signed_vector())
    assert (expired["valid"], expired["key_state"]) == (False, "expired")
    pending = cli.json(*verify[:3], write(tmp_path, row(days=20)), *verify[4:], stdin=signed_vector())
    assert (pending["valid"], pending["key_state"]) == (True, "pending_expiration")


def test_verify_shows_what_the_mistake_signed(cli: Cli, key_file: Path) -> None:
    wrong = VECTOR.replace("108=60", "108=30") + f"354=20|355={VECTOR_KEY}|1400=CME-1-SHA-256|1401=43|1402="
    verify = ("logon", "verify", "--key-file", key_file, "--message", "-")
    found = cli.json(*verify, code=1, stdin=f"{wrong}{VECTOR_SIGNATURE}|")
    assert found["explanations"][0] == "Tag 108 was sent as 30 but signed as 60."
    (line,) = [line for line in found["compared"] if line["differs"]]
    assert line == {"tag": "108", "expected": "30␊", "signed": "60␊", "differs": True}
    assert "30" in found["canonical"].split("\n")
    ran = cli(*verify, stdin=f"{wrong}{VECTOR_SIGNATURE}|")
    assert "! 108                   30␊  signed: 60␊" in ran.out
    assert VECTOR_SECRET not in ran.out
    # A logon out of a log, wrapped by a terminal, is the same logon.
    log = "10:00:01 OUT " + "\n".join(signed_vector()[at : at + 60] for at in range(0, 400, 60))
    assert cli.json(*verify, stdin=log)["valid"] is True


def test_a_damaged_key_file_is_refused_by_line(cli: Cli, key_file: Path) -> None:
    key_file.write_text(key_file.read_text().rstrip()[:-30])
    ran = cli("logon", "sign", "--key-file", key_file, "--message", "-", "--json", stdin=VECTOR)
    assert (ran.code, ran.error) == (1, "invalid_value")
    assert "Line 3" in ran.err
    assert VECTOR_SECRET not in ran.err
    assert isinstance(TODAY, date)


# -- an engine's log


def log_of(*messages: str) -> str:
    """A log as engines write it: a prefix, then the message, its fields parted by SOH."""
    lines = (f"20261128-10:00:0{number} : {text}" for number, text in enumerate(messages))
    return "\n".join(lines).replace("|", "\x01") + "\n"


def framed(body: str) -> str:
    """The body of a message (from 35 on) with its head, length and checksum."""
    text = f"8=FIX.4.2|9={len(body)}|{body}".replace("|", "\x01")
    return f"{text}10={sum(text.encode()) % 256:03d}|".replace("\x01", "|")


def engine_logon(signature: str = VECTOR_SIGNATURE) -> str:
    return framed(signed_vector(signature).removeprefix("8=FIX.4.2|"))


HEARTBEAT = framed("35=0|34=1|49=CME|50=92|52=20170623-14:48:42.900|56=B08004N|57=MSG|")
ANSWER = framed("35=A|34=1|49=CME|50=92|52=20170623-14:48:42.900|56=B08004N|57=MSG|108=60|")


def test_the_logon_of_an_engines_log_is_found_wherever_it_stands(cli: Cli, key_file: Path) -> None:
    verify = ("logon", "verify", "--key-file", key_file, "--message", "-")
    found = cli.json(*verify, stdin=log_of(HEARTBEAT, ANSWER, engine_logon(), HEARTBEAT))
    assert (found["valid"], found["access_key_id"]) == (True, VECTOR_KEY)
    assert [(logon["line"], logon["valid"]) for logon in found["logons"]] == [(3, True)]
    signed = cli.json("logon", "sign", "--key-file", key_file, "--message", "-", stdin=log_of(ANSWER, engine_logon()))
    assert signed["signature"] == VECTOR_SIGNATURE


def test_several_logons_of_a_log_are_judged_each(cli: Cli, key_file: Path) -> None:
    verify = ("logon", "verify", "--key-file", key_file, "--message", "-")
    unsigned = framed(VECTOR.removeprefix("8=FIX.4.2|"))
    log = log_of(ANSWER, engine_logon(), HEARTBEAT, engine_logon(VECTOR_SIGNATURE[::-1]), unsigned)
    found = cli.json(*verify, code=1, stdin=log)
    assert [(logon["line"], logon["verdict"]) for logon in found["logons"]] == [
        (2, "accepted_with_notes"), (4, "refused"), (5, "refused"),
    ]  # fmt: skip
    # The document's own fields are those of the first one that is refused.
    assert (found["valid"], found["explanations"]) == (False, found["logons"][1]["explanations"])
    assert found["logons"][2]["explanations"][0].startswith("The logon has no signature")
    ran = cli(*verify, stdin=log)
    assert ran.code == 1
    assert [line for line in ran.out.splitlines() if line.startswith("Logon on")] == [
        "Logon on line 2", "Logon on line 4", "Logon on line 5",
    ]  # fmt: skip
    assert cli(*verify, stdin=log_of(engine_logon(), engine_logon())).code == 0


def test_the_schemas_own_names_of_ilink(cli: Cli, tmp_path: Path) -> None:
    keys = write(tmp_path, row("ABC", "A" * 20, ONES))
    sent = NEGOTIATE.replace("}", f', "HMACSignature": "{NEGOTIATE_SIGNATURE}", "AccessKeyID": "{"A" * 20}"}}')
    found = cli.json("logon", "verify", "--key-file", keys, "--message", "-", code=1, stdin=sent)
    (why,) = found["explanations"]
    assert why.endswith("a request older than 5 seconds is stale and rejected.")
