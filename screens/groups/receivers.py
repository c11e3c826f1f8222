"""Who gets this? The groups that receive a SenderComp's or a firm's messages, each one key away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dropcopy_tui.domain.errors import NotFound
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.modals.choose import Choice, ChooseModal
from screens.modals.form import Field, Question, ask_form
from screens.navigation import OpenGroup
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.groups.receivers import ReceivingGroup, Reception

_TITLE = "Who gets this?"
_QUESTION = Question(
    _TITLE,
    (Field("name", "SenderComp or Globex Firm", 12, placeholder="such as 005ACM01B, or ACM01"),),
    "Lists every group that receives its messages.",
)
# A Globex Firm ID has five characters at most, a SenderCompID seven at least.
_LONGEST_GFID = 5


async def ask_who_gets(screen: DeskScreen[Any]) -> None:
    """Ask for a SenderComp or a firm, then show who receives its messages."""
    desk = await screen.desk()

    async def look(form: dict[str, str]) -> Reception:
        name = form["name"].strip()
        ask = desk.receivers.of_firm if len(name) <= _LONGEST_GFID else desk.receivers.of_sender_comp
        return await off_thread(ask, screen.actor, name)

    found = await ask_form(screen, _QUESTION, look, NotFound, blamed="name")
    if found is not None:
        await _show(screen, found)


async def who_gets_sender_comp(screen: DeskScreen[Any], sender_comp_id: str) -> None:
    """Show who receives the messages of a SenderComp."""
    desk = await screen.desk()
    await _show(screen, await off_thread(desk.receivers.of_sender_comp, screen.actor, sender_comp_id))


async def who_gets_firm(screen: DeskScreen[Any], gfid: str) -> None:
    """Show who receives the messages of a Globex Firm's SenderComps."""
    desk = await screen.desk()
    await _show(screen, await off_thread(desk.receivers.of_firm, screen.actor, gfid))


async def _show(screen: DeskScreen[Any], found: Reception) -> None:
    """The groups as choices: Enter opens the target sessions of one."""
    if not found.groups:
        screen.say(found.why_not, "note")
        return
    text = f"{found.asked} is received by {plural(len(found.groups), 'group')}. Enter opens its target sessions."
    choices = [Choice(str(group.id), group.name, _details(group)) for group in found.groups]
    chosen = await screen.app.push_screen_wait(ChooseModal(_TITLE, choices, text))
    if chosen is not None:
        await screen.go(OpenGroup(int(chosen), "targets"))


def _details(group: ReceivingGroup) -> str:
    """Its target sessions, and how many active key pairs each has."""
    sessions = [f"{each.session_id} ({plural(len(each.living), 'key pair')})" for each in group.sessions]
    return f"{group.entity}  {', '.join(sessions) or 'no target session'}"
