"""The proof of a row that grants power: a keyed digest over what it says, which only the master key's holder can make.

Plain Python: the first screen and sshd check proofs before SQLAlchemy is loaded. `store/proofs.py` makes and checks
them wherever rows are written and read.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dropcopy_tui.domain.errors import RowAltered
from dropcopy_tui.store.vault import Vault


@dataclass(frozen=True, slots=True)
class ProvenTable:
    """What a row of a table is called, the columns that name it to people, and those that its proof covers.

    The number of a row is among them where other tables refer to it.
    """

    noun: str
    named: tuple[str, ...]
    columns: tuple[str, ...]


def _table(noun: str, named: str, columns: str) -> ProvenTable:
    return ProvenTable(noun, tuple(named.split()), tuple(sorted(columns.split())))


PROVEN = {
    "approval": _table("approval", "request_id entity_id", "request_id entity_id given_by given_at"),
    "authenticator": _table(
        "authenticator app of person", "person_id",
        "person_id sealed_seed confirmed_at last_step proven_by vouched_by usable_at",
    ),
    "challenge": _table(
        "second factor", "id",
        "id person_id factor purpose code_mac tries created_at expires_at used_at issued_by remote_id scope ended "
        "after_event",
    ),
    "decision": _table("decision", "id", "request_id person_id entity_id verdict reason at"),
    "drop_copy_group": _table(
        "group", "name",
        "id entity_id market name name_key front_end_id sources version created_at created_by deleted_at set_digest",
    ),
    "entitlement": _table("role of person", "person_id role entity_id", "person_id role entity_id given_by given_at"),
    "entity": _table("entity", "code", "id code name clearing_firm approvals"),
    "factor_reset": _table(
        "factor reset", "id", "person_id factor asked_by asked_at expires_at confirmed_by confirmed_at after_event"
    ),
    "group_filter": _table("filter of group", "group_id filter", "group_id filter"),
    "invitation": _table(
        "invitation of person", "person_id",
        "person_id code_mac tries created_at created_by expires_at used_at after_event",
    ),
    "key_pair": _table(
        "key pair", "access_key_id",
        "session_pk access_key_id sealed_secret slot created_at expires_at deleted_at created_by deleted_by "
        "after_event",
    ),
    "person": _table(
        "account", "user_id",
        "id user_id name email mobile os_account password_hash failed_tries locked_until disabled created_at",
    ),
    "recovery_code": _table("recovery code of person", "person_id", "person_id code_mac made_at usable_at used_at"),
    "request": _table(
        "request", "reference",
        "id reference type status entity_id subject search entity submitter stage draft_id group_id group_version "
        "asked reasons submitted_by submitted_at ended_at version needs draft_digest op_id op_digest",
    ),
    "session": _table(
        "session", "session_id", "id entity_id market session_id kind gateway status group_id created_at"
    ),
    "ssh_key": _table(
        "SSH key", "fingerprint",
        "person_id fingerprint kind blob label added_by added_at last_used_at revoked_by revoked_at",
    ),
}  # fmt: skip
# Made once: `json.dumps` makes an encoder for every value.
_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii
_NAMES = {table: [f'"{name}":' for name in proven.columns] for table, proven in PROVEN.items()}
# So many checked rows are remembered, to be checked by comparison.
_MOST = 20_000


class Prover:
    """Makes and checks the proofs of a store's rows with the vault of its master key."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self._checked: dict[tuple[Any, ...], bool] = {}

    def __repr__(self) -> str:
        return f"Prover({self.vault!r})"

    def proof(self, table: str, values: Mapping[Any, Any]) -> bytes:
        """The proof of a row. Raises MasterKeyMissing."""
        return self.vault.row_proof(_said(table, [values[name] for name in PROVEN[table].columns]))

    def holds(self, table: str, values: Mapping[Any, Any]) -> bool:
        """Whether a row is as the desk wrote it. `values` are all of its columns. Raises MasterKeyMissing."""
        proof, *proven = (values["proof"], *(values[name] for name in PROVEN[table].columns))
        row = (table, proof, *proven)
        try:
            known = self._checked.get(row)
        except TypeError:  # a document, which has no hash
            return self.holds_once(table, proven, proof)
        if known is None:
            if len(self._checked) >= _MOST:
                self._checked.clear()
            known = self._checked[row] = self.holds_once(table, proven, proof)
        return known

    def holds_once(self, table: str, proven: Sequence[Any], proof: Any) -> bool:
        """The same for the values of the proven columns in their order; nothing is remembered of the row."""
        if proof is None:
            return False
        try:
            return hmac.compare_digest(bytes(proof), self.vault.row_proof(_said(table, proven)))
        except (TypeError, ValueError):  # a damaged file may have anything in a column
            return False

    def require(self, table: str, values: Mapping[Any, Any]) -> None:
        """Refuse a row that is not as the desk wrote it. Raises RowAltered."""
        if not self.holds(table, values):
            raise altered(table, values)


def altered(table: str, values: Mapping[Any, Any]) -> RowAltered:
    """What refuses a row that is not as the desk wrote it."""
    return RowAltered(
        f"The {row_words(table, values)} was changed from outside the desk and is not used. Nothing was changed. "
        "Operations can look for the cause: dropcopy store check"
    )


def row_words(table: str, values: Mapping[Any, Any]) -> str:
    """What a row is called, such as `account acme-operator`."""
    return " ".join(
        [PROVEN[table].noun, *(str(values[name]) for name in PROVEN[table].named if values[name] is not None)]
    )


def _said(table: str, values: Sequence[Any]) -> str:
    """A row as JSON, its columns by name; made by hand, because an export proves a million rows.

    What is null is left out: a column that a later version adds changes no proof.
    """
    parts = [
        name + (_quoted(value) if type(value) is str else str(value) if type(value) is int else _json(value))
        for name, value in zip(_NAMES[table], values, strict=True)
        if value is not None
    ]
    return f'["{table}",{{{",".join(parts)}}}]'


def _json(value: Any) -> str:
    """A value in the form that both engines and their drivers have in common: that of a file."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        # What strftime would write, in a fraction of its time, without the difference to UTC.
        there = value if value.tzinfo is UTC else value.astimezone(UTC)
        return f'"{there.isoformat(" ", "microseconds")[:-6]}"'
    return _encoded(bytes(value).hex() if isinstance(value, (bytes, memoryview)) else value)
