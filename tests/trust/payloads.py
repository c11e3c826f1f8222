"""Commands that a client sends over SSH: none of them is a shell, starts a program or writes a file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.pty import ROOT, clean_environment
from tests.trust.places import sandbox_in
from tests.trust.rows import Control, Row, Share, Tally

HOSTILE = (
    ";", "|", "&", "&&", "||", ">", "<", ">>", "$(id)", "`id`", "${IFS}", "$HOME", "*", "?", "~", "~root", "{a,b}",
    "!!", "#", "--", "-", "''", '""', "\\", "%s", "%n", "../../etc/passwd", "/etc/passwd", "/dev/tcp/1.1.1.1/80",
    "-oProxyCommand=id",
)  # fmt: skip
PROGRAMS = (
    "sh", "bash", "-c", "scp -t /tmp", "scp -f /etc/passwd", "sftp", "/usr/lib/openssh/sftp-server", "internal-sftp",
    "rsync --server . /", "git-upload-pack /x", "git-receive-pack /x", "python3 -c x", "env", "exec sh", "eval id",
    "cat /etc/passwd", "tee /tmp/x", "dd if=/dev/zero", "nc -l 1", "ssh localhost",
)  # fmt: skip
VERBS = ("groups list", "keys list", "route -", "status", "get ABCD", "logon listen", "import entities -")
PAYLOADS = [
    *(f"{program} {mark}" for program in PROGRAMS for mark in ("", *HOSTILE[:6])),
    *(f"{verb} {mark} id" for verb in VERBS[:4] for mark in HOSTILE),
    *(f"{mark} {verb}" for verb in VERBS for mark in HOSTILE[:6]),
    "groups list\nid", "groups list\r\nid", "groups\tlist", "\x1b[2J", "\x00", "a" * 131_072, "groups list '",
    "é" * 5_000,
]  # fmt: skip

# Runs in a process of its own, as the gate does: whatever starts a program or opens a file to write is reported.
_SEAT = """
import json, os, sys
from dropcopy_tui.seat import Seat, take
from dropcopy_tui.cli.call import Call
from dropcopy_tui.cli.exit import run
from dropcopy_tui.cli.ssh_gate import split
from dropcopy_tui.domain.errors import DeskError
import dropcopy_tui.desk
take(Seat("SHA256:" + "A" * 43, "192.0.2.7"))
store, found, now = sys.argv[1], [], [""]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
def watch(event, args):
    bad = event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove", "os.rename")
    if event == "open" and isinstance(args[2], int) and args[2] & WRITES:
        bad = not str(args[0]).startswith(os.path.dirname(store))
    if bad:
        found.append([now[0], event, repr(args)[:200]])
sys.addaudithook(watch)
codes = {}
for payload in json.load(open(sys.argv[2])):
    now[0] = payload[:100]
    PLANTED
    try:
        words = split(payload)
    except DeskError as refusal:
        codes[refusal.exit_code] = codes.get(refusal.exit_code, 0) + 1
        continue
    code = run(words, Call(store=store)) if words else 2
    codes[code] = codes.get(code, 0) + 1
os.write(3, json.dumps([codes, found]).encode())
"""

# Refused as another program's, as wrong usage, as a right that is missing, as not signed in: never done.
_CODES = {"0", "1", "2", "3"}


def commanded(store: Path, payloads: Sequence[str], folder: Path, planted: str = "pass") -> Tally:
    """Each command as the gate takes it; `planted` is done with each as well."""
    (folder / "payloads").write_text(json.dumps(payloads))
    answer = folder / "answer"
    done = subprocess.run(
        ["sh", "-c", f'exec 3>"{answer}"; exec "$@"', "sh", sys.executable, "-c", _SEAT.replace("PLANTED", planted),
         store, folder / "payloads"],
        env=clean_environment({"HOME": str(folder), "PYTHONPATH": str(ROOT)}), cwd=ROOT,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    codes, found = json.loads(answer.read_text())
    # The key of this seat is nobody's: whatever parses as a verb is refused there.
    assert set(codes) <= _CODES, codes
    assert sum(codes.values()) == len(payloads)
    assert b"Traceback" not in done.stderr
    assert b"uid=" not in done.stdout
    tally = Tally()
    for payload in payloads:
        tally.tried("; ".join(f"{event} {args}" for now, event, args in found if now == payload[:100]))
    return tally


def attempt(share: Share) -> Tally:
    """The commands, in their order, in one process."""
    return commanded(sandbox_in(share.folder), PAYLOADS[: share.trials], share.folder)


def with_a_shell(share: Share) -> Tally:
    """The same, where each command starts a program."""
    store = sandbox_in(share.folder)
    return commanded(store, PAYLOADS[: share.trials], share.folder, planted="os.system('true')")


PAYLOADS_ROW = Row(
    "ssh-commands",
    "no command that a client sends over SSH reaches a shell, starts a program or writes a file",
    len(PAYLOADS),
    40,
    attempt,
    Control("each command starts a program as well", 10, with_a_shell),
    alone=True,
)
