"""Words and times that several screens share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.plurals import plural as plural  # re-exported: one import for the words of screens
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.views import KeyView, RequestView

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
# How the states of a message look.
MESSAGE_TONES = {"held": "muted", "queued": "warning", "sent": "success", "failed": "error"}


def utc(when: datetime) -> str:
    """A moment with its zone, such as `22 Nov 2026 16:45 UTC`."""
    return moment_words(when)


def group_to_open(request: RequestView, user_id: str) -> int | None:
    """The group of an own request that is there now: others' groups may be none of the person's business."""
    gone = request.type is RequestType.DELETE_GROUP
    return None if gone or request.submitted_by != user_id else request.group_id


def ended_words(request: RequestView, opens: bool = True) -> tuple[str, str]:
    """What became of a request, and the banner's kind for it. `opens`: its group can be opened with o."""
    what = f"{request.id}, {request.type.words.lower()} {request.subject}"
    if request.status is RequestStatus.COMPLETED:
        how = " Press o to open the group." if opens else ""
        return f"{what}: completed. {_came(request)}{how}", "done"
    return f"{what}: {request.status.words.lower()}. {' '.join(request.reasons)}", "failed"


def _came(request: RequestView) -> str:
    targets = ", ".join(request.targets)
    if request.type is RequestType.EDIT_GROUP:
        return "The changes are in force."
    if request.type is RequestType.DELETE_GROUP:
        return f"Target session {targets} is released: ask GAM to retire it." if targets else "It had no session."
    return f"Target session {targets} is set up."


def message_words(message: Message) -> str:
    """Where a message of the outbox is, and why."""
    tries = f" after {plural(message.attempts, 'try', 'tries')}" if message.attempts else ""
    if message.sent_at is not None:
        return f"Sent {utc(message.sent_at)}{tries}."
    again = f" Next try {utc(message.next_at)}." if message.next_at else ""
    return " ".join(f"{message.state.capitalize()}{tries}. {message.error}{again}".split())


def key_words(key: KeyView) -> str:
    """A key pair's state in words."""
    return key.state.value.replace("_", " ")


# Every action of the audit trail, in words; a test finds the actions in the services and asks for each.
ACTIONS = {
    "challenge:approved": "Second factor approved by Duo",
    "challenge:cancelled": "Second factor cancelled",
    "challenge:denied": "Second factor denied by Duo",
    "challenge:passed": "Second factor passed",
    "challenge:pushed": "Push sent to the phone",
    "challenge:started": "Second factor started",
    "challenge:wrong_code": "Wrong one-time code",
    "draft:caught_up": "Draft brought up to date",
    "draft:discarded": "Draft discarded",
    "draft:saved": "Draft saved",
    "draft:sources_added": "SenderComps added to a draft",
    "draft:sources_removed": "SenderComps taken out of a draft",
    "draft:started": "Draft started",
    "factor:enrolled": "Authenticator app enrolled",
    "factor:enrolling": "Authenticator app shown",
    "factor:issued": "One-time code issued by EASE",
    "factor:reset": "Authenticator app removed",
    "factor:reset_asked": "Reset of a factor asked for",
    "front_end:mapped": "Front end mapped",
    "front_end:unmapped": "Front end taken out of use",
    "group:changed": "Group changed",
    "group:created": "Group created",
    "group:deleted": "Group deleted",
    "imports:done": "File imported",
    "keypair:deleted": "Key pair deleted",
    "keypair:downloaded": "Key pair downloaded",
    "keypair:expiry_told": "Expiry of key pairs told",
    "keypair:generated": "Key pair generated",
    "logon:rehearsed": "Logon rehearsed",
    "mail:failed": "Message could not be sent",
    "mail:put_back": "Message put back to be sent",
    "mail:sent": "Message sent",
    "notice:read": "Notices read",
    "person:disabled": "Account disabled",
    "person:disentitled": "Role taken away",
    "person:enabled": "Account enabled",
    "person:entitled": "Role given",
    "person:invitation_accepted": "Invitation accepted",
    "person:invitation_refused": "Invitation refused",
    "person:invited": "Person invited",
    "person:invited_again": "Person invited again",
    "person:password_changed": "Password changed",
    "person:refused": "Refused: not entitled",
    "person:roles_changed": "Roles changed",
    "person:sign_in_refused": "Sign-in refused",
    "person:signed_in": "Signed in",
    "person:unlocked": "Account unlocked",
    "request:approval_asked": "Approval asked for",
    "request:approved": "Request approved",
    "request:cancelled": "Request cancelled",
    "request:completed": "Request completed",
    "request:denied": "Request denied",
    "request:failed": "Request failed",
    "request:submitted": "Request submitted",
    "session:allocated": "Session allocated",
    "session:released": "Session released",
    "session:retired": "Session retired",
    "store:cleaned": "Store cleaned up",
    "store:made": "Store made",
}


def action_words(action: str) -> str:
    """What happened, in words."""
    return ACTIONS.get(action) or action.replace(":", " ").replace("_", " ").capitalize()
