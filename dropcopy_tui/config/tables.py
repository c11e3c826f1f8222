"""The tables of the configuration file as pydantic models, and their errors in one line each.

An error names the file, the table and the key, and never the value: it may be a secret on the wrong line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from dropcopy_tui.config.values import (
    Address,
    Days,
    File,
    Filters,
    Host,
    NoticeDays,
    Statuses,
    Templates,
    Text,
    TimesByMarket,
    Word,
    YesNo,
    Zone,
    lasting,
    whole,
)
from dropcopy_tui.domain.errors import ConfigInvalid, DeskError
from dropcopy_tui.domain.mail import MailServer, Security
from dropcopy_tui.domain.providers import BodyKind, DuoService, SmsProvider, twilio
from dropcopy_tui.domain.settings import Settings

Made = TypeVar("Made")
# What `load` reads itself, beside the settings.
_BESIDE = ("store", "store_password_file", "master_key", "download_folder", "mail", "sms", "duo")
_Minutes = Annotated[timedelta, lasting("minutes", 1, 1_440)]
_Port = Annotated[int, whole(1, 65_535)]
_Timeout = Annotated[int, whole(1, 20)]


class Table(BaseModel):
    """What a table may hold. Defaults stand for "not set": what is passed on is what the file says."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)

    def said(self) -> dict[str, Any]:
        """The values that the file sets."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class SettingsTable(Table):
    """The top of the file: `Settings`, whose lengths of time have their unit in the key."""

    fee: Text = ""
    group_name_length: Annotated[int, whole(1, 30)] = 0
    mandatory_filters: Filters = frozenset()
    code_life_minutes: _Minutes = timedelta()
    code_tries: Annotated[int, whole(1, 3)] = 0
    codes_a_day: Annotated[int, whole(1, 20)] = 0
    sign_in_tries: Annotated[int, whole(1, 10)] = 0
    lock_minutes: Annotated[timedelta, lasting("minutes", 15, 1_440)] = timedelta()
    invitation_hours: Annotated[timedelta, lasting("hours", 1, 720)] = timedelta()
    factor_wait_hours: Annotated[timedelta, lasting("hours", 0, 720)] = timedelta()
    wrong_codes_in_row: Annotated[int, whole(5, 50)] = 0
    approver_wait_days: Annotated[timedelta, lasting("days", 0, 365)] = timedelta()
    key_deletion_factor: YesNo = False
    role_grant_factor: YesNo = False
    closes: TimesByMarket = {}
    batches: TimesByMarket = {}
    batch_zone: Zone = ""
    closed_days: Days = frozenset()
    open_days: Days = frozenset()
    challenge_life_days: Annotated[timedelta, lasting("days", 2, 3_650)] = timedelta()
    notice_life_days: Annotated[timedelta, lasting("days", 1, 3_650)] = timedelta()
    expiry_notice_days: NoticeDays = ()
    ease_contact: Text = ""
    environment: Annotated[
        Literal["PRODUCTION", "NEWRELEASE", "CERT"], Field(description="PRODUCTION, NEWRELEASE or CERT")
    ] = "PRODUCTION"


class MailTable(Table):
    """[mail]: host and sender, and what differs from the defaults."""

    host: Word
    port: _Port = 0
    security: Annotated[Security, Field(strict=False, description=f"one of {', '.join(Security)}")] = Security.STARTTLS
    user: Word = ""
    password_file: File = Path()
    ca_file: File = Path()
    sender: Address


class TwilioTable(Table):
    """[sms] with a preset."""

    provider: Annotated[Literal["twilio"], Field(description="twilio")]
    account: Word
    secret_file: File
    sender: Text
    url: Word = ""
    ca_file: File = Path()
    timeout: _Timeout = 0


class SmsTable(Table):
    """[sms] of any other provider."""

    url: Word
    body: Templates
    kind: Annotated[BodyKind, Field(strict=False, description=" or ".join(BodyKind))] = BodyKind.FORM
    method: Annotated[Literal["POST", "PUT"], Field(description="POST or PUT")] = "POST"
    headers: Templates = {}
    user: Word = ""
    secret_file: File = Path()
    sender: Text = ""
    statuses: Statuses = ()
    receipt: Word = ""
    digits_only: YesNo = True
    ca_file: File = Path()
    timeout: _Timeout = 0


class DuoTable(Table):
    """[duo]: host, integration_key and secret_file."""

    host: Host
    integration_key: Word
    secret_file: File
    port: _Port = 0
    ca_file: File = Path()
    timeout: _Timeout = 0


SETTINGS_BY_KEY = {
    "code_life_minutes": "code_life",
    "lock_minutes": "lock_time",
    "invitation_hours": "invitation_life",
    "factor_wait_hours": "factor_wait",
    "approver_wait_days": "approver_wait",
    "challenge_life_days": "challenge_life",
    "notice_life_days": "notice_life",
}


def settings_of(table: Mapping[str, object], path: Path) -> Settings:
    """The settings at the top of the file. Raises ConfigInvalid."""
    said = _checked(SettingsTable, table, path)
    return replace(Settings(), **{SETTINGS_BY_KEY.get(key, key): value for key, value in said.items()})


def mail_of(table: object, path: Path) -> MailServer:
    """The server of [mail]. Raises ConfigInvalid."""
    said = _checked(MailTable, _a_table("mail", table, MailTable, path), path, "mail", "Without [mail], email is held.")
    said.setdefault("security", Security.STARTTLS)
    said.setdefault("port", said["security"].usual_port)
    return _made("mail", path, MailServer, said)


def sms_of(table: object, path: Path) -> SmsProvider:
    """The provider of [sms]. Raises ConfigInvalid."""
    without = "Without [sms], codes by SMS cannot be used."
    given = _a_table("sms", table, SmsTable, path)
    if given.get("provider") != "twilio":
        return _made("sms", path, SmsProvider, _checked(SmsTable, given, path, "sms", without))
    said = _checked(TwilioTable, given, path, "sms", without)
    del said["provider"]
    own = {name: said.pop(name) for name in ("ca_file", "timeout") if name in said}
    return replace(_made("sms", path, twilio, said), **own)


def duo_of(table: object, path: Path) -> DuoService:
    """The service of [duo]. Raises ConfigInvalid."""
    given = _a_table("duo", table, DuoTable, path)
    return _made("duo", path, DuoService, _checked(DuoTable, given, path, "duo", "Without [duo], Duo cannot be used."))


def _a_table(name: str, table: object, model: type[Table], path: Path) -> Mapping[str, object]:
    if isinstance(table, dict):
        return table
    *some, last = (key for key, field in model.model_fields.items() if field.is_required())
    listed = f"{', '.join(some)} and {last}"
    raise ConfigInvalid(f"{path}: {name} must be a table: write [{name}] on its own line, then {listed}.")


def _checked(
    model: type[Table], table: Mapping[str, object], path: Path, name: str = "", without: str = ""
) -> dict[str, Any]:
    try:
        return model.model_validate(table).said()
    except ValidationError as error:
        problem = _problem(model, error.errors(include_url=False, include_input=False), name, without)
    raise ConfigInvalid(f"{path}: {problem}")


def _problem(model: type[Table], found: Sequence[ErrorDetails], name: str, without: str) -> str:
    """The first thing to put right: an unknown key may be what a missing one was meant to be."""
    place = f" in [{name}]" if name else ""
    unknown = sorted(_keys(found, "extra_forbidden"))
    if unknown:
        return _unknown(unknown[0], place, [*model.model_fields, *(() if name else _BESIDE)])
    missing = _keys(found, "missing")
    if missing:
        return f"[{name}] is missing: {', '.join(missing)}. {without}"
    key = str(found[0]["loc"][0])
    return f"the setting {key!r}{place} is not valid: {_wanted(model, key, found[0])}"


def _keys(found: Iterable[ErrorDetails], kind: str) -> list[str]:
    return [str(each["loc"][0]) for each in found if each["type"] == kind and len(each["loc"]) == 1]


def _unknown(key: str, place: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown setting {key!r}{place}.{hint} Known: {', '.join(known if place else sorted(known))}."


def _wanted(model: type[Table], key: str, found: ErrorDetails) -> str:
    """What a validator says itself, else what the field says of its values."""
    own = str(found.get("ctx", {}).get("error", ""))
    return own or f"it must be {model.model_fields[key].description}"


def _made(name: str, path: Path, make: Callable[..., Made], said: dict[str, Any]) -> Made:
    try:
        return make(**said)
    except (DeskError, ValueError) as error:
        raise ConfigInvalid(f"{path}: [{name}] is not valid: {error}.") from None
