"""One run of the command line: its shared options, the desk it opens, and the person who acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import say
from dropcopy_tui.domain.errors import Declined

if TYPE_CHECKING:
    from dropcopy_tui.config import Config
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.domain.places import Place


# A decorator of a command's function; click's own types are not more precise.
Decorator = Callable[[Any], Any]


@dataclass
class Call:
    """The values of the shared options, which may precede or follow the command; the last one wins."""

    store: str | None = None
    config_file: str | None = None
    as_user: str | None = None
    password_file: str | None = None
    as_json: bool = False
    no_input: bool = False
    no_color: bool = False
    yes: bool = False
    theme: str | None = None
    glyphs: str | None = None
    no_mouse: bool = False
    as_csv: bool = False
    out: str | None = None

    def config(self, *, sandbox: bool = False) -> Config:
        """Load the settings and paths. Raises ConfigInvalid."""
        from dropcopy_tui.config import load

        return load(store=self.store, config=self.config_file, sandbox=sandbox)

    def dressed(self, config: Config) -> Config:
        """The configuration with the looks that options ask for. Raises ConfigInvalid."""
        if not (self.theme or self.glyphs or self.no_mouse):
            return config
        from dropcopy_tui.config.looks import theme_named

        looks = replace(
            config.looks,
            theme=theme_named(self.theme) if self.theme else config.looks.theme,
            glyphs=self.glyphs or config.looks.glyphs,
            mouse=False if self.no_mouse else config.looks.mouse,
            asked=bool(self.theme),
        )
        return replace(config, looks=looks)

    @contextmanager
    def desk(self, config: Config | None = None) -> Iterator[Desk]:
        """Open the desk while the block runs.

        The store is checked first, so that StoreMissing and the other store errors are raised before anything heavy
        is imported.
        """
        from dropcopy_tui.store.location import check_store

        config = config or self.config()
        check_store(config.paths.store)
        from dropcopy_tui.desk import open_desk

        with opening(config.paths.store):
            desk = open_desk(config)
        for sentence in desk.interrupted:
            say(f"dropcopy: {sentence}")
        try:
            yield desk
        finally:
            desk.close()

    def confirm(self, question: str) -> None:
        """Continue only with --yes, or with a typed yes. Nothing may have been changed yet.

        Raises:
            UsageError: neither --yes nor a terminal to ask at.
            Declined: the answer was not yes.
        """
        self.require_confirmable()
        if self.yes:
            return
        answer = click.prompt(f"{question} [yes/no]", default="no", show_default=False, err=True)
        if str(answer).strip().lower() not in ("y", "yes"):
            raise Declined("Nothing was changed.")

    def require_confirmable(self, why: str = "This cannot be undone.") -> None:
        """Refuse immediately what could not be confirmed later. Raises UsageError."""
        # Late, as all that help and --version do without.
        from dropcopy_tui.cli.sign_in import may_ask

        if not self.yes and not may_ask(self):
            raise click.UsageError(f"{why} Use --yes to confirm it without a terminal. Nothing was changed.")

    @contextmanager
    def signed_in(self) -> Iterator[tuple[Desk, Actor]]:
        """Open the desk and sign in the person who acts. Raises NotSignedIn."""
        from dropcopy_tui.cli.sign_in import who_acts

        with self.desk() as desk:
            yield desk, who_acts(desk, self)


# Over SSH, the desk's host has set the store, and the key says who acts.
_FIXED_OVER_SSH = frozenset({"store", "config_file", "as_user", "password_file"})


def _is_over_ssh() -> bool:
    from dropcopy_tui.seat import here

    return here() is not None


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    call = context.ensure_object(Call)
    if value in (None, False):
        return
    if option.name in _FIXED_OVER_SSH and _is_over_ssh():
        why = "the desk's host has named it" if option.name in ("store", "config_file") else "your key says who you are"
        raise click.UsageError(f"{option.opts[0]} is not available over SSH: {why}. Omit it.")
    setattr(call, option.name or "", value)


@contextmanager
def opening(place: Place) -> Iterator[None]:
    """Show how far it is where opening the store takes its time; Ctrl-C leaves the store as it was."""
    # Late, as all that help and --version do without. A server is asked once, for each question is a connection.
    from dropcopy_tui.store.location import needs_migration
    from dropcopy_tui.store.unclean import ended_unclean

    is_earlier = needs_migration(place)
    if is_earlier or ended_unclean(place):
        with long_work("Nothing in the store was changed.", "Opening the store"):
            yield
    else:
        yield
    if is_earlier:
        say("The store was migrated to this version of dropcopy. To go back to the earlier one, restore a backup.")


def takes_time(place: Place) -> bool:
    """Whether this version has to migrate the store, or to look through one that was not closed properly."""
    from dropcopy_tui.store.location import needs_migration
    from dropcopy_tui.store.unclean import ended_unclean

    return needs_migration(place) or ended_unclean(place)


def remembered(*names: str, **how: Any) -> Decorator:
    """An option whose value is kept in the Call and not handed to the command."""
    option: Decorator = click.option(*names, expose_value=False, callback=_remember, **how)
    return option


_SHARED: tuple[Decorator, ...] = (
    remembered("--store", metavar="PATH", help="Store file, or a server's URL (also DROPCOPY_STORE)."),
    remembered("--config", "config_file", metavar="FILE", help="Configuration file."),
    remembered("--as", "as_user", metavar="USER", help="Act as this person (user id or email)."),
    remembered("--password-file", metavar="FILE", help="File containing the password for --as (- for stdin)."),
    remembered("--json", "as_json", is_flag=True, help="Print the result as one JSON document."),
    remembered("--no-input", is_flag=True, help="Never prompt."),
    remembered("--no-color", is_flag=True, help="Disable colours."),
)


def shared(command: Any) -> Any:
    """Add the options that every command takes, listed after its own."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


_LOOKS: tuple[Decorator, ...] = (
    remembered("--theme", metavar="NAME", help="dark, light, contrast, 16, mono, or a theme file (.toml)."),
    remembered("--glyphs", type=click.Choice(["unicode", "ascii"]), help="Characters of the screen."),
    remembered("--no-mouse", is_flag=True, help="Leave the mouse to the terminal."),
)


def with_looks(command: Any) -> Any:
    """Decorate a command that opens the application: it takes the options of its looks."""
    for option in reversed(_LOOKS):
        command = option(command)
    return command


def verb(function: Any) -> Any:
    """Decorate a command's function, which receives the Call as its first argument."""
    return shared(click.pass_obj(function))


_yes = remembered("--yes", is_flag=True, help="Do not ask for confirmation.")


def confirmable(function: Any) -> Any:
    """Decorate a verb that calls `confirm`: it takes --yes."""
    return _yes(function)


def destroys(function: Any) -> Any:
    """Decorate a verb whose effect is permanent: without --yes or a terminal it is refused before anything else.

    It stands directly above `verb`, below the command's own options.
    """

    @wraps(function)
    def asked(*args: Any, **kwargs: Any) -> Any:
        click.get_current_context().ensure_object(Call).require_confirmable()
        return function(*args, **kwargs)

    return confirmable(asked)


def only_on_host(function: Any) -> Any:
    """Decorate a verb that concerns the host itself: over SSH it is refused. It stands directly above `verb`."""

    @wraps(function)
    def asked(*args: Any, **kwargs: Any) -> Any:
        if _is_over_ssh():
            path = click.get_current_context().command_path
            raise click.UsageError(f"`{path}` runs on the desk's host only and is not available over SSH.")
        return function(*args, **kwargs)

    return asked


def noun(name: str) -> Callable[[Any], click.Group]:
    """Make a group of commands for a noun; the group takes the shared options, too."""

    def made(function: Any) -> click.Group:
        return click.group(name)(shared(function))

    return made
