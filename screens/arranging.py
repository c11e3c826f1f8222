"""Screens with lists that a person can arrange: columns and sort, remembered for the person wherever they sign in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from textual import on

from dropcopy_tui.domain.arrangements import USUAL
from dropcopy_tui.domain.errors import DeskError
from screens.frame import DeskScreen
from screens.jobs import job, off_thread
from screens.modals.columns import ColumnChoice, ColumnsModal
from screens.widgets.columns import arranged
from screens.widgets.record_list import ListChanged, RecordList
from screens.widgets.record_table import RecordTable


class ArrangingScreen(DeskScreen[None]):
    """One place for all lists."""

    @on(RecordList.ColumnsAsked)
    @job()
    async def _choose_columns(self, event: RecordList.ColumnsAsked) -> None:
        table = event.records.table
        chosen = await self.app.push_screen_wait(ColumnsModal(column_choices(table)))
        if chosen is not None:
            table.choose_columns(chosen.on, chosen.off)
            event.records.post_message(ListChanged(event.records))

    @on(RecordTable.Arranged)
    @job(group="arrange")
    async def _keep(self, event: RecordTable.Arranged) -> None:
        event.stop()
        table = event.table
        records = next((each for each in self.query(RecordList) if each.table is table), None)
        if records is None or table.arrangement is None:
            return
        self.desk_app.arrangements[records.called] = table.arrangement
        # A store that is busy now costs a choice: it is not worth an error.
        with suppress(DeskError):
            desk = await self.desk()
            await off_thread(desk.arrangements.keep, self.actor, records.called, table.arrangement)


def column_choices(table: RecordTable[Any]) -> list[ColumnChoice]:
    """Every column of a list: those that are on in their order, then the others."""
    on = arranged(table.columns, table.arrangement or USUAL)
    titles = {column.title for column in on}
    every = (*on, *(column for column in table.columns if column.title not in titles))
    row = table.current
    return [
        ColumnChoice(
            column.title,
            column.title in titles,
            column.title in table.shown,
            "" if row is None else column.value(row),
        )
        for column in every
    ]
