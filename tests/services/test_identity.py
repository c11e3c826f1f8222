"""Sign-in: who is let in, who is locked out and for how long (rule P1)."""

from __future__ import annotations

import fcntl
import hashlib
from datetime import timedelta
from time import perf_counter

import pytest

from dropcopy_tui.domain.errors import AccountLocked, InvalidValue, NotSignedIn
from dropcopy_tui.domain.people import Entitlement, Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.people import passwords
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.passwords import hash_password, is_outdated, password_holds
from dropcopy_tui.services.unit_of_work import UnitOfWork
from tests.services.conftest import World
from tests.services.factories import FrozenClock, add_person, change, contents, open_resources, rows

PASSWORD = "right horse battery"
WRONG = "wrong horse battery"
HOURS = timedelta(hours=3)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real Argon2id, made for a test's patience."""
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "_PASSES", 1)


@pytest.fixture
def identity(resources: Resources) -> Identity:
    add_person(resources, "jo", Role.OPERATIONS, password_hash=hash_password(PASSWORD), os_account="jo-at-work")
    return Identity(resources)


def later(resources: Resources, by: timedelta) -> None:
    assert isinstance(resources.clock, FrozenClock)
    resources.clock.advance(by)


def sign_in_wrongly(identity: Identity, times: int = 1, login: str = "jo") -> list[str]:
    """The code of each refusal."""
    codes = []
    for _ in range(times):
        with pytest.raises(NotSignedIn) as caught:
            identity.sign_in(login, WRONG, "test")
        codes.append(caught.value.code)
    return codes


@pytest.mark.parametrize("login", ["jo", "JO", " jo ", "jo@firm.example", "Jo@Firm.Example"])
def test_a_person_signs_in_by_user_id_or_email(identity: Identity, login: str) -> None:
    actor = identity.sign_in(login, PASSWORD, "tty=1")
    assert (actor.user_id, actor.origin) == ("jo", "tty=1")


def test_an_unknown_person_and_a_wrong_password_get_the_same_answer(identity: Identity, resources: Resources) -> None:
    add_person(resources, "has-none")
    said = []
    for login in ("jo", "nobody", "has-none", "", "\udcff", "\x00"):
        with pytest.raises(NotSignedIn) as caught:
            identity.sign_in(login, WRONG, "test")
        said.append((type(caught.value), caught.value.message))
    assert set(said) == {(NotSignedIn, "Incorrect user id or password.")}


def test_an_unknown_person_costs_as_much_work_as_a_known_one(
    identity: Identity, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(resources, "gone", password_hash=hash_password(PASSWORD), disabled=True)
    work = []
    check = passwords._argon2id_holds

    def seen(password: bytes, stored: str) -> bool:
        work.append(stored.rsplit("$", 2)[0])
        return check(password, stored)

    monkeypatch.setattr(passwords, "_argon2id_holds", seen)
    for login in ("nobody", "jo", "gone"):
        sign_in_wrongly(identity, login=login)
    assert work == ["$argon2id$v=19$m=8,t=1,p=1"] * 3


@pytest.mark.sqlite_only("the gate is a file")
def test_no_password_is_hashed_inside_the_gate(
    identity: Identity, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guess takes as long as it takes, and no writer waits for it."""
    gate = resources.store.beside.with_name("store.db.gate")
    change(resources, "UPDATE person SET email = email")
    free: list[bool] = []
    encode = passwords._encoded

    def seen(password: str) -> bytes:
        """Everything that hashes encodes the password first."""
        with gate.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free.append(True)
            except BlockingIOError:
                free.append(False)
        return encode(password)

    monkeypatch.setattr(passwords, "_encoded", seen)
    sign_in_wrongly(identity)
    sign_in_wrongly(identity, login="nobody")
    actor = identity.sign_in("jo", PASSWORD, "test")
    identity.set_password(actor, PASSWORD, "another horse battery")
    with pytest.raises(NotSignedIn):
        identity.set_password(actor, WRONG, "another horse battery 2")
    assert len(free) == 7
    assert all(free)


@pytest.mark.parametrize("state", ["disabled = true", "locked_until = '2026-03-04 18:00:00.000000'"])
def test_a_disabled_and_a_locked_account_cost_as_much_work_as_another(
    identity: Identity, resources: Resources, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    work: list[str] = []
    check = passwords._argon2id_holds

    def seen(password: bytes, stored: str) -> bool:
        work.append(stored)
        return check(password, stored)

    monkeypatch.setattr(passwords, "_argon2id_holds", seen)
    change(resources, f"UPDATE person SET {state}")
    with pytest.raises(NotSignedIn):
        identity.sign_in("jo", PASSWORD, "test")
    assert len(work) == 1


def test_a_password_that_is_changed_while_the_old_one_is_checked_no_longer_opens(
    identity: Identity, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = passwords._argon2id_holds
    replaced = hash_password("another horse battery")

    def slow(password: bytes, stored: str) -> bool:
        answer = check(password, stored)
        if stored != replaced:
            change(resources, "UPDATE person SET password_hash = :it", it=replaced)
        return answer

    monkeypatch.setattr(passwords, "_argon2id_holds", slow)
    with pytest.raises(NotSignedIn, match="Incorrect"):
        identity.sign_in("jo", PASSWORD, "test")


def test_five_wrong_tries_lock_the_account_for_three_hours(identity: Identity, resources: Resources) -> None:
    assert sign_in_wrongly(identity, 5) == ["not_signed_in"] * 4 + ["account_locked"]
    with pytest.raises(AccountLocked, match="locked for 3 h 00 min"):
        identity.sign_in("jo", PASSWORD, "test")
    later(resources, HOURS - timedelta(seconds=1))
    with pytest.raises(AccountLocked, match="1 minute "):
        identity.sign_in("jo", PASSWORD, "test")
    later(resources, timedelta(seconds=1))
    assert identity.sign_in("jo", PASSWORD, "test").user_id == "jo"


def test_tries_while_locked_do_not_lock_for_longer(identity: Identity, resources: Resources) -> None:
    sign_in_wrongly(identity, 5)
    later(resources, HOURS / 2)
    assert sign_in_wrongly(identity, 3) == ["account_locked"] * 3
    later(resources, HOURS / 2)
    assert identity.sign_in("jo", PASSWORD, "test")


def test_after_the_lock_there_are_five_new_tries(identity: Identity, resources: Resources) -> None:
    sign_in_wrongly(identity, 5)
    later(resources, HOURS)
    assert sign_in_wrongly(identity, 5) == ["not_signed_in"] * 4 + ["account_locked"]


def test_a_success_forgets_earlier_tries(identity: Identity) -> None:
    sign_in_wrongly(identity, 4)
    identity.sign_in("jo", PASSWORD, "test")
    assert sign_in_wrongly(identity, 4) == ["not_signed_in"] * 4


def test_a_try_is_counted_for_every_process(identity: Identity, resources: Resources) -> None:
    sign_in_wrongly(identity, 4)
    assert sign_in_wrongly(Identity(open_resources(resources.store.place))) == ["account_locked"]


def test_somebody_elses_tries_lock_nobody_else(identity: Identity, resources: Resources) -> None:
    add_person(resources, "al", password_hash=hash_password(PASSWORD))
    sign_in_wrongly(identity, 5, "al")
    sign_in_wrongly(identity, 9, "nobody")
    assert identity.sign_in("jo", PASSWORD, "test")


def test_a_disabled_person_gets_the_answer_of_a_wrong_password(identity: Identity, resources: Resources) -> None:
    change(resources, "UPDATE person SET disabled = true")
    with pytest.raises(NotSignedIn, match="Incorrect user id or password"):
        identity.sign_in("jo", PASSWORD, "test")


def test_every_attempt_is_in_the_audit_trail_without_the_password(identity: Identity, resources: Resources) -> None:
    sign_in_wrongly(identity, 5)
    sign_in_wrongly(identity, 1, "nobody")
    later(resources, HOURS)
    identity.sign_in("jo", PASSWORD, "ssh=1.2.3.4")
    events = rows(resources, "SELECT person, origin, action, after FROM audit_event ORDER BY id")
    assert [event[2] for event in events] == ["person:sign_in_refused"] * 6 + ["person:signed_in"]
    assert [event[0] for event in events] == ["jo"] * 5 + ["nobody", "jo"]
    assert events[-1][1] == "ssh=1.2.3.4"
    assert "horse" not in str(events)


def test_an_account_of_the_machine_needs_no_password(identity: Identity) -> None:
    assert identity.sign_in_peer("jo-at-work", "local").user_id == "jo"
    assert identity.is_peer("jo-at-work", "jo")
    assert not identity.is_peer("jo", "jo")
    assert not identity.is_peer("jo-at-work", "nobody")


def test_an_account_that_belongs_to_nobody_is_told_what_to_do(identity: Identity, resources: Resources) -> None:
    add_person(resources, "no-account")
    for account in ("root", "", "jo"):
        with pytest.raises(NotSignedIn, match="--as USER"):
            identity.sign_in_peer(account, "local")


def test_a_disabled_person_does_not_get_in_by_their_account(identity: Identity, resources: Resources) -> None:
    change(resources, "UPDATE person SET disabled = true")
    with pytest.raises(NotSignedIn, match="disabled"):
        identity.sign_in_peer("jo-at-work", "local")


def test_anybody_can_be_acted_as_in_a_sandbox(identity: Identity) -> None:
    assert identity.act_as("JO", "local").user_id == "jo"
    with pytest.raises(NotSignedIn, match="does not exist"):
        identity.act_as("nobody", "local")


def test_outside_a_sandbox_nobody_is_acted_as_and_nobody_listed(identity: Identity, resources: Resources) -> None:
    real = Identity(open_resources(resources.store.place, sandbox=False))
    before = contents(resources)
    for attempt in (lambda: real.act_as("jo", "local"), real.everyone):
        with pytest.raises(NotSignedIn, match="sandbox"):
            attempt()
    assert contents(resources) == before


def test_people_are_listed_with_what_they_may_do(world: World) -> None:
    everyone = {person.user_id: person for person in Identity(world.resources).everyone()}
    assert set(everyone) == {"operator", "viewer", "stranger", "operations"}
    assert everyone["operations"].entitlements == (Entitlement(Role.OPERATIONS, None), Entitlement(Role.AUDITOR, None))
    assert "full access" in everyone["operator"].summary
    assert Identity(world.resources).entitlements(world.viewer) == (Entitlement(Role.READ_ONLY, "ACME"),)


def test_a_password_is_changed_with_the_present_one_only(identity: Identity) -> None:
    actor = identity.sign_in("jo", PASSWORD, "test")
    with pytest.raises(NotSignedIn):
        identity.set_password(actor, WRONG, "a new password")
    identity.set_password(actor, PASSWORD, "a new password")
    with pytest.raises(NotSignedIn):
        identity.sign_in("jo", PASSWORD, "test")
    assert identity.sign_in("jo", "a new password", "test")


def test_wrong_present_passwords_lock_the_account_too(identity: Identity) -> None:
    actor = identity.sign_in("jo", PASSWORD, "test")
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            identity.set_password(actor, WRONG, "a new password")
    with pytest.raises(AccountLocked):
        identity.set_password(actor, PASSWORD, "a new password")
    with pytest.raises(AccountLocked):
        identity.sign_in("jo", PASSWORD, "test")


@pytest.mark.parametrize("new", ["short", "x" * 9, "x" * 1_001, PASSWORD])
def test_a_bad_new_password_is_refused_and_changes_nothing(identity: Identity, resources: Resources, new: str) -> None:
    actor = identity.sign_in("jo", PASSWORD, "test")
    before = contents(resources)
    with pytest.raises(InvalidValue):
        identity.set_password(actor, PASSWORD, new)
    assert contents(resources) == before


@pytest.mark.parametrize("password", ["", "\x00", "é" * 500, "x" * 100_000, "\udcff"], ids=ascii)
def test_an_odd_password_is_just_wrong(identity: Identity, password: str) -> None:
    with pytest.raises(NotSignedIn):
        identity.sign_in("jo", password, "test")


def scrypt_hash(password: str = PASSWORD, salt: bytes = b"s" * 16) -> str:
    """As releases up to 0.3 stored it."""
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**4, r=8, p=1, dklen=32)
    return f"scrypt$16$8$1${salt.hex()}${digest.hex()}"


def stored_hash(resources: Resources) -> str:
    return str(rows(resources, "SELECT password_hash FROM person WHERE user_id = 'jo'")[0][0])


def test_a_hash_keeps_its_own_parameters_and_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = hash_password(PASSWORD)
    monkeypatch.setattr(passwords, "_PASSES", 2)
    assert password_holds(PASSWORD, stored)
    assert not password_holds(WRONG, stored)
    assert not password_holds("", None)
    assert hash_password(PASSWORD) != hash_password(PASSWORD)
    assert (is_outdated(stored), is_outdated(hash_password(PASSWORD))) == (True, False)


def test_the_real_hash_costs_what_owasp_advises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    _, kind, version, cost, salt, digest = hash_password(PASSWORD).split("$")
    assert (kind, version) == ("argon2id", "v=19")
    found = dict(part.split("=") for part in cost.split(","))
    assert int(found["m"]) >= 47_104
    assert (int(found["t"]), int(found["p"])) == (2, 1)
    assert (len(salt), len(digest)) == (22, 43)


def test_nobodys_hash_is_checked_like_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    nobody, real = passwords._nobodys_hash(), hash_password(PASSWORD)
    assert [len(part) for part in nobody.split("$")] == [len(part) for part in real.split("$")]
    assert nobody.split("$")[:4] == real.split("$")[:4]
    # A malformed hash is refused at once, without the derivation.
    started = perf_counter()
    assert not password_holds(PASSWORD, None)
    unknown, started = perf_counter() - started, perf_counter()
    assert not password_holds(WRONG, real)
    assert unknown > (perf_counter() - started) / 5


def test_a_scrypt_hash_still_lets_in_and_sign_in_renews_it(identity: Identity, resources: Resources) -> None:
    change(resources, "UPDATE person SET password_hash = :it WHERE user_id = 'jo'", it=scrypt_hash())
    assert sign_in_wrongly(identity) == ["not_signed_in"]
    assert stored_hash(resources) == scrypt_hash()
    identity.sign_in("jo", PASSWORD, "test")
    renewed = stored_hash(resources)
    assert renewed.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert rows(resources, "SELECT after FROM audit_event ORDER BY id DESC LIMIT 1")[0][0] == (
        '{"by": "password", "hash_renewed": true}'
    )
    identity.sign_in("jo", PASSWORD, "test")
    assert stored_hash(resources) == renewed
    assert sign_in_wrongly(identity) == ["not_signed_in"]


def test_a_hash_with_weaker_parameters_is_renewed_too(
    identity: Identity, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_PASSES", 2)
    identity.sign_in("jo", PASSWORD, "test")
    assert stored_hash(resources).startswith("$argon2id$v=19$m=8,t=2,p=1$")


def test_a_short_password_of_earlier_rules_is_renewed_as_it_is(identity: Identity, resources: Resources) -> None:
    change(resources, "UPDATE person SET password_hash = :it WHERE user_id = 'jo'", it=scrypt_hash("short"))
    identity.sign_in("jo", "short", "test")
    assert stored_hash(resources).startswith("$argon2id$")


def test_no_hash_is_renewed_when_sign_in_fails_to_be_recorded(
    identity: Identity, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(resources, "UPDATE person SET password_hash = :it WHERE user_id = 'jo'", it=scrypt_hash())

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(UnitOfWork, "record", broken)
    with pytest.raises(RuntimeError):
        identity.sign_in("jo", PASSWORD, "test")
    assert stored_hash(resources) == scrypt_hash()


def test_the_present_password_may_have_a_hash_of_either_kind(identity: Identity, resources: Resources) -> None:
    actor = identity.sign_in("jo", PASSWORD, "test")
    change(resources, "UPDATE person SET password_hash = :it WHERE user_id = 'jo'", it=scrypt_hash())
    with pytest.raises(NotSignedIn):
        identity.set_password(actor, WRONG, "a new password")
    identity.set_password(actor, PASSWORD, "a new password")
    assert stored_hash(resources).startswith("$argon2id$")


def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not password_holds(PASSWORD, "$argon2id$v=19$m=8")
    assert not password_holds("", "$argon2id$")


# -- counters and locks belong to the way of proof


def test_a_peer_sign_in_does_not_reset_wrong_passwords(identity: Identity, resources: Resources) -> None:
    """Measured on 0.3.2: 120 guesses in 30 minutes without a lock, because a minutely `tick` signed in between."""
    codes = []
    for _ in range(5):
        codes += sign_in_wrongly(identity)
        if codes[-1] == "not_signed_in":
            identity.sign_in_peer("jo-at-work", "local")
            identity.act_as("jo", "local")
    assert codes == ["not_signed_in"] * 4 + ["account_locked"]


def test_wrong_passwords_do_not_stop_a_peer_sign_in(identity: Identity, resources: Resources) -> None:
    """Measured on 0.3.2: five wrong passwords by anybody stopped `tick` for three hours."""
    sign_in_wrongly(identity, 5)
    assert identity.sign_in_peer("jo-at-work", "local").user_id == "jo"
    with pytest.raises(AccountLocked):
        identity.sign_in("jo", PASSWORD, "test")


def test_the_right_password_still_resets_them(identity: Identity) -> None:
    sign_in_wrongly(identity, 4)
    identity.sign_in("jo", PASSWORD, "test")
    assert sign_in_wrongly(identity, 4) == ["not_signed_in"] * 4


def test_a_first_password_proves_nothing_about_wrong_ones(identity: Identity, resources: Resources) -> None:
    sign_in_wrongly(identity, 4)
    change(resources, "UPDATE person SET password_hash = NULL")
    actor = identity.sign_in_peer("jo-at-work", "local")
    identity.set_password(actor, "", "a new password")
    assert sign_in_wrongly(identity) == ["account_locked"]


def test_a_lock_lasts_no_longer_because_the_clock_went_back(identity: Identity, resources: Resources) -> None:
    sign_in_wrongly(identity, 5)
    later(resources, -timedelta(days=2))
    with pytest.raises(AccountLocked, match="3 h 00 min"):
        identity.sign_in("jo", PASSWORD, "test")
    later(resources, HOURS)
    assert identity.sign_in("jo", PASSWORD, "test")
