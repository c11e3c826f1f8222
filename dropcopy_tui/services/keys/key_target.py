"""Where a key file will go: looked at before a verification code is used for it."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryFile

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.seat import refuse_path


def check_target(path: Path) -> None:
    """Refuse a path at which no new file can be written; the write itself decides (rule K5).

    A file without a name is made in the folder: permissions alone say nothing of a full or read-only disk.
    Raises FileRefused.
    """
    refuse_path(str(path))
    try:
        if os.path.lexists(path):
            raise FileRefused(f"{path} already exists. Nothing was changed. Use another name.")
        if not path.parent.is_dir():
            raise FileRefused(f"The folder {path.parent} does not exist. Create it, or use another one.")
        # A name that is too long is not found by the questions above.
        path.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise FileRefused(f"{path} cannot be written: {_why(error)}. Choose another name.") from None
    try:
        with TemporaryFile(dir=path.parent) as probe:
            probe.write(b"\0")
            probe.flush()
    except OSError as error:
        raise FileRefused(
            f"No file can be written in {path.parent} ({_why(error)}). Nothing was changed. Use another folder."
        ) from None


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
