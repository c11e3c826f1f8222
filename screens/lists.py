"""What list screens share: Escape clears the filter first, `x` writes a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult

from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.seat import here
from dropcopy_tui.services.people.parcels import check_size
from screens.arranging import ArrangingScreen
from screens.export import Export, csv_bytes, write_list
from screens.jobs import job, off_thread, show_refusal
from screens.modals.file import FileModal, free_path
from screens.modals.work import with_work
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk


# What is said where a file is asked for.
AS_JSON = " A name that ends in .json makes the file JSON."


class ExportingScreen(ArrangingScreen):
    """A screen on which there are lists: each can be exported."""

    @on(RecordTable.Refused)
    def _refused(self, event: RecordTable.Refused) -> None:
        event.stop()
        show_refusal(self, event.error)

    @on(RecordList.ExportAsked)
    @job()
    async def _export(self, event: RecordList.ExportAsked) -> None:
        table = event.records.table
        desk = await self.desk()
        if table.source is None or table.total <= 0:
            self.say("There are no rows to export.", "note")
            return
        stem = f"{event.records.noun.replace(' ', '-')}-{desk.clock.now():%Y%m%d}"
        export = self.exported(event.records, desk)
        if here() is not None:
            await self._send(desk, f"{stem}.csv", export, table)
            return
        path = await self.app.push_screen_wait(FileModal("Export", export.text, free_path(Path.cwd(), stem, ".csv")))
        if path is not None:
            title = f"Exporting {plural(table.total, 'row')}"
            columns, ask = export.columns, table.query_ask
            write = partial(write_list, snapshot=desk.snapshot)
            count = await with_work(self, title, table.total, write, path, columns, export.source, ask)
            self.say(f"{plural(count, 'row')} written to {path}")

    async def _send(self, desk: Desk, name: str, export: Export, table: RecordTable[Any]) -> None:
        """Over SSH, the file waits for the person under a ticket: the host's own files are not theirs."""
        title, ask = f"Exporting {plural(table.total, 'row')}", table.query_ask
        write = partial(csv_bytes, check_size=check_size, snapshot=desk.snapshot)
        count, content = await with_work(self, title, table.total, write, export.columns, export.source, ask)
        ticket = await off_thread(desk.parcels.send, self.actor, name, content)
        self.say(f"{plural(count, 'row')}: fetch them once, within ten minutes: {ticket.command}")

    def exported(self, records: RecordList[Any], desk: Desk) -> Export:
        """What is written of a list that has rows: what it shows."""
        table = records.table
        assert table.source is not None
        text = f"{plural(table.total, 'row')}, filtered and sorted as shown.{AS_JSON}"
        return Export(table.columns, table.source, text)


class ListScreen(ExportingScreen):
    """A screen with lists."""

    def action_back(self) -> None:
        """Out of the filter that is seen first, then one level back."""
        if not any(records.clear_filter() for records in self.query(RecordList) if records.display):
            super().action_back()

    def seen_tables(self) -> list[RecordTable[Any]]:
        """The lists that are on the screen, and not behind another tab."""
        return [records.table for records in self.query(RecordList) if records.display]

    def store_changed(self) -> None:
        """The rows as they are now, with the cursor and the selection on the same records."""
        for table in self.query(RecordTable):
            if table.source is not None and table.total >= 0:
                table.follow()


class OneListScreen(ListScreen):
    """A screen that is one list of the person's."""

    def records(self) -> RecordList[Any]:
        """The list, without its source."""
        raise NotImplementedError

    def source(self, desk: Desk) -> PageSource[Any]:
        """Where its pages come from."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """The list."""
        yield self.records()

    def on_mount(self) -> None:
        """Read the list."""
        self.query_one(RecordList).focus_list()
        self._start()

    @job()
    async def _start(self) -> None:
        self.query_one(RecordTable).show_source(self.source(await self.desk()))
