"""Every walkthrough there is, by name."""

from __future__ import annotations

from collections.abc import Mapping

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.walkthroughs import desk, factors, groups, keys, new_groups, requests
from dropcopy_tui.walkthroughs.steps import Walkthrough

WALKTHROUGHS: Mapping[str, Walkthrough] = {
    walkthrough.name: walkthrough
    for room in (new_groups, groups, keys, factors, requests, desk)
    for walkthrough in room.ALL
}


def walkthrough_named(name: str) -> Walkthrough:
    """The walkthrough with this name, in any case. Raises NotFound."""
    found = WALKTHROUGHS.get(name.lower())
    if found is None:
        raise NotFound(f"No walkthrough is called {name!r}. List them with: dropcopy walkthrough list")
    return found
