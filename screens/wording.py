"""Words and times that several screens share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.plurals import plural as plural  # re-exported: one import for the words of screens
from dropcopy_tui.domain.plurals import some as some
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.views import KeyView

if TYPE_CHECKING:
    from dropcopy_tui.services.outbox.outbox import Message

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
SESSION_KINDS = {
    SessionKind.DROP_COPY: "Drop Copy Sessions",
    SessionKind.ORDER_ENTRY: "Order Entry Sessions",
    SessionKind.MARKET_DATA: "Market Data Sessions",
}
# The tone of each message state.
MESSAGE_TONES = {"held": "muted", "queued": "warning", "sent": "success", "failed": "error"}


def utc(when: datetime) -> str:
    """A moment with its zone, such as `22 Nov 2026 16:45 UTC`."""
    return moment_words(when)


def message_words(message: Message) -> str:
    """The state of an outbox message, and why."""
    tries = f" after {plural(message.attempts, 'attempt')}" if message.attempts else ""
    if message.sent_at is not None:
        return f"Sent {utc(message.sent_at)}{tries}."
    again = f" Next attempt {utc(message.next_at)}." if message.next_at else ""
    return " ".join(f"{message.state.capitalize()}{tries}. {message.error}{again}".split())


def key_words(key: KeyView) -> str:
    """A key pair's state in words."""
    return key.state.words
