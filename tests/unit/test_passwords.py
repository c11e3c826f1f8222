"""Passwords that everybody tries first are refused."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.passwords import is_common
from dropcopy_tui.services.people.passwords import hash_password

COMMON = (
    "1234567890",
    "0987654321",
    "aaaaaaaaaa",
    "abcabcabcabc",
    "qwertyuiop",
    "Password123",
    "Password!2026",
    "abcdefghij",
    "12345678901",
    "DropCopy2026!",
    "brokertec1",
    "1q2w1q2w1q2w",
    "1111122222",
    "..........",
    "1qaz2wsx3edc",
)


@pytest.mark.parametrize("password", COMMON)
def test_a_common_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidValue, match="too easy to guess"):
        hash_password(password)


@pytest.mark.parametrize("password", ["right horse battery", "a new password", "tr4ding at the close", "Ω≈ç√∫ dawn 7"])
def test_a_sentence_of_ones_own_is_none(password: str) -> None:
    assert not is_common(password)
