"""The vault: a secret opens in its own place, of its own store, with its own key, only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dropcopy_tui.domain.errors import MasterKeyLoose, MasterKeyMissing, StoreUnusable, WrongMasterKey
from dropcopy_tui.store.vault import Vault, _derived, make_master_key, read_master_key

MASTER = bytes(range(32))
PLACE = ("key_pair", "1", "ABC", "AccessKey00000000001")
SECRET = b"a secret of thirty-two bytes, ok"


@pytest.fixture
def vault() -> Vault:
    return Vault(MASTER, "store")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "master.key"
    make_master_key(path)
    return path


def test_what_is_sealed_opens_again_and_never_looks_the_same(vault: Vault) -> None:
    sealed = vault.seal(SECRET, *PLACE)
    assert vault.open(sealed, *PLACE) == SECRET
    assert SECRET not in sealed
    assert vault.seal(SECRET, *PLACE) != sealed


@pytest.mark.parametrize("number", range(len(PLACE)))
def test_it_opens_in_no_other_place(vault: Vault, number: int) -> None:
    other = tuple(part + ("x" if at == number else "") for at, part in enumerate(PLACE))
    with pytest.raises(WrongMasterKey):
        vault.open(vault.seal(SECRET, *PLACE), *other)


@pytest.mark.parametrize("place", [PLACE[:3], (*PLACE, ""), ("key_pair1", "ABC", PLACE[3])])
def test_it_opens_in_no_place_of_other_parts(vault: Vault, place: tuple[str, ...]) -> None:
    with pytest.raises(WrongMasterKey):
        vault.open(vault.seal(SECRET, *PLACE), *place)


@pytest.mark.parametrize("other", [Vault(MASTER, "other"), Vault(bytes(32), "store")], ids=["store", "key"])
def test_it_opens_in_no_other_store_and_with_no_other_key(vault: Vault, other: Vault) -> None:
    with pytest.raises(WrongMasterKey):
        other.open(vault.seal(SECRET, *PLACE), *PLACE)
    assert other.check_value() != vault.check_value()
    assert other.mac("123456", "challenge", "1") != vault.mac("123456", "challenge", "1")


@pytest.mark.parametrize("at", [0, 11, 12, 40, -1])
def test_a_changed_byte_is_noticed(vault: Vault, at: int) -> None:
    sealed = bytearray(vault.seal(SECRET, *PLACE))
    sealed[at] ^= 1
    with pytest.raises(WrongMasterKey):
        vault.open(bytes(sealed), *PLACE)


@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 12, b"x" * 27])
def test_what_was_cut_off_is_refused_the_same_way(vault: Vault, sealed: bytes) -> None:
    with pytest.raises(WrongMasterKey):
        vault.open(sealed, *PLACE)


def test_a_code_has_another_digest_in_another_place(vault: Vault) -> None:
    digest = vault.mac("123456", "challenge", "1")
    assert digest == vault.mac("123456", "challenge", "1")
    assert len({digest, vault.mac("123457", "challenge", "1"), vault.mac("123456", "challenge", "2")}) == 3


def test_without_a_master_key_every_use_says_where_to_put_it(tmp_path: Path) -> None:
    vault = Vault(None, "store", tmp_path / "master.key")
    assert not vault.is_open
    for use in (
        lambda: vault.seal(SECRET, *PLACE),
        lambda: vault.open(b"x" * 60, *PLACE),
        lambda: vault.mac("1", "x"),
        vault.check_value,
    ):
        with pytest.raises(MasterKeyMissing, match=r"master\.key"):
            use()


def test_it_shows_no_secret_when_printed(vault: Vault) -> None:
    shown = f"{vault!r} {vault}"
    for secret in (MASTER, vault._seal_key, vault._mac_key):
        assert secret is not None
        assert secret.hex() not in shown
        assert repr(secret) not in shown


def test_a_master_key_file_is_0600_and_read_again(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert read_master_key(key_file) == key_file.read_bytes()
    assert len(key_file.read_bytes()) == 32


def test_a_master_key_is_never_written_over_another(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(StoreUnusable, match="A master key already exists"):
        make_master_key(key_file)
    assert key_file.read_bytes() == before


def test_no_file_means_no_key(tmp_path: Path) -> None:
    assert read_master_key(tmp_path / "master.key") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(MasterKeyLoose, match="chmod 600"):
        read_master_key(key_file)


@pytest.mark.parametrize("length", [0, 31, 33, 10_000])
def test_a_key_of_another_length_is_refused(key_file: Path, length: int) -> None:
    key_file.write_bytes(b"k" * length)
    with pytest.raises(WrongMasterKey, match="32 bytes"):
        read_master_key(key_file)


def test_a_fifo_in_place_of_the_key_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    os.mkfifo(path, 0o600)
    with pytest.raises(StoreUnusable, match="not a regular file"):
        read_master_key(path)


def test_a_folder_in_place_of_the_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.mkdir(0o700)
    with pytest.raises(StoreUnusable, match="not a regular file"):
        read_master_key(path)


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_to_a_key_is_refused(key_file: Path, dangling: bool) -> None:
    link = key_file.with_name("link.key")
    link.symlink_to(key_file)
    if dangling:
        key_file.unlink()
    with pytest.raises(StoreUnusable, match="symbolic link"):
        read_master_key(link)


def test_a_key_of_another_account_is_refused(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(MasterKeyLoose, match="owned by another account"):
        read_master_key(key_file)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_key_that_others_may_replace_is_refused(key_file: Path, mode: int) -> None:
    key_file.parent.chmod(mode)
    with pytest.raises(MasterKeyLoose, match="chmod 700"):
        read_master_key(key_file)
    key_file.parent.chmod(0o1777)
    assert read_master_key(key_file)


@pytest.mark.parametrize("use", [b"seal", b"mac", b"chain", b"row"])
def test_keys_are_derived_as_the_library_derives_them(use: bytes) -> None:
    """HKDF with SHA-256: ours is two calls of the standard library, for a start without cryptography."""
    theirs = HKDF(SHA256(), 32, salt=b"store", info=b"dropcopy/" + use).derive(MASTER)
    assert _derived(MASTER, "store", use) == theirs


def test_a_store_recognizes_its_own_master_key_and_no_other(vault: Vault) -> None:
    check = vault.check_value()
    assert vault.recognizes(check)
    assert not Vault(MASTER[::-1], "store").recognizes(check)
    assert not Vault(MASTER, "another store").recognizes(check)
    assert not vault.recognizes("")
