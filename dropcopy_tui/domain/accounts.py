"""Accounts of people: their valid values, their status, and invitation codes (rules P1, P3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.mail import is_address
from dropcopy_tui.domain.names import shorten

# The name is limited to what a line of a list can show (a local choice).
PERSON_NAME_LENGTH = 100
# The attempts allowed per invitation code.
INVITATION_TRIES = 5
CODE_GROUPS, CODE_GROUP = 4, 4
# RFC 4648 base32: 16 letters are 80 bits.
CODE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

_USER_ID = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_MOBILE = re.compile(r"\+?[0-9][0-9 ().-]{5,23}")
_MACHINE_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}")
# Scheduled jobs act under this user id (services.rights).
_RESERVED_USER = "desk"
# The digits that base32 leaves out because people read them as these letters.
_MISREAD = str.maketrans("018", "OIB", " -")

# Two names of one mail host.
_SAME_HOST = {"googlemail.com": "gmail.com"}
# Fewer digits are only a part of a number, which many others share.
_NATIONAL_DIGITS = 8


def marks(email: str, mobile: str | None) -> frozenset[str]:
    """The marks by which two accounts are recognized as one person's: the mailbox and the mobile phone.

    Letter case, dots and a suffix after + are ignored, because all such addresses reach the same mailbox. A phone is
    its digits without spaces, signs and leading zeros; `shared` knows that the country code may be missing.
    """
    name, _, host = email.casefold().rpartition("@")
    mailbox = f"{name.split('+')[0].replace('.', '')}@{_SAME_HOST.get(host, host)}"
    digits = "".join(letter for letter in (mobile or "").replace("(0)", "") if letter.isdigit())
    return frozenset(mark for mark in (mailbox, digits.lstrip("0")) if mark)


def shared(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether the marks of two accounts are those of one person."""
    if some & others:
        return True
    return any(_same_phone(one, other) for one in some for other in others)


def _same_phone(one: str, other: str) -> bool:
    """Whether two numbers are one, written with and without its country code."""
    short, long = sorted((one, other), key=len)
    return len(short) >= _NATIONAL_DIGITS and "@" not in long and long.endswith(short) and len(long) - len(short) < 5


def found_by(marked: frozenset[str]) -> frozenset[str]:
    """What the marks of an account are looked up by: two accounts of one person have one of these in common."""
    return frozenset(mark if "@" in mark else mark[-_NATIONAL_DIGITS:] for mark in marked)


def same_person(account: int, marked: Mapping[int, frozenset[str]]) -> frozenset[int]:
    """All accounts of the person who owns one of them, by the marks of each account (rules P3, Q3).

    Accounts are followed transitively: the first may share a phone with the second, and the second a mailbox with the
    third.
    """
    found, mine = {account}, marked.get(account, frozenset())
    while more := {other for other, its in marked.items() if other not in found and shared(its, mine)}:
        found |= more
        mine = mine.union(*(marked[other] for other in more))
    return frozenset(found)


class PersonStatus(StrEnum):
    """The status of an account."""

    ACTIVE = "active"
    INVITED = "invited"
    LOCKED = "locked"
    DISABLED = "disabled"


def clean_user_id(text: str) -> str:
    """Return the user id in lower case. Raises InvalidValue."""
    user_id = text.strip().lower()
    if not _USER_ID.fullmatch(user_id):
        raise InvalidValue(
            f"{shorten(text)!r} is not a valid user id: use 2 to 32 of a-z, 0-9, dot, underscore and hyphen, "
            "beginning with a letter or digit.",
            "user_id",
        )
    if user_id == _RESERVED_USER:
        raise InvalidValue(f"User id {_RESERVED_USER!r} is reserved. Use another one.", "user_id")
    return user_id


def clean_email(text: str, *, local: bool = False) -> str:
    """Return the address in lower case. Raises InvalidValue.

    Args:
        text: the text that a person entered.
        local: whether a mailbox of this machine, such as `root@localhost`, is accepted, too.
    """
    email = text.strip().lower()
    complete = local or "." in email.partition("@")[2]
    if not complete or not is_address(email):
        raise InvalidValue(f"{shorten(text)!r} is not a valid email address such as name@firm.example.", "email")
    return email


def clean_mobile(text: str) -> str | None:
    """Return the phone number, or None if there is none. Raises InvalidValue."""
    mobile = text.strip()
    if mobile and not _MOBILE.fullmatch(mobile):
        raise InvalidValue(f"{shorten(text)!r} is not a valid phone number such as +1 202 555 0134.", "mobile")
    return mobile or None


def clean_machine_account(text: str) -> str | None:
    """Return the operating-system account, or None if there is none. Raises InvalidValue."""
    account = text.strip()
    if account and not _MACHINE_ACCOUNT.fullmatch(account):
        raise InvalidValue(f"{shorten(text)!r} is not a valid account name.", "os_account")
    return account or None


def masked_mobile(mobile: str | None) -> str:
    """The last four digits of a phone number: enough for its owner to recognize it, and no more."""
    digits = "".join(letter for letter in mobile or "" if letter.isdigit())
    return f"···· {digits[-4:]}" if digits else ""


def grouped_code(letters: str) -> str:
    """Format a code as people read it: `ABCD-EFGH-IJKL-MNOP`."""
    return "-".join(letters[start : start + CODE_GROUP] for start in range(0, len(letters), CODE_GROUP))


def clean_invitation_code(text: str) -> str:
    """Return the sixteen characters of a code, regardless of how they were grouped.

    Raises InvalidValue for input that cannot be a code, before it uses up an attempt.
    """
    code = text.upper().translate(_MISREAD)
    if len(code) != CODE_GROUPS * CODE_GROUP or set(code) - set(CODE_LETTERS):
        raise InvalidValue(
            "An invitation code has 16 letters and digits, such as ABCD-EFGH-2345-WXYZ. Copy it from the email.",
            "code",
        )
    return code
