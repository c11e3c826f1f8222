"""Which SenderComps an edit adds to its group, or takes out of it: as long a list as it may be."""

from __future__ import annotations

from functools import partial
from typing import Any

from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.domain.requests import Change
from screens.groups.columns import SOURCES
from screens.lists import OneListScreen
from screens.widgets.record_list import RecordList


class ChangedSourcesScreen(OneListScreen):
    """One side of an edit that is not submitted yet."""

    CSS_PATH = "../../styles/requests.tcss"

    def __init__(self, draft_id: int, group: str, change: Change) -> None:
        super().__init__()
        self._draft_id, self._group, self._change = draft_id, group, change

    def records(self) -> RecordList[Any]:
        """SenderComps."""
        return RecordList(SOURCES, lambda row: row.id, noun=f"SenderComps {self._change.value}", pickable=False)

    def place(self) -> tuple[str, ...]:
        """The group that is edited."""
        return ("Edit", self._group, f"SenderComps {self._change.value}")

    def source(self, desk: Any) -> PageSource[Any]:
        """What the service pages."""
        return partial(desk.edits.sources, self.actor, self._draft_id, self._change)
