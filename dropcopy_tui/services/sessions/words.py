"""Sessions and their key pairs in words, for lists and for the questions before a deletion."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dropcopy_tui.domain.keypairs import KeyState, left_in_cells
from dropcopy_tui.services.views import SessionView


def keys_summary(sessions: Sequence[SessionView]) -> str:
    """The key pairs of a group in a word or two, the most urgent session first.

    "! expired": a feed has stopped; "! 23 d left": one stops in 23 days, "! today" today; "none": one has no pair yet.
    """
    last = [max(view.living, key=lambda key: key.expires_at, default=None) for view in sessions]
    for view, key in zip(sessions, last, strict=True):
        if key is None and view.keys:
            return "! expired"
    pending = [key for key in last if key is not None and key.state is KeyState.PENDING_EXPIRATION]
    if pending:
        days = min(key.days for key in pending)
        return f"! {left_in_cells(days)} left" if days else "! today"
    if None in last or not last:
        return "none"
    return f"{sum(len(view.living) for view in sessions)} active"


def deletion_words(view: SessionView, chosen: Collection[str]) -> str:
    """The effect of deleting these key pairs on a session; "" if it has none of them (rule K6)."""
    gone = [key for key in view.keys if key.access_key_id in chosen and key.deleted_at is None]
    if not gone:
        return ""
    names = ", ".join(f"{key.access_key_id} ({key.state.words})" for key in gone)
    what = f"{view.session_id}: {names} will be deleted"
    stays = [key for key in view.living if key.access_key_id not in chosen]
    if stays:
        client = "" if all(not key.state.living for key in gone) else ", and a client that signs with this one stops"
        return f"{what}; its other key pair is valid until {stays[-1].when}{client}"
    if any(key.state.living for key in gone):
        return f"{what}; it has no other active key pair, so its feed stops immediately"
    return f"{what}; no feed stops"
