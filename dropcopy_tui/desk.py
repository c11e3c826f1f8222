"""The composition root: the only place where store, vault, clock, settings and services meet."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.config import Config
from dropcopy_tui.domain.errors import InvalidValue, StoreUnusable, WrongMasterKey
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.base import Means, key_of
from dropcopy_tui.services.factors.duo import Duo
from dropcopy_tui.services.factors.ease import Ease
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.sms import Texting
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.front_ends import FrontEnds
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.imports.imports import Imports
from dropcopy_tui.services.keys.calendar import Calendar
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.keys.report import KeyReport
from dropcopy_tui.services.logons.logons import Logons
from dropcopy_tui.services.logons.rehearsals import Rehearsals
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.outbox.notices import Notices
from dropcopy_tui.services.outbox.outbox import Outbox
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.passwords import hash_password
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.routing.routing import Routing
from dropcopy_tui.services.sendercomps import SenderComps
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.services.tick import Chores
from dropcopy_tui.services.unit_of_work import record
from dropcopy_tui.store.engine import Store, create_store, migrate
from dropcopy_tui.store.location import check_place, check_store, needs_migration, store_facts
from dropcopy_tui.store.tables import EntitlementRow, PersonRow, SettingRow
from dropcopy_tui.store.vault import Vault, make_master_key, read_master_key

# What fills a new store, before anybody can see it.
Fill = Callable[[Means], None]


class Desk:
    """The services over one open store."""

    def __init__(self, means: Means, config: Config) -> None:
        self.means = means
        self.config = config
        self.sandbox = means.sandbox
        self.environment = means.environment
        self.clock = means.clock
        self.has_master_key = means.vault.is_open
        self.identity = Identity(means)
        self.factors = Factors(means)
        self.duo = Duo(means)
        self.texting = Texting(means)
        self.ease = Ease(means)
        self.drafts = Drafts(means)
        self.groups = Groups(means)
        self.edits = GroupEdits(means)
        self.sendercomps = SenderComps(means)
        self.sessions = Sessions(means)
        self.calendar = Calendar(means)
        self.keypairs = KeyPairs(means)
        self.key_report = KeyReport(means)
        self.requests = Requests(means)
        self.provisioning = Provisioning(means)
        self.outbox = Outbox(means)
        self.mailing = Mailing(means)
        self.notices = Notices(means)
        self.chores = Chores(means, self.provisioning, self.mailing)
        self.audit = Audit(means)
        self.imports = Imports(means)
        self.logons = Logons(means)
        self.rehearsals = Rehearsals(means)
        self.routing = Routing(means)
        self.people = People(means)
        self.front_ends = FrontEnds(means)

    def rehearse(self, actor: Actor) -> None:
        """Ask once what the lists ask first, so that their SQL is compiled before somebody waits: 10 ms a list.

        What the actor may not see is not asked; nothing is written.
        """
        ask = PageRequest(limit=1, count=False)
        for entity in self.groups.entities(actor)[:1]:
            self.groups.page(actor, ask, entity=entity.code, menu=MARKETS[0].menu)
            self.sendercomps.page(actor, entity.code, ask, MARKETS[0].code)
            self.sessions.page(actor, ask, kind=SessionKind.ORDER_ENTRY, entity=entity.code)
            self.calendar.page(actor, ask)
            self.requests.page(actor, ask)
            self.requests.to_do(actor, ask)

    def close(self) -> None:
        """Give the store back."""
        self.means.store.close()


def open_desk(config: Config, clock: Clock | None = None, entropy: Entropy | None = None) -> Desk:
    """Open the store that the configuration names.

    Raises:
        StoreMissing, StoreUnusable, StoreTooNew: with what to do.
        WrongMasterKey, MasterKeyLoose: before anything is written.
    """
    path = config.paths.store
    check_store(path)
    facts = store_facts(path)
    vault = _vault(config.paths.master_key, facts)
    if needs_migration(path):
        migrate(path)
    means = Means(
        store=Store(path),
        vault=vault,
        clock=clock or Clock(),
        entropy=entropy or Entropy(),
        settings=config.settings,
        sandbox=facts["sandbox"] == "yes",
        environment=config.settings.environment or facts["environment"],
        mail=config.mail,
        sms=config.sms,
        duo=config.duo,
    )
    return Desk(means, config)


def make_store(
    config: Config,
    *,
    sandbox: bool,
    fill: Fill | None = None,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
) -> None:
    """Make a store and its master key, filled by `fill`, all or nothing: it appears when it is whole.

    Raises StoreUnusable when there is a store or a master key already.
    """
    place, key_place = config.paths.store, config.paths.master_key
    for taken in (place, key_place):
        if taken.exists():
            raise StoreUnusable(f"{taken} exists already and was left as it is. Choose another --store.")
    try:
        for folder in (place.parent, key_place.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_place(place)
        workshop = Path(tempfile.mkdtemp(prefix=".making-", dir=place.parent))
    except OSError as error:
        raise StoreUnusable(f"No store can be made at {place}: {error.strerror}. Choose another --store.") from None
    try:
        _build(workshop, config, sandbox, fill, clock or Clock(), entropy or Entropy())
        _put(workshop / "master.key", key_place)
        try:
            _put(workshop / "store.db", place)
        except BaseException:
            key_place.unlink(missing_ok=True)
            raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _put(made: Path, place: Path) -> None:
    """Move a file to where nothing may be: never over another one."""
    try:
        os.link(made, place)
    except FileExistsError:
        raise StoreUnusable(f"{place} exists already and was left as it is.") from None
    except OSError:
        # Another file system (a master key on a medium of its own) or one without hard links.
        handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(made.read_bytes())
            os.fsync(file.fileno())


def _build(
    workshop: Path,
    config: Config,
    sandbox: bool,
    fill: Fill | None,
    clock: Clock,
    entropy: Entropy,
) -> None:
    path = workshop / "store.db"
    create_store(path)
    store_id = uuid.uuid4().hex
    vault = Vault(make_master_key(workshop / "master.key"), store_id)
    environment = "CERT" if sandbox else "PRODUCTION"
    facts = {
        "store_id": store_id,
        "sandbox": "yes" if sandbox else "no",
        "environment": environment,
        "vault_check": vault.check_value(),
    }
    store = Store(path)
    try:
        means = Means(store, vault, clock, entropy, config.settings, sandbox, environment)
        with store.write() as session:
            session.add_all(SettingRow(key=key, value=value) for key, value in facts.items())
        if fill is not None:
            fill(means)
    finally:
        store.close()


def administrator(user_id: str, email: str, os_account: str | None, password: str | None) -> Fill:
    """What makes the first administrator of a new store: operations, so that they can import everything else.

    Raises InvalidValue for a password that is too short.
    """
    hashed = hash_password(password) if password is not None else None
    if "@" not in email:
        raise InvalidValue(f"{email!r} is not an email address.", "email")

    def fill(means: Means) -> None:
        person = PersonRow(
            user_id=user_id.lower(),
            name="First administrator",
            email=email.lower(),
            os_account=os_account,
            password_hash=hashed,
            created_at=means.clock.now(),
        )
        with means.store.write() as session:
            session.add(person)
            session.flush()
            for role in (Role.OPERATIONS, Role.AUDITOR):
                session.add(EntitlementRow(person_id=key_of(person.id), role=role.value))
            actor = Actor(key_of(person.id), person.user_id, person.name, "init")
            record(session, means, actor, "store:made", person.user_id, after={"sandbox": means.sandbox})

    return fill


def remove_sandbox(config: Config) -> None:
    """Throw a sandbox store away. Raises StoreUnusable when the store is not a sandbox."""
    path = config.paths.store
    check_store(path)
    if store_facts(path).get("sandbox") != "yes":
        raise StoreUnusable(f"{path} is not a sandbox: it was left as it is.")
    beside = [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm", ".gate")]
    for file in (path, *beside, config.paths.master_key):
        file.unlink(missing_ok=True)


def _vault(path: Path, facts: dict[str, str]) -> Vault:
    vault = Vault(read_master_key(path), facts["store_id"], path)
    if vault.is_open and vault.check_value() != facts["vault_check"]:
        raise WrongMasterKey(f"{path} is the master key of another store. Put the right one back; nothing was changed.")
    return vault
