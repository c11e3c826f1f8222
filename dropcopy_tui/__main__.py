"""`python -m dropcopy_tui` is the command `dropcopy`; `python -I -m dropcopy_tui` is what that command runs."""

import os
import sys


def _drop_current_directory() -> None:
    """Take out what Python put first for -m: a file ./json.py there would be run instead of Python's own."""
    try:
        here = os.getcwd()
    except OSError:
        return
    if not sys.flags.safe_path and sys.path[0] in ("", here):
        del sys.path[0]


if __name__ == "__main__":
    _drop_current_directory()
    from dropcopy_tui.cli import main  # after that, and not before

    sys.exit(main())
