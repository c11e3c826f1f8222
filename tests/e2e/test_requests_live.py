"""A desk that is no sandbox: one person asks, another approves from To Do, each at a terminal; mail arrives.

Real processes, a real SMTP server on the loopback, real passwords.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from dropcopy_tui.config import load
from dropcopy_tui.domain.people import Role
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.people.passwords import hash_password
from dropcopy_tui.store.tables import (
    EntitlementRow,
    EntityRow,
    FrontEndMappingRow,
    FrontEndRow,
    PersonRow,
    SenderCompRow,
)
from tests.e2e.command import DROPCOPY
from tests.e2e.pty import ROOT, Terminal, clean_environment
from tests.services.smtp import HOST, SENDER, Mailbox, serving

PASSWORD = "correct horse battery 9"
PEOPLE = {
    "asker": ("asker@firm.example", Role.FULL_ACCESS, "ACME"),
    "approver": ("approver@clearer.example", Role.ADMINISTRATIVE_MANAGER, "CLEAR"),
    "runner": ("runner@desk.example", Role.OPERATIONS, None),
}


def fill(resources: Resources) -> None:
    """A firm whose SenderComps another firm guarantees, and a person for each part."""
    with resources.store.write() as session:
        now = resources.clock.now()
        codes = ("ACME", "CLEAR")
        places = {code: EntityRow(code=code, name=f"{code} LLC", clearing_firm=code == "CLEAR") for code in codes}
        front_end = FrontEndRow(name="Ladder", version="1.0", vendor="V")
        hashed = hash_password(PASSWORD)
        people = {
            name: PersonRow(user_id=name, name=name.title(), email=email, password_hash=hashed, created_at=now)
            for name, (email, _, _) in PEOPLE.items()
        }
        session.add_all([*places.values(), front_end, *people.values()])
        session.flush()
        session.add(FrontEndMappingRow(entity_id=key_of(places["ACME"].id), front_end_id=key_of(front_end.id)))
        for name, (_, role, place) in PEOPLE.items():
            entity = places[place].id if place else None
            session.add(EntitlementRow(person_id=key_of(people[name].id), role=role.value, entity_id=entity))
        session.add(
            SenderCompRow(
                entity_id=key_of(places["ACME"].id), market="brokertec_us", sender_comp_id="A1BACM01P",
                session_id="A1B", gfid="ACM01", fti="P", gateway="msgw", guarantor_id=places["CLEAR"].id,
            )
        )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a store of the desk's own."""
    make_store(load(store=str(tmp_path / "desk" / "store.db")), sandbox=False, fill=fill)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("DATA", "CONFIG", "STATE", "CACHE")}
    return clean_environment({"HOME": str(home), "DROPCOPY_STORE": str(home / "desk" / "store.db"), **folders})


def signed_in(home: Path, who: str) -> Terminal:
    """The application at a terminal, with the person signed in."""
    terminal = Terminal([*DROPCOPY, "--as", who], env=environment(home))
    terminal.wait_for("Password")
    terminal.type(PASSWORD)
    terminal.press("enter")
    terminal.wait_for("Needs attention")
    terminal.wait_quiet()
    return terminal


def tick(home: Path) -> subprocess.Popen[str]:
    argv = [*DROPCOPY, "--as", "runner", "--password-file", str(home / "password"), "--no-input", "tick"]
    return subprocess.Popen(
        argv, env=environment(home), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def configured(home: Path, port: int) -> None:
    folder = home / "config" / "dropcopy-tui"
    folder.mkdir(parents=True)
    lines = ["[mail]", f'host = "{HOST}"', f"port = {port}", 'security = "none"', f'sender = "{SENDER}"']
    (folder / "config.toml").write_text("\n".join(lines) + "\n")


def test_asked_approved_set_up_and_mailed_once(home: Path) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as server:
        configured(home, server.port)
        with signed_in(home, "asker") as asker:
            for keys in (("n",), ("enter",), ("enter",)):
                asker.press(*keys)
                asker.wait_quiet()
            asker.wait_for("2 > +Name")
            asker.type("US-LIVE")
            for key in ("enter", "enter", "space", "enter", "+", "enter"):
                asker.press(key)
                asker.wait_quiet()
            asker.wait_for("administrative manager of +CLEAR|manager of CLEAR|of\\s+CLEAR")
            asker.press("enter")
            asker.wait_for(r"awaiting approval by\s+CLEAR")
            with signed_in(home, "approver") as approver:
                approver.wait_for("1 request awaits your approval")
                approver.press("ctrl+p")
                approver.wait_quiet()
                approver.type("To Do")
                approver.wait_quiet()
                approver.press("enter")
                approver.wait_for("US-LIVE")
                approver.wait_quiet()
                approver.press("a")
                approver.wait_for("Approve")
                approver.wait_quiet()
                approver.press("enter")
                approver.wait_for(r"Done: [\s\S]*(approved|completed)")
            asker.wait_for("completed", timeout=30)
        runs = [tick(home) for _ in range(3)]
        for run in runs:
            out, errors = run.communicate(timeout=60)
            assert run.returncode == 0, (out, errors)
    subjects = Counter((str(letter["To"]), str(letter["Subject"]).split(" ", 1)[1]) for letter in mailbox.letters)
    assert subjects == Counter(
        {
            ("asker@firm.example", "submitted: create group US-LIVE"): 1,
            ("asker@firm.example", "approved by approver: create group US-LIVE"): 1,
            ("asker@firm.example", "completed: create group US-LIVE"): 1,
            ("approver@clearer.example", "awaits your approval: create group US-LIVE"): 1,
        }
    )
    completed = next(letter for letter in mailbox.letters if "completed" in str(letter["Subject"]))
    assert "Target session" in completed.get_content()
