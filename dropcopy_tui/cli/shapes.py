"""The JSON shapes of the services' results: a contract with scripts. Fields may be added but never removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dropcopy_tui.cli.output import maybe_utc, short_utc, utc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dropcopy_tui.domain.groups import FrontEnd
    from dropcopy_tui.domain.logon_mistakes import SignedLine
    from dropcopy_tui.services.audit import Event
    from dropcopy_tui.services.bulk import Failure
    from dropcopy_tui.services.groups.front_ends import MappingLine
    from dropcopy_tui.services.groups.receivers import Reception
    from dropcopy_tui.services.home import HomeView, KeylessSession
    from dropcopy_tui.services.keys.report import KeyReportLine
    from dropcopy_tui.services.outbox.notices import Notice
    from dropcopy_tui.services.outbox.outbox import Message
    from dropcopy_tui.services.people.views import PersonLine, PersonView
    from dropcopy_tui.services.routing.routing import Report, RoutedMessage
    from dropcopy_tui.services.views import (
        DraftView,
        FirmCount,
        GroupLine,
        GroupView,
        KeyView,
        RequestLine,
        RequestView,
        Review,
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


def state_words(key: KeyView) -> str:
    """The state of a key pair; of a deleted one also when it was deleted, and by whom."""
    if key.deleted_at is None:
        return key.state.words
    by = f" by {key.deleted_by}" if key.deleted_by else ""
    return f"{key.state.words} {short_utc(key.deleted_at)}{by}"


def key_shape(key: KeyView) -> Shape:
    """A key pair without its secret."""
    return {
        "session_id": key.session_id,
        "access_key_id": key.access_key_id,
        "state": key.state.value,
        "created_at": utc(key.created_at),
        "expires_at": utc(key.expires_at),
        "deleted_at": maybe_utc(key.deleted_at),
        "deleted_by": key.deleted_by or None,
        "days_left": key.days if key.state.living else None,
    }


def key_line_shape(line: KeyReportLine) -> Shape:
    """A key pair in the report."""
    return {
        "session_id": line.session_id,
        "market": line.market,
        "kind": line.kind.value,
        "entity": line.entity,
        "access_key_id": line.access_key_id,
        "state": line.state.value,
        "created_at": utc(line.created_at),
        "age_days": line.age_days,
        "expires_at": utc(line.expires_at),
        "days_left": line.days_left,
        "last_notice_days": line.notice_days,
        "last_notice_at": maybe_utc(line.notice_at),
        "remark": line.remark,
        "deleted_at": maybe_utc(line.deleted_at),
        "deleted_by": line.deleted_by or None,
    }


def failed_shape(failed: Sequence[Failure]) -> list[Shape]:
    """The sessions that were left unchanged, each with the reason."""
    return [{"session_id": failure.session_id, "reason": failure.reason} for failure in failed]


def request_shape(view: RequestLine | RequestView) -> Shape:
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
    """A request with the requested changes and its history."""
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


def firm_shape(row: FirmCount) -> Shape:
    """A Globex Firm of a group, and how many source SenderComps it has there."""
    return {"gfid": row.gfid, "sources": row.count}


def draft_shape(view: DraftView) -> Shape:
    """A draft; sources is a count, group the one that it edits."""
    return {
        "id": view.id,
        "version": view.version,
        "name": view.name,
        "entity": view.entity or None,
        "market": view.market,
        "group": view.group or None,
        "group_id": view.group_id,
        "front_end": view.front_end.title if view.front_end else None,
        "filters": [kind.value for kind in view.filters],
        "sources": view.sources,
        "step": view.step,
        "updated_at": utc(view.updated_at),
    }


def review_shape(review: Review) -> Shape:
    """A draft as its last step shows it: what it changes, whose approval it needs, what prevents its submission."""
    changes = review.changes
    after = review.draft.sources
    return {
        **draft_shape(review.draft),
        # A dry run keeps no draft.
        "id": review.draft.id or None,
        "filters": [kind.value for kind in review.filters],
        "firms": [firm_shape(row) for row in review.firms],
        "gateways": [gateway.value for gateway in review.gateways],
        "approval_of": list(review.approval_of),
        "fee": review.fee,
        "problems": list(review.problems),
        "changes": {each.field: [each.before, each.after] for each in changes.fields} if changes else {},
        "stale": changes.stale or None if changes else None,
        "filters_added": [kind.value for kind in changes.filters_added] if changes else [],
        "filters_removed": [kind.value for kind in changes.filters_removed] if changes else [],
        "sources_before": after - changes.added + changes.removed if changes else 0,
        "added": changes.added if changes else after,
        "removed": changes.removed if changes else 0,
        "added_names": list(changes.added_names) if changes else [],
        "removed_names": list(changes.removed_names) if changes else [],
        "new_target_sessions": [gateway.value for gateway in review.new_targets],
        "effective": review.effective,
        "effective_at": maybe_utc(review.effective_at),
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


def status_shape(user_id: str, view: HomeView) -> Shape:
    """The first screen. `groups` are counts by menu; `requests` are the person's own, `notices` the unread ones."""
    return {
        "user_id": user_id,
        "entities": view.entities,
        "stopped": [{**_keyless_shape(key), "expired_at": maybe_utc(key.expired_at)} for key in view.stopped],
        "expiring": [
            {
                "session_id": key.session_id,
                "kind": key.kind,
                "market": key.market,
                "expires_at": utc(key.expires_at),
                "days_left": key.days,
            }
            for key in view.expiring
        ],
        "without_keys": [_keyless_shape(key) for key in view.without],
        "to_approve": view.to_review,
        "drafts": [
            {"id": draft.id, "name": draft.name, "market": draft.market, "step": draft.step} for draft in view.drafts
        ],
        "notices": view.notices,
        "requests": view.requests,
        "groups": {menu.value: number for menu, number in view.groups.items()},
        "order_entry_sessions": view.order_entry,
        "market_data_sessions": view.market_data,
    }


def _keyless_shape(key: KeylessSession) -> Shape:
    return {"session_id": key.session_id, "kind": key.kind, "market": key.market}


def person_shape(line: PersonLine) -> Shape:
    """A person; roles have the same form as in imports."""
    return {
        "user_id": line.user_id,
        "name": line.name,
        "email": line.email,
        "status": line.status.value,
        "roles": [each.code for each in line.entitlements],
    }


def whole_person_shape(view: PersonView) -> Shape:
    """A person with the state of the account."""
    return {
        **person_shape(view.line),
        "mobile": view.mobile or None,
        "has_password": view.has_password,
        "created_at": utc(view.created_at),
        "locked_until": maybe_utc(view.locked_until),
        "invited_until": maybe_utc(view.invited_until),
        "events": [{"at": utc(moment.at), "text": moment.text} for moment in view.events],
    }


def front_end_shape(view: FrontEnd) -> Shape:
    """A front end system."""
    return {"id": view.id, "name": view.name, "version": view.version, "vendor": view.vendor}


def mapping_shape(line: MappingLine) -> Shape:
    """A front end system as one entity sees it; groups is a count."""
    return {**front_end_shape(line.front_end), "mapped": line.mapped, "groups": line.groups}


def reception_shape(found: Reception) -> Shape:
    """Who receives the messages of a SenderComp, of a Globex Firm, or one message."""
    return {
        "asked": found.asked,
        "sender_comps": found.sender_comps,
        "kind": found.kind or None,
        "matched_filters": [kind.value for kind in found.filters],
        "why_not": found.why_not,
        "groups": [
            {
                "id": group.id,
                "name": group.name,
                "entity": group.entity,
                "market": group.market,
                "filters": [kind.value for kind in group.filters],
                "sources": group.sources,
                "sessions": [session_shape(session) for session in group.sessions],
            }
            for group in found.groups
        ],
    }


def report_shape(report: Report) -> Shape:
    """A whole FIX log. `copies` is the number of messages that each target session of a group receives."""
    return {
        "messages": report.messages,
        "unrouted": report.unrouted,
        "groups": [
            {
                "id": total.group.id,
                "name": total.group.name,
                "entity": total.group.entity,
                "market": total.group.market,
                "target_sessions": list(total.group.target_sessions),
                "copies": total.copies,
                "by_filter": {kind.value: number for kind, number in total.by_filter.items()},
            }
            for total in report.groups
        ],
        "by_filter": {kind.value: number for kind, number in report.by_filter.items()},
        "flagged": report.flagged,
        "unknown": report.unknown,
        "unknown_sources": list(report.unknown_sources),
        "garbage": report.garbage,
        "garbage_lines": list(report.garbage_lines),
        "own_lines": report.own_lines,
        "misses": list(report.misses),
    }


def routed_shape(row: RoutedMessage) -> Shape:
    """A message of a log; `groups` are ids, and `why_not` is null if the message is copied."""
    return {
        "line": row.line,
        "kind": row.reading.kind.code,
        "kind_words": row.reading.kind.words,
        "source": row.reading.source,
        "filters": [kind.value for kind in row.reading.filters],
        "groups": [group.id for group in row.groups],
        "group_names": [group.name for group in row.groups],
        "why_not": row.why_not or None,
        "problems": list(row.problems),
    }


def line_shape(line: SignedLine) -> Shape:
    """A value of the signed string; `signed` is null if the signed value is unknown, "" if it was left out."""
    return {"tag": line.tag, "expected": line.expected, "signed": line.signed, "differs": line.differs}
