"""What rows say of each other and no constraint of the database can hold, as SQL for both engines.

Each statement finds the rows that break its rule; a sound store has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dropcopy_tui.store.tables.words import NEVER

_HEAD = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its name, what is wrong with the rows that `sql` finds, and the statement."""

    name: str
    words: str
    sql: str


def _kept(table: str, rows: str, *owner: str, where: str = "") -> str:
    """The parts of a set whose kept count differs from its members, and those that have no members."""
    names = ", ".join(owner)
    parts = {"gfid": "gfid", "sender_comp_id": f"substr(sender_comp_id, 1, {_HEAD})"}
    counted = " UNION ALL ".join(
        f"SELECT {names}, '{kind}' AS kind, {part} AS part, count(*) AS members FROM {rows} {where} "
        f"GROUP BY {names}, {part}"
        for kind, part in parts.items()
    )
    kept = f"SELECT {names}, kind, part, members FROM {table}"
    return (
        f"SELECT {names}, part FROM (SELECT * FROM ({counted}) AS a EXCEPT {kept}) AS more UNION "
        f"SELECT {names}, part FROM ({kept} EXCEPT SELECT * FROM ({counted}) AS b) AS less"
    )


def _named(table: str, owner: str) -> str:
    return (
        f"SELECT s.{owner}, s.sender_comp_id FROM {table} s JOIN sender_comp c ON c.id = s.sender_comp_pk "
        "WHERE s.sender_comp_id <> c.sender_comp_id OR s.gfid <> c.gfid"
    )


_SETS = {
    "group": ("group_source", "group_count", ("group_id",)),
    "draft": ("draft_source", "draft_count", ("draft_id",)),
    "request": ("request_source", "request_count", ("request_id", "change")),
}


def _of_sets() -> Iterator[Rule]:
    for noun, (rows, counts, owner) in _SETS.items():
        yield Rule(
            f"{noun}s.kept-counts", f"The kept counts of a {noun} differ from its SenderComps.",
            _kept(counts, rows, *owner),
        )  # fmt: skip
        yield Rule(
            f"{noun}s.members", f"A {noun} names a SenderComp by another id or firm than it has.",
            _named(rows, owner[0]),
        )  # fmt: skip


RULES = (
    Rule(
        "groups.sources",
        "The number of sources of a group differs from its SenderComps.",
        "SELECT g.name FROM drop_copy_group g "
        "WHERE g.sources <> (SELECT count(*) FROM group_source s WHERE s.group_id = g.id)",
    ),
    Rule(
        "groups.sessions",
        "An active target session belongs to a deleted group, or to one of another entity or market.",
        "SELECT s.session_id FROM session s JOIN drop_copy_group g ON g.id = s.group_id WHERE s.status = 'active' "
        "AND (g.deleted_at IS NOT NULL OR g.entity_id <> s.entity_id OR g.market <> s.market)",
    ),
    Rule(
        "sendercomps.kept-counts",
        "The kept counts of an entity differ from its SenderComps.",
        _kept(
            "sender_comp_count", "sender_comp", "entity_id", "market",
            where="WHERE id <= (SELECT coalesce(max(up_to), 0) FROM sender_comp_mark)",
        ),
    ),
    *_of_sets(),
    Rule(
        "sessions.stops",
        "When a session's last key pair expires is kept wrong.",
        "SELECT session_id FROM (SELECT s.session_id, s.stops_at, (SELECT max(k.expires_at) FROM key_pair k "
        "WHERE k.session_pk = s.id AND k.deleted_at IS NULL) AS ends FROM session s) AS kept "
        f"WHERE stops_at <> coalesce(ends, '{NEVER:%Y-%m-%d} 00:00:00.000000')",
    ),
    Rule(
        "keys.slots",
        "A key pair has a slot although it was deleted, or has no secret.",
        "SELECT access_key_id FROM key_pair "
        "WHERE slot IS NOT NULL AND (deleted_at IS NOT NULL OR sealed_secret IS NULL)",
    ),
    Rule(
        "approvals.completed",
        "A request was completed without an approval that it needed.",
        "SELECT r.reference FROM request r JOIN approval a ON a.request_id = r.id "
        "WHERE r.status = 'completed' AND a.given_at IS NULL",
    ),
    Rule(
        "approvals.decisions",
        "An approval was recorded without the decision of the person who gave it.",
        "SELECT r.reference FROM request r JOIN approval a ON a.request_id = r.id WHERE a.given_by IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.request_id = r.id AND d.person_id = a.given_by "
        "AND d.verdict = 'approve')",
    ),
    Rule(
        "approvals.own",
        "A request was approved by the person who submitted it.",
        "SELECT r.reference FROM request r JOIN approval a ON a.request_id = r.id WHERE a.given_by = r.submitted_by",
    ),
    Rule(
        "requests.stages",
        "A request is in progress although a decision ended it.",
        "SELECT r.reference FROM request r JOIN decision d ON d.request_id = r.id "
        "WHERE r.status = 'in_progress' AND d.verdict IN ('deny', 'cancel')",
    ),
    Rule(
        "requests.drafts",
        "A request's draft was never submitted.",
        "SELECT r.reference FROM request r JOIN draft d ON d.id = r.draft_id WHERE d.submitted_at IS NULL",
    ),
    Rule(
        "drafts.parked",
        "A parked draft can be opened, or belongs to another person than the draft it is parked for.",
        "SELECT p.id FROM draft p JOIN draft d ON d.id = p.parked_for "
        "WHERE p.submitted_at IS NULL OR p.person_id <> d.person_id OR d.parked_for IS NOT NULL",
    ),
    Rule(
        "outbox.sealed",
        "A message with a code has its text in the open as well.",
        "SELECT id FROM outbox WHERE sealed_body IS NOT NULL AND body <> ''",
    ),
)  # fmt: skip
