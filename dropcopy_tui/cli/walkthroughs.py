"""dropcopy walkthrough: the jobs of the desk, key by key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, only_on_host, verb, with_looks
from dropcopy_tui.cli.output import say, show, table, write

if TYPE_CHECKING:
    from dropcopy_tui.walkthroughs.steps import Walkthrough

_SPEED = click.option(
    "--speed", type=click.FloatRange(0.1, 100), default=1.0, show_default=True, help="2 is twice as fast."
)
_FORMS = ("md", "txt", "svg", "cast")


@noun("walkthrough")
def walkthrough() -> None:
    """Walkthroughs: the jobs of the desk, key by key, in a sandbox of their own."""


@walkthrough.command("list")
@verb
def list_walkthroughs(call: Call) -> None:
    """List the walkthroughs.

    \b
    Examples:
      dropcopy walkthrough list
      dropcopy walkthrough practice create-group
    """
    from dropcopy_tui.walkthroughs.library import WALKTHROUGHS

    every = list(WALKTHROUGHS.values())
    order = list(dict.fromkeys(each.role for each in every))
    by_role = sorted(every, key=lambda each: order.index(each.role))
    document = [
        {"name": each.name, "title": each.title, "role": each.role, "steps": len(each.steps), "rows": list(each.rows)}
        for each in WALKTHROUGHS.values()
    ]
    lines = table(("NAME", "STEPS", "TITLE"), [(each.name, len(each.steps), each.title) for each in by_role], "")
    roles = [each.role for each in by_role]
    # Eighty columns have no room for the role: it is a heading.
    body = (
        line
        for role, before, line in zip(roles, ["", *roles], lines[1:], strict=False)
        for line in ([] if role == before else ["", f"{role}:"]) + [line]
    )
    show(call, document, [lines[0], *body])


@walkthrough.command("play")
@click.argument("name")
@_SPEED
@with_looks
@only_on_host
@verb
def play(call: Call, name: str, speed: float) -> int:
    """Play a walkthrough by itself; Space pauses, q ends."""
    return _perform(call, name, "play", speed)


@walkthrough.command("step")
@click.argument("name")
@with_looks
@only_on_host
@verb
def step(call: Call, name: str) -> int:
    """Play a walkthrough step by step; Space continues, q ends."""
    return _perform(call, name, "step", 1.0)


@walkthrough.command("practice")
@click.argument("name")
@with_looks
@only_on_host
@verb
def practice(call: Call, name: str) -> int:
    """Press the keys of a walkthrough yourself; a hint comes after ten seconds."""
    return _perform(call, name, "practice", 1.0)


@walkthrough.command("export")
@click.argument("name")
@click.option("--md", "form", flag_value="md", default="md", help="As a page in Markdown (the default).")
@click.option("--txt", "form", flag_value="txt", help="As text, with every screen.")
@click.option("--svg", "form", flag_value="svg", help="As pictures, into the folder --out.")
@click.option("--cast", "form", flag_value="cast", help="As a recording for asciinema (version 2).")
@click.option("--out", default="-", metavar="PATH", help="A new file; for --svg, a folder. Default: standard output.")
@only_on_host
@verb
def export(call: Call, name: str, form: str, out: str) -> None:
    """Write a walkthrough as a page, as pictures or as a recording.

    \b
    Examples:
      dropcopy walkthrough export create-group > create-group.md
      dropcopy walkthrough export create-group --cast --out create-group.cast
    """
    from dropcopy_tui.walkthroughs.library import walkthrough_named

    chosen = walkthrough_named(name)
    if form == "svg" and out == "-":
        raise click.UsageError("--svg writes several pictures. Name their folder with --out.")
    for place, text in _exported(chosen, form, out):
        if place is None:
            write(text)
        else:
            _write_new(place, text)
            say(f"Written: {place}")


def _perform(call: Call, name: str, mode: str, speed: float) -> int:
    from dropcopy_tui.cli.application import perform_walkthrough
    from dropcopy_tui.walkthroughs.library import walkthrough_named

    return perform_walkthrough(call, walkthrough_named(name), mode, speed)


def _exported(chosen: Walkthrough, form: str, out: str) -> list[tuple[Path | None, str]]:
    """Each text with the file that it belongs in; None for standard output."""
    from dropcopy_tui.cli.application import walkthrough_export

    texts = walkthrough_export(chosen, form)
    if form == "svg":
        folder = Path(out)
        folder.mkdir(mode=0o755, exist_ok=True)
        return [(folder / name, text) for name, text in texts]
    return [(None if out == "-" else Path(out), text) for _, text in texts]


def _write_new(place: Path, text: str) -> None:
    from dropcopy_tui.new_file import new_text_file

    with new_text_file(place) as file:
        file.write(text)
