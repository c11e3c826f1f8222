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

    from textual._compositor import LayoutUpdate

    from screens import app as module
    from screens.app import DropCopyApp
    from screens.leaving import close_down_to
    from tests.screens.conftest import OPERATOR, Place
    from tests.screens.test_others import makers

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

        def tell(self, _: str) -> str:
            compositor: Any = self.screen._compositor
            update = LayoutUpdate([[strip] for strip in compositor.render_strips()], compositor.size.region)
            return update.render_segments(self.console)

    return Mirror(place.config, facts, OPERATOR, clock=place.clock).start()


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
