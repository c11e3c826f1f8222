"""Words and times that several screens share."""

from __future__ import annotations

from datetime import datetime

from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.services.views import KeyView, RequestView

TONES = {
    KeyState.ACTIVE: "success",
    KeyState.PENDING_EXPIRATION: "warning",
    KeyState.EXPIRED: "error",
    KeyState.DELETED: "muted",
}
REQUEST_TONES = {
    RequestStatus.IN_PROGRESS: "warning",
    RequestStatus.COMPLETED: "success",
    RequestStatus.FAILED: "error",
    RequestStatus.DENIED: "error",
    RequestStatus.CANCELLED: "muted",
}


def utc(when: datetime) -> str:
    """A moment with its zone, such as `22 Nov 2026 16:45 UTC`."""
    return f"{when.day} {when:%b %Y %H:%M} UTC"


def ended_words(request: RequestView) -> tuple[str, str]:
    """What became of a request, and the banner's kind for it."""
    what = f"{request.id}, {request.type.words.lower()} {request.subject}"
    if request.status is RequestStatus.COMPLETED:
        targets = ", ".join(request.targets)
        return f"{what}: completed. Target session {targets} is set up. Press o to open the group.", "done"
    return f"{what}: {request.status.words.lower()}. {' '.join(request.reasons)}", "failed"


def key_words(key: KeyView) -> str:
    """A key pair's state in words."""
    return key.state.value.replace("_", " ")


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 session`, `3 sessions`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
