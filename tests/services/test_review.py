"""The review before Submit and the dry run: one object, differences only for an edit, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.groups import GroupEdit, Groups
from dropcopy_tui.services.groups.review_words import review_rows
from tests.services.asking import guaranteed_by, made
from tests.services.conftest import World
from tests.services.factories import add_sender_comps, contents, new_group


@pytest.fixture
def groups(world: World) -> Groups:
    """RATES with the first two SenderComps of ACME; the third is free."""
    made(world, sources=tuple(world.sources[:2]))
    return Groups(world.resources)


def batched(resources: Resources, market: str = "brokertec_us") -> Resources:
    settings = replace(resources.settings, batches={market: time(16)}, batch_zone="America/Chicago")
    return replace(resources, settings=settings)


def test_an_edit_is_reviewed_by_its_differences(world: World, groups: Groups) -> None:
    what = GroupEdit(filters=(Filter.ORDER_MASS_ACTION,), add=(world.sources[2],), remove=(world.sources[0],))
    review = groups.review_edit(world.operator, "RATES", what)
    assert review.changes is not None
    assert review.changes.filters_added == (Filter.ORDER_MASS_ACTION,)
    # Mandatory types were not given, and are no difference: submitting adds them.
    assert review.changes.filters_removed == (Filter.TRADE_FILL_NOTICE,)
    assert (review.changes.added_names, review.changes.removed_names) == ((world.sources[2],), (world.sources[0],))
    assert (review.new_targets, review.approval_of, review.refusals) == ((), (), ())
    assert review_rows(review) == [
        ("Filters", "+ Order Mass Action"),
        ("", "- Trade - Fill Notice"),
        ("SenderComps", "2 -> 2: 1 added, 1 removed"),
        ("", f"+ {world.sources[2]}"),
        ("", f"- {world.sources[0]}"),
        ("Approval", "not required"),
        ("Effective", "immediately after you submit"),
    ]


def test_the_wizard_and_the_dry_run_say_the_same(world: World, groups: Groups) -> None:
    group = groups.show(world.operator, "RATES").line.id
    draft = GroupEdits(world.resources).start(world.operator, group)
    shown = Drafts(world.resources).review(world.operator, draft.id)
    tried = groups.review_edit(world.operator, "RATES", GroupEdit())
    assert replace(tried, draft=shown.draft) == shown
    assert shown.refusals == ("The request contains no changes to RATES.",)
    assert ("Changes", "none yet") in review_rows(shown)


def test_a_new_target_session_needs_a_key_pair(world: World) -> None:
    sources = add_sender_comps(world.resources, "ACME", 1, market="globex", gateway="msgw", gfid="GX1")
    more = add_sender_comps(world.resources, "ACME", 1, market="globex", gateway="cgw", gfid="GX2")
    made(world, market="globex", sources=tuple(sources))
    review = Groups(world.resources).review_edit(world.operator, "RATES", GroupEdit(add=tuple(more)))
    assert review.new_targets == (Gateway.CGW,)
    assert ("Targets", "+ 1 new target session (CGW); it needs a key pair") in review_rows(review)


def test_a_batch_says_when_and_an_approval_says_whose(world: World, groups: Groups) -> None:
    resources = batched(world.resources)
    review = Groups(resources).review_new(world.operator, new_group("NEW"))
    # 15:00 UTC is 09:00 in Chicago, before the batch of the same day.
    assert review.effective == "16:00 CT today, in the daily batch"
    assert review.effective_at is not None
    assert review.effective_at.isoformat() == "2026-03-04T22:00:00+00:00"
    guaranteed_by(world.resources, "OTHER", world.sources[0])
    waits = Groups(resources).review_new(world.operator, new_group("NEW"))
    assert (waits.approval_of, waits.effective_at) == (("OTHER",), None)
    assert waits.effective == "in the first daily batch after the last approval, 16:00 CT today at the earliest"
    assert ("Approval", "by an administrative manager of OTHER") in review_rows(waits)


def test_a_dry_run_writes_nothing(world: World, groups: Groups) -> None:
    before = contents(world.resources)
    groups.review_edit(world.operator, "RATES", GroupEdit(name="BONDS", remove=(world.sources[0],)))
    taken = groups.review_new(world.operator, new_group("rates"))
    assert contents(world.resources) == before
    assert (taken.draft.id, taken.refusals) == (0, ("The entity already has a group named rates. Use another name.",))
    with pytest.raises(NotEntitled):
        groups.review_new(world.viewer, new_group("NEW"))


def test_many_sendercomps_are_counted_and_not_named(world: World, groups: Groups) -> None:
    more = add_sender_comps(world.resources, "ACME", 9, gfid="ZZ9")
    review = groups.review_edit(world.operator, "RATES", GroupEdit(add=tuple(more)))
    assert ("SenderComps", "2 -> 11: 9 added, 0 removed") in review_rows(review)
    assert review.changes is not None
    assert review.changes.added_names == ()
