"""Manage Keys for Selected Sessions: choose, see what will happen, confirm, see what happened (K5, K6).

One path from the key press to the disk: choose a verb, show its plan and the file, start a second factor, ask
for its code, call the service once, show the result. Escape anywhere before the service leaves all as it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.domain.keypairs import Plan
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.factors import Challenge, Factor, Proof
from dropcopy_tui.services.views import SessionView
from screens.frame import DeskScreen, off_thread
from screens.modals.choose import Choice, ChooseModal
from screens.modals.file import FileModal, free_path
from screens.modals.identify import CodeModal
from screens.modals.keys import ResultModal
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

T = TypeVar("T")
_LATER = "comes with a later version"


async def manage_keys(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> bool:
    """The whole job for the selected sessions; whether anything changed."""
    if not sessions:
        screen.say("Select a session first.", "note")
        return False
    desk = await screen.desk()
    # Who may not do it is told now, and not after three dialogs.
    ended = [view for view in sessions if view.status != SessionStatus.ACTIVE]
    if len(ended) < len(sessions):
        await off_thread(desk.keypairs.plan, screen.actor, [view.pk for view in sessions if view not in ended])
    names = ", ".join(view.session_id for view in sessions)
    living = sum(len(view.living) for view in sessions)
    no_pair = "" if living else "the selected sessions have no living key pair"
    no_new = f"{ended[0].session_id} is {ended[0].status} and gets no new pair" if ended else ""
    verb = await screen.app.push_screen_wait(
        ChooseModal(
            "Manage Keys for Selected Sessions",
            (
                Choice("generate", "Generate Key", "a new pair for each session, and its file", no_new),
                Choice("download", "Download Key", "the living pairs as a key file", no_pair),
                Choice("delete", "Delete Key", reason=_LATER),
            ),
            f"{plural(len(sessions), 'session')}: {names}",
        )
    )
    if verb == "generate":
        return await _generate(screen, sessions)
    if verb == "download":
        return await _download(screen, [view for view in sessions if view.living])
    return False


async def _generate(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> bool:
    desk = await screen.desk()
    pks = [view.pk for view in sessions]
    plans, drops = await _planned(screen, desk, sessions)
    if not plans:
        return False
    text = "\n".join(f"{plan.sentence}. The new one lives until {plan.until}." for plan in plans)
    path = await _ask_file(screen, desk, "Generate Key", text, sessions)
    if path is None:
        return False
    what = f"To generate {plural(len(sessions), 'key pair')} and write {path.name}."
    made = await _confirmed(
        screen, desk, what, lambda proof: off_thread(desk.keypairs.generate, screen.actor, pks, proof, drops, path)
    )
    if made is None:
        return False
    screen.say(f"{made.request.id} completed: {plural(len(made.keys), 'key pair')} generated. An email was written.")
    note = "Give the file to whoever runs the client, then remove it. It can be downloaded again."
    await screen.app.push_screen_wait(ResultModal("Key pairs generated", made.keys, made.file, note))
    return True


async def _planned(
    screen: DeskScreen[None], desk: Desk, sessions: Sequence[SessionView]
) -> tuple[tuple[Plan, ...], dict[int, str]]:
    """What will become of every session; where two pairs live, which of them goes (rule K4). Empty: cancelled."""
    pks = [view.pk for view in sessions]
    drops: dict[int, str] = {}
    for view, plan in zip(sessions, await off_thread(desk.keypairs.plan, screen.actor, pks), strict=True):
        if plan.choice_needed:
            chosen = await screen.app.push_screen_wait(_third_pair(view, plan))
            if chosen is None:
                return (), {}
            drops[view.pk] = chosen
    return await off_thread(desk.keypairs.plan, screen.actor, pks, drops), drops


def _third_pair(view: SessionView, plan: Plan) -> ChooseModal:
    pairs = {key.access_key_id: key for key in view.keys}
    choices = [
        Choice(key_id, key_id, f"{'older' if number == 0 else 'newer'}, expires {pairs[key_id].when}")
        for number, key_id in enumerate(plan.choice_needed)
    ]
    text = f"{view.session_id} has two living pairs, and a third cannot be. Which one is deleted at once?"
    return ChooseModal("Generate Key: a third pair", choices, text)


async def _download(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> bool:
    desk = await screen.desk()
    pks = [view.pk for view in sessions]
    pairs = sum(len(view.living) for view in sessions)
    text = f"The file will hold {plural(pairs, 'living key pair')} with secret keys. Nothing else changes."
    path = await _ask_file(screen, desk, "Download Key", text, sessions)
    if path is None:
        return False
    what = f"To write {plural(pairs, 'key pair')} to {path.name}."
    got = await _confirmed(
        screen, desk, what, lambda proof: off_thread(desk.keypairs.download, screen.actor, pks, proof, path)
    )
    if got is None:
        return False
    screen.say(f"{plural(len(got.keys), 'key pair')} written to {path.name}.")
    note = "Give the file to whoever runs the client, then remove it."
    await screen.app.push_screen_wait(ResultModal("Key pairs downloaded", got.keys, got.file, note))
    return True


async def _ask_file(
    screen: DeskScreen[None], desk: Desk, title: str, text: str, sessions: Sequence[SessionView]
) -> Path | None:
    """A path for the key file, in the folder for downloads, which is made (0700) where it is missing."""
    folder = desk.config.paths.downloads
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        folder = Path.cwd()
    first = sessions[0].session_id
    stem = f"{first}-{desk.clock.now():%Y%m%d}" if len(sessions) == 1 else f"{first}-and-{len(sessions) - 1}-more"
    return await screen.app.push_screen_wait(FileModal(title, text, free_path(folder, stem, ".txt")))


async def _confirmed(
    screen: DeskScreen[None], desk: Desk, what: str, call: Callable[[Proof], Awaitable[T]]
) -> T | None:
    """Call the service with a second factor; a wrong code can be tried again. None when cancelled."""
    challenge = await start_factor(screen, desk)
    error = ""
    while challenge is not None:
        modal = CodeModal(challenge, desk.clock.now(), what, error)
        code = await screen.app.push_screen_wait(modal)
        if code is None:
            return None
        try:
            return await call(Proof(challenge.id, code))
        except SecondFactorFailed as failed:
            error = failed.message
            if not failed.retry:
                screen.say(failed.message, "failed")
                return None
    return None


async def start_factor(screen: DeskScreen[None], desk: Desk) -> Challenge | None:
    """Choose a second factor and start it."""
    choices = await off_thread(desk.factors.choices, screen.actor)
    left = await off_thread(desk.factors.codes_left, screen.actor)
    chosen = await screen.app.push_screen_wait(
        ChooseModal(
            "Confirm your identity",
            [Choice(choice.factor.value, choice.factor.words, choice.hint, choice.reason) for choice in choices],
            f"Choose a second factor. {plural(left, 'code is', 'codes are')} left for today.",
        )
    )
    if chosen is None:
        return None
    return await off_thread(desk.factors.start, screen.actor, Factor(chosen))
