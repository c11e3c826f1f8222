"""What sshd's AuthorizedKeysCommand runs: whether a key is in use at this desk.

sshd asks for every key that a client offers, and again for the one that has signed, while the person waits. So this
is a program of its own, as the gate is: the command line alone takes longer to import than the answer takes. Where a
forker listens, a process of its answers, which has everything imported. Its own imports are late: each way loads
what it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dropcopy_tui.config import Config
    from dropcopy_tui.store.home_queries import KeyHolder


def main(words: Sequence[str]) -> int:
    """Print the answer. `words` are shared options such as --store and --config, then sshd's %f, %t and %k.

    The first may be --forker FOLDER: if a forker listens there, it is asked.
    """
    *options, fingerprint, kind, blob = words
    question = (fingerprint, kind, blob)
    said = None
    if options[:1] == ["--forker"]:
        from dropcopy_tui.handover import asked

        folder, options = options[1], options[2:]
        said = asked(folder, options, question)
    if said is None:
        from dropcopy_tui.domain.errors import DeskError

        try:
            said = of_store(options, question)
        except DeskError as error:
            # sshd writes it to its log, and takes no key.
            sys.stderr.write(f"dropcopy: {error}\n")
            return error.exit_code
    sys.stdout.write(said)
    return 0


def of_store(options: Sequence[str], question: Sequence[str]) -> str:
    """The answer of the store that the shared options name. Raises ConfigInvalid, and the errors of `key_in_use`."""
    from dropcopy_tui.config import load

    given = dict(zip(options[::2], options[1::2], strict=True))
    return answer(load(store=given.get("--store"), config=given.get("--config")), *question)


def answer(config: Config, fingerprint: str, kind: str, blob: str) -> str:
    """The line of the key for sshd, or nothing if it is not in use here. Raises the errors of `key_in_use`."""
    from dropcopy_tui.domain.ssh_keys import is_fingerprint

    if not is_fingerprint(fingerprint):
        return ""
    held = key_in_use(config, fingerprint)
    return f"restrict,pty {kind} {blob}\n" if held is not None and (held.kind, held.blob) == (kind, blob) else ""


def key_in_use(config: Config, fingerprint: str) -> KeyHolder | None:
    """Who has this key. Raises StoreMissing and the other store errors."""
    from dropcopy_tui.store.home_queries import key_holder
    from dropcopy_tui.store.location import check_store

    check_store(config.paths.store)
    return key_holder(config.paths.store, fingerprint, config.paths.master_key)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
