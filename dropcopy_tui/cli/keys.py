"""dropcopy keys."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dropcopy_tui.cli.call import Call, Decorator, noun, verb
from dropcopy_tui.cli.groups import MARKET
from dropcopy_tui.cli.listing import rows_of
from dropcopy_tui.cli.output import fields, say, short_utc, show, table, utc
from dropcopy_tui.cli.proof import secret
from dropcopy_tui.cli.requests import request_lines
from dropcopy_tui.cli.shapes import key_shape, request_shape
from dropcopy_tui.domain.errors import FileRefused, InvalidValue, SecondFactorFailed

if TYPE_CHECKING:
    from dropcopy_tui.services.factors import Proof
    from dropcopy_tui.services.key_delivery import Delivery
    from dropcopy_tui.services.views import KeyView, SessionView

_STDOUT = "-"
_sessions: Decorator = click.argument("session_ids", metavar="SESSION...", nargs=-1, required=True)
_market: Decorator = click.option("--market", type=MARKET, help="Where several markets have such a session.")
_challenge: Decorator = click.option("--challenge", required=True, metavar="ID", help="What `keys challenge` printed.")
_code: Decorator = click.option("--code", metavar="N", help="The one-time code.")
_code_file: Decorator = click.option("--code-file", metavar="FILE", help="Where the code is read from; - is stdin.")


@noun("keys")
def keys() -> None:
    """Key pairs of sessions."""


@keys.command("challenge")
@click.option("--factor", type=click.Choice(["sms", "totp", "ease", "duo"]), required=True)
@verb
def challenge(call: Call, factor: str) -> None:
    """Start a second factor; its id and its code go with generate or download."""
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.services.factors import Factor

        started = desk.factors.start(actor, Factor(factor))
        sandbox = desk.sandbox
    document = {
        "challenge": started.id,
        "factor": started.factor.value,
        "sent_to": started.sent_to,
        "expires_at": utc(started.expires_at),
        "codes_left_today": started.codes_left_today,
    }
    show(call, document, fields((name.replace("_", " "), value) for name, value in document.items()))
    if sandbox and factor == "sms":
        say("A sandbox sends nothing: read the code with `dropcopy outbox list --limit 1`.")


@keys.command("list")
@click.argument("session_ids", metavar="[SESSION...]", nargs=-1)
@_market
@verb
def list_keys(call: Call, session_ids: tuple[str, ...], market: str | None) -> None:
    """The key pairs of these sessions, or of all that you may see, without their secrets."""
    with call.signed_in() as (desk, actor):
        if session_ids:
            found: Sequence[SessionView] = desk.sessions.find(actor, session_ids, market or "")
        else:
            found = list(rows_of(lambda ask: desk.sessions.page(actor, ask)))
    chosen = [(view, key) for view in found if market in (None, view.market) for key in view.keys]
    document = [{**key_shape(key), "market": view.market, "kind": view.kind.value} for view, key in chosen]
    show(call, document, _lines(chosen) if not call.as_json else ())


def _lines(chosen: list[tuple[SessionView, KeyView]]) -> list[str]:
    headers = ("SESSION", "MARKET", "ACCESS KEY ID", "STATE", "CREATED", "EXPIRES")
    rows = [(view.session_id, view.market, *_words(key)) for view, key in chosen]
    return table(headers, rows, "There are no key pairs.")


def _words(key: KeyView) -> tuple[str, ...]:
    return key.access_key_id, key.state.words, short_utc(key.created_at), short_utc(key.expires_at)


@keys.command("generate")
@_sessions
@_challenge
@_code
@_code_file
@_market
@click.option("--drop", "drops", multiple=True, metavar="KEY", help="Of two living pairs, the one to delete (its id).")
@click.option("--out", metavar="FILE", help="Also write the key file: new, mode 0600; - is stdout, then nothing else.")
@verb
def generate(
    call: Call,
    session_ids: tuple[str, ...],
    challenge: str,
    code: str | None,
    code_file: str | None,
    market: str | None,
    drops: tuple[str, ...],
    out: str | None,
) -> None:
    """Make a key pair for each session, all or none."""
    with call.signed_in() as (desk, actor):
        found = desk.sessions.find(actor, session_ids, market or "")
        chosen = _chosen(found, drops)
        pks = [view.pk for view in found]
        plans = desk.keypairs.plan(actor, pks, chosen)
        proof = _proof(call, challenge, code, code_file)
        made = _delivered(lambda target: desk.keypairs.generate(actor, pks, proof, chosen, target), out)
    for plan in plans:
        say(plan.sentence)
    if out == _STDOUT:
        return
    document = {"request": request_shape(made.request), "keys": [key_shape(key) for key in made.keys]}
    if made.file is not None:
        document["file"] = str(made.file)
    written = [f"written to {made.file} (0600)"] if made.file is not None else []
    show(call, document, [*request_lines(made.request), *_key_lines(made.keys), *written])


@keys.command("download")
@_sessions
@_challenge
@_code
@_code_file
@_market
@click.option("--out", required=True, metavar="FILE", help="A new file, mode 0600; - is stdout, then nothing else.")
@verb
def download(
    call: Call,
    session_ids: tuple[str, ...],
    challenge: str,
    code: str | None,
    code_file: str | None,
    market: str | None,
    out: str,
) -> None:
    """Write the living key pairs of the sessions, with their secrets, to a key file."""
    with call.signed_in() as (desk, actor):
        pks = [view.pk for view in desk.sessions.find(actor, session_ids, market or "")]
        proof = _proof(call, challenge, code, code_file)
        done = _delivered(lambda target: desk.keypairs.download(actor, pks, proof, target), out)
    if out == _STDOUT:
        return
    document = {"file": str(done.file), "keys": [key_shape(key) for key in done.keys]}
    show(call, document, [*_key_lines(done.keys), f"written to {done.file} (0600)"])


def _key_lines(made: Sequence[KeyView]) -> list[str]:
    return table(
        ("SESSION", "ACCESS KEY ID", "CREATED", "EXPIRES"),
        [(key.session_id, key.access_key_id, short_utc(key.created_at), short_utc(key.expires_at)) for key in made],
        "No key pair.",
    )


def _chosen(found: Sequence[SessionView], drops: Sequence[str]) -> dict[int, str]:
    """Which pair each session loses (rule K4). Raises InvalidValue for one that none of them has."""
    owners = {key.access_key_id: view.pk for view in found for key in view.living}
    unknown = [drop for drop in drops if drop not in owners]
    if unknown:
        raise InvalidValue(
            f"No living key pair {unknown[0][:24]!r} in the named sessions. Nothing was changed.", "drop"
        )
    chosen = {owners[drop]: drop for drop in drops}
    if len(chosen) < len(set(drops)):
        raise InvalidValue("Only one key pair of a session can be dropped. Nothing was changed.", "drop")
    return chosen


def _proof(call: Call, challenge: str, code: str | None, code_file: str | None) -> Proof:
    """The answer to the challenge. What cannot be a code fails before it costs a try."""
    from dropcopy_tui.services.factors import Proof, invalid_code

    if code is not None and code_file is not None:
        raise click.UsageError("Give the code once: --code or --code-file.")
    given = code if code is not None else secret(call, code_file, "One-time code", "--code-file")
    given = given.replace(" ", "")
    try:
        invalid_code(given)
    except InvalidValue as problem:
        raise SecondFactorFailed(f"{problem.message} No try was used up and nothing was changed.") from None
    return Proof(challenge, given)


def _delivered(deliver: Any, out: str | None) -> Any:
    """What `deliver` answers, told where the key file goes."""
    if out != _STDOUT:
        return deliver(None if out is None else Path(out))
    target: Delivery | None = sys.stdout
    if target is None:
        raise FileRefused("Standard output is closed: nothing was changed.")
    try:
        return deliver(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileRefused(f"Standard output cannot be written ({error.strerror}): nothing was changed.") from None
