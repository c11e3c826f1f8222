"""What is done with people: ask, call the service once, say what happened (rules P1, P3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from dropcopy_tui.domain.accounts import PERSON_NAME_LENGTH, PersonStatus
from dropcopy_tui.domain.errors import FactorNeeded
from dropcopy_tui.domain.mail import ADDRESS_LENGTH
from dropcopy_tui.domain.people import Entitlement
from dropcopy_tui.services.factors.table import Proof, Purpose, grant_scope
from dropcopy_tui.services.people.views import PersonLine
from dropcopy_tui.services.views import EntityView
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.keys.identify import confirmed
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import ConfirmModal
from screens.modals.form import Field, Form, Question, ask_form
from screens.modals.roles import RolesModal, RolesPicked
from screens.terminal.values import clip
from screens.wording import plural, utc

if TYPE_CHECKING:
    from dropcopy_tui.services.people.people import Invited

T = TypeVar("T")
_THE_DESK = "desk"
_FIELDS = (
    Field("user_id", "User id", 32, placeholder="a-z, 0-9, dot, underscore, hyphen"),
    Field("name", "Name", PERSON_NAME_LENGTH),
    Field("email", "Email (the code is sent only there)", ADDRESS_LENGTH),
    Field("mobile", "Mobile for codes by SMS (optional)", 24, placeholder="+1 202 555 0134"),
)
_CODE = "A one-time code is emailed to the person, who uses it to set a password."


async def choose_place(screen: DeskScreen[Any], entities: Sequence[EntityView], at: str, with_desk: bool) -> str | None:
    """The entity whose roles it is about, or "" for those of the desk; None when nothing was chosen."""
    if len(entities) == 1 and not with_desk:
        return entities[0].code
    choices = [Choice(entity.code, entity.code, clip(entity.name, 40)) for entity in entities]
    if with_desk:
        choices.insert(0, Choice("", "Whole desk", "EASE agent, GAM, operations, auditor"))
    named = [Choice(choice.key or _THE_DESK, choice.text, choice.detail) for choice in choices]
    chosen = await screen.app.push_screen_wait(ChooseModal("Where do the roles apply?", named, at=at))
    return "" if chosen == _THE_DESK else chosen


async def invite(screen: DeskScreen[Any], place: str) -> bool:
    """A new person: who, with which first roles; whether someone was invited."""
    desk = await screen.desk()
    choices = await off_thread(desk.people.roles, screen.actor, "", place)
    if all(choice.reason for choice in choices):
        screen.say(f"You cannot grant any role {_where(place)}: {choices[0].reason}.", "note")
        return False

    async def call(form: Form) -> Invited | None:
        picked = await screen.app.push_screen_wait(RolesModal(f"First roles {_where(place)}", choices))
        if picked is None:
            return None
        asked = _asked(form, place, picked)
        granting = Granting(form["user_id"], picked.give, form["email"])
        return await _with_factor(
            screen, granting, lambda proof: off_thread(desk.people.invite, screen.actor, **asked, proof=proof)
        )

    invited = await ask_form(screen, Question("Invite a person", _FIELDS, _CODE), call)
    if invited is not None:
        _say_invited(screen, invited)
    return invited is not None


@dataclass(frozen=True, slots=True)
class Granting:
    """Which roles are granted to whom; `email` is the mailbox of someone who is invited."""

    user_id: str
    roles: Sequence[Entitlement]
    email: str = ""


async def _with_factor(
    screen: DeskScreen[Any], granting: Granting, call: Callable[[Proof | None], Awaitable[T]]
) -> T | None:
    """Call the service, with a second factor if it asks for one. None when that was cancelled."""
    try:
        return await call(None)
    except FactorNeeded:  # the site asks for it, or not: the service knows
        what = f"Required to grant {granting.user_id.strip().lower()}: {_roles(granting.roles)}."
        scope = grant_scope(granting.user_id, granting.roles, granting.email)
        return await confirmed(screen, await screen.desk(), what, call, Purpose.ROLES, scope)


def _asked(form: Form, place: str, picked: RolesPicked) -> dict[str, Any]:
    return {**form, "entity": place, "roles": [each.role for each in picked.give]}


async def invite_again(screen: DeskScreen[Any], line: PersonLine) -> bool:
    """A new code for someone who is known; whether one was sent."""
    desk = await screen.desk()
    await off_thread(desk.people.require, screen.actor, line.user_id, "invite")
    text = (
        f"{line.user_id} gets a new code at {line.email}. {_CODE} Older codes become invalid; "
        "the current password is kept."
    )
    if not await screen.app.push_screen_wait(ConfirmModal("Invite again", text, "Send a code")):
        return False
    _say_invited(screen, await off_thread(desk.people.invite_again, screen.actor, line.user_id))
    return True


def _say_invited(screen: DeskScreen[Any], invited: Invited) -> None:
    until = f"The code is valid until {utc(invited.expires_at)}."
    screen.say(f"{invited.person.user_id} was invited. {invited.sentence} {until}")


async def change_roles(screen: DeskScreen[Any], user_id: str, place: str) -> bool:
    """Give and take roles at one place; whether any was."""
    desk = await screen.desk()
    choices = await off_thread(desk.people.roles, screen.actor, user_id, place)
    if all(choice.reason for choice in choices):
        screen.say(f"You cannot change any of {user_id}'s roles {_where(place)}: {choices[0].reason}.", "note")
        return False
    picked = await screen.app.push_screen_wait(RolesModal(f"Roles of {user_id} {_where(place)}", choices))
    if picked is None:
        return False
    give, take = picked.give, picked.take
    changed = await _with_factor(
        screen,
        Granting(user_id, give),
        lambda proof: off_thread(desk.people.change_roles, screen.actor, user_id, give, take, proof),
    )
    if changed is None:
        return False
    screen.say(f"{user_id}: {_changes(picked)}. Effective immediately.")
    return True


async def turn_account(screen: DeskScreen[Any], line: PersonLine) -> bool:
    """Disable, or enable again, after saying what will happen; whether it was done."""
    desk = await screen.desk()
    what = "enable" if line.status is PersonStatus.DISABLED else "disable"
    await off_thread(desk.people.require, screen.actor, line.user_id, what)
    if line.status is PersonStatus.DISABLED:
        text = f"{line.user_id} will be able to sign in again, with these roles: {line.summary or 'none'}."
        if await agreed(screen, f"Enable {line.user_id}", text, "Enable"):
            await off_thread(desk.people.enable, screen.actor, line.user_id)
            screen.say(f"{line.user_id} was enabled.")
            return True
        return False
    count = await off_thread(desk.people.open_requests, screen.actor, line.user_id)
    text = (
        f"{line.user_id} will be signed out at their next action and cannot sign in again. "
        f"Their roles are kept. {_stay(count)}"
    )
    if not await agreed(screen, f"Disable {line.user_id}", text, "Disable"):
        return False
    done = await off_thread(desk.people.disable, screen.actor, line.user_id)
    screen.say(f"{line.user_id} was disabled. {_stay(done.open_requests)}")
    return True


async def unlock(screen: DeskScreen[Any], line: PersonLine) -> bool:
    """End a lock before its time; whether it was done."""
    desk = await screen.desk()
    await off_thread(desk.people.require, screen.actor, line.user_id, "unlock")
    text = f"{line.user_id} will be able to sign in again immediately. Unlock only a caller you have verified."
    if not await agreed(screen, f"Unlock {line.user_id}", text, "Unlock"):
        return False
    await off_thread(desk.people.unlock, screen.actor, line.user_id)
    screen.say(f"{line.user_id} was unlocked.")
    return True


async def agreed(screen: DeskScreen[Any], title: str, text: str, verb: str) -> bool:
    """Ask whether to do it; to leave it stands first."""
    choices = (Choice("no", "Cancel"), Choice("yes", verb))
    return await screen.app.push_screen_wait(ChooseModal(title, choices, text, acts=True)) == "yes"


def _stay(count: int) -> str:
    if not count:
        return "They have no open requests."
    return f"Their {plural(count, 'open request')} {'is' if count == 1 else 'are'} kept."


def _where(place: str) -> str:
    return f"at {place}" if place else "on the desk"


def _changes(picked: RolesPicked) -> str:
    said = [("granted", picked.give), ("revoked", picked.take)]
    return "; ".join(f"{verb}: {_roles(roles)}" for verb, roles in said if roles)


def _roles(roles: Sequence[Entitlement]) -> str:
    return ", ".join(each.words for each in roles)
