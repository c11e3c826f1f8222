"""Key pairs: made and delivered behind a second factor, whole or not at all (rules K3 to K6, K8)."""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import os
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.domain.errors import (
    DeskError,
    FileRefused,
    InvalidValue,
    MasterKeyMissing,
    NotEntitled,
    NotFound,
    SecondFactorFailed,
)
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.logon import parse_message
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.work import Work
from dropcopy_tui.new_file import clear_interrupted
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Proof
from dropcopy_tui.services.keys import key_file as key_delivery
from dropcopy_tui.services.keys.keypairs import Generated, KeyPairs
from dropcopy_tui.services.logons.logons import Logons
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.store.vault import Vault
from tests.services.conftest import World
from tests.services.factories import (
    CODE,
    WRONG_CODE,
    FrozenClock,
    add_person,
    add_role,
    add_session,
    change,
    contents,
    one,
    open_resources,
    proof_of,
    rows,
)
from tests.services.processes import generate, race

DAY = timedelta(days=1)
FOUR_WEEKS = timedelta(weeks=4)


@pytest.fixture
def keypairs(world: World) -> KeyPairs:
    return KeyPairs(world.resources)


@pytest.fixture
def target(world: World) -> int:
    return add_session(world.resources, "ACME", "ABC")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.txt"


def make(world: World, *sessions: int, **how: Any) -> Generated:
    return KeyPairs(world.resources).generate(
        world.operator, sessions, proof_of(world.resources, world.operator), **how
    )


def later(resources: Resources, by: timedelta) -> None:
    assert isinstance(resources.clock, FrozenClock)
    resources.clock.advance(by)


def states(world: World, target: int) -> list[KeyState]:
    return [key.state for key in Sessions(world.resources).get(world.operator, target).keys]


def read(path: Path) -> list[dict[str, str]]:
    """A key file's rows, read by column as CME's own page describes it; not by our own parser."""
    lines = path.read_bytes().decode("ascii").split("\n")
    starts = (0, 21, 52, 103, 124, 145, 166)
    assert lines.pop() == ""
    assert lines[1::2] == [""] * (len(lines) // 2)
    cut = [[line[a:b].rstrip(" ") for a, b in pairwise(starts)] for line in lines[::2]]
    assert all(len(line) == 166 for line in lines[::2])
    assert cut[0] == ["Session ID", "Access ID", "Secret Key", "Creation Date", "Expiration Date", "Environment"]
    return [dict(zip(cut[0], row, strict=True)) for row in cut[1:]]


def test_a_pair_is_made_for_a_session(world: World, target: int) -> None:
    made = make(world, target)
    (key,) = made.keys
    assert (key.session_id, key.state, key.when) == ("ABC", KeyState.ACTIVE, "4 Mar 2027 17:30 ET")
    assert (made.request.status, made.request.subject, made.file) == (RequestStatus.COMPLETED, "ABC", None)
    assert one(world.resources, "SELECT slot FROM key_pair") == 1
    subject, recipient = rows(world.resources, "SELECT subject, recipient FROM outbox WHERE channel = 'email'")[-1]
    assert f"{made.request.id} completed" in subject
    assert recipient == "operator@firm.example"
    events = [action for (action,) in rows(world.resources, "SELECT action FROM audit_event ORDER BY id")]
    assert events == ["challenge:started", "challenge:passed", "request:submitted", "keypair:generated"]


def test_pairs_are_made_for_many_sessions_with_one_code(world: World, file: Path) -> None:
    targets = [add_session(world.resources, "ACME", f"M{number:02d}") for number in range(30)]
    made = make(world, *targets, out=file)
    assert len({key.access_key_id for key in made.keys}) == 30
    assert [row["Session ID"] for row in read(file)] == [f"M{number:02d}" for number in range(30)]
    shown, _, more = made.request.subject.rpartition(" and ")
    assert (len(shown.split(", ")), more) == (10, f"{len(made.keys) - 10} more")
    assert one(world.resources, "SELECT count(*) FROM request") == 1


def test_a_session_that_was_selected_twice_gets_one_pair(world: World, target: int) -> None:
    assert len(make(world, target, target).keys) == 1


def test_the_file_is_the_one_of_the_specification(world: World, target: int, file: Path) -> None:
    made = make(world, target, out=file)
    assert made.file == file
    assert file.stat().st_mode & 0o777 == 0o600
    (row,) = read(file)
    assert row["Session ID"] == "ABC"
    assert row["Access ID"] == made.keys[0].access_key_id
    assert (row["Creation Date"], row["Expiration Date"]) == ("2026-03-04", "2027-03-04")
    assert row["Environment"] == "CERT"
    assert len(base64.urlsafe_b64decode(row["Secret Key"] + "=")) == 32


def test_the_files_secret_signs_a_logon_that_the_desk_accepts(world: World, target: int, file: Path) -> None:
    """The signature is made here, by domain section 8, from nothing but the file."""
    make(world, target, out=file)
    (row,) = read(file)
    tags = {"34": "1", "49": "ABCAB123N", "50": "MSG", "52": "20260304-15:00:00.000", "57": "40", "108": "30",
            "142": "US,NY", "369": "0", "1603": "Ladder One", "1604": "4.2", "1605": "Sample"}  # fmt: skip
    session = "UPDATE session SET kind = 'drop_copy' WHERE session_id = 'ABC'"
    change(world.resources, session)
    secret = base64.urlsafe_b64decode(row["Secret Key"] + "=")
    mac = hmac.new(secret, "\n".join(tags.values()).encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(mac).decode().rstrip("=")
    sent = tags | {"354": "20", "355": row["Access ID"], "1400": "CME-1-SHA-256", "1401": "43", "1402": signature}
    body = "\x01".join(f"{tag}={value}" for tag, value in ({"35": "A", "56": "CME"} | sent).items()) + "\x01"
    verdict = Logons(world.resources).verify(world.operator, parse_message(body))
    assert (verdict.valid, verdict.session_id, verdict.explanations) == (True, "ABC", ())
    assert not Logons(world.resources).verify(world.stranger, parse_message(body)).valid


def test_a_stream_gets_the_same_text(world: World, target: int, file: Path) -> None:
    stream = StringIO()
    assert make(world, target, out=stream).file is None
    KeyPairs(world.resources).download(world.operator, [target], proof_of(world.resources, world.operator), file)
    assert stream.getvalue().encode() == file.read_bytes()


def test_a_download_is_possible_again_and_again_each_with_a_code(world: World, target: int, tmp_path: Path) -> None:
    make(world, target)
    texts = set()
    for number in range(3):
        file = tmp_path / f"{number}.txt"
        done = KeyPairs(world.resources).download(
            world.operator, [target], proof_of(world.resources, world.operator), file
        )
        assert (done.file, len(done.keys)) == (file, 1)
        texts.add(file.read_bytes())
    assert len(texts) == 1
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'keypair:downloaded'") == 3


def test_a_code_is_good_for_one_download(world: World, keypairs: KeyPairs, target: int, tmp_path: Path) -> None:
    make(world, target)
    proof = proof_of(world.resources, world.operator)
    keypairs.download(world.operator, [target], proof, tmp_path / "1.txt")
    for attempt in (keypairs.download, keypairs.generate):
        with pytest.raises(SecondFactorFailed, match="already been used"):
            attempt(world.operator, [target], proof, out=tmp_path / "2.txt")
    assert not (tmp_path / "2.txt").exists()


@pytest.mark.parametrize("verb", ["generate", "download"])
def test_a_wrong_code_changes_nothing_but_its_try(
    world: World, keypairs: KeyPairs, target: int, file: Path, verb: str
) -> None:
    make(world, target)
    proof = proof_of(world.resources, world.operator, WRONG_CODE)
    before = contents(world.resources)
    with pytest.raises(SecondFactorFailed, match="2 attempts left"):
        getattr(keypairs, verb)(world.operator, [target], proof, out=file)
    after = contents(world.resources)
    changed = {table for table in before if before[table] != after[table]}
    assert changed == {"challenge", "audit_event", "factor_state"}
    assert not file.exists()
    getattr(keypairs, verb)(world.operator, [target], Proof(proof.challenge, CODE), out=file)


def half_a_disk(folder: Path) -> Any:
    """os.pwrite for a disk that is full after some bytes of a file in this folder."""
    write, place = os.pwrite, str(folder)

    def limited(handle: int, data: bytes, at: int) -> int:
        if not os.readlink(f"/proc/self/fd/{handle}").startswith(place):
            return write(handle, data, at)
        if at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data[:100], at)

    return limited


class FullDisk(StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("verb", ["generate", "download"])
@pytest.mark.parametrize("trouble", ["exists", "link", "no folder", "a folder", "disk full"])
def test_a_file_that_cannot_be_written_costs_nothing(
    world: World,
    keypairs: KeyPairs,
    target: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
    verb: str,
) -> None:
    make(world, target)
    folder = tmp_path / "out"
    folder.mkdir()
    out: Any = folder / "keys.txt"
    if trouble == "exists":
        out.write_text("mine")
    elif trouble == "link":
        out.symlink_to(tmp_path / "elsewhere")
    elif trouble == "no folder":
        out = folder / "none" / "keys.txt"
    elif trouble == "a folder":
        out.mkdir()
    else:
        monkeypatch.setattr(key_delivery.os, "pwrite", half_a_disk(folder))
    proof = proof_of(world.resources, world.operator)
    before, files = contents(world.resources), sorted(tmp_path.rglob("*"))
    with pytest.raises(FileRefused):
        getattr(keypairs, verb)(world.operator, [target], proof, out=out)
    assert contents(world.resources) == before
    assert sorted(tmp_path.rglob("*")) == files
    getattr(keypairs, verb)(world.operator, [target], proof, out=tmp_path / "good.txt")


@pytest.mark.parametrize("verb", ["generate", "download"])
def test_an_output_that_fails_after_the_record_says_what_stands(
    world: World, keypairs: KeyPairs, target: int, verb: str
) -> None:
    """Nobody can take back what a stream has: the record comes first, and the refusal tells of it."""
    make(world, target)
    proof = proof_of(world.resources, world.operator)
    with pytest.raises(FileRefused, match="are recorded as downloaded and the code has been used"):
        getattr(keypairs, verb)(world.operator, [target], proof, out=FullDisk())
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'keypair:downloaded'") == 1
    assert (
        one(
            world.resources, "SELECT count(*) FROM challenge WHERE id = :it AND used_at IS NOT NULL", it=proof.challenge
        )
        == 1
    )


def test_a_file_is_synced_before_it_has_its_name(
    world: World, keypairs: KeyPairs, target: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, synced = os.fsync, []

    def seen(handle: int) -> None:
        facts = os.fstat(handle)
        synced.append((facts.st_ino, facts.st_size, file.exists()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", seen)
    keypairs.generate(world.operator, [target], proof_of(world.resources, world.operator), out=file)
    facts = file.stat()
    assert (facts.st_ino, facts.st_size, False) in synced
    assert synced[-1][0] == file.parent.stat().st_ino  # its name is on the disk, too


def test_a_name_that_somebody_takes_meanwhile_is_left_alone(
    world: World, keypairs: KeyPairs, target: int, file: Path
) -> None:
    make(world, target)
    proof = proof_of(world.resources, world.operator)

    def taken() -> None:
        file.write_text("theirs")

    with Work(taken).doing(), pytest.raises(FileRefused, match="created by another program in the meantime"):
        keypairs.download(world.operator, [target], proof, file)
    assert file.read_text() == "theirs"
    assert [path.name for path in file.parent.iterdir() if "part" in path.name] == []


@pytest.mark.parametrize("fails", [False, True])
def test_an_exchanged_folder_changes_nothing(
    world: World, keypairs: KeyPairs, target: int, tmp_path: Path, fails: bool
) -> None:
    """The work goes by the folder's handle: a file of this name in another folder is neither written nor removed."""
    make(world, target)
    folder, elsewhere = tmp_path / "mine", tmp_path / "moved"
    folder.mkdir()
    out = folder / "keys.txt"

    def exchanged() -> None:
        if elsewhere.exists():
            return
        folder.rename(elsewhere)
        folder.mkdir()
        out.write_text("theirs")
        if fails:
            raise RuntimeError("in the middle")

    proof = proof_of(world.resources, world.operator)
    with Work(exchanged).doing(), pytest.raises(RuntimeError) if fails else nullcontext():
        keypairs.download(world.operator, [target], proof, out)
    assert out.read_text() == "theirs"
    assert [path.name for path in elsewhere.iterdir()] == ([] if fails else ["keys.txt"])


def test_a_store_that_fails_at_the_end_leaves_no_file(
    world: World, keypairs: KeyPairs, target: int, file: Path
) -> None:
    """The file has no name before the commit: without one, nothing of it is left."""
    proof = proof_of(world.resources, world.operator)
    world.resources.store.close()
    from sqlalchemy import event

    event.listen(world.resources.store._engine, "commit", lambda _: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError, match="power cut"):
        keypairs.generate(world.operator, [target], proof, out=file)
    assert not file.exists()
    again = open_resources(world.resources.store.place)
    assert one(again, "SELECT count(*) FROM key_pair") == 0
    assert one(again, "SELECT used_at FROM challenge") is None


def test_a_missing_master_key_costs_nothing(world: World, target: int, file: Path) -> None:
    make(world, target)
    proof = proof_of(world.resources, world.operator)
    closed = open_resources(world.resources.store.place)
    object.__setattr__(closed, "vault", Vault(None, "test-store"))
    before = contents(world.resources)
    for verb in ("generate", "download"):
        with pytest.raises(MasterKeyMissing):
            getattr(KeyPairs(closed), verb)(world.operator, [target], proof, out=file)
    assert contents(world.resources) == before
    assert not file.exists()
    assert KeyPairs(closed).plan(world.operator, [target])


def test_a_second_pair_shortens_the_first_to_four_weeks(world: World, keypairs: KeyPairs, target: int) -> None:
    make(world, target)
    later(world.resources, 10 * DAY)
    (plan,) = keypairs.plan(world.operator, [target])
    assert "will expire sooner, at market close in four weeks" in plan.sentence
    make(world, target)
    first, second = Sessions(world.resources).get(world.operator, target).keys
    assert first.expires_at == plan.changes[0].new <= world.resources.clock.now() + FOUR_WEEKS + DAY
    assert (first.state, second.state) == (KeyState.PENDING_EXPIRATION, KeyState.ACTIVE)
    assert rows(world.resources, "SELECT slot FROM key_pair ORDER BY id") == [(1,), (2,)]


def test_a_second_pair_in_the_pending_window_leaves_the_first_its_expiry(world: World, target: int) -> None:
    make(world, target)
    before = one(world.resources, "SELECT expires_at FROM key_pair")
    later(world.resources, 350 * DAY)
    make(world, target)
    assert rows(world.resources, "SELECT expires_at FROM key_pair ORDER BY id")[0][0] == before


def test_a_third_pair_needs_a_choice(world: World, keypairs: KeyPairs, target: int, file: Path) -> None:
    older, newer = (make(world, target).keys[0].access_key_id for _ in "ab")
    assert keypairs.plan(world.operator, [target])[0].choice_needed == (older, newer)
    proof = proof_of(world.resources, world.operator)
    before = contents(world.resources)
    for drops in ({}, {target: "x" * 20}, {target + 1: older}):
        with pytest.raises(InvalidValue):
            keypairs.generate(world.operator, [target], proof, drops, out=file)
    assert contents(world.resources) == before
    assert not file.exists()
    keypairs.generate(world.operator, [target], proof, {target: newer}, out=file)
    later(world.resources, DAY)
    deleted, active = KeyState.DELETED, KeyState.ACTIVE
    assert states(world, target) == [KeyState.PENDING_EXPIRATION, deleted, active]
    assert rows(world.resources, "SELECT slot, sealed_secret IS NULL FROM key_pair ORDER BY id") == [
        (1, 0),
        (None, 1),
        (2, 0),
    ]
    assert len(read(file)) == 1


def test_of_many_sessions_one_that_needs_a_choice_is_left_out(world: World, target: int) -> None:
    make(world, target)
    make(world, target)
    other = add_session(world.resources, "ACME", "DEF")
    made = make(world, other, target)
    assert [key.session_id for key in made.keys] == ["DEF"]
    assert "ABC already has two active" in made.failed[0].reason
    assert one(world.resources, "SELECT count(*) FROM key_pair") == 3
    dropped = Sessions(world.resources).get(world.operator, target).keys[0].access_key_id
    assert len(make(world, other, target, drops={target: dropped}).keys) == 2


def test_slots_are_free_again_after_expiry_for_years(world: World, target: int) -> None:
    for _ in range(6):
        make(world, target)
        later(world.resources, 340 * DAY)
    slots = [slot for (slot,) in rows(world.resources, "SELECT slot FROM key_pair ORDER BY id")]
    assert sorted(slot for slot in slots if slot) == [1, 2]


def test_a_session_whose_pairs_all_expired_gets_a_new_one(world: World, target: int) -> None:
    make(world, target)
    later(world.resources, 400 * DAY)
    assert states(world, target) == [KeyState.EXPIRED]
    with pytest.raises(NotFound, match="no active key pair"):
        KeyPairs(world.resources).download(
            world.operator, [target], proof_of(world.resources, world.operator), StringIO()
        )
    make(world, target)
    assert states(world, target) == [KeyState.EXPIRED, KeyState.ACTIVE]


def test_a_download_has_the_living_pairs_only(world: World, keypairs: KeyPairs, target: int, file: Path) -> None:
    first = make(world, target).keys[0].access_key_id
    make(world, target)
    third = make(world, target, drops={target: first}).keys[0].access_key_id
    keypairs.download(world.operator, [target], proof_of(world.resources, world.operator), file)
    found = [row["Access ID"] for row in read(file)]
    assert first not in found
    assert found[-1] == third
    assert len(found) == 2


def test_of_several_processes_with_one_code_one_makes_the_pair(world: World, target: int) -> None:
    job = partial(generate, world.operator, target, proof_of(world.resources, world.operator))
    answers = race(world.resources.store.place, job, job, job)
    assert answers.count("second_factor_failed") == 2
    assert one(world.resources, "SELECT count(*) FROM key_pair") == 1


def test_processes_with_codes_of_their_own_never_make_a_third_living_pair(world: World, target: int) -> None:
    jobs = [partial(generate, world.operator, target, proof_of(world.resources, world.operator)) for _ in range(4)]
    assert race(world.resources.store.place, *jobs).count("invalid_value") == 2
    assert one(world.resources, "SELECT count(*) FROM key_pair WHERE slot IS NOT NULL") == 2


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.KEY_MANAGEMENT}))
@pytest.mark.parametrize("verb", ["plan", "generate", "download"])
def test_who_does_not_manage_keys_touches_none(
    world: World, keypairs: KeyPairs, target: int, file: Path, role: Role, verb: str
) -> None:
    place = None if role.desk_wide else "ACME"
    person = add_person(world.resources, "someone", role, entity=place, mobile="+1 202 555 0199")
    make(world, target)
    before = contents(world.resources)
    how = {} if verb == "plan" else {"proof": proof_of(world.resources, person), "out": file}
    with pytest.raises((NotEntitled, NotFound)):
        getattr(keypairs, verb)(person, [target], **how)
    assert contents(world.resources)["key_pair"] == before["key_pair"]
    spent = "SELECT count(*) FROM challenge WHERE person_id = :it AND (used_at IS NOT NULL OR tries > 0)"
    assert one(world.resources, spent, it=person.person_id) == 0
    assert not file.exists()


def test_a_stranger_does_not_learn_that_a_session_is_there(world: World, keypairs: KeyPairs, target: int) -> None:
    said = []
    for pk in (target, 999):
        with pytest.raises(NotFound) as caught:
            keypairs.plan(world.stranger, [pk])
        said.append(caught.value.message)
    assert said[0] == said[1]


def test_sessions_of_two_entities_are_refused(world: World, keypairs: KeyPairs, target: int) -> None:
    other = add_session(world.resources, "OTHER", "OTH")
    add_role(world.resources, world.operator, Role.KEY_MANAGEMENT, "OTHER")
    with pytest.raises(NotEntitled, match="several entities"):
        keypairs.plan(world.operator, [target, other])
    assert len(keypairs.plan(world.operator, [other])) == 1


def test_sessions_that_are_not_there_and_none_at_all_are_refused(world: World, keypairs: KeyPairs, target: int) -> None:
    for sessions in ([], [999], [target, 999], [0], [-1]):
        with pytest.raises(DeskError):
            keypairs.plan(world.operator, sessions)


def test_a_code_of_another_person_makes_no_key(world: World, keypairs: KeyPairs, target: int) -> None:
    add_role(world.resources, world.stranger, Role.KEY_MANAGEMENT, "ACME")
    with pytest.raises(SecondFactorFailed, match="a different action"):
        keypairs.generate(world.operator, [target], proof_of(world.resources, world.stranger))


def test_a_secret_that_was_moved_to_another_row_is_not_delivered(
    world: World, keypairs: KeyPairs, target: int, file: Path
) -> None:
    other = add_session(world.resources, "ACME", "DEF")
    make(world, target, other)
    change(world.resources, "UPDATE key_pair SET sealed_secret = (SELECT sealed_secret FROM key_pair WHERE id = 1)")
    with pytest.raises(DeskError, match="does not match"):
        keypairs.download(world.operator, [other], proof_of(world.resources, world.operator), file)
    assert not file.exists()


@pytest.mark.parametrize(
    ("market", "when"), [("brokertec_us", "17:30 ET"), ("brokertec_eu", "18:30 UK"), ("globex", "16:00 CT")]
)
def test_a_pair_ends_at_the_close_of_its_market(world: World, market: str, when: str) -> None:
    pk = add_session(world.resources, "ACME", "MKT", market)
    assert make(world, pk).keys[0].when.endswith(when)


def test_a_note_that_a_failing_disk_keeps_is_no_error_and_goes_at_the_next_start(
    world: World, keypairs: KeyPairs, target: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key file is there by then, and its download is recorded."""
    real, store = Path.unlink, world.resources.store.beside

    def fail(self: Path, missing_ok: bool = False) -> None:
        if ".part-" in self.name:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        real(self, missing_ok)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", fail)
        keypairs.generate(world.operator, [target], proof_of(world.resources, world.operator), out=file)
    assert file.exists()
    assert [name for name in os.listdir(store.parent) if ".part-" in name]
    assert clear_interrupted(store) == ()
    assert [name for name in os.listdir(store.parent) if ".part-" in name] == []
