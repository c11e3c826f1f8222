"""`python -m dropcopy_tui` is the command `dropcopy`; `python -I -m dropcopy_tui` is what that command runs."""

import os
import sys

# What can make Python run other code than ours, before, in or after it. `dropcopy` runs with -I and ignores them all.
_LOOSE = (
    "PYTHONBREAKPOINT",
    "PYTHONCASEOK",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONWARNINGS",
)


def _drop_current_directory() -> None:
    """Take out what Python put first for -m: a file ./json.py there would be run instead of Python's own."""
    try:
        here = os.getcwd()
    except OSError:
        return
    if not sys.flags.safe_path and sys.path[0] in ("", here):
        del sys.path[0]


def _start_clean() -> None:
    """Start again without those variables, except for the folder that this package itself is read from.

    The interpreter has read them by now: taking them out of its environment would come too late.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    clean = {name: value for name, value in os.environ.items() if name not in _LOOSE}
    if os.environ.get("PYTHONPATH"):
        clean["PYTHONPATH"] = root
    if sys.flags.isolated or clean == dict(os.environ):
        return
    command = [sys.executable, "-m", "dropcopy_tui", *sys.argv[1:]]
    os.execve(sys.executable, command, clean)  # noqa: S606 - the same program again; a shell would only be in the way


if __name__ == "__main__":
    _start_clean()
    _drop_current_directory()
    from dropcopy_tui.cli import main  # after that, and not before

    sys.exit(main())
