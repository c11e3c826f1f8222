"""The command `dropcopy`: its subcommands by name, each imported only when it runs."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click

from dropcopy_tui import __version__
from dropcopy_tui.cli.call import Call, shared, with_looks


@dataclass(frozen=True, slots=True)
class _Verb:
    """The module and function of a command, and its line in the help."""

    place: str
    words: str


_VERBS = {
    "demo": _Verb("demo:demo", "Open the application on a sandbox with sample data."),
    "init": _Verb("init:init", "Create a store, its master key and its first administrator."),
    "status": _Verb("status:status", "Show what needs your attention."),
    "import": _Verb("imports:import_file", "Import entities, people, front ends, SenderComps or sessions from CSV."),
    "groups": _Verb("groups:groups", "Drop copy groups: list, show, sources, firms, create, edit, clone, delete."),
    "drafts": _Verb("drafts:drafts", "Your drafts: list, show, submit, discard."),
    "sendercomps": _Verb("sendercomps:sendercomps", "Source SenderComps: list."),
    "sessions": _Verb("sessions:sessions", "Sessions and their key pairs: list, show, retire."),
    "keys": _Verb("keys:keys", "Key pairs: challenge, generate, list, download, delete, report."),
    "authenticator": _Verb("authenticator:authenticator", "Your authenticator app and recovery codes."),
    "requests": _Verb("requests:requests", "Requests: list, show, sources, approve, deny, cancel, again."),
    "process": _Verb("process:process", "Validate and set up the requests that are due."),
    "tick": _Verb("tick:tick", "Run all due jobs: provisioning, expiry notices, messages, clean-up."),
    "people": _Verb("people:people", "People and their entitlements: list, show, invite, entitle, disable, unlock."),
    "front-ends": _Verb("front_ends:front_ends", "Front end mapping: list, map, unmap."),
    "ease": _Verb("ease:ease", "EASE desk: find, show, issue, unlock, reset, resets, confirm."),
    "outbox": _Verb("outbox:outbox", "Outgoing messages: list, send, retry."),
    "notices": _Verb("notices:notices", "Your notices: list, read."),
    "route": _Verb("route:route", "Show which messages of a FIX log each group receives."),
    "who-gets": _Verb("who_gets:who_gets", "Show who receives the messages of a SenderComp or a firm."),
    "logon": _Verb("logon:logon", "Logon signatures: sign, verify; listen runs a test gateway for your client."),
    "get": _Verb("parcels:get", "Deliver a file that waits for you under a ticket, once."),
    "put": _Verb("parcels:put", "Send a file to the desk; screens read it by its name."),
    "ssh": _Verb("ssh:ssh", "The desk over SSH: keys, config, doctor."),
    "audit": _Verb("audit:audit", "Audit trail: list, verify."),
    "backup": _Verb("backup:backup", "Back up the store while it is in use, verified on the copy."),
    "restore": _Verb("restore:restore", "Restore a backup, or rehearse it with --drill."),
    "rekey": _Verb("rekey:rekey", "Replace the master key and seal everything under the new one."),
    "store": _Verb("store:store", "The store itself: check."),
    "doctor": _Verb("doctor:doctor", "Examine this host, the store and its people for misconfigurations."),
    "config": _Verb("config:config", "The configuration: show, validate."),
    "walkthrough": _Verb("walkthroughs:walkthrough", "Walkthroughs: list, play, step, practice, export."),
    "seats": _Verb("seats:seats", "Seats, where people are signed in: list, end."),
    "password": _Verb("password:password", "Change your own password."),
    "copy-store": _Verb("copy_store:copy_store", "Copy a store to another place, such as a PostgreSQL server."),
    "paths": _Verb("paths:paths", "Show the locations of the store, master key, configuration and log."),
    "completion": _Verb("completion:completion", "Print a shell completion script."),
}


class LazyGroup(click.Group):
    """Commands whose modules are imported when they run, not when they are listed: `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module, _, name = _VERBS[cmd_name].place.partition(":")
        found = getattr(importlib.import_module(f"dropcopy_tui.cli.{module}"), name)
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with our own names to suggest: those it knows are the imported ones, and there are none."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=_VERBS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.words) for name, verb in _VERBS.items()])


@click.group(
    "dropcopy",
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},  # every command below inherits them
)
@with_looks
@shared
@click.version_option(__version__, "-V", "--version", message="dropcopy %(version)s")
@click.pass_context
def root(context: click.Context) -> int | None:
    """Manage BrokerTec drop copy groups and the key pairs of their sessions.

    With no command, opens the application; every screen has an equivalent command.

    Data goes to standard output, messages to standard error. Exit codes: 0 success, 1 refused or failed, 2 usage or
    configuration error, 3 not signed in or not entitled, 4 second factor failed.

    \b
    Examples:
      dropcopy demo
      dropcopy groups list --market brokertec_us
      dropcopy requests list --todo --json
    """
    if context.invoked_subcommand is not None:
        return None
    from dropcopy_tui.cli.application import open_application

    return open_application(context.ensure_object(Call))
