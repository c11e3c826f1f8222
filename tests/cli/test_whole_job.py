"""The whole job without a screen: from a CSV file to a signed logon, and no secret left anywhere."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
from itertools import islice
from pathlib import Path

from dropcopy_tui.domain.sessions import session_ids
from tests.cli.conftest import Cli, proof, read_code

COUNT = 3_000
SIGNED = ("34", "49", "50", "52", "57", "108", "142", "369", "1603", "1604", "1605")


def sender_comps(count: int) -> str:
    """A CSV of so many SenderComps of NEWCO in two Globex Firms."""
    rows = ["entity,market,session_id,gfid,fti,gateway"]
    for number, session_id in enumerate(islice(session_ids(1_000), count // 2)):
        gfid = "NEW01" if number % 2 else "NEW02"
        rows += [f"NEWCO,brokertec_us,{session_id},{gfid},{fti},msgw" for fti in "PB"]
    return "\n".join(rows) + "\n"


def prepare(cli: Cli, store: Path) -> Cli:
    """NEWCO with a front end, a person and its SenderComps; answers as that person."""
    operations = cli.on(store, "operations")
    for kind, text in (
        ("entities", "entity,name,clearing_firm\nNEWCO,Newco LLC,no\n"),
        ("front-ends", "entity,name,version,vendor\nNEWCO,BRIO,8.0,ABC\n"),
        (
            "people",
            "user_id,name,email,roles,mobile\n"
            "newbie,New Person,new@newco.example,full_access@NEWCO;key_management@NEWCO,+1 202 555 0199\n",
        ),
        ("sendercomps", sender_comps(COUNT)),
    ):
        report = operations.json("import", kind, "-", stdin=text)
        assert report["imported"] == report["read"] == text.count("\n") - 1
        assert (report["rejected"], report["errors"]) == (0, [])
    return cli.on(store, "newbie")


def logon_of(session_id: str, access_key_id: str) -> dict[str, str]:
    return {
        "8": "FIX.4.2", "35": "A", "34": "1", "49": f"{session_id}NEW01N", "50": "MSG", "52": "20261122-14:48:42.855",
        "56": "CME", "57": "40", "108": "60", "142": "US,NY", "369": "0", "1603": "BRIO", "1604": "8.0", "1605": "ABC",
        "354": str(len(access_key_id)), "355": access_key_id, "1400": "CME-1-SHA-256",
    }  # fmt: skip


def fix(fields: dict[str, str], separator: str = "\x01") -> str:
    return "".join(f"{tag}={value}{separator}" for tag, value in fields.items())


def independent_signature(fields: dict[str, str], secret: str) -> str:
    key = base64.urlsafe_b64decode(secret + "=")
    signed = "\n".join(fields[tag] for tag in SIGNED).encode()
    return base64.urlsafe_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode().rstrip("=")


def test_from_csv_to_signed_logon(cli: Cli, sandbox: Path, tmp_path: Path) -> None:
    person = prepare(cli, sandbox)
    request = person.json(
        "groups", "create", "--entity", "NEWCO", "--market", "brokertec_us", "--name", "First group",
        "--front-end", "BRIO", "--filter", "trade_fill_notice", "--filter", "acknowledgement", "--all-sources",
    )  # fmt: skip
    assert (request["status"], request["type"], request["entity"]) == ("in_progress", "create_group", "NEWCO")
    done = cli.on(sandbox, "operations").json("process")
    assert request["id"] in [row["id"] for row in done["ended"]]
    assert person.json("requests", "show", request["id"])["status"] == "completed"
    group = person.json("groups", "show", "First group")
    assert (group["sources"], group["targets"]) == (COUNT, 1)
    assert group["filters"] == ["heartbeat", "reject", "acknowledgement", "trade_fill_notice"]
    (session,) = person.json("sessions", "list", "--kind", "drop_copy", "--group", "First group")
    assert session["session_id"] == group["target_sessions"][0]

    secret, key_file = _generate_and_download(person, session["session_id"], tmp_path)
    key_id = person.json("keys", "list", session["session_id"])[0]["access_key_id"]
    fields = logon_of(session["session_id"], key_id)
    message = tmp_path / "logon.fix"
    message.write_text(fix(fields))
    signed = Cli(cli.home).json("logon", "sign", "--key-file", key_file, "--message", message)
    assert signed["signature"] == independent_signature(fields, secret)
    assert signed["access_key_id"] == key_id
    assert signed["canonical"] == "\n".join(fields[tag] for tag in SIGNED)

    message.write_text(fix({**fields, "1401": "43", "1402": signed["signature"]}, "|"))
    for options in (("--key-file", key_file), ()):
        verdict = person.json("logon", "verify", *options, "--message", message)
        assert verdict.pop("canonical") == signed["canonical"]
        assert "\n".join(line["expected"].removesuffix("␊") for line in verdict.pop("compared")) == signed["canonical"]
        (note,) = verdict.pop("notes")
        assert "Tag 52 (SendingTime)" in note
        assert [logon["verdict"] for logon in verdict.pop("logons")] == ["accepted_with_notes"]
        assert verdict == {
            "valid": True, "access_key_id": key_id, "session_id": session["session_id"],
            "key_state": "active", "explanations": [], "verdict": "accepted_with_notes",
        }  # fmt: skip
    _no_secret_anywhere(cli, sandbox, secret, key_file)


def _generate_and_download(person: Cli, session_id: str, folder: Path) -> tuple[str, Path]:
    challenge = person.json("keys", "challenge", "--factor", "sms")["challenge"]
    options = ("--challenge", challenge, "--code-file", "-")
    made = person.json("keys", "generate", session_id, *options, stdin=read_code(person) + "\n")
    key_file = folder / "keys.txt"
    assert (
        person.json("keys", "download", session_id, *proof(person), "--out", key_file)["keys"][0]["access_key_id"]
        == (made["keys"][0]["access_key_id"])
    )
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    row = key_file.read_text().splitlines()[2]
    assert row[0:21].strip() == session_id
    assert row[21:52].strip() == made["keys"][0]["access_key_id"]
    return row[52:103].strip(), key_file


def _no_secret_anywhere(cli: Cli, store: Path, secret: str, key_file: Path) -> None:
    raw = base64.urlsafe_b64decode(secret + "=")
    forms = (secret.encode(), raw, raw.hex().encode(), base64.b64encode(raw))
    places = [*store.parent.glob(f"{store.stem}*"), *cli.home.rglob("*")]
    assert store in places
    for place in places:
        if place.is_file() and place != key_file:
            content = place.read_bytes()
            assert not any(form in content for form in forms), place
    auditor = cli.on(store, "auditor")
    for shown in (auditor("audit", "list", "--json"), auditor("outbox", "list", "--json"), auditor("outbox", "list")):
        assert shown.code == 0
        assert secret not in shown.out + shown.err


def test_sources_from_a_file_and_narrowed_by_firm(cli: Cli, sandbox: Path, tmp_path: Path) -> None:
    person = prepare(cli, sandbox)
    common = ("groups", "create", "--market", "brokertec_us", "--front-end", "BRIO 8.0", "--filter", "trade_bust")
    listed = [row["sender_comp_id"] for row in person.json("sendercomps", "list", "--entity", "NEWCO")["rows"]]
    names = tmp_path / "sources.txt"
    names.write_text("\n".join(listed) + "\n\n")
    # NEWCO is the only entity this person creates for: --entity is not needed.
    assert person.json(*common, "--name", "Listed", "--sources-from", names)["entity"] == "NEWCO"
    assert person.json(*common, "--name", "Piped", "--sources-from", "-", stdin=listed[0])["entity"] == "NEWCO"
    assert person("groups", *common[1:], "--name", "Firm", "--all-sources", "--gfid", "NEW01").code == 0
    assert person("groups", *common[1:], "--name", "Two", "--source", listed[0], "--source", listed[1]).code == 0
    cli.on(sandbox, "operations").json("process")
    sizes = {row["name"]: row["sources"] for row in person.json("groups", "list")}
    assert sizes == {"Listed": len(listed), "Piped": 1, "Firm": COUNT // 2, "Two": 2}
    taken = person(*common, "--name", "listed", "--source", listed[0], "--json")
    assert (taken.code, taken.error) == (1, "name_taken")
    assert "draft is kept" not in taken.out
    unknown = person(*common, "--name", "Other", "--source", "ZZZZZZ9P")
    assert (unknown.code, unknown.err.count("\n")) == (1, 1)


def test_a_bad_line_imports_nothing(cli: Cli, sandbox: Path, tmp_path: Path) -> None:
    operations = cli.on(sandbox, "operations")
    file = tmp_path / "entities.csv"
    file.write_text("entity,name,clearing_firm\nGOODONE,Good,no\nbad one,Bad,no\nWORSE,Worse,maybe\n")
    report = operations.json("import", "entities", file, code=1)
    assert (report["read"], report["imported"], report["rejected"]) == (3, 0, 2)
    assert [error["line"] for error in report["errors"]] == [3, 4]
    assert all(error["reason"] for error in report["errors"])
    file.write_text("entity,name,clearing_firm\nGOODONE,Good,no\n")
    assert operations.json("import", "entities", file, "--dry-run")["imported"] == 0
    assert operations.json("import", "entities", file)["imported"] == 1
    assert operations.json("import", "entities", file, code=1)["rejected"] == 1


def test_generate_writes_the_file_too_and_drops_the_chosen_pair(operator: Cli, tmp_path: Path) -> None:
    found = operator.json("sessions", "list", "--kind", "drop_copy")
    session = next(row for row in found if not row["keys"])["session_id"]
    first = operator.json("keys", "generate", session, *proof(operator), "--out", tmp_path / "1")["keys"][0]
    assert first["access_key_id"] in (tmp_path / "1").read_text()
    second = operator.json("keys", "generate", session, *proof(operator), "--yes")["keys"][0]
    with_code = proof(operator)
    refused = operator("keys", "generate", session, *with_code, "--json")
    assert (refused.code, refused.error) == (1, "invalid_value")
    drop = ("--drop", first["access_key_id"])
    third = operator.json("keys", "generate", session, *with_code, *drop, "--yes")["keys"][0]
    states = {key["access_key_id"]: key["state"] for key in operator.json("keys", "list", session)}
    assert states[first["access_key_id"]] == "deleted"
    assert states[second["access_key_id"]] == "pending_expiration"
    assert states[third["access_key_id"]] == "active"
    assert json.dumps(states)
