"""Looks through a whole store without changing it, and says what is wrong with it.

It asks for no role: whoever has the store's file, or its server's role, reads all of it anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError, Interrupted
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.domain.work import step
from dropcopy_tui.services.inspection.rules import RULES, Rule
from dropcopy_tui.services.inspection.sealed import closed_values
from dropcopy_tui.services.source_sets import altered_sets
from dropcopy_tui.store.chain_check import check_chain
from dropcopy_tui.store.damage import UNREADABLE
from dropcopy_tui.store.dialect import is_postgres
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.proofs import altered_rows
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.vault import Vault

# So many rows that break a rule are named.
_NAMED = 10
# Steps of SQLite's machine for each byte of a file that is looked through, for the bar alone.
_COST = 1
_AMCHECK = (
    "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid "
    "JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'btree' "
    "AND i.indisvalid AND c.relnamespace = 'public'::regnamespace"
)
_HAS_AMCHECK = "SELECT 1 FROM pg_extension, pg_roles WHERE extname = 'amcheck' AND rolname = current_user AND rolsuper"


@dataclass(frozen=True, slots=True)
class Examined:
    """One check: what it looks for, and the rows it found ("" as words where all is well)."""

    name: str
    words: str = ""
    found: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.words


def inspect_store(store: Store, vault: Vault | None) -> Iterator[Examined]:
    """Run every check; that of sealed values and of the trail only with the master key. Raises Interrupted."""
    for name, words, find in _checks(store, vault):
        yield _examined(store, name, words, find)


Find = Callable[[Session], Sequence[str]]


def _checks(store: Store, vault: Vault | None) -> Iterator[tuple[str, str, Find]]:
    yield "store.integrity", "The store is damaged.", partial(_integrity, size=_size(store))
    yield "store.references", "Rows refer to rows that do not exist.", _references
    for rule in RULES:
        yield rule.name, rule.words, partial(_broken, rule=rule)
    yield "groups.digests", "The SenderComps of a group are not those that were set up.", _other_sets
    if vault is not None and vault.is_open:
        words = "Sealed values do not open with this master key."
        yield "store.sealed", words, lambda session: list(islice(closed_values(session, vault), _NAMED + 1))
        yield (
            "rows.altered",
            "Rows that grant power were changed from outside the desk.",
            partial(_altered, vault=vault),
        )
        yield "audit.trail", "The audit trail was altered.", partial(_trail, vault=vault)


def _examined(store: Store, name: str, words: str, find: Find) -> Examined:
    # One transaction a check: writers wait for one of them at most.
    try:
        with store.read() as session:
            found = find(session)
    except Interrupted:
        raise
    except DeskError as error:
        return Examined(name, words, (error.message,))
    except (DBAPIError, *UNREADABLE) as error:
        return Examined(name, words, (f"cannot be read ({type(error).__name__})",))
    if not found:
        return Examined(name)
    more = (f"and more than {_NAMED} in all",) if len(found) > _NAMED else ()
    return Examined(name, words, (*found[:_NAMED], *more))


def _size(store: Store) -> int:
    return store.place.stat().st_size if not isinstance(store.place, ServerPlace) else 0


def _integrity(session: Session, size: int) -> list[str]:
    """What the database itself finds: SQLite in its file, PostgreSQL in its indexes where amcheck is installed."""
    step("Checking the integrity of the store", size, _COST)
    if not is_postgres(session):
        said = [str(row[0]) for row in session.execute(text(f"PRAGMA integrity_check({_NAMED + 1})"))]
        return [] if said == ["ok"] else said
    if session.execute(text(_HAS_AMCHECK)).first() is None:
        return []
    found = []
    for name in session.execute(text(_AMCHECK)).scalars().all():
        try:
            with session.begin_nested():
                session.execute(text("SELECT bt_index_check(CAST(:name AS regclass))"), {"name": name})
        except DBAPIError as error:
            found.append(f"{name}: {error.orig}")
    return found


def _altered(session: Session, vault: Vault) -> list[str]:
    step("Checking rows that grant power")
    return list(islice(altered_rows(session, Prover(vault)), _NAMED + 1))


def _trail(session: Session, vault: Vault) -> list[str]:
    step("Verifying the audit trail")
    found = check_chain(session, vault)
    return [] if found.valid else [found.why]


def _other_sets(session: Session) -> list[str]:
    step("Checking the SenderComps of groups")
    return list(islice(altered_sets(session), _NAMED + 1))


def _references(session: Session) -> list[str]:
    step("Checking references")
    if is_postgres(session):
        return []  # a server holds them by itself
    rows = session.execute(text("PRAGMA foreign_key_check"))
    return [f"{table} row {row} refers to {parent}" for table, row, parent, _ in islice(rows, _NAMED + 1)]


def _broken(session: Session, rule: Rule) -> list[str]:
    step(f"Checking {rule.name.replace('.', ': ').replace('-', ' ')}")
    rows = session.execute(text(f"{rule.sql} LIMIT {_NAMED + 1}"))
    return [" ".join(map(str, row)) for row in rows]
