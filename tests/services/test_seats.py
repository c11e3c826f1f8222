"""Seats: how many a person may have, how they are locked and resumed, and who ends them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pyotp
import pytest

from dropcopy_tui.domain.errors import (
    AccountLocked,
    FactorUnavailable,
    InvalidValue,
    NotEntitled,
    NotFound,
    NotSignedIn,
    SeatEnded,
    SeatsTaken,
    SecondFactorFailed,
)
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.providers import BodyKind, SmsProvider
from dropcopy_tui.domain.seats import MOST_TRIES, Ending, SeatPlace, SeatState, SeatWay
from dropcopy_tui.process import machine, started_at
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.authenticator import Authenticators
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Purpose
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.people.seat_views import SeatView
from dropcopy_tui.services.people.seats import Seats
from dropcopy_tui.services.people.ssh_keys import SshKeys
from dropcopy_tui.services.tick import Chores
from tests.services.conftest import PHONE, World
from tests.services.factories import (
    CODE,
    PLACE,
    WRONG_CODE,
    FrozenClock,
    add_person,
    change,
    enrolment_of,
    one,
    proof_of,
    rows,
    ssh_key_of,
    with_seats,
)
from tests.services.processes import race

PASSWORD = "right horse battery"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(world: World) -> Resources:
    """A sandbox that keeps seats, as a desk does."""
    return with_seats(world.resources)


@pytest.fixture
def alice(desk: Resources) -> Actor:
    """Somebody with a password and a role, and no second factor."""
    actor = add_person(desk, "alice", Role.FULL_ACCESS, entity="ACME")
    Identity(desk).set_password(actor, "", PASSWORD)
    return actor


@pytest.fixture
def admin(desk: Resources) -> Actor:
    return add_person(desk, "admin", Role.USER_ADMINISTRATOR, entity="ACME", mobile="+1 202 555 0177")


def go_on(resources: Resources, by: timedelta) -> None:
    clock = resources.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(by)


def sit_down(resources: Resources, user: str = "alice", place: SeatPlace = PLACE) -> Actor:
    return Identity(resources).sign_in(user, PASSWORD, "screen", place)


def by_account(resources: Resources, actor: Actor, place: SeatPlace = PLACE) -> Actor:
    change(resources, "UPDATE person SET os_account = :it WHERE user_id = :it", it=actor.user_id)
    return Identity(resources).sign_in_peer(actor.user_id, "screen", place)


def own(resources: Resources, actor: Actor) -> tuple[SeatView, ...]:
    return Seats(resources).page(actor, PageRequest()).rows


def events(resources: Resources, actor: Actor) -> list[str]:
    sql = "SELECT action FROM audit_event WHERE subject = :it AND action LIKE 'seat:%' ORDER BY id"
    return [action for (action,) in rows(resources, sql, it=actor.user_id)]


def here() -> SeatPlace:
    return replace(PLACE, machine=machine(), pid=os.getpid(), started=started_at(os.getpid()) or 0)


# -- opening


def test_the_application_has_a_seat_and_a_single_command_has_none(desk: Resources, alice: Actor) -> None:
    identity = Identity(desk)
    assert identity.sign_in("alice", PASSWORD, "cli").seat == 0
    at_seat = identity.sign_in("alice", PASSWORD, "screen tty=/dev/pts/7", PLACE)
    assert at_seat.seat > 0
    (view,) = own(desk, at_seat)
    assert (view.person, view.way, view.state, view.is_own) == ("alice", SeatWay.PASSWORD, SeatState.OPEN, True)
    assert (view.where, view.host, view.idle) == ("192.0.2.7", "desk-host", "0 min")
    assert events(desk, alice) == ["seat:opened"]


def test_a_sandbox_that_sets_nothing_keeps_no_seats(world: World) -> None:
    actor = Identity(world.resources).act_as("operator", "screen", PLACE)
    assert actor.seat == 0
    assert own(world.resources, actor) == ()


def test_each_way_of_signing_in_is_kept(desk: Resources, alice: Actor, world: World) -> None:
    key = ssh_key_of(desk, alice)
    at_key = Identity(desk).sign_in_key(key, "screen", replace(PLACE, fingerprint=key))
    by_account(desk, alice)
    Identity(desk).act_as("operator", "screen", PLACE)
    found = rows(desk, "SELECT way, fingerprint FROM seat ORDER BY id")
    assert found == [("ssh_key", key), ("account", ""), ("sandbox", "")]
    assert [view.fingerprint for view in own(desk, at_key)] == ["", key]


def test_a_fourth_seat_is_refused_and_says_how_to_end_one(desk: Resources, alice: Actor) -> None:
    seats = [sit_down(desk).seat for _ in range(3)]
    with pytest.raises(SeatsTaken, match=r"already has 3 open seats.*dropcopy seats end") as refusal:
        sit_down(desk)
    assert str(seats[0]) in refusal.value.message
    why = "SELECT after FROM audit_event WHERE action = 'person:sign_in_refused' ORDER BY id DESC LIMIT 1"
    assert "seats taken" in one(desk, why)
    # The command that it names works, because a command takes no seat.
    Seats(desk).end(Identity(desk).sign_in("alice", PASSWORD, "cli"), seats[0])
    assert sit_down(desk).seat not in seats


def test_a_wrong_password_learns_nothing_of_seats(desk: Resources, alice: Actor) -> None:
    for _ in range(3):
        sit_down(desk)
    with pytest.raises(NotSignedIn, match="Incorrect"):
        Identity(desk).sign_in("alice", "wrong horse battery", "screen", PLACE)


def test_a_seat_whose_process_has_ended_does_not_count(desk: Resources, alice: Actor) -> None:
    gone = replace(here(), started=1)
    lost = [sit_down(desk, place=gone).seat for _ in range(3)]
    kept = sit_down(desk, place=here())
    assert [view.id for view in own(desk, kept)] == [kept.seat]
    ended = "SELECT person, after FROM audit_event WHERE action = 'seat:ended' ORDER BY id"
    assert [person for person, _ in rows(desk, ended)] == ["desk"] * len(lost)
    assert all('"lost"' in after for _, after in rows(desk, ended))


def test_one_of_another_host_counts_until_it_was_not_heard_of(desk: Resources, alice: Actor) -> None:
    kept = [sit_down(desk) for _ in range(3)]
    go_on(desk, 11 * MINUTE)
    Seats(desk).keep(kept[0], desk.clock.now())
    go_on(desk, 2 * MINUTE)
    assert [view.state for view in own(desk, kept[0])] == [SeatState.LOST, SeatState.LOST, SeatState.OPEN]
    assert sit_down(desk).seat
    assert {view.state for view in own(desk, kept[0])} == {SeatState.OPEN}


def open_one(resources: Resources) -> str:
    """What a process gets that opens a seat of alice's, all of them at the same moment."""
    Identity(with_seats(resources)).sign_in("alice", PASSWORD, "screen", PLACE)
    return "opened"


def test_processes_that_open_at_the_limit_do_not_exceed_it(desk: Resources, alice: Actor) -> None:
    sit_down(desk)
    answers = race(desk.store.place, *[open_one] * 4)
    assert sorted(answers) == ["opened", "opened", "seats_taken", "seats_taken"]
    assert one(desk, "SELECT count(*) FROM seat WHERE ended_at IS NULL") == 3


def test_a_busy_store_lets_people_in_and_gives_them_their_seat_later(desk: Resources, alice: Actor) -> None:
    seats = Seats(desk)
    at_seat = seats.open(alice, PLACE, SeatWay.ACCOUNT)
    assert at_seat.seat
    for _ in range(2):
        seats.open(alice, PLACE, SeatWay.ACCOUNT)
    with pytest.raises(SeatsTaken):
        seats.open(alice, PLACE, SeatWay.ACCOUNT)


# -- keeping, locking, resuming


def test_the_last_key_press_is_kept_without_an_event(desk: Resources, alice: Actor) -> None:
    seats, at_seat = Seats(desk), sit_down(desk)
    pressed = desk.clock.now() + 3 * MINUTE
    before = one(desk, "SELECT count(*) FROM audit_event")
    go_on(desk, 5 * MINUTE)
    seats.keep(at_seat, pressed)
    assert own(desk, at_seat)[0].idle == "2 min"
    # Neither a clock that was ahead nor an older word takes it back or forth.
    seats.keep(at_seat, pressed - MINUTE)
    seats.keep(at_seat, desk.clock.now() + 60 * MINUTE)
    assert own(desk, at_seat)[0].idle == "0 min"
    assert one(desk, "SELECT count(*) FROM audit_event") == before


def test_a_password_resumes_what_a_password_opened(desk: Resources, alice: Actor) -> None:
    seats, at_seat = Seats(desk), sit_down(desk)
    change(desk, "UPDATE person SET mobile = '+1 202 555 0100' WHERE user_id = 'alice'")
    go_on(desk, 15 * MINUTE)
    seats.lock(at_seat, desk.clock.now() - 15 * MINUTE)
    assert own(desk, at_seat)[0].state is SeatState.LOCKED
    assert [way.name for way in seats.ways(at_seat)] == ["password"]
    with pytest.raises(SecondFactorFailed, match="4 attempts left"):
        Identity(desk).resume(at_seat, "wrong horse battery")
    Identity(desk).resume(at_seat, PASSWORD)
    assert own(desk, at_seat)[0].state is SeatState.OPEN
    assert events(desk, alice) == ["seat:opened", "seat:locked", "seat:unproven", "seat:resumed"]
    assert one(desk, "SELECT failed_tries FROM person WHERE user_id = 'alice'") == 0


def test_five_wrong_passwords_lock_the_account_and_end_the_seat(desk: Resources, alice: Actor) -> None:
    at_seat = sit_down(desk)
    Seats(desk).lock(at_seat, desk.clock.now())
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(SecondFactorFailed):
            Identity(desk).resume(at_seat, "wrong horse battery")
    with pytest.raises(AccountLocked):
        Identity(desk).resume(at_seat, "wrong horse battery")
    with pytest.raises(SeatEnded, match="too many wrong answers"):
        Seats(desk).look(at_seat)
    with pytest.raises(AccountLocked):
        sit_down(desk)


def test_an_authenticator_app_resumes_and_uses_none_of_the_days_codes(desk: Resources, world: World) -> None:
    app = pyotp.TOTP(enrolment_of(desk, world.operator).seed)
    Authenticators(desk).confirm(world.operator, app.at(desk.clock.now()))
    at_seat, seats = by_account(desk, world.operator), Seats(desk)
    left = Factors(desk).codes_left(world.operator)
    go_on(desk, 15 * MINUTE)
    seats.lock(at_seat, desk.clock.now())
    assert [way.name for way in seats.ways(at_seat)] == ["totp", "sms"]
    code = app.at(desk.clock.now())
    with pytest.raises(InvalidValue, match="6 digits"):
        seats.resume(at_seat, "totp", "")
    with pytest.raises(SecondFactorFailed, match="4 attempts left"):
        seats.resume(at_seat, "totp", str((int(code) + 1) % 10**6).zfill(6))
    seats.resume(at_seat, "totp", code)
    assert Factors(desk).codes_left(world.operator) == left
    # A code works once, here as anywhere.
    seats.lock(at_seat, desk.clock.now())
    with pytest.raises(SecondFactorFailed, match="already been used"):
        seats.resume(at_seat, "totp", code)
    assert one(desk, "SELECT tries FROM seat") == 0


def test_wrong_codes_end_the_seat_and_count_for_the_factor(desk: Resources, world: World) -> None:
    app = pyotp.TOTP(enrolment_of(desk, world.operator).seed)
    Authenticators(desk).confirm(world.operator, app.at(desk.clock.now()))
    at_seat, seats = by_account(desk, world.operator), Seats(desk)
    seats.lock(at_seat, desk.clock.now())
    wrong = str((int(app.at(desk.clock.now())) + 1) % 10**6).zfill(6)
    for _ in range(MOST_TRIES - 1):
        with pytest.raises(SecondFactorFailed):
            seats.resume(at_seat, "totp", wrong)
    with pytest.raises(SeatEnded, match="too many wrong answers"):
        seats.resume(at_seat, "totp", wrong)
    assert one(desk, "SELECT wrong_in_row FROM factor_state") == MOST_TRIES
    assert events(desk, world.operator)[-2:] == ["seat:unproven", "seat:ended"]


def test_a_sent_code_resumes_and_is_bound_to_that(desk: Resources, world: World) -> None:
    at_seat, seats = by_account(desk, world.operator), Seats(desk)
    seats.lock(at_seat, desk.clock.now())
    for_keys = proof_of(desk, world.operator, purpose=Purpose.KEYS)
    with pytest.raises(SecondFactorFailed, match="different action"):
        seats.resume(at_seat, "sms", CODE, for_keys.challenge)
    proof = proof_of(desk, world.operator, purpose=Purpose.RESUME)
    with pytest.raises(SecondFactorFailed, match="wrong"):
        seats.resume(at_seat, "sms", WRONG_CODE, proof.challenge)
    seats.resume(at_seat, "sms", CODE, proof.challenge)
    assert own(desk, at_seat)[0].state is SeatState.OPEN


def test_whoever_has_a_factor_is_not_asked_for_less(desk: Resources, alice: Actor) -> None:
    at_seat, seats = by_account(desk, alice), Seats(desk)
    assert [way.name for way in seats.ways(at_seat)] == ["password"]
    change(desk, "UPDATE person SET mobile = '+1 202 555 0100' WHERE user_id = 'alice'")
    assert [way.name for way in seats.ways(at_seat)] == ["sms"]
    with pytest.raises(FactorUnavailable):
        Identity(desk).resume(at_seat, PASSWORD)


def test_a_phone_to_which_nothing_is_sent_opens_no_lock(desk: Resources, alice: Actor) -> None:
    """Without a provider, the phone is none of the ways; the password is, and never nothing at all."""
    change(desk, "UPDATE person SET mobile = '+1 202 555 0100' WHERE user_id = 'alice'")
    real = replace(desk, sandbox=False)
    at_seat = by_account(real, alice)
    assert [way.name for way in Seats(real).ways(at_seat)] == ["password"]
    change(desk, "UPDATE person SET password_hash = NULL")
    assert Seats(real).ways(at_seat) == ()
    for way, code in (("sms", CODE), ("totp", CODE), ("recovery", CODE * 2), ("ease", CODE + "00")):
        with pytest.raises(FactorUnavailable):
            Seats(real).resume(at_seat, way, code)


def test_a_factor_that_is_switched_off_stays_the_way(desk: Resources, world: World) -> None:
    """Guessing a factor until it is off must not lead to something weaker."""
    Identity(desk).set_password(world.operator, "", PASSWORD)
    at_seat, seats = by_account(desk, world.operator), Seats(desk)
    now = desk.clock.now()
    change(
        desk,
        "INSERT INTO factor_state VALUES (:it, 'sms', 50, :at)",
        it=world.operator.person_id,
        at=str(now)[:19] + ".000000",
    )
    assert [way.name for way in seats.ways(at_seat)] == ["sms"]


def test_whoever_sits_nowhere_has_nothing_to_lock(desk: Resources, alice: Actor) -> None:
    for verb in (Seats(desk).ways, Seats(desk).leave, partial(Seats(desk).lock, acted_at=desk.clock.now())):
        with pytest.raises(SeatEnded):
            verb(alice)
    # Nor is another person's seat theirs.
    theirs = sit_down(desk)
    with pytest.raises(SeatEnded):
        Seats(desk).leave(replace(add_person(desk, "mallory"), seat=theirs.seat))


# -- ending


def test_a_seat_that_has_ended_is_served_by_no_verb(desk: Resources, alice: Actor, world: World) -> None:
    at_seat = sit_down(desk)
    Seats(desk).end(world.operations, at_seat.seat, "Maintenance tonight")
    for verb in (Seats(desk).look, Drafts(desk).mine, partial(Drafts(desk).start, market="brokertec_us")):
        with pytest.raises(
            SeatEnded, match=r"operations ended your seat: Maintenance tonight\. Your drafts are kept\."
        ):
            verb(at_seat)
    # The person is not shut out.
    assert sit_down(desk).seat


def test_the_person_is_told_who_ended_it_and_why(desk: Resources, alice: Actor, world: World) -> None:
    view = Seats(desk).end(world.operations, sit_down(desk).seat, "Maintenance tonight")
    assert (view.person, view.where) == ("alice", "192.0.2.7")
    subject, body = rows(desk, "SELECT subject, body FROM outbox ORDER BY id DESC LIMIT 1")[0]
    assert subject == "Your seat was ended"
    assert "operations ended your seat at 192.0.2.7. Maintenance tonight" in body


def test_only_operations_end_the_seats_of_others(desk: Resources, alice: Actor, world: World, admin: Actor) -> None:
    seat = sit_down(desk).seat
    for other in (world.operator, world.viewer, admin):
        with pytest.raises(NotFound, match=f"Seat {seat} does not exist"):
            Seats(desk).end(other, seat)
    with pytest.raises(NotEntitled):
        Seats(desk).end(add_person(desk, "eyes", Role.AUDITOR), seat)
    with pytest.raises(InvalidValue):
        Seats(desk).end(world.operations, seat, "\x1b]0;owned\x07")
    with pytest.raises(InvalidValue):
        Seats(desk).end(world.operations, seat, "x" * 101)
    assert len(Seats(desk).page(world.operations, PageRequest(), everyone=True).rows) == 1


def test_seats_of_others_are_seen_by_auditors_and_operations_only(desk: Resources, alice: Actor, world: World) -> None:
    sit_down(desk)
    assert own(desk, world.operator) == ()
    with pytest.raises(NotEntitled):
        Seats(desk).page(world.operator, PageRequest(), everyone=True)
    found = Seats(desk).page(world.operations, PageRequest(match="alice 192.0"), everyone=True)
    assert [view.person for view in found.rows] == ["alice"]


def test_signing_out_everywhere_leaves_the_seat_that_asks(desk: Resources, alice: Actor) -> None:
    others, mine = [sit_down(desk), sit_down(desk)], sit_down(desk)
    assert Seats(desk).end_others(mine) == 2
    Seats(desk).look(mine)
    for other in others:
        with pytest.raises(SeatEnded, match="You ended this seat from elsewhere"):
            Seats(desk).look(other)
    # A command has no seat to leave out.
    assert Seats(desk).end_others(alice) == 1
    assert Seats(desk).end_others(alice) == 0


def test_a_seat_ends_once(desk: Resources, alice: Actor) -> None:
    at_seat = sit_down(desk)
    Seats(desk).leave(at_seat)
    with pytest.raises(NotFound, match="has ended already"):
        Seats(desk).end(alice, at_seat.seat)
    with pytest.raises(SeatEnded):
        Seats(desk).leave(at_seat)
    assert events(desk, alice) == ["seat:opened", "seat:ended"]


@pytest.mark.parametrize(
    ("how", "minutes", "words"), [(Ending.IDLE, 30, "30 minutes without"), (Ending.OLD, 720, "12 hours at most")]
)
def test_its_time_is_over(desk: Resources, alice: Actor, how: Ending, minutes: int, words: str) -> None:
    at_seat = sit_down(desk)
    Seats(desk).leave(at_seat, how, minutes * MINUTE)
    with pytest.raises(SeatEnded, match=words):
        Seats(desk).look(at_seat)


def test_a_disabled_account_leaves_all_its_seats(desk: Resources, alice: Actor, admin: Actor) -> None:
    at_seat = sit_down(desk)
    People(desk).disable(admin, "alice")
    with pytest.raises(SeatEnded, match="admin disabled your account"):
        Seats(desk).look(at_seat)
    People(desk).enable(admin, "alice")
    with pytest.raises(SeatEnded):
        Seats(desk).look(at_seat)


def test_the_last_role_that_is_revoked_ends_the_seats_and_others_do_not(
    desk: Resources, alice: Actor, admin: Actor
) -> None:
    at_seat, people = sit_down(desk), People(desk)
    people.entitle(admin, "alice", Role.READ_ONLY, "ACME")
    people.disentitle(admin, "alice", Role.FULL_ACCESS, "ACME")
    Seats(desk).look(at_seat)
    people.disentitle(admin, "alice", Role.READ_ONLY, "ACME")
    with pytest.raises(SeatEnded, match="admin revoked your last role"):
        Seats(desk).look(at_seat)


def test_a_revoked_ssh_key_ends_the_seats_that_it_opened(desk: Resources, world: World) -> None:
    key, other = ssh_key_of(desk, world.operator), ssh_key_of(desk, world.operator)
    identity = Identity(desk)
    lost = identity.sign_in_key(key, "screen", replace(PLACE, fingerprint=key))
    kept = identity.sign_in_key(other, "screen", replace(PLACE, fingerprint=other))
    SshKeys(desk).revoke(kept, key, proof_of(desk, world.operator, purpose=Purpose.ACCESS))
    Seats(desk).look(kept)
    with pytest.raises(SeatEnded, match="You revoked the SSH key of this seat"):
        Seats(desk).look(lost)


def test_a_new_password_ends_the_other_seats(desk: Resources, alice: Actor) -> None:
    other, mine = sit_down(desk), sit_down(desk)
    Identity(desk).set_password(mine, PASSWORD, "another horse battery")
    Seats(desk).look(mine)
    with pytest.raises(SeatEnded, match="password was changed"):
        Seats(desk).look(other)


def test_a_seat_that_is_forgotten_is_cleared_away_in_the_end(desk: Resources, alice: Actor, world: World) -> None:
    chores = Chores(desk, Provisioning(desk), Mailing(desk))
    kept = sit_down(desk, place=here())
    at_seat = sit_down(desk, place=replace(here(), started=1))
    done = {part.name: part.counts for part in chores.tick(world.operations).parts}["clean-up"]
    assert done["seats"] == 1
    with pytest.raises(SeatEnded, match="no longer running"):
        Seats(desk).look(at_seat)
    Seats(desk).look(kept)
    go_on(desk, timedelta(days=31))
    done = {part.name: part.counts for part in chores.tick(world.operations).parts}["clean-up"]
    assert done["seats"] == 2, "one was removed, and one is idle for a month"
    assert rows(desk, "SELECT id, how FROM seat") == [(kept.seat, "idle")]


def test_people_of_a_desk_get_seats_without_any_setting(world: World) -> None:
    real = replace(world.resources, sandbox=False)
    assert Identity(real)._resources.seat_rules is not None
    assert by_account(real, world.operator).seat


def test_a_provider_makes_the_phone_a_way(desk: Resources, world: World) -> None:
    sms = SmsProvider(url="https://sms.example/send", body={"to": "{to}", "text": "{text}"}, kind=BodyKind.FORM)
    real = replace(desk, sandbox=False, sms=sms)
    at_seat = by_account(real, world.operator)
    ways = Seats(real).ways(at_seat)
    assert [(way.name, way.hint) for way in ways] == [("sms", f"···· {PHONE[-4:]}")]
