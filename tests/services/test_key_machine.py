"""Key pairs made, rotated, deleted, downloaded while time passes, on a real store, beside a pure model (K1 to K8).

10,000 steps a run. The model knows the rules and nothing of the code: a pair is when it was made, when it ends and
whether it was deleted. After every step the store is compared with it and the invariants are checked.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from dropcopy_tui.domain.errors import InvalidValue, NotFound
from dropcopy_tui.domain.keypairs import KeyPair, KeyState, state_of
from dropcopy_tui.domain.market_close import hours_of, is_business_day
from dropcopy_tui.domain.markets import MARKETS, Market
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.sessions import session_ids
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Proof
from dropcopy_tui.services.keys.expiry_notices import ExpiryNotices
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import ChallengeRow, SessionRow
from tests.services.conftest import World
from tests.services.factories import CODE, FixedEntropy, FrozenClock, add_person, open_resources
from tests.services.kept import assert_orders_hold
from tests.stores import Eyes, copy_store, drop_below, repeats

ROUNDS, STEPS, LEAST = repeats(230), 50, repeats(10_000)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass
class Pair:
    """What the model knows of a key pair."""

    created: datetime
    expires: datetime
    secret: str
    deleted: bool = False


class Secrets(FixedEntropy):
    """Secrets that are never the same twice."""

    def secret(self) -> bytes:
        return f"{next(self._numbers):032d}".encode()


@dataclass
class Ground:
    """One store for all rounds; every round has a session of its own."""

    resources: Resources
    world: World
    names: Iterator[str] = field(default_factory=session_ids)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    seen: Counter[str] = field(default_factory=Counter)
    secrets: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.direct = Eyes(self.resources.store.place)

    def session(self, market: Market) -> tuple[int, str]:
        name = next(self.names)
        ((pk,),) = self.direct.read(
            "INSERT INTO session (entity_id, market, session_id, kind, gateway, status, created_at) "
            "VALUES (1, :market, :name, 'order_entry', 'msgw', 'active', '2026-01-01 00:00:00.000000') RETURNING id",
            market=market.code, name=name,
        )  # fmt: skip
        said = SessionRow(
            id=pk, entity_id=1, market=market.code, session_id=name, kind="order_entry", gateway="msgw",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        proof = Prover(self.resources.vault).proof("session", said.model_dump())
        self.direct.read("UPDATE session SET proof = :proof WHERE id = :pk", proof=proof, pk=pk)
        return pk, name

    def proof(self) -> Proof:
        """A challenge as `Factors.start` leaves it, without its reads: it has tests of its own.

        It begins after the last event: every round sets the clock back, and the times of earlier rounds do not count.
        """
        name, now = f"proof{next(self.numbers)}", self.resources.clock.now()
        ((last,),) = self.direct.read("SELECT coalesce(max(id), 0) FROM audit_event")
        row = ChallengeRow(
            id=name, person_id=self.world.operator.person_id, factor="sms", purpose="keys", after_event=last,
            code_mac=self.resources.vault.mac(CODE, "challenge", name), created_at=now,
            expires_at=now + timedelta(minutes=5),
        )  # fmt: skip
        self.direct.read(
            "INSERT INTO challenge "
            "(id, person_id, factor, purpose, code_mac, tries, created_at, expires_at, after_event, proof) "
            "VALUES (:name, :person, 'sms', 'keys', :mac, 0, :now, :ends, :last, :proof)",
            name=name, person=row.person_id, mac=row.code_mac, now=stored(now), ends=stored(row.expires_at), last=last,
            proof=Prover(self.resources.vault).proof("challenge", row.model_dump()),
        )  # fmt: skip
        return Proof(name, CODE)

    def pairs(self, pk: int) -> list[tuple[Any, ...]]:
        sql = (
            "SELECT access_key_id, created_at, expires_at, deleted_at, slot, sealed_secret "
            "FROM key_pair WHERE session_pk = :pk ORDER BY id"
        )
        return self.direct.read(sql, pk=pk)


def stored(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def loaded(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Life(RuleBasedStateMachine):
    """One session and the years that pass over it."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.resources = ground, ground.resources
        self.pairs: dict[str, Pair] = {}
        # What costs a transaction has its turn less often than time has: a run takes a minute, not five.
        self.turn = 0

    @initialize(market=st.sampled_from(list(MARKETS.values())), hours=st.integers(0, 24 * 400))
    def begin(self, market: Market, hours: int) -> None:
        self.market, self.hours = market, hours_of(market)
        self.pk, self.name = self.ground.session(market)
        self.clock._now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)

    # -- the model

    @property
    def clock(self) -> FrozenClock:
        assert isinstance(self.resources.clock, FrozenClock)
        return self.resources.clock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def living(self) -> list[str]:
        """The older one first."""
        return [key for key, pair in self.pairs.items() if not pair.deleted and self.now < pair.expires]

    def close_after(self, *, years: int = 0, days: int = 0) -> datetime:
        """Rule K2, by itself: the close of that day, or of the last business day before."""
        zone = ZoneInfo(self.market.zone)
        day = self.now.astimezone(zone).date()
        leap = (day.month, day.day) == (2, 29) and years
        day = day.replace(year=day.year + years, day=28 if leap else day.day) + timedelta(days=days)
        while not is_business_day(self.hours, day):
            day -= DAY
        return datetime.combine(day, self.market.close, zone).astimezone(UTC)

    def expect_new(self, key: str, secret: str) -> None:
        for other in self.living():
            self.pairs[other].expires = min(self.pairs[other].expires, self.close_after(days=28))
        self.pairs[key] = Pair(self.now, self.close_after(years=1), secret)

    # -- the steps

    def make(self, drop: str | None = None) -> None:
        out = StringIO()
        drops = {self.pk: drop} if drop else {}
        made = KeyPairs(self.resources).generate(self.ground.world.operator, [self.pk], self.ground.proof(), drops, out)
        (key,) = made.keys
        if drop:
            self.pairs[drop].deleted = True
        secret = written(out)[key.access_key_id]
        self.ground.secrets.append(secret)
        self.ground.said.append(repr(made))
        self.expect_new(key.access_key_id, secret)

    @precondition(lambda self: self.turn % 2 == 0)
    @rule()
    def generate(self) -> None:
        if len(self.living()) < 2:
            self.did("rotated" if self.living() else "first or after all expired")
            self.make()
            return
        with pytest.raises(InvalidValue, match="Select which one to delete"):
            KeyPairs(self.resources).generate(self.ground.world.operator, [self.pk], self.ground.proof())
        self.did("third refused without a choice")

    @precondition(lambda self: len(self.living()) == 2)
    @rule(older=st.booleans())
    def third(self, older: bool) -> None:
        self.did("third, the older goes" if older else "third, the newer goes")
        self.make(self.living()[0 if older else 1])

    @precondition(lambda self: self.pairs)
    @rule(which=st.integers(0, 50))
    def delete(self, which: int) -> None:
        key = list(self.pairs)[which % len(self.pairs)]
        if self.pairs[key].deleted:
            with pytest.raises(InvalidValue, match="already been deleted"):
                KeyPairs(self.resources).delete(self.ground.world.operator, [key])
            self.did("deleted twice")
            return
        self.did("deleted living" if key in self.living() else "deleted expired")
        self.ground.said.append(repr(KeyPairs(self.resources).delete(self.ground.world.operator, [key])))
        self.pairs[key].deleted = True

    @precondition(lambda self: self.pairs and self.turn % 3 == 0)
    @rule()
    def download(self) -> None:
        out, keypairs = StringIO(), KeyPairs(self.resources)
        if not self.living():
            with pytest.raises(NotFound, match="no active key pair"):
                keypairs.download(self.ground.world.operator, [self.pk], self.ground.proof(), out)
            assert out.getvalue() == ""
            self.did("nothing to download")
            return
        got = keypairs.download(self.ground.world.operator, [self.pk], self.ground.proof(), out)
        assert written(out) == {key: self.pairs[key].secret for key in self.living()}
        self.ground.said.append(repr(got))
        self.did("downloaded")

    @rule(by=st.integers(1, 200_000).map(lambda seconds: seconds * SECOND))
    def wait(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.did("time passed")

    @rule(by=st.integers(1, 40))
    def wait_some_days(self, by: int) -> None:
        self.clock.advance(by * DAY)
        self.did("time passed")

    @precondition(lambda self: self.living())
    @rule(which=st.integers(0, 1), after=st.booleans())
    def wait_for_the_end(self, which: int, after: bool) -> None:
        """To the second before a pair ends, or to that second."""
        pair = self.pairs[self.living()[which % len(self.living())]]
        moment = pair.expires if after else pair.expires - SECOND
        if moment > self.now:
            self.clock._now = moment
        self.did("to the second of an end")

    @precondition(lambda self: len(self.living()) == 2)
    @rule()
    def tell(self) -> None:
        ExpiryNotices(self.resources).send(DESK)
        self.did("told of ends")

    def did(self, what: str) -> None:
        self.ground.seen[what] += 1

    # -- what always holds

    def known(self, row: tuple[Any, ...]) -> KeyPair:
        key, created, expires, deleted, slot, _ = row
        gone = loaded(deleted) if deleted else None
        return KeyPair(key, self.name, loaded(created), loaded(expires), gone, self.market.zone, slot is None)

    @invariant()
    def the_store_is_what_the_model_says(self) -> None:
        if not hasattr(self, "pk"):
            return
        self.ground.seen["steps"] += 1
        self.turn += 1
        assert_orders_hold(self.ground.direct.read)
        found = self.ground.pairs(self.pk)
        assert {row[0]: (loaded(row[1]), loaded(row[2]), row[3] is not None) for row in found} == {
            key: (pair.created, pair.expires, pair.deleted) for key, pair in self.pairs.items()
        }
        keys = [self.known(row) for row in found]
        living = [key for key in keys if state_of(key, self.now).living]
        assert [key.access_key_id for key in living] == self.living()
        assert len(living) <= 2
        for key in living:
            # Nothing lives past its market close.
            assert is_business_day(self.hours, key.expires_at.astimezone(ZoneInfo(self.market.zone)).date())
            assert state_of(key, key.expires_at - SECOND).living
            assert not state_of(key, key.expires_at).living
        if len(living) == 2:
            # Two only while the older is within four weeks of its expiry.
            assert state_of(living[0], self.now) is KeyState.PENDING_EXPIRATION
            assert (living[0].expires_at - self.now) < timedelta(days=29)
        assert all((row[3] is None) == (row[5] is not None) for row in found)
        assert all(row[4] is not None for row in found if row[0] in self.living())


def written(out: StringIO) -> dict[str, str]:
    """Access key ids and secrets of a key file's text."""
    lines = [line for line in out.getvalue().split("\n")[1:] if line.strip()]
    return {line[21:52].strip(): line[52:103].strip() for line in lines}


@pytest.fixture
def ground(first_world: World) -> Iterator[Ground]:
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    folder.chmod(0o700)
    resources = open_resources(copy_store(first_world.resources.store.place, folder / "store.db"), entropy=Secrets())
    add_person(resources, "manager", Role.ADMINISTRATIVE_MANAGER, entity="ACME")
    ground = Ground(resources, replace(first_world, resources=resources))
    yield ground
    ground.direct.close()
    resources.store.close()
    drop_below(folder)
    shutil.rmtree(folder)


def test_key_pairs_live_as_the_rules_say(ground: Ground) -> None:
    run(
        lambda: Life(ground),
        settings=settings(
            max_examples=ROUNDS, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert ground.seen["steps"] >= LEAST, ground.seen
    kinds = (
        "first or after all expired", "rotated", "third, the older goes", "third, the newer goes", "deleted living",
        "deleted expired", "downloaded", "nothing to download", "third refused without a choice",
        "to the second of an end", "told of ends",
    )  # fmt: skip
    assert min(ground.seen[kind] for kind in kinds) > 0, ground.seen
    # No secret in any output: neither in what services answer nor anywhere in what people and logs read.
    outputs = "\n".join(ground.said)
    for table in ("audit_event", "outbox", "notice", "request", "challenge", "expiry_notice", "key_pair"):
        outputs += "\n".join(map(repr, ground.direct.read(f"SELECT * FROM {table}")))
    # Every secret of this store is 32 digits that begin with many zeros, as is and as base64.
    assert len(ground.secrets) > ROUNDS
    assert all(secret.startswith("MDAwMDAwMDAwMDAw") for secret in ground.secrets)
    assert "MDAwMDAwMDAwMDAw" not in outputs
    assert "0" * 20 not in outputs.replace(".000000", "")
