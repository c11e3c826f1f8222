"""What walkthroughs show: their steps with pictures for the tutorial, and a screen as text for the README.

They are played in one folder, whatever the temporary folder of the machine is, because paths are on the pictures.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

from dropcopy_tui.walkthroughs.library import walkthrough_named
from screens.walkthroughs.export import pictures, step_lines
from screens.walkthroughs.theatre import Scene, scenes

FOLDER = Path("/tmp/dropcopy-docs")
PICTURES = "docs/pictures"


@cache
def played(name: str) -> tuple[Scene, ...]:
    """The steps of a walkthrough, each as it looks when it is done."""
    # What the application freezes at its start, a test would keep to its end.
    with _alone(), patch("gc.freeze"):
        return tuple(scenes([walkthrough_named(name)], folder=FOLDER)[name])


@contextmanager
def _alone() -> Iterator[None]:
    """No other run uses the folder, and what one that was killed has left in it is gone."""
    with FOLDER.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(FOLDER, ignore_errors=True)
        yield


def walkthrough_region(name: str) -> str:
    """Every step as an item of a list, some with their pictures."""
    lines: list[str] = []
    for number, scene in enumerate(played(name), 1):
        lines += ["", *step_lines(number, scene)]
        if scene.step.shot:
            alt = scene.step.say.partition(".")[0].replace("[", "").replace("]", "")
            lines += ["", f"   ![{alt}](pictures/{name}-{scene.step.shot}.svg)"]
    return "\n".join(lines)


def screen_region(name: str, step: str) -> str:
    """What is on the screen after a step, as text: it shows wherever text does."""
    return f"```text\n{played(name)[int(step) - 1].text.rstrip()}\n```"


def picture_files(name: str) -> dict[str, str]:
    """The pictures of a walkthrough by their paths in the repository."""
    found = pictures(walkthrough_named(name), played(name))
    return {f"{PICTURES}/{file}": text for file, text in found}
