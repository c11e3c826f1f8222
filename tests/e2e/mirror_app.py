"""The application, told to open any screen, and asked what Textual would draw.

It runs on the store of the tests of screens. An order stands in the file `order` of its folder, SIGUSR1 says so, and
the answer comes into the file `answer`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from screens.terminal.guard import prepare, quick_start


def run(folder: Path) -> int:
    """The application; the terminal is looked at before Textual is imported, as the command line does."""
    facts = prepare(os.environ)
    quick_start()
    (folder / "pid").write_text(str(os.getpid()))

    from textual._compositor import LayoutUpdate

    from dropcopy_tui.config.looks import Looks
    from screens import app as module
    from screens.app import DropCopyApp
    from screens.dress import dressed
    from screens.leaving import close_down_to
    from screens.widgets.key_bar import KeyBar
    from screens.widgets.record_table import RecordTable
    from tests.screens.conftest import OPERATOR, Place
    from tests.screens.test_others import makers

    # As the options --theme and --glyphs do.
    looks = Looks(theme=os.environ.get("MIRROR_THEME", ""), glyphs=os.environ.get("MIRROR_GLYPHS", ""), asked=True)
    facts = dressed(facts, looks)
    place = Place(folder)
    known = makers(place)

    class Mirror(DropCopyApp):
        # Textual looks for them beside this file.
        CSS_PATH = [str(Path(module.__file__).parent / path) for path in DropCopyApp.CSS_PATH]

        def on_mount(self) -> None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.call_next, self.obey)

        def obey(self) -> None:
            order, _, name = (folder / "order").read_text().partition(" ")
            answer = getattr(self, order)(name)
            (folder / "writing").write_text(answer)
            (folder / "writing").rename(folder / "answer")

        def names(self, _: str) -> str:
            return "\n".join(known)

        def show(self, name: str) -> str:
            close_down_to(self, self.screen_stack[0])
            self.push_screen(known[name]())
            return name

        def home(self, _: str) -> str:
            close_down_to(self, self.screen_stack[0])
            return "home"

        def calm(self, _: str) -> str:
            """Whether nothing is on its way: no screen, no page of a list."""
            busy = self.in_transit or any(table.is_opening for table in self.screen.query(RecordTable))
            return "" if busy else "calm"

        def needs(self, _: str) -> str:
            """The cells that all keys need, or below 80 columns those that are shown, and the cells that there are."""
            lines = self.screen.query(KeyBar)
            return "\n".join(
                f"{line.takes if line.size.width < 80 else line.needs} {line.size.width}" for line in lines
            )

        def tell(self, _: str) -> str:
            compositor: Any = self.screen._compositor
            update = LayoutUpdate([[strip] for strip in compositor.render_strips()], compositor.size.region)
            return update.render_segments(self.console)

    return Mirror(place.config, facts, OPERATOR, clock=place.clock).start()


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
