"""Accounts: what may stand in them, and the code of an invitation."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropcopy_tui.config import load
from dropcopy_tui.domain.accounts import (
    CODE_LETTERS,
    clean_email,
    clean_invitation_code,
    clean_mobile,
    clean_user_id,
    found_by,
    grouped_code,
    marks,
    masked_mobile,
    shared,
)
from dropcopy_tui.domain.errors import ConfigInvalid, InvalidValue
from dropcopy_tui.domain.people import DESK_ROLES, Role, givers_of

CODES = st.text(CODE_LETTERS, min_size=16, max_size=16)


NUMBERS = st.text("0123", min_size=6, max_size=12)


@given(NUMBERS, st.sampled_from(["", "+", "00", "+4", "0044 ", "44 (0)", "1234", "12345"]), st.integers(0, 3))
def test_accounts_of_one_phone_are_looked_up_by_the_same(number: str, before: str, cut: int) -> None:
    one, other = marks("a@firm.example", before + number), marks("b@firm.example", number[cut:])
    if shared(one, other):
        assert found_by(one) & found_by(other)


@pytest.mark.parametrize(("before", "shares"), [("+44 (0)", True), ("0044", True), ("123456", False)])
def test_a_phone_is_one_however_its_country_is_written(before: str, shares: bool) -> None:
    one, other = marks("a@firm.example", f"{before}20 7946 0123"), marks("b@firm.example", "020 7946 0123")
    assert shared(one, other) is shares
    assert found_by(one) & found_by(other) == {"79460123"}


@given(CODES)
def test_a_code_comes_back_from_how_people_read_it(code: str) -> None:
    shown = grouped_code(code)
    assert len(shown) == 19
    assert {clean_invitation_code(form) for form in (shown, shown.lower(), f" {shown} ", code)} == {code}


@given(st.text())
def test_whatever_is_typed_is_a_code_or_refused(text: str) -> None:
    with suppress(InvalidValue):
        code = clean_invitation_code(text)
        assert len(code) == 16
        assert set(code) <= set(CODE_LETTERS)


@pytest.mark.parametrize(("text", "kept"), [(" Jo.Doe ", "jo.doe"), ("a1", "a1"), ("x" * 32, "x" * 32)])
def test_user_ids_are_lower_case(text: str, kept: str) -> None:
    assert clean_user_id(text) == kept


@pytest.mark.parametrize("text", ["", "a", "x" * 33, ".jo", "jo doe", "jö", "desk", "DESK", "jo\ndoe", "a@b"])
def test_what_cannot_be_a_user_id(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        clean_user_id(text)
    assert caught.value.field == "user_id"


@pytest.mark.parametrize(
    "text", ["", "jo", "jo@firm", "jo@firm.example\nBcc: x@y.example", "j o@firm.example", "ö@x.example"]
)
def test_what_cannot_be_an_email(text: str) -> None:
    with pytest.raises(InvalidValue):
        clean_email(text)


@pytest.mark.parametrize(
    ("mobile", "shown"), [("+1 (202) 555-0134", "···· 0134"), ("123456", "···· 3456"), ("", ""), (None, "")]
)
def test_of_a_phone_number_four_digits_are_shown(mobile: str | None, shown: str) -> None:
    assert masked_mobile(mobile) == shown


def test_a_phone_is_optional() -> None:
    assert clean_mobile("  ") is None
    assert clean_mobile(" +1 202 555 0134 ") == "+1 202 555 0134"
    with pytest.raises(InvalidValue):
        clean_mobile("ask me")


@pytest.mark.parametrize("role", sorted(Role))
def test_who_gives_a_role(role: Role) -> None:
    """Desk-wide roles come from the desk; what works with groups never does."""
    givers = {Role.OPERATIONS} if role in DESK_ROLES else {Role.USER_ADMINISTRATOR}
    assert givers_of(role) == givers | ({Role.OPERATIONS} if role is Role.USER_ADMINISTRATOR else set())


def test_the_life_of_an_invitation_is_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("invitation_hours = 24\n")
    assert load(config=str(file), environ={}).settings.invitation_life == timedelta(hours=24)
    for bad in ("0", "721", '"3 days"'):
        file.write_text(f"invitation_hours = {bad}\n")
        with pytest.raises(ConfigInvalid, match="invitation_hours"):
            load(config=str(file), environ={})
