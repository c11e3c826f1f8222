"""Common passwords, which attackers try first: they are refused, however long they are (rule P1)."""

from __future__ import annotations

SHORTEST = 10
LONGEST = 1_000

# Rows of a keyboard and of the alphabet, read forwards and backwards and around their ends.
_ROWS = ("0123456789", "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop")
_RUNS = tuple(run * 3 for row in (*_ROWS, "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv") for run in (row, row[::-1]))
# The words that lists of stolen passwords begin with, and the desk's own.
_WORDS = frozenset(
    {
        *("password", "passwort", "passw0rd", "pass", "pa55word", "welcome", "qwerty", "qwertz", "letmein", "iloveyou"),
        *("admin", "administrator", "root", "user", "guest", "login", "test", "changeme", "default", "secret"),
        *("monkey", "dragon", "football", "baseball", "sunshine", "princess", "master", "superman", "trustno"),
        *("brokertec", "dropcopy", "cmegroup", "cme", "globex"),
    }
)
_LEAST_CHARACTERS = 4


def is_common(password: str) -> bool:
    """Whether the password is a run of keys, a repetition, or a well-known word with digits or signs about it."""
    text = "".join(letter for letter in password.casefold() if letter.isalnum())
    if len(set(text)) < _LEAST_CHARACTERS:
        return True
    if text in (text + text)[1:-1]:  # a block and its repetitions
        return True
    return any(text in run for run in _RUNS) or text.strip("0123456789") in _WORDS
