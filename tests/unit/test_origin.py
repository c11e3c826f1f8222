"""Where a person acts from: the audit trail takes from the environment only what can be an address."""

from __future__ import annotations

import os

import pytest

from dropcopy_tui.domain.errors import NotSignedIn
from dropcopy_tui.origin import machine_account, origin


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def ttyname(_: int) -> str:
        raise OSError("not a terminal")

    monkeypatch.setattr(os, "ttyname", ttyname)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)


@pytest.mark.parametrize("surface", ["cli", "screen"])
def test_an_origin_names_surface_terminal_and_address(surface: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert origin(surface) == surface
    monkeypatch.setattr(os, "ttyname", lambda _: "/dev/pts/3")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22")
    assert origin(surface) == f"{surface} tty=/dev/pts/3 ssh=192.0.2.7"


@pytest.mark.parametrize("said", ["", "a\x1b[2J 1 2 3", "a\nb", "x" * 65, "tty=/dev/pts/9", "\u202e1.2.3.4"])
def test_what_cannot_be_an_address_stays_out(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", said)
    assert origin("screen") == "screen"


def test_the_account_is_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine_account()
    for name in ("USER", "LOGNAME", "HOME"):
        monkeypatch.setenv(name, "somebody-else")
    assert machine_account() == before


def test_a_user_number_without_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def getpwuid(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", getpwuid)
    with pytest.raises(NotSignedIn, match="has no account name"):
        machine_account()
