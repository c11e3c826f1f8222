"""Accounts of people: what may stand in them, what state they are in, and the code of an invitation (P1, P3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten

# What audit events and lists can show on a line (local choices); an email's length is RFC 5321's.
PERSON_NAME_LENGTH = 100
EMAIL_LENGTH = 254
# How often the code of one invitation may be tried.
INVITATION_TRIES = 5
CODE_GROUPS, CODE_GROUP = 4, 4
# RFC 4648 base32: 16 letters are 80 bits.
CODE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

_USER_ID = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)*")
_MOBILE = re.compile(r"\+?[0-9][0-9 ().-]{5,23}")
_MACHINE_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}")
# The desk acts under this user id when nobody does (services.rights).
_RESERVED_USER = "desk"
# Figures that base32 leaves out because they are read as these letters.
_MISREAD = str.maketrans("018", "OIB", " -")


def marks(email: str, mobile: str | None) -> frozenset[str]:
    """What two accounts of one person have in common: the mailbox, or the mobile phone.

    Letter case and what follows a + aside, two addresses are one mailbox.
    """
    name, _, host = email.casefold().rpartition("@")
    phone = "".join(letter for letter in mobile or "" if letter.isdigit())
    return frozenset(mark for mark in (f"{name.split('+')[0]}@{host}", phone) if mark)


def same_person(account: int, marked: Mapping[int, frozenset[str]]) -> frozenset[int]:
    """The accounts of the person behind one, by the marks of each account (rules P3, Q3).

    An account leads to the next one: the first may share a phone with it, and it a mailbox with the third.
    """
    found, mine = {account}, marked.get(account, frozenset())
    while more := {other for other, its in marked.items() if other not in found and its & mine}:
        found |= more
        mine = mine.union(*(marked[other] for other in more))
    return frozenset(found)


class PersonStatus(StrEnum):
    """What an account is good for now."""

    ACTIVE = "active"
    INVITED = "invited"
    LOCKED = "locked"
    DISABLED = "disabled"


def clean_user_id(text: str) -> str:
    """The user id in lower case. Raises InvalidValue."""
    user_id = text.strip().lower()
    if not _USER_ID.fullmatch(user_id):
        raise InvalidValue(
            f"User id {shorten(text)!r} must be 2 to 32 of a-z, 0-9, dot, underscore and hyphen, "
            "and begin with a letter or digit.",
            "user_id",
        )
    if user_id == _RESERVED_USER:
        raise InvalidValue(f"User id {_RESERVED_USER!r} is the desk's own. Choose another.", "user_id")
    return user_id


def clean_email(text: str, *, local: bool = False) -> str:
    """The address in lower case. Raises InvalidValue.

    Args:
        text: what a person entered.
        local: whether a mailbox of this machine, such as `root@localhost`, is accepted too.
    """
    email = text.strip().lower()
    complete = local or "." in email.partition("@")[2]
    if len(email) > EMAIL_LENGTH or not complete or not _EMAIL.fullmatch(email):
        raise InvalidValue(f"Email {shorten(text)!r} is not an address such as name@firm.example.", "email")
    return email


def clean_mobile(text: str) -> str | None:
    """The phone number, or None for a person without one. Raises InvalidValue."""
    mobile = text.strip()
    if mobile and not _MOBILE.fullmatch(mobile):
        raise InvalidValue(f"Mobile {shorten(text)!r} is not a phone number such as +1 202 555 0134.", "mobile")
    return mobile or None


def clean_machine_account(text: str) -> str | None:
    """An account of the operating system, or None for a person without one. Raises InvalidValue."""
    account = text.strip()
    if account and not _MACHINE_ACCOUNT.fullmatch(account):
        raise InvalidValue(f"Account {shorten(text)!r} is not an account name.", "os_account")
    return account or None


def masked_mobile(mobile: str | None) -> str:
    """The last four digits of a phone number, which is all that anybody else needs to know it again."""
    digits = "".join(letter for letter in mobile or "" if letter.isdigit())
    return f"···· {digits[-4:]}" if digits else ""


def grouped_code(letters: str) -> str:
    """A code as people read it: `ABCD-EFGH-IJKL-MNOP`."""
    return "-".join(letters[start : start + CODE_GROUP] for start in range(0, len(letters), CODE_GROUP))


def clean_invitation_code(text: str) -> str:
    """The sixteen letters of a code, however they were grouped.

    Raises InvalidValue for what cannot be a code, before it costs a try.
    """
    code = text.upper().translate(_MISREAD)
    if len(code) != CODE_GROUPS * CODE_GROUP or set(code) - set(CODE_LETTERS):
        raise InvalidValue(
            "An invitation code has sixteen letters and digits, such as ABCD-EFGH-2345-WXYZ. Copy it from the email.",
            "code",
        )
    return code
