"""How a command ends: every refusal is one line and one exit code."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import click

from dropcopy_tui.cli.call import Call
from dropcopy_tui.cli.output import say
from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.visible import PLAIN_MARKS

_INTERRUPTED = 128 + signal.SIGINT
# A file that the keys of every TLS connection are written to, and authorities to trust: that is what `ca_file` is for.
_OF_TLS = ("SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def run(args: Sequence[str], call: Call | None = None) -> int:
    """Run one command line and return its exit code. `call` holds shared options that are set before it."""
    call = call or Call()
    for name in _OF_TLS:
        os.environ.pop(name, None)
    # Looked up before parsing, so that a usage error is reported as JSON, too, if JSON was requested.
    wants_json = "--json" in args
    with _signals():
        try:
            _widen_streams()
            _require_text(args)
            return _run(args, call)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
        except (KeyboardInterrupt, click.Abort):
            return _INTERRUPTED
        except BrokenPipeError:
            _drop_output()
            return 1
        except click.exceptions.NoArgsIsHelpError as error:
            say(error.format_message(), verbatim=True)
            return _fail("usage", "Missing command.", 2, wants_json, quiet=True)
        except click.UsageError as error:
            return _fail("usage", _usage(error), 2, wants_json)
        except click.ClickException as error:
            return _fail("refused", error.format_message(), error.exit_code, wants_json)
        except DeskError as error:
            return _fail(error.code, error.message, error.exit_code, wants_json)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                return _fail("incident", _incident(call, error), 1, wants_json)
            return _fail(
                "disk_full", "The disk is full, or the device that standard output is written to.", 1, wants_json
            )
        except Exception as error:  # noqa: BLE001 - the last line of defence: the error is logged and reported with its incident id
            return _fail("incident", _incident(call, error), 1, wants_json)


def _require_text(args: Sequence[str]) -> None:
    """Refuse a byte that is not UTF-8, which Python passes on as half a character. Raises UsageError."""
    for number, given in enumerate((*args, os.environ.get("DROPCOPY_STORE", "")), 1):
        try:
            given.encode()
        except UnicodeEncodeError as error:
            what = f"Argument {number}" if number <= len(args) else "DROPCOPY_STORE"
            byte = len(given[: error.start].encode()) + 1
            raise click.UsageError(f"{what} is not valid UTF-8 (byte {byte}). Nothing was changed.") from None


def _run(args: Sequence[str], call: Call) -> int:
    from dropcopy_tui.cli.root import root

    code = root.main(list(args), prog_name="dropcopy", standalone_mode=False, obj=call)
    if sys.stdout is not None:
        sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _fail(code: str, message: str, exit_code: int, wants_json: bool, *, quiet: bool = False) -> int:
    if not quiet:
        say(f"dropcopy: {message}")
    try:
        if sys.stdout is not None:
            if wants_json:
                print(json.dumps({"error": {"code": code, "message": message}}))
            sys.stdout.flush()
    except (OSError, ValueError):
        _drop_output()
    return exit_code


def _usage(error: click.UsageError) -> str:
    where = f" See: {error.ctx.command_path} --help" if error.ctx is not None else ""
    sentence = " ".join(error.format_message().split())
    # Click names its type of number ("integer range") and writes ranges as formulas.
    sentence = re.sub(r"is not a valid integer( range)?", "is not a whole number", sentence)
    sentence = re.sub(r"is not in the range x>=(\d+)", r"is less than \1", sentence)
    sentence = re.sub(r"is not in the range (\d+)<=x<=(\d+)", r"is not between \1 and \2", sentence)
    # A list of choices ends without a full stop.
    sentence += "" if sentence.endswith((".", "?")) else "."
    advice = getattr(error.param, "advice", "") if isinstance(error, click.MissingParameter) else ""
    return f"{sentence} {advice}".rstrip() + where


def _incident(call: Call, error: Exception) -> str:
    from dropcopy_tui.incidents import new_incident_id, write_incident

    incident = new_incident_id()
    log = _incident_log(call)
    kept = write_incident(log, incident, error)
    where = f"Its trace is in {log}." if kept else f"Its trace could not be written to {log}."
    return f"Unexpected error: {type(error).__name__} (incident {incident}). {where}"


def _incident_log(call: Call) -> Path:
    from dropcopy_tui.config import APPLICATION

    try:
        return call.config().paths.incident_log
    except DeskError:
        import platformdirs

        return platformdirs.user_log_path(APPLICATION) / "incidents.log"


def _widen_streams() -> None:
    """Write a character that the locale cannot encode as a mark or an escape, so that it does not end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=PLAIN_MARKS)


def _drop_output() -> None:
    """Discard the remaining output: its reader has gone, or its device is full.

    Without this, the interpreter would report a second error while it flushes standard output at exit.
    """
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextmanager
def _signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind like an error, so that a half-written file is removed."""
    before = {}
    # A signal that the parent ignores (nohup) stays ignored. Only the main thread may set a handler.
    with suppress(ValueError):
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)
