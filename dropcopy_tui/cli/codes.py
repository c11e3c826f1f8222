"""Codes of entities and Globex Firms on the command line: in any case, and the entity left out where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.plurals import some

if TYPE_CHECKING:
    from dropcopy_tui.cli.call import Decorator
    from dropcopy_tui.services.views import EntityView


class Code(click.ParamType[str]):
    """A code, which is upper case in the store and may be typed in any case."""

    name = "code"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The code as the store has it."""
        return value.strip().upper()


CODE = Code()
# Entities that a refusal lists: the desk's own people see every firm.
_LISTED = 20


def entity_option(words: str) -> Decorator:
    """The option --entity; "" where it was not given."""
    option: Decorator = click.option("--entity", type=CODE, default="", metavar="E", help=words)
    return option


_OP_ID = "Name of this call: repeated with it after a lost answer, it returns the first one."
op_id_option: Decorator = click.option("--op-id", default="", metavar="ID", help=_OP_ID)


def only_entity(found: Sequence[EntityView], doing: str = "") -> str:
    """The person's only entity, for a call without --entity.

    Args:
        found: the entities that come into question.
        doing: what the person can do there, such as `create groups for`; by default, see it.

    Raises InvalidValue: there is none, or there are several.
    """
    if len(found) == 1:
        return found[0].code
    if not found:
        lacking = f"You cannot {doing}" if doing else "You have no access to"
        raise InvalidValue(f"{lacking} any entity. Ask a user administrator.", "entity")
    where = f"You can {doing}" if doing else "You have access to"
    raise InvalidValue(f"Specify --entity. {where}: {some([entity.code for entity in found], _LISTED)}.", "entity")
