"""The EASE desk: agents verify who is calling, issue one-time codes, and reset factors in pairs (rule P2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.accounts import PersonStatus
from dropcopy_tui.domain.dates import date_words
from dropcopy_tui.domain.ease import CHECKS, EASE_LIFE, RESET_LIFE, Check, check_verified
from dropcopy_tui.domain.errors import CodesUsedUp, InvalidValue, NotEntitled, NotFound, TooLate
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_EASE, Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.challenges import codes_left, new_challenge
from dropcopy_tui.services.factors.states import off_factors, switch_on
from dropcopy_tui.services.factors.strategy import give_code
from dropcopy_tui.services.factors.table import FACTORS, ISSUED, Factor, Purpose
from dropcopy_tui.services.people.roles import is_own, refuse_own
from dropcopy_tui.services.people.views import PersonLine, Scope, held_by, line_of, lines, listing, person_named
from dropcopy_tui.services.rights import same_person_ids
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, last_event, was_later
from dropcopy_tui.store.paging import fetch
from dropcopy_tui.store.tables import AuditRow, AuthenticatorRow, ChallengeRow, FactorResetRow, PersonRow, RequestRow

_EVERYBODY = Scope(True)


@dataclass(frozen=True, slots=True)
class CallerCheck:
    """A check with the answer that is right; `nothing` says why it cannot be ticked for this person."""

    check: Check
    answer: str
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as an agent sees them: what to verify, and what can be done. `reason`: why nothing can.

    `purposes`: what a code may be issued for.
    """

    line: PersonLine
    checks: tuple[CallerCheck, ...]
    codes_left_today: int
    has_app: bool
    reason: str = ""
    off: tuple[Factor, ...] = ()
    purposes: tuple[Purpose, ...] = (Purpose.KEYS,)


@dataclass(frozen=True, slots=True)
class Issued:
    """A code that was issued: shown to the agent once, who reads it out. It is nowhere else."""

    user_id: str
    code: str = field(repr=False)
    expires_at: datetime
    codes_left_today: int
    purpose: Purpose = Purpose.KEYS


@dataclass(frozen=True, slots=True)
class Reset:
    """A factor that an agent wants to take off a person. `reason`: why the viewer cannot confirm it."""

    id: int
    user_id: str
    factor: Factor
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    reason: str = ""


class Ease(Service):
    """What EASE agents do for people who call."""

    def find(self, actor: Actor, ask: PageRequest) -> Page[PersonLine]:
        """The people who may call. Raises NotEntitled: this is for EASE agents."""
        with self._reading(actor) as uow:
            uow.require(MAY_EASE)
            page = fetch(uow.tx, listing(_EVERYBODY, None, uow.now), ask, lambda row: row)
            return Page(lines(uow, _EVERYBODY, page.rows), page.cursors, page.total)

    def caller(self, actor: Actor, user_id: str) -> Caller:
        """What to verify a caller by. Raises NotEntitled, NotFound."""
        with self._reading(actor) as uow:
            uow.require(MAY_EASE)
            row = person_named(uow, user_id)
            answers = _answers(uow, row)
            checks = tuple(
                CallerCheck(check, answers[check.key], "" if answers[check.key] else check.nothing) for check in CHECKS
            )
            line = line_of(uow, _EVERYBODY, row)
            reason = "it is your own account" if is_own(uow, row) else ""
            if line.status is PersonStatus.DISABLED:
                reason = "the account is disabled"
            left = codes_left(uow, key_of(row.id))
            off = tuple(FACTORS[name] for name in off_factors(uow, key_of(row.id)))
            has_app = _app_of(uow, row) is not None
            useless = {Purpose.ENROL: has_app, Purpose.ROLES: not uow.settings.role_grant_factor}
            purposes = tuple(each for each in ISSUED if not useless.get(each))
            return Caller(line, checks, left, has_app, reason, off, purposes)

    def issue(self, actor: Actor, user_id: str, purpose: Purpose, verified: Collection[str]) -> Issued:
        """Issue a one-time code to a caller who was verified; an older one that is open is void then.

        Raises:
            NotEntitled: this is for EASE agents, and never for an account of their own.
            InvalidValue: too few checks were ticked, or the account is disabled.
            CodesUsedUp: the person has had all codes of the day.
        """
        with self._writing(actor) as uow:
            uow.require(MAY_EASE)
            row = person_named(uow, user_id)
            refuse_own(uow, row, "issue a code to")
            if row.disabled:
                raise InvalidValue(f"{row.user_id} is disabled. No code was issued.")
            if purpose not in ISSUED:
                raise InvalidValue("Two EASE agents remove an authenticator app: request its reset.", "purpose")
            if purpose is Purpose.ENROL and _app_of(uow, row) is not None:
                raise InvalidValue(f"{row.user_id} already has an authenticator app. No code was issued.", "purpose")
            known = {key for key, answer in _answers(uow, row).items() if answer}
            ticked = check_verified(verified, known)
            left = codes_left(uow, key_of(row.id))
            if left <= 0:
                raise CodesUsedUp(f"{row.user_id} has no codes left today. No code was issued.")
            self._void_open(uow, row, purpose)
            challenge = new_challenge(uow, row, FACTORS["ease"], purpose, EASE_LIFE)
            challenge.issued_by = actor.person_id
            code = give_code(uow.resources, challenge)
            uow.record(
                "factor:issued",
                row.user_id,
                after={
                    "factor": "ease",
                    "purpose": purpose.value,
                    "verified": list(ticked),
                    "until": challenge.expires_at.isoformat(),
                },
            )
            minutes = round(EASE_LIFE.total_seconds() / 60)
            uow.tell(
                row,
                "EASE issued a one-time code for you",
                f"{actor.user_id} issued it after verifying a caller. It is valid for {plural(minutes, 'minute')}, for "
                f"{purpose.words}, signed in as {row.user_id}. If you did not request it, call EASE immediately.",
            )
            return Issued(row.user_id, code, challenge.expires_at, left - 1, purpose)

    def resets(self, actor: Actor) -> tuple[Reset, ...]:
        """The resets that wait for a second agent, the oldest first. Raises NotEntitled."""
        with self._reading(actor) as uow:
            uow.require(MAY_EASE)
            waiting = uow.tx.execute(self._waiting()).scalars()
            return tuple(self._reset(uow, row) for row in waiting if not _is_over(uow, row))

    def reset_factor(self, actor: Actor, user_id: str, factor: str) -> Reset:
        """Ask to take a factor off a person who lost it; a second agent has to confirm.

        Raises NotEntitled, NotFound, InvalidValue: there is nothing to reset, or it was asked already.
        """
        if factor != "totp":
            raise InvalidValue(f"{FACTORS[factor].label} cannot be reset here. Nothing was changed.", "factor")
        with self._writing(actor) as uow:
            uow.require(MAY_EASE)
            row = person_named(uow, user_id)
            refuse_own(uow, row, "reset a factor of")
            if _app_of(uow, row) is None:
                raise InvalidValue(f"{row.user_id} has no authenticator app. Nothing was changed.")
            waiting = uow.tx.execute(self._waiting().where(col(FactorResetRow.person_id) == row.id)).scalars()
            if not all(_is_over(uow, each) for each in waiting):
                raise InvalidValue(f"A reset for {row.user_id} already awaits confirmation by a second agent.")
            now = uow.now
            reset = FactorResetRow(
                person_id=key_of(row.id),
                factor=factor,
                asked_by=actor.person_id,
                asked_at=now,
                expires_at=now + RESET_LIFE,
                after_event=last_event(uow),
            )
            uow.tx.add(reset)
            uow.tx.flush()
            uow.record("factor:reset_asked", row.user_id, after={"factor": factor, "reset": reset.id})
            return self._reset(uow, reset)

    def confirm_reset(self, actor: Actor, reset_id: int) -> Reset:
        """Take the factor off, as the second agent, within half an hour; the person is told.

        Raises NotEntitled: the same person asked for it, or it is an account of their own. NotFound, InvalidValue.
        """
        with self._writing(actor) as uow:
            uow.require(MAY_EASE)
            row = uow.tx.get(FactorResetRow, reset_id)
            if row is None:
                raise NotFound(f"Reset {reset_id} does not exist. Nothing was changed.")
            person = uow.tx.get_one(PersonRow, row.person_id)
            refuse_own(uow, person, "reset a factor of")
            if row.asked_by in same_person_ids(uow.tx, actor.person_id):
                raise NotEntitled("You requested this reset, so a second agent must confirm it. Nothing was changed.")
            if row.confirmed_at is not None:
                raise InvalidValue(f"Reset {reset_id} has already been confirmed. Nothing was changed.")
            if _is_over(uow, row):
                row.expires_at = min(row.expires_at, row.asked_at)
                raise TooLate(f"Reset {reset_id} has expired. Request it again. Nothing was changed.")
            self._take_off(uow, row)
            row.confirmed_by, row.confirmed_at = actor.person_id, uow.now
            asked_by = uow.tx.get_one(PersonRow, row.asked_by).user_id
            uow.record(
                "factor:reset", person.user_id, after={"factor": row.factor, "reset": row.id, "asked_by": asked_by}
            )
            uow.tell(
                person,
                "Your authenticator app was removed",
                f"{asked_by} and {actor.user_id} of EASE removed it. "
                "You can enrol an app again at any time. If you did "
                "not ask for that, call EASE immediately.",
            )
            return self._reset(uow, row)

    def _void_open(self, uow: UnitOfWork, person: PersonRow, purpose: Purpose) -> None:
        now = uow.now
        rows = select(ChallengeRow).where(
            col(ChallengeRow.person_id) == person.id,
            col(ChallengeRow.factor) == "ease",
            col(ChallengeRow.purpose) == purpose.value,
            col(ChallengeRow.expires_at) > now,
        )
        for row in uow.tx.execute(rows).scalars():
            row.expires_at, row.ended = now, "replaced"

    def _waiting(self) -> Any:
        waits = (col(FactorResetRow.confirmed_at).is_(None), col(FactorResetRow.expires_at) > self._now())
        return select(FactorResetRow).where(*waits).order_by(col(FactorResetRow.id))

    def _reset(self, uow: UnitOfWork, row: FactorResetRow) -> Reset:
        person, agent = uow.tx.get_one(PersonRow, row.person_id), uow.tx.get_one(PersonRow, row.asked_by)
        reason = ""
        if row.asked_by in same_person_ids(uow.tx, uow.actor.person_id):
            reason = "you requested it; a second agent must confirm"
        elif is_own(uow, person):
            reason = "it is your own account"
        return Reset(
            key_of(row.id), person.user_id, FACTORS[row.factor], agent.user_id, row.asked_at, row.expires_at, reason
        )

    def _take_off(self, uow: UnitOfWork, row: FactorResetRow) -> None:
        app = uow.tx.get(AuthenticatorRow, row.person_id)
        if app is None:
            raise InvalidValue("The authenticator app no longer exists. Nothing was changed.")
        uow.tx.delete(app)
        # The next app begins without the wrong codes of this one.
        switch_on(uow, row.person_id, (row.factor,))


def _is_over(uow: UnitOfWork, row: FactorResetRow) -> bool:
    """Whether its half hour has passed, by the clock or by what was recorded since."""
    return not row.asked_at <= uow.now < row.expires_at or was_later(uow.tx, row.after_event, row.expires_at)


def _app_of(uow: UnitOfWork, person: PersonRow) -> AuthenticatorRow | None:
    """An app that counts: one whose enrolment was begun and not finished is none."""
    row = uow.tx.get(AuthenticatorRow, key_of(person.id))
    return row if row is not None and row.confirmed_at is not None else None


def _answers(uow: UnitOfWork, person: PersonRow) -> Mapping[str, str]:
    """What a caller has to say, or where to call them, by the key of the check; "" where the desk does not know."""
    held = ", ".join(entitlement.words for entitlement, _ in held_by(uow, person))
    request = select(RequestRow).where(col(RequestRow.submitted_by) == person.id)
    last = uow.tx.execute(request.order_by(col(RequestRow.id).desc()).limit(1)).scalar_one_or_none()
    entitled = (
        select(col(AuditRow.at))
        .where(col(AuditRow.subject) == person.user_id)
        .where(col(AuditRow.action).in_(("person:entitled", "person:invited", "person:roles_changed")))
    )
    when = uow.tx.execute(entitled.order_by(col(AuditRow.id).desc()).limit(1)).scalar_one_or_none()
    return {
        "callback": person.mobile or "",
        "email": person.email,
        "request": last.reference if last is not None else "",
        "entitled": date_words(when) if when is not None else "",
        "entity": held,
    }
