"""dropcopy logon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, Decorator, noun, verb
from dropcopy_tui.cli.output import fields, say, show

if TYPE_CHECKING:
    from dropcopy_tui.cli.key_files import FileVerdict
    from dropcopy_tui.domain.logon import LogonMessage
    from dropcopy_tui.domain.logon_mistakes import SignedLine
    from dropcopy_tui.services.logons.key_ring import Verdict

_message: Decorator = click.option(
    "--message",
    required=True,
    metavar="FILE",
    help="A FIX logon with SOH or | between fields, or JSON of Negotiate or Establish; - is standard input.",
)
_session: Decorator = click.option(
    "--session", metavar="S", help="Whose key pair, where the file has several sessions."
)


@noun("logon")
def logon() -> None:
    """Logon signatures of CME's API keys (CME-1-SHA-256)."""


@logon.command("sign")
@click.option("--key-file", required=True, metavar="FILE", help="A downloaded key file.")
@_session
@_message
@click.option("--complete", is_flag=True, help="Print the whole signed logon instead: 354, 355, 1400 to 1402 added.")
@verb
def sign(call: Call, key_file: str, session: str | None, message: str, complete: bool) -> None:
    """Sign a logon with a key file. Needs no store."""
    from dropcopy_tui.cli.key_files import read_key_file, row_to_sign_with
    from dropcopy_tui.domain import logon as rules

    read = _read(message)
    row = row_to_sign_with(read_key_file(key_file), read, session)
    secret = rules.decode_secret(row.secret)
    document = {
        "access_key_id": row.access_key_id,
        "canonical": rules.canonical(read),
        "signature": rules.sign(read, secret),
        "session_id": row.session_id,
        "kind": read.kind,
        "message": rules.complete(read, row.access_key_id, secret),
    }
    if read.session_id not in (None, row.session_id):
        say(f"The logon is of session {read.session_id}, the key pair of {row.session_id}: it would be refused.")
    if read.access_key_id not in (None, row.access_key_id):
        say(f"The logon names another key (355={read.access_key_id}): send 355={row.access_key_id} instead.")
    if complete and not call.as_json:
        click.echo(document["message"])
        return
    # Where a value ends must be seen: a line feed too many is the commonest mistake.
    marked = "␊\n".join(document["canonical"].split("\n")).split("\n")
    pairs = (("access key id", row.access_key_id), ("signature", document["signature"]), ("canonical", marked))
    show(call, document, fields(pairs))


@logon.command("verify")
@click.option("--key-file", metavar="FILE", help="Verify with this file instead of the store's key pairs.")
@_session
@_message
@verb
def verify(call: Call, key_file: str | None, session: str | None, message: str) -> int:
    """Say whether a signed logon would be accepted, and if not, why; exit code 1 when not."""
    read = _read(message)
    verdict: FileVerdict | Verdict
    if key_file is not None:
        from dropcopy_tui.cli.key_files import judge, read_key_file

        verdict = judge(read_key_file(key_file), read, session)
    else:
        if session is not None:
            raise click.UsageError("--session goes with --key-file; the store knows the session of every key.")
        with call.signed_in() as (desk, actor):
            verdict = desk.logons.verify(actor, read)
    from dropcopy_tui.cli.shapes import line_shape
    from dropcopy_tui.domain.logon import canonical

    document = {
        "valid": verdict.valid,
        "access_key_id": verdict.access_key_id,
        "session_id": verdict.session_id,
        "key_state": verdict.key_state.value if verdict.key_state else None,
        "explanations": list(verdict.explanations),
        "canonical": canonical(read),
        "compared": [line_shape(line) for line in verdict.lines],
    }
    show(call, document, _lines(verdict))
    return 0 if verdict.valid else 1


@logon.command("listen")
@click.option(
    "--port", required=True, type=click.IntRange(0, 65_535), metavar="N", help="The port; 0 picks a free one."
)
@click.option("--session", default="", metavar="S", help="Only this session; else every one whose keys you manage.")
@click.option("--market", default="", metavar="M", help="Only sessions of this market.")
@verb
def listen(call: Call, port: int, session: str, market: str) -> int:
    """Be the Drop Copy gateway for a client to try its logon on; on this machine alone.

    Says where it listens in a line of JSON, and what becomes of each logon on standard error (with --json as lines
    of JSON too). The client is told as little as the real gateway tells. Five invalid logons within 60 seconds close
    the port. Ends with Ctrl-C.
    """
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.cli.listen import rehearse

        return rehearse(call, desk, actor, port, session, market)


def _read(name: str) -> LogonMessage:
    from dropcopy_tui.cli.files import read_text
    from dropcopy_tui.domain.logon import parse_message
    from dropcopy_tui.domain.logon_text import tidy

    return parse_message(tidy(read_text(name, "The message")))


def _lines(verdict: FileVerdict | Verdict) -> list[str]:
    pairs: list[tuple[str, object]] = [
        ("valid", "yes" if verdict.valid else "no"),
        ("access key id", verdict.access_key_id or "-"),
        ("session", verdict.session_id or "-"),
        ("key state", verdict.key_state.words if verdict.key_state else "-"),
    ]
    if verdict.explanations:
        pairs.append(("explanations", verdict.explanations))
    if any(line.differs for line in verdict.lines):
        pairs.append(("signed instead", [_compared(line) for line in verdict.lines]))
    return fields(pairs)


def _compared(line: SignedLine) -> str:
    """One value: as expected, and where it differs, as it was signed."""
    if not line.differs:
        return f"  {line.tag:<21} {line.expected}"
    return f"! {line.tag:<21} {line.expected}  signed: {line.signed or '(left out)'}"
