"""The wizard's screen: the rail of steps, the step at hand, and a draft that is saved at every change."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static

from dropcopy_tui.domain.errors import ChangedMeanwhile, DeskError
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.pages import Selection
from screens.groups.fee import fee_accepted
from screens.jobs import job, off_thread, show_refusal
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import ConfirmModal
from screens.modals.work import with_work
from screens.navigation import OpenChangedSources, OpenRouting
from screens.widgets.record_list import RecordList
from screens.wizard.draft_screen import DraftScreen
from screens.wizard.rail import STEPS, chosen_in, rail
from screens.wizard.sources import SourcesStep, firm_choices
from screens.wizard.steps import (
    Entered,
    EntityStep,
    FilterStep,
    Finished,
    FrontEndStep,
    NameStep,
    Step,
)
from screens.wizard.submit import SubmitStep
from screens.wording import plural

_SAVE_AFTER = 0.3
_ENTITY = 1


class WizardScreen(DraftScreen):
    """A new drop copy group, step by step."""

    CSS_PATH = "../../styles/wizard.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "steps", "Steps", id="wizard.steps", tooltip="Ctrl-T, then a number: go to that step."),
    ]

    def __init__(self, draft_id: int, fee_shown: bool = True, *, begun: bool = False) -> None:
        super().__init__(draft_id, begun=begun)
        self._fee_shown = fee_shown
        self._mandatory: frozenset[Filter] = frozenset()
        self._firm = ""
        # The entity that is asked about, and the one that step 1 was opened with.
        self._next_entity = self._seen_entity = ""
        self._timer: Timer | None = None

    # -- drawing

    def body(self) -> ComposeResult:
        """The rail and the step at hand."""
        settings = self.desk_app.config.settings
        self._mandatory = settings.mandatory_filters
        with Horizontal(id="columns"):
            yield Static("", id="rail", markup=False)
            with ContentSwitcher(id="steps"):
                yield EntityStep(id="step1")
                yield NameStep(settings.group_name_length, id="step2")
                yield FrontEndStep(id="step3")
                yield FilterStep(settings.mandatory_filters, id="step4")
                yield SourcesStep(id="step5")
                yield SubmitStep(id="step6")

    def place(self) -> tuple[str, ...]:
        """The market the group is for, or the group that is edited."""
        if self._open.edits:
            return ("Drop Copy Groups", "Edit", self.draft.group)
        return ("New drop copy group", self.draft.market_name if self._open.is_read else "")

    def aside(self) -> tuple[str, ...]:
        """Whether everything is on disk."""
        return ("draft saved" if self._open.saved else "saving ...",)

    def step(self) -> Step:
        """The step at hand."""
        return self.query_one(f"#step{self._step}", Step)

    def show_rail(self) -> None:
        self.query_one("#rail", Static).update(rail(self._chosen(), self._step, self._open.fields.step))

    def _chosen(self) -> tuple[str, ...]:
        return chosen_in(self.draft, self._open.fields, self._mandatory)

    # -- start, steps

    def on_mount(self) -> None:
        """Read the draft and go to its step."""
        self._start()

    @job()
    async def _start(self) -> None:
        desk = await self.desk()
        await self._open.read(desk, self.actor)
        entities = await off_thread(desk.drafts.entities, self.actor)
        step = self.draft.step
        if self._open.edits:
            # Whoever resumes an edit is shown first what it would change by now.
            step = len(STEPS)
            if self.draft.gone:
                # The draft is kept and can be looked at; why it cannot be submitted is said immediately.
                await self.go_to_step(2)
                self.say_gone(self.draft.gone)
                return
        if not self.draft.entity and len(entities) == 1:
            self._open.enter({"entity": entities[0].code})
            await self.save()
            self._open.is_touched = False
        if step == 1 and self.draft.entity and not self.draft.name:
            step = 2
        await self.go_to_step(step)

    async def go_to_step(self, step: int) -> None:
        """Show a step with what the draft holds; what was reached stays reachable."""
        desk = await self.desk()
        await self.save()
        self._step = step
        self._open.reach(step)
        await self.save()
        self.query_one(ContentSwitcher).current = f"step{step}"
        self.set_class(step == 5, "-wide-step")
        await self._fill(desk, step)
        self.show_rail()
        self.show_place()
        self.step().take_keys()
        self.refresh_bindings()

    async def _fill(self, desk: Any, step: int) -> None:
        if step == 1:
            entities = await off_thread(desk.drafts.entities, self.actor)
            self.query_one(EntityStep).show(entities, self.draft)
            self._seen_entity = self.draft.entity
        elif step == 2:
            self.query_one(NameStep).show(self.draft)
        elif step == 3:
            front_ends = await off_thread(desk.drafts.front_ends, self.actor, self.draft.entity)
            self.query_one(FrontEndStep).show(front_ends, self.draft)
        elif step == 4:
            self.query_one(FilterStep).show(self.draft)
        elif step == 5:
            self._show_sources(desk)
            await self._show_loads(desk)
        else:
            self.query_one(SubmitStep).show(await off_thread(desk.drafts.review, self.actor, self._open.number))

    def _show_sources(self, desk: Any) -> None:
        available = partial(desk.drafts.available, self.actor, self._open.number, self._firm)
        added = partial(desk.drafts.added, self.actor, self._open.number, self._firm)
        self.query_one(SourcesStep).show(available, added, self._firm)

    async def _show_loads(self, desk: Any) -> None:
        loads = await off_thread(desk.drafts.loads, self.actor, self._open.number)
        self.query_one(SourcesStep).show_loads(loads)

    @on(Finished)
    @job(exclusive=True, group="steps")
    async def _finished(self, event: Finished) -> None:
        event.stop()
        self.quiet()
        before = self._seen_entity
        if self._step == _ENTITY and not await self._entity_changes():
            return
        await self.save()
        if self._step == _ENTITY and not await self._fee_accepted():
            return
        if self._step == _ENTITY and self.draft.entity != before:
            self._say_restored()
        if self._step == 2 and not await self._name_free():
            return
        if self._step == 5:
            forgotten = self.query_one(SourcesStep).forgotten()
            self.step().show_error(forgotten)
            if forgotten:
                return
        if self._step < len(STEPS):
            await self.go_to_step(len(STEPS) if self._open.edits else self._step + 1)

    def _parts_with(self, entity: str) -> str:
        """What another entity would take out of the draft, in words; "" for nothing."""
        if not self._open.is_read or not entity or entity == self.draft.entity or not self.draft.entity:
            return ""
        return self._owned()

    def _owned(self) -> str:
        """What the draft has that belongs to its entity, in words; "" for nothing."""
        front_end = f"the front end {self.draft.front_end.title}" if self.draft.front_end else ""
        sources = plural(self.draft.sources, "SenderComp") if self.draft.sources else ""
        return " and ".join(part for part in (front_end, sources) if part)

    async def _entity_changes(self) -> bool:
        """Ask before another entity takes parts out of the draft; whether to continue."""
        entity, self._next_entity = self._next_entity, ""
        if not entity:
            return True
        parts = self._parts_with(entity)
        text = (
            f"{self.draft.entity} owns {parts}, which {entity} cannot use. They leave this draft, and come back if you "
            f"return to {self.draft.entity} before you submit. The name and filters stay."
        )
        title = f"Change the entity to {entity}"
        if not await self.app.push_screen_wait(ConfirmModal(title, text, "Change entity", f"Keep {self.draft.entity}")):
            await self._fill(await self.desk(), _ENTITY)
            return False
        self._open.enter({"entity": entity, "front_end_id": None})
        return True

    def _say_restored(self) -> None:
        """What the draft had at this entity before is in it again."""
        parts = self._owned()
        if parts:
            self.say(f"Restored what you had selected at {self.draft.entity}: {parts}.", "note")

    async def _name_free(self) -> bool:
        """Rule G3, asked as soon as the name is there; submit asks again."""
        desk = await self.desk()
        problem = await off_thread(desk.drafts.name_problem, self.actor, self._open.number)
        self.query_one(NameStep).show_error(problem)
        return not problem

    async def _fee_accepted(self) -> bool:
        """Rule G1: whoever chose the entity here has not seen the fee yet."""
        if self._fee_shown:
            return True
        desk = await self.desk()
        fee = await off_thread(desk.drafts.fee, self.actor, self.draft.entity)
        entity, market = self.draft.entity, self.draft.market_name
        self._fee_shown = await fee_accepted(self, entity, fee.groups, fee.sentence, market)
        return self._fee_shown

    def action_step(self, number: int) -> None:
        """Open a step that was reached again."""
        if self._open.edits and number == 1:
            self.say("A group's entity cannot be changed.", "note")
        elif number <= self._open.fields.step:
            self._reopen(number)

    @job(exclusive=True, group="steps")
    async def _reopen(self, number: int) -> None:
        self.quiet()
        await self.go_to_step(number)

    @job(exclusive=True, group="steps")
    async def action_steps(self) -> None:
        """Choose a step."""
        choices = [
            Choice(str(number), f"{number} {name}", chosen, self._not_reached(number))
            for number, (name, chosen) in enumerate(zip(STEPS, self._chosen(), strict=True), 1)
        ]
        chosen = await self.app.push_screen_wait(ChooseModal("Steps", choices, at=str(self._step), by_key=True))
        if chosen is not None:
            await self.go_to_step(int(chosen))

    def _not_reached(self, number: int) -> str:
        if self._open.edits and number == 1:
            return "a group's entity cannot be changed"
        return "" if number <= self._open.fields.step else "not reached yet"

    # -- entering

    @on(Entered)
    def _entered(self, event: Entered) -> None:
        event.stop()
        if self._parts_with(event.changes.get("entity", "")):
            # What belongs to the present entity goes with it: that is asked first.
            self._next_entity = event.changes["entity"]
            return
        if not self._open.enter(event.changes):
            return
        self.show_place()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_SAVE_AFTER, self.save_soon)

    # -- step 5

    @on(SourcesStep.AddAsked)
    def _add(self, event: SourcesStep.AddAsked) -> None:
        event.stop()
        self._move("add", event.picked)

    @on(SourcesStep.RemoveAsked)
    def _remove(self, event: SourcesStep.RemoveAsked) -> None:
        event.stop()
        self._move("remove", event.picked)

    @job(group="sources")
    async def _move(self, verb: str, picked: Selection) -> None:
        desk = await self.desk()
        self.quiet()
        change = desk.drafts.add if verb == "add" else desk.drafts.remove
        side = 0 if verb == "add" else 1
        size = picked.size(max(self.query_one(SourcesStep).tables()[side].total, 0))
        title = f"{'Adding' if verb == 'add' else 'Removing'} {plural(size, 'SenderComp')}"
        run = partial(with_work, self, title, size)
        before = await self._open.change(change, self.actor, picked, self._firm, run=run)
        moved = abs(self.draft.sources - before.sources)
        done = "added" if verb == "add" else "removed"
        self.say(f"{plural(moved, 'SenderComp')} {done}; the draft has {self.draft.sources:,}.")
        self.query_one(SourcesStep).refresh_lists(side)
        await self._show_loads(desk)
        self.show_rail()

    @on(SourcesStep.FirmAsked)
    @job(exclusive=True, group="firm")
    async def _choose_firm(self, event: SourcesStep.FirmAsked) -> None:
        event.stop()
        desk = await self.desk()
        firms = await off_thread(desk.drafts.firms, self.actor, self._open.number)
        choices = [Choice(key, text, detail) for key, text, detail in firm_choices(firms)]
        chosen = await self.app.push_screen_wait(ChooseModal("Globex Firm", choices, at=self._firm or "all"))
        if chosen is not None:
            self._firm = "" if chosen == "all" else chosen
            self._show_sources(desk)

    # -- step 6 and leaving

    @on(SubmitStep.Submitted)
    @job(exclusive=True, group="submit")
    async def _submit(self, event: SubmitStep.Submitted) -> None:
        event.stop()
        await self.save()
        desk = await self.desk()
        self._is_submitted = True
        try:
            number, version, size = self._open.number, self.draft.version, self.draft.sources
            request = await with_work(self, "Submitting", size, desk.drafts.submit, self.actor, number, version)
        except DeskError as error:
            self._is_submitted = False
            if not isinstance(error, ChangedMeanwhile):
                raise
            # Show what stands against it now, then the refusal.
            await self.go_to_step(len(STEPS))
            raise
        self.dismiss(None)
        self.desk_app.finish(request)

    @on(SubmitStep.StepAsked)
    def _part_asked(self, event: SubmitStep.StepAsked) -> None:
        event.stop()
        self.action_step(event.number)

    @on(FilterStep.RouteAsked)
    @job()
    async def _route_asked(self, event: FilterStep.RouteAsked) -> None:
        event.stop()
        await self.go(OpenRouting(self.draft.group_id, event.filters))

    @on(SubmitStep.ListAsked)
    @job()
    async def _list_asked(self, event: SubmitStep.ListAsked) -> None:
        event.stop()
        await self.go(OpenChangedSources(self._open.number, self.draft.group, event.change))

    @on(SubmitStep.CatchUpAsked)
    @job(exclusive=True, group="steps")
    async def _catch_up(self, event: SubmitStep.CatchUpAsked) -> None:
        """Rule G10: others' changes are merged and shown; nothing is submitted yet."""
        event.stop()
        desk = await self.desk()
        run = partial(with_work, self, "Merging the latest changes", self.draft.sources)
        await self._open.catch_up(desk, self.actor, run)
        await self.go_to_step(len(STEPS))
        self.say("Merged. Review the changes, then submit.", "note")

    def action_back(self) -> None:
        """Out of a filter, then one step back, then out with the draft's fate asked."""
        if any(records.clear_filter() for records in self.query(RecordList)):
            return
        if self._open.edits and self._step < len(STEPS):
            self._reopen(len(STEPS))
        elif self._step > 1 and not self._open.edits:
            self._reopen(self._step - 1)
        else:
            self._leave()

    @job(exclusive=True, group="steps")
    async def _leave(self) -> None:
        if not self._open.is_touched:
            await self.drop_untouched()
            self.dismiss(None)
            return
        try:
            await self.save()
        except DeskError as error:
            show_refusal(self, error)
        chosen = await self.app.push_screen_wait(
            ChooseModal(
                "Leave the edit" if self._open.edits else "Leave the wizard",
                (
                    Choice("keep", "Keep the draft", "resume it from Home at any time"),
                    Choice("stay", "Stay here"),
                    Choice("discard", "Discard the draft", "delete everything entered"),
                ),
            )
        )
        if chosen == "discard":
            desk = await self.desk()
            size = self.draft.sources
            discard = partial(desk.drafts.discard, self.actor, self._open.number, self.draft.version)
            await with_work(self, "Discarding the draft", size, discard)
        if chosen in ("keep", "discard"):
            self.dismiss(None)
