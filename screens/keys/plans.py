"""What generating will do, session by session, and which pair goes where a third is made (rules K3, K4, K8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dropcopy_tui.domain.keypairs import Plan
from dropcopy_tui.services.views import SessionView
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.modals.choose import Choice, ChooseModal
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

# So many plans are told session by session; more are grouped by what will happen.
_EACH = 12
_NAMED = 8
_THIRD = "Generate Key: third key pair"


@dataclass(frozen=True, slots=True)
class Planned:
    """The plans of the sessions that stay in the selection, and the pair that goes in some of them."""

    plans: tuple[Plan, ...]
    pks: tuple[int, ...]
    drops: dict[int, str]

    @property
    def doable(self) -> tuple[Plan, ...]:
        """The plans of sessions that get a pair."""
        return tuple(plan for plan in self.plans if not plan.refusal)

    @property
    def text(self) -> str:
        """All of it, a line a session, or a line an outcome where they are many; what was refused comes first."""
        if len(self.plans) > _EACH:
            return "\n".join([*self._summary(), *self._outcomes()])
        refused = [plan.sentence for plan in self.plans if plan.refusal]
        lines = [*refused, *(f"{plan.sentence}. The new one is valid until {plan.until}." for plan in self.doable)]
        return "\n".join([*self._summary(), *lines])

    def _outcomes(self) -> list[str]:
        """Sessions with the same outcome in one line, with how many they are and the first of them by name."""
        same: dict[str, list[str]] = {}
        for plan in sorted(self.plans, key=lambda plan: not plan.refusal):
            same.setdefault(outcome(plan), []).append(plan.session_id)
        return [line for words, ids in same.items() for line in (f"{plural(len(ids), 'session')}: {words}", _some(ids))]

    def _summary(self) -> list[str]:
        """What a person who does not scroll has to know of a long list."""
        if len(self.plans) < 5:
            return []
        sooner = sum(bool(plan.changes) for plan in self.doable)
        deleted = sum(plan.deleted is not None for plan in self.doable)
        refused = len(self.plans) - len(self.doable)
        parts = [
            plural(len(self.doable), "new key pair"),
            plural(sooner, "current key pair expires sooner", "current key pairs expire sooner"),
            f"{deleted:,} deleted immediately",
        ]
        return [", ".join([*parts, *([f"{plural(refused, 'session')} skipped"] if refused else [])]) + ":", ""]


def outcome(plan: Plan) -> str:
    """What will happen to a session of a group with the same outcome, without what differs: its name."""
    if plan.refusal:
        return f"each is skipped: {plan.refusal.replace(plan.session_id, 'it')}"
    return f"each {plan.sentence.removeprefix(plan.session_id).strip()}. The new one is valid until {plan.until}."


def _some(session_ids: Sequence[str]) -> str:
    more = len(session_ids) - _NAMED
    return "   " + ", ".join(session_ids[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


async def plan_keys(screen: DeskScreen[None], desk: Desk, sessions: Sequence[SessionView]) -> Planned | None:
    """What will become of every session, once it is chosen which pairs go; None when cancelled."""
    pks = [view.pk for view in sessions]
    plans = await off_thread(desk.keypairs.plan, screen.actor, pks)
    waiting = [(view, plan) for view, plan in zip(sessions, plans, strict=True) if plan.choice_needed]
    drops = await _choose_drops(screen, waiting)
    if drops is None:
        return None
    left = [pk for pk in pks if pk in drops or all(view.pk != pk for view, _ in waiting)]
    if not left:
        return None
    return Planned(await off_thread(desk.keypairs.plan, screen.actor, left, drops), tuple(left), drops)


async def _choose_drops(screen: DeskScreen[None], waiting: Sequence[tuple[SessionView, Plan]]) -> dict[int, str] | None:
    """For each session with two active key pairs, the one to delete; skipped sessions are absent."""
    how: str | None = "each"
    if len(waiting) > 1:
        how = await screen.app.push_screen_wait(_many(len(waiting)))
    if how == "older":
        return {view.pk: plan.choice_needed[0] for view, plan in waiting}
    if how != "each":
        return {} if how == "leave" else None
    drops = {}
    for view, plan in waiting:
        chosen = await screen.app.push_screen_wait(_third_pair(view, plan))
        if chosen is None:
            return None
        drops[view.pk] = chosen
    return drops


def _many(number: int) -> ChooseModal:
    text = (
        f"{plural(number, 'session already has', 'sessions already have')} two active key pairs, the maximum. "
        "Select which to delete immediately."
    )
    choices = (
        Choice("older", "The older one of each session"),
        Choice("each", "Select session by session"),
        Choice("leave", "None: skip these sessions"),
    )
    return ChooseModal(_THIRD, choices, text)


def _third_pair(view: SessionView, plan: Plan) -> ChooseModal:
    pairs = {key.access_key_id: key for key in view.keys}
    choices = [
        Choice(key_id, key_id, f"{'older' if number == 0 else 'newer'}, expires {pairs[key_id].when}")
        for number, key_id in enumerate(plan.choice_needed)
    ]
    text = f"{view.session_id} already has two active key pairs, the maximum. Select which to delete immediately."
    return ChooseModal(_THIRD, choices, text)
