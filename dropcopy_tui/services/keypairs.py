"""Key pairs: made, and written to one file, behind a second factor (rules K3 to K6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import InvalidValue, NotEntitled, NotFound, SessionEnded
from dropcopy_tui.domain.keypairs import Plan, plan_generation, state_of
from dropcopy_tui.domain.people import MAY_USE_KEYS, Actor
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.base import Service, key_of
from dropcopy_tui.services.factors import Proof, Purpose, spend
from dropcopy_tui.services.identity import person_row
from dropcopy_tui.services.key_delivery import Delivery, deliver
from dropcopy_tui.services.request_views import request_view
from dropcopy_tui.services.rights import require, visible_ids
from dropcopy_tui.services.sessions import key_rows, key_view, market_hours, pair_of
from dropcopy_tui.services.submission import end_request, make_request
from dropcopy_tui.services.trail import reading, record, tell, writing
from dropcopy_tui.services.views import KeyView, RequestView
from dropcopy_tui.store.tables import EntityRow, KeyPairRow, SessionRow

_NO_DROPS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Generated:
    """New pairs, and the file they were written to, where one was asked for."""

    request: RequestView
    keys: tuple[KeyView, ...]
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a key file holds, without the secrets."""

    keys: tuple[KeyView, ...]
    file: Path | None


class KeyPairs(Service):
    """The key pairs of sessions, named by their primary keys."""

    def plan(self, actor: Actor, sessions: Sequence[int], drops: Mapping[int, str] = _NO_DROPS) -> tuple[Plan, ...]:
        """What generating would do to each session, before anything happens.

        Raises NotEntitled, NotFound, SessionEnded.
        """
        with reading(self._means, actor) as session:
            rows, _ = self._entitled(session, actor, sessions)
            _check_in_use(rows)
            return tuple(self._plan(session, row, drops.get(key_of(row.id))) for row in rows)

    def generate(
        self,
        actor: Actor,
        sessions: Sequence[int],
        proof: Proof,
        drops: Mapping[int, str] = _NO_DROPS,
        out: Delivery | None = None,
    ) -> Generated:
        """Make a pair for each session, all or none, and write them to `out` where given (rule K5).

        Raises:
            SecondFactorFailed: the code does not hold; the try is counted.
            InvalidValue: a session has two living pairs and none was chosen to be deleted.
            SessionEnded: a session was released with its group, or retired.
            NotEntitled, NotFound, FileRefused, MasterKeyMissing: nothing was made, the code is not used up.
        """
        with deliver(out) as file, writing(self._means, actor) as session:
            rows, entity = self._entitled(session, actor, sessions)
            _check_in_use(rows)
            spend(session, self._means, actor, proof, Purpose.KEYS)
            plans = [self._plan(session, row, drops.get(key_of(row.id))) for row in rows]
            made = [self._make(session, actor, row, plan) for row, plan in zip(rows, plans, strict=True)]
            listed = ", ".join(row.session_id for row in rows)
            asked = {
                "sessions": [row.session_id for row in rows],
                "keys": [key.access_key_id for key in made],
            }
            request = make_request(session, self._means, actor, RequestType.GENERATE_KEY, entity, _short(listed), asked)
            record(
                session, self._means, actor, "keypair:generated", _short(listed), entity=entity.code,
                after={**asked, "request": request.reference},
            )  # fmt: skip
            end_request(session, self._means, request, RequestStatus.COMPLETED, [])
            file.write(session, self._means, made)
            if out is not None:
                self._note_download(session, actor, entity, made)
            return Generated(request_view(session, request, self._means), self._views(rows, made), file.path)

    def download(self, actor: Actor, sessions: Sequence[int], proof: Proof, out: Delivery) -> Downloaded:
        """Write the living pairs of the sessions to a file of the form of domain section 7 (rule K6).

        Raises:
            SecondFactorFailed: the code does not hold; the try is counted.
            FileRefused: the file exists or cannot be written; the code is not used up.
            NotFound: a session has no living pair.
        """
        with deliver(out) as file, writing(self._means, actor) as session:
            rows, entity = self._entitled(session, actor, sessions)
            spend(session, self._means, actor, proof, Purpose.KEYS)
            living = [pair for row in rows for pair in self._living(session, row)]
            file.write(session, self._means, living)
            self._note_download(session, actor, entity, living)
            names = ", ".join(row.session_id for row in rows)
            tell(
                session, self._means, person_row(session, actor), f"Key pairs downloaded: {_short(names)}",
                f"{actor.user_id} downloaded {len(living)} key pair(s) of {_short(names)}.",
            )  # fmt: skip
            return Downloaded(self._views(rows, living), file.path)

    def _entitled(self, session: Session, actor: Actor, sessions: Sequence[int]) -> tuple[list[SessionRow], EntityRow]:
        """The sessions' rows in the order asked for, all of one entity at which the person manages keys."""
        if not sessions:
            raise InvalidValue("Select at least one session.")
        rows = [session.get(SessionRow, pk) for pk in dict.fromkeys(sessions)]
        visible = visible_ids(session, actor)
        found = [row for row in rows if row is not None and row.entity_id in visible]
        if len(found) != len(rows):
            raise NotFound("A selected session is not there any more, or you may not see it. Reload the list.")
        places = {row.entity_id for row in found}
        for place in places:
            require(session, actor, MAY_USE_KEYS, session.get_one(EntityRow, place))
        if len(places) > 1:
            raise NotEntitled("The selected sessions belong to several entities. Select those of one.")
        return found, session.get_one(EntityRow, places.pop())

    def _plan(self, session: Session, row: SessionRow, drop: str | None) -> Plan:
        pairs = [pair_of(pair, row.session_id) for pair in key_rows(session, [key_of(row.id)])[key_of(row.id)]]
        now = self._now()
        living = [pair for pair in pairs if state_of(pair, now).living]
        hours = market_hours(row.market, self._settings)
        return plan_generation(row.session_id, living, hours, now, drop, had_keys=bool(pairs))

    def _make(self, session: Session, actor: Actor, row: SessionRow, plan: Plan) -> KeyPairRow:
        """Carry a plan out: expiries move, the chosen pair is destroyed, the new one takes a free slot."""
        if plan.choice_needed:
            raise InvalidValue(
                f"{row.session_id} has two living key pairs ({', '.join(plan.choice_needed)}). "
                "Choose which one to delete. Nothing was changed."
            )
        now = self._now()
        taken = set()
        for pair in key_rows(session, [key_of(row.id)])[key_of(row.id)]:
            moved = next((change.new for change in plan.changes if change.access_key_id == pair.access_key_id), None)
            pair.expires_at = moved or pair.expires_at
            if pair.access_key_id == plan.deleted:
                pair.deleted_at, pair.sealed_secret = now, None
            if not state_of(pair_of(pair, row.session_id), now).living:
                pair.slot = None
            taken.add(pair.slot)
        session.flush()
        return self._seal(session, actor, row, plan, next(slot for slot in (1, 2) if slot not in taken))

    def _seal(self, session: Session, actor: Actor, row: SessionRow, plan: Plan, slot: int) -> KeyPairRow:
        pair = KeyPairRow(
            session_pk=key_of(row.id),
            access_key_id=self._means.entropy.access_key_id(),
            slot=slot,
            created_at=self._now(),
            expires_at=plan.new_expires_at,
            created_by=actor.person_id,
        )
        session.add(pair)
        session.flush()
        place = ("key_pair", str(pair.id), row.session_id, pair.access_key_id)
        pair.sealed_secret = self._vault.seal(self._means.entropy.secret(), *place)
        return pair

    def _living(self, session: Session, row: SessionRow) -> list[KeyPairRow]:
        now = self._now()
        pairs = session.execute(
            select(KeyPairRow).where(col(KeyPairRow.session_pk) == row.id).order_by(col(KeyPairRow.id))
        ).scalars()
        living = [pair for pair in pairs if state_of(pair_of(pair, row.session_id), now).living]
        if not living:
            raise NotFound(f"{row.session_id} has no living key pair. Generate one first. Nothing was written.")
        return living

    def _note_download(self, session: Session, actor: Actor, entity: EntityRow, pairs: Sequence[KeyPairRow]) -> None:
        keys = [pair.access_key_id for pair in pairs]
        record(
            session, self._means, actor, "keypair:downloaded", _short(", ".join(keys)),
            entity=entity.code, after={"keys": keys},
        )  # fmt: skip

    def _views(self, rows: Sequence[SessionRow], pairs: Sequence[KeyPairRow]) -> tuple[KeyView, ...]:
        owners = {key_of(row.id): row for row in rows}
        now = self._now()
        found = [(pair, owners[pair.session_pk]) for pair in pairs]
        return tuple(key_view(pair, owner.session_id, owner.market, now) for pair, owner in found)


def _check_in_use(rows: Sequence[SessionRow]) -> None:
    """Go on only with sessions that something uses (rule G9). Raises SessionEnded."""
    for row in rows:
        if row.status != SessionStatus.ACTIVE.value:
            why = "its group was deleted" if row.status == SessionStatus.RELEASED.value else "GAM took it out of use"
            raise SessionEnded(
                f"{row.session_id} is {row.status}: {why}, and it gets no new key pair. "
                "Leave it out of the selection. Nothing was changed."
            )


def _short(listed: str) -> str:
    """A list of names short enough to be the subject of a request."""
    return listed if len(listed) <= 60 else f"{listed[:50]} and more"
