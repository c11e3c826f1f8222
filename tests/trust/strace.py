"""System calls of a process that was begun: counted, recorded, answered with an error or a signal (strace)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.trust.scenes import Begun

_ATTACHED = "attached"


@cache
def why_not() -> str:
    """Why strace cannot be used here; "" where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        tracer = _attach(sleeper.pid, ["-e", "trace=none"])
    except RuntimeError as error:
        return f"strace may not look at another process ({error})"
    else:
        tracer.kill()
        tracer.wait()
        return ""
    finally:
        sleeper.kill()
        sleeper.wait()
        assert sleeper.stdin is not None
        sleeper.stdin.close()


def traced(begun: Begun, options: list[str], log: Path) -> tuple[int, str]:
    """Let it go under strace; how it ended, and what strace wrote."""
    tracer = _attach(begun.pid, [*options, "-o", str(log)])
    begun.go()
    status = begun.ended()
    tracer.wait()
    return status, log.read_text(errors="replace")


def _attach(pid: int, options: list[str]) -> subprocess.Popen[str]:
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(pid), *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr is not None
    with tracer.stderr:
        said = tracer.stderr.readline()
    if _ATTACHED not in said:
        tracer.kill()
        tracer.wait()
        raise RuntimeError(said.strip() or "no answer")
    return tracer
