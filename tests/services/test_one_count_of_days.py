"""Every place counts the days of a key pair alike: calendar days in its market's zone until the day of its expiry."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dropcopy_tui.csv_cells import csv_text
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.home import home
from dropcopy_tui.services.keys.calendar import Calendar
from dropcopy_tui.services.keys.expiry_notices import ExpiryNotices
from dropcopy_tui.services.keys.report import KeyReport
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sessions.sessions import Sessions
from screens.keys.calendar_table import COLUMNS as CALENDAR
from screens.keys.calendar_words import REPORT_COLUMNS, detail
from screens.keys.session_table import session_line, session_lines
from tests.services.factories import add_person, add_role, change, one, rows

ALL = PageRequest(limit=500)
# Days around which daylight saving begins or ends in one of the zones, and some others.
DAYS = [date(2026, month, day) for month, day in ((3, 8), (3, 29), (6, 1), (10, 25), (11, 1), (12, 31))]
TIMES = [time(0, 0), time(0, 0, 1), time(16, 0), time(17, 29, 59), time(17, 30), time(18, 30), time(23, 59)]


@pytest.fixture
def actor(sample: Resources) -> Actor:
    """Somebody who sees every place there is, and is written to at each entity."""
    person = add_person(sample, "watcher", Role.AUDITOR)
    for (code,) in rows(sample, "SELECT code FROM entity"):
        add_role(sample, person, Role.ADMINISTRATIVE_MANAGER, code)
    return person


def a_target(resources: Resources, market: str) -> tuple[int, str]:
    """A target session of a group of the market."""
    found = rows(
        resources,
        "SELECT s.id, s.session_id FROM session s JOIN drop_copy_group g ON g.id = s.group_id "
        "WHERE s.market = :market AND s.status = 'active' ORDER BY s.id LIMIT 1",
        market=market,
    )
    return found[0][0], found[0][1]


def only_pair(resources: Resources, session_pk: int, expires: datetime) -> None:
    """One living key pair in the whole store, of the only target session of its group."""
    change(
        resources,
        "UPDATE session SET group_id = NULL "
        "WHERE id <> :pk AND group_id = (SELECT group_id FROM session WHERE id = :pk)",
        pk=session_pk,
    )
    change(resources, "DELETE FROM expiry_notice")
    # The clock of each example starts anew: nothing that the sample did is later than it.
    change(resources, "UPDATE key_pair SET after_event = (SELECT max(id) FROM audit_event)")
    change(resources, "UPDATE key_pair SET deleted_at = created_at, slot = NULL, sealed_secret = NULL")
    change(
        resources,
        "UPDATE key_pair SET deleted_at = NULL, slot = 1, session_pk = :pk, created_at = :made, expires_at = :expires "
        "WHERE id = (SELECT min(id) FROM key_pair)",
        pk=session_pk,
        made=_stored(expires - timedelta(days=365)),
        expires=_stored(expires),
    )


def _stored(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def counted(text: str) -> int:
    """The number of days that a text says."""
    if "today" in text:
        return 0
    found = re.search(r"(?:in )?(\d+) d(?:ays?)?\b", text)
    assert found, text
    return int(found[1])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    market=st.sampled_from(sorted(MARKETS)),
    last_day=st.sampled_from(DAYS),
    days=st.integers(0, 28),
    clock=st.one_of(st.times(), st.sampled_from(TIMES)),
)
@example(market="brokertec_us", last_day=date(2026, 12, 16), days=23, clock=time(18, 0))
@example(market="brokertec_us", last_day=date(2026, 11, 1), days=1, clock=time(23, 59))
@example(market="brokertec_us", last_day=date(2026, 12, 16), days=0, clock=time(9, 0))
def test_everybody_says_the_same(
    sample: Resources, actor: Actor, market: str, last_day: date, days: int, clock: time
) -> None:
    zone, close = ZoneInfo(MARKETS[market].zone), MARKETS[market].close
    expires = datetime.combine(last_day, close, zone)
    now = datetime.combine(last_day - timedelta(days=days), clock, zone).astimezone(UTC)
    if now >= expires:
        now = expires.astimezone(UTC) - timedelta(seconds=1)
    session_pk, name = a_target(sample, market)
    only_pair(sample, session_pk, expires)
    sample.clock._now = now  # type: ignore[attr-defined]

    said: dict[str, int] = {}
    (line,) = KeyReport(sample).of_sessions(actor, [session_pk])
    assert line.days_left is not None
    said["report"] = line.days_left
    text = csv_text([column.title for column in REPORT_COLUMNS], ([column.show(line) for column in REPORT_COLUMNS],))
    (row,) = csv.DictReader(io.StringIO(text))
    said["calendar CSV"] = int(row["days_left"])
    view = next(each for each in home(sample.store.place, Settings(), now, user_id="watcher").expiring)
    assert view.session_id == name
    said["home"] = counted(view.how_far)
    drawn = next(each for each in Calendar(sample).page(actor, ALL).rows if each.pk == session_pk)
    said["calendar"] = counted(CALENDAR[-1].show(drawn).split(None, 3)[3])
    said["calendar in words"] = counted(detail(drawn).split(",")[1])
    session = Sessions(sample).get(actor, session_pk)
    said["sessions"] = counted(session_line(session, False).expires.split(None, 3)[3])
    said["target sessions"] = counted(session_lines([session], False)[0].expires.split(None, 3)[3])
    (pending,) = Sessions(sample).pending(actor, session.kind)
    said["pending"] = counted(pending.left)
    group = next(each for each in Groups(sample).page(actor, ALL).rows if each.id == session.group_id)
    said["group list"] = counted(group.keys)
    ExpiryNotices(sample).send(DESK)
    subject = one(sample, "SELECT subject FROM outbox WHERE subject LIKE '%will expire%' ORDER BY id DESC LIMIT 1")
    said["email"] = counted(subject.partition(": ")[2].removeprefix(name))
    assert set(said.values()) == {days}, (said, days)


def test_a_deleted_pair_has_no_days_left(sample: Resources, actor: Actor) -> None:
    session_pk, _ = a_target(sample, "brokertec_us")
    only_pair(sample, session_pk, sample.clock.now() + timedelta(days=26))
    change(sample, "UPDATE key_pair SET deleted_at = :now, slot = NULL", now=_stored(sample.clock.now()))
    session = Sessions(sample).get(actor, session_pk)
    assert {key.left for key in session.keys} == {"deleted"}
    drawn = next(each for each in Calendar(sample).page(actor, ALL).rows if each.pk == session_pk)
    assert {pair.left for pair in drawn.pairs} == {"deleted"}


def test_two_pairs_say_when_the_older_ends(sample: Resources, actor: Actor) -> None:
    session_pk, _ = a_target(sample, "brokertec_us")
    now = sample.clock.now()
    only_pair(sample, session_pk, now + timedelta(days=20))
    change(
        sample,
        "UPDATE key_pair SET deleted_at = NULL, slot = 2, session_pk = :pk, created_at = :made, expires_at = :expires "
        "WHERE id = (SELECT max(id) FROM key_pair)",
        pk=session_pk,
        made=_stored(now - timedelta(days=1)),
        expires=_stored(now + timedelta(days=364)),
    )
    line = session_line(Sessions(sample).get(actor, session_pk), False)
    assert line.state == "2 pairs, older exp. 24 Mar"
