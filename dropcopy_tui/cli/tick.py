"""dropcopy tick."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.output import say, show

if TYPE_CHECKING:
    from dropcopy_tui.services.tick import Part


@click.command("tick")
@verb
def tick(call: Call) -> int:
    """Run all due jobs: provisioning, expiry notices, outgoing messages, clean-up.

    For cron or a systemd timer. Safe to run concurrently. Prints one line per task; exits 1 if any task fails, but the
    rest still run.

    \b
    Example (crontab):
      */5 * * * * dropcopy tick
    """
    with call.signed_in() as (desk, actor):
        done = desk.chores.tick(actor)
    document = {"ok": done.went_through, "parts": [_shape(part) for part in done.parts]}
    show(call, document, [_line(part) for part in done.parts])
    for part in done.parts:
        if part.refusal:
            say(f"dropcopy: {part.name} failed: {part.refusal}")
    return 0 if done.went_through else 1


def _shape(part: Part) -> dict[str, object]:
    return {
        "name": part.name,
        "ok": not part.refusal,
        "counts": dict(part.counts),
        "note": part.note or None,
        "reason": part.refusal or None,
    }


def _line(part: Part) -> str:
    counts = "  ".join(f"{name} {count:,}" for name, count in part.counts.items())
    how = "failed" if part.refusal else "done"
    return "  ".join(filter(None, (f"{part.name:<9}{how:<7}{counts}", part.note))).rstrip()
