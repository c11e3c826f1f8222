"""Key pairs: what will happen, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.services.bulk import Failure
from dropcopy_tui.services.views import KeyView
from screens.modals.base import DeskModal
from screens.terminal.values import value

if TYPE_CHECKING:
    from dropcopy_tui.services.keys.keypairs import Downloaded, Generated


class FilePlace(NamedTuple):
    """Where the key file is: what that means, and its path or the command that fetches it."""

    label: str
    where: str


def place_of(made: Generated | Downloaded) -> FilePlace | None:
    """Where the file of a result is; None where none was asked for."""
    if made.ticket is not None:
        return FilePlace("Type this on your own machine, within ten minutes; it works once", made.ticket.command)
    return FilePlace("Saved to (readable by you only)", str(made.file)) if made.file is not None else None


class ResultModal(DeskModal[bool]):
    """A row a pair, and where the file went. The secrets are in the file and nowhere else.

    Failures come first, with their reasons.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "cancel", "Close", id="result.close", tooltip="Close the result."),
    ]

    def __init__(
        self, title: str, keys: Sequence[KeyView], place: FilePlace | None, note: str, failed: Sequence[Failure] = ()
    ) -> None:
        super().__init__()
        self._title, self._keys, self._place, self._note = title, keys, place, note
        self._failed = failed

    def compose(self) -> ComposeResult:
        """Session, public key id, expiry; the file; what to do next."""
        rows = [value(f"{failure.session_id:<9}failed: {failure.reason}", "$error") for failure in self._failed]
        rows += [value(f"{'Session':<9}{'Public key id':<23}Expires", "$text-muted")]
        rows += [value(f"{key.session_id:<9}{key.access_key_id:<23}{_expires(key)}") for key in self._keys]
        with Vertical(classes="dialog wide"):
            yield Static(value(self._title + self._counted()), classes="title")
            with VerticalScroll(classes="lines"):
                yield Static(Content("\n").join(rows))
            if self._place is not None:
                yield Static("", markup=False)
                yield Static(value(self._place.label, "$text-muted"))
                yield Static(value(self._place.where))
            yield Static(value(self._note), classes="hint")
            yield Static("Enter or Esc closes", classes="hint", markup=False)

    def _counted(self) -> str:
        """How many, where that is not seen at a glance."""
        if not self._failed and len(self._keys) < 2:
            return ""
        return f": {len(self._keys):,}" + (f", failed: {len(self._failed):,}" if self._failed else "")


def _expires(key: KeyView) -> str:
    """A deleted pair has no expiry ahead of it."""
    return "deleted" if key.state is KeyState.DELETED else f"{key.when}  {key.left}"
