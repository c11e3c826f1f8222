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

from dropcopy_tui.config.looks import LOOKS
from dropcopy_tui.config.values import (
    Address,
    AnchorPlace,
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
    meaning,
    whole,
)
from dropcopy_tui.domain.errors import ConfigInvalid, DeskError
from dropcopy_tui.domain.mail import MailServer, Security
from dropcopy_tui.domain.providers import BodyKind, DuoService, SmsProvider, twilio
from dropcopy_tui.domain.settings import Settings

Made = TypeVar("Made")
# What `load` reads itself, beside the settings.
_BESIDE = ("store", "store_password_file", "master_key", "download_folder", *LOOKS, "mail", "sms", "duo")
_Minutes = Annotated[timedelta, lasting("minutes", 1, 1_440)]
_Port = Annotated[int, whole(1, 65_535)]
_Timeout = Annotated[int, whole(1, 20)]
_SYSTEM = "the system's certificates"


class Table(BaseModel):
    """What a table may hold. Defaults stand for "not set": what is passed on is what the file says."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)

    def said(self) -> dict[str, Any]:
        """The values that the file sets."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


class SettingsTable(Table):
    """The top of the file: `Settings`, whose lengths of time have their unit in the key."""

    fee: Annotated[
        Text,
        meaning("what another group costs, as text with its currency; unset, the dialog says to ask GAM"),
    ] = ""
    group_name_length: Annotated[int, whole(1, 30), meaning("longest group name, in characters")] = 0
    mandatory_filters: Annotated[Filters, meaning("filters that cannot be left out")] = frozenset()
    code_life_minutes: Annotated[_Minutes, meaning("how long a one-time code is valid")] = timedelta()
    code_tries: Annotated[int, whole(1, 3), meaning("attempts per code")] = 0
    codes_a_day: Annotated[int, whole(1, 20), meaning("codes per person in 24 hours")] = 0
    sign_in_tries: Annotated[int, whole(1, 10), meaning("wrong passwords in a row that lock an account")] = 0
    lock_minutes: Annotated[timedelta, lasting("minutes", 15, 1_440), meaning("how long an account stays locked")] = (
        timedelta()
    )
    invitation_hours: Annotated[
        timedelta, lasting("hours", 1, 720), meaning("how long the code of an invitation is valid")
    ] = timedelta()
    factor_wait_hours: Annotated[
        timedelta,
        lasting("hours", 0, 720),
        meaning(
            "hours before a newly enrolled authenticator app can confirm anything, unless an EASE agent vouched for "
            "the enrolment; less than 1 counts as 1 outside a sandbox",
            unset="`24`; `0` in a sandbox",
        ),
    ] = timedelta()
    wrong_codes_in_row: Annotated[
        int, whole(5, 50), meaning("wrong codes in a row that switch a second factor off until EASE helps")
    ] = 0
    approver_wait_days: Annotated[
        timedelta,
        lasting("days", 0, 365),
        meaning("days for which no one may approve requests of those who invited or entitled them"),
    ] = timedelta()
    key_deletion_factor: Annotated[
        YesNo,
        meaning(
            "whether deleting an active key pair takes a second factor; off, so that a pair whose secret leaked can be "
            "revoked without waiting for a code"
        ),
    ] = False
    role_grant_factor: Annotated[
        YesNo,
        meaning(
            "whether granting a role (`people entitle`, `people invite`, *Roles*) takes a second factor, bound to the "
            "person and the roles; off, so that scripts that provision accounts keep working and the first "
            "administrator of a store needs no phone"
        ),
    ] = False
    closes: Annotated[
        TimesByMarket,
        meaning(
            "market close of each market in its own time zone (New York, London, Chicago)",
            unset="`{ brokertec_us = 17:30:00, brokertec_eu = 18:30:00, globex = 16:00:00 }`",
        ),
    ] = {}
    batches: Annotated[
        TimesByMarket,
        meaning("daily batch times by market; a market without one processes requests immediately"),
    ] = {}
    batch_zone: Annotated[Zone, meaning("time zone of the batch times")] = ""
    closed_days: Annotated[
        Days, meaning("dates on which markets are closed, in addition to the calendar's holidays")
    ] = frozenset()
    open_days: Annotated[Days, meaning("dates on which markets are open although the calendar has a holiday")] = (
        frozenset()
    )
    challenge_life_days: Annotated[
        timedelta, lasting("days", 2, 3_650), meaning("days for which an expired second factor is kept")
    ] = timedelta()
    notice_life_days: Annotated[
        timedelta, lasting("days", 1, 3_650), meaning("days for which a notice is kept after it was read")
    ] = timedelta()
    expiry_notice_days: Annotated[
        NoticeDays, meaning("how many days before a key pair expires its administrators are notified")
    ] = ()
    seat_lock_minutes: Annotated[
        timedelta,
        lasting("minutes", 1, 60),
        meaning("minutes without a key press before the application locks itself", unset="`15`; none in a sandbox"),
    ] = timedelta()
    seat_sign_out_minutes: Annotated[
        timedelta,
        lasting("minutes", 1, 480),
        meaning(
            "minutes without a key press before it signs its person out; drafts are kept",
            unset="`30`; none in a sandbox",
        ),
    ] = timedelta()
    seat_hours: Annotated[
        timedelta,
        lasting("hours", 1, 24),
        meaning("the longest that one seat lasts, in hours", unset="`12`; none in a sandbox"),
    ] = timedelta()
    seats_per_person: Annotated[
        int, whole(1, 20), meaning("seats that a person has at a time", unset="`3`; any number in a sandbox")
    ] = 0
    ease_contact: Annotated[Text, meaning('whom to call for a code from EASE, such as `"+1 312 555 0100"`')] = ""
    clipboard: Annotated[
        Literal["allow", "deny"],
        Field(description="allow or deny"),
        meaning("whether `y` and Ctrl-C may send what is on the screen to the terminal's clipboard (OSC 52)"),
    ] = "allow"
    environment: Annotated[
        Literal["PRODUCTION", "NEWRELEASE", "CERT"],
        Field(description="PRODUCTION, NEWRELEASE or CERT"),
        meaning(
            "environment written to key files; a sandbox is `CERT`, any other store `PRODUCTION`",
            unset="the store's own",
        ),
    ] = "PRODUCTION"
    audit_anchor: Annotated[
        AnchorPlace,
        meaning(
            "where `dropcopy tick` writes how far the audit trail has come: the path of a file on another disk, or "
            "`syslog`",
            unset="nowhere",
        ),
    ] = ""


class MailTable(Table):
    """[mail]: host and sender, and what differs from the defaults."""

    host: Annotated[Word, meaning("the mail server; its certificate must match this name")]
    port: Annotated[
        _Port,
        meaning("port of the server, by `security`: starttls, tls or none", unset="`587`, `465` or `25`"),
    ] = 0
    security: Annotated[
        Security,
        Field(strict=False, description=f"one of {', '.join(Security)}"),
        meaning("how the connection is secured; `none` is for a server on this machine only", unset='`"starttls"`'),
    ] = Security.STARTTLS
    user: Annotated[Word, meaning("user to log in as; goes together with `password_file`")] = ""
    password_file: Annotated[
        File, meaning("file with the password on one line; mode 0600, owned by the account that runs dropcopy")
    ] = Path()
    ca_file: Annotated[
        File,
        meaning("certificates to trust instead, for a private certificate authority", unset=_SYSTEM),
    ] = Path()
    sender: Annotated[Address, meaning("the address that email is sent from")]


class TwilioTable(Table):
    """[sms] with a preset."""

    provider: Annotated[Literal["twilio"], Field(description="twilio"), meaning("the provider of this preset")]
    account: Annotated[Word, meaning("the account SID")]
    secret_file: Annotated[
        File, meaning("file with the auth token on one line; mode 0600, owned by the account that runs dropcopy")
    ]
    sender: Annotated[Text, meaning("the number or name that messages come from")]
    url: Annotated[Word, meaning("another address of that API", unset="Twilio's Messages API")] = ""
    ca_file: Annotated[File, meaning("certificates to trust instead", unset=_SYSTEM)] = Path()
    timeout: Annotated[_Timeout, meaning("seconds that one message may take")] = 0


class SmsTable(Table):
    """[sms] of any other provider."""

    url: Annotated[Word, meaning("where messages are posted; https, except for a server on this machine")]
    body: Annotated[
        Templates,
        meaning(
            "fields of the body; their values may contain `{to}`, `{text}` and `{sender}`, and must contain `{to}` and "
            "`{text}`"
        ),
    ]
    kind: Annotated[
        BodyKind, Field(strict=False, description=" or ".join(BodyKind)), meaning("encoding of the body")
    ] = BodyKind.FORM
    method: Annotated[
        Literal["POST", "PUT"], Field(description="POST or PUT"), meaning("method of the HTTP request")
    ] = "POST"
    headers: Annotated[Templates, meaning("further headers; `{secret}` is replaced by the secret")] = {}
    user: Annotated[Word, meaning("user of basic authentication, with the secret as password")] = ""
    secret_file: Annotated[
        File,
        meaning("file with the secret on one line; needed with `user` or with `{secret}` in a header"),
    ] = Path()
    sender: Annotated[
        Text, meaning("the number or name that messages come from; needed where the body contains `{sender}`")
    ] = ""
    statuses: Annotated[Statuses, meaning('HTTP status codes that mean "accepted"')] = ()
    receipt: Annotated[Word, meaning("a field that the JSON answer must have")] = ""
    digits_only: Annotated[YesNo, meaning("whether `{to}` is written as + and digits only (E.164)")] = True
    ca_file: Annotated[File, meaning("certificates to trust instead", unset=_SYSTEM)] = Path()
    timeout: Annotated[_Timeout, meaning("seconds that one message may take")] = 0


class DuoTable(Table):
    """[duo]: host, integration_key and secret_file."""

    host: Annotated[Host, meaning("the API hostname, without `https://` and without a port")]
    integration_key: Annotated[Word, meaning("the integration key of the Auth API application")]
    secret_file: Annotated[
        File, meaning("file with the secret key on one line; mode 0600, owned by the account that runs dropcopy")
    ]
    port: Annotated[_Port, meaning("port of the host")] = 0
    ca_file: Annotated[
        File,
        meaning(
            "certificates to trust instead, for example behind a proxy", unset="the certificates that Duo's client pins"
        ),
    ] = Path()
    timeout: Annotated[_Timeout, meaning("seconds to wait for one answer")] = 0


SETTINGS_BY_KEY = {
    "code_life_minutes": "code_life",
    "lock_minutes": "lock_time",
    "invitation_hours": "invitation_life",
    "factor_wait_hours": "factor_wait",
    "approver_wait_days": "approver_wait",
    "challenge_life_days": "challenge_life",
    "notice_life_days": "notice_life",
    "seat_lock_minutes": "seat_lock",
    "seat_sign_out_minutes": "seat_sign_out",
    "seat_hours": "seat_life",
    "seats_per_person": "seats",
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
