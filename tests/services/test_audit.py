"""The audit trail: whole, chained, and without a secret (rule P4)."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pyotp
import pytest

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.domain.errors import NotEntitled, NotSignedIn, SecondFactorFailed, TrailBroken
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.new_store import administrator, make_store
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Proof
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.sample.fill import fill
from dropcopy_tui.services.unit_of_work import trying, writing
from dropcopy_tui.store.chain import key_after, read_head
from dropcopy_tui.store.chain_check import ChainCheck
from tests.services.conftest import World
from tests.services.factories import FixedEntropy, FrozenClock, change, enrolment_of, new_group, one, rows, tamper

PASSWORD = "right horse battery"


@pytest.fixture
def used(world: World) -> World:
    """Four events."""
    Groups(world.resources).create(world.operator, new_group())
    Provisioning(world.resources).process_as_desk()
    return world


def verify(world: World) -> ChainCheck:
    return Audit(world.resources).verify(world.operations)


def test_the_chain_holds(used: World) -> None:
    assert verify(used) == ChainCheck(True, 4, None, "", 1)


def test_an_empty_trail_holds(world: World) -> None:
    assert verify(world) == ChainCheck(True, 0, None, "", 1)


def test_the_chain_of_the_sample_holds(sample: Resources) -> None:
    auditor = Actor(one(sample, "SELECT id FROM person WHERE user_id = 'auditor'"), "auditor", "")
    verified = Audit(sample).verify(auditor)
    assert verified.valid
    assert verified.events == one(sample, "SELECT count(*) FROM audit_event") > 50


@pytest.mark.parametrize(
    "what",
    [
        "at = '2026-03-04 15:00:00.000001'",
        "person = 'viewer'",
        "origin = 'elsewhere'",
        "action = 'group:deleted'",
        "entity = NULL",
        "subject = 'another'",
        "before = '{\"x\": 1}'",
        "after = '{}'",
        "digest = upper(digest)",
    ],
)
def test_a_changed_event_is_found(used: World, what: str) -> None:
    change(used.resources, f"UPDATE audit_event SET {what} WHERE id = 2")
    assert verify(used) == ChainCheck(False, 2, 2, "Event 2 was altered, inserted or exchanged.", 1)


def test_a_missing_event_is_found_at_the_next(used: World) -> None:
    change(used.resources, "DELETE FROM audit_event WHERE id = 2")
    assert verify(used) == ChainCheck(False, 2, 3, "1 event is missing before event 3.", 1)


def test_two_events_that_changed_places_are_found(used: World) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        change(used.resources, f"UPDATE audit_event SET id = {new} WHERE id = {old}")
    assert verify(used).first_bad == 2


def test_an_event_that_was_slipped_in_is_found(used: World) -> None:
    columns = "at, person, origin, action, entity, subject, before, after, digest"
    change(used.resources, f"INSERT INTO audit_event (id, {columns}) SELECT 5, {columns} FROM audit_event WHERE id = 4")
    assert verify(used) == ChainCheck(False, 5, 5, "Event 5 was altered, inserted or exchanged.", 1)


def test_only_auditors_and_operations_read_it(used: World) -> None:
    for actor in (used.operator, used.viewer, used.stranger):
        for attempt in (lambda who: Audit(used.resources).page(who, PageRequest()), Audit(used.resources).verify):
            with pytest.raises(NotEntitled):
                attempt(actor)


def test_it_is_read_the_newest_first_and_searched(used: World) -> None:
    audit = Audit(used.resources)
    page = audit.page(used.operations, PageRequest())
    assert [event.id for event in page.rows] == [4, 3, 2, 1]
    assert [event.action for event in audit.page(used.operations, PageRequest("allocated")).rows] == [
        "session:allocated"
    ]
    # As the screen words it: "Session allocated" is what people see and type.
    assert [event.action for event in audit.page(used.operations, PageRequest("session allo")).rows] == [
        "session:allocated"
    ]
    assert [event.action for event in audit.page(used.operations, PageRequest("Group created")).rows] == [
        "group:created"
    ]
    assert page.rows[-1].after["sources"] == 3


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A sandbox as `dropcopy init` would make it, with sample data, a password and a clock that stands still."""
    folder = tmp_path / "desk"
    paths = Paths(folder / "store.db", tmp_path / "master.key", folder / "none", folder / "log", folder)
    config, clock, entropy = Config(paths, Settings()), FrozenClock(), FixedEntropy()

    def everything(resources: Resources) -> None:
        fill(resources)
        administrator("chief", "chief@firm.example", None, PASSWORD)(resources)

    make_store(config, sandbox=True, fill=everything, clock=clock, entropy=entropy)
    return open_desk(config, clock, entropy)


def disguises(secret: bytes) -> dict[str, bytes]:
    """What a secret may look like."""
    plain, url = base64.b64encode(secret), base64.urlsafe_b64encode(secret)
    return {
        "raw": secret,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "base64": plain.rstrip(b"="),
        "base64url": url.rstrip(b"="),
        "repr": repr(secret)[2:-1].encode(),
        "json": repr(secret.decode("latin-1"))[1:-1].encode(),
    }


def find(folder: Path, secret: bytes) -> list[str]:
    """Where a secret is, in any disguise, in any file."""
    return [
        f"{name} in {file.name}"
        for file in folder.rglob("*")
        if file.is_file()
        for name, shape in disguises(secret).items()
        if shape in file.read_bytes()
    ]


def test_no_secret_is_anywhere_in_the_folder_of_the_store(desk: Desk, tmp_path: Path) -> None:
    operator = desk.identity.act_as("acme-operator", "test")
    folder = desk.config.paths.store.parent
    with pytest.raises(NotSignedIn):
        desk.identity.sign_in("chief", "wrong horse battery", "test")
    desk.identity.sign_in("chief", PASSWORD, "test")
    seed = enrolment_of(desk.resources, operator).seed
    desk.authenticators.confirm(operator, pyotp.TOTP(seed).at(desk.clock.now()))
    target = desk.sessions.find(operator, ["T7K"])[0].pk
    stream = StringIO()
    for turn in range(3):
        challenge = desk.factors.start(operator, "sms")
        code = next(word for word in challenge.sandbox_message.split() if word[:6].isdigit())[:6]
        with pytest.raises(SecondFactorFailed):
            desk.keypairs.generate(operator, [target], Proof(challenge.id, "264831"), out=stream)
        living = desk.sessions.get(operator, target).living
        drops = {target: living[0].access_key_id} if turn == 2 else {}
        desk.keypairs.generate(operator, [target], Proof(challenge.id, code), drops, out=stream)
        assert isinstance(desk.clock, FrozenClock)
        desk.clock.advance(timedelta(hours=1))
    desk.close()
    texts = [line[52:95] for line in stream.getvalue().splitlines() if line.startswith("T7K")]
    secrets = [base64.urlsafe_b64decode(text + "=") for text in texts]
    assert len(set(secrets)) == 3
    master = desk.config.paths.master_key.read_bytes()
    everything = [*secrets, master, seed.encode(), base64.b32decode(seed), PASSWORD.encode(), b"wrong horse battery"]
    assert [find(folder, secret) for secret in everything] == [[]] * len(everything)
    (tmp_path / "proof that find finds").mkdir()
    (tmp_path / "proof that find finds" / "x").write_bytes(b"..." + base64.urlsafe_b64encode(secrets[0]))
    assert find(tmp_path / "proof that find finds", secrets[0])


def test_no_secret_is_in_what_a_person_could_print(desk: Desk) -> None:
    assert desk.config.paths.master_key.read_bytes().hex() not in f"{desk.resources!r}{vars(desk)!r}"


def test_the_chain_of_a_used_desk_holds(desk: Desk) -> None:
    chief = desk.identity.sign_in("chief", PASSWORD, "test")
    assert desk.audit.verify(chief).valid
    actions = {action for (action,) in rows(desk.resources, "SELECT action FROM audit_event")}
    assert {"store:made", "person:signed_in"} <= actions


def test_a_trail_whose_end_was_altered_is_not_written_to(used: World) -> None:
    """What is written after it would be chained to something that no one has written."""
    tamper(used.resources, "UPDATE audit_head SET events = 3, last_event = 3")
    before = rows(used.resources, "SELECT * FROM audit_event")
    with pytest.raises(TrailBroken, match="does not match its seal"):
        Groups(used.resources).create(used.operator, new_group(name="OTHER"))
    assert rows(used.resources, "SELECT * FROM audit_event") == before
    # Whoever is known without a proof can still look: someone must be able to verify.
    chief = Identity(used.resources).act_as("operations", "test")
    assert Audit(used.resources).verify(chief).why == "The seal at the end of the trail was altered or removed."


def test_an_event_in_the_place_of_the_next_one_is_not_overwritten(used: World) -> None:
    columns = "at, person, origin, action, entity, subject, before, after, digest"
    change(used.resources, f"INSERT INTO audit_event (id, {columns}) SELECT 5, {columns} FROM audit_event WHERE id = 4")
    with pytest.raises(TrailBroken):
        Groups(used.resources).create(used.operator, new_group(name="OTHER"))
    assert verify(used).first_bad == 5


def test_what_a_transaction_undoes_is_not_in_the_trail(used: World) -> None:
    """A rehearsed change writes its events and undoes them: the end of the trail is undone with them."""
    with trying(used.resources, used.operator) as uow:
        uow.record("group:created", "A")
        uow.record("group:created", "B")
    with writing(used.resources, used.operator) as uow:
        uow.record("group:created", "C")
    assert verify(used) == ChainCheck(True, 5, None, "", 1)


def test_each_key_gives_the_next_one_and_only_the_next_is_kept(used: World) -> None:
    """With the current key, and without the master key, no earlier event can be sealed again."""
    vault = used.resources.vault
    with used.resources.store.read() as session:
        head = read_head(session, vault)
        sealed = rows(used.resources, "SELECT sealed_key FROM audit_head")
    assert head is not None
    keys = [vault.chain_root(1)]
    for _ in range(4):
        keys.append(key_after(keys[-1]))
    assert len(set(keys)) == 5
    assert head.key == keys[4]
    assert not [key for key in keys if key in sealed[0][0]]
