"""Five hundred key pairs behind one code, and the notices for 100,000 that end soon."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from dropcopy_tui.config import load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.services.factors.table import Proof
from tests.bench.fill_keys import KEEPER, KEYS
from tests.bench.measures import Samples
from tests.bench.place import Place, dropcopy

_MANY = 500


def generate(place: Place, samples: Samples, _ours_first: bool) -> None:
    """The service's answer to Generate for 500 sessions, the file written; each round takes others."""
    desk = open_desk(load(store=str(_store(place))))
    try:
        actor = desk.identity.act_as(KEEPER, "bench")
        chosen = [view.pk for view in desk.sessions.page(actor, PageRequest(limit=_MANY)).rows]
        drops = {plan_pk: plan.choice_needed[0]
                 for plan_pk, plan in zip(chosen, desk.keypairs.plan(actor, chosen), strict=True)
                 if plan.choice_needed}  # fmt: skip
        challenge = desk.factors.start(actor, "sms")
        code = next(word.strip(",.") for word in challenge.sandbox_message.split() if word.strip(",.").isdigit())
        file = place.folder / "keys.txt"
        file.unlink(missing_ok=True)
        began = perf_counter()
        made = desk.keypairs.generate(actor, chosen, Proof(challenge.id, code), drops, file)
        samples.add("generate 500", perf_counter() - began)
        assert len(made.keys) == _MANY
    finally:
        desk.close()


def notices(place: Place, samples: Samples, _ours_first: bool) -> None:
    """`dropcopy tick` that tells of 100,000 pairs, and the memory it takes above one that has nothing to tell."""
    store = _store(place)
    with sqlite3.connect(store) as connection:
        connection.execute("DELETE FROM expiry_notice")
    connection.close()
    seconds, most = _ticked(place, "--store", str(store), "--as", KEEPER)
    _, least = _ticked(place, *place.on_demo()[:2], "--as", "operations")
    samples.add("expiry tick", seconds)
    samples.add("expiry memory", most - least)
    connection = sqlite3.connect(store)
    told = connection.execute("SELECT count(*) FROM expiry_notice").fetchone()[0]
    connection.close()
    assert told >= KEYS - _MANY * 20, told


def _ticked(place: Place, *options: str) -> tuple[float, float]:
    """How long a tick took, and the most memory of its process in MB."""
    ran = place.ran(*dropcopy(), *options, "tick", stdout=subprocess.DEVNULL)
    return ran.seconds, ran.memory


def _store(place: Place) -> Path:
    """The store with 100,000 pairs, made when it is asked for first."""
    path = place.folder / "many-keys" / "store.db"
    if not path.exists():
        place.run([sys.executable, "-m", "tests.bench.fill_keys", str(path)])
    return path
