"""The least of a shell with job control: runs one program, and continues it when it has stopped.

It prints `[stopped]` when the program stops and waits for a line; then the program goes on in the
foreground. The exit code is the program's.
"""

from __future__ import annotations

import os
import signal
import sys
import termios


def main() -> int:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    modes = termios.tcgetattr(0)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        os.tcsetpgrp(0, os.getpgrp())
        restored = termios.tcgetattr(0) == modes
        print(f"[stopped] restored={restored}", flush=True)
        sys.stdin.readline()
        os.tcsetpgrp(0, pid)
        os.killpg(pid, signal.SIGCONT)


if __name__ == "__main__":
    sys.exit(main())
