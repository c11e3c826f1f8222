"""The forced command of the SSH desk: what sshd runs for every connection, before anything of the desk is imported.

The environment is rebuilt from an allow-list, limits are set, and Python starts again, isolated: what a client, or
a start-up file, puts into the environment does not reach the desk. Standard library only.
"""

from __future__ import annotations

import os
import pwd
import re
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

# What sshd says of the connection, and of the terminal; each must look like what it is.
_FROM_SSHD = {
    "SSH_CONNECTION": re.compile(r"[0-9A-Za-z.:%_-]{1,64} \d{1,5} [0-9A-Za-z.:%_-]{1,64} \d{1,5}"),
    "SSH_TTY": re.compile(r"/dev/[A-Za-z0-9/]{1,40}"),
    "SSH_USER_AUTH": re.compile(r"/[!-~]{1,200}"),
    "TERM": re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}"),
}
# No verb needs a longer one; a log or a list of SenderComps comes on standard input.
LONGEST_COMMAND = 4_096
_PATH = "/usr/local/bin:/usr/bin:/bin"
# Enough for a set of a million SenderComps, and too little to take the host down.
_MOST_MEMORY = 4 * 1024**3
_MOST_FILES = 256


def main(options: Sequence[str] = ()) -> None:
    """Become the seat of whoever is connected. `options` are shared options such as --store and --config.

    The first may be --forker FOLDER: if a forker listens there, the seat is a process of its, and this one waits.
    """
    limit()
    os.umask(0o077)
    home = home_of_account()
    with suppress(OSError):
        os.chdir(home)
    clean = environment(os.environ, home)
    if options[:1] == ["--forker"]:
        folder, options = options[1], options[2:]
        _leave_it_to(folder, options, clean, home)
    command = [sys.executable, "-I", "-m", "dropcopy_tui", *options, "ssh", "seat"]
    os.execve(sys.executable, command, clean)  # noqa: S606 - no shell; nothing of the client's is in it


def _leave_it_to(folder: str, options: Sequence[str], clean: Mapping[str, str], home: str) -> None:
    """Let the forker in this folder serve the connection, and end as the seat does; return if none does."""
    # Late for the sake of start-up: not every desk has a forker.
    from dropcopy_tui.handover import hand_over

    code = hand_over(folder, options, clean, home)
    if code is not None:
        # There is nothing to flush, and nothing to take apart.
        os._exit(code)


def environment(given: Mapping[str, str], home: str) -> dict[str, str]:
    """The variables of a seat, and no others: a client cannot set any, not even through an AcceptEnv of sshd's."""
    kept = {name: given[name] for name, form in _FROM_SSHD.items() if form.fullmatch(given.get(name, ""))}
    asked = given.get("SSH_ORIGINAL_COMMAND", "")
    if asked:
        # One more than is allowed is enough to be refused.
        kept["SSH_ORIGINAL_COMMAND"] = asked[: LONGEST_COMMAND + 1]
    return {"HOME": home, "LANG": "C.UTF-8", "PATH": _PATH, **kept}


def limit() -> None:
    """No core dump, which would hold secrets, and limits on memory and open files."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, _MOST_MEMORY),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def home_of_account() -> str:
    """The account's own folder, or the root where it has none: nothing is read from there then."""
    try:
        home = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "/"
    return home if os.path.isdir(home) else "/"


if __name__ == "__main__":
    main(sys.argv[1:])
