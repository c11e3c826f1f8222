"""Invitations: a code that only the mailbox has, for one person, once, for three days and five tries."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from dropcopy_tui.domain.accounts import INVITATION_TRIES, PersonStatus, clean_invitation_code
from dropcopy_tui.domain.errors import (
    AccountLocked,
    DeskError,
    InvalidValue,
    MasterKeyMissing,
    NotEntitled,
    NotSignedIn,
)
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.outbox.outbox import Outbox
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.people import Invited, People
from dropcopy_tui.store.vault import Vault
from tests.services.conftest import World
from tests.services.factories import FrozenClock, add_person, contents, one, open_resources, rows
from tests.services.processes import race

PASSWORD = "right horse battery"
OTHER_CODE = "AAAA-BBBB-CCCC-DDDD"
LIFE = timedelta(hours=72)


@pytest.fixture
def people(world: World) -> People:
    return People(world.resources)


@pytest.fixture
def admin(world: World) -> Actor:
    return add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME")


def invite(people: People, actor: Actor, user_id: str = "newcomer", **more: Any) -> Invited:
    asked = {
        "name": "A newcomer", "email": f"{user_id}@firm.example", "mobile": "", "entity": "ACME",
        "roles": [Role.READ_ONLY],
    }  # fmt: skip
    return people.invite(actor, user_id, **(asked | more))


def mailed_code(resources: Resources) -> str:
    """The code in the newest sealed email, as its recipient reads it."""
    row_id, sealed = rows(
        resources, "SELECT id, sealed_body FROM outbox WHERE sealed_body IS NOT NULL ORDER BY id DESC"
    )[0]
    body = resources.vault.open(sealed, "outbox", str(row_id)).decode()
    found = re.search(r"Your invitation code is ([A-Z2-7]{4}(-[A-Z2-7]{4}){3})\.", body)
    assert found, body
    return found[1]


def refusal(people: People, login: str, code: str, password: str = PASSWORD) -> str:
    with pytest.raises(NotSignedIn) as caught:
        people.accept(login, code, password, "test")
    return caught.value.message


def go_on(world: World, by: timedelta) -> None:
    clock = world.resources.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(by)


def test_an_invited_person_sets_a_password_and_signs_in(people: People, world: World, admin: Actor) -> None:
    invited = invite(people, admin, "NewComer", mobile="+1 202 555 0177")
    assert (invited.sent_to, invited.person.status) == ("newcomer@firm.example", PersonStatus.INVITED)
    assert invited.expires_at == world.resources.clock.now() + LIFE
    assert people.show(admin, "newcomer").invited_until == invited.expires_at
    with pytest.raises(NotSignedIn):
        Identity(world.resources).sign_in("newcomer", PASSWORD, "test")
    assert people.accept("newcomer", mailed_code(world.resources), PASSWORD, "test").user_id == "newcomer"
    assert Identity(world.resources).sign_in("newcomer", PASSWORD, "test").user_id == "newcomer"
    view = people.show(admin, "newcomer")
    assert (view.line.status, view.has_password, view.invited_until) == (PersonStatus.ACTIVE, True, None)
    assert view.line.summary == "ACME: read only"


def test_only_the_mailbox_has_the_code(people: People, world: World, admin: Actor) -> None:
    invited = invite(people, admin)
    code = mailed_code(world.resources)
    plain = code.replace("-", "")
    raw = b"".join(path.read_bytes() for path in world.resources.store.beside.parent.iterdir())
    for text in (code, plain):
        assert text not in repr(invited)
        assert text.encode() not in raw


def test_the_sealed_email_is_read_in_a_sandbox_only(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    code = mailed_code(world.resources)
    shown = Outbox(world.resources).page(world.operations, PageRequest()).rows[0]
    assert code in shown.body
    assert "until 7 Mar 2026 15:00 UTC" in shown.body
    real = Outbox(open_resources(world.resources.store.place, sandbox=False))
    assert code not in repr(real.page(world.operations, PageRequest()).rows)


@pytest.mark.parametrize("form", [str.lower, lambda code: code.replace("-", ""), lambda code: f"  {code} "])
def test_a_code_may_be_typed_in_any_form(people: People, world: World, admin: Actor, form: Any) -> None:
    invite(people, admin)
    assert people.accept("newcomer@FIRM.example", form(mailed_code(world.resources)), PASSWORD, "test")


def test_figures_that_are_misread_letters_are_forgiven() -> None:
    assert clean_invitation_code("0000-1111-8888-2222") == "OOOOIIIIBBBB2222"
    for text in ("", "ABCD", "ABCD-EFGH-IJKL-MNO9", "ABCD-EFGH-IJKL-MNOPQ", "\udcff" * 16, "ÄBCD-EFGH-IJKL-MNOP"):
        with pytest.raises(InvalidValue):
            clean_invitation_code(text)


def test_every_refusal_is_the_same(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    said = {refusal(people, login, OTHER_CODE) for login in ("newcomer", "nobody", "viewer", "", "\udcff", "\x00")}
    people.disable(world.operations, "newcomer")
    said.add(refusal(people, "newcomer", mailed_code(world.resources)))
    assert len(said) == 1
    why = [json.loads(after)["why"] for (after,) in rows(
        world.resources, "SELECT after FROM audit_event WHERE action = 'person:invitation_refused' ORDER BY id"
    )]  # fmt: skip
    assert why == ["code", "unknown", "not invited", "unknown", "unknown", "unknown", "disabled"]


def test_five_wrong_tries_spend_the_code(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    code = mailed_code(world.resources)
    for _ in range(INVITATION_TRIES - 1):
        refusal(people, "newcomer", OTHER_CODE)
    assert one(world.resources, "SELECT tries FROM invitation") == 4
    people.accept("newcomer", code, PASSWORD, "test")
    people.invite_again(admin, "newcomer")
    for _ in range(INVITATION_TRIES):
        refusal(people, "newcomer", OTHER_CODE)
    refusal(people, "newcomer", mailed_code(world.resources))
    assert one(world.resources, "SELECT max(tries) FROM invitation") == 5


def test_what_cannot_be_a_code_or_a_password_costs_no_try(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    for code, password in (("123456", PASSWORD), (OTHER_CODE, "short"), (OTHER_CODE, "x" * 1001)):
        with pytest.raises(InvalidValue):
            people.accept("newcomer", code, password, "test")
    assert one(world.resources, "SELECT tries FROM invitation") == 0


def test_a_code_works_once(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    code = mailed_code(world.resources)
    people.accept("newcomer", code, PASSWORD, "test")
    refusal(people, "newcomer", code, "another password")
    assert Identity(world.resources).sign_in("newcomer", PASSWORD, "test")


def test_a_code_lives_for_three_days(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    code = mailed_code(world.resources)
    go_on(world, LIFE)
    refusal(people, "newcomer", code)
    go_on(world, -timedelta(seconds=1))
    refusal(people, "newcomer", code)


def test_a_code_is_valid_until_the_last_second(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    code = mailed_code(world.resources)
    go_on(world, LIFE - timedelta(seconds=1))
    assert people.accept("newcomer", code, PASSWORD, "test")


def test_a_new_code_voids_the_older_one_even_after_it_was_used(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    first = mailed_code(world.resources)
    people.invite_again(admin, "newcomer")
    second = mailed_code(world.resources)
    assert first != second
    refusal(people, "newcomer", first)
    people.accept("newcomer", second, PASSWORD, "test")
    refusal(people, "newcomer", first)


def test_a_code_belongs_to_one_person(people: People, world: World, admin: Actor) -> None:
    invite(people, admin, "first")
    code = mailed_code(world.resources)
    invite(people, admin, "second")
    refusal(people, "second", code)
    assert people.accept("first", code, PASSWORD, "test")


def test_a_forgotten_password_is_replaced_and_works_until_then(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    people.accept("newcomer", mailed_code(world.resources), PASSWORD, "test")
    people.invite_again(admin, "newcomer")
    identity = Identity(world.resources)
    assert identity.sign_in("newcomer", PASSWORD, "test")
    people.accept("newcomer", mailed_code(world.resources), "a better password", "test")
    assert identity.sign_in("newcomer", "a better password", "test")
    with pytest.raises(NotSignedIn):
        identity.sign_in("newcomer", PASSWORD, "test")


def test_a_new_password_does_not_lift_a_lock(people: People, world: World, admin: Actor) -> None:
    """Rule P1: three hours, or EASE."""
    identity = Identity(world.resources)
    invite(people, admin)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            identity.sign_in("newcomer", "wrong horse", "test")
    accepted = people.accept("newcomer", mailed_code(world.resources), PASSWORD, "test")
    assert accepted.locked_until == world.resources.clock.now() + timedelta(hours=3)
    with pytest.raises(AccountLocked):
        identity.sign_in("newcomer", PASSWORD, "test")


def test_two_processes_accept_one_code_once(people: People, world: World, admin: Actor) -> None:
    invite(people, admin)
    code = mailed_code(world.resources)
    jobs = [partial(accept, "newcomer", code, f"password number {number}") for number in range(3)]
    answers = race(world.resources.store.place, *jobs)
    assert sorted(answers) == ["newcomer", "not_signed_in", "not_signed_in"]
    winner = answers.index("newcomer")
    assert Identity(world.resources).sign_in("newcomer", f"password number {winner}", "test")


def accept(login: str, code: str, password: str, resources: Resources) -> str:
    return People(resources).accept(login, code, password, "test").user_id


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"user_id": "x"}, "user_id"),
        ({"user_id": "desk"}, "user_id"),
        ({"user_id": "-x"}, "user_id"),
        ({"user_id": "a\nb"}, "user_id"),
        ({"user_id": "\x1b[31m"}, "user_id"),
        ({"user_id": "viewer"}, "user_id"),
        ({"name": ""}, "name"),
        ({"name": "\x1b]52;c;aGk=\x07"}, "name"),
        ({"name": "gnp\u202egpj"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email"),
        ({"email": "VIEWER@firm.example"}, "email"),
        ({"mobile": "call me"}, "mobile"),
        ({"roles": []}, "roles"),
        ({"entity": ""}, "entity"),
    ],
)
def test_what_cannot_be_a_person_is_refused_whole(
    people: People, world: World, admin: Actor, more: dict[str, Any], field: str
) -> None:
    before = contents(world.resources)
    with pytest.raises(InvalidValue) as caught:
        invite(people, admin, **more)
    assert caught.value.field == field
    assert caught.value.message.isprintable()
    assert contents(world.resources) == before


@pytest.mark.parametrize(
    "more",
    [
        {"roles": [Role.OPERATIONS]},
        {"roles": [Role.READ_ONLY, Role.AUDITOR]},
        {"entity": "OTHER"},
    ],
)
def test_first_roles_are_those_that_the_administrator_may_give(
    people: People, world: World, admin: Actor, more: dict[str, Any]
) -> None:
    with pytest.raises(NotEntitled):
        invite(people, admin, **more)
    assert not rows(world.resources, "SELECT id FROM person WHERE user_id = 'newcomer'")
    assert not rows(world.resources, "SELECT id FROM invitation")


@pytest.mark.parametrize("more", [{"email": "admin+two@firm.example"}, {"mobile": "+1-202-555-0166"}])
def test_nobody_invites_a_second_account_of_their_own(people: People, world: World, more: dict[str, str]) -> None:
    admin = add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME", mobile="+1 (202) 555 0166")
    with pytest.raises(NotEntitled, match="your own account"):
        invite(people, admin, **more)
    assert not rows(world.resources, "SELECT id FROM person WHERE user_id = 'newcomer'")
    assert one(world.resources, "SELECT action FROM audit_event ORDER BY id DESC LIMIT 1") == "person:refused"


def test_operations_invites_the_first_administrator_of_an_entity(people: People, world: World) -> None:
    line = invite(people, world.operations, roles=[Role.USER_ADMINISTRATOR, Role.EASE_AGENT]).person
    assert line.summary == "EASE agent; ACME: user administrator"


def test_a_disabled_person_is_not_invited_again(people: People, world: World, admin: Actor) -> None:
    people.disable(admin, "viewer")
    with pytest.raises(InvalidValue, match="Enable the account first"):
        people.invite_again(admin, "viewer")


def test_without_the_master_key_nobody_is_invited(world: World, admin: Actor) -> None:
    resources = open_resources(world.resources.store.place)
    closed = People(replace(resources, vault=Vault(None, "test-store")))
    before = contents(world.resources)
    with pytest.raises(MasterKeyMissing):
        invite(closed, admin)
    assert contents(world.resources) == before


def test_refusals_are_desk_errors_with_one_line(people: People, admin: Actor) -> None:
    with pytest.raises(DeskError) as caught:
        people.accept("nobody", OTHER_CODE, PASSWORD, "test")
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 3


def test_where_nothing_sends_mail_the_answer_says_that_the_code_waits(world: World, admin: Actor) -> None:
    invited = invite(People(open_resources(world.resources.store.place, sandbox=False)), admin)
    assert invited.waits
    assert "No mail server is configured" in invited.sentence
