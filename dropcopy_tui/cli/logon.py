"""dropcopy logon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, Decorator, noun, only_on_host, verb
from dropcopy_tui.cli.output import fields, say, show, write

if TYPE_CHECKING:
    from dropcopy_tui.cli.key_files import DownloadedKeys
    from dropcopy_tui.domain.logon import LogonMessage
    from dropcopy_tui.domain.logon_text import LoggedLogon

_MESSAGE = "The message"
# An engine's log is read whole.
_LARGEST_LOG = 64 * 1_048_576
_message: Decorator = click.option(
    "--message",
    required=True,
    metavar="FILE",
    help="A FIX logon with SOH or | between fields, or a Negotiate or Establish message in JSON (- for stdin).",
)
_market: Decorator = click.option(
    "--market",
    default="",
    metavar="M",
    help="Market whose calendar the key file's dates follow. Default: the market of tag 57.",
)
_session: Decorator = click.option(
    "--session", metavar="S", help="Session whose key pair is used, if the file contains several."
)


@noun("logon")
def logon() -> None:
    """Logon signatures of CME's API keys (CME-1-SHA-256)."""


@logon.command("sign")
@click.option("--key-file", required=True, metavar="FILE", help="Downloaded key file.")
@_session
@_message
@_market
@click.option(
    "--complete",
    is_flag=True,
    help="Print the complete signed logon instead, with tags 354, 355 and 1400 to 1402 added.",
)
@verb
def sign(call: Call, key_file: str, session: str | None, message: str, market: str, complete: bool) -> None:
    """Sign a logon with a key file. Needs no store."""
    from dropcopy_tui.domain import logon as rules

    read = _read(message)
    row = _key_file(call, key_file, market).to_sign_with(read, session)
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
        say(
            f"The logon is for session {read.session_id} but the key pair belongs to {row.session_id}: "
            "it would be rejected."
        )
    if read.access_key_id not in (None, row.access_key_id):
        say(f"The logon names another key (355={read.access_key_id}): send 355={row.access_key_id} instead.")
    if complete and not call.as_json:
        write(document["message"] + "\n")
        return
    # Where a value ends must be seen: a line feed too many is the commonest mistake.
    marked = "␊\n".join(document["canonical"].split("\n")).split("\n")
    pairs = (("access key id", row.access_key_id), ("signature", document["signature"]), ("canonical", marked))
    show(call, document, fields(pairs))


@logon.command("verify")
@click.option("--key-file", metavar="FILE", help="Verify with this key file instead of the store's key pairs.")
@_session
@_message
@_market
@verb
def verify(call: Call, key_file: str | None, session: str | None, message: str, market: str) -> int:
    """Verify signed logons: whether a gateway would accept them, and if not, why.

    The message file contains one logon or the log of a FIX engine; in a log, each of the client's logons is
    verified. Exit code 1 if any logon would be refused.
    """
    from dropcopy_tui.cli.logon_report import Judged, report

    if key_file is None and (session is not None or market):
        option = "--session" if session is not None else "--market"
        raise click.UsageError(f"{option} requires --key-file; the store knows the session of every key.")
    texts = _logons(message)
    if key_file is not None:
        file = _key_file(call, key_file, market)
        found = [Judged.of(text, lambda read: file.judge(read, session)) for text in texts]
    else:
        with call.signed_in() as (desk, actor):
            found = [Judged.of(text, lambda read: desk.logons.verify(actor, read)) for text in texts]
    document, lines = report(found)
    show(call, document, lines)
    return 0 if document["valid"] else 1


@logon.command("listen")
@click.option(
    "--port",
    required=True,
    type=click.IntRange(0, 65_535),
    metavar="N",
    help="Port to listen on; 0 selects a free one.",
)
@click.option(
    "--session", default="", metavar="S", help="Accept only this Session ID. Default: all whose keys you manage."
)
@click.option("--market", default="", metavar="M", help="Accept only sessions of this market.")
@only_on_host
@verb
def listen(call: Call, port: int, session: str, market: str) -> int:
    """Simulate the Drop Copy gateway on this machine so a client can test its logon.

    Prints its address as one line of JSON, and the result of each logon on standard error (with --json, also as
    JSON). Like the real gateway, it tells the client very little. After five invalid logons within 60 seconds the
    port is closed. Ctrl-C stops it.
    """
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.cli.listen import rehearse

        return rehearse(call, desk, actor, port, session, market)


def _read(name: str) -> LogonMessage:
    """The first logon of the file."""
    from dropcopy_tui.domain.logon import parse_message

    return parse_message(_logons(name)[0].text)


def _logons(name: str) -> list[LoggedLogon]:
    """The client's logons of a log; where there is none, what the file holds, as people paste it."""
    from dropcopy_tui.cli.files import as_text, read_bytes
    from dropcopy_tui.domain.logon_text import LoggedLogon, logons_in, tidy

    raw = read_bytes(name, _MESSAGE, _LARGEST_LOG)
    return list(logons_in(raw)) or [LoggedLogon(0, tidy(as_text(raw, name, _MESSAGE)))]


def _key_file(call: Call, name: str, market: str) -> DownloadedKeys:
    from dropcopy_tui.cli.key_files import DownloadedKeys

    return DownloadedKeys(name, call.config().settings.closes, market)
