"""A new store with its master key, all or nothing; and the end of a sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.config import Config
from dropcopy_tui.domain.accounts import clean_email
from dropcopy_tui.domain.errors import InvalidValue, StoreUnusable
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.people.passwords import hash_password
from dropcopy_tui.services.rights import NOBODY
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.chain import begin
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.location import check_place, check_store, store_facts
from dropcopy_tui.store.search import index_new
from dropcopy_tui.store.tables import EntitlementRow, PersonRow, SettingRow
from dropcopy_tui.store.vault import Vault, make_master_key
from dropcopy_tui.workshop import clear_unfinished, put_in_place, workshop

# What fills a new store, before anybody can see it.
Fill = Callable[[Resources], None]


def make_store(
    config: Config,
    *,
    sandbox: bool,
    fill: Fill | None = None,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    app_role: str | None = None,
) -> None:
    """Make a store and its master key, filled by `fill`, all or nothing: it appears when it is whole.

    `app_role` is the role of a server that uses the store without owning it. Raises StoreUnusable when there is a
    store or a master key already.
    """
    config.require_own_rules(sandbox=sandbox)
    place, key_place = config.paths.store, config.paths.master_key
    making = _Making(config, sandbox, fill, clock or Clock(), entropy or Entropy())
    if isinstance(place, ServerPlace):
        _make_on_server(place, key_place, making, app_role)
        return
    if app_role:
        raise InvalidValue("--app-role is for a store on a PostgreSQL server. Nothing was changed.", "app_role")
    clear_unfinished(place.parent)
    for taken in (place, key_place):
        if taken.exists():
            raise StoreUnusable(f"{taken} already exists. Nothing was changed. Use another --store.")
    with ExitStack() as stack:
        try:
            for folder in (place.parent, key_place.parent):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            check_place(place)
            made = stack.enter_context(workshop(place, key_place))
        except OSError as error:
            raise StoreUnusable(
                f"A store cannot be created at {place}: {error.strerror}. Use another --store."
            ) from None
        making.build_file(made)
        put_in_place(made / "master.key", key_place)
        try:
            put_in_place(made / "store.db", place)
        except BaseException:
            key_place.unlink(missing_ok=True)
            raise


@dataclass(frozen=True, slots=True)
class _Making:
    """What a new store is filled with."""

    config: Config
    sandbox: bool
    fill: Fill | None
    clock: Clock
    entropy: Entropy

    def build_file(self, folder: Path) -> None:
        """A store and its master key in a folder of their own."""
        path = folder / "store.db"
        create_store(path)
        store = Store(path)
        try:
            self.found(store, make_master_key(folder / "master.key"))
        finally:
            store.close()

    def found(self, store: Store, key: bytes) -> None:
        """Say in an empty store whose it is, and fill it."""
        store_id = uuid.uuid4().hex
        vault = Vault(key, store_id)
        environment = "CERT" if self.sandbox else "PRODUCTION"
        facts = {
            "store_id": store_id,
            "sandbox": "yes" if self.sandbox else "no",
            "environment": environment,
            "vault_check": vault.check_value(),
        }
        resources = Resources(store, vault, self.clock, self.entropy, self.config.settings, self.sandbox, environment)
        with store.write() as session:
            session.add_all(SettingRow(key=key, value=value) for key, value in facts.items())
            session.flush()
            begin(session, vault, self.clock.now())
        if self.fill is not None:
            self.fill(resources)
            with store.write() as session:
                index_new(session)


def _make_on_server(place: ServerPlace, key_place: Path, making: _Making, app_role: str | None) -> None:
    """The store in one transaction; the master key is in its place before that ends, for it must never be missing."""
    from dropcopy_tui.store.founding import founding

    if key_place.exists():
        raise StoreUnusable(
            f"{key_place} already exists. Nothing was changed. If no store belongs to it, move it away."
        )
    with founding(place) as made:
        key_place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_place(key_place)
        try:
            making.found(made.store, make_master_key(key_place))
            if app_role:
                made.grant(app_role)
            made.commit()
        except BaseException:
            if not made.may_stand:
                key_place.unlink(missing_ok=True)
            raise


def administrator(user_id: str, email: str, os_account: str | None, password: str | None) -> Fill:
    """What makes the first administrator of a new store: operations, so that they can import everything else.

    Raises InvalidValue for what is not an email address, and for a password that is too short.
    """
    hashed = hash_password(password) if password is not None else None
    address = clean_email(email, local=True)

    def fill(resources: Resources) -> None:
        person = PersonRow(
            user_id=user_id.lower(),
            name="First administrator",
            email=address,
            os_account=os_account,
            password_hash=hashed,
            created_at=resources.clock.now(),
        )
        with writing(resources, NOBODY) as uow:
            uow.tx.add(person)
            uow.tx.flush()
            for role in (Role.OPERATIONS, Role.AUDITOR):
                uow.tx.add(EntitlementRow(person_id=key_of(person.id), role=role.value))
            actor = Actor(key_of(person.id), person.user_id, person.name, "init")
            uow.by(actor).record("store:made", person.user_id, after={"sandbox": resources.sandbox})

    return fill


def remove_sandbox(config: Config) -> None:
    """Throw a sandbox store away. Raises StoreUnusable when the store is not a sandbox."""
    path = config.paths.store
    check_store(path)
    if store_facts(path).get("sandbox") != "yes":
        raise StoreUnusable(f"{path} is not a sandbox. Nothing was changed.")
    if isinstance(path, ServerPlace):
        from dropcopy_tui.store.founding import drop_tables

        drop_tables(path)
        config.paths.master_key.unlink(missing_ok=True)
        return
    beside = [path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm", ".gate")]
    for file in (path, *beside, config.paths.master_key):
        file.unlink(missing_ok=True)
