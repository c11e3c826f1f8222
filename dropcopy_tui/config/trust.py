"""Which configuration file is believed: only this account writes it, and only the site's own sets rules of a store."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dropcopy_tui.config.looks import LOOKS
from dropcopy_tui.domain.errors import ConfigInvalid

# What a person may choose for themselves: where things are, and how they look. Everything else is the same for all
# users of a store.
PERSONAL = frozenset({"store", "store_password_file", "master_key", "download_folder", *LOOKS})
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def read_own(path: Path) -> bytes:
    """The content of a file that only this account, or root, can write.

    The file is judged by its handle, so that it is the one that is read. Raises ConfigInvalid, OSError.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise ConfigInvalid(f"{path} is not a regular file. Use another --config.")
        if facts.st_uid not in (0, os.geteuid()):
            raise ConfigInvalid(f"{path} is owned by another account, who can change it. Use a file of your own.")
        if facts.st_mode & _OTHERS:
            raise ConfigInvalid(f"Other accounts can write to {path}. Run: chmod go-w {path}")
        folder = Path(os.path.realpath(path)).parent
        mode = folder.stat().st_mode
        if mode & _OTHERS and not mode & stat.S_ISVTX:
            raise ConfigInvalid(f"Other accounts can replace {path}. Run: chmod go-w {folder}")
        return file.read()


def is_of_the_site(path: Path, usual: Path, store: Path) -> bool:
    """Whether the file is the account's usual configuration, or is in the folder of the store."""
    place = Path(os.path.realpath(path))
    return place == Path(os.path.realpath(usual)) or place.parent == Path(os.path.realpath(store)).parent


def foreign_words(path: Path, keys: list[str], usual: Path, store: Path) -> str:
    """Why a file may not set these rules, and where it may."""
    return (
        f"{path} sets {keys[0]!r}, which applies to all users of the store. "
        f"Set it in {usual}, or in a file beside the store in {store.parent}."
    )
