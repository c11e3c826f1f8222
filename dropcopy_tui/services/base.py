"""The foundation of every service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.mail import MailServer, MessageState, is_loopback
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.providers import DuoService, SmsProvider
from dropcopy_tui.domain.seats import SeatRules, rules_of
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.paging import Worded
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import EntityRow
from dropcopy_tui.store.vault import Vault

# Long enough for the person to read that a factor was enrolled, and to object.
FACTOR_WAIT = timedelta(hours=24)
LEAST_FACTOR_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Resources:
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

    def __post_init__(self) -> None:
        """From now on, the store makes and checks the proofs of its rows with this vault."""
        self.store.prover = Prover(self.vault) if self.vault.is_open else None

    @property
    def email_state(self) -> str:
        """The state of a new email: held where nothing sends it, so that it waits where it can be read."""
        sends = self.mail is not None and not self.sandbox
        return (MessageState.QUEUED if sends else MessageState.HELD).value

    @property
    def factor_wait(self) -> timedelta:
        """How long a new second factor confirms nothing: a sandbox, which is for trying things, does not wait."""
        if self.settings.factor_wait is None:
            return timedelta() if self.sandbox else FACTOR_WAIT
        # A configuration of one's own does not take the wait away.
        return self.settings.factor_wait if self.sandbox else max(self.settings.factor_wait, LEAST_FACTOR_WAIT)

    @property
    def seat_rules(self) -> SeatRules | None:
        """When seats are locked and end; None where none are kept, as in a sandbox that sets nothing of the kind."""
        return rules_of(self.settings, sandbox=self.sandbox)

    @property
    def text_state(self) -> str:
        """The state of a new text message.

        A sandbox holds it, except for a provider on this machine, which is a rehearsal.
        """
        sends = self.sms is not None and (not self.sandbox or is_loopback(self.sms.host))
        return (MessageState.QUEUED if sends else MessageState.HELD).value


def market_words(column: Any) -> Worded:
    """A searched column of market codes: people see and type the market's name."""
    return Worded(column, {code: market.name for code, market in MARKETS.items()})


def key_of(row_id: int | None) -> int:
    """The primary key of a row that is in the store."""
    if row_id is None:
        raise RuntimeError("the row was not flushed")
    return row_id


def entity_named(tx: Session, code: str) -> EntityRow:
    """The entity with this code, in any case: codes are upper case. Raises NotFound."""
    row = tx.exec(select(EntityRow).where(col(EntityRow.code).in_((code, code.upper())))).first()
    if row is None:
        raise NotFound(f"Entity {code!r} does not exist, or you have no access to it.")
    return row
