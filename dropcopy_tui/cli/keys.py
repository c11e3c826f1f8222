"""dropcopy keys."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dropcopy_tui.cli.call import Call, Decorator, confirmable, destroys, noun, verb
from dropcopy_tui.cli.factors import (
    FactorName,
    answered,
    challenge_option,
    code_options,
    maybe_answered,
    start_challenge,
)
from dropcopy_tui.cli.groups import MARKET
from dropcopy_tui.cli.key_report import report
from dropcopy_tui.cli.listing import rows_of
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import say, short_utc, show, table
from dropcopy_tui.cli.requests import request_lines
from dropcopy_tui.cli.shapes import failed_shape, key_shape, request_shape, state_words
from dropcopy_tui.domain.errors import FileRefused, InvalidValue, NotFound
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.factors.table import Purpose, deletion_scope, key_scope

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.keypairs import Plan
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.services.bulk import Failure
    from dropcopy_tui.services.keys.key_file import Delivery
    from dropcopy_tui.services.views import KeyView, SessionView

_STDOUT = "-"
_sessions: Decorator = click.argument("session_ids", metavar="SESSION...", nargs=-1, required=True)
_market: Decorator = click.option("--market", type=MARKET, help="Market of the session, if several have the id.")
_drops: Decorator = click.option(
    "--drop",
    "drops",
    multiple=True,
    metavar="KEY",
    help="If a session has two active pairs, the id of the one to delete.",
)
_key_ids: Decorator = click.option(
    "--key", "key_ids", multiple=True, metavar="KEYID", help="Delete this key pair, by access key id; may be repeated."
)
_challenge: Decorator = challenge_option("keys challenge")


@noun("keys")
def keys() -> None:
    """Key pairs: generate, download, list, delete, report."""


keys.add_command(report)


@keys.command("challenge")
@click.argument("session_ids", metavar="[SESSION...]", nargs=-1)
@click.option("--factor", type=FactorName(), required=True)
@click.option(
    "--for",
    "act",
    type=click.Choice(["generate", "download", "delete"]),
    help="The only action that the code is valid for.",
)
@_key_ids
@_market
@_drops
@verb
def challenge(
    call: Call,
    session_ids: tuple[str, ...],
    factor: str,
    act: str | None,
    key_ids: tuple[str, ...],
    market: str | None,
    drops: tuple[str, ...],
) -> None:
    """Start a second factor: send its code or push, and print the challenge id.

    Pass the id and the code to `keys generate`, `keys download` or `keys delete`. With --for and the same SESSION,
    --market, --drop and --key as there, the code is valid for that action only; without them, for any of the three.

    \b
    Examples:
      dropcopy keys challenge --factor sms --for generate AB1
      dropcopy keys generate AB1 --challenge ID --code 123456 --out keys.txt
    """
    if bool(session_ids) is not bool(act) or (drops and act != "generate") or (key_ids and act != "delete"):
        raise click.UsageError("Use --for with the sessions, --drop with --for generate, --key with --for delete.")

    def scope(desk: Desk, actor: Actor) -> str:
        found = desk.sessions.find(actor, session_ids, market or "")
        if act == "delete":
            return deletion_scope(_doomed(found, key_ids, expired=False))
        return key_scope(act or "", [view.pk for view in found], _chosen(found, drops))

    start_challenge(call, factor, Purpose.KEYS, scope if act else None)


@keys.command("list")
@click.argument("session_ids", metavar="[SESSION...]", nargs=-1)
@_market
@verb
def list_keys(call: Call, session_ids: tuple[str, ...], market: str | None) -> None:
    """List the key pairs of sessions, without their secrets.

    Without SESSION, lists the key pairs of all sessions you have access to.
    """
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
    return table(headers, rows, "No key pairs found.")


def _words(key: KeyView) -> tuple[str, ...]:
    return key.access_key_id, state_words(key), short_utc(key.created_at), short_utc(key.expires_at)


@keys.command("generate")
@_sessions
@_challenge
@code_options
@_market
@_drops
@click.option("--out", metavar="FILE", help="Also write a new key file, mode 0600 (- for stdout, then nothing else).")
@confirmable
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
) -> int:
    """Generate a key pair for each session.

    Exit code 1 if any session fails; the other sessions still get their key pairs. If an active key pair would expire
    sooner or be deleted, confirmation is needed (--yes).

    \b
    Examples:
      dropcopy keys generate AB1 --challenge ID --code 123456 --out keys.txt
      dropcopy keys generate AB1 AB2 --challenge ID --code-file code.txt
    """
    with call.signed_in() as (desk, actor):
        found = desk.sessions.find(actor, session_ids, market or "")
        chosen = _chosen(found, drops)
        pks = [view.pk for view in found]
        plans = desk.keypairs.plan(actor, pks, chosen)
        _confirm_losses(call, plans)
        _check_target(out)
        proof = answered(call, desk, actor, challenge, code, code_file)
        with long_work("Nothing was generated.", "Generating key pairs"):
            made = _delivered(lambda target: desk.keypairs.generate(actor, pks, proof, chosen, target), out)
    for plan in plans:
        if not (plan.refusal or plan.choice_needed or plan.changes or plan.deleted):
            say(plan.sentence)
    failed = _told(made.failed)
    if out == _STDOUT:
        return failed
    document = {
        "request": request_shape(made.request),
        "keys": [key_shape(key) for key in made.keys],
        "failed": failed_shape(made.failed),
    }
    if made.file is not None:
        document["file"] = str(made.file)
    written = [f"Key file written to {made.file} (mode 0600)."] if made.file is not None else []
    show(call, document, [*request_lines(made.request), *_key_lines(made.keys), *written])
    return failed


@keys.command("download")
@_sessions
@_challenge
@code_options
@_market
@click.option("--out", required=True, metavar="FILE", help="New file, mode 0600 (- for stdout, then nothing else).")
@verb
def download(
    call: Call,
    session_ids: tuple[str, ...],
    challenge: str,
    code: str | None,
    code_file: str | None,
    market: str | None,
    out: str,
) -> int:
    """Write the active key pairs of sessions, with their secrets, to a key file.

    Exit code 1 if any session is missing from the file; the others are written.

    \b
    Example:
      dropcopy keys download AB1 --challenge ID --code 123456 --out keys.txt
    """
    with call.signed_in() as (desk, actor):
        pks = [view.pk for view in desk.sessions.find(actor, session_ids, market or "")]
        _check_target(out)
        proof = answered(call, desk, actor, challenge, code, code_file)
        with long_work("Nothing was written.", "Reading key pairs", rows_to_stdout=out == _STDOUT):
            done = _delivered(lambda target: desk.keypairs.download(actor, pks, proof, target), out)
    failed = _told(done.failed)
    if out == _STDOUT:
        return failed
    document = {
        "file": str(done.file),
        "keys": [key_shape(key) for key in done.keys],
        "failed": failed_shape(done.failed),
    }
    show(call, document, [*_key_lines(done.keys), f"Key file written to {done.file} (mode 0600)."])
    return failed


@keys.command("delete")
@_sessions
@_key_ids
@click.option("--all", "every", is_flag=True, help="Delete all key pairs of the sessions.")
@click.option("--expired", is_flag=True, help="Delete all expired key pairs of the sessions.")
@click.option("--challenge", metavar="ID", help="Challenge id, where the site asks for a second factor.")
@code_options
@_market
@destroys
@verb
def delete(
    call: Call,
    session_ids: tuple[str, ...],
    key_ids: tuple[str, ...],
    every: bool,
    expired: bool,
    challenge: str | None,
    code: str | None,
    code_file: str | None,
    market: str | None,
) -> int:
    """Delete key pairs immediately and permanently.

    Gateways refuse a deleted key pair from then on. If the setting key_deletion_factor is on, deleting an active
    key pair requires a second factor: `keys challenge --for delete`.

    \b
    Examples:
      dropcopy keys delete AB1 --expired --yes
      dropcopy keys delete AB1 --key 5TZ0ABCDEFGHIJKLMNOP --yes
    """
    if sum((bool(key_ids), every, expired)) != 1:
        raise click.UsageError("Use exactly one of --key, --all, --expired.")
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.services.sessions.words import deletion_words

        found = desk.sessions.find(actor, session_ids, market or "")
        chosen = _doomed(found, key_ids, expired=expired)
        words = [deletion_words(view, chosen) for view in found]
        for line in filter(None, words):
            say(line)
        call.confirm(f"Permanently delete {plural(len(chosen), 'key pair')}?")
        proof = maybe_answered(call, desk, actor, challenge, code, code_file)
        with long_work("Nothing was deleted.", "Deleting key pairs"):
            done = desk.keypairs.delete(actor, chosen, proof)
    document = {
        **request_shape(done.request),
        "keys": [key_shape(key) for key in done.keys],
        "failed": failed_shape(done.failed),
    }
    failed = _told(done.failed)
    show(call, document, [*request_lines(done.request), *_key_lines(done.keys)])
    return failed


def _doomed(found: Sequence[SessionView], key_ids: Sequence[str], *, expired: bool) -> list[str]:
    """The access key ids to delete. Raises NotFound if one that was given does not exist, or none is left."""
    there = [key for view in found for key in view.keys if key.deleted_at is None]
    if key_ids:
        known = {key.access_key_id for key in there}
        unknown = [key for key in key_ids if key not in known]
        if unknown:
            raise NotFound(f"These sessions have no key pair {unknown[0][:24]!r}. Nothing was changed.")
        return list(dict.fromkeys(key_ids))
    meant = [key.access_key_id for key in there if not (expired and key.state.living)]
    if not meant:
        what = "expired key pair" if expired else "key pair"
        raise NotFound(f"These sessions have no {what} to delete. Nothing was changed.")
    return meant


def _confirm_losses(call: Call, plans: Sequence[Plan]) -> None:
    """Ask where an active key pair would expire sooner or be deleted, as the screen does. No code is used before."""
    losing = [plan for plan in plans if not plan.refusal and (plan.changes or plan.deleted)]
    if not losing:
        return
    for plan in losing:
        say(plan.sentence)
    call.confirm(f"Generate {plural(len(plans) - sum(bool(plan.refusal) for plan in plans), 'key pair')}?")


def _told(failed: Sequence[Failure]) -> int:
    """Report the sessions that failed and return the exit code."""
    for failure in failed:
        say(f"dropcopy: {failure.session_id} failed: {failure.reason}")
    return 1 if failed else 0


def _key_lines(made: Sequence[KeyView]) -> list[str]:
    return table(
        ("SESSION", "ACCESS KEY ID", "CREATED", "EXPIRES"),
        [(key.session_id, key.access_key_id, short_utc(key.created_at), short_utc(key.expires_at)) for key in made],
        "No key pairs.",
    )


def _chosen(found: Sequence[SessionView], drops: Sequence[str]) -> dict[int, str]:
    """The key pair that each session gives up (rule K4). Raises InvalidValue for one that no session has."""
    owners = {key.access_key_id: view.pk for view in found for key in view.living}
    unknown = [drop for drop in drops if drop not in owners]
    if unknown:
        raise InvalidValue(f"These sessions have no active key pair {unknown[0][:24]!r}. Nothing was changed.", "drop")
    chosen = {owners[drop]: drop for drop in drops}
    if len(chosen) < len(set(drops)):
        raise InvalidValue("Use --drop only once per session. Nothing was changed.", "drop")
    return chosen


def _check_target(out: str | None) -> None:
    """Find a file that cannot be written before a code is asked for, or given to a provider."""
    # Late for the sake of start-up: most verbs write no file.
    from dropcopy_tui.services.keys.key_target import check_target

    if out not in (None, _STDOUT):
        check_target(Path(str(out)))


def _delivered(deliver: Any, out: str | None) -> Any:
    """Call `deliver` with the destination of the key file and return its result."""
    if out != _STDOUT:
        return deliver(None if out is None else Path(out))
    target: Delivery | None = sys.stdout
    if target is None:
        raise FileRefused("Standard output is closed. Nothing was changed.")
    return deliver(target)
