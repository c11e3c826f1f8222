"""Delete Key: select the key pairs, read which feeds stop, type a confirmation word, see the result (rule K6)."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from dropcopy_tui.domain.errors import FactorNeeded
from dropcopy_tui.services.factors.table import Proof, deletion_scope
from dropcopy_tui.services.sessions.words import deletion_words
from dropcopy_tui.services.views import KeyView, SessionView
from screens.frame import DeskScreen
from screens.keys.identify import confirmed
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import TypedConfirmModal
from screens.modals.keys import ResultModal
from screens.modals.work import with_work
from screens.wording import key_words, plural

if TYPE_CHECKING:
    from dropcopy_tui.services.keys.keypairs import Deleted

_TITLE = "Delete Key"
_ALL = "all"


def deletable(sessions: Sequence[SessionView]) -> list[KeyView]:
    """The key pairs that can be deleted: active and expired ones."""
    return [key for view in sessions for key in view.keys if key.deleted_at is None]


async def delete_keys(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> bool:
    """The whole job; whether anything was deleted."""
    desk = await screen.desk()
    chosen = await _choose(screen, sessions)
    if not chosen:
        return False
    if not await screen.app.push_screen_wait(
        TypedConfirmModal(_TITLE, _lines(sessions, chosen), _word(sessions, chosen))
    ):
        return False
    count = plural(len(chosen), "key pair")

    def delete(proof: Proof | None = None) -> Awaitable[Deleted]:
        return with_work(screen, f"Deleting {count}", len(chosen), desk.keypairs.delete, screen.actor, chosen, proof)

    try:
        done: Deleted | None = await delete()
    except FactorNeeded:  # the site asks for it, or not: the service knows
        done = await confirmed(screen, desk, f"Required to delete {count}.", delete, scope=deletion_scope(chosen))
    if done is None:
        return False
    count = plural(len(done.keys), "key pair")
    left = f" {len(done.failed):,} failed: see the result." if done.failed else ""
    screen.say(f"{done.request.id} completed: {count} deleted.{left}", "note" if done.failed else "done")
    note = "Gateways now reject these key pairs. They cannot be restored."
    await screen.app.push_screen_wait(ResultModal("Key pairs deleted", done.keys, None, note, done.failed))
    return True


async def _choose(screen: DeskScreen[None], sessions: Sequence[SessionView]) -> list[str]:
    """The access key ids to delete; none when cancelled."""
    choices = _of_one(sessions[0]) if len(sessions) == 1 else _of_many(sessions)
    text = f"Select the key pairs of {plural(len(sessions), 'session')} to delete. Deletion takes effect immediately."
    chosen = await screen.app.push_screen_wait(ChooseModal(_TITLE, [choice for choice, _ in choices], text))
    return next((keys for choice, keys in choices if choice.key == chosen), [])


def _of_one(view: SessionView) -> list[tuple[Choice, list[str]]]:
    keys = deletable([view])
    found = [
        (Choice(key.access_key_id, key.access_key_id, f"{key_words(key)}, {_ends(key)}"), [key.access_key_id])
        for key in keys
    ]
    if len(keys) > 1:
        found.append((Choice(_ALL, f"All {len(keys)} key pairs"), [key.access_key_id for key in keys]))
    return found


def _ends(key: KeyView) -> str:
    return f"{'expires' if key.state.living else 'expired'} {' '.join(key.when.split()[:3])}"


def _of_many(sessions: Sequence[SessionView]) -> list[tuple[Choice, list[str]]]:
    keys = deletable(sessions)
    older = [view.living[0] for view in sessions if len(view.living) > 1]
    kinds = (
        ("older", "The older of two active key pairs", older),
        ("expired", "Expired key pairs", [key for key in keys if not key.state.living]),
        ("living", "Active key pairs", [key for key in keys if key.state.living]),
        (_ALL, "All key pairs", keys),
    )
    return [
        (Choice(name, text, plural(len(found), "pair"), "" if found else "none"),
         [key.access_key_id for key in found])
        for name, text, found in kinds
    ]  # fmt: skip


def _lines(sessions: Sequence[SessionView], chosen: Sequence[str]) -> list[str]:
    """What is deleted and which feeds stop, those sessions first."""
    gone = set(chosen)
    words = [(_stops(view, gone), deletion_words(view, gone)) for view in sessions]
    stopping = sum(stops for stops, _ in words)
    count = plural(len(chosen), "key pair")
    head = f"{count} will be deleted. " + (
        f"{plural(stopping, 'session')} will have no active key pair: the feed will stop."
        if stopping
        else _none_stops(words)
    )
    return [head, "", *(line for _, line in sorted(words, key=lambda found: not found[0]) if line)]


def _none_stops(words: Sequence[tuple[bool, str]]) -> str:
    """A session that keeps a pair still stops if its client signs with the deleted one."""
    if not any("is valid until" in line for _, line in words):
        return "No feed will stop."
    return "No session loses its last active key pair, but a client that signs with a deleted one is rejected."


def _stops(view: SessionView, gone: set[str]) -> bool:
    return bool(view.living) and all(key.access_key_id in gone for key in view.living)


def _word(sessions: Sequence[SessionView], chosen: Sequence[str]) -> str:
    """The confirmation word: the session's own id, or the number of key pairs."""
    return sessions[0].session_id if len(sessions) == 1 else f"delete {len(chosen)}"
