"""The SMS code: a text message to the person's registered mobile phone (rule P2)."""

from __future__ import annotations

from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.factors.sms import texts_leave
from dropcopy_tui.services.factors.strategy import NOT_HERE, CodeFactor, Offer, Sent, give_code
from dropcopy_tui.services.messages import text_message
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import ChallengeRow, PersonRow


class SmsCode(CodeFactor):
    """A code that goes to the outbox; `Texting` hands it to the provider."""

    def offer(self, uow: UnitOfWork, person: PersonRow) -> Offer:
        """A sandbox shows the message itself; elsewhere a provider must be configured."""
        if not person.mobile:
            return Offer("", "no mobile phone is registered")
        hint = f"···· {person.mobile.replace(' ', '')[-4:]}"
        if not uow.resources.sandbox and uow.resources.sms is None:
            return Offer(hint, NOT_HERE)
        return Offer(hint)

    def start(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> Sent:
        """Write the message into the outbox, its body sealed."""
        code = give_code(uow.resources, row)
        life = plural(round(uow.settings.code_life.total_seconds() / 60), "minute")
        body = f"Your code is {code}, valid for {life} (drop copy desk). Do not share it with anyone."
        # The message is of no use once its challenge is over: the sender looks it up by this.
        row.remote_id = str(text_message(uow, person, body))
        return Sent(texts_leave(uow.resources), body if uow.resources.sandbox else "")

    def source(self, sent_to: str, push: bool) -> str:
        """The phone's last digits."""
        return f"Code sent to {sent_to}"
