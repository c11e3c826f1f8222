"""What every service stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.mail import MailServer
from dropcopy_tui.domain.providers import DuoService, SmsProvider
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.tables import EntityRow
from dropcopy_tui.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Means:
    """The store, the vault, the clock, randomness and settings, as the desk put them together.

    `mail`, `sms` and `duo` are None where no mail server, no SMS provider, no Duo application is configured.
    """

    store: Store
    vault: Vault
    clock: Clock
    entropy: Entropy
    settings: Settings
    sandbox: bool
    environment: str
    mail: MailServer | None = None
    sms: SmsProvider | None = None
    duo: DuoService | None = None


class Service:
    """A noun of the desk; its public methods are the verbs, and each takes the actor first."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._store = means.store
        self._vault = means.vault
        self._settings = means.settings

    def _now(self) -> datetime:
        return self._means.clock.now()


def key_of(row_id: int | None) -> int:
    """The primary key of a row that is in the store."""
    if row_id is None:
        raise RuntimeError("the row was not flushed")
    return row_id


def entity_named(session: Session, code: str) -> EntityRow:
    """The entity with this code. Raises NotFound."""
    row = session.exec(select(EntityRow).where(col(EntityRow.code) == code)).first()
    if row is None:
        raise NotFound(f"There is no entity {code!r}, or you may not see it.")
    return row
