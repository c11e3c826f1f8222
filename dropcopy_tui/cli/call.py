"""One call of the command line: its shared options, the desk it opens, and who acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dropcopy_tui.config import Config
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor


# What decorates a verb's function; click's own types do not say more.
Decorator = Callable[[Any], Any]


@dataclass
class Call:
    """What the shared options say. They may stand before the verb or after it; the last one counts."""

    store: str | None = None
    config_file: str | None = None
    as_user: str | None = None
    password_file: str | None = None
    as_json: bool = False
    no_input: bool = False
    no_color: bool = False

    def config(self, *, sandbox: bool = False) -> Config:
        """Settings and paths. Raises ConfigInvalid."""
        from dropcopy_tui.config import load

        return load(store=self.store, config=self.config_file, sandbox=sandbox)

    @contextmanager
    def desk(self, config: Config | None = None) -> Iterator[Desk]:
        """The desk, open while the block runs. Raises StoreMissing and its kin before anything heavy is imported."""
        from dropcopy_tui.store.location import check_store

        config = config or self.config()
        check_store(config.paths.store)
        from dropcopy_tui.desk import open_desk

        desk = open_desk(config)
        try:
            yield desk
        finally:
            desk.close()

    def confirm(self, question: str) -> None:
        """Ask somebody at a terminal whether they mean it; a script means what it says. Raises click.Abort."""
        from dropcopy_tui.cli.sign_in import may_ask

        if may_ask(self):
            click.confirm(question, abort=True, err=True)

    @contextmanager
    def signed_in(self) -> Iterator[tuple[Desk, Actor]]:
        """The desk and the person who acts. Raises NotSignedIn."""
        from dropcopy_tui.cli.sign_in import who_acts

        with self.desk() as desk:
            yield desk, who_acts(desk, self)


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    call = context.ensure_object(Call)
    if value not in (None, False):
        setattr(call, option.name or "", value)


def _option(*names: str, **how: Any) -> Decorator:
    option: Decorator = click.option(*names, expose_value=False, callback=_remember, **how)
    return option


_SHARED: tuple[Decorator, ...] = (
    _option("--store", metavar="PATH", help="The store (also DROPCOPY_STORE)."),
    _option("--config", "config_file", metavar="FILE", help="The configuration file."),
    _option("--as", "as_user", metavar="USER", help="Who acts, by user id or email."),
    _option("--password-file", metavar="FILE", help="Where the password of --as is read from; - is stdin."),
    _option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    _option("--no-input", is_flag=True, help="Never ask anything."),
    _option("--no-color", is_flag=True, help="The application without colours."),
)


def shared(command: Any) -> Any:
    """The options that every verb takes, after its own."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def verb(function: Any) -> Any:
    """A verb's function: it is given the call first."""
    return shared(click.pass_obj(function))


def noun(name: str) -> Callable[[Any], click.Group]:
    """A noun's group of verbs, which takes the shared options too."""

    def made(function: Any) -> click.Group:
        return click.group(name)(shared(function))

    return made
