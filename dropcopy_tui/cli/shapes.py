"""The JSON shapes of what services answer: a contract with scripts. More fields may come; these stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dropcopy_tui.cli.output import maybe_utc, utc

if TYPE_CHECKING:
    from dropcopy_tui.services.audit import Event
    from dropcopy_tui.services.notices import Notice
    from dropcopy_tui.services.outbox import Message
    from dropcopy_tui.services.views import (
        GroupLine,
        GroupView,
        KeyView,
        RequestView,
        SenderCompView,
        SessionView,
    )

Shape = dict[str, Any]


def group_shape(line: GroupLine) -> Shape:
    """A group; sources and targets are counts."""
    return {
        "id": line.id,
        "name": line.name,
        "entity": line.entity,
        "market": line.market,
        "front_end": line.front_end,
        "filters": [kind.value for kind in line.filters],
        "sources": line.sources,
        "targets": line.targets,
        "version": line.version,
    }


def whole_group_shape(view: GroupView) -> Shape:
    """A group with its target sessions: their Session IDs, and each with its keys."""
    return {
        **group_shape(view.line),
        "filters": [kind.value for kind in view.filters],
        "target_sessions": [session.session_id for session in view.sessions],
        "sessions": [session_shape(session) for session in view.sessions],
        "entity_name": view.entity_name,
        "created_at": utc(view.created_at),
        "created_by": view.created_by,
    }


def session_shape(view: SessionView) -> Shape:
    """A session with the public side of its key pairs."""
    return {
        "session_id": view.session_id,
        "kind": view.kind.value,
        "market": view.market,
        "gateway": view.gateway.value,
        "group": view.group or None,
        "group_id": view.group_id,
        "entity": view.entity,
        "status": view.status,
        "segments": list(view.segments),
        "keys": [key_shape(key) for key in view.keys],
    }


def key_shape(key: KeyView) -> Shape:
    """A key pair without its secret."""
    return {
        "session_id": key.session_id,
        "access_key_id": key.access_key_id,
        "state": key.state.value,
        "created_at": utc(key.created_at),
        "expires_at": utc(key.expires_at),
        "deleted_at": maybe_utc(key.deleted_at),
    }


def request_shape(view: RequestView) -> Shape:
    """A request."""
    return {
        "id": view.id,
        "type": view.type.value,
        "status": view.status.value,
        "stage": view.stage,
        "entity": view.entity,
        "subject": view.subject,
        "submitted_by": view.submitted_by,
        "submitted_at": utc(view.submitted_at),
        "ended_at": maybe_utc(view.ended_at),
        "reasons": list(view.reasons),
        "version": view.version,
        "waiting_for": list(view.waiting_for),
        "due": maybe_utc(view.due),
    }


def whole_request_shape(view: RequestView) -> Shape:
    """A request with what was asked for and what happened to it."""
    return {
        **request_shape(view),
        "asked": view.asked,
        "group_id": view.group_id,
        "story": [{"at": utc(moment.at), "text": moment.text} for moment in view.story],
    }


def sender_comp_shape(view: SenderCompView) -> Shape:
    """A SenderComp."""
    return {
        "sender_comp_id": view.sender_comp_id,
        "session_id": view.session_id,
        "gfid": view.gfid,
        "fti": view.fti,
        "gateway": view.gateway,
        "status": view.status,
    }


def message_shape(message: Message) -> Shape:
    """A message of the outbox."""
    return {
        "id": message.id,
        "channel": message.channel,
        "to": message.to,
        "subject": message.subject,
        "body": message.body,
        "state": message.state,
        "created_at": utc(message.created_at),
        "attempts": message.attempts,
        "next_at": maybe_utc(message.next_at),
        "sent_at": maybe_utc(message.sent_at),
        "error": message.error or None,
    }


def notice_shape(notice: Notice) -> Shape:
    """A notice in the application."""
    return {
        "id": notice.id,
        "at": utc(notice.at),
        "text": notice.text,
        "read": notice.read,
        "request": notice.request or None,
    }


def event_shape(event: Event) -> Shape:
    """An audit event."""
    return {
        "id": event.id,
        "at": utc(event.at),
        "person": event.person,
        "origin": event.origin,
        "action": event.action,
        "entity": event.entity,
        "subject": event.subject,
        "before": event.before,
        "after": event.after,
    }
