"""Manage Keys for Selected Sessions: select an action, review its effect, confirm, see the result (K5, K6).

One path from the key press to the disk: choose a verb, show its plan and the file, start a second factor, ask
for its code, call the service once, show the result. Escape anywhere before the service leaves all as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dropcopy_tui.domain.people import MAY_USE_KEYS
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.seat import here
from dropcopy_tui.services.bulk import Failure
from dropcopy_tui.services.factors.table import key_scope
from dropcopy_tui.services.keys.key_file import ForTicket
from dropcopy_tui.services.views import SessionView
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.keys.deletion import deletable, delete_keys
from screens.keys.identify import confirmed
from screens.keys.plans import Planned, plan_keys
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import ConfirmModal
from screens.modals.file import FileModal, free_path
from screens.modals.keys import ResultModal, place_of
from screens.modals.work import with_work
from screens.wording import plural, some

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.services.keys.keypairs import Generated

_TICKET = (
    "The key file waits for you under a ticket: one command fetches it to your own machine, once, within ten minutes."
)
# Session IDs that the first dialog lists.
_NAMED = 12


async def manage_keys(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> bool:
    """The whole job for the selected sessions; whether anything changed."""
    if not sessions:
        screen.say("Select a session first.", "note")
        return False
    # A person without the right is refused now rather than after three dialogs.
    for entity in dict.fromkeys(view.entity for view in sessions):
        await screen.must(MAY_USE_KEYS, entity)
    desk = await screen.desk()
    ended = [view for view in sessions if view.status != SessionStatus.ACTIVE]
    if len(ended) < len(sessions):
        await off_thread(desk.keypairs.plan, screen.actor, [view.pk for view in sessions if view not in ended])
    living = sum(len(view.living) for view in sessions)
    no_pair = "" if living else "the selected sessions have no active key pair"
    no_new = (
        f"{ended[0].session_id} is {ended[0].status} and cannot get a new key pair"
        if len(ended) == len(sessions)
        else ""
    )
    nothing = "" if deletable(sessions) else "the selected sessions have no key pair"
    verb = await screen.app.push_screen_wait(
        ChooseModal(
            "Manage Keys for Selected Sessions",
            (
                Choice("generate", "Generate Key", "a new key pair for each session, and its file", no_new),
                Choice("download", "Download Key", "active key pairs, as a key file", no_pair),
                Choice("delete", "Delete Key", "immediate and permanent", nothing),
            ),
            f"{plural(len(sessions), 'session')}: {_named(sessions)}",
        )
    )
    if verb == "generate":
        return await _generate(screen, sessions)
    if verb == "download":
        return await _download(screen, [view for view in sessions if view.living])
    return verb == "delete" and await delete_keys(screen, sessions)


def _named(sessions: Sequence[SessionView]) -> str:
    """The sessions by name, as many as a dialog has room for."""
    return some([view.session_id for view in sessions], _NAMED)


async def _generate(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> bool:
    desk = await screen.desk()
    planned = await plan_keys(screen, desk, sessions)
    if planned is None:
        return False
    count = plural(len(planned.doable), "key pair")
    out = await _ask_file(screen, desk, "Generate Key", planned.text, sessions)
    if out is None:
        return False
    made = await confirmed(
        screen,
        desk,
        f"Required to generate {count} and write {out.name}.",
        lambda proof: with_work(
            screen,
            f"Generating {count}",
            len(planned.pks),
            desk.keypairs.generate,
            screen.actor,
            planned.pks,
            proof,
            planned.drops,
            out,
        ),
        scope=key_scope("generate", planned.pks, planned.drops),
    )
    if made is None:
        return False
    done = f"{made.request.id} completed: {plural(len(made.keys), 'key pair')} generated. A confirmation was emailed."
    _say(screen, done, made.failed)
    note = await _what_now(screen, desk, planned, made)
    await screen.app.push_screen_wait(ResultModal("Key pairs generated", made.keys, place_of(made), note, made.failed))
    return True


async def _what_now(screen: DeskScreen[None], desk: Desk, planned: Planned, made: Generated) -> str:
    """What is left to do: the file to hand over, and the pair that ends meanwhile."""
    note = "Send the file to the client's operator, then delete it. With a second factor, it can be downloaded again."
    new = {key.access_key_id for key in made.keys}
    if len(planned.pks) > 1:
        return f"{note} Where an older key pair is still active, switch the client before it expires."
    view = await off_thread(desk.sessions.get, screen.actor, planned.pks[0])
    parts = [f"Key pair {gone} was deleted: any file containing it no longer works." for gone in planned.drops.values()]
    others = [key for key in view.living if key.access_key_id not in new]
    parts += [f"The other key pair expires {key.when}: switch the client to the new one before then." for key in others]
    return " ".join([*parts, note])


async def _download(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> bool:
    desk = await screen.desk()
    pks = [view.pk for view in sessions]
    count = plural(sum(len(view.living) for view in sessions), "key pair")
    pairs = count.replace("key", "active key")
    text = f"The file will contain {pairs} with secret keys. Nothing else changes."
    out = await _ask_file(screen, desk, "Download Key", text, sessions)
    if out is None:
        return False
    got = await confirmed(
        screen,
        desk,
        f"Required to write {count} to {out.name}.",
        lambda proof: with_work(
            screen, f"Writing {count}", len(pks), desk.keypairs.download, screen.actor, pks, proof, out
        ),
        scope=key_scope("download", pks),
    )
    if got is None:
        return False
    _say(screen, f"{plural(len(got.keys), 'key pair')} written to {out.name}.", got.failed)
    note = "Send the file to the client's operator, then delete it."
    await screen.app.push_screen_wait(ResultModal("Key pairs downloaded", got.keys, place_of(got), note, got.failed))
    return True


def _say(screen: DeskScreen[None], done: str, failed: Sequence[Failure]) -> None:
    """What was done, and that something was not."""
    left = f" {plural(len(failed), 'session')} failed: see the result." if failed else ""
    screen.say(done + left, "note" if failed else "done")


async def _ask_file(
    screen: DeskScreen[None], desk: Desk, title: str, text: str, sessions: Sequence[SessionView]
) -> Path | ForTicket | None:
    """A path for the key file, in the folder for downloads, which is made (0700) where it is missing.

    Over SSH the host's files are not the person's: the file waits under a ticket instead.
    """
    first = sessions[0].session_id
    stem = f"{first}-{desk.clock.now():%Y%m%d}" if len(sessions) == 1 else f"{first}-and-{len(sessions) - 1}-more"
    if here() is not None:
        wanted = await screen.app.push_screen_wait(ConfirmModal(title, f"{text} {_TICKET}", harmless=True))
        return ForTicket(f"{stem}.txt") if wanted else None
    folder = desk.config.paths.downloads
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        folder = Path.cwd()
    return await screen.app.push_screen_wait(FileModal(title, text, free_path(folder, stem, ".txt")))
