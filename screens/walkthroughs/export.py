"""Walkthroughs on paper: as a page (Markdown or text), as pictures (SVG), as a recording (asciinema, version 2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from dropcopy_tui.walkthroughs.steps import PLAIN_KEYS, Line, PhoneCode, Press, Text, Walkthrough
from screens.terminal.key_names import name_of
from screens.walkthroughs.panel import LINES, Words, panel
from screens.walkthroughs.theatre import STANDARD_SIZE, Scene, scenes

# The pictures name a font of the reader's machine; nothing is fetched to show them.
_OUTSIDE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.S)
# Seconds of a recording: to read a step, at so many characters a second, and to look at what came of it.
_READS, _LOOKS = 18, 1.5


def exported(walkthrough: Walkthrough, form: str) -> list[tuple[str, str]]:
    """A walkthrough as `md`, `txt`, `svg` or `cast`: names and texts. Raises WalkthroughFailed, StoreUnusable."""
    played = scenes([walkthrough])[walkthrough.name]
    if form == "svg":
        return list(pictures(walkthrough, played))
    made = {"md": markdown, "txt": text, "cast": recording}[form](walkthrough, played)
    return [(f"{walkthrough.name}.{form}", made)]


def markdown(walkthrough: Walkthrough, played: Sequence[Scene]) -> str:
    """A page with every step, and the screens of some as text."""
    lines = [f"# {walkthrough.title}", "", f"Played by: {walkthrough.role}."]
    for number, scene in enumerate(played, 1):
        lines += ["", *step_lines(number, scene)]
        if scene.step.shot:
            lines += ["", "   ```text", *(f"   {line}".rstrip() for line in scene.text.split("\n")), "   ```"]
    return "\n".join(lines) + "\n"


def step_lines(number: int, scene: Scene) -> list[str]:
    """A step as an item of a list in Markdown: what is said, and the keys."""
    keys = _keys(scene)
    return [f"{number}. {_said(scene)}", *(["", f"   Keys: {keys}"] if keys else [])]


def text(walkthrough: Walkthrough, played: Sequence[Scene]) -> str:
    """Every step with the whole screen below it."""
    rule = "=" * STANDARD_SIZE[0]
    lines = [walkthrough.title]
    for number, scene in enumerate(played, 1):
        keys = _keys(scene)
        lines += ["", rule, f"{number}. {_said(scene)}", *([f"Keys: {keys}"] if keys else []), rule, scene.text]
    return "\n".join(lines) + "\n"


def pictures(walkthrough: Walkthrough, played: Sequence[Scene]) -> Iterator[tuple[str, str]]:
    """The name and the text of each picture (SVG)."""
    for scene in played:
        if scene.step.shot:
            yield f"{walkthrough.name}-{scene.step.shot}.svg", _OUTSIDE.sub("", scene.picture)


def recording(walkthrough: Walkthrough, played: Sequence[Scene], size: tuple[int, int] = STANDARD_SIZE) -> str:
    """A recording for asciinema: https://docs.asciinema.org/manual/asciicast/v2/"""
    columns, lines = size
    header = {"version": 2, "width": columns, "height": lines + LINES, "title": walkthrough.title}
    events, at = [json.dumps(header)], 0.0
    for number, scene in enumerate(played, 1):
        title = f"TRAINING  {walkthrough.title}  {number}/{len(played)}"
        words = Words(title, _said(scene), f"Keys: {_keys(scene)}" if _keys(scene) else "")
        below = "".join(f"\x1b[{lines + row};1H{line}" for row, line in enumerate(panel(words, columns), 1))
        events.append(json.dumps([round(at, 2), "o", below]))
        at += len(words.said) / _READS
        events.append(json.dumps([round(at, 2), "o", scene.drawn + below]))
        at += _LOOKS
    return "\n".join(events) + "\n"


def _said(scene: Scene) -> str:
    return f"You are {scene.step.person} now. {scene.step.say}" if scene.step.person else scene.step.say


def _keys(scene: Scene) -> str:
    return ", ".join(_key(press, scene) for press in scene.step.keys)


def _key(press: Press, scene: Scene) -> str:
    if isinstance(press, Text):
        return f'"{press.text}"'
    if isinstance(press, PhoneCode):
        return "the code"
    if isinstance(press, Line):
        return f"to {press.text}"
    return name_of(press if press in PLAIN_KEYS else scene.keys[press])
