"""The email about key pairs that were generated or deleted: who, which, until when, from where, and what if not."""

from __future__ import annotations

from collections.abc import Sequence

from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.requests import RequestType
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import KeyView

# More lines than this are not read, and My Requests has all of them.
_LISTED = 100


def key_letter(uow: UnitOfWork, kind: RequestType, keys: Sequence[KeyView]) -> str:
    """The text for the person who asked, so that someone who did not ask sees it (rule Q6)."""
    made = kind is RequestType.GENERATE_KEY
    did = "generated" if made else "deleted"
    head = f"{uow.actor.user_id} {did} {plural(len(keys), 'key pair')}, from {uow.actor.origin or 'an unknown place'}."
    lines = [f"{key.session_id}  {key.access_key_id}  {_until(key, made)}" for key in keys[:_LISTED]]
    if len(keys) > _LISTED:
        lines.append(f"... and {len(keys) - _LISTED:,} more: see My Requests.")
    cure = "delete these key pairs" if made else "generate new key pairs for these sessions"
    contact = f" ({uow.settings.ease_contact})" if uow.settings.ease_contact else ""
    return "\n".join([head, "", *lines, "", f"If this was not you, {cure} now and call EASE{contact}."])


def _until(key: KeyView, made: bool) -> str:
    return f"valid until {key.when}" if made else "deleted, no longer accepted"
