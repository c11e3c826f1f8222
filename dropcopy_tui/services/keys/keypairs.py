"""Key pairs: made and written to one file behind a second factor, and deleted (rules K3 to K6).

Many sessions are one request and one code. A session that cannot be served is left as it was and told with its
reason; the others are done. Where none can be served, nothing is changed and the code is not used up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import FactorNeeded, InvalidValue, NotEntitled, NotFound, SessionEnded
from dropcopy_tui.domain.keypairs import Plan, state_of
from dropcopy_tui.domain.people import MAY_USE_KEYS, Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.bulk import Failure, each
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.table import Proof, Purpose, deletion_scope, key_scope
from dropcopy_tui.services.keys.key_file import Delivery, deliver
from dropcopy_tui.services.keys.letters import key_letter
from dropcopy_tui.services.keys.rotation import make_pair, plan_for
from dropcopy_tui.services.people.parcels import Ticket
from dropcopy_tui.services.requests.lifecycle import end_request, make_request, tell_submitted
from dropcopy_tui.services.requests.views import request_view
from dropcopy_tui.services.sessions.key_rows import KeyViews, destroy, keep_stops, key_rows, pair_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, person_row
from dropcopy_tui.services.views import KeyView, RequestView
from dropcopy_tui.store.tables import EntityRow, KeyPairRow, RequestRow, SessionRow

Row = TypeVar("Row")
_NO_DROPS: Mapping[int, str] = MappingProxyType({})
_CHUNK = 500
_GONE = "A selected {} no longer exists, or you have no access to it. Refresh the list. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Generated:
    """New pairs, the file they were written to where one was asked for, and the sessions that got none."""

    request: RequestView
    keys: tuple[KeyView, ...]
    file: Path | None = None
    failed: tuple[Failure, ...] = ()
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a key file holds, without the secrets, and the sessions that are not in it."""

    keys: tuple[KeyView, ...]
    file: Path | None
    failed: tuple[Failure, ...] = ()
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """Pairs that were destroyed, and those that were left as they are."""

    request: RequestView
    keys: tuple[KeyView, ...]
    failed: tuple[Failure, ...] = ()


class KeyPairs(Service):
    """The key pairs of sessions; sessions are named by their primary keys, pairs by their access key ids."""

    def plan(self, actor: Actor, sessions: Sequence[int], drops: Mapping[int, str] = _NO_DROPS) -> tuple[Plan, ...]:
        """What generating would do to each session, before anything happens.

        A session that gets no pair has a plan that says why (`refusal`). Raises NotEntitled, NotFound, and
        the refusal itself if it is the only session.
        """
        with self._reading(actor) as uow:
            rows, _ = self._entitled(uow, sessions)
            pairs = key_rows(uow, [key_of(row.id) for row in rows])
            return tuple(
                self._planned(uow, row, pairs[key_of(row.id)], drops.get(key_of(row.id)), alone=len(rows) == 1)
                for row in rows
            )

    def generate(
        self,
        actor: Actor,
        sessions: Sequence[int],
        proof: Proof,
        drops: Mapping[int, str] = _NO_DROPS,
        out: Delivery | None = None,
    ) -> Generated:
        """Make a pair for each session, and write them to `out`, once, where given (rule K5).

        Raises:
            SecondFactorFailed: the code does not hold; the try is counted.
            InvalidValue, SessionEnded: no session could be served, such as: each has two active key pairs and none was
                chosen to be deleted, or was released with its group.
            NotEntitled, NotFound, FileRefused, MasterKeyMissing: nothing was made, the code is not used up.
        """
        # The file is reserved before the transaction begins: a pair whose file cannot be written is never made.
        with deliver(out, self._resources.store.beside) as file, self._writing(actor) as uow:
            rows, entity = self._entitled(uow, sessions)
            # Inside this transaction: what is refused below gives the code back.
            spend(uow, proof, Purpose.KEYS, key_scope("generate", sessions, drops))
            pairs = key_rows(uow, [key_of(row.id) for row in rows])

            def make(row: SessionRow) -> KeyPairRow:
                own = pairs[key_of(row.id)]
                plan = plan_for(uow, row, own, drops.get(key_of(row.id)))
                return make_pair(uow, row, own, plan)

            made, failed = each(uow, rows, _session_id, make, "Generating key pairs")
            keep_stops(uow, [pair.session_pk for pair in made])
            request = self._completed(uow, RequestType.GENERATE_KEY, entity, rows, made, failed)
            file.write(uow, made)
            if out is not None:
                self._note_download(uow, entity, made)
            views = self._views(uow, rows, made)
            return Generated(request_view(uow, request), views, file.path, tuple(failed), file.ticket)

    def download(
        self,
        actor: Actor,
        sessions: Sequence[int],
        proof: Proof,
        out: Delivery,
    ) -> Downloaded:
        """Write the active key pairs of the sessions to a file of the form of domain section 7 (rule K6).

        Raises:
            SecondFactorFailed: the code does not hold; the try is counted.
            FileRefused: the file exists or cannot be written; the code is not used up.
            NotFound: no session has an active key pair.
            WrongMasterKey: no stored secret can be opened.
        """
        with deliver(out, self._resources.store.beside) as file, self._writing(actor) as uow:
            rows, entity = self._entitled(uow, sessions)
            spend(uow, proof, Purpose.KEYS, key_scope("download", sessions))
            pairs = key_rows(uow, [key_of(row.id) for row in rows])
            found, failed = each(
                uow,
                rows,
                _session_id,
                lambda row: self._living(uow, row, pairs[key_of(row.id)]),
                "Reading key pairs",
            )
            living = [pair for own in found for pair in own]
            unreadable = file.write(uow, living)
            names = {key_of(row.id): row.session_id for row in rows}
            failed += [
                Failure(names[pair.session_pk], unreadable[pk])
                for pair in living
                if (pk := key_of(pair.id)) in unreadable
            ]
            written = [pair for pair in living if key_of(pair.id) not in unreadable]
            self._note_download(uow, entity, written)
            listed = _short(", ".join(_owners(rows, written)))
            uow.tell(
                person_row(uow),
                f"Key pairs downloaded: {listed}",
                f"{actor.user_id} downloaded {plural(len(written), 'key pair')} of {listed}.",
            )
            return Downloaded(self._views(uow, rows, written), file.path, tuple(failed), file.ticket)

    def delete(self, actor: Actor, keys: Sequence[str], proof: Proof | None = None) -> Deleted:
        """Destroy key pairs immediately, living or expired: a gateway refuses them from now on (rule K6).

        Raises:
            FactorNeeded: one is active, and the site asks for a `proof` then.
            SecondFactorFailed: the code does not hold; the try is counted.
            NotFound: one does not exist, or may not be seen.
            InvalidValue: every one of them is deleted already.
            NotEntitled: the person does not manage the keys there.
        """
        with self._writing(actor) as uow:
            pairs = _pairs_named(uow, keys)
            rows, entity = self._entitled(uow, [pair.session_pk for pair in pairs], "key pair")
            self._prove_deletion(uow, rows, pairs, proof)
            names = {key_of(row.id): row.session_id for row in rows}

            def remove(pair: KeyPairRow) -> KeyPairRow:
                if pair.deleted_at is not None:
                    by = f" by {pair.deleted_by}" if pair.deleted_by else ""
                    raise InvalidValue(
                        f"Key pair {pair.access_key_id} has already been deleted{by}. Nothing was changed."
                    )
                destroy(uow, pair)
                return pair

            gone, failed = each(uow, pairs, lambda pair: names[pair.session_pk], remove, "Deleting key pairs")
            keep_stops(uow, names)
            request = self._completed(uow, RequestType.DELETE_KEY, entity, rows, gone, failed)
            return Deleted(request_view(uow, request), self._views(uow, rows, gone), tuple(failed))

    def _prove_deletion(
        self, uow: UnitOfWork, rows: Sequence[SessionRow], pairs: Sequence[KeyPairRow], proof: Proof | None
    ) -> None:
        owners = {key_of(row.id): row for row in rows}
        known = [pair_of(pair, owners[pair.session_pk].session_id, owners[pair.session_pk].market) for pair in pairs]
        if not uow.settings.key_deletion_factor or not any(state_of(pair, uow.now).living for pair in known):
            return
        if proof is None:
            raise FactorNeeded(
                "Deleting an active key pair requires a second factor here. On the command line: "
                "dropcopy keys challenge --for delete. Nothing was changed."
            )
        spend(uow, proof, Purpose.KEYS, deletion_scope([pair.access_key_id for pair in pairs]))

    def _entitled(
        self, uow: UnitOfWork, sessions: Sequence[int], what: str = "session"
    ) -> tuple[list[SessionRow], EntityRow]:
        """The sessions' rows in the order asked for, all of one entity at which the person manages keys."""
        if not sessions:
            raise InvalidValue(f"Select at least one {what}.")
        wanted = list(dict.fromkeys(sessions))
        known = {key_of(row.id): row for row in _chunked(uow, SessionRow, col(SessionRow.id), wanted)}
        visible = uow.visible_ids()
        found = [known[pk] for pk in wanted if pk in known and known[pk].entity_id in visible]
        if len(found) != len(wanted):
            # One answer for what is gone and what may not be seen: it tells no one what exists.
            raise NotFound(_GONE.format(what))
        places = {row.entity_id for row in found}
        for place in places:
            uow.require(MAY_USE_KEYS, uow.tx.get_one(EntityRow, place))
        if len(places) > 1:
            raise NotEntitled(f"The selected {what}s belong to several entities. Select those of one entity only.")
        return found, uow.tx.get_one(EntityRow, places.pop())

    def _planned(
        self, uow: UnitOfWork, row: SessionRow, pairs: Sequence[KeyPairRow], drop: str | None, *, alone: bool
    ) -> Plan:
        try:
            return plan_for(uow, row, pairs, drop)
        except (InvalidValue, SessionEnded) as refusal:
            if alone:
                raise
            words = f"{row.session_id}: skipped. {refusal.message}"
            return Plan(row.session_id, uow.now, (), None, (), words, refusal=refusal.message)

    def _living(self, uow: UnitOfWork, row: SessionRow, pairs: Sequence[KeyPairRow]) -> list[KeyPairRow]:
        living = [pair for pair in pairs if state_of(pair_of(pair, row.session_id, row.market), uow.now).living]
        if not living:
            raise NotFound(f"{row.session_id} has no active key pair. Generate one first.")
        return living

    def _completed(
        self,
        uow: UnitOfWork,
        kind: RequestType,
        entity: EntityRow,
        rows: Sequence[SessionRow],
        pairs: Sequence[KeyPairRow],
        failed: Sequence[Failure],
    ) -> RequestRow:
        """The request for what was done, completed immediately, with what was not done among its reasons (rule Q1)."""
        names = _owners(rows, pairs)
        asked = {"sessions": list(names), "keys": [pair.access_key_id for pair in pairs]}
        subject = _short(", ".join(names))
        request = make_request(uow, kind, entity, subject, asked)
        made = kind is RequestType.GENERATE_KEY
        uow.record(
            "keypair:generated" if made else "keypair:deleted",
            subject,
            entity=entity.code,
            after={**asked, "request": request.reference},
        )
        letter = key_letter(uow, kind, self._views(uow, rows, pairs))
        tell_submitted(uow, request, letter)
        end_request(uow, request, RequestStatus.COMPLETED, _reasons(pairs, failed), letter)
        return request

    def _note_download(self, uow: UnitOfWork, entity: EntityRow, pairs: Sequence[KeyPairRow]) -> None:
        keys = [pair.access_key_id for pair in pairs]
        uow.record("keypair:downloaded", _short(", ".join(keys)), entity=entity.code, after={"keys": keys})

    def _views(self, uow: UnitOfWork, rows: Sequence[SessionRow], pairs: Sequence[KeyPairRow]) -> tuple[KeyView, ...]:
        owners = {key_of(row.id): row for row in rows}
        found = [(pair, owners[pair.session_pk]) for pair in pairs]
        return tuple(KeyViews(uow, owner.market).view(pair, owner.session_id) for pair, owner in found)


def _pairs_named(uow: UnitOfWork, keys: Sequence[str]) -> list[KeyPairRow]:
    """The pairs with these access key ids, in this order. Raises NotFound, InvalidValue."""
    if not keys:
        raise InvalidValue("Select at least one key pair.")
    wanted = list(dict.fromkeys(keys))
    known = {row.access_key_id: row for row in _chunked(uow, KeyPairRow, col(KeyPairRow.access_key_id), wanted)}
    if len(known) != len(wanted):
        raise NotFound(_GONE.format("key pair"))
    return [known[key] for key in wanted]


def _chunked(uow: UnitOfWork, table: type[Row], column: Any, wanted: Sequence[Any]) -> Iterator[Row]:
    """The rows whose column has one of the values: a statement takes so many at most."""
    for start in range(0, len(wanted), _CHUNK):
        yield from uow.tx.execute(select(table).where(column.in_(wanted[start : start + _CHUNK]))).scalars()


def _session_id(row: SessionRow) -> str:
    return row.session_id


def _owners(rows: Sequence[SessionRow], pairs: Sequence[KeyPairRow]) -> list[str]:
    """The Session IDs of the sessions that have one of these pairs."""
    served = {pair.session_pk for pair in pairs}
    return [row.session_id for row in rows if key_of(row.id) in served]


def _reasons(pairs: Sequence[KeyPairRow], failed: Sequence[Failure]) -> list[str]:
    """What a request says of the rows that were left as they were; nothing where all went through."""
    if not failed:
        return []
    return [f"{len(pairs):,} completed, {len(failed):,} failed.", *(failure.reason for failure in failed)]


def _short(listed: str) -> str:
    """A list of names short enough to be the subject of a request."""
    if len(listed) <= 60:
        return listed
    # Whole names: one that is cut is the name of another session.
    kept = listed[:50].rpartition(", ")[0]
    return f"{kept} and {listed.count(', ') - kept.count(', '):,} more"
