"""The composition root: the only place where store, vault, clock, settings and services meet."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.config import Config
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.new_file import clear_interrupted
from dropcopy_tui.services.anchors import Anchors
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.backups import Backups
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.ease.ease import Ease
from dropcopy_tui.services.factors.authenticator import Authenticators
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.recovery import RecoveryCodes
from dropcopy_tui.services.factors.sms import Texting
from dropcopy_tui.services.finding import Finder
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.services.groups.edits import GroupEdits
from dropcopy_tui.services.groups.front_ends import FrontEnds
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.groups.receivers import Receivers
from dropcopy_tui.services.imports.imports import Imports
from dropcopy_tui.services.keys.calendar import Calendar
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.keys.report import KeyReport
from dropcopy_tui.services.logons.logons import Logons
from dropcopy_tui.services.logons.rehearsals import Rehearsals
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.outbox.notices import Notices
from dropcopy_tui.services.outbox.outbox import Outbox
from dropcopy_tui.services.people.arrangements import Arrangements
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.parcels import Parcels
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.people.seats import Seats
from dropcopy_tui.services.people.ssh_keys import SshKeys
from dropcopy_tui.services.requests.requests import Requests
from dropcopy_tui.services.routing.routing import Routing
from dropcopy_tui.services.sealing import seal_store
from dropcopy_tui.services.sendercomps import SenderComps
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.services.tick import Chores
from dropcopy_tui.services.trust import Trust
from dropcopy_tui.store.bulk import require_space
from dropcopy_tui.store.engine import Store, migrate
from dropcopy_tui.store.location import check_store, needs_migration, store_facts
from dropcopy_tui.store.unclean import require_whole
from dropcopy_tui.store.vault import vault_of
from dropcopy_tui.workshop import clear_unfinished


class Desk:
    """The services over one open store."""

    def __init__(self, resources: Resources, config: Config) -> None:
        self.resources = resources
        self.config = config
        self.sandbox = resources.sandbox
        self.environment = resources.environment
        self.clock = resources.clock
        self.has_master_key = resources.vault.is_open
        # One sentence for each key file that a process was killed over; told once, to whoever starts next.
        self.interrupted = clear_interrupted(resources.store.beside)
        clear_unfinished(resources.store.beside.parent)
        self.identity = Identity(resources)
        self.factors = Factors(resources)
        self.authenticators = Authenticators(resources)
        self.texting = Texting(resources)
        self.ease = Ease(resources)
        self.drafts = Drafts(resources)
        self.groups = Groups(resources)
        self.edits = GroupEdits(resources)
        self.sendercomps = SenderComps(resources)
        self.sessions = Sessions(resources)
        self.calendar = Calendar(resources)
        self.keypairs = KeyPairs(resources)
        self.key_report = KeyReport(resources)
        self.requests = Requests(resources)
        self.provisioning = Provisioning(resources)
        self.outbox = Outbox(resources)
        self.mailing = Mailing(resources)
        self.notices = Notices(resources)
        self.chores = Chores(resources, self.provisioning, self.mailing)
        self.audit = Audit(resources)
        self.anchors = Anchors(resources)
        self.trust = Trust(resources)
        self.backups = Backups(resources)
        self.imports = Imports(resources)
        self.logons = Logons(resources)
        self.rehearsals = Rehearsals(resources)
        self.routing = Routing(resources)
        self.receivers = Receivers(resources)
        self.people = People(resources)
        self.ssh_keys = SshKeys(resources)
        self.seats = Seats(resources)
        self.recovery_codes = RecoveryCodes(resources)
        self.parcels = Parcels(resources)
        self.arrangements = Arrangements(resources)
        self.front_ends = FrontEnds(resources)
        self.finder = Finder(resources)

    def rehearse(self, actor: Actor) -> None:
        """Ask once what the lists ask first, so that their SQL is compiled before someone waits: 10 ms a list.

        What the actor may not see is not asked; nothing is written.
        """
        ask = PageRequest(limit=1, count=False)
        market = next(iter(MARKETS.values()))
        for entity in self.groups.entities(actor)[:1]:
            self.groups.page(actor, ask, entity=entity.code, menu=market.menu)
            self.sendercomps.page(actor, entity.code, ask, market.code)
            self.sessions.page(actor, ask, kind=SessionKind.ORDER_ENTRY, entity=entity.code)
            self.calendar.page(actor, ask)
            self.requests.page(actor, ask)
            self.requests.to_do(actor, ask)

    def give_up(self) -> None:
        """End every wait for other writers: whoever leaves does not wait."""
        self.resources.store.give_up()

    def snapshot(self) -> AbstractContextManager[None]:
        """What this thread reads in the block is of one moment, where that holds no writer up."""
        return self.resources.store.snapshot()

    def stamp(self) -> tuple[int, ...]:
        """A mark of the store's present state: it differs once anybody has changed anything."""
        return self.resources.store.stamp()

    def listen(self, tell: Callable[[str], None]) -> None:
        """Have a server tell in a thread of what was committed, and of its own loss (see `Store.listen`)."""
        self.resources.store.listen(tell)

    def close(self) -> None:
        """Give the store back."""
        self.resources.store.close()


def open_desk(config: Config, clock: Clock | None = None, entropy: Entropy | None = None) -> Desk:
    """Open the store that the configuration names.

    Raises:
        StoreMissing, StoreUnusable, StoreTooNew: with what to do; also for a store that was left damaged.
        ConfigInvalid: a file that is not the site's own sets rules of the store.
        WrongMasterKey, MasterKeyLoose, MasterKeyMissing: before anything is written.
    """
    place = config.paths.store
    check_store(place)
    require_whole(place)
    facts = store_facts(place)
    sandbox = facts["sandbox"] == "yes"
    config.require_own_rules(sandbox=sandbox)
    vault = vault_of(config.paths.master_key, facts)
    vault.require_open()
    if needs_migration(place):
        if isinstance(place, Path):
            # Its sets are copied, and the journal has what they were.
            require_space(place, 2 * place.stat().st_size, "The migration of the store to this version")
        migrate(place)
    resources = Resources(
        store=Store(place),
        vault=vault,
        clock=clock or Clock(),
        entropy=entropy or Entropy(),
        settings=config.settings,
        sandbox=sandbox,
        environment=config.settings.environment or facts["environment"],
        mail=config.mail,
        sms=config.sms,
        duo=config.duo,
    )
    seal_store(resources)
    return Desk(resources, config)
